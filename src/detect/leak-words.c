/* Three digits at most; what there is none of is a word. */
#include "detect/leak-words.h"

#include <math.h>
#include <stdio.h>

const char *leak_minutes_words(char buffer[FORMAT_MAX], double minutes)
{
        if (!(minutes < 60.0 * 24 * 365 * 20))
                return "years";
        if (minutes >= 60 * 24 * 3) {
                snprintf(buffer, FORMAT_MAX, minutes < 60 * 24 * 10 ? "%.1f days" : "%.0f days", minutes / 60 / 24);
                return buffer;
        }
        return format_duration(buffer, (uint64_t)(minutes * 60e9));
}

const char *leak_rate_words(char buffer[FORMAT_MAX], double rate)
{
        double size = fabs(rate);

        if (!isfinite(rate))
                return rate > 0 ? "any" : rate < 0 ? "none" : "?";
        snprintf(buffer, FORMAT_MAX, size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f", rate);
        return buffer;
}

void leak_shape_words(const LeakVerdict *v, String *out)
{
        char time[FORMAT_MAX];

        switch (v->shape) {
        case LEAK_STEADY:
                string_add(out, "steadily");
                break;
        case LEAK_STEPPED:
                string_add_format(out, "in %zu jumps", v->steps);
                break;
        case LEAK_TEETH:
                string_add_format(out, "a saw-tooth whose %zu troughs rise", v->troughs);
                break;
        case LEAK_TEETH_FLAT:
                string_add_format(out, "a saw-tooth whose %zu troughs stay", v->troughs);
                break;
        case LEAK_FILLING:
                string_add(out, "ever more slowly, as a cache fills");
                break;
        case LEAK_JUMPED:
                string_add(out, "a jump or two that stay");
                break;
        case LEAK_RETURNED:
                string_add(out, "up and down");
                break;
        case LEAK_FALLING:
                string_add(out, "shrinks");
                break;
        case LEAK_SHORT:
                string_add(out, "too short to tell");
                break;
        default:
                string_add(out, "flat");
        }
        if (v->warm_up_minutes > 0)
                string_add_format(out, v->late ? ", after %s in which it did not" : ", after a warm-up of %s", leak_minutes_words(time, v->warm_up_minutes));
}

void leak_exhaustion_words(const LeakReport *report, const LeakExhaustion *e, String *out)
{
        char text[FORMAT_MAX], soonest[FORMAT_MAX], latest[FORMAT_MAX], room[FORMAT_MAX];

        if (isnan(e->minutes))
                return;
        string_add_format(out, "the %s %s has left last %s", format_bytes(room, report->room_bytes),
                          report->room == LEAK_ROOM_CGROUP ? "its cgroup" : "the machine", leak_minutes_words(text, e->minutes));
        if (!isfinite(e->soonest) || !isfinite(e->latest))
                return;
        const char *first = leak_minutes_words(soonest, e->soonest), *last = leak_minutes_words(latest, e->latest);
        if (!text_equal(first, last))
                string_add_format(out, " (%s to %s)", first, last);
}
