/* A comparison for a CI page or a comment on a change: at most 60 lines, strangers' text escaped. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/markdown.h"
#include "report/compare-internal.h"

enum { LINES_MAX = 60 };

static void add_head(Markdown *m, const char *title, const char *base, const char *other, bool intervals)
{
        const char *const titles[] = {title, base, other, "change", "95 % interval"};

        markdown_end_line(m);
        markdown_add_head(m, titles, intervals ? "lrrrr" : "lrrr");
}

static void add_row(Markdown *m, const char *name, const ComparedFigure *f, const ComparedDifference *d, bool intervals)
{
        char text[COMPARE_VALUE_MAX];

        if (!markdown_has_room(m, 1))
                return;
        markdown_begin_row(m);
        markdown_add_cell(m, name);
        markdown_add_cell(m, isnan(d->difference.a) ? "-" : compare_value(text, d->difference.a, f->unit, false));
        markdown_add_cell(m, isnan(d->difference.b) ? "-" : compare_value(text, d->difference.b, f->unit, false));
        markdown_add_cell(m, compare_change(text, d, f->unit, false));
        if (intervals)
                markdown_add_cell(m, compare_interval(text, d, f->unit, false));
        markdown_end_line(m);
}

static bool has_intervals(const Comparison *c, const ComparedPair *pair)
{
        return c->groups[pair->base].n_runs > 1 && c->groups[pair->other].n_runs > 1;
}

static int add_table(Markdown *m, const Comparison *c, const ComparedPair *pair, const CompareTable *which, bool all)
{
        _cleanup_free_ size_t *picked = NULL;
        bool intervals = has_intervals(c, pair);
        size_t n;

        if (which->all_only)
                return 0;
        if (compare_pick(c, pair, which->section, which->statistic, all, &picked, &n) < 0)
                return -ENOMEM;
        if (n == 0)
                return 0;
        if (!markdown_has_room(m, 4)) {
                m->left_out += n - 1;
                return 0;
        }
        add_head(m, which->title ? which->title : "", c->groups[pair->base].name, c->groups[pair->other].name, intervals);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String name = {0};
                const ComparedFigure *f = &c->figures[picked[i]];
                compare_figure_name(f, &name);
                add_row(m, string_get(&name), f, &pair->differences[picked[i]], intervals);
        }
        return 0;
}

/* Wall time and peak of each against its base, a line a pair. */
static void add_pairs(Markdown *m, const Comparison *c, RunFigure figure)
{
        const ComparedFigure *f = &c->figures[figure];
        _cleanup_string_ String title = {0};
        bool intervals = false;

        compare_figure_name(f, &title);
        for (size_t i = 0; i < c->n_pairs; i++)
                intervals |= has_intervals(c, &c->pairs[i]);
        if (!markdown_has_room(m, 4))
                return;
        add_head(m, string_get(&title), c->per_jobs ? c->base_name : c->groups[c->pairs[0].base].name,
                 c->per_jobs ? c->other_name : "other", intervals);
        for (size_t i = 0; i < c->n_pairs; i++) {
                _cleanup_string_ String name = {0};
                if (c->per_jobs)
                        string_add_format(&name, "-j%u", c->groups[c->pairs[i].base].jobs);
                else
                        string_add(&name, c->groups[c->pairs[i].other].name);
                add_row(m, string_get(&name), f, &c->pairs[i].differences[figure], intervals);
        }
}

int compare_write_markdown(const Comparison *c, const CompareOptions *options, String *out)
{
        static const RunFigure main_figures[] = {RUN_WALL, RUN_PEAK, RUN_CPU};
        CompareOptions plain = *options;
        Markdown m = {.out = out, .most = LINES_MAX};
        _cleanup_string_ String answer = {0}, regression = {0};
        int r = 0;

        plain.shown.ascii = false;
        compare_answer(c, &plain, &answer);
        markdown_add_line(&m, "**", string_get(&answer), "**");
        if (options->check) {
                compare_regression_words(c, &plain, &regression);
                markdown_end_line(&m);
                markdown_add_line(&m, "Regression: ", string_get(&regression), "");
        }
        if (c->n_notes > 0)
                markdown_end_line(&m);
        for (size_t i = 0; i < c->n_notes && i < 10; i++)
                markdown_add_line(&m, c->notes[i].warning ? "- warning: " : "- ", c->notes[i].text, "");
        if (c->per_jobs || c->n_pairs > 1)
                for (size_t i = 0; i < ARRAY_LENGTH(main_figures); i++)
                        add_pairs(&m, c, main_figures[i]);
        else
                for (size_t i = 0; r == 0 && i < COMPARE_TABLES; i++)
                        r = add_table(&m, c, &c->pairs[0], &compare_tables[i], options->all);
        if (m.left_out > 0) {
                markdown_end_line(&m);
                string_add_format(out, "%zu further lines: `vigia compare`", m.left_out);
                markdown_end_line(&m);
        }
        return r < 0 || out->failed || answer.failed || regression.failed ? -ENOMEM : 0;
}
