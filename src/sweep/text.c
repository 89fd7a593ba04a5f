/* The answer first, then a table by -j, then what held the memory, then what is to be known about how
 * sure all this is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/terminal.h"
#include "sweep/result.h"

typedef struct Page {
        const Sweep *sweep;
        const SweepResult *result;
        const SweepTextOptions *options;
        String *out;
        size_t columns;
} Page;

static void add_blanks(String *to, size_t n)
{
        while (n-- > 0)
                string_add_char(to, ' ');
}

/* Ends the line, without the blanks of cells that were empty. */
static void end_row(String *to)
{
        while (to->size > 0 && to->text[to->size - 1] == ' ')
                to->text[--to->size] = '\0';
        string_add_char(to, '\n');
}

/* Right-aligned. */
static void add_cell(String *to, const char *text, size_t width)
{
        size_t n = text_width(text);

        add_blanks(to, width > n ? width - n : 0);
        string_add(to, text);
}

/* ---- the answer ---- */

/* Words in lines; what does not fit goes on below. */
static void add_wrapped(const Page *p, const char *text, size_t indent)
{
        size_t column = indent;
        bool first = true;

        while (*text) {
                size_t n = strcspn(text, " ");
                if (text[n] == ' ' && text[n + 1] == '%')
                        n += 1 + strcspn(text + n + 1, " ");
                _cleanup_string_ String word = {0};
                string_add_bytes(&word, text, n);
                size_t width = text_width(string_get(&word));
                if (!first && column + 1 + width > p->columns) {
                        string_add_char(p->out, '\n');
                        add_blanks(p->out, indent);
                        column = indent;
                        first = true;
                }
                if (!first)
                        string_add_char(p->out, ' ');
                string_add(p->out, string_get(&word));
                column += width + !first;
                first = false;
                text += n;
                while (*text == ' ')
                        text++;
        }
        string_add_char(p->out, '\n');
}

static void add_answer(const Page *p)
{
        _cleanup_string_ String answer = {0};
        SweepMood mood = sweep_answer(p->sweep, p->result, p->options->ascii, &answer);

        string_begin_style(p->out, p->options->color, mood == SWEEP_MOOD_FAILED    ? STYLE_RED
                                                      : mood == SWEEP_MOOD_WARNING ? STYLE_YELLOW
                                                                                   : STYLE_GREEN);
        add_wrapped(p, string_get(&answer), 0);
        if (p->options->color) { /* the colour ends before the line does */
                p->out->size--;
                p->out->text[p->out->size] = '\0';
                string_end_style(p->out, p->options->color, STYLE_DIM);
                string_add_char(p->out, '\n');
        }
        string_add_char(p->out, '\n');
}

/* ---- the table ---- */

static void add_range(const Page *p, String *to, const SweepSpread *s,
                      const char *(*format)(char *, uint64_t), size_t width)
{
        char low[FORMAT_MAX], high[FORMAT_MAX], text[2 * FORMAT_MAX + 8] = "";

        if (s->n > 1)
                snprintf(text, sizeof text, "%s %s %s", format(low, s->low), p->options->ascii ? "-" : "–",
                         format(high, s->high));
        add_cell(to, text, width);
}

static const char *show_duration(char *buffer, uint64_t ns)
{
        return format_duration(buffer, ns);
}

static const char *show_bytes(char *buffer, uint64_t bytes)
{
        return format_bytes(buffer, bytes);
}

typedef struct Widths {
        size_t runs;
        bool spread; /* some -j has repeats */
} Widths;

static Widths measure(const SweepResult *result)
{
        Widths w = {4, false};
        char text[64];

        for (size_t i = 0; i < result->n_levels; i++) {
                w.runs = MAX(w.runs, strlen(sweep_runs_text(text, sizeof text, &result->levels[i])));
                w.spread |= result->levels[i].wall_ns.n > 1;
        }
        return w;
}

static void add_heading(const Page *p, const Widths *w)
{
        string_begin_style(p->out, p->options->color, STYLE_DIM);
        string_add(p->out, "    ");
        add_cell(p->out, p->sweep->jobs.n > 0 ? "-j" : "", 4);
        add_cell(p->out, "runs", w->runs + 2);
        add_cell(p->out, "time", 9);
        add_cell(p->out, "", 8);
        if (w->spread)
                add_cell(p->out, "from to", 18);
        add_cell(p->out, "peak", 10);
        if (!w->spread)
                add_cell(p->out, "CPU time", 10);
        add_cell(p->out, "cores", 7);
        string_end_style(p->out, p->options->color, STYLE_DIM);
        string_add_char(p->out, '\n');
}

static void add_level(const Page *p, const Widths *w, const SweepLevel *level)
{
        char text[64], cell[FORMAT_MAX];
        bool best = p->result->best != SIZE_MAX && level == &p->result->levels[p->result->best];

        string_add(p->out, best && sweep_count_measured(p->result) > 1 ? "  * " : "    ");
        snprintf(text, sizeof text, "%u", level->jobs);
        add_cell(p->out, level->jobs > 0 ? text : "", 4);
        add_cell(p->out, sweep_runs_text(text, sizeof text, level), w->runs + 2);
        if (level->n_done > 0) {
                add_cell(p->out, level->wall_ns.n ? format_duration(cell, level->wall_ns.median) : "-", 9);
                add_cell(p->out, sweep_over_text(cell, p->result, level), 8);
                if (w->spread)
                        add_range(p, p->out, &level->wall_ns, show_duration, 18);
                add_cell(p->out, level->peak_bytes.n ? format_bytes(cell, level->peak_bytes.median) : "-", 10);
                if (!w->spread)
                        add_cell(p->out, level->cpu_us.n ? format_duration(cell, level->cpu_us.median * NS_PER_US) : "-",
                                 10);
                snprintf(cell, sizeof cell, "%.2f", (double)level->busy_milli.median / 1e3);
                add_cell(p->out, level->busy_milli.n ? cell : "-", 7);
        }
        end_row(p->out);
}

/* Peaks over the repeats, in a table of their own: the first has no room. */
static void add_spreads(const Page *p)
{
        bool any = false;

        for (size_t i = 0; i < p->result->n_levels; i++)
                any |= p->result->levels[i].peak_bytes.n > 1;
        if (!any)
                return;
        string_add_char(p->out, '\n');
        string_begin_style(p->out, p->options->color, STYLE_DIM);
        string_add(p->out, "    ");
        add_cell(p->out, p->sweep->jobs.n > 0 ? "-j" : "", 4);
        add_cell(p->out, "peak from to", 25);
        add_cell(p->out, "CPU time", 12);
        add_cell(p->out, "from to", 20);
        string_end_style(p->out, p->options->color, STYLE_DIM);
        string_add_char(p->out, '\n');
        for (size_t i = 0; i < p->result->n_levels; i++) {
                const SweepLevel *level = &p->result->levels[i];
                char text[FORMAT_MAX];
                SweepSpread cpu = level->cpu_us;
                if (level->n_done == 0)
                        continue;
                cpu.low *= NS_PER_US;
                cpu.high *= NS_PER_US;
                snprintf(text, sizeof text, "%u", level->jobs);
                string_add(p->out, "    ");
                add_cell(p->out, level->jobs > 0 ? text : "", 4);
                add_range(p, p->out, &level->peak_bytes, show_bytes, 25);
                add_cell(p->out, cpu.n ? format_duration(text, cpu.median * NS_PER_US) : "-", 12);
                add_range(p, p->out, &cpu, show_duration, 20);
                end_row(p->out);
        }
}

/* ---- what held the memory ---- */

static void add_categories(const Page *p)
{
        const SweepResult *result = p->result;
        enum { FIRST = 8, LEAST_WIDTH = 11, MOST_WIDTH = 18 };
        size_t widths[SWEEP_CATEGORIES], used = FIRST, n = 0;

        for (; n < result->n_categories; n++) {
                _cleanup_string_ String name = {0};
                string_add_shown(&name, result->categories[n].name, MOST_WIDTH - 2, p->options->ascii);
                widths[n] = MAX(text_width(string_get(&name)) + 2, (size_t)LEAST_WIDTH);
                if (used + widths[n] > p->columns)
                        break;
                used += widths[n];
        }
        if (n == 0)
                return;
        string_add(p->out, "\n    peak of all processes of a category\n");
        string_begin_style(p->out, p->options->color, STYLE_DIM);
        add_blanks(p->out, FIRST);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String name = {0};
                string_add_shown(&name, result->categories[i].name, MOST_WIDTH - 2, p->options->ascii);
                add_cell(p->out, string_get(&name), widths[i]);
        }
        string_end_style(p->out, p->options->color, STYLE_DIM);
        string_add_char(p->out, '\n');
        for (size_t l = 0; l < result->n_levels; l++) {
                const SweepLevel *level = &result->levels[l];
                char text[FORMAT_MAX];
                if (level->n_done == 0)
                        continue;
                snprintf(text, sizeof text, "%u", level->jobs);
                add_cell(p->out, level->jobs > 0 ? text : "", FIRST);
                for (size_t i = 0; i < n; i++)
                        add_cell(p->out, level->categories[i].n ? format_bytes(text, level->categories[i].median) : "-",
                                 widths[i]);
                string_add_char(p->out, '\n');
        }
}

/* ---- remarks ---- */

static void add_label(const Page *p, const char *label)
{
        string_add(p->out, "  ");
        string_begin_style(p->out, p->options->color, STYLE_DIM);
        string_add(p->out, label);
        string_end_style(p->out, p->options->color, STYLE_DIM);
        add_blanks(p->out, strlen(label) < 10 ? 10 - strlen(label) : 1);
}

static void add_remark(const Page *p, const char *label, const char *text)
{
        _cleanup_string_ String safe = {0};

        string_add_shown(&safe, text, 0, p->options->ascii);
        add_label(p, label);
        add_wrapped(p, string_get(&safe), 12);
}

static void tell_remark(void *data, const char *label, const char *text)
{
        add_remark(data, label, text);
}

static void add_remarks(Page *p)
{
        const Sweep *s = p->sweep;
        _cleanup_string_ String text = {0};

        string_add_char(p->out, '\n');
        sweep_remarks(s, p->result, tell_remark, p);
        if (p->options->path) {
                string_clear(&text);
                string_add(&text, p->options->path);
                add_remark(p, "sweep", string_get(&text));
        }
        if (p->result->n_left > 0) {
                string_clear(&text);
                string_add_shown(&text, p->options->path ? p->options->path : s->id, 0, p->options->ascii);
                add_label(p, "go on"); /* on a line of its own, whatever its width: it will be pasted */
                string_add_format(p->out, "%zu %s left:\n            vigia sweep --resume %s\n", p->result->n_left,
                                  p->result->n_left == 1 ? "run is" : "runs are", string_get(&text));
        }
}

int sweep_text(const Sweep *sweep, const SweepTextOptions *options, String *out)
{
        SweepResult result;
        int r = sweep_result(sweep, &result);

        if (r < 0)
                return r;
        Page page = {sweep, &result, options, out, options->columns ? options->columns : 80};
        add_answer(&page);
        if (result.best != SIZE_MAX) {
                Widths widths = measure(&result);
                add_heading(&page, &widths);
                for (size_t i = 0; i < result.n_levels; i++)
                        add_level(&page, &widths, &result.levels[i]);
                add_spreads(&page);
                add_categories(&page);
        }
        add_remarks(&page);
        sweep_result_done(&result);
        return out->failed ? -ENOMEM : 0;
}
