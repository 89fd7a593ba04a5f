/* Names of types and units, and looking a column up. */
#include "table/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

const char *column_type_name(ColumnType type)
{
        static const char *const names[] = {"u64", "i64", "u32", "i32", "f64", "bool", "text", "time"};

        return (size_t)type < ARRAY_LENGTH(names) ? names[type] : "unknown";
}

const char *column_role_name(ColumnRole role)
{
        static const char *const names[] = {
                [ROLE_KEY] = "key", [ROLE_GAUGE] = "gauge", [ROLE_COUNTER] = "counter", [ROLE_TEXT] = "text",
        };

        return (size_t)role < ARRAY_LENGTH(names) ? names[role] : "unknown";
}

const char *unit_name(Unit unit)
{
        static const char *const names[UNIT_LAST + 1] = {
                [UNIT_NONE] = "",           [UNIT_BYTES] = "bytes",
                [UNIT_NS] = "ns",           [UNIT_US] = "us",
                [UNIT_MS] = "ms",           [UNIT_RATIO] = "ratio",
                [UNIT_COUNT] = "count",     [UNIT_CELSIUS] = "celsius",
                [UNIT_PERCENT] = "percent", [UNIT_WATTS] = "watts",
                [UNIT_MICROJOULES] = "microjoules", [UNIT_HERTZ] = "hertz",
                [UNIT_RPM] = "rpm",         [UNIT_VOLTS] = "volts",
                [UNIT_PAGES] = "pages",     [UNIT_SECONDS] = "seconds",
        };

        return (size_t)unit < ARRAY_LENGTH(names) ? names[unit] : "";
}

/* Words of the program itself are the same bytes, once it is linked; only those of others are compared. */
int schema_find(const Schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->n_columns; i++)
                if (schema->columns[i].name == name)
                        return (int)i;
        for (size_t i = 0; i < schema->n_columns; i++)
                if (strcmp(schema->columns[i].name, name) == 0)
                        return (int)i;
        return -1;
}

static size_t text_size(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

/* Copies a text to *at and moves that behind it. */
static const char *put_text(char **at, const char *text)
{
        size_t n = text_size(text);
        char *to = *at;

        if (!text)
                return NULL;
        memcpy(to, text, n);
        *at += n;
        return to;
}

Schema *schema_copy(const Schema *schema)
{
        size_t columns = schema->n_columns * sizeof(Column), text = text_size(schema->table);

        for (size_t i = 0; i < schema->n_columns; i++)
                text += text_size(schema->columns[i].name) + text_size(schema->columns[i].help);
        Schema *copy = malloc(sizeof *copy + columns + text);
        if (!copy)
                return NULL;
        Column *to = (Column *)(copy + 1);
        char *at = (char *)to + columns;
        for (size_t i = 0; i < schema->n_columns; i++) {
                to[i] = schema->columns[i];
                to[i].name = put_text(&at, to[i].name);
                to[i].help = put_text(&at, to[i].help);
        }
        *copy = (Schema){put_text(&at, schema->table), to, schema->n_columns};
        return copy;
}
