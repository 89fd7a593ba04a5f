/* A sweep is found as a run is (store/run-find.c); its id ends in "-sweep", but it is its sweep.json
 * that makes it one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "store/run-names.h"
#include "sweep/sweep.h"

bool sweep_is_at(const char *path)
{
        return run_names_is_at(path, SWEEP_FILE);
}

/* -1: it does not say. */
static int64_t start_of(int dirfd, const char *path)
{
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int64_t start = -1;
        Sweep sweep;

        sweep_init(&sweep);
        if (fd >= 0 && sweep_read(&sweep, fd, path, NULL) == 0)
                start = sweep.start_realtime_ns;
        sweep_done(&sweep);
        return start;
}

static bool look_at(int dirfd, const char *name, RunsEntry *ret)
{
        _cleanup_close_ int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstatat(fd, SWEEP_FILE, &st, 0) < 0 || !S_ISREG(st.st_mode))
                return false;
        ret->start_ns = start_of(dirfd, name);
        return true;
}

int sweeps_list(char ***ret)
{
        _cleanup_free_ char *runs = NULL;
        int r = runs_directory(&runs);

        return r < 0 ? r : run_names_list(runs, look_at, ret);
}

/* Whether the newest run began after this sweep. */
static bool run_is_newer(const char *path)
{
        _cleanup_free_ char *run = NULL;
        RunInfo info;
        bool newer = false;

        run_info_init(&info);
        if (run_resolve("last", &run, NULL) == 0) {
                _cleanup_close_ int fd = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                newer = fd >= 0 && run_info_read(&info, fd, run, NULL) == 0 &&
                        info.start_realtime_ns > start_of(AT_FDCWD, path);
        }
        run_info_done(&info);
        return newer;
}

int sweep_resolve(const char *name, bool or_run, char **ret_path, Error *err)
{
        _cleanup_(run_names_freep) char **names = NULL;
        _cleanup_free_ char *runs = NULL;
        const char *found = NULL;
        char path[PATH_MAX];
        bool last = text_equal(name, "last");

        if (strchr(name, '/') || text_equal(name, ".") || text_equal(name, "..") || (!last && sweep_is_at(name)))
                return run_names_resolve(name, SWEEP_FILE, "sweep", ret_path, err);
        int r = runs_directory(&runs);
        if (r == 0)
                r = sweeps_list(&names);
        if (r < 0)
                return error_set_errno(err, r, "the place for runs");
        r = run_names_find(names, name, "sweeps", &found, err);
        if (r < 0)
                return r;
        if (!found || (size_t)snprintf(path, sizeof path, "%s/%s", runs, found) >= sizeof path)
                return error_set(err, ENOENT, "no sweep %s in %s", name, runs);
        if (last && or_run && run_is_newer(path))
                return error_set(err, ENOENT, "a run is newer than %s", found);
        return run_names_resolve(path, SWEEP_FILE, "sweep", ret_path, err);
}
