/* The text report, one function a line of it, the important thing first. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/shown-command.h"
#include "report/sparkline.h"
#include "report/text-groups.h"
#include "report/text-machine.h"
#include "report/text-outside.h"
#include "report/text-page.h"
#include "report/text-verdict.h"

enum {
        TEXT_TOP = 5,
        TEXT_FINDINGS = 4,
        TEXT_ALIKE = 2,     /* findings of one kind */
        CURVE = 12,        /* characters of a sparkline, if there is room */
        CURVE_LEAST = 6,
        CPU_LEAST_NS = 50000000, /* of wall time: less says nothing about cores */
        PROGRAM_WIDTH = 14, /* of the heaviest table; longer names are cut */
};

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

/* Memory and CPU, side by side over the same time: what stands left and right of the curves. */
typedef struct Curves {
        String memory, cpu, cpu_rest;
        uint64_t peak;
        bool memory_known;
        size_t head_width, width; /* of the wider of the left sides, of the curves */
} Curves;

static void add_curve(Page *p, const Curves *c, const String *head, const Series *series, double full)
{
        double values[CURVE], highest = 0;
        uint64_t wall = report_wall_ns(p->data);

        string_add(p->out, string_get(head));
        page_pad(p, string_get(head), c->head_width + 2);
        if (!series_columns(series, wall == RUN_UNKNOWN ? 0 : wall, c->width, values))
                memset(values, 0, sizeof values);
        for (size_t i = 0; i < c->width; i++)
                highest = MAX(highest, values[i]);
        string_add_sparkline(p->out, values, c->width, full > 0 ? full : highest, p->ascii);
}

/* What the tree held at its highest, or the best that is known of a run too short for a tick. */
static bool memory_head(const ReportData *d, String *out, uint64_t *ret_peak)
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

/* A process can rise and fall between two ticks; its own peak is then over the tree's. */
static void add_memory_notes(Page *p, uint64_t peak, bool head)
{
        const ReportData *d = p->data;
        const Summary *s = d->summary;
        uint64_t top = s->n_top > 0 ? s->top[0].peak_rss_bytes : SUMMARY_UNKNOWN;
        uint64_t cgroup = d->info->peak_cgroup_bytes != RUN_UNKNOWN ? d->info->peak_cgroup_bytes
                                                                     : s->peak_cgroup_bytes;
        char figure[FORMAT_MAX];
        _cleanup_string_ String note = {0};

        if (head && top != SUMMARY_UNKNOWN && top > peak + peak / 8 && top > peak + (8u << 20))
                string_add_format(&note, "a process reached %s between two samples",
                                  format_bytes(figure, top));
        /* The command's cgroup counts its memory, however processes share it; not that of others. */
        bool counted = d->info->cgroup && !(d->outside && d->outside->matched_processes > 0);
        if (head && !counted && s->peak_pss_bytes != SUMMARY_UNKNOWN && s->peak_estimated_bytes > peak / 4 &&
            peak > 16u << 20)
                string_add_format(&note, "%s%s of it is estimated: that PSS was not read",
                                  note.size ? "; " : "",
                                  format_percent(figure, MIN((double)s->peak_estimated_bytes / (double)peak, 1.0)));
        if (head && s->peak_pss_bytes == SUMMARY_UNKNOWN)
                string_add_format(&note, "%sRSS: shared pages are counted in every process",
                                  note.size ? "; " : "");
        /* Files that were cached before the run are on nobody's account in it. */
        if (cgroup != SUMMARY_UNKNOWN && head && cgroup > peak + peak / 8)
                string_add_format(&note, "%sits cgroup peaked at %s, cached files included",
                                  note.size ? "; " : "",
                                  format_bytes(figure, cgroup));
        if (note.size > 0)
                page_text(p, head ? "" : "memory", PAGE_DIM, string_get(&note), 2);
}

static void add_memory(Page *p, const Curves *c)
{
        const Summary *s = p->data->summary;
        size_t used = c->head_width + 2 + c->width + 2;
        char figure[FORMAT_MAX];
        uint64_t peak = c->peak;
        bool known = c->memory_known;

        if (known) {
                page_label(p, "memory", PAGE_DIM);
                add_curve(p, c, &c->memory, &s->memory, 0);
                if (page_room(p) > used + 8)
                        text_add_composition(p, peak, page_room(p) - used);
                string_add_char(p->out, '\n');
        } else if (s->n_top > 0 && s->top[0].peak_rss_bytes != SUMMARY_UNKNOWN) {
                page_label(p, "memory", PAGE_DIM);
                string_add_format(p->out, "largest process %s; too short for a sample of the tree\n",
                                  format_bytes(figure, s->top[0].peak_rss_bytes));
                known = true;
                peak = s->top[0].peak_rss_bytes;
        }
        add_memory_notes(p, peak, known);
}

static void cpu_head(const ReportData *d, String *out)
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

/* The end of a parallel run on one core: more cores would not have helped there. */
static void add_tail(Page *p)
{
        const ReportData *d = p->data;
        uint64_t wall = report_wall_ns(d), cpu_us = report_cpu_us(d);
        char length[FORMAT_MAX];

        if (wall == RUN_UNKNOWN || wall == 0 || cpu_us == SUMMARY_UNKNOWN ||
            (double)cpu_us * 1e3 / (double)wall < 1.5)
                return;
        uint64_t tail = series_tail_under(&d->summary->cpu, wall, 1.1);
        if (tail < NS_PER_SECOND || tail < wall / 10)
                return;
        page_label(p, "", PAGE_DIM);
        string_add_format(p->out, "only one core was busy in the last %s\n",
                          format_duration(length, tail));
}

/* The split, if it is known of all the time there was. */
static void cpu_rest(const ReportData *d, String *out)
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

static void add_cpu(Page *p, const Curves *c)
{
        if (c->cpu_rest.size == 0)
                return;
        page_label(p, "cpu", PAGE_DIM);
        if (c->cpu.size > 0) {
                add_curve(p, c, &c->cpu, &p->data->summary->cpu, (double)p->data->info->cpus);
                string_add(p->out, "  ");
        }
        string_add_format(p->out, "%s\n", string_get(&c->cpu_rest));
        add_tail(p);
}

static void curves_init(Curves *c, const Page *p)
{
        size_t room = page_room(p), used;

        *c = (Curves){.width = CURVE};
        c->memory_known = memory_head(p->data, &c->memory, &c->peak);
        cpu_head(p->data, &c->cpu);
        cpu_rest(p->data, &c->cpu_rest);
        c->head_width = MAX(text_width(string_get(&c->memory)), text_width(string_get(&c->cpu)));
        used = c->head_width + 4 + text_width(string_get(&c->cpu_rest));
        if (used + CURVE > room)
                c->width = MAX(room > used ? room - used : 0, (size_t)CURVE_LEAST);
}

static void curves_done(Curves *c)
{
        string_done(&c->memory);
        string_done(&c->cpu);
        string_done(&c->cpu_rest);
}

static uint64_t peak_of(const SummaryProcess *p)
{
        return p->peak_rss_bytes != SUMMARY_UNKNOWN ? p->peak_rss_bytes : p->peak_pss_bytes;
}

/* Peak, program, what it worked on, how long it ran. */
static void add_heaviest(Page *p)
{
        const Summary *s = p->data->summary;
        size_t names = 4, n = 0;
        _cleanup_string_ String line = {0};

        while (n < s->n_top && n < TEXT_TOP && peak_of(&s->top[n]) != SUMMARY_UNKNOWN)
                n++; /* those of unknown peak come last, and say nothing here */
        for (size_t i = 0; i < n; i++) {
                string_clear(&line);
                shown_program(&s->top[i], &line);
                names = MAX(names, MIN(text_width(string_get(&line)), (size_t)PROGRAM_WIDTH));
        }
        for (size_t i = 0; i < n; i++) {
                const SummaryProcess *t = &s->top[i];
                char figure[FORMAT_MAX], wall[FORMAT_MAX], ran[FORMAT_MAX + 8] = "alive";
                size_t work = page_room(p) - 8 - 2 - names - 2 - 2 - 11;
                if (t->wall_ns != SUMMARY_UNKNOWN)
                        snprintf(ran, sizeof ran, "ran %s", format_duration(wall, t->wall_ns));
                page_label(p, i == 0 ? "heaviest" : "", PAGE_DIM);
                string_add_format(p->out, "%8s  ", format_bytes(figure, peak_of(t)));

                _cleanup_string_ String program = {0}, shown = {0};
                string_clear(&line);
                shown_program(t, &line);
                string_add_shown(&program, string_get(&line), names, p->ascii);
                string_add(p->out, string_get(&program));
                page_pad(p, string_get(&program), names + 2);
                string_clear(&line);
                shown_work(t, &line);
                string_add_shown(&shown, string_get(&line), work, p->ascii);
                string_add(p->out, string_get(&shown));
                page_pad(p, string_get(&shown), work + 2);
                string_add_format(p->out, "%11s\n", ran);
        }
}

/* Which process below the command failed: "cc1 foo.c exited 1 at 12.3 s". */
static void add_culprit(Page *p)
{
        const RunInfo *info = p->data->info;
        const SummaryProcess *culprit = summary_culprit(p->data->summary);
        _cleanup_string_ String text = {0};
        char at[FORMAT_MAX];

        if (!culprit || culprit->pid == p->data->summary->root_pid || info->timed_out ||
            !info->complete || (info->exit_code <= 0 && info->exit_signal <= 0))
                return;
        shown_program(culprit, &text);
        string_add_char(&text, ' ');
        shown_work(culprit, &text);
        _cleanup_string_ String line = {0}, ending = {0};
        if (culprit->exit_signal > 0) {
                string_add(&ending, " was killed by ");
                string_add_signal(&ending, culprit->exit_signal);
        } else {
                string_add_format(&ending, " exited %d", culprit->exit_code);
        }
        if (culprit->end_ns > 0 && culprit->end_ns != INT64_MAX)
                string_add_format(&ending, " at %s", format_duration(at, (uint64_t)culprit->end_ns));
        size_t width = text_width(string_get(&ending));
        string_add_shown(&line, string_get(&text), page_room(p) - MIN(width, page_room(p) - 10),
                         p->ascii);
        string_add(&line, string_get(&ending));
        page_text(p, "failed", PAGE_DIM, string_get(&line), 1);
}

/* What is missing from the recording is told before any of its figures. */
static bool is_about_losses(const Finding *f)
{
        return text_equal(f->id, "lost-events") || text_equal(f->id, "lost-rows") ||
               text_equal(f->id, "recorder-died") || text_equal(f->id, "damaged-table");
}

static void add_findings(Page *p, bool losses)
{
        const ReportData *d = p->data;
        size_t shown = 0, hidden = 0, alike = 0;

        for (size_t i = 0; i < d->n_findings; i++) {
                const Finding *f = &d->findings[i];
                bool critical = f->severity == SEVERITY_CRITICAL;
                _cleanup_string_ String text = {0};
                char at[FORMAT_MAX];
                if (is_about_losses(f) != losses)
                        continue;
                alike = i > 0 && text_equal(f->id, d->findings[i - 1].id) ? alike + 1 : 0;
                if (shown >= TEXT_FINDINGS || alike >= TEXT_ALIKE) {
                        hidden++;
                        continue;
                }
                if (f->t_ns != INT64_MIN)
                        string_add_format(&text, "at %s: ",
                                          format_duration(at, f->t_ns > 0 ? (uint64_t)f->t_ns : 0));
                string_add(&text, f->title);
                if (f->evidence)
                        string_add_format(&text, " (%s)", f->evidence);
                page_text(p, f->severity == SEVERITY_INFO ? "note" : severity_name(f->severity),
                          critical ? PAGE_RED : PAGE_DIM, string_get(&text), 3);
                if (f->advice)
                        page_text(p, "advice", PAGE_DIM, f->advice, 2);
                shown++;
        }
        if (hidden > 0) {
                page_label(p, "", PAGE_DIM);
                string_add_format(p->out, "and %zu more: vigia report --json\n", hidden);
        }
}

/* What the watching itself cost, and how far its figures can be trusted. */
static void add_own(Page *p)
{
        const ReportData *d = p->data;
        const RunInfo *info = d->info;
        const Summary *s = d->summary;
        uint64_t wall = report_wall_ns(d), processes = report_processes(d);
        uint64_t memory = info->own_private_bytes != RUN_UNKNOWN ? info->own_private_bytes
                                                                  : info->own_peak_rss_bytes;
        _cleanup_string_ String text = {0};
        char figure[FORMAT_MAX];

        if (info->own_cpu_us != RUN_UNKNOWN && (wall == RUN_UNKNOWN || wall < NS_PER_SECOND))
                string_add_format(&text, "%s of CPU, ",
                                  format_duration(figure, info->own_cpu_us * NS_PER_US));
        else if (info->own_cpu_us != RUN_UNKNOWN)
                string_add_format(&text, "%s of a core, ",
                                  format_percent(figure, (double)info->own_cpu_us * 1e3 / (double)wall));
        if (memory != RUN_UNKNOWN)
                string_add_format(&text, "%s; ", format_bytes(figure, memory));
        string_add_format(&text, "%s process%s", format_count(figure, processes),
                          processes == 1 ? "" : "es");
        if (info->partial)
                string_add(&text, " seen, short ones missed");
        else if (info->lost_events != RUN_UNKNOWN && info->lost_events > 0)
                string_add_format(&text, ", %s events lost", format_count(figure, info->lost_events));
        else if (info->lost_events == 0)
                string_add(&text, ", none lost");
        string_add_format(&text, " (%s%s%s)", report_source(d) ? report_source(d) : "source not known",
                          s->peaks_sampled + s->peaks_estimated > s->peaks_exact ? ", peaks sampled" : "",
                          s->peaks_estimated > 0 ? ", short ones estimated" : "");
        page_text(p, "vigia", PAGE_DIM, string_get(&text), 2);
}

static void add_place(Page *p)
{
        const char *home = getenv("HOME"), *path = p->data->path;
        _cleanup_string_ String text = {0};
        size_t n = home ? strlen(home) : 0;

        if (!path)
                return;
        if (n > 1 && strncmp(path, home, n) == 0 && path[n] == '/')
                string_add_format(&text, "~%s", path + n);
        else
                string_add(&text, path);
        page_label(p, "run", PAGE_DIM);
        string_add_shown(p->out, string_get(&text), 0, p->ascii); /* whole: to be copied */
        string_add_char(p->out, '\n');
}

int report_write_text(const ReportData *data, const ReportOptions *options, String *out)
{
        Page page = {data, out, options->color, options->ascii, MAX(options->columns ? options->columns : 80u, (unsigned)PAGE_LEAST)};
        _cleanup_string_ String verdict = {0};
        _cleanup_(curves_done) Curves curves;
        PageStyle style = text_verdict(data, page.columns, page.ascii, &verdict);

        page_begin_style(&page, style);
        string_add(out, string_get(&verdict));
        page_end_style(&page, style);
        string_add(out, "\n\n");
        curves_init(&curves, &page);
        if (curves.memory.failed || curves.cpu.failed || curves.cpu_rest.failed)
                out->failed = true;
        add_findings(&page, true);
        if (!text_could_not_start(data)) {
                add_culprit(&page);
                add_memory(&page, &curves);
                add_cpu(&page, &curves);
                text_add_machine(&page);
                text_add_majors(&page);
                text_add_programs(&page);
                add_heaviest(&page);
                text_add_outside(&page);
        }
        add_findings(&page, false);
        add_own(&page);
        add_place(&page);
        return out->failed ? -ENOMEM : 0;
}
