/* One line that redraws on a terminal, and a line for each run that is over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/sweep-command.h"
#include "base/clock.h"
#include "base/terminal.h"
#include "base/text.h"

void sweep_progress_begin(SweepProgress *p, bool quiet, bool shown)
{
        const Terminal terminal = terminal_of(STDERR_FILENO);

        *p = (SweepProgress){.terminal = terminal.is_terminal && !shown, .quiet = quiet, .columns = 80};
        if (p->terminal && terminal.columns > 20)
                p->columns = terminal.columns;
}

void sweep_progress_wipe(SweepProgress *p)
{
        if (p->drawn)
                fputs("\r\033[K", stderr);
        p->drawn = false;
}

static size_t position(const Sweep *sweep, const SweepRun *run)
{
        return (size_t)(run - sweep->runs) + 1;
}

static void add_name(String *to, const Sweep *sweep, const SweepRun *run)
{
        string_add_shown(to, sweep->label, 30, true);
        if (run->warm_up)
                string_add(to, " warm-up");
        if (run->jobs > 0)
                string_add_format(to, " -j%u", run->jobs);
        if (sweep->repeat > 1 && !run->warm_up)
                string_add_format(to, ", %u of %u", run->repeat, sweep->repeat);
}

/* "about 14:32", in the time of day here. */
static void add_end(String *to, uint64_t left_ns)
{
        time_t at = (time_t)((clock_realtime_ns() + left_ns) / NS_PER_SECOND);
        char text[32], left[FORMAT_MAX];
        struct tm tm;

        if (left_ns == RUN_UNKNOWN || !localtime_r(&at, &tm) || strftime(text, sizeof text, "%H:%M", &tm) == 0)
                return;
        string_add_format(to, "; all done in %s, at %s", format_duration(left, left_ns), text);
}

void sweep_progress_draw(SweepWork *work)
{
        SweepProgress *p = &work->progress;
        const SweepRun *run = work->at_work;
        _cleanup_string_ String line = {0};
        _cleanup_string_ String shown = {0};
        char elapsed[FORMAT_MAX], expected[FORMAT_MAX];
        uint64_t now = clock_monotonic_ns(), since = now - work->begun_ns;

        if (!p->terminal || p->quiet)
                return;
        if (run) {
                string_add_format(&line, "%zu of %zu: ", position(work->sweep, run), work->sweep->n_runs);
                add_name(&line, work->sweep, run);
        } else {
                string_add_shown(&line, work->sweep->label, 30, true);
        }
        format_duration(elapsed, since - since % NS_PER_SECOND);
        string_add_format(&line, " %s%s%s", work->doing ? work->doing : "", work->doing ? " " : "",
                          since >= NS_PER_SECOND ? elapsed : "0 s");
        if (run && !work->doing) {
                uint64_t usual = sweep_expected_ns(work->sweep, run);
                if (usual != RUN_UNKNOWN)
                        string_add_format(&line, " of about %s", format_duration(expected, usual));
        }
        if (run)
                add_end(&line, sweep_time_left_ns(work->sweep, run, work->doing ? 0 : since));
        string_add_shown(&shown, string_get(&line), p->columns - 1, true);
        fprintf(stderr, "\r\033[K%s", string_get(&shown));
        fflush(stderr);
        p->drawn = true;
}

void sweep_progress_tell(SweepWork *work, const SweepRun *run)
{
        const SweepFigures *f = &run->figures;
        _cleanup_string_ String line = {0};
        char text[FORMAT_MAX];

        sweep_progress_wipe(&work->progress);
        if (work->progress.quiet)
                return;
        string_add_format(&line, "%zu of %zu: ", position(work->sweep, run), work->sweep->n_runs);
        add_name(&line, work->sweep, run);
        if (run->state != SWEEP_DONE)
                string_add_format(&line, " %s", sweep_state_name(run->state));
        if (run->state == SWEEP_FAILED && run->exit_signal > 0)
                string_add_format(&line, " (signal %d)", run->exit_signal);
        else if (run->state == SWEEP_FAILED)
                string_add_format(&line, " (exit %d)", run->exit_code);
        if (f->wall_ns != RUN_UNKNOWN)
                string_add_format(&line, "%s %s", run->state == SWEEP_DONE ? ":" : " after",
                                  format_duration(text, f->wall_ns));
        if (f->peak_bytes != RUN_UNKNOWN)
                string_add_format(&line, ", peak %s", format_bytes(text, f->peak_bytes));
        if (f->cpu_us != RUN_UNKNOWN && f->wall_ns != RUN_UNKNOWN && f->wall_ns > 0)
                string_add_format(&line, ", %.2f cores busy", (double)f->cpu_us * 1e3 / (double)f->wall_ns);
        if (run->state == SWEEP_DONE && work->signal == 0 && !work->limited)
                add_end(&line, position(work->sweep, run) < work->sweep->n_runs
                                       ? sweep_time_left_ns(work->sweep, NULL, 0)
                                       : RUN_UNKNOWN);
        fprintf(stderr, "%s\n", string_get(&line));
}
