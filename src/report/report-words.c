/* The report's sentences: the same in text and in Markdown. */
#include "report/report-words.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/shown-command.h"
#include "report/text-verdict.h"

enum { CPU_LEAST_NS = 50000000 }; /* of wall time: less says nothing about cores */

/* "30.9 GiB of 31.2": the second unit only where it differs. */
static void add_of(String *out, uint64_t part, uint64_t whole)
{
        char a[FORMAT_MAX], b[FORMAT_MAX];
        const char *unit_a, *unit_b;

        string_add(out, format_bytes(a, part));
        if (whole == 0 || whole == RUN_UNKNOWN)
                return;
        format_bytes(b, whole);
        unit_a = strchr(a, ' ');
        unit_b = strchr(b, ' ');
        if (unit_a && unit_b && text_equal(unit_a, unit_b))
                string_add_format(out, " of %.*s", (int)(unit_b - b), b);
        else
                string_add_format(out, " of %s", b);
}

/* What the tree held at its highest, or the best that is known of a run too short for a tick. */
bool report_memory_words(const ReportData *d, String *out, uint64_t *ret_peak)
{
        const Summary *s = d->summary;
        uint64_t peak = s->peak_pss_bytes != SUMMARY_UNKNOWN ? s->peak_pss_bytes : s->peak_rss_bytes;
        char at[FORMAT_MAX];

        *ret_peak = peak;
        if (!s->peak_known || peak == SUMMARY_UNKNOWN || peak == 0)
                return false;
        add_of(out, peak, d->info->memory_bytes);
        string_add_format(out, " at %s",
                          format_duration(at, s->peak_t_ns > 0 ? (uint64_t)s->peak_t_ns : 0));
        return true;
}

void report_cores_words(const ReportData *d, String *out)
{
        uint64_t cpu_us = report_cpu_us(d), wall = report_wall_ns(d);
        double busy = (double)cpu_us * 1e3 / (double)wall;

        if (cpu_us == SUMMARY_UNKNOWN || wall == RUN_UNKNOWN || wall < CPU_LEAST_NS)
                return;
        if (busy < 0.05)
                string_add(out, "under 0.1");
        else
                string_add_format(out, "%.*f", busy < 9.95, busy);
        if (d->info->cpus > 0)
                string_add_format(out, " of %u core%s busy", d->info->cpus,
                                  d->info->cpus == 1 ? "" : "s");
        else
                string_add(out, " cores busy");
}

/* The split, if it is known of all the time there was. */
void report_cpu_words(const ReportData *d, String *out)
{
        const Summary *s = d->summary;
        uint64_t cpu_us = report_cpu_us(d);
        char user[FORMAT_MAX], system[FORMAT_MAX];

        if (cpu_us == SUMMARY_UNKNOWN)
                return;
        if (s->user_us != SUMMARY_UNKNOWN && s->system_us != SUMMARY_UNKNOWN &&
            s->user_us + s->system_us + 1000 >= cpu_us - cpu_us / 50)
                string_add_format(out, "user %s, system %s", format_duration(user, s->user_us * NS_PER_US),
                                  format_duration(system, s->system_us * NS_PER_US));
        else
                string_add_format(out, "%s of CPU time", format_duration(user, cpu_us * NS_PER_US));
}

uint64_t report_peak_of(const SummaryProcess *p)
{
        return p->peak_rss_bytes != SUMMARY_UNKNOWN ? p->peak_rss_bytes : p->peak_pss_bytes;
}

const SummaryProcess *report_culprit(const ReportData *d)
{
        const RunInfo *info = d->info;
        const SummaryProcess *culprit = summary_culprit(d->summary);

        if (!culprit || culprit->pid == d->summary->root_pid || info->timed_out || !info->complete ||
            (info->exit_code <= 0 && info->exit_signal <= 0))
                return NULL;
        return culprit;
}

/* Which process below the command failed: "cc1 foo.c exited 1 at 12.3 s". */
bool report_culprit_words(const ReportData *d, size_t columns, bool ascii, String *out)
{
        const SummaryProcess *culprit = report_culprit(d);
        _cleanup_string_ String text = {0};
        char at[FORMAT_MAX];

        if (!culprit)
                return false;
        shown_program(culprit, &text);
        string_add_char(&text, ' ');
        shown_work(culprit, &text);
        _cleanup_string_ String ending = {0};
        if (culprit->exit_signal > 0) {
                string_add(&ending, " was killed by ");
                string_add_signal(&ending, culprit->exit_signal);
        } else {
                string_add_format(&ending, " exited %d", culprit->exit_code);
        }
        if (culprit->end_ns > 0 && culprit->end_ns != INT64_MAX)
                string_add_format(&ending, " at %s", format_duration(at, (uint64_t)culprit->end_ns));
        size_t width = text_width(string_get(&ending));
        string_add_shown(out, string_get(&text), columns - MIN(width, columns - 10), ascii);
        string_add(out, string_get(&ending));
        out->failed |= text.failed || ending.failed;
        return true;
}

/* What the watching itself cost, and how far its figures can be trusted. */
void report_own_words(const ReportData *d, String *out)
{
        const RunInfo *info = d->info;
        const Summary *s = d->summary;
        uint64_t wall = report_wall_ns(d), processes = report_processes(d);
        uint64_t memory = info->own_private_bytes != RUN_UNKNOWN ? info->own_private_bytes
                                                                  : info->own_peak_rss_bytes;
        char figure[FORMAT_MAX];

        if (info->own_cpu_us != RUN_UNKNOWN && (wall == RUN_UNKNOWN || wall < NS_PER_SECOND))
                string_add_format(out, "%s of CPU, ",
                                  format_duration(figure, info->own_cpu_us * NS_PER_US));
        else if (info->own_cpu_us != RUN_UNKNOWN)
                string_add_format(out, "%s of a core, ",
                                  format_percent(figure, (double)info->own_cpu_us * 1e3 / (double)wall));
        if (memory != RUN_UNKNOWN)
                string_add_format(out, "%s; ", format_bytes(figure, memory));
        string_add_format(out, "%s process%s", format_count(figure, processes),
                          processes == 1 ? "" : "es");
        if (info->partial)
                string_add(out, " seen, short ones missed");
        else if (info->lost_events != RUN_UNKNOWN && info->lost_events > 0)
                string_add_format(out, ", %s events lost", format_count(figure, info->lost_events));
        else if (info->lost_events == 0)
                string_add(out, ", none lost");
        string_add_format(out, " (%s%s%s)", report_source(d) ? report_source(d) : "source not known",
                          s->peaks_sampled + s->peaks_estimated > s->peaks_exact ? ", peaks sampled" : "",
                          s->peaks_estimated > 0 ? ", short ones estimated" : "");
}

bool report_summary_tells(const Finding *finding)
{
        return finding->severity != SEVERITY_INFO || text_equal(finding->id, "late-ticks");
}
