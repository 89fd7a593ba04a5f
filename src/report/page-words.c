/* What columns are called on the page, and in which unit their values are. */
#include <string.h>

#include "report/page-internal.h"

void page_column_label(String *to, const char *name)
{
        static const char *const endings[] = {"_bytes", "_us", "_ns", "_ms", "_c", "_percent", "_watts", "_hz",
                                              "_rpm", "_volts", "_pages", "_s", "_uj"};
        size_t size = strlen(name);

        for (size_t i = 0; i < ARRAY_LENGTH(endings); i++)
                if (text_ends_with(name, endings[i]) && size > strlen(endings[i])) {
                        size -= strlen(endings[i]);
                        break;
                }
        for (size_t i = 0; i < size; i++)
                string_add_char(to, name[i] == '_' ? ' ' : name[i]);
}

/* Of a counter its rate: time in time is a share, energy in time is power. */
const char *page_unit(const Column *column, double *ret_scale)
{
        bool rate = column->role == ROLE_COUNTER;

        *ret_scale = 1;
        switch (column->unit) {
        case UNIT_NS:
        case UNIT_US:
        case UNIT_MS:
        case UNIT_SECONDS:
                *ret_scale = column->unit == UNIT_NS ? 1e-9 : column->unit == UNIT_US ? 1e-6
                             : column->unit == UNIT_MS ? 1e-3 : 1;
                return rate ? "ratio" : "seconds";
        case UNIT_MICROJOULES:
                *ret_scale = 1e-6;
                return rate ? "watts" : "joules";
        case UNIT_BYTES:
                return rate ? "bytes/s" : "bytes";
        case UNIT_PAGES:
                return rate ? "pages/s" : "pages";
        case UNIT_NONE:
        case UNIT_COUNT:
                return rate ? "count/s" : column->unit == UNIT_NONE ? "" : "count";
        default:
                return unit_name(column->unit);
        }
}
