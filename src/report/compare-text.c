/* A comparison on a terminal: the answer, what the runs are, what to know about them, tables. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/compare-internal.h"

enum {
        NAME_LEAST = 12,
        VALUE_WIDTH = 10,
        CHANGE_WIDTH = 8,
        INTERVAL_WIDTH = 15,
        NARROW = 72, /* under so many columns each of these is one less */
        NOTES_SHOWN = 8,
};

typedef struct Table {
        Page *page;
        const Comparison *c;
        const CompareOptions *options;
        size_t name_width, value_width, change_width, interval_width;
        bool intervals;
} Table;

/* ---- pieces ---- */

static void add_left(Page *p, const char *text, size_t width)
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, text, width, p->ascii);
        string_add(p->out, string_get(&shown));
        page_pad(p, string_get(&shown), width);
        p->out->failed |= shown.failed;
}

static void add_right(Page *p, const char *text, size_t width)
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, text, width, p->ascii);
        string_add_char(p->out, ' ');
        page_pad(p, string_get(&shown), width);
        string_add(p->out, string_get(&shown));
        p->out->failed |= shown.failed;
}

/* Blanks at a line's end are nobody's. */
static void end_line(Page *p)
{
        while (p->out->size > 0 && p->out->text[p->out->size - 1] == ' ')
                p->out->text[--p->out->size] = '\0';
        string_add_char(p->out, '\n');
}

/* Whether what is behind the blank behind this byte stays with it: a figure's unit, an interval's other
 * end (behind ".." or the last byte of "…"). */
static bool is_held(char last)
{
        return (last >= '0' && last <= '9') || last == '.' || (unsigned char)last == 0xa6;
}

/* The answer, wrapped at blanks from the first column on. */
static void add_answer(Page *p, PageStyle style, const char *text)
{
        _cleanup_string_ String safe = {0};
        size_t column = 0;

        string_add_shown(&safe, text, 0, p->ascii);
        page_begin_style(p, style);
        for (const char *at = string_get(&safe); *at;) {
                _cleanup_string_ String word = {0};
                size_t size = strcspn(at, " ");
                while (at[size] == ' ' && is_held(at[size - 1]))
                        size += 1 + strcspn(at + size + 1, " ");
                string_add_bytes(&word, at, size);
                size_t width = text_width(string_get(&word));
                if (column > 0 && column + 1 + width > p->columns) {
                        string_add_char(p->out, '\n');
                        column = 0;
                }
                if (column > 0)
                        string_add_char(p->out, ' ');
                string_add(p->out, string_get(&word));
                column += width + (column > 0);
                at += size;
                at += strspn(at, " ");
                p->out->failed |= word.failed;
        }
        page_end_style(p, style);
        string_add(p->out, "\n\n");
        p->out->failed |= safe.failed;
}

static void add_heading(Page *p, const char *text)
{
        page_begin_style(p, PAGE_DIM);
        add_left(p, text, 0);
        page_end_style(p, PAGE_DIM);
}

/* Which runs a group is of. */
static void add_group(Page *p, const Comparison *c, size_t group, bool first)
{
        _cleanup_string_ String text = {0};
        const ComparedGroup *g = &c->groups[group];
        size_t said = 0;

        string_add_format(&text, "%.60s: ", g->name);
        if (g->n_runs > 1)
                string_add_format(&text, "%zu runs, ", g->n_runs);
        for (size_t i = 0; i < c->n_runs; i++) {
                const ComparedRun *run = &c->runs[i];
                if (run->group != group)
                        continue;
                if (said++ == 3) {
                        string_add(&text, p->ascii ? ", ..." : ", …");
                        break;
                }
                string_add_format(&text, "%s%.80s", said > 1 ? ", " : "", run->id ? run->id : run->path);
        }
        page_text(p, first ? "runs" : "", PAGE_DIM, string_get(&text), 2);
        p->out->failed |= text.failed;
}

static void add_groups(Page *p, const Comparison *c)
{
        enum { GROUPS_SHOWN = 12 };
        size_t said = 0;

        for (size_t i = 0; i < c->n_groups; i++)
                if (c->groups[i].n_runs > 0 && said < GROUPS_SHOWN)
                        add_group(p, c, i, said++ == 0);
        if (c->n_groups > GROUPS_SHOWN) {
                page_label(p, "", PAGE_DIM);
                string_add_format(p->out, "and %zu more\n", c->n_groups - GROUPS_SHOWN);
        }
}

static void add_notes(Page *p, const Comparison *c, bool warnings)
{
        size_t said = 0, all = 0;

        for (size_t i = 0; i < c->n_notes; i++) {
                if (c->notes[i].warning != warnings)
                        continue;
                if (all++ < NOTES_SHOWN)
                        page_text(p, said++ > 0 ? "" : warnings ? "warning" : "note",
                                  warnings ? PAGE_YELLOW : PAGE_DIM, c->notes[i].text, 2);
        }
        if (all > NOTES_SHOWN) {
                page_label(p, "", PAGE_DIM);
                string_add_format(p->out, "and %zu more\n", all - NOTES_SHOWN);
        }
}

/* What is surely worse and surely better, in one line each. */
static void add_verdicts(Page *p, const Comparison *c, const ComparedPair *pair, Verdict which, const char *label)
{
        _cleanup_string_ String text = {0};
        char change[COMPARE_VALUE_MAX];

        for (size_t i = 0; i < c->n_figures; i++) {
                const ComparedFigure *f = &c->figures[i];
                const ComparedDifference *d = &pair->differences[i];
                if (!f->judged || f->section != FIGURE_RUN || d->verdict != which)
                        continue;
                string_add(&text, text.size > 0 ? ", " : "");
                compare_figure_name(f, &text);
                string_add_format(&text, " %s", compare_change(change, d, f->unit, p->ascii));
        }
        if (text.size > 0)
                page_text(p, label, PAGE_DIM, string_get(&text), 4);
        p->out->failed |= text.failed;
}

/* ---- two groups: base, other, change, interval ---- */

static void begin_table(Table *t, bool wide_names)
{
        size_t less = t->page->columns < NARROW, room = t->page->columns - 2;
        bool repeats = false;

        t->value_width = VALUE_WIDTH - less;
        t->change_width = CHANGE_WIDTH - less;
        t->interval_width = INTERVAL_WIDTH - less;
        size_t rest = 2 * (t->value_width + 1) + t->change_width + 1;

        for (size_t i = 0; i < t->c->n_pairs; i++)
                repeats |= t->c->groups[t->c->pairs[i].base].n_runs > 1 &&
                           t->c->groups[t->c->pairs[i].other].n_runs > 1;
        t->intervals = repeats && room >= rest + t->interval_width + 1 + (wide_names ? 30 : NAME_LEAST);
        rest += t->intervals ? t->interval_width + 1 : 0;
        t->name_width = MIN(room - rest, wide_names ? (size_t)44 : (size_t)24);
}

static void add_head(Table *t, const char *title, const char *base, const char *other)
{
        Page *p = t->page;

        string_add_char(p->out, '\n');
        page_begin_style(p, PAGE_DIM);
        string_add(p->out, "  ");
        add_left(p, title ? title : "", t->name_width);
        add_right(p, base, t->value_width);
        add_right(p, other, t->value_width);
        add_right(p, "change", t->change_width);
        if (t->intervals)
                add_right(p, "95 % interval", t->interval_width);
        page_end_style(p, PAGE_DIM);
        end_line(p);
}

static void add_row(Table *t, const char *name, const ComparedFigure *f, const ComparedDifference *d)
{
        Page *p = t->page;
        char text[COMPARE_VALUE_MAX];

        string_add(p->out, "  ");
        add_left(p, name, t->name_width);
        add_right(p, isnan(d->difference.a) ? "-" : compare_value(text, d->difference.a, f->unit, p->ascii),
                  t->value_width);
        add_right(p, isnan(d->difference.b) ? "-" : compare_value(text, d->difference.b, f->unit, p->ascii),
                  t->value_width);
        add_right(p, compare_change(text, d, f->unit, p->ascii), t->change_width);
        if (t->intervals)
                add_right(p, compare_interval(text, d, f->unit, p->ascii), t->interval_width);
        end_line(p);
}

static void exits_of(const Comparison *c, size_t group, String *to)
{
        size_t said = 0;

        for (size_t i = 0; i < c->n_runs; i++) {
                const ComparedRun *run = &c->runs[i];
                bool again = false;
                for (size_t k = 0; k < i; k++)
                        again |= c->runs[k].group == group && c->runs[k].exit_code == run->exit_code &&
                                 c->runs[k].exit_signal == run->exit_signal;
                if (run->group != group || again || (run->exit_code < 0 && run->exit_signal <= 0))
                        continue;
                string_add(to, said++ > 0 ? "," : "");
                if (run->exit_signal > 0)
                        string_add_format(to, "sig %d", run->exit_signal);
                else
                        string_add_format(to, "%d", run->exit_code);
        }
        if (said == 0)
                string_add_char(to, '-');
}

static void add_exits(Table *t, const char *name, const ComparedPair *pair)
{
        _cleanup_string_ String a = {0}, b = {0};

        exits_of(t->c, pair->base, &a);
        exits_of(t->c, pair->other, &b);
        string_add(t->page->out, "  ");
        add_left(t->page, name, t->name_width);
        add_right(t->page, string_get(&a), t->value_width);
        add_right(t->page, string_get(&b), t->value_width);
        end_line(t->page);
}

static int add_table(Table *t, const ComparedPair *pair, const CompareTable *which)
{
        _cleanup_free_ size_t *picked = NULL;
        const Comparison *c = t->c;
        size_t n;
        bool monitors = which->section == FIGURE_MONITOR;

        if (which->all_only && !t->options->all)
                return 0;
        if (compare_pick(c, pair, which->section, which->statistic, t->options->all, &picked, &n) < 0)
                return -ENOMEM;
        if (n == 0)
                return 0;
        begin_table(t, monitors);
        add_head(t, monitors && !t->options->all ? "monitors: what differs most" : which->title,
                 c->per_jobs ? c->base_name : c->groups[pair->base].name,
                 c->per_jobs ? c->other_name : c->groups[pair->other].name);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String name = {0};
                compare_figure_name(&c->figures[picked[i]], &name);
                add_row(t, string_get(&name), &c->figures[picked[i]], &pair->differences[picked[i]]);
        }
        if (which->section == FIGURE_RUN)
                add_exits(t, "exit code", pair);
        return 0;
}

static int add_pair(Table *t, const ComparedPair *pair)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < COMPARE_TABLES; i++)
                r = add_table(t, pair, &compare_tables[i]);
        return r;
}

/* ---- two sweeps: a block a figure, a line a -j ---- */

static void add_levels(Table *t, RunFigure figure)
{
        const Comparison *c = t->c;
        const ComparedFigure *f = &c->figures[figure];
        _cleanup_string_ String title = {0};
        bool known = false;

        for (size_t i = 0; i < c->n_pairs; i++)
                known |= c->pairs[i].differences[figure].verdict != VERDICT_UNKNOWN;
        if (!known)
                return;
        compare_figure_name(f, &title);
        begin_table(t, false);
        add_head(t, string_get(&title), c->base_name, c->other_name);
        for (size_t i = 0; i < c->n_pairs; i++) {
                _cleanup_string_ String name = {0};
                string_add_format(&name, "  -j%u", c->groups[c->pairs[i].base].jobs);
                add_row(t, string_get(&name), f, &c->pairs[i].differences[figure]);
        }
}

static int add_sweeps(Table *t)
{
        static const RunFigure figures[] = {RUN_WALL, RUN_CPU, RUN_PEAK, RUN_PEAK_CGROUP, RUN_CORES};
        int r = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(figures); i++)
                add_levels(t, figures[i]);
        for (size_t i = 0; r == 0 && t->options->all && i < t->c->n_pairs; i++) {
                string_add_format(t->page->out, "\n  ");
                add_heading(t->page, t->c->groups[t->c->pairs[i].other].name);
                string_add_char(t->page->out, '\n');
                r = add_pair(t, &t->c->pairs[i]);
        }
        return r;
}

/* ---- several groups against the first: as many beside each other as there is room for ---- */

static void add_others(Table *t, size_t from, size_t to)
{
        const Comparison *c = t->c;
        Page *p = t->page;

        string_add_char(p->out, '\n');
        page_begin_style(p, PAGE_DIM);
        string_add(p->out, "  ");
        add_left(p, "", t->name_width);
        add_right(p, c->groups[c->pairs[from].base].name, VALUE_WIDTH);
        for (size_t i = from; i < to; i++)
                add_right(p, c->groups[c->pairs[i].other].name, VALUE_WIDTH + CHANGE_WIDTH + 1);
        page_end_style(p, PAGE_DIM);
        end_line(p);
        for (size_t f = 0; f < RUN_FIGURES; f++) {
                _cleanup_string_ String name = {0};
                char text[COMPARE_VALUE_MAX];
                const Difference *x = &c->pairs[from].differences[f].difference;
                bool known = !isnan(x->a);
                for (size_t i = from; i < to; i++)
                        known |= !isnan(c->pairs[i].differences[f].difference.b);
                if (!known)
                        continue;
                compare_figure_name(&c->figures[f], &name);
                string_add(p->out, "  ");
                add_left(p, string_get(&name), t->name_width);
                add_right(p, isnan(x->a) ? "-" : compare_value(text, x->a, c->figures[f].unit, p->ascii), VALUE_WIDTH);
                for (size_t i = from; i < to; i++) {
                        const ComparedDifference *d = &c->pairs[i].differences[f];
                        add_right(p, isnan(d->difference.b) ? "-"
                                                            : compare_value(text, d->difference.b,
                                                                            c->figures[f].unit, p->ascii),
                                  VALUE_WIDTH);
                        add_right(p, compare_change(text, d, c->figures[f].unit, p->ascii), CHANGE_WIDTH);
                }
                end_line(p);
        }
}

static int add_many(Table *t)
{
        const Comparison *c = t->c;
        size_t one = VALUE_WIDTH + CHANGE_WIDTH + 2, room = t->page->columns - 2 - NAME_LEAST - 3 - VALUE_WIDTH - 1;
        size_t beside = MAX(room / one, (size_t)1);
        int r = 0;

        t->name_width = NAME_LEAST + 3;
        for (size_t i = 0; i < c->n_pairs; i += beside)
                add_others(t, i, MIN(i + beside, c->n_pairs));
        for (size_t i = 0; r == 0 && t->options->all && i < c->n_pairs; i++)
                r = add_pair(t, &c->pairs[i]);
        if (!t->options->all) {
                string_add_char(t->page->out, '\n');
                page_text(t->page, "more", PAGE_DIM, "categories and monitors of each against the first: --all", 1);
        }
        return r;
}

/* ---- all of it ---- */

static void add_regression(Page *p, const Comparison *c, const CompareOptions *options)
{
        _cleanup_string_ String text = {0};

        if (!options->check)
                return;
        Judgement judgement = compare_regression_words(c, options, &text);
        page_text(p, "check", judgement == JUDGED_WORSE ? PAGE_RED : PAGE_DIM, string_get(&text), 6);
        p->out->failed |= text.failed;
}

static void add_confidence(Page *p, const Comparison *c)
{
        if (c->n_runs == c->n_groups || c->n_pairs == 0)
                return;
        string_add_char(p->out, '\n');
        page_text(p, "figures", PAGE_DIM, "means of the runs; where the interval holds 0, no difference is sure", 2);
}

int compare_write_text(const Comparison *c, const CompareOptions *options, String *out)
{
        const ReportOptions *shown = &options->shown;
        Page page = {NULL, out, shown->color, shown->ascii,
                     MAX(shown->columns ? shown->columns : 80u, (unsigned)PAGE_LEAST)};
        Table table = {.page = &page, .c = c, .options = options};
        _cleanup_string_ String answer = {0};
        PageStyle style = compare_answer(c, options, &answer);
        int r;

        add_answer(&page, style, string_get(&answer));
        add_notes(&page, c, true);
        add_notes(&page, c, false);
        add_regression(&page, c, options);
        if (!c->per_jobs && c->n_pairs == 1) {
                add_verdicts(&page, c, &c->pairs[0], VERDICT_MORE, "worse");
                add_verdicts(&page, c, &c->pairs[0], VERDICT_LESS, "better");
        }
        if (!c->per_jobs)
                add_groups(&page, c);
        r = c->per_jobs ? add_sweeps(&table) : c->n_pairs > 1 ? add_many(&table) : add_pair(&table, &c->pairs[0]);
        if (r == 0 && c->n_pairs == 1 && !c->per_jobs)
                add_confidence(&page, c);
        return r < 0 || answer.failed || out->failed ? -ENOMEM : 0;
}
