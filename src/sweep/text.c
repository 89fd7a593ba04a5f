/* The answer first, then a table by -j, then what held the memory, then what is to be known about how
 * sure all this is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "sweep/result.h"

typedef struct Page {
        const Sweep *sweep;
        const SweepResult *result;
        const SweepTextOptions *options;
        String *out;
        size_t columns;
} Page;

typedef enum Style { DIM, RED, YELLOW, GREEN } Style;

static void begin(const Page *p, Style style)
{
        static const char *const codes[] = {"\033[2m", "\033[1;31m", "\033[1;33m", "\033[1;32m"};

        if (p->options->color)
                string_add(p->out, codes[style]);
}

static void end(const Page *p)
{
        if (p->options->color)
                string_add(p->out, "\033[0m");
}

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

static const char *level_name(char buffer[FORMAT_MAX], unsigned jobs)
{
        if (jobs == 0)
                text_copy(buffer, FORMAT_MAX, "the build");
        else
                snprintf(buffer, FORMAT_MAX, "-j%u", jobs);
        return buffer;
}

/* ---- the answer ---- */

/* Whom to name beside the fastest: who is as fast with less memory, else who needs the least. */
static size_t choose_thrifty(const SweepResult *result)
{
        const SweepLevel *best = &result->levels[result->best];
        size_t found = SIZE_MAX;

        for (size_t i = 0; i < result->n_levels; i++) {
                const SweepLevel *level = &result->levels[i];
                bool as_fast = level->wall_ns.n > 0 && level->peak_bytes.n > 0 && i != result->best &&
                               (double)level->wall_ns.median < (double)best->wall_ns.median * 1.01;
                if (as_fast && level->peak_bytes.median < best->peak_bytes.median * 19 / 20 &&
                    (found == SIZE_MAX || level->peak_bytes.median < result->levels[found].peak_bytes.median))
                        found = i;
        }
        return found != SIZE_MAX ? found : result->least;
}

static void add_least(const Page *p, String *to)
{
        const SweepResult *result = p->result;
        const SweepLevel *best = &result->levels[result->best], *least = &result->levels[choose_thrifty(result)];
        char name[FORMAT_MAX];

        if (least == best || least->wall_ns.n == 0 || best->wall_ns.median == 0 ||
            best->peak_bytes.median == 0)
                return;
        double longer = (double)least->wall_ns.median / (double)best->wall_ns.median - 1;
        double memory = (double)least->peak_bytes.median / (double)best->peak_bytes.median;
        if (memory > 0.95)
                return;
        if (longer < 0.01)
                string_add_format(to, "; %s is as fast and needs ", level_name(name, least->jobs));
        else if (longer < 0.995)
                string_add_format(to, "; %s takes %.0f %% longer and needs ", level_name(name, least->jobs),
                                  longer * 100);
        else
                string_add_format(to, "; %s takes %.1f times as long and needs ", level_name(name, least->jobs),
                                  longer + 1);
        if (memory > 0.46 && memory < 0.54)
                string_add(to, "half the memory");
        else
                string_add_format(to, "%.0f %% of the memory", memory * 100);
}

static size_t count_measured(const SweepResult *result)
{
        size_t n = 0;

        for (size_t i = 0; i < result->n_levels; i++)
                n += result->levels[i].wall_ns.n > 0;
        return n;
}

static Style make_answer(const Page *p, String *to)
{
        const SweepResult *result = p->result;
        char name[FORMAT_MAX], time[FORMAT_MAX], peak[FORMAT_MAX];
        _cleanup_string_ String label = {0};

        string_add_shown(&label, p->sweep->label, 30, p->options->ascii);
        string_add_format(to, "%s: ", string_get(&label));
        if (result->best == SIZE_MAX) {
                if (result->n_done > 0)
                        string_add(to, "what the builds took is not known");
                else if (result->n_failed > 0)
                        string_add_format(to, "no build came through; %zu failed", result->n_failed);
                else
                        string_add(to, "nothing is measured yet");
                return RED;
        }
        const SweepLevel *best = &result->levels[result->best];
        bool single = count_measured(result) == 1;
        string_add_format(to, "%s %s%s %s", level_name(name, best->jobs), single ? "takes" : "is fastest",
                          single ? "" : result->n_left > 0 ? " so far:" : ":",
                          format_duration(time, best->wall_ns.median));
        if (best->peak_bytes.n > 0)
                string_add_format(to, ", peak %s", format_bytes(peak, best->peak_bytes.median));
        if (!single && result->least != SIZE_MAX)
                add_least(p, to);
        if (result->n_left > 0)
                string_add_format(to, " (%zu of %zu runs done)", result->n_done,
                                  result->n_done + result->n_failed + result->n_left);
        return result->n_failed + result->n_left > 0 ? YELLOW : GREEN;
}

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
        Style style = make_answer(p, &answer);

        begin(p, style);
        add_wrapped(p, string_get(&answer), 0);
        if (p->options->color) { /* the colour ends before the line does */
                p->out->size--;
                p->out->text[p->out->size] = '\0';
                end(p);
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

/* "+12 %" over the best; "" for the best itself. */
static void add_over(const Page *p, String *to, const SweepLevel *level, size_t width)
{
        const SweepLevel *best = &p->result->levels[p->result->best];
        char text[FORMAT_MAX] = "";

        if (level != best && level->wall_ns.n > 0 && best->wall_ns.median > 0) {
                double over = (double)level->wall_ns.median / (double)best->wall_ns.median - 1;
                if (over < 0.0995)
                        snprintf(text, sizeof text, "+%.1f %%", over * 100);
                else if (over < 9.995)
                        snprintf(text, sizeof text, "+%.0f %%", over * 100);
                else
                        snprintf(text, sizeof text, "%.0f times", over + 1);
        }
        add_cell(to, text, width);
}

static const char *runs_text(char *to, size_t size, const SweepLevel *level)
{
        if (level->n_failed > 0)
                snprintf(to, size, "%zu, %zu failed", level->n_done, level->n_failed);
        else if (level->n_left > 0)
                snprintf(to, size, "%zu of %zu", level->n_done, level->n_done + level->n_left);
        else
                snprintf(to, size, "%zu", level->n_done);
        return to;
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
                w.runs = MAX(w.runs, strlen(runs_text(text, sizeof text, &result->levels[i])));
                w.spread |= result->levels[i].wall_ns.n > 1;
        }
        return w;
}

static void add_heading(const Page *p, const Widths *w)
{
        begin(p, DIM);
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
        end(p);
        string_add_char(p->out, '\n');
}

static void add_level(const Page *p, const Widths *w, const SweepLevel *level)
{
        char text[64], cell[FORMAT_MAX];
        bool best = p->result->best != SIZE_MAX && level == &p->result->levels[p->result->best];

        string_add(p->out, best && count_measured(p->result) > 1 ? "  * " : "    ");
        snprintf(text, sizeof text, "%u", level->jobs);
        add_cell(p->out, level->jobs > 0 ? text : "", 4);
        add_cell(p->out, runs_text(text, sizeof text, level), w->runs + 2);
        if (level->n_done > 0) {
                add_cell(p->out, level->wall_ns.n ? format_duration(cell, level->wall_ns.median) : "-", 9);
                add_over(p, p->out, level, 8);
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
        begin(p, DIM);
        string_add(p->out, "    ");
        add_cell(p->out, p->sweep->jobs.n > 0 ? "-j" : "", 4);
        add_cell(p->out, "peak from to", 25);
        add_cell(p->out, "CPU time", 12);
        add_cell(p->out, "from to", 20);
        end(p);
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
        begin(p, DIM);
        add_blanks(p->out, FIRST);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String name = {0};
                string_add_shown(&name, result->categories[i].name, MOST_WIDTH - 2, p->options->ascii);
                add_cell(p->out, string_get(&name), widths[i]);
        }
        end(p);
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
        begin(p, DIM);
        string_add(p->out, label);
        end(p);
        add_blanks(p->out, strlen(label) < 10 ? 10 - strlen(label) : 1);
}

static void add_remark(const Page *p, const char *label, const char *text)
{
        _cleanup_string_ String safe = {0};

        string_add_shown(&safe, text, 0, p->options->ascii);
        add_label(p, label);
        add_wrapped(p, string_get(&safe), 12);
}

static void add_failures(const Page *p)
{
        for (size_t i = 0; i < p->sweep->n_runs; i++) {
                const SweepRun *run = &p->sweep->runs[i];
                _cleanup_string_ String text = {0};
                char time[FORMAT_MAX];
                if (run->state != SWEEP_FAILED && run->state != SWEEP_TIMED_OUT && run->state != SWEEP_INTERRUPTED)
                        continue;
                string_add_format(&text, "%s: ", run->path);
                if (run->state != SWEEP_FAILED)
                        string_add(&text, sweep_state_name(run->state));
                else if (run->exit_signal > 0)
                        string_add_format(&text, "killed by signal %d", run->exit_signal);
                else
                        string_add_format(&text, "exit %d", run->exit_code);
                if (run->figures.wall_ns != RUN_UNKNOWN)
                        string_add_format(&text, " after %s", format_duration(time, run->figures.wall_ns));
                if (run->state != SWEEP_INTERRUPTED)
                        string_add_format(&text, "; its output is in %s/output.log", run->path);
                add_remark(p, run->state == SWEEP_INTERRUPTED ? "stopped" : "failed", string_get(&text));
        }
}

static void add_sureness(const Page *p)
{
        const SweepResult *result = p->result;
        size_t least = SIZE_MAX;
        bool partial = false;
        uint64_t lost = 0;

        for (size_t i = 0; i < result->n_levels; i++) {
                if (result->levels[i].n_done > 0)
                        least = MIN(least, result->levels[i].n_done);
                partial |= result->levels[i].partial;
                lost += result->levels[i].lost_events;
        }
        if (least == 1)
                add_remark(p, "spread", result->n_done == 1 ? "one run: no spread known"
                                        : result->n_done == count_measured(result)
                                                ? "one run each: no spread known"
                                                : "some have one run only: their spread is not known");
        else if (result->n_levels > 1 && result->n_done > 0 && !sweep_best_is_clear(result))
                add_remark(p, "spread", "the ranges of the fastest overlap: more repeats would tell them apart");
        if (partial)
                add_remark(p, "partial", "short processes were missed (capture by polling): peaks and CPU are too low");
        if (lost > 0) {
                _cleanup_string_ String text = {0};
                char count[FORMAT_MAX];
                string_add_format(&text, "%s events of processes; their figures are missing", format_count(count, lost));
                add_remark(p, "lost", string_get(&text));
        }
}

static void add_cpus(const Page *p)
{
        static const char *const names[] = {"", "adaptive", "manual"};
        _cleanup_string_ String text = {0};

        if (p->sweep->policy == CPUS_OFF)
                return;
        string_add_format(&text, "%s:", names[p->sweep->policy]);
        for (size_t i = 0; i < p->result->n_levels; i++)
                for (size_t k = 0; k < p->sweep->n_runs; k++) {
                        const SweepRun *run = &p->sweep->runs[k];
                        char name[FORMAT_MAX];
                        if (run->warm_up || run->jobs != p->result->levels[i].jobs || !run->build_cpus)
                                continue;
                        string_add_format(&text, "%s %s on %s, recorder on %s", i ? ";" : "", level_name(name, run->jobs),
                                          run->build_cpus, run->recorder_cpus);
                        break;
                }
        add_remark(p, "CPUs", string_get(&text));
}

static void add_remarks(const Page *p)
{
        const Sweep *s = p->sweep;
        _cleanup_string_ String text = {0};
        char count[FORMAT_MAX];

        string_add_char(p->out, '\n');
        add_failures(p);
        add_sureness(p);
        add_cpus(p);
        if (s->order == SWEEP_RANDOM) {
                string_add_format(&text, "random, --seed %" PRIu64, s->seed);
                add_remark(p, "order", string_get(&text));
                string_clear(&text);
        }
        if (s->host)
                string_add_format(&text, "%s, ", s->host);
        string_add_format(&text, "%u CPUs", s->cpus);
        if (s->usable_cpus != s->cpus)
                string_add_format(&text, " (%u of them ours)", s->usable_cpus);
        if (s->memory_bytes != RUN_UNKNOWN)
                string_add_format(&text, ", %s", format_bytes(count, s->memory_bytes));
        add_remark(p, "machine", string_get(&text));
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
        const Page page = {sweep, &result, options, out, options->columns ? options->columns : 80};
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
