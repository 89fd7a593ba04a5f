/* Unknown is null. */
#include "advise/advice-json.h"

#include <math.h>

enum { DIGITS = 6 };

static void add_range(Json *j, const char *key, const Range *range, unsigned digits)
{
        json_open_object(j, key, JSON_ONE_LINE);
        json_add_number(j, "expected", range->expected, digits);
        json_add_number(j, "low", range->low, digits);
        json_add_number(j, "high", range->high, digits);
        json_close(j);
}

void advice_add_levels_json(Json *j, const Forecast *f)
{
        json_open_array(j, "levels", f->n > 0 ? JSON_LINES : JSON_ONE_LINE);
        for (size_t i = 0; i < f->n; i++) {
                const ForecastLevel *l = &f->levels[i];
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_u64(j, "jobs", l->jobs);
                json_add_bool(j, "recorded", l->recorded);
                if (f->room_bytes == BUILD_UNKNOWN)
                        json_add_null(j, "fits");
                else
                        json_add_bool(j, "fits", l->fits);
                const Range peak = {round(l->peak_bytes.expected), round(l->peak_bytes.low), round(l->peak_bytes.high)};
                add_range(j, "wall_s", &l->wall_s, DIGITS);
                add_range(j, "peak_bytes", &peak, 15);
                json_add_number(j, "busy_cpus", l->busy_cpus, 4);
                json_close(j);
        }
        json_close(j);
}

void advice_add_setting_json(Json *j, const Advice *advice)
{
        json_open_object(j, NULL, JSON_LINES);
        json_add_text(j, "id", advice->id);
        json_add_text(j, "tool", advice->tool);
        json_add_text(j, "title", advice->title);
        json_add_text(j, "reason", advice->reason);
        json_add_text(j, "snippet", advice->snippet);
        json_add_text(j, "evidence", advice->evidence);
        json_close(j);
}
