/* A run for the page of a CI job: the verdict, five numbers, why it failed, what was heavy. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/last-lines.h"
#include "base/markdown.h"
#include "report/next-run.h"
#include "report/report-words.h"
#include "report/shown-command.h"
#include "report/text-groups.h"
#include "report/text-outside.h"
#include "report/text-verdict.h"

enum {
        LINES_MAX = 60,
        TITLE_COLUMNS = 120,
        FINDINGS = 8,
        ALIKE = 2, /* findings of one kind */
        CATEGORIES = 8,
        HEAVIEST = 5,
        OUTSIDE = 2,
        OUTPUT_LINES = 10,
        OUTPUT_COLUMNS = 160,
        WORK_COLUMNS = 70,
        FINDING_COLUMNS = 300,
        ADVICE_COLUMNS = 200,
};

/* ---- the five numbers ---- */

static const char *exit_words(const RunInfo *info, String *to)
{
        if (info->exit_signal > 0)
                string_add_signal(to, info->exit_signal);
        else if (info->exit_code >= 0)
                string_add_format(to, "%d", info->exit_code);
        else
                string_add(to, "-");
        if (info->timed_out)
                string_add(to, " (time limit)");
        return string_get(to);
}

static void add_memory_cell(Markdown *m, const ReportData *d)
{
        const Summary *s = d->summary;
        _cleanup_string_ String text = {0};
        char figure[FORMAT_MAX];
        uint64_t peak;

        if (!report_memory_words(d, &text, &peak) && s->n_top > 0 &&
            report_peak_of(&s->top[0]) != SUMMARY_UNKNOWN)
                string_add_format(&text, "%s in the largest process",
                                  format_bytes(figure, report_peak_of(&s->top[0])));
        else if (text.size > 0 && s->peak_pss_bytes == SUMMARY_UNKNOWN)
                string_add(&text, " (RSS)");
        markdown_add_cell(m, text.size > 0 ? string_get(&text) : "-");
}

static void add_cpu_cell(Markdown *m, const ReportData *d)
{
        _cleanup_string_ String text = {0};
        char figure[FORMAT_MAX];
        uint64_t cpu_us = report_cpu_us(d);

        report_cores_words(d, &text);
        if (cpu_us != SUMMARY_UNKNOWN)
                string_add_format(&text, text.size > 0 ? " (%s)" : "%s of CPU time",
                                  format_duration(figure, cpu_us * NS_PER_US));
        markdown_add_cell(m, text.size > 0 ? string_get(&text) : "-");
}

static void add_numbers(Markdown *m, const ReportData *d)
{
        static const char *const titles[] = {"wall time", "CPU", "peak memory", "processes", "exit"};
        _cleanup_string_ String ending = {0}, processes = {0};
        uint64_t wall = report_wall_ns(d);
        char figure[FORMAT_MAX];

        markdown_end_line(m);
        markdown_add_head(m, titles, "rrrrr");
        markdown_begin_row(m);
        markdown_add_cell(m, wall != RUN_UNKNOWN ? format_duration(figure, wall) : "-");
        add_cpu_cell(m, d);
        add_memory_cell(m, d);
        string_add_format(&processes, "%s%s", format_count(figure, report_processes(d)),
                          d->info->partial ? " seen" : "");
        markdown_add_cell(m, string_get(&processes));
        markdown_add_cell(m, exit_words(d->info, &ending));
        markdown_end_line(m);
}

/* ---- why ---- */

static void add_output(Markdown *m, const ReportData *d)
{
        _cleanup_string_ String lines = {0}, shown = {0};
        _cleanup_close_ int dir = d->path ? open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

        if (dir < 0)
                return;
        file_add_last_lines(dir, "output.log", OUTPUT_LINES, &lines);
        for (const char *at = string_get(&lines); *at; at += strcspn(at, "\n") + 1) {
                _cleanup_string_ String line = {0};
                string_add_bytes(&line, at, strcspn(at, "\n"));
                string_add_shown(&shown, string_get(&line), OUTPUT_COLUMNS, false);
                string_add_char(&shown, '\n');
        }
        m->out->failed |= lines.failed || shown.failed;
        if (shown.size == 0)
                return;
        markdown_end_line(m);
        markdown_add_raw(m, "Last lines of its output:");
        markdown_end_line(m);
        markdown_end_line(m);
        markdown_add_block(m, string_get(&shown));
}

static void add_failure(Markdown *m, const ReportData *d)
{
        const RunInfo *info = d->info;
        _cleanup_string_ String culprit = {0};

        if (!info->complete || (info->exit_code <= 0 && info->exit_signal <= 0))
                return;
        if (report_culprit_words(d, OUTPUT_COLUMNS, false, &culprit)) {
                markdown_end_line(m);
                markdown_add_raw(m, "**Failed:** ");
                markdown_add_code(m, string_get(&culprit), 0);
                markdown_end_line(m);
        }
        add_output(m, d);
}

/* A sentence, and behind it lines to be pasted. */
static void add_advice(Markdown *m, const char *advice)
{
        _cleanup_string_ String words = {0};
        size_t size = strcspn(advice, "\n");

        string_add_bytes(&words, advice, size);
        markdown_add_raw(m, "; ");
        markdown_add_text(m, string_get(&words), ADVICE_COLUMNS);
        for (const char *at = advice + size; *at; at += size) {
                at += *at == '\n';
                size = strcspn(at, "\n");
                string_clear(&words);
                string_add_bytes(&words, at, size);
                if (size > 0)
                        markdown_add_raw(m, " ");
                markdown_add_code(m, string_get(&words), ADVICE_COLUMNS);
        }
        m->out->failed |= words.failed;
}

static void add_finding(Markdown *m, const Finding *f)
{
        _cleanup_string_ String text = {0};
        char at[FORMAT_MAX];

        if (f->t_ns != INT64_MIN)
                string_add_format(&text, "at %s: ", format_duration(at, f->t_ns > 0 ? (uint64_t)f->t_ns : 0));
        string_add(&text, f->title);
        if (f->evidence)
                string_add_format(&text, " (%s)", f->evidence);
        markdown_add_raw(m, f->severity == SEVERITY_CRITICAL  ? "- **critical** "
                            : f->severity == SEVERITY_WARNING ? "- **warning** "
                                                              : "- note: ");
        markdown_add_text(m, string_get(&text), FINDING_COLUMNS);
        if (f->advice)
                add_advice(m, f->advice);
        markdown_end_line(m);
        m->out->failed |= text.failed;
}

static void add_findings(Markdown *m, const ReportData *d)
{
        size_t shown = 0, hidden = 0, alike = 0;

        for (size_t i = 0; i < d->n_findings; i++) {
                if (!report_summary_tells(&d->findings[i]))
                        continue;
                alike = i > 0 && text_equal(d->findings[i].id, d->findings[i - 1].id) ? alike + 1 : 0;
                if (shown >= FINDINGS || alike >= ALIKE) {
                        hidden++;
                        continue;
                }
                if (shown == 0)
                        markdown_end_line(m);
                add_finding(m, &d->findings[i]);
                shown++;
        }
        if (hidden > 0) {
                _cleanup_string_ String text = {0};
                string_add_format(&text, "%zu more", hidden);
                markdown_add_line(m, "- ", string_get(&text), "");
        }
}

/* Who worked for it without being in it: the figures lack that. */
static void add_outside(Markdown *m, const Outside *o)
{
        for (size_t i = 0; o && i < o->n && i < OUTSIDE; i++) {
                _cleanup_string_ String text = {0};
                report_outside_words(&o->workers[i], false, &text);
                if (i == 0)
                        markdown_end_line(m);
                markdown_add_line(m, "- outside the run: ", string_get(&text), "");
                m->out->failed |= text.failed;
        }
}

/* ---- what was heavy ---- */

static void add_bytes_cell(Markdown *m, uint64_t bytes)
{
        char figure[FORMAT_MAX];

        markdown_add_cell(m, bytes != SUMMARY_UNKNOWN ? format_bytes(figure, bytes) : "-");
}

static void add_category(Markdown *m, const SummaryGroup *g, bool labelled)
{
        char figure[FORMAT_MAX];

        markdown_begin_row(m);
        markdown_add_code_cell(m, text_group_name(g), 30);
        if (labelled)
                markdown_add_cell(m, g->major ? g->major : "");
        markdown_add_cell(m, format_count(figure, g->processes));
        markdown_add_cell(m, format_duration(figure, g->cpu_us * NS_PER_US));
        add_bytes_cell(m, g->peak_bytes);
        add_bytes_cell(m, g->largest_bytes);
        markdown_end_line(m);
}

static void add_categories(Markdown *m, const ReportData *d)
{
        static const char *const titles[] = {"category",    "kind of work",    "processes", "CPU time",
                                             "peak memory", "largest process"};
        static const char *const plain[] = {"program", "processes", "CPU time", "peak memory", "largest process"};
        const Summary *s = d->summary;
        size_t n = MIN(s->n_groups, (size_t)CATEGORIES);
        bool labelled = s->n_majors > 0;

        if (n == 0 || !markdown_has_room(m, n + 4))
                return;
        markdown_end_line(m);
        markdown_add_head(m, labelled ? titles : plain, labelled ? "llrrrr" : "lrrrr");
        for (size_t i = 0; i < n; i++)
                add_category(m, &s->groups[i], labelled);
        if (s->n_groups > n) {
                _cleanup_string_ String text = {0};
                string_add_format(&text, "%zu more", s->n_groups - n);
                markdown_begin_row(m);
                markdown_add_cell(m, string_get(&text));
                markdown_add_raw(m, labelled ? " | | | | |" : " | | | |");
                markdown_end_line(m);
        }
}

static void add_heaviest(Markdown *m, const ReportData *d)
{
        static const char *const titles[] = {"peak memory", "heaviest processes", "CPU time", "ran"};
        const Summary *s = d->summary;
        size_t n = 0;

        while (n < s->n_top && n < HEAVIEST && report_peak_of(&s->top[n]) != SUMMARY_UNKNOWN)
                n++;
        if (n == 0 || !markdown_has_room(m, n + 3))
                return;
        markdown_end_line(m);
        markdown_add_head(m, titles, "rlrr");
        for (size_t i = 0; i < n; i++) {
                const SummaryProcess *p = &s->top[i];
                _cleanup_string_ String name = {0};
                char figure[FORMAT_MAX];
                shown_program(p, &name);
                string_add_char(&name, ' ');
                shown_work(p, &name);
                markdown_begin_row(m);
                add_bytes_cell(m, report_peak_of(p));
                markdown_add_code_cell(m, string_get(&name), WORK_COLUMNS);
                markdown_add_cell(m, p->cpu_us != SUMMARY_UNKNOWN ? format_duration(figure, p->cpu_us * NS_PER_US)
                                                                  : "-");
                markdown_add_cell(m, p->wall_ns != SUMMARY_UNKNOWN ? format_duration(figure, p->wall_ns) : "alive");
                markdown_end_line(m);
                m->out->failed |= name.failed;
        }
}

/* Only what there is; why there is nothing else is for vigia report. */
static void add_next_run(Markdown *m, const ReportData *d)
{
        const NextRun *next = d->next_run;
        _cleanup_string_ String verdict = {0};

        if (!next || next->why_not || !markdown_has_room(m, BRIEF_SETTINGS + 3) || !next_run_words(d, &verdict))
                return;
        markdown_end_line(m);
        markdown_add_line(m, "Next run: ", string_get(&verdict), "");
        for (size_t i = 0; i < next->brief.n; i++) {
                _cleanup_string_ String command = {0};
                if (i == 0)
                        markdown_end_line(m);
                advice_add_command(next->brief.settings[i], &command);
                markdown_add_raw(m, "- ");
                markdown_add_text(m, next->brief.settings[i]->title, 0);
                markdown_add_raw(m, ": ");
                markdown_add_code(m, string_get(&command), 0);
                markdown_end_line(m);
                m->out->failed |= command.failed;
        }
        m->out->failed |= verdict.failed;
}

static void add_foot(Markdown *m, const ReportData *d)
{
        _cleanup_string_ String text = {0};

        string_add(&text, "vigia: ");
        report_own_words(d, &text);
        if (d->info->id)
                string_add_format(&text, "; run %s", d->info->id);
        if (d->info->host)
                string_add_format(&text, " on %s", d->info->host);
        markdown_end_line(m);
        markdown_add_line(m, "", string_get(&text), "");
        m->out->failed |= text.failed;
}

int report_write_markdown(const ReportData *data, String *out)
{
        Markdown m = {.out = out, .most = LINES_MAX};
        _cleanup_string_ String verdict = {0};

        text_verdict(data, TITLE_COLUMNS, false, &verdict);
        markdown_add_line(&m, "### ", string_get(&verdict), "");
        add_numbers(&m, data);
        add_failure(&m, data);
        add_findings(&m, data);
        add_outside(&m, data->outside);
        if (!text_could_not_start(data)) {
                add_categories(&m, data);
                add_heaviest(&m, data);
        }
        add_next_run(&m, data);
        add_foot(&m, data);
        return out->failed || verdict.failed ? -ENOMEM : 0;
}
