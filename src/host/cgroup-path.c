/* The folder of the cgroup is found as the texts say; its parents by cutting that off behind
 * the slashes, down to where the hierarchy is mounted. */
#include "host/cgroup-path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

enum { PROC_CGROUP_MAX = 64 << 10 };

static int read_text(const Host *host, const char *path, size_t max, Buffer *ret)
{
        _cleanup_close_ int fd = host_open(host, path);

        return fd < 0 ? fd : file_read_all(fd, ret, max);
}

/* Which hierarchy a controller is in: v1's where there is one, else (controller NULL) v2's. */
static int find_mount(const char *mounts, size_t size, const char **controller, CgroupMount *ret)
{
        if (*controller && cgroup_parse_mount(mounts, size, *controller, ret) == 0)
                return 0;
        *controller = NULL;
        return cgroup_parse_mount(mounts, size, NULL, ret);
}

static int place(const CgroupMount *mount, const char *controller, const char *path,
                 CgroupPath *ret)
{
        CgroupPath found = {.v2 = !controller, .read_only = mount->read_only};
        int r = cgroup_resolve(mount, path, found.directory);

        if (r < 0)
                return r;
        text_copy(found.path, sizeof found.path, path);
        size_t top = strlen(mount->directory);
        found.n_levels = 1;
        for (size_t i = top; found.directory[i] && found.n_levels < CGROUP_LEVELS_MAX; i++)
                found.n_levels += found.directory[i] == '/' && found.directory[i + 1] != '/' &&
                                  found.directory[i + 1] != '\0';
        *ret = found;
        return 0;
}

int cgroup_path_find(const Host *host, pid_t pid, const char *controller, CgroupPath *ret)
{
        Buffer cgroups = {0}, mounts = {0};
        char name[48] = "proc/self/cgroup", path[CGROUP_PATH_MAX];
        CgroupMount mount;

        if (pid > 0)
                snprintf(name, sizeof name, "proc/%d/cgroup", (int)pid);
        int r = read_text(host, name, PROC_CGROUP_MAX, &cgroups);
        if (r == 0)
                r = read_text(host, "proc/self/mountinfo", CGROUP_MOUNTINFO_MAX, &mounts);
        if (r == 0)
                r = find_mount((const char *)mounts.data, mounts.size, &controller, &mount);
        if (r == 0)
                r = cgroup_parse_path((const char *)cgroups.data, cgroups.size, controller, path);
        if (r == 0)
                r = place(&mount, controller, path, ret);
        buffer_done(&cgroups);
        buffer_done(&mounts);
        return r;
}

int cgroup_path_at(const Host *host, const char *path, const char *controller, CgroupPath *ret)
{
        Buffer mounts = {0};
        CgroupMount mount;
        CgroupPath found;
        int r = read_text(host, "proc/self/mountinfo", CGROUP_MOUNTINFO_MAX, &mounts);

        if (r == 0)
                r = find_mount((const char *)mounts.data, mounts.size, &controller, &mount);
        buffer_done(&mounts);
        if (r == 0)
                r = place(&mount, controller, path, &found);
        if (r < 0)
                return r;
        _cleanup_close_ int fd = host_open(host, found.directory + 1);
        if (fd < 0)
                return fd;
        *ret = found;
        return 0;
}

int cgroup_path_of_scope(const Host *host, const char *cgroup, pid_t pid, const char *controller,
                         CgroupPath *ret)
{
        int r = -ENOENT;

        if (cgroup)
                r = cgroup_path_at(host, cgroup, controller, ret);
        if (r < 0 && pid > 0)
                r = cgroup_path_find(host, pid, controller, ret);
        if (r < 0)
                r = cgroup_path_find(host, 0, controller, ret);
        return r;
}

/* How much of a path is left `level` components further up; never the leading slash. */
static size_t cut(const char *path, size_t level)
{
        size_t n = strlen(path);

        while (n > 1 && path[n - 1] == '/')
                n--;
        for (; level > 0 && n > 1; level--) {
                while (n > 1 && path[n - 1] != '/')
                        n--;
                while (n > 1 && path[n - 1] == '/')
                        n--;
        }
        return n;
}

const char *cgroup_path_level(const CgroupPath *path, size_t level, char ret[CGROUP_PATH_MAX])
{
        size_t n = cut(path->path, level);

        memcpy(ret, path->path, n);
        ret[n] = '\0';
        return ret;
}

int cgroup_path_open(const Host *host, const CgroupPath *path, size_t level, const char *file)
{
        char name[CGROUP_PATH_MAX + 64];
        size_t n = cut(path->directory, level);

        if (level >= path->n_levels)
                return -ENOENT;
        if ((size_t)snprintf(name, sizeof name, "%.*s/%s", (int)n - 1, path->directory + 1, file) >=
            sizeof name)
                return -ENAMETOOLONG;
        return host_open(host, name);
}

ssize_t cgroup_path_read(const Host *host, const CgroupPath *path, size_t level, const char *file,
                         char *buffer, size_t size)
{
        _cleanup_close_ int fd = cgroup_path_open(host, path, level, file);

        return fd < 0 ? fd : host_reread(fd, buffer, size);
}
