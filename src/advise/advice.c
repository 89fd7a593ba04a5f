/* The list of advice, and the words that all of it uses. */
#include "advise/advice.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"

const char *const advice_tools[] = {"make", "ninja", "cargo", "bazel", "nix", "cmake", "meson", "ccache", "systemd", "sysctl", "swap", NULL};

void advice_text_done(AdviceText *text)
{
        string_done(&text->title);
        string_done(&text->reason);
        string_done(&text->snippet);
        string_done(&text->evidence);
}

void advice_list_done(AdviceList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].title);
                free(list->items[i].reason);
                free(list->items[i].snippet);
                free(list->items[i].evidence);
        }
        free(list->items);
        *list = (AdviceList){0};
}

int advice_add(AdviceList *list, const char *id, const char *tool, AdviceText *text)
{
        Advice *items = realloc(list->items, (list->n + 1) * sizeof *items);

        if (!items)
                return -ENOMEM;
        list->items = items;
        Advice *a = &items[list->n++];
        *a = (Advice){.id = id, .tool = tool, .title = string_take(&text->title), .reason = string_take(&text->reason),
                      .snippet = string_take(&text->snippet), .evidence = string_take(&text->evidence)};
        return a->title && a->reason && a->snippet && a->evidence ? 0 : -ENOMEM;
}

static void add_time(String *to, double s)
{
        char text[FORMAT_MAX];

        string_add(to, format_duration(text, (uint64_t)(fmin(fmax(s, 0), 1e9) * 1e9)));
}

static void add_size(String *to, double bytes)
{
        char text[FORMAT_MAX];

        string_add(to, format_bytes(text, (uint64_t)fmin(fmax(bytes, 0), 1e18)));
}

/* Both ends in the same words are one. */
static void add_range(String *to, const Range *range, void (*add)(String *to, double value))
{
        _cleanup_string_ String low = {0}, high = {0};

        add(&low, range->low);
        add(&high, range->high);
        string_add(to, string_get(&low));
        if (!text_equal(string_get(&low), string_get(&high)))
                string_add_format(to, " … %s", string_get(&high));
        to->failed |= low.failed || high.failed;
}

void advice_add_times(const Range *seconds, String *to)
{
        add_range(to, seconds, add_time);
}

void advice_add_bytes(const Range *bytes, String *to)
{
        add_range(to, bytes, add_size);
}

/* "16 GiB", "8 GiB (the cgroup's limit)", "the 4.1 GiB that others left". */
static void add_limit(const Forecast *f, String *to)
{
        char bytes[FORMAT_MAX];

        if (f->room_is_free)
                string_add_format(to, "the %s that others left", format_bytes(bytes, f->room_bytes));
        else
                string_add_format(to, "%s%s", format_bytes(bytes, f->limit_bytes), f->limit_is_cgroup ? " (the cgroup's limit)" : "");
}

static void add_expected(const ForecastLevel *l, String *to)
{
        string_add(to, "expect ");
        advice_add_times(&l->wall_s, to);
        if (l->peak_bytes.expected > 0) {
                string_add(to, " and ");
                add_size(to, l->peak_bytes.expected);
        }
}

void advice_add_verdict(const Forecast *f, String *to)
{
        if (f->n == 0)
                return;
        if (f->best == SIZE_MAX) {
                string_add_format(to, "not even -j%u is sure to fit ", f->levels[0].jobs);
                add_limit(f, to);
                string_add(to, "; it needs ");
                advice_add_bytes(&f->levels[0].peak_bytes, to);
                return;
        }
        const ForecastLevel *best = &f->levels[f->best], *next = f->best + 1 < f->n ? &f->levels[f->best + 1] : NULL;
        bool bound = f->fits != SIZE_MAX && f->best <= f->fits && f->knee > f->fits;
        if (bound) {
                string_add_format(to, "-j%u is the largest that fits ", best->jobs);
                add_limit(f, to);
                string_add(to, "; ");
                add_expected(best, to);
                if (next) {
                        string_add_format(to, "; -j%u would take up to ", next->jobs);
                        add_size(to, next->peak_bytes.high);
                }
                return;
        }
        string_add_format(to, "-j%u is as fast as it gets", best->jobs);
        if (f->room_bytes != BUILD_UNKNOWN) {
                string_add(to, " and fits ");
                add_limit(f, to);
        }
        string_add(to, "; ");
        add_expected(best, to);
}

int advice_make(const AdviceFacts *facts, const char *tool, AdviceList *ret)
{
        AdviceList list = {0};
        int r = facts->plan && facts->forecast ? advice_build_tools(facts, tool, &list) : 0;

        if (r == 0)
                r = advice_system(facts, tool, &list);
        if (r < 0) {
                advice_list_done(&list);
                return r;
        }
        *ret = list;
        return 0;
}
