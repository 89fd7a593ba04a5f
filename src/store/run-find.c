/* Where runs live, how they are named, and how a word on the command line finds one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/run-names.h"
#include "store/run.h"

#define RUN_FILE "run.json"

enum {
        LABEL_MAX = 64,
        SAME_SECOND_MAX = 1000, /* runs of one label begun in one second */
};

int runs_directory(char **ret)
{
        const char *set = getenv("VIGIA_DIR"), *state = getenv("XDG_STATE_HOME");
        const char *home = getenv("HOME");
        char path[PATH_MAX];
        int n;

        if (set && *set)
                n = snprintf(path, sizeof path, "%s", set);
        else if (geteuid() == 0)
                n = snprintf(path, sizeof path, "/var/lib/vigia/runs");
        else if (state && state[0] == '/') /* the XDG rules: a relative one is ignored */
                n = snprintf(path, sizeof path, "%s/vigia/runs", state);
        else if (home && *home)
                n = snprintf(path, sizeof path, "%s/.local/state/vigia/runs", home);
        else
                return -ENOENT;
        if ((size_t)n >= sizeof path)
                return -ENAMETOOLONG;
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

/* ---- making ---- */

static bool safe_in_name(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '+' || c == '-';
}

/* Every run of other bytes becomes one '-'; no leading '.' or '-', no trailing '-'. */
static void make_label(const char *label, char to[LABEL_MAX + 1])
{
        size_t n = 0;

        for (const char *p = label ? label : ""; *p && n < LABEL_MAX; p++) {
                char c = safe_in_name(*p) ? *p : '-';
                if (n == 0 ? c == '-' || c == '.' : c == '-' && to[n - 1] == '-')
                        continue;
                to[n++] = c;
        }
        while (n > 0 && to[n - 1] == '-')
                n--;
        to[n] = '\0';
        if (n == 0)
                text_copy(to, LABEL_MAX + 1, "run");
}

static int make_id(const char *label, int64_t realtime_ns, char *to, size_t size)
{
        time_t seconds = (time_t)(realtime_ns / (int64_t)NS_PER_SECOND);
        char date[32], safe[LABEL_MAX + 1];
        struct tm tm;

        if (!localtime_r(&seconds, &tm) || strftime(date, sizeof date, "%Y%m%d-%H%M%S", &tm) == 0)
                return -EINVAL;
        make_label(label, safe);
        snprintf(to, size, "%s-%s", date, safe);
        return 0;
}

static int directory_is_empty(const char *path)
{
        _cleanup_closedir_ DIR *dir = opendir(path);

        if (!dir)
                return -errno;
        for (struct dirent *e; (e = readdir(dir));)
                if (!text_equal(e->d_name, ".") && !text_equal(e->d_name, ".."))
                        return 0;
        return 1;
}

static int make_wanted(const char *wanted, char **ret_path, Error *err)
{
        int r = directory_make(wanted, 0777);

        if (r < 0)
                return error_set_errno(err, r, "cannot make the run directory %s", wanted);
        r = directory_is_empty(wanted);
        if (r < 0)
                return error_set_errno(err, r, "cannot use %s as the run directory", wanted);
        if (r == 0)
                return error_set(err, EEXIST, "%s is not empty; a run needs a directory of its own",
                                 wanted);
        if (access(wanted, W_OK | X_OK) < 0)
                return error_set_errno(err, errno, "cannot write to %s", wanted);
        *ret_path = realpath(wanted, NULL);
        return *ret_path ? 0 : error_set_errno(err, errno, "%s", wanted);
}

static int make_in_default_place(char *id, size_t id_size, char **ret_path, Error *err)
{
        _cleanup_free_ char *runs = NULL;
        char path[PATH_MAX + 128], base[LABEL_MAX + 32];
        int r = runs_directory(&runs);

        if (r < 0)
                return error_set(err, r, "no place for runs: HOME is not set; use -o DIR or VIGIA_DIR");
        r = directory_make(runs, 0700); /* command lines and output are private */
        if (r < 0)
                return error_set_errno(err, r, "cannot make %s", runs);
        text_copy(base, sizeof base, id);
        for (unsigned n = 1; n < SAME_SECOND_MAX; n++) {
                if (n > 1)
                        snprintf(id, id_size, "%s-%u", base, n);
                snprintf(path, sizeof path, "%s/%s", runs, id);
                if (mkdir(path, 0700) == 0) {
                        *ret_path = realpath(path, NULL);
                        return *ret_path ? 0 : error_set_errno(err, errno, "%s", path);
                }
                if (errno != EEXIST)
                        return error_set_errno(err, errno, "cannot make %s", path);
        }
        return error_set(err, EEXIST, "%s: too many runs of this name", path);
}

int run_make_directory(const char *wanted, const char *label, int64_t realtime_ns, char **ret_path,
                       char **ret_id, Error *err)
{
        char id[LABEL_MAX + 64];
        _cleanup_free_ char *path = NULL;
        int r = make_id(label, realtime_ns, id, sizeof id);

        if (r < 0)
                return error_set(err, r, "the clock shows a time that has no date");
        r = wanted ? make_wanted(wanted, &path, err)
                   : make_in_default_place(id, sizeof id, &path, err);
        if (r < 0)
                return r;
        *ret_id = strdup(id);
        if (!*ret_id)
                return error_set(err, ENOMEM, "out of memory");
        *ret_path = TAKE(path);
        return 0;
}

void run_register(const char *path, char **id)
{
        _cleanup_free_ char *runs = NULL;
        char link[PATH_MAX], name[LABEL_MAX + 64];

        if (runs_directory(&runs) < 0 || directory_make(runs, 0700) < 0)
                return;
        size_t n = strlen(runs);
        if (strncmp(path, runs, n) == 0 && path[n] == '/' && text_equal(path + n + 1, *id))
                return; /* it is there itself */
        for (unsigned i = 1; i < SAME_SECOND_MAX; i++) {
                snprintf(name, sizeof name, i > 1 ? "%s-%u" : "%s", *id, i);
                if ((size_t)snprintf(link, sizeof link, "%s/%s", runs, name) >= sizeof link)
                        return;
                if (symlink(path, link) == 0)
                        break;
                if (errno != EEXIST)
                        return;
        }
        char *taken = strdup(name);
        if (taken) {
                free(*id);
                *id = taken;
        }
}

void run_unregister(const char *path, const char *id)
{
        _cleanup_free_ char *runs = NULL;
        char link[PATH_MAX], target[PATH_MAX];

        if (runs_directory(&runs) < 0 ||
            (size_t)snprintf(link, sizeof link, "%s/%s", runs, id) >= sizeof link)
                return;
        ssize_t n = readlink(link, target, sizeof target - 1);
        if (n < 0)
                return;
        target[n] = '\0';
        if (text_equal(target, path))
                (void)unlink(link);
}

/* ---- listing ---- */

/* By the start that run.json tells, since names follow the wall clock of a time zone and runs
 * of one second have no order in them; a run.json that cannot be read goes by its own age. A snapshot comes
 * before the run that it was taken of. */
static bool look_at(int dirfd, const char *name, RunsEntry *ret)
{
        RunInfo info;
        struct stat st;
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fstatat(fd, RUN_FILE, &st, 0) < 0 || !S_ISREG(st.st_mode))
                return false;
        run_info_init(&info);
        if (run_info_read(&info, fd, name, NULL) == 0)
                ret->start_ns = info.start_realtime_ns;
        else
                ret->start_ns = (int64_t)st.st_mtim.tv_sec * (int64_t)NS_PER_SECOND + st.st_mtim.tv_nsec;
        ret->early = info.snapshot_of != NULL;
        run_info_done(&info);
        return true;
}

int runs_list(char ***ret)
{
        _cleanup_free_ char *runs = NULL;
        int r = runs_directory(&runs);

        return r < 0 ? r : run_names_list(runs, look_at, ret);
}

/* ---- finding ---- */

static bool is_run(const char *path)
{
        return run_names_is_at(path, RUN_FILE);
}

static int resolve_path(const char *name, char **ret, Error *err)
{
        return run_names_resolve(name, RUN_FILE, "run", ret, err);
}

static int resolve_in(const char *runs, const char *name, char **ret, Error *err)
{
        char path[PATH_MAX];

        if ((size_t)snprintf(path, sizeof path, "%s/%s", runs, name) >= sizeof path)
                return error_set(err, ENAMETOOLONG, "%.60s…: too long for a run's id", name);
        return resolve_path(path, ret, err);
}

static int resolve_prefix(const char *runs, const char *name, char **ret, Error *err)
{
        _cleanup_(run_names_freep) char **names = NULL;
        const char *found = NULL;
        size_t total = 0;
        int r = runs_list(&names);

        if (r < 0)
                return error_set_errno(err, r, "%s", runs);
        r = run_names_find(names, name, "runs", &found, err);
        if (r < 0)
                return r;
        if (found)
                return resolve_in(runs, found, ret, err);
        while (names[total])
                total++;
        if (total == 0)
                return error_set(err, ENOENT, "no run %s: there are no runs in %s yet", name, runs);
        return error_set(err, ENOENT, "no run %s: `vigia runs` lists the %zu in %s", name, total,
                         runs);
}

int run_resolve(const char *name, char **ret_path, Error *err)
{
        _cleanup_free_ char *runs = NULL;
        char in_runs[PATH_MAX];

        bool is_path = strchr(name, '/') || text_equal(name, ".") || text_equal(name, "..");
        int r = is_path ? resolve_path(name, ret_path, err) : 0;
        /* ID/j4-1, a run of a sweep, from anywhere */
        if (is_path && r == -ENOENT && name[0] != '/' && name[0] != '.' && runs_directory(&runs) == 0 &&
            resolve_in(runs, name, ret_path, NULL) == 0)
                return 0;
        if (is_path)
                return r;
        r = runs_directory(&runs);
        if (r < 0)
                return error_set(err, r, "no place for runs: HOME is not set; give the run's path");
        if (*name && !text_equal(name, "last")) {
                snprintf(in_runs, sizeof in_runs, "%s/%s", runs, name);
                if (is_run(in_runs))
                        return resolve_in(runs, name, ret_path, err);
                if (is_run(name))
                        return resolve_path(name, ret_path, err);
        }
        return resolve_prefix(runs, name, ret_path, err);
}
