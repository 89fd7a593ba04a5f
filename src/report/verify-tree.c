/* A hundredth of the work done elsewhere is somebody's answer to a question, more is part of the build. */
#include "report/verify-tree.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
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

static void add_seconds(String *out, const char *key, uint64_t us)
{
        if (us == SUMMARY_UNKNOWN)
                string_add_format(out, ", \"%s\": null", key);
        else
                string_add_format(out, ", \"%s\": %.6f", key, (double)us / 1e6);
}

int tree_cover_json(const ReportData *d, const char *name, String *out)
{
        TreeCover c;

        tree_cover_judge(d, &c);
        string_add(out, "{\"format\": 1, \"project\": \"");
        string_add_json(out, name, strlen(name));
        string_add(out, "\", \"run\": \"");
        string_add_json(out, d->path ? d->path : "", d->path ? strlen(d->path) : 0);
        string_add_format(out, "\", \"covered\": %s, \"partial\": %s", !c.known ? "null" : c.covered ? "true" : "false",
                          d->info->partial ? "true" : "false");
        add_seconds(out, "tree_cpu_s", c.run_cpu_us == SUMMARY_UNKNOWN ? SUMMARY_UNKNOWN
                                                                       : c.run_cpu_us - MIN(c.matched_cpu_us, c.run_cpu_us));
        add_seconds(out, "matched_cpu_s", c.matched_cpu_us);
        add_seconds(out, "outside_cpu_s", c.outside_cpu_us);
        string_add(out, ", \"outside\": [");
        for (size_t i = 0; d->outside && i < d->outside->n; i++) {
                const OutsideWorker *w = &d->outside->workers[i];
                string_add_format(out, "%s{\"how\": \"%s\", \"name\": ", i ? ", " : "", outside_how_name(w->how));
                string_add(out, w->name ? "\"" : "null");
                string_add_json(out, w->name ? w->name : "", w->name ? strlen(w->name) : 0);
                string_add(out, w->name ? "\"" : "");
                string_add_format(out, ", \"pid\": %d", (int)w->pid);
                add_seconds(out, "cpu_s", w->cpu_us == OUTSIDE_UNKNOWN ? SUMMARY_UNKNOWN : w->cpu_us);
                string_add(out, ", \"match\": ");
                string_add(out, w->match ? "\"" : "null");
                string_add_json(out, w->match ? w->match : "", w->match ? strlen(w->match) : 0);
                string_add(out, w->match ? "\"}" : "}");
        }
        string_add(out, "]}\n");
        return out->failed ? -ENOMEM : 0;
}
