/* What is wrong with the recording itself, and what its events say: evidence, then advice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/report-data.h"

int report_add_finding(ReportData *data, const char *id, Severity severity, int64_t t_ns,
                       const char *title, const char *evidence, const char *advice)
{
        Finding *findings = realloc(data->findings, (data->n_findings + 1) * sizeof *findings);

        if (!findings)
                return -ENOMEM;
        data->findings = findings;
        Finding *f = &findings[data->n_findings];
        *f = (Finding){.severity = severity, .t_ns = t_ns, .until_ns = FINDING_NO_TIME, .pid = -1, .title = strdup(title)};
        text_copy(f->id, sizeof f->id, id);
        f->evidence = evidence ? strdup(evidence) : NULL;
        f->advice = advice ? strdup(advice) : NULL;
        data->n_findings++;
        return f->title && !f->evidence == !evidence && !f->advice == !advice ? 0 : -ENOMEM;
}

static int find_recorder_died(ReportData *d)
{
        const RunInfo *info = d->info;
        char last[FORMAT_MAX];
        _cleanup_string_ String evidence = {0};

        if (info->complete || d->recording || info->snapshot_of)
                return 0;
        if (info->recorder_died) /* says all there is to say */
                string_add(&evidence, info->recorder_died);
        else if (d->summary->last_ns > 0)
                string_add_format(&evidence, "the last row is from %s",
                                  format_duration(last, (uint64_t)d->summary->last_ns));
        else
                string_add(&evidence, "nothing was recorded");
        return report_add_finding(d, "recorder-died", SEVERITY_WARNING, INT64_MIN,
                                  "the recorder ended before the command: what came after is missing",
                                  string_get(&evidence), NULL);
}

static int find_lost_events(ReportData *d)
{
        const RunInfo *info = d->info;
        char lost[FORMAT_MAX], seen[FORMAT_MAX];
        _cleanup_string_ String title = {0}, evidence = {0};

        if (info->lost_events == 0 || info->lost_events == RUN_UNKNOWN)
                return 0;
        string_add_format(&title, "%s event%s lost: some processes are missing or lack figures",
                          format_count(lost, info->lost_events),
                          info->lost_events == 1 ? " was" : "s were");
        string_add_format(&evidence, "%s processes were recorded, by %s",
                          format_count(seen, report_processes(d)),
                          report_source(d) ? report_source(d) : "an unknown source");
        return report_add_finding(d, "lost-events", SEVERITY_WARNING, INT64_MIN,
                                  string_get(&title), string_get(&evidence),
                                  "sample more often, for example -i 0.02: events are collected at "
                                  "every tick");
}

static int find_partial(ReportData *d)
{
        const RunInfo *info = d->info;
        char interval[FORMAT_MAX];
        _cleanup_string_ String title = {0};

        if (!info->partial)
                return 0;
        string_add_format(&title, "partial: processes shorter than %s were mostly missed",
                          info->interval_ns && info->interval_ns != RUN_UNKNOWN
                                  ? format_duration(interval, info->interval_ns)
                                  : "a tick");
        return report_add_finding(d, "partial", SEVERITY_WARNING, INT64_MIN, string_get(&title),
                                  info->capture_why,
                                  "vigia doctor says what makes the exact sources work");
}

static int find_lost_rows(ReportData *d)
{
        char lost[FORMAT_MAX];
        _cleanup_string_ String title = {0};

        if (d->info->lost_rows == 0 || d->info->lost_rows == RUN_UNKNOWN)
                return 0;
        string_add_format(&title, "%s rows could not be stored: the disk was full or too slow",
                          format_count(lost, d->info->lost_rows));
        return report_add_finding(d, "lost-rows", SEVERITY_WARNING, INT64_MIN, string_get(&title),
                                  NULL, "record to a place with more room: -o DIR, or VIGIA_DIR");
}

static int find_late_ticks(ReportData *d)
{
        uint64_t ticks = d->summary->ticks, late = d->summary->late_ticks;
        char n_late[FORMAT_MAX], n[FORMAT_MAX], worst[FORMAT_MAX], share[FORMAT_MAX];
        _cleanup_string_ String title = {0}, evidence = {0};

        if (ticks < 20 || late * 10 < ticks)
                return 0;
        string_add_format(&title, "%s of samples were taken late: the machine was too busy",
                          format_percent(share, (double)late / (double)ticks));
        string_add_format(&evidence, "%s of %s ticks over 10 ms late, the worst by %s",
                          format_count(n_late, late), format_count(n, ticks),
                          format_duration(worst, d->summary->latest_us * NS_PER_US));
        return report_add_finding(d, "late-ticks", SEVERITY_INFO, INT64_MIN, string_get(&title),
                                  string_get(&evidence), "leave the recorder some CPU (fewer jobs), or sample less often: -i 0.2");
}

/* Detectors say these better. */
static bool is_told(const Findings *detected, const char *kind)
{
        static const struct {
                const char *kind, *id;
        } better[] = {{"oom-kill", "oom"}, {"kernel-oom", "oom"}, {"kernel-oom-note", "oom"}, {"kernel-fork-rejected", "fork"},
                      {"kernel-allocation-failure", "memory-refused"}};

        for (size_t i = 0; i < ARRAY_LENGTH(better); i++)
                for (size_t k = 0; text_equal(better[i].kind, kind) && k < detected->n; k++)
                        if (text_equal(detected->items[k]->id, better[i].id) && detected->items[k]->title)
                                return true;
        return false;
}

static int find_events(ReportData *d, const Findings *detected)
{
        for (size_t i = 0; i < d->summary->n_kept; i++) {
                const SummaryEvent *e = &d->summary->kept[i];
                const char *kind = e->kind ? e->kind : "event";
                /* Counted over the run above. */
                if (text_equal(kind, "lost-events") || text_equal(kind, "late-tick") || is_told(detected, kind))
                        continue;
                bool critical = (e->severity && text_equal(e->severity, "critical")) ||
                                text_equal(kind, "oom-kill");
                int r = report_add_finding(d, kind, critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                                           e->t_ns, e->text && *e->text ? e->text : kind, NULL, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int find_warnings(ReportData *d)
{
        int r = 0;

        for (char **w = d->info->warnings; r == 0 && w && *w; w++)
                r = report_add_finding(d, "recording", SEVERITY_WARNING, INT64_MIN, *w, NULL, NULL);
        return r;
}

/* What such a monitor would have shown then is not known; no reason to doubt the rest. */
static int find_monitor_errors(ReportData *d)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < d->info->n_monitors; i++) {
                const RunMonitor *m = &d->info->monitors[i];
                char n[FORMAT_MAX];
                _cleanup_string_ String title = {0}, advice = {0};
                if (m->absent || m->errors == 0 || m->errors == RUN_UNKNOWN)
                        continue;
                string_add_format(&title, "the monitor %s failed %s time%s: what it shows has gaps", m->name,
                                  format_count(n, m->errors), m->errors == 1 ? "" : "s");
                string_add_format(&advice, "vigia monitors says what %s needs; -x %s leaves it out", m->name, m->name);
                r = report_add_finding(d, "monitor-errors", SEVERITY_INFO, INT64_MIN, string_get(&title),
                                       m->why[0] ? m->why : NULL, string_get(&advice));
        }
        return r;
}


/* What lacks in the recording comes behind what it shows, where they weigh the same. */
static bool is_of_recording(const Finding *f)
{
        static const char *const ids[] = {"lost-events", "partial", "lost-rows", "recording", "late-ticks", "monitor-errors"};

        for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
                if (text_equal(f->id, ids[i]))
                        return true;
        return false;
}

static bool comes_before(const Finding *a, const Finding *b)
{
        return finding_outweighs(a, b) || (!finding_outweighs(b, a) && is_of_recording(b) && !is_of_recording(a));
}

/* What outweighs others first; otherwise as found. */
static void sort_findings(ReportData *d)
{
        for (size_t i = 1; i < d->n_findings; i++) {
                Finding f = d->findings[i];
                size_t k = i;
                for (; k > 0 && comes_before(&f, &d->findings[k - 1]); k--)
                        d->findings[k] = d->findings[k - 1];
                d->findings[k] = f;
        }
}

/* They move; the list keeps empty ones. */
static int take_detected(ReportData *data, Findings *detected)
{
        Finding *findings = realloc(data->findings, (data->n_findings + detected->n + 1) * sizeof *findings);

        if (!findings)
                return -ENOMEM;
        data->findings = findings;
        for (size_t i = 0; i < detected->n; i++) {
                if (!detected->items[i]->title)
                        continue;
                findings[data->n_findings++] = *detected->items[i];
                *detected->items[i] = (Finding){0};
        }
        return 0;
}

int report_find(ReportData *data, Findings *detected)
{
        static int (*const finders[])(ReportData *) = {
                find_recorder_died, find_lost_events, find_partial, find_lost_rows, find_warnings, find_late_ticks,
                find_monitor_errors,
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(finders); i++)
                r = finders[i](data);
        if (r == 0)
                r = find_events(data, detected);
        if (r == 0)
                r = take_detected(data, detected);
        sort_findings(data);
        return r;
}
