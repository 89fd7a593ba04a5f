/* The text report, one function a line of it, the important thing first. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/next-run.h"
#include "report/report-words.h"
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
        TEXT_SETTINGS = 2,  /* for the next run */
        CURVE = 12,        /* characters of a sparkline, if there is room */
        CURVE_LEAST = 6,
        PROGRAM_WIDTH = 14, /* of the heaviest table; longer names are cut */
};

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
        c->memory_known = report_memory_words(p->data, &c->memory, &c->peak);
        report_cores_words(p->data, &c->cpu);
        report_cpu_words(p->data, &c->cpu_rest);
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

/* Peak, program, what it worked on, how long it ran. */
static void add_heaviest(Page *p)
{
        const Summary *s = p->data->summary;
        size_t names = 4, n = 0;
        _cleanup_string_ String line = {0};

        while (n < s->n_top && n < TEXT_TOP && report_peak_of(&s->top[n]) != SUMMARY_UNKNOWN)
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
                string_add_format(p->out, "%8s  ", format_bytes(figure, report_peak_of(t)));

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

static void add_culprit(Page *p)
{
        _cleanup_string_ String line = {0};

        if (report_culprit_words(p->data, page_room(p), p->ascii, &line))
                page_text(p, "failed", PAGE_DIM, string_get(&line), 1);
        p->out->failed |= line.failed;
}

/* What is missing from the recording is told before any of its figures. */
static bool is_about_losses(const Finding *f)
{
        return text_equal(f->id, "lost-events") || text_equal(f->id, "lost-rows") ||
               text_equal(f->id, "recorder-died") || text_equal(f->id, "damaged-table");
}

/* Its lines to paste only if the first fits whole, as one: else vigia why has them. */
static void add_advice(Page *p, const char *advice)
{
        _cleanup_string_ String first = {0};
        const char *paste = strchr(advice, '\n');
        size_t size = paste ? strcspn(paste + 1, "\n") : 0;
        const char *end = paste ? paste + 1 + size : "";
        const bool fits = paste && size > 0 && size <= page_room(p) && (*end == '\0' || end[1] == '\0');

        string_add_bytes(&first, advice, paste ? (size_t)(paste - advice) : strlen(advice));
        if (paste && !fits)
                string_add_format(&first, "%s vigia why", first.size > 0 && string_get(&first)[first.size - 1] == ':' ? "" : ":");
        page_text(p, "advice", PAGE_DIM, string_get(&first), 2);
        if (!fits)
                return;
        string_clear(&first);
        string_add_bytes(&first, paste + 1, size);
        page_text(p, "", PAGE_DIM, string_get(&first), 1);
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
                if (is_about_losses(f) != losses || !report_summary_tells(f))
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
                        add_advice(p, f->advice);
                shown++;
        }
        if (hidden > 0) {
                page_label(p, "", PAGE_DIM);
                string_add_format(p->out, "and %zu more: vigia report --json\n", hidden);
        }
}

static void add_own(Page *p)
{
        _cleanup_string_ String text = {0};

        report_own_words(p->data, &text);
        page_text(p, "vigia", PAGE_DIM, string_get(&text), 2);
        p->out->failed |= text.failed;
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
        next_run_add_text(&page, TEXT_SETTINGS);
        add_own(&page);
        add_place(&page);
        return out->failed ? -ENOMEM : 0;
}
