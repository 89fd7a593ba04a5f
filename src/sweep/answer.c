/* What a sweep comes to in one sentence, and the words that its text and its Markdown share. */
#include <stdio.h>
#include <string.h>

#include "sweep/result.h"

const char *sweep_level_name(char buffer[FORMAT_MAX], unsigned jobs)
{
        if (jobs == 0)
                text_copy(buffer, FORMAT_MAX, "the build");
        else
                snprintf(buffer, FORMAT_MAX, "-j%u", jobs);
        return buffer;
}

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

static void add_least(const SweepResult *result, String *to)
{
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
                string_add_format(to, "; %s is as fast and needs ", sweep_level_name(name, least->jobs));
        else if (longer < 0.995)
                string_add_format(to, "; %s takes %.0f %% longer and needs ", sweep_level_name(name, least->jobs),
                                  longer * 100);
        else
                string_add_format(to, "; %s takes %.1f times as long and needs ", sweep_level_name(name, least->jobs),
                                  longer + 1);
        if (memory > 0.46 && memory < 0.54)
                string_add(to, "half the memory");
        else
                string_add_format(to, "%.0f %% of the memory", memory * 100);
}

size_t sweep_count_measured(const SweepResult *result)
{
        size_t n = 0;

        for (size_t i = 0; i < result->n_levels; i++)
                n += result->levels[i].wall_ns.n > 0;
        return n;
}

SweepMood sweep_answer(const Sweep *sweep, const SweepResult *result, bool ascii, String *to)
{
        char name[FORMAT_MAX], time[FORMAT_MAX], peak[FORMAT_MAX];
        _cleanup_string_ String label = {0};

        string_add_shown(&label, sweep->label, 30, ascii);
        string_add_format(to, "%s: ", string_get(&label));
        if (result->best == SIZE_MAX) {
                if (result->n_done > 0)
                        string_add(to, "what the builds took is not known");
                else if (result->n_failed > 0)
                        string_add_format(to, "no build came through; %zu failed", result->n_failed);
                else
                        string_add(to, "nothing is measured yet");
                return SWEEP_MOOD_FAILED;
        }
        const SweepLevel *best = &result->levels[result->best];
        bool single = sweep_count_measured(result) == 1;
        string_add_format(to, "%s %s%s %s", sweep_level_name(name, best->jobs), single ? "takes" : "is fastest",
                          single ? "" : result->n_left > 0 ? " so far:" : ":",
                          format_duration(time, best->wall_ns.median));
        if (best->peak_bytes.n > 0)
                string_add_format(to, ", peak %s", format_bytes(peak, best->peak_bytes.median));
        if (!single && result->least != SIZE_MAX)
                add_least(result, to);
        if (result->n_left > 0)
                string_add_format(to, " (%zu of %zu runs done)", result->n_done,
                                  result->n_done + result->n_failed + result->n_left);
        return result->n_failed + result->n_left > 0 ? SWEEP_MOOD_WARNING : SWEEP_MOOD_FINE;
}

/* "+12 %" over the best; "" for the best itself. */
const char *sweep_over_text(char text[FORMAT_MAX], const SweepResult *result, const SweepLevel *level)
{
        const SweepLevel *best = &result->levels[result->best];

        *text = '\0';
        if (level != best && level->wall_ns.n > 0 && best->wall_ns.median > 0) {
                double over = (double)level->wall_ns.median / (double)best->wall_ns.median - 1;
                if (over < 0.0995)
                        snprintf(text, FORMAT_MAX, "+%.1f %%", over * 100);
                else if (over < 9.995)
                        snprintf(text, FORMAT_MAX, "+%.0f %%", over * 100);
                else
                        snprintf(text, FORMAT_MAX, "%.0f times", over + 1);
        }
        return text;
}

const char *sweep_runs_text(char *to, size_t size, const SweepLevel *level)
{
        if (level->n_failed > 0)
                snprintf(to, size, "%zu, %zu failed", level->n_done, level->n_failed);
        else if (level->n_left > 0)
                snprintf(to, size, "%zu of %zu", level->n_done, level->n_done + level->n_left);
        else
                snprintf(to, size, "%zu", level->n_done);
        return to;
}
