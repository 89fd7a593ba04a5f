/* Names to runs; of a sweep one run for each -j. */
#include "app/plot-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sweep/result.h"

void plot_given_done(PlotGiven *given)
{
        for (size_t i = 0; i < given->n_runs; i++)
                plot_run_done(&given->runs[i]);
        if (given->sweep_path)
                sweep_done(&given->sweep);
        free(given->sweep_path);
        *given = (PlotGiven){0};
}

static int add_sweep(PlotGiven *given, char *path, Error *err)
{
        _cleanup_free_ char *owned = path;
        _cleanup_close_ int fd = -1;

        if (given->sweep_path || given->n_runs > 0)
                return error_set(err, EINVAL, "plot: a sweep is plotted by itself; expected one sweep, or runs");
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        sweep_init(&given->sweep);
        int r = sweep_read(&given->sweep, fd, path, err);
        if (r == 0)
                given->sweep_path = TAKE(owned);
        return r;
}

static int add_run(PlotGiven *given, const char *path, Error *err)
{
        if (given->sweep_path)
                return error_set(err, EINVAL, "plot: a sweep is plotted by itself; expected one sweep, or runs");
        if (given->n_runs == PLOT_RUNS_MOST)
                return error_set(err, EINVAL, "plot: expected at most %d runs", PLOT_RUNS_MOST);
        int r = plot_run_open(path, &given->runs[given->n_runs], err);
        if (r < 0)
                return r;
        given->n_runs++;
        return 0;
}

int plot_given_add(PlotGiven *given, const char *name, Error *err)
{
        _cleanup_free_ char *path = NULL;
        char *sweep = NULL;
        Error unused = {0};
        bool last = text_equal(name, "last");

        if (last && sweep_resolve(name, true, &sweep, &unused) == 0)
                return add_sweep(given, sweep, err);
        int r = run_resolve(name, &path, err);
        if (r == 0 && sweep_is_at(path))
                return add_sweep(given, TAKE(path), err);
        if (r == 0)
                return add_run(given, path, err);
        if (r == -ENOENT && !last && sweep_resolve(name, false, &sweep, &unused) == 0)
                return add_sweep(given, sweep, err);
        return r;
}

/* ---- runs of a sweep ---- */

static bool is_asked_for(const SweepJobs *jobs, unsigned level)
{
        for (size_t i = 0; i < jobs->n; i++)
                if (jobs->levels[i] == level)
                        return true;
        return jobs->n == 0;
}

static int open_level(PlotGiven *given, unsigned jobs, Error *err)
{
        const SweepRun *run = plot_median_run(&given->sweep, jobs);
        _cleanup_string_ String path = {0}, name = {0};

        if (!run || given->n_runs == PLOT_RUNS_MOST)
                return 0;
        string_add_format(&path, "%s/%s", given->sweep_path, run->path);
        int r = path.failed ? error_set(err, ENOMEM, "out of memory")
                            : plot_run_open(string_get(&path), &given->runs[given->n_runs], err);
        if (r < 0)
                return r;
        if (jobs)
                string_add_format(&name, "%s -j%u", given->sweep.label ? given->sweep.label : "sweep", jobs);
        else
                string_add(&name, given->sweep.label ? given->sweep.label : "sweep");
        PlotRun *opened = &given->runs[given->n_runs++];
        opened->jobs = jobs;
        opened->name = string_take(&name);
        return opened->name ? 0 : error_set(err, ENOMEM, "out of memory");
}

int plot_given_open_sweep(PlotGiven *given, Error *err)
{
        unsigned done = 0;

        /* Fewest jobs first. */
        for (unsigned jobs = 0; jobs <= SWEEP_JOBS_MAX && done < given->sweep.n_runs; jobs++) {
                bool there = false;
                for (size_t i = 0; i < given->sweep.n_runs; i++) {
                        there |= given->sweep.runs[i].jobs == jobs;
                        done += given->sweep.runs[i].jobs == jobs;
                }
                int r = there && is_asked_for(&given->jobs, jobs) ? open_level(given, jobs, err) : 0;
                if (r < 0)
                        return r;
        }
        return given->n_runs > 0 ? 0 : error_set(err, EINVAL, "plot: the sweep has no finished run of what was asked for");
}
