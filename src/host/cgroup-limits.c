/* Two descriptors a level; whether a limit is set is looked at anew each time. */
#include "host/cgroup-limits.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/macros.h"

/* v1 writes "no limit" as the most pages a counter holds, in bytes (PAGE_COUNTER_MAX). */
#define NO_LIMIT ((uint64_t)1 << 62)

static const char *limit_file(const CgroupLimits *limits)
{
        if (limits->resource == CGROUP_PIDS)
                return "pids.max";
        return limits->path.v2 ? "memory.max" : "memory.limit_in_bytes";
}

static const char *current_file(const CgroupLimits *limits)
{
        if (limits->resource == CGROUP_PIDS)
                return "pids.current";
        return limits->path.v2 ? "memory.current" : "memory.usage_in_bytes";
}

/* Without use_hierarchy a cgroup's memory is not charged to the one above. */
bool cgroup_memory_counts(const CgroupPath *path, const Host *host, size_t level)
{
        char text[16];

        return path->v2 || cgroup_path_read(host, path, level, "memory.use_hierarchy", text, sizeof text) <= 0 ||
               text[0] != '0';
}

int cgroup_limits_open(CgroupLimits *limits, const Host *host, const char *cgroup, pid_t pid,
                       CgroupResource resource)
{
        CgroupPath path;
        int r = cgroup_path_of_scope(host, cgroup, pid,
                                     resource == CGROUP_PIDS ? "pids" : "memory", &path);

        limits->n_levels = 0;
        if (r < 0)
                return r;
        limits->path = path;
        limits->resource = resource;
        for (size_t i = 0; i < path.n_levels; i++) {
                if (i > 0 && resource == CGROUP_MEMORY && !cgroup_memory_counts(&path, host, i))
                        break;
                limits->limit_fds[i] = cgroup_path_open(host, &path, i, limit_file(limits));
                limits->current_fds[i] = cgroup_path_open(host, &path, i, current_file(limits));
                limits->n_levels++;
        }
        return 0;
}

void cgroup_limits_close(CgroupLimits *limits)
{
        for (size_t i = 0; i < limits->n_levels; i++) {
                fd_close(limits->limit_fds[i]);
                fd_close(limits->current_fds[i]);
        }
        limits->n_levels = 0;
}

static bool read_value(int fd, uint64_t *ret)
{
        char text[64];
        ssize_t n = fd < 0 ? -ENOENT : host_reread(fd, text, sizeof text);

        return n > 0 && cgroup_parse_value(text, (size_t)n, ret) == 0;
}

bool cgroup_limits_read(const CgroupLimits *limits, size_t level, CgroupLimit *ret)
{
        CgroupLimit limit = {.level = level};

        if (level >= limits->n_levels || !read_value(limits->limit_fds[level], &limit.limit) ||
            limit.limit >= NO_LIMIT || !read_value(limits->current_fds[level], &limit.current))
                return false;
        *ret = limit;
        return true;
}

static uint64_t left(const CgroupLimit *limit)
{
        return limit->limit > limit->current ? limit->limit - limit->current : 0;
}

bool cgroup_limits_tightest(const CgroupLimits *limits, CgroupLimit *ret)
{
        CgroupLimit limit;
        bool found = false;

        for (size_t i = 0; i < limits->n_levels; i++)
                if (cgroup_limits_read(limits, i, &limit) && (!found || left(&limit) < left(ret))) {
                        *ret = limit;
                        found = true;
                }
        return found;
}

uint64_t cgroup_limits_reclaimable(const CgroupLimits *limits, const Host *host, size_t level)
{
        static const char *const keys[2][2] = {{"total_inactive_file", "total_active_file"},
                                               {"inactive_file", "active_file"}};
        char text[CGROUP_FILE_MAX];
        ssize_t n = cgroup_path_read(host, &limits->path, level, "memory.stat", text, sizeof text);
        uint64_t sum = 0, value;

        for (size_t i = 0; n > 0 && i < 2; i++)
                if (cgroup_parse_key(text, (size_t)n, keys[limits->path.v2][i], &value) == 0 &&
                    __builtin_add_overflow(sum, value, &sum))
                        return 0;
        return sum;
}

static bool read_file(const CgroupLimits *limits, const Host *host, size_t level, const char *name,
                      uint64_t *ret)
{
        _cleanup_close_ int fd = cgroup_path_open(host, &limits->path, level, name);

        return read_value(fd, ret);
}

uint64_t cgroup_limits_swap_left(const CgroupLimits *limits, const Host *host,
                                 const CgroupLimit *limit)
{
        bool v2 = limits->path.v2;
        uint64_t most, used;

        if (!read_file(limits, host, limit->level,
                       v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", &most) ||
            most >= NO_LIMIT)
                return UINT64_MAX;
        if (!read_file(limits, host, limit->level,
                       v2 ? "memory.swap.current" : "memory.memsw.usage_in_bytes", &used))
                return 0;
        uint64_t more = most > used ? most - used : 0;
        /* v1 limits memory and swap together. */
        return v2 ? more : more - MIN(more, left(limit));
}
