/* The answer in words: what a person wants to know before any table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/compare-internal.h"

void compare_runs_words(const Comparison *c, const ComparedPair *pair, String *to)
{
        size_t a = c->groups[pair->base].n_runs, b = c->groups[pair->other].n_runs;

        if (a == 1 && b == 1)
                string_add(to, "one run each: no spread known");
        else if (a == b)
                string_add_format(to, "%zu runs each", a);
        else
                string_add_format(to, "%zu run%s against %zu%s", b, b == 1 ? "" : "s", a,
                                  a == 1 || b == 1 ? ": no spread known" : "");
}

void compare_pair_name(const Comparison *c, const ComparedPair *pair, String *to)
{
        string_add_format(to, "%.60s", c->groups[pair->other].name);
}

static void add_how_much(const Difference *x, String *to)
{
        double percent = fabs(x->ratio - 1) * 100;

        if (x->ratio >= 3)
                string_add_format(to, "%.1f times as long as", x->ratio);
        else if (percent < 0.05)
                string_add(to, "as long as");
        else
                string_add_format(to, percent < 9.95 ? "%.1f %% %s" : "%.0f %% %s", percent,
                                  x->change > 0 ? "longer than" : "less time than");
}

/* "B is 12 % slower than A", as sure as it is. */
static void add_difference(const ComparedDifference *d, const char *a, const char *b, const char *runs, String *to)
{
        const Difference *x = &d->difference;

        switch (d->verdict) {
        case VERDICT_MORE:
        case VERDICT_LESS:
                if (x->ratio < 3) {
                        double percent = fabs(x->ratio - 1) * 100;
                        string_add_format(to, percent < 9.95 ? "%.60s is %.1f %% %s than %.60s (%s)"
                                                             : "%.60s is %.0f %% %s than %.60s (%s)",
                                          b, percent, x->change > 0 ? "slower" : "faster", a, runs);
                        break;
                }
                string_add_format(to, "%.60s takes %.1f times as long as %.60s (%s)", b, x->ratio, a, runs);
                break;
        case VERDICT_UNCLEAR:
                string_add_format(to, "no clear difference in time between %.60s and %.60s (%s)", b, a, runs);
                break;
        default:
                string_add_format(to, "%.60s took ", b);
                add_how_much(x, to);
                string_add_format(to, " %.60s", a);
        }
}

static PageStyle pair_answer(const Comparison *c, const ComparedPair *pair, bool ascii, String *to)
{
        const ComparedGroup *a = &c->groups[pair->base], *b = &c->groups[pair->other];
        const ComparedDifference *d = &pair->differences[RUN_WALL];
        char new[COMPARE_VALUE_MAX], old[COMPARE_VALUE_MAX], interval[COMPARE_VALUE_MAX];
        _cleanup_string_ String runs = {0};

        compare_runs_words(c, pair, &runs);
        if (b->n_failed > 0 && a->n_failed == 0) {
                if (b->n_runs == 1)
                        string_add_format(to, "%.60s failed, %.60s did not; ", b->name, a->name);
                else
                        string_add_format(to, "%.60s failed in %zu of %zu runs, %.60s in none; ", b->name,
                                          b->n_failed, b->n_runs, a->name);
        }
        if (d->verdict == VERDICT_UNKNOWN || isnan(d->difference.ratio)) {
                string_add_format(to, "%.60s and %.60s cannot be compared by time: it is not known of both",
                                  b->name, a->name);
                return PAGE_YELLOW;
        }
        add_difference(d, a->name, b->name, string_get(&runs), to);
        string_add_format(to, ": %s, was %s", compare_value(new, d->difference.b, UNIT_SECONDS, ascii),
                          compare_value(old, d->difference.a, UNIT_SECONDS, ascii));
        if (*compare_interval(interval, d, UNIT_SECONDS, ascii))
                string_add_format(to, "; 95 %%: %s", interval);
        else
                string_add_format(to, "; %s", string_get(&runs));
        if (b->n_failed > 0 && a->n_failed == 0)
                return PAGE_RED;
        return d->verdict == VERDICT_MORE ? PAGE_YELLOW : d->verdict == VERDICT_LESS ? PAGE_GREEN : PAGE_PLAIN;
}

/* Which -j of those with this verdict: "slower at -j4 (+12 %), -j2 (+8 %)". */
static void add_levels(const Comparison *c, Verdict verdict, const char *words, bool ascii, String *to, size_t *n)
{
        size_t said = 0;
        char change[COMPARE_VALUE_MAX];

        for (size_t i = 0; i < c->n_pairs; i++) {
                const ComparedDifference *d = &c->pairs[i].differences[RUN_WALL];
                if (d->verdict != verdict)
                        continue;
                string_add_format(to, "%s%s -j%u", said > 0 ? "," : *n > 0 ? "; " : " ", said > 0 ? "" : words,
                                  c->groups[c->pairs[i].base].jobs);
                said++;
                if (verdict != VERDICT_UNKNOWN && verdict != VERDICT_ALIKE)
                        string_add_format(to, " (%s)", compare_change(change, d, UNIT_SECONDS, ascii));
                (*n)++;
        }
}

static PageStyle levels_answer(const Comparison *c, bool ascii, String *to)
{
        static const struct {
                Verdict verdict;
                const char *words;
        } parts[] = {
                {VERDICT_MORE, "slower at"}, {VERDICT_LESS, "faster at"}, {VERDICT_UNCLEAR, "no clear difference at"},
                {VERDICT_UNSURE, "one run each, so no spread known, at"}, {VERDICT_ALIKE, "the same at"},
                {VERDICT_UNKNOWN, "time not known at"},
        };
        size_t n = 0, more = 0, less = 0;

        string_add_format(to, "%.60s against %.60s:", c->other_name, c->base_name);
        for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
                add_levels(c, parts[i].verdict, parts[i].words, ascii, to, &n);
                more = i == 0 ? n : more;
                less = i == 1 ? n - more : less;
        }
        return more > 0 ? PAGE_YELLOW : less > 0 ? PAGE_GREEN : PAGE_PLAIN;
}

static PageStyle groups_answer(const Comparison *c, bool ascii, String *to)
{
        const ComparedFigure *wall = &c->figures[RUN_WALL];
        size_t best = SIZE_MAX;
        double best_mean = INFINITY, base_mean = NAN;
        char value[COMPARE_VALUE_MAX], base[COMPARE_VALUE_MAX];

        for (size_t i = 0; i < c->n_pairs; i++) {
                const ComparedPair *pair = &c->pairs[i];
                const Difference *x = &pair->differences[RUN_WALL].difference;
                base_mean = x->a;
                if (x->a < best_mean) {
                        best_mean = x->a;
                        best = pair->base;
                }
                if (x->b < best_mean) {
                        best_mean = x->b;
                        best = pair->other;
                }
        }
        if (best == SIZE_MAX) {
                string_add(to, "no times are known");
                return PAGE_YELLOW;
        }
        string_add_format(to, "of %zu, %.60s took the least time: %s", c->n_groups, c->groups[best].name,
                          compare_value(value, best_mean, wall->unit, ascii));
        if (best != c->pairs[0].base && !isnan(base_mean))
                string_add_format(to, "; %.60s, the first, took %s", c->groups[c->pairs[0].base].name,
                                  compare_value(base, base_mean, wall->unit, ascii));
        if (c->n_runs == c->n_groups)
                string_add(to, "; one run each: no spread known");
        return PAGE_PLAIN;
}

PageStyle compare_answer(const Comparison *c, const CompareOptions *options, String *to)
{
        bool ascii = options->shown.ascii;
        PageStyle style = c->per_jobs      ? levels_answer(c, ascii, to)
                          : c->n_pairs > 1 ? groups_answer(c, ascii, to)
                                           : pair_answer(c, &c->pairs[0], ascii, to);

        if (options->check && regression_judge_all(options->check, c) == JUDGED_WORSE)
                return PAGE_RED;
        return style;
}

/* ---- regressions ---- */

/* Appends "wall time +12 % (95 %: +9 … +15 %), peak PSS …" of one judgement. */
static void add_judged(const Comparison *c, const CompareOptions *options, Judgement which, const char *words,
                       String *to)
{
        bool ascii = options->shown.ascii;
        char text[COMPARE_VALUE_MAX];
        size_t said = 0;

        for (size_t i = 0; i < c->n_pairs; i++)
                for (size_t f = 0; f < RUN_FIGURES; f++) {
                        const ComparedPair *pair = &c->pairs[i];
                        size_t at = regression_figure(pair, f);
                        const ComparedDifference *d = &pair->differences[at];
                        if (!options->check->figures[f] || regression_judge(options->check, d) != which)
                                continue;
                        string_add(to, said > 0 ? ", " : to->size > 0 ? "; " : "");
                        string_add(to, said++ > 0 ? "" : words);
                        compare_figure_name(&c->figures[at], to);
                        if (c->per_jobs)
                                string_add_format(to, " at -j%u", c->groups[pair->base].jobs);
                        else if (c->n_pairs > 1)
                                string_add_format(to, " of %.40s", c->groups[pair->other].name);
                        if (which == JUDGED_UNKNOWN)
                                continue;
                        string_add_format(to, " %s", compare_change(text, d, c->figures[at].unit, ascii));
                        if (*compare_interval(text, d, c->figures[at].unit, ascii))
                                string_add_format(to, " (95 %%: %s)", text);
                }
}

static void add_failures(const Comparison *c, String *to)
{
        for (size_t i = 0; i < c->n_pairs; i++) {
                const ComparedGroup *a = &c->groups[c->pairs[i].base], *b = &c->groups[c->pairs[i].other];
                if (b->n_failed > 0 && a->n_failed == 0)
                        string_add_format(to, "%s%.60s failed where %.60s did not", to->size > 0 ? "; " : "",
                                          b->name, a->name);
        }
}

Judgement compare_regression_words(const Comparison *c, const CompareOptions *options, String *to)
{
        Judgement all = regression_judge_all(options->check, c);
        char bound[FORMAT_MAX];
        bool unfinished = false, single = false;

        if (all == JUDGED_WORSE)
                add_failures(c, to);
        add_judged(c, options, JUDGED_WORSE, "worse: ", to);
        add_judged(c, options, JUDGED_NOT_SURE, "over the bound, but the interval holds no difference: ", to);
        add_judged(c, options, JUDGED_UNKNOWN, "not known: ", to);
        for (size_t i = 0; i < c->n_groups; i++)
                unfinished |= c->groups[i].n_unfinished > 0;
        if (all == JUDGED_UNKNOWN && unfinished)
                string_add_format(to, "%scannot be judged: a run is not finished", to->size > 0 ? "; " : "");
        if (to->size == 0)
                string_add_format(to, "none: nothing is worse by more than %s",
                                  format_percent(bound, options->check->bound));
        else if (all == JUDGED_WORSE)
                string_add_format(to, "; the bound is %s", format_percent(bound, options->check->bound));
        for (size_t i = 0; i < c->n_pairs; i++)
                single |= c->groups[c->pairs[i].base].n_runs == 1 || c->groups[c->pairs[i].other].n_runs == 1;
        if (all != JUDGED_UNKNOWN && single)
                string_add(to, c->n_runs == c->n_groups ? "; judged by one run each"
                                                        : "; judged by the ratio alone where a side has one run");
        return all;
}
