/* A sweep for the page of a CI job: the answer, a row a -j, what is to be known about it. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/markdown.h"
#include "sweep/result.h"

enum { LINES_MAX = 60 };

static void add_spread(Markdown *m, const SweepSpread *s, const char *(*format)(char *, uint64_t), uint64_t unit)
{
        char low[FORMAT_MAX], high[FORMAT_MAX], middle[FORMAT_MAX], text[4 * FORMAT_MAX] = "-";

        if (s->n > 0) {
                format(low, s->low * unit);
                format(high, s->high * unit);
                format(middle, s->median * unit);
                if (text_equal(low, high))
                        snprintf(text, sizeof text, "%s", middle);
                else
                        snprintf(text, sizeof text, "%s (%s – %s)", middle, low, high);
        }
        markdown_add_cell(m, text);
}

static const char *show_duration(char *buffer, uint64_t ns)
{
        return format_duration(buffer, ns);
}

static const char *show_bytes(char *buffer, uint64_t bytes)
{
        return format_bytes(buffer, bytes);
}

static const SweepCategory *largest(const SweepResult *result, const SweepLevel *level, const SweepSpread **ret)
{
        const SweepCategory *found = NULL;

        for (size_t i = 0; i < result->n_categories; i++)
                if (level->categories[i].n > 0 && (!found || level->categories[i].median > (*ret)->median)) {
                        found = &result->categories[i];
                        *ret = &level->categories[i];
                }
        return found;
}

static void add_level(Markdown *m, const SweepResult *result, const SweepLevel *level)
{
        char text[64], cell[FORMAT_MAX];
        const SweepSpread *held = NULL;
        const SweepCategory *category = largest(result, level, &held);
        bool best = result->best != SIZE_MAX && level == &result->levels[result->best];

        markdown_begin_row(m);
        snprintf(cell, sizeof cell, level->jobs == 0 ? " |" : best ? " **%u** |" : " %u |", level->jobs);
        markdown_add_raw(m, cell);
        markdown_add_cell(m, sweep_runs_text(text, sizeof text, level));
        add_spread(m, &level->wall_ns, show_duration, 1);
        markdown_add_cell(m, result->best != SIZE_MAX ? sweep_over_text(cell, result, level) : "");
        add_spread(m, &level->peak_bytes, show_bytes, 1);
        add_spread(m, &level->cpu_us, show_duration, NS_PER_US);
        snprintf(cell, sizeof cell, "%.2f", (double)level->busy_milli.median / 1e3);
        markdown_add_cell(m, level->busy_milli.n > 0 ? cell : "-");
        markdown_add_raw(m, " ");
        if (category) {
                markdown_add_code(m, category->name, 30);
                markdown_add_raw(m, " ");
                markdown_add_text(m, format_bytes(cell, held->median), 0);
        }
        markdown_add_raw(m, " |");
        markdown_end_line(m);
}

static void add_table(Markdown *m, const SweepResult *result)
{
        static const char *const titles[] = {"-j",         "runs",     "wall time",   "over the best", "peak memory",
                                             "CPU time",   "cores",    "largest category"};

        markdown_end_line(m);
        markdown_add_head(m, titles, "rrrrrrrl");
        for (size_t i = 0; i < result->n_levels; i++)
                if (markdown_has_room(m, 9)) /* and remarks */
                        add_level(m, result, &result->levels[i]);
}

static void tell_remark(void *data, const char *label, const char *text)
{
        Markdown *m = data;
        _cleanup_string_ String before = {0};

        if (!markdown_has_room(m, 1))
                return;
        string_add_format(&before, "- %s: ", label);
        markdown_add_line(m, string_get(&before), text, "");
        m->out->failed |= before.failed;
}

int sweep_markdown(const Sweep *sweep, String *out)
{
        Markdown m = {.out = out, .most = LINES_MAX};
        _cleanup_string_ String answer = {0};
        SweepResult result;
        int r = sweep_result(sweep, &result);

        if (r < 0)
                return r;
        sweep_answer(sweep, &result, false, &answer);
        markdown_add_line(&m, "### ", string_get(&answer), "");
        if (result.n_levels > 0)
                add_table(&m, &result);
        markdown_end_line(&m);
        sweep_remarks(sweep, &result, tell_remark, &m);
        if (m.left_out > 0) {
                string_clear(&answer);
                string_add_format(&answer, "%zu more: vigia report ", m.left_out);
                string_add_shown(&answer, sweep->id ? sweep->id : "", 0, false);
                markdown_add_line(&m, "- ", string_get(&answer), "");
        }
        sweep_result_done(&result);
        return out->failed || answer.failed ? -ENOMEM : 0;
}
