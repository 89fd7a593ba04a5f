/* systemd first, else the hierarchy that has the memory controller. */
#include "record/command-cgroup-place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

/* What the kernel says of one process: its cgroups and what is mounted. */
typedef struct View {
        char *cgroups, *mounts; /* owned, NUL-terminated */
        size_t cgroups_size, mounts_size;
} View;

static void view_done(View *view)
{
        free(view->cgroups);
        free(view->mounts);
}

static int read_text(const Host *host, const char *path, size_t max, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = host_open(host, path);
        Buffer text = {0};

        if (fd < 0)
                return fd;
        int r = file_read_all(fd, &text, max);
        if (r == 0)
                r = buffer_append_byte(&text, 0);
        if (r < 0) {
                buffer_done(&text);
                return r;
        }
        *ret = (char *)text.data;
        *ret_size = text.size - 1;
        return 0;
}

static int view_read(const Host *host, const char *process, View *ret)
{
        char path[64];

        snprintf(path, sizeof path, "proc/%s/cgroup", process);
        int r = read_text(host, path, 64 << 10, &ret->cgroups, &ret->cgroups_size);
        if (r < 0)
                return r;
        return read_text(host, "proc/self/mountinfo", CGROUP_MOUNTINFO_MAX, &ret->mounts,
                         &ret->mounts_size);
}

/* The folder and path of the process in one hierarchy. */
static int view_find(const View *view, const char *controller, CgroupMount *mount,
                     char path[CGROUP_PATH_MAX], char directory[CGROUP_PATH_MAX])
{
        int r = cgroup_parse_path(view->cgroups, view->cgroups_size, controller, path);

        if (r < 0)
                return r;
        r = cgroup_parse_mount(view->mounts, view->mounts_size, controller, mount);
        if (r < 0)
                return r;
        return cgroup_resolve(mount, path, directory);
}

/* A small file in a cgroup's folder (which is absolute, as mountinfo says). */
static ssize_t read_in(const Host *host, const char *directory, const char *name, char *buffer,
                       size_t size)
{
        char path[CGROUP_PATH_MAX + 64];

        if ((size_t)snprintf(path, sizeof path, "%s/%s", directory + 1, name) >= sizeof path)
                return -ENAMETOOLONG;
        return host_read(host, path, buffer, size);
}

static bool lists_memory(const Host *host, const char *directory, const char *name)
{
        char words[512];
        ssize_t n = read_in(host, directory, name, words, sizeof words);

        return n >= 0 && cgroup_has_word(words, (size_t)n, "memory");
}

/* The first limit set on a cgroup itself, which a sibling would escape; NULL: none. */
static const char *own_limit(const Host *host, const char *directory)
{
        static const char *const names[] = {"memory.max", "memory.high", "memory.swap.max",
                                            "pids.max", "cpu.max"};
        char value[64];

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (read_in(host, directory, names[i], value, sizeof value) > 0 &&
                    !text_starts_with(value, "max"))
                        return names[i];
        return NULL;
}

static void parent_of(const char *path, char ret[CGROUP_PATH_MAX])
{
        text_copy(ret, CGROUP_PATH_MAX, path);
        char *slash = strrchr(ret, '/');
        if (slash && slash != ret)
                *slash = '\0';
        else
                text_copy(ret, CGROUP_PATH_MAX, "/");
}

/* v2, in the machine's own root: a child of it, beside every other. */
static int place_in_root(const Host *host, CgroupPlace *place, Error *why)
{
        char type[64];

        if (read_in(host, place->home, "cgroup.type", type, sizeof type) >= 0)
                return error_set(why, EOPNOTSUPP,
                                 "the container's own cgroup holds processes, so it cannot be "
                                 "divided (cgroup v2)");
        text_copy(place->parent, sizeof place->parent, place->home);
        text_copy(place->parent_path, sizeof place->parent_path, "/");
        if (lists_memory(host, place->home, "cgroup.subtree_control"))
                return 0;
        if (!lists_memory(host, place->home, "cgroup.controllers"))
                return error_set(why, EOPNOTSUPP,
                                 "cgroup v2 has no memory controller here "
                                 "(cgroup_disable=memory?)");
        place->enable_memory = true;
        return 0;
}

static int place_v2(const Host *host, const View *view, CgroupPlace *place, Error *why)
{
        char path[CGROUP_PATH_MAX];
        CgroupMount mount;
        int r = view_find(view, NULL, &mount, path, place->home);

        if (r == -EXDEV)
                return error_set(why, EOPNOTSUPP,
                                 "the cgroup of this container is not visible inside of it");
        if (r < 0)
                return error_set(why, EOPNOTSUPP, "no cgroups are mounted here");
        if (mount.read_only)
                return error_set(why, EROFS, "%s is mounted read-only (a container?)",
                                 mount.directory);
        place->kind = CGROUP_V2;
        if (text_equal(place->home, mount.directory))
                return place_in_root(host, place, why);
        parent_of(place->home, place->parent);
        parent_of(path, place->parent_path);
        if (!lists_memory(host, place->parent, "cgroup.subtree_control"))
                return error_set(why, EOPNOTSUPP,
                                 "%s does not give the memory controller to its children",
                                 place->parent);
        const char *limit = own_limit(host, place->home);
        if (limit)
                return error_set(why, EOPNOTSUPP,
                                 "%s is set on %s; a cgroup beside it would escape that limit",
                                 limit, path);
        return 0;
}

/* v1: a child of our own cgroup, so that its limits hold. */
static int place_v1(const Host *host, const View *view, CgroupPlace *place, Error *why)
{
        char path[CGROUP_PATH_MAX], hierarchical[16];
        CgroupMount mount;
        int r = view_find(view, "memory", &mount, path, place->home);

        if (r < 0)
                return r;
        if (mount.read_only)
                return error_set(why, EROFS, "%s is mounted read-only (a container?)",
                                 mount.directory);
        if (!mount.alone)
                return error_set(why, EOPNOTSUPP,
                                 "%s has other controllers besides memory, which a cgroup of "
                                 "its own would change",
                                 mount.directory);
        if (read_in(host, place->home, "memory.use_hierarchy", hierarchical, sizeof hierarchical) >
                    0 &&
            hierarchical[0] == '0')
                return error_set(why, EOPNOTSUPP,
                                 "memory.use_hierarchy is 0 on %s: a cgroup below it would escape "
                                 "its limit",
                                 path);
        place->kind = CGROUP_V1;
        text_copy(place->parent, sizeof place->parent, place->home);
        text_copy(place->parent_path, sizeof place->parent_path, path);
        /* Only the memory hierarchy: one level more in cpuacct slows a storm of short processes by
         * 2 %, and the processes' own CPU times add up to what it would say. */
        return 0;
}

/* Whether systemd gave the cgroup to whoever runs in it (Delegate=yes). */
static bool is_delegated(const Host *host, const char *directory)
{
        _cleanup_close_ int fd = host_open(host, directory + 1);
        char value[8];

        if (fd < 0)
                return false;
        ssize_t n = fgetxattr(fd, "user.delegate", value, sizeof value);
        if (n < 0)
                n = fgetxattr(fd, "trusted.delegate", value, sizeof value);
        return n == 1 && value[0] == '1';
}

static bool is_systemd(const Host *host)
{
        _cleanup_close_ int fd = host_open(host, "run/systemd/system");

        return fd >= 0;
}

static int place_systemd(const View *view, uid_t uid, CgroupPlace *place)
{
        char path[CGROUP_PATH_MAX] = "", manager[64];

        place->kind = CGROUP_SYSTEMD;
        place->user = uid != 0;
        snprintf(manager, sizeof manager, "user@%u.service", (unsigned)uid);
        if (cgroup_parse_path(view->cgroups, view->cgroups_size, "name=systemd", path) < 0)
                cgroup_parse_path(view->cgroups, view->cgroups_size, NULL, path);
        /* In the slice we are in, whose limits go on to hold. */
        if (cgroup_parse_slice(path, place->user ? manager : NULL, place->slice) < 0)
                place->slice[0] = '\0';
        return 0;
}

int cgroup_place_find(const Host *host, uid_t uid, CgroupPlace *ret, Error *why)
{
        _cleanup_(view_done) View view = {0};
        CgroupPlace place = {0};
        int r = view_read(host, "self", &view);

        if (r < 0)
                return error_set_errno(why, r, "/proc/self/cgroup");
        bool systemd = is_systemd(host);
        r = place_v1(host, &view, &place, systemd ? NULL : why);
        if (r == -ENOENT || r == -EXDEV)
                r = place_v2(host, &view, &place, systemd ? NULL : why);
        if (systemd && (r < 0 || !is_delegated(host, place.parent))) {
                place = (CgroupPlace){0};
                r = place_systemd(&view, uid, &place);
        }
        if (r == 0)
                *ret = place;
        return r;
}

int cgroup_place_of(const Host *host, pid_t pid, CgroupPlace *ret, char memory[CGROUP_PATH_MAX],
                    char cpu[CGROUP_PATH_MAX])
{
        _cleanup_(view_done) View view = {0};
        char process[32], path[CGROUP_PATH_MAX];
        CgroupMount mount;

        snprintf(process, sizeof process, "%d", (int)pid);
        int r = view_read(host, process, &view);
        if (r < 0)
                return r;
        cpu[0] = '\0';
        if (view_find(&view, "memory", &mount, ret->parent_path, memory) == 0) {
                ret->kind = CGROUP_V1;
                if (view_find(&view, "cpuacct", &mount, path, cpu) < 0)
                        cpu[0] = '\0';
                return 0;
        }
        r = view_find(&view, NULL, &mount, ret->parent_path, memory);
        if (r == 0)
                ret->kind = CGROUP_V2;
        return r;
}
