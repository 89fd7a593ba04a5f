/* What differs, how sure that is, and what it means: worse, better, or a regression. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/compare-internal.h"

/* ---- differences ---- */

static Verdict verdict_of(const ComparedFigure *f, const ComparedDifference *d)
{
        const Difference *x = &d->difference;
        bool ratio = f->unit != UNIT_CELSIUS && x->ratio_interval.method != INTERVAL_NONE;
        const Interval *interval = ratio ? &x->ratio_interval : &x->change_interval;
        double none = ratio ? 1 : 0;

        if (isnan(x->change))
                return VERDICT_UNKNOWN;
        if (d->a.min == d->b.min && d->a.max == d->b.max && d->a.min == d->a.max)
                return VERDICT_ALIKE;
        if (interval->method == INTERVAL_NONE)
                return VERDICT_UNSURE;
        if (interval->low > none)
                return VERDICT_MORE;
        return interval->high < none ? VERDICT_LESS : VERDICT_UNCLEAR;
}

/* The values of a group's runs, one behind the other. */
static size_t values_of(const Comparison *c, const ComparedFigure *f, size_t group, double *to)
{
        size_t n = 0;

        for (size_t i = 0; i < c->n_runs; i++)
                if (c->runs[i].group == group)
                        to[n++] = f->values[i];
        return n;
}

static int differ(const Comparison *c, const ComparedFigure *f, const ComparedPair *pair,
                  ComparedDifference *ret)
{
        double a[COMPARE_RUNS_MAX], b[COMPARE_RUNS_MAX];
        size_t n_a = values_of(c, f, pair->base, a), n_b = values_of(c, f, pair->other, b);

        if (spread_of(a, n_a, &ret->a) < 0 || spread_of(b, n_b, &ret->b) < 0)
                return -ENOMEM;
        int r = f->section == FIGURE_MONITOR ? difference_of_quick(a, n_a, b, n_b, &ret->difference)
                                             : difference_of(a, n_a, b, n_b, &ret->difference);
        ret->verdict = verdict_of(f, ret);
        return r;
}

/* A category of which a run had no process took nothing there: that is known. */
static void fill_absent(Comparison *c)
{
        for (size_t i = 0; i < c->n_figures; i++) {
                ComparedFigure *f = &c->figures[i], *last = NULL;
                if (f->section != FIGURE_MAJOR && f->section != FIGURE_CATEGORY)
                        continue;
                for (size_t k = 0; k < c->n_figures && !last; k++) {
                        ComparedFigure *other = &c->figures[k];
                        if (other->section == f->section && other->statistic == STATISTIC_PROCESSES &&
                            text_equal(other->name, f->name) &&
                            text_equal(other->within ? other->within : "", f->within ? f->within : ""))
                                last = other;
                }
                for (size_t run = 0; last && run < c->n_runs; run++)
                        if (isnan(last->values[run]) && f != last)
                                f->values[run] = 0;
        }
        for (size_t i = 0; i < c->n_figures; i++)
                for (size_t run = 0; run < c->n_runs; run++)
                        if (c->figures[i].statistic == STATISTIC_PROCESSES && isnan(c->figures[i].values[run]))
                                c->figures[i].values[run] = 0;
}

/* ---- notes ---- */

static int add_note(Comparison *c, bool warning, String *text)
{
        if (text->failed)
                return -ENOMEM;
        if (c->n_notes >= COMPARE_NOTES_MAX)
                return 0;
        ComparedNote *note = &c->notes[c->n_notes];
        *note = (ComparedNote){string_take(text), warning};
        if (!note->text)
                return -ENOMEM;
        c->n_notes++;
        return 0;
}

int comparison_add_note(Comparison *c, bool warning, const char *text)
{
        _cleanup_string_ String copy = {0};

        string_add(&copy, text);
        return add_note(c, warning, &copy);
}

/* What a run says of itself, as text; NULL: nothing. */
typedef const char *(*FactFn)(const ComparedRun *run, char buffer[FORMAT_MAX]);

static const char *command_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->command;
}

static const char *host_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->host;
}

static const char *kernel_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->kernel;
}

static const char *source_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->source;
}

static const char *cpus_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->cpus > 0 ? format_count(buffer, run->cpus) : NULL;
}

static const char *memory_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->memory_bytes > 0 && run->memory_bytes != RUN_UNKNOWN ? format_bytes(buffer, run->memory_bytes)
                                                                         : NULL;
}

static const char *rules_of(const ComparedRun *run, char buffer[FORMAT_MAX])
{
        return run->rules;
}

static bool is_compared(const Comparison *c, size_t group)
{
        for (size_t i = 0; i < c->n_pairs; i++)
                if (c->pairs[i].base == group || c->pairs[i].other == group)
                        return true;
        return false;
}

/* The value that each group begins with where it is another than the first run's at the same -j. */
static int note_fact(Comparison *c, const char *what, FactFn fact)
{
        _cleanup_string_ String text = {0};
        char mine[FORMAT_MAX], others[FORMAT_MAX];
        size_t said = 0;

        for (size_t i = 0; i < c->n_runs; i++) {
                const char *value = fact(&c->runs[i], mine);
                bool again = false;
                for (size_t k = 0; value && k < i; k++)
                        again |= c->runs[k].group == c->runs[i].group && text_equal(fact(&c->runs[k], others), value);
                for (size_t k = 0; value && !again && k < i; k++) {
                        const char *other = fact(&c->runs[k], others);
                        if (!other || c->runs[k].jobs != c->runs[i].jobs)
                                continue;
                        if (said < 3 && !text_equal(value, other)) {
                                if (said++ == 0)
                                        string_add_format(&text, "%s: %.80s in %.40s", what, other,
                                                          c->groups[c->runs[k].group].name);
                                string_add_format(&text, ", %.80s in %.40s", value,
                                                  c->groups[c->runs[i].group].name);
                        }
                        break; /* the first of that -j is the measure */
                }
        }
        return said > 0 ? add_note(c, false, &text) : 0;
}

static int note_group(Comparison *c, const ComparedGroup *group, size_t at)
{
        _cleanup_string_ String failed = {0}, unfinished = {0}, missed = {0};
        size_t n_partial = 0, n_damaged = 0;
        uint64_t lost = 0;
        int r = 0;

        for (size_t i = 0; i < c->n_runs; i++) {
                const ComparedRun *run = &c->runs[i];
                if (run->group != at)
                        continue;
                n_partial += run->partial;
                n_damaged += run->damaged;
                lost += run->lost_events;
        }
        if (group->n_failed > 0) {
                string_add_format(&failed, "%.60s: %zu of %zu run%s failed", group->name, group->n_failed,
                                  group->n_runs, group->n_runs == 1 ? "" : "s");
                r = add_note(c, true, &failed);
        }
        if (r == 0 && group->n_unfinished > 0) {
                string_add_format(&unfinished, "%.60s: %zu of %zu run%s not finished: its figures end early",
                                  group->name, group->n_unfinished, group->n_runs, group->n_runs == 1 ? "" : "s");
                r = add_note(c, true, &unfinished);
        }
        if (r == 0 && n_partial + n_damaged + (lost > 0) > 0) {
                string_add_format(&missed, "%.60s: %s", group->name,
                                  n_damaged > 0   ? "some tables are damaged"
                                  : n_partial > 0 ? "short processes were missed (partial)"
                                                  : "events were lost while recording");
                r = add_note(c, true, &missed);
        }
        return r;
}

static int note_twice(Comparison *c)
{
        for (size_t i = 1; i < c->n_runs; i++)
                for (size_t k = 0; k < i; k++) {
                        _cleanup_string_ String text = {0};
                        const char *id = c->runs[i].id ? c->runs[i].id : c->runs[i].path;
                        const char *other = c->runs[k].id ? c->runs[k].id : c->runs[k].path;
                        /* Ids of a sweep's runs are those of a second. */
                        if (!id || !other || !text_equal(id, other) ||
                            c->runs[i].start_realtime_ns != c->runs[k].start_realtime_ns)
                                continue;
                        string_add_format(&text, "a run was given twice: %.200s", id);
                        return add_note(c, true, &text);
                }
        return 0;
}

static int note_mixed_jobs(Comparison *c)
{
        for (size_t i = 1; i < c->n_runs; i++)
                for (size_t k = 0; k < i; k++) {
                        _cleanup_string_ String text = {0};
                        if (c->runs[i].group != c->runs[k].group || c->runs[i].jobs == c->runs[k].jobs)
                                continue;
                        string_add_format(&text, "%.60s holds runs of different -j",
                                          c->groups[c->runs[i].group].name);
                        return add_note(c, true, &text);
                }
        return 0;
}

static int note_all(Comparison *c)
{
        static const struct {
                const char *what;
                FactFn fact;
        } facts[] = {
                {"commands differ", command_of}, {"hosts differ", host_of}, {"kernels differ", kernel_of},
                {"numbers of CPUs differ", cpus_of}, {"memory sizes differ", memory_of},
                {"captures differ", source_of}, {"rules differ", rules_of},
        };
        int r = note_twice(c);

        for (size_t i = 0; r == 0 && i < c->n_groups; i++)
                if (is_compared(c, i))
                        r = note_group(c, &c->groups[i], i);
        if (r == 0)
                r = note_mixed_jobs(c);
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(facts); i++)
                r = note_fact(c, facts[i].what, facts[i].fact);
        return r;
}

int comparison_finish(Comparison *c)
{
        fill_absent(c);
        for (size_t i = 0; i < c->n_pairs; i++) {
                ComparedPair *pair = &c->pairs[i];
                pair->differences = calloc(c->n_figures + 1, sizeof *pair->differences);
                if (!pair->differences)
                        return -ENOMEM;
                for (size_t k = 0; k < c->n_figures; k++)
                        if (differ(c, &c->figures[k], pair, &pair->differences[k]) < 0)
                                return -ENOMEM;
        }
        return note_all(c);
}

/* ---- regressions ---- */

int regression_parse_bound(const char *text, double *ret, Error *err)
{
        size_t size = strlen(text);
        double percent;

        if (size > 0 && text[size - 1] == '%')
                size--;
        while (size > 0 && text[size - 1] == ' ')
                size--;
        if (parse_double(text, size, &percent) < 0 || percent < 0 || percent > 1000)
                return error_set(err, EINVAL, "%s is no bound; expected a percentage from 0 to 1000, such as 5%%",
                                 text);
        *ret = percent / 100;
        return 0;
}

int regression_parse_figures(const char *text, RegressionCheck *ret, Error *err)
{
        static const struct {
                const char *name;
                RunFigure figure;
        } names[] = {
                {"wall", RUN_WALL}, {"cpu", RUN_CPU}, {"user", RUN_USER}, {"system", RUN_SYSTEM},
                {"peak", RUN_PEAK}, {"rss", RUN_PEAK_RSS}, {"cgroup", RUN_PEAK_CGROUP},
                {"processes", RUN_PROCESSES},
        };
        bool figures[RUN_FIGURES] = {0};

        for (const char *at = text;; at++) {
                size_t size = strcspn(at, ","), i = 0;
                while (i < ARRAY_LENGTH(names) &&
                       (strlen(names[i].name) != size || strncmp(names[i].name, at, size) != 0))
                        i++;
                if (i == ARRAY_LENGTH(names))
                        return error_set(err, EINVAL,
                                         "\"%.*s\" is no figure; expected some of wall, cpu, user, system, "
                                         "peak, rss, cgroup, processes, with commas between",
                                         (int)MIN(size, (size_t)60), at);
                figures[names[i].figure] = true;
                at += size;
                if (*at == '\0')
                        break;
        }
        memcpy(ret->figures, figures, sizeof figures);
        ret->chosen = true;
        return 0;
}

Judgement regression_judge(const RegressionCheck *check, const ComparedDifference *d)
{
        const Difference *x = &d->difference;

        if (d->verdict == VERDICT_ALIKE)
                return JUDGED_FINE;
        if (isnan(x->ratio)) /* from nothing to something is worse by any bound */
                return !isnan(x->change) && x->a == 0 ? x->change > 0 ? JUDGED_WORSE : JUDGED_FINE
                                                      : JUDGED_UNKNOWN;
        if (!(x->ratio > 1 + check->bound))
                return JUDGED_FINE;
        return d->verdict == VERDICT_UNCLEAR ? JUDGED_NOT_SURE : JUDGED_WORSE;
}

/* The peak is the PSS where both sides know it, else the RSS, else the cgroup's. */
size_t regression_figure(const ComparedPair *pair, RunFigure figure)
{
        static const RunFigure peaks[] = {RUN_PEAK, RUN_PEAK_RSS, RUN_PEAK_CGROUP};

        for (size_t i = 0; figure == RUN_PEAK && i < ARRAY_LENGTH(peaks); i++)
                if (pair->differences[peaks[i]].verdict != VERDICT_UNKNOWN)
                        return peaks[i];
        return figure;
}

Judgement regression_judge_all(const RegressionCheck *check, const Comparison *c)
{
        size_t n_known = 0, n_unknown = 0, n_unsure = 0;

        for (size_t i = 0; i < c->n_pairs; i++) {
                const ComparedGroup *a = &c->groups[c->pairs[i].base], *b = &c->groups[c->pairs[i].other];
                if (b->n_failed > 0 && a->n_failed == 0)
                        return JUDGED_WORSE;
        }
        for (size_t i = 0; i < c->n_pairs; i++) {
                const ComparedPair *pair = &c->pairs[i];
                if (c->groups[pair->base].n_unfinished + c->groups[pair->other].n_unfinished > 0)
                        return JUDGED_UNKNOWN;
                for (size_t f = 0; f < RUN_FIGURES; f++) {
                        if (!check->figures[f])
                                continue;
                        Judgement j = regression_judge(check, &pair->differences[regression_figure(pair, f)]);
                        if (j == JUDGED_WORSE)
                                return j;
                        n_known += j != JUDGED_UNKNOWN;
                        n_unknown += j == JUDGED_UNKNOWN;
                        n_unsure += j == JUDGED_NOT_SURE;
                }
        }
        if (n_known == 0 || (check->chosen && n_unknown > 0))
                return JUDGED_UNKNOWN;
        return n_unsure > 0 ? JUDGED_NOT_SURE : JUDGED_FINE;
}
