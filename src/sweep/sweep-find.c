/* A sweep is found as a run is (store/run-find.c); its id ends in "-sweep", but it is its sweep.json
 * that makes it one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sweep/sweep.h"

enum { SWEEPS_MAX = 1 << 16, CANDIDATES_SHOWN = 6 };

typedef struct Listed {
        char *name;
        int64_t start_ns;
} Listed;

bool sweep_is_at(const char *path)
{
        char file[PATH_MAX];
        struct stat st;

        return (size_t)snprintf(file, sizeof file, "%s/" SWEEP_FILE, path) < sizeof file && stat(file, &st) == 0 &&
               S_ISREG(st.st_mode);
}

static int64_t start_of(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int64_t start = -1;
        Sweep sweep;

        sweep_init(&sweep);
        if (fd >= 0 && sweep_read(&sweep, fd, path, NULL) == 0)
                start = sweep.start_realtime_ns;
        sweep_done(&sweep);
        return start;
}

static int compare_listed(const void *a, const void *b)
{
        const Listed *x = a, *y = b;

        if (x->start_ns != y->start_ns)
                return x->start_ns < y->start_ns ? -1 : 1;
        return strcmp(x->name, y->name);
}

static int add_listed(Listed **list, size_t *n, const char *name, int64_t start_ns)
{
        Listed *larger = realloc(*list, (*n + 1) * sizeof **list);

        if (!larger)
                return -ENOMEM;
        *list = larger;
        (*list)[*n] = (Listed){strdup(name), start_ns};
        *n += (*list)[*n].name != NULL;
        return larger[*n - 1].name ? 0 : -ENOMEM;
}

static int read_sweeps(const char *runs, Listed **list, size_t *n)
{
        _cleanup_closedir_ DIR *dir = opendir(runs);
        int r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (struct dirent *e; r == 0 && (e = readdir(dir)) && *n < SWEEPS_MAX;) {
                char path[PATH_MAX];
                if (e->d_name[0] == '.' ||
                    (size_t)snprintf(path, sizeof path, "%s/%s", runs, e->d_name) >= sizeof path ||
                    !sweep_is_at(path))
                        continue;
                r = add_listed(list, n, e->d_name, start_of(path));
        }
        return r;
}

int sweeps_list(char ***ret)
{
        _cleanup_free_ char *runs = NULL;
        _cleanup_free_ Listed *list = NULL;
        size_t n = 0;
        int r = runs_directory(&runs);

        if (r == 0)
                r = read_sweeps(runs, &list, &n);
        char **names = r == 0 ? calloc(n + 1, sizeof *names) : NULL;
        if (n > 0)
                qsort(list, n, sizeof *list, compare_listed);
        for (size_t i = 0; i < n; i++) {
                if (names)
                        names[i] = list[i].name;
                else
                        free(list[i].name);
        }
        if (!names)
                return r < 0 ? r : -ENOMEM;
        *ret = names;
        return 0;
}

static void free_names(char ***names)
{
        for (size_t i = 0; *names && (*names)[i]; i++)
                free((*names)[i]);
        free(*names);
}

static int take_path(const char *path, char **ret, Error *err)
{
        *ret = realpath(path, NULL);
        return *ret ? 0 : error_set_errno(err, errno, "%s", path);
}

static int resolve_path(const char *name, char **ret, Error *err)
{
        char path[PATH_MAX];
        struct stat st;

        if (!text_copy(path, sizeof path, name))
                return error_set(err, ENAMETOOLONG, "%.60s…: too long for a path", name);
        if (text_ends_with(path, "/" SWEEP_FILE))
                path[strlen(path) - strlen("/" SWEEP_FILE)] = '\0';
        if (stat(path, &st) < 0)
                return error_set_errno(err, errno, "no sweep at %s", path);
        if (!sweep_is_at(path))
                return error_set(err, ENOENT, "no sweep at %s: it has no " SWEEP_FILE, path);
        return take_path(path, ret, err);
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
                        info.start_realtime_ns > start_of(path);
        }
        run_info_done(&info);
        return newer;
}

static int ambiguous(const char *name, char *const *names, size_t n, Error *err)
{
        _cleanup_string_ String shown = {0};

        for (size_t i = 0, left = CANDIDATES_SHOWN; names[i] && left > 0; i++)
                if (text_starts_with(names[i], name)) {
                        string_add(&shown, shown.size ? ", " : "");
                        string_add_shown(&shown, names[i], 60, false);
                        left--;
                }
        return error_set(err, ENOTUNIQ, "%s is ambiguous: %zu sweeps begin so: %s", name, n, string_get(&shown));
}

int sweep_resolve(const char *name, bool or_run, char **ret_path, Error *err)
{
        _cleanup_(free_names) char **names = NULL;
        _cleanup_free_ char *runs = NULL;
        const char *found = NULL;
        char path[PATH_MAX];
        size_t n = 0;
        bool last = text_equal(name, "last");

        if (strchr(name, '/') || text_equal(name, ".") || text_equal(name, "..") || (!last && sweep_is_at(name)))
                return resolve_path(name, ret_path, err);
        int r = runs_directory(&runs);
        if (r == 0)
                r = sweeps_list(&names);
        if (r < 0)
                return error_set_errno(err, r, "the place for runs");
        for (size_t i = 0; names[i] && !(found && text_equal(found, name)); i++)
                if (last || (*name && text_starts_with(names[i], name))) {
                        found = names[i];
                        n = text_equal(found, name) ? 1 : n + 1;
                }
        if (n > 1 && !last)
                return ambiguous(name, names, n, err);
        if (!found || (size_t)snprintf(path, sizeof path, "%s/%s", runs, found) >= sizeof path)
                return error_set(err, ENOENT, "no sweep %s in %s", name, runs);
        if (last && or_run && run_is_newer(path))
                return error_set(err, ENOENT, "a run is newer than %s", found);
        return take_path(path, ret_path, err);
}
