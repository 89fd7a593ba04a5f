/* Hierarchies are tried in the order in which they are likely to hold every process. */
#include "host/cgroup-find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/text.h"
#include "host/cgroup-path.h"

enum {
        DEPTH_MAX = 16,
        FOLDERS_MAX = 16384, /* looked into in one search */
        PROCS_MAX = 4 << 20, /* bytes of one cgroup.procs */
};

/* NULL: v2's. */
static const char *const hierarchies[] = {NULL, "name=systemd", "memory", "pids", "cpu", "cpuset",
                                          "freezer", "devices"};

int cgroup_find_folder(const Host *host, const char *path, char ret[CGROUP_PATH_MAX])
{
        CgroupPath found;

        for (size_t i = 0; i < ARRAY_LENGTH(hierarchies); i++) {
                if (cgroup_path_at(host, path, hierarchies[i], &found) < 0 ||
                    found.v2 != !hierarchies[i])
                        continue;
                text_copy(ret, CGROUP_PATH_MAX, found.directory);
                return 0;
        }
        return -ENOENT;
}

/* ---- by name ---- */

typedef struct Search {
        const Host *host;
        const char *name;
        Nearest nearest;
        char best[CGROUP_PATH_MAX]; /* a copy of the nearest name */
        char path[CGROUP_PATH_MAX]; /* of the folder at hand, absolute */
        char found[CGROUP_PATH_MAX];
        unsigned folders, depth, deepest;
        bool again; /* there are folders deeper than this round goes */
} Search;

static bool is_named(const char *folder, const char *name)
{
        size_t n = strlen(name);

        return strncmp(folder, name, n) == 0 &&
               (folder[n] == '\0' || (!strchr(name, '.') && text_equal(folder + n, ".service")));
}

static int look_below(Search *s);

static int look_at(const char *name, void *data)
{
        Search *s = data;
        size_t used = strlen(s->path);
        Nearest nearest = s->nearest;
        int r = 0;

        if (used + strlen(name) + 2 > sizeof s->path)
                return 0;
        snprintf(s->path + used, sizeof s->path - used, "/%s", name);
        _cleanup_close_ int procs = -1;
        _cleanup_string_ String file = {0};
        string_add_format(&file, "%s/cgroup.procs", s->path + 1);
        procs = host_open(s->host, string_get(&file));
        if (procs >= 0) { /* else it is a file, or no cgroup */
                nearest_offer(&nearest, name);
                if (nearest.distance != s->nearest.distance || !s->nearest.best) {
                        s->nearest = nearest;
                        text_copy(s->best, sizeof s->best, name);
                        s->nearest.best = nearest.best ? s->best : NULL;
                }
                if (is_named(name, s->name)) {
                        text_copy(s->found, sizeof s->found, s->path);
                        r = 1;
                } else if (s->depth < s->deepest) {
                        r = look_below(s);
                } else {
                        s->again = true;
                }
        }
        s->path[used] = '\0';
        return r;
}

static int look_below(Search *s)
{
        if (++s->folders > FOLDERS_MAX)
                return 0;
        s->depth++;
        int r = host_list(s->host, s->path + 1, look_at, s);
        s->depth--;
        return r > 0 ? r : 0;
}

/* Level by level, so that the uppermost of several is found. */
static int search(const Host *host, const char *controller, const char *name, Search *s,
                  char ret[CGROUP_PATH_MAX])
{
        CgroupPath top;

        if (cgroup_path_at(host, "/", controller, &top) < 0 || top.v2 != !controller)
                return -ENOENT;
        for (s->deepest = 1; s->deepest <= DEPTH_MAX; s->deepest++) {
                s->host = host;
                s->name = name;
                s->folders = s->depth = 0;
                s->again = false;
                text_copy(s->path, sizeof s->path, top.directory);
                if (look_below(s) > 0) {
                        size_t n = strlen(top.directory);
                        text_copy(ret, CGROUP_PATH_MAX, s->found + (n > 1 ? n : 0));
                        return 0;
                }
                if (!s->again)
                        break;
        }
        return -ENOENT;
}

/* ---- by path ---- */

/* A folder of a mount: what stands behind the mount's own is the path. */
static int find_mounted(const Host *host, const char *folder, char ret[CGROUP_PATH_MAX])
{
        for (size_t i = 0; i < ARRAY_LENGTH(hierarchies); i++) {
                CgroupPath top, found;
                if (cgroup_path_at(host, "/", hierarchies[i], &top) < 0 || top.v2 != !hierarchies[i])
                        continue;
                size_t n = strlen(top.directory);
                if (strncmp(folder, top.directory, n) != 0 || (folder[n] != '/' && folder[n] != '\0'))
                        continue;
                const char *path = folder[n] ? folder + n : "/";
                if (cgroup_path_at(host, path, hierarchies[i], &found) < 0)
                        continue;
                text_copy(ret, CGROUP_PATH_MAX, path);
                return 0;
        }
        return -ENOENT;
}

static int find_path(const Host *host, const char *name, char ret[CGROUP_PATH_MAX])
{
        char path[CGROUP_PATH_MAX], folder[CGROUP_PATH_MAX];
        size_t n = strlen(name);

        if (n >= sizeof path)
                return -ENAMETOOLONG;
        while (n > 1 && name[n - 1] == '/')
                n--;
        memcpy(path, name, n);
        path[n] = '\0';
        if (strstr(path, "/../") || text_ends_with(path, "/..")) /* leads out of the hierarchy */
                return -ENOENT;
        if (find_mounted(host, path, ret) == 0)
                return 0;
        if (cgroup_find_folder(host, path, folder) < 0)
                return -ENOENT;
        text_copy(ret, CGROUP_PATH_MAX, path);
        return 0;
}

int cgroup_find(const Host *host, const char *name, char ret[CGROUP_PATH_MAX], Error *err)
{
        _cleanup_free_ Search *s = calloc(1, sizeof *s);
        char hint[NEAREST_HINT_MAX];

        if (!s)
                return error_set(err, ENOMEM, "out of memory");
        if (name[0] == '/')
                return find_path(host, name, ret) == 0
                               ? 0
                               : error_set(err, ENOENT, "there is no such cgroup");
        if (strchr(name, '/')) {
                char path[CGROUP_PATH_MAX];
                if ((size_t)snprintf(path, sizeof path, "/%s", name) < sizeof path &&
                    find_path(host, path, ret) == 0)
                        return 0;
        }
        s->nearest = nearest_to(name);
        for (size_t i = 0; *name && i < ARRAY_LENGTH(hierarchies); i++)
                if (search(host, hierarchies[i], name, s, ret) == 0)
                        return 0;
        return error_set(err, ENOENT, "there is no cgroup or unit of that name%s",
                         nearest_hint(&s->nearest, "", hint));
}

/* ---- processes ---- */

typedef struct Walk {
        const Host *host;
        int (*fn)(pid_t pid, void *data);
        void *data;
        char path[CGROUP_PATH_MAX];
        unsigned folders, depth;
} Walk;

static int walk_folder(Walk *w);

static int walk_name(const char *name, void *data)
{
        Walk *w = data;
        size_t used = strlen(w->path);
        int r = 0;

        if (w->depth >= DEPTH_MAX || w->folders >= FOLDERS_MAX ||
            used + strlen(name) + 2 > sizeof w->path)
                return 0;
        snprintf(w->path + used, sizeof w->path - used, "/%s", name);
        r = walk_folder(w);
        w->path[used] = '\0';
        return r > 0 ? r : 0;
}

/* -ENOENT, -ENOTDIR: no cgroup. */
static int walk_folder(Walk *w)
{
        _cleanup_(buffer_done) Buffer text = {0};
        _cleanup_string_ String file = {0};
        pid_t pid;

        string_add_format(&file, "%s/cgroup.procs", w->path + 1);
        _cleanup_close_ int fd = host_open(w->host, string_get(&file));
        if (fd < 0)
                return fd;
        w->folders++;
        int r = file_read_all(fd, &text, PROCS_MAX);
        if (r < 0)
                return r == -EFBIG || r == -EOPNOTSUPP ? 0 : r; /* a threaded cgroup has none */
        const char *at = (const char *)text.data, *end = at + text.size;
        while (at && r == 0 && cgroup_next_pid(&at, end, &pid) == 0)
                r = w->fn(pid, w->data);
        if (r != 0)
                return r;
        w->depth++;
        r = host_list(w->host, w->path + 1, walk_name, w);
        w->depth--;
        return r > 0 ? r : 0;
}

int cgroup_walk_pids(const Host *host, const char *folder, int (*fn)(pid_t pid, void *data),
                     void *data)
{
        Walk w = {.host = host, .fn = fn, .data = data};

        if (!text_copy(w.path, sizeof w.path, folder))
                return -ENAMETOOLONG;
        int r = walk_folder(&w);
        return r == -ENODEV || r == -ENOTDIR ? -ENOENT : r;
}
