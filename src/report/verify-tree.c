/* A hundredth of the work done elsewhere is somebody's answer to a question, more is part of the build. */
#include "report/verify-tree.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "report/text-outside.h"

enum { SMALL_PART = 100 };

/* Somebody who worked, or whose work cannot be seen but is known to be done. */
static bool counts(const OutsideWorker *w, uint64_t run_cpu_us)
{
        return w->how == OUTSIDE_CLIENT ||
               (w->how == OUTSIDE_CONNECTED && w->cpu_us != OUTSIDE_UNKNOWN && w->cpu_us > run_cpu_us / SMALL_PART);
}

void tree_cover_judge(const ReportData *d, TreeCover *ret)
{
        const Outside *o = d->outside;

        *ret = (TreeCover){.run_cpu_us = report_cpu_us(d), .known = o != NULL, .covered = true};
        if (d->summary->cpu_us != SUMMARY_UNKNOWN) /* rusage knows only what the command waited for */
                ret->run_cpu_us = d->summary->cpu_us;
        if (!o)
                return;
        ret->matched_cpu_us = o->matched_cpu_us;
        ret->outside_cpu_us = outside_cpu_us(o);
        for (size_t i = 0; i < o->n; i++)
                if (counts(&o->workers[i], ret->run_cpu_us == SUMMARY_UNKNOWN ? 0 : ret->run_cpu_us))
                        ret->covered = false;
}

/* "87 % of 42.3 s of CPU time". */
static void add_share(String *out, uint64_t part_us, uint64_t all_us)
{
        char all[FORMAT_MAX];
        double percent = all_us > 0 ? (double)part_us * 100 / (double)all_us : 0;

        if (percent > 99 && part_us < all_us)
                percent = 99; /* not all of it */
        string_add_format(out, "%.0f %% of %s of CPU time", percent, format_duration(all, all_us * NS_PER_US));
}

static void add_verdict(const ReportData *d, const TreeCover *c, const char *name, Page *page)
{
        bool partial = d->info->partial;
        PageStyle style = !c->covered ? PAGE_RED : partial || !c->known ? PAGE_YELLOW : PAGE_GREEN;
        String *out = page->out;

        page_begin_style(page, style);
        string_add_shown(out, name, 40, page->ascii);
        string_add(out, !c->known   ? ": not known whether the run holds the whole build"
                        : !c->covered ? ": the run does not hold the whole build"
                        : partial     ? ": nobody else was seen at work, but short processes were missed"
                                      : ": the run holds the whole build, as far as can be seen");
        page_end_style(page, style);
        string_add(out, "\n\n");
}

int tree_cover_text(const ReportData *d, const char *name, const ReportOptions *options, String *out)
{
        Page page = {d, out, options->color, options->ascii, MAX(options->columns ? options->columns : 80u, (unsigned)PAGE_LEAST)};
        _cleanup_string_ String line = {0};
        TreeCover c;

        tree_cover_judge(d, &c);
        add_verdict(d, &c, name, &page);
        if (c.run_cpu_us != SUMMARY_UNKNOWN) {
                uint64_t all = c.run_cpu_us + c.outside_cpu_us;
                uint64_t matched = MIN(c.matched_cpu_us, c.run_cpu_us);
                add_share(&line, c.run_cpu_us - matched, all);
                page_text(&page, "tree", PAGE_DIM, string_get(&line), 1);
                string_clear(&line);
                add_share(&line, matched, all);
                if (matched > 0)
                        page_text(&page, "match", PAGE_DIM, string_get(&line), 1);
        }
        text_add_outside(&page);
        if (!c.known)
                page_text(&page, "why", PAGE_DIM, "the monitor outside was not recorded: it is absent here, or was left out", 2);
        if (d->path)
                page_text(&page, "run", PAGE_DIM, d->path, 2);
        out->failed |= line.failed;
        return out->failed ? -ENOMEM : 0;
}

static void add_seconds(Json *j, const char *key, uint64_t us)
{
        json_add_fixed(j, key, us == SUMMARY_UNKNOWN ? NAN : (double)us / 1e6, 6);
}

static void add_worker(Json *j, const OutsideWorker *w)
{
        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "how", outside_how_name(w->how));
        json_add_text(j, "name", w->name);
        json_add_i64(j, "pid", w->pid);
        add_seconds(j, "cpu_s", w->cpu_us == OUTSIDE_UNKNOWN ? SUMMARY_UNKNOWN : w->cpu_us);
        json_add_text(j, "match", w->match);
        json_close(j);
}

int tree_cover_json(const ReportData *d, const char *name, String *out)
{
        Json j = {.out = out};
        TreeCover c;

        tree_cover_judge(d, &c);
        json_open_object(&j, NULL, JSON_ONE_LINE);
        json_add_u64(&j, "format", 1);
        json_add_text(&j, "project", name);
        json_add_text(&j, "run", d->path ? d->path : "");
        if (c.known)
                json_add_bool(&j, "covered", c.covered);
        else
                json_add_null(&j, "covered");
        json_add_bool(&j, "partial", d->info->partial);
        add_seconds(&j, "tree_cpu_s", c.run_cpu_us == SUMMARY_UNKNOWN ? SUMMARY_UNKNOWN
                                                                      : c.run_cpu_us - MIN(c.matched_cpu_us, c.run_cpu_us));
        add_seconds(&j, "matched_cpu_s", c.matched_cpu_us);
        add_seconds(&j, "outside_cpu_s", c.outside_cpu_us);
        json_open_array(&j, "outside", JSON_ONE_LINE);
        for (size_t i = 0; d->outside && i < d->outside->n; i++)
                add_worker(&j, &d->outside->workers[i]);
        json_close(&j);
        json_close(&j);
        string_add_char(out, '\n');
        return out->failed ? -ENOMEM : 0;
}
