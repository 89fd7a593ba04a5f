/* The cgroup of the run: what the kernel charges to it, what it may use and what was refused. One
 * list of files for v1 and v2 says which fills which column; descriptors are kept, and found again
 * when the cgroup was removed and made anew (a service that restarts). */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/cgroup-io.h"
#include "host/cgroup-path.h"
#include "host/disk-stats.h"
#include "host/pressure-text.h"
#include "monitor/cgroup-columns.h"
#include "monitor/cgroup-places.h"
#include "monitor/monitor.h"

enum { DEVICES_MAX = 64 };

/* The same limit in a cgroup and those above it. */
typedef struct LimitChain {
        int fds[CGROUP_LEVELS_MAX];
        size_t n;
} LimitChain;

/* Whether a device's I/O is counted at others too, asked once. */
typedef struct Device {
        uint32_t major, minor;
        bool stacked;
} Device;

typedef struct CgroupState {
        const Host *host;
        const MonitorContext *context;
        CgroupPlaces places;
        bool awaited; /* nobody is attached to yet who would say which cgroup it is */
        int fds[CGROUP_FILES];
        LimitChain memory, tasks;
        Device devices[DEVICES_MAX];
        size_t n_devices;
        size_t n_open;
        bool gone; /* a descriptor said that its cgroup is no more */
        uint64_t values[N_CGROUP_VALUES];
        bool known[N_CGROUP_VALUES];
        char text[CGROUP_FILE_MAX];
} CgroupState;

static void chain_open(CgroupState *s, const char *controller, const char *name, LimitChain *chain)
{
        const CgroupPlace *place = cgroup_places_of(&s->places, controller);

        chain->n = 0;
        for (size_t i = place->level; place->seen && i < place->path.n_levels; i++) {
                int fd = cgroup_path_open(s->host, &place->path, i, name);
                if (fd >= 0)
                        chain->fds[chain->n++] = fd;
        }
}

static void chain_close(LimitChain *chain)
{
        while (chain->n > 0)
                fd_close(chain->fds[--chain->n]);
}

static void files_close(CgroupState *s)
{
        for (size_t i = 0; i < CGROUP_FILES; i++)
                s->fds[i] = fd_close(s->fds[i]);
        chain_close(&s->memory);
        chain_close(&s->tasks);
}

/* False: none could be. */
static bool files_open(CgroupState *s)
{
        s->n_open = 0;
        for (size_t i = 0; i < CGROUP_FILES; i++) {
                const CgroupFile *file = &cgroup_files[i];
                const CgroupPlace *place = cgroup_places_of(&s->places, file->controller);
                s->fds[i] = -1;
                if (!place->seen || place->path.v2 == file->v1)
                        continue;
                s->fds[i] = cgroup_path_open(s->host, &place->path, place->level, file->name);
                s->n_open += s->fds[i] >= 0;
        }
        if (cgroup_places_of(&s->places, "memory")->path.v2)
                chain_open(s, "memory", "memory.max", &s->memory);
        chain_open(s, "pids", "pids.max", &s->tasks);
        return s->n_open > 0;
}

static int look_up(CgroupState *s, Error *err)
{
        const char *wanted = cgroup_places_wanted(s->context);

        s->awaited = true;
        if (cgroup_places_awaited(s->context))
                return 0;
        if (!cgroup_places_find(&s->places, s->context))
                return error_set(err, ENOENT, "no cgroup %s is to be seen here",
                                 wanted ? wanted : "of ours");
        if (!files_open(s)) {
                files_close(s);
                return error_set(err, ENOENT, "%s has no figures: no controller is on there", s->places.path);
        }
        s->awaited = false;
        return 0;
}

static int cgroup_start(void *state, const MonitorContext *context, Error *err)
{
        CgroupState *s = state;

        s->host = context->host;
        s->context = context;
        for (size_t i = 0; i < CGROUP_FILES; i++)
                s->fds[i] = -1;
        return look_up(s, err);
}

static int cgroup_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_free_ CgroupState *s = calloc(1, sizeof *s);

        if (!s)
                return error_set(why, ENOMEM, "out of memory");
        int r = cgroup_start(s, context, why);
        if (r == 0)
                files_close(s);
        return r == -ENOMEM ? r : r < 0 ? -EOPNOTSUPP : 0;
}

/* More than any machine has: v1's word for no limit is such a number. */
#define NO_LIMIT (1ull << 62)

static void set_value(CgroupState *s, size_t target, uint64_t value)
{
        if (value < NO_LIMIT) {
                s->values[target] = value;
                s->known[target] = true;
        }
}

static void add_key(size_t target, uint64_t value, void *data)
{
        CgroupState *s = data;

        set_value(s, target, (s->known[target] ? s->values[target] : 0) + value);
}

static bool is_stacked(CgroupState *s, uint32_t major, uint32_t minor)
{
        for (size_t i = 0; i < s->n_devices; i++)
                if (s->devices[i].major == major && s->devices[i].minor == minor)
                        return s->devices[i].stacked;
        bool stacked = disk_is_stacked(s->host, major, minor);
        if (s->n_devices < DEVICES_MAX)
                s->devices[s->n_devices++] = (Device){major, minor, stacked};
        return stacked;
}

/* A request to a stacked device is counted there and once more where it ends. */
static void sum_io(CgroupState *s, const char *text, size_t size)
{
        uint64_t sums[4] = {0};
        CgroupIo io;

        for (const char *at = text; cgroup_io_next(&at, text + size, &io);) {
                if (is_stacked(s, io.major, io.minor))
                        continue;
                sums[0] += io.read_bytes;
                sums[1] += io.write_bytes;
                sums[2] += io.reads;
                sums[3] += io.writes;
        }
        for (size_t i = 0; i < ARRAY_LENGTH(sums); i++)
                set_value(s, CGROUP_READ_BYTES + i, sums[i]);
}

static void sum_blkio(CgroupState *s, const char *text, size_t size, size_t first)
{
        uint64_t sums[2] = {0};
        CgroupBlkio line;
        bool any = false;

        for (const char *at = text; cgroup_blkio_next(&at, text + size, &line);) {
                if (line.kind > BLKIO_WRITE || is_stacked(s, line.major, line.minor))
                        continue;
                sums[line.kind] += line.value;
                any = true;
        }
        if (!any) /* so it looks in the root cgroup, too, where the kernel does not count */
                return;
        set_value(s, first + BLKIO_READ, sums[BLKIO_READ]);
        set_value(s, first + BLKIO_WRITE, sums[BLKIO_WRITE]);
}

/* "50000 100000", or "max 100000": only the period is then of use. */
static void read_cpu_max(CgroupState *s, const char *text, size_t size)
{
        const char *at = text, *end = text + size;
        uint64_t quota, period;

        if (scan_u64(&at, end, &quota) == 0 && scan_u64(&at, end, &period) == 0) {
                set_value(s, CGROUP_QUOTA_US, quota);
                set_value(s, CGROUP_PERIOD_US, period);
        }
}

static void read_pressure(CgroupState *s, const char *text, size_t size, size_t some)
{
        Pressure pressure;

        if (pressure_parse(text, size, &pressure) < 0)
                return;
        if (pressure.some.known)
                set_value(s, some, pressure.some.total_us);
        if (pressure.full.known)
                set_value(s, some + 1, pressure.full.total_us);
}

static void read_file(CgroupState *s, const CgroupFile *file, const char *text, size_t size)
{
        uint64_t value;

        switch (file->kind) {
        case CGROUP_VALUE:
        case CGROUP_VALUE_NS:
                if (cgroup_parse_value(text, size, &value) == 0)
                        set_value(s, file->target, file->kind == CGROUP_VALUE ? value : value / 1000);
                break;
        case CGROUP_KEYS:
                key_lines_read(text, size, file->lines, file->n_lines, add_key, s);
                break;
        case CGROUP_CPU_MAX:
                read_cpu_max(s, text, size);
                break;
        case CGROUP_IO_STAT:
                sum_io(s, text, size);
                break;
        case CGROUP_PRESSURE:
                read_pressure(s, text, size, file->target);
                break;
        case CGROUP_BLKIO_BYTES:
                sum_blkio(s, text, size, CGROUP_READ_BYTES);
                break;
        case CGROUP_BLKIO_COUNTS:
                sum_blkio(s, text, size, CGROUP_READS);
                break;
        }
}

static ssize_t reread(CgroupState *s, int fd)
{
        ssize_t n = host_reread(fd, s->text, sizeof s->text);

        if (n == -ENODEV) /* kernfs: the cgroup was removed */
                s->gone = true;
        return n;
}

static void read_chain(CgroupState *s, const LimitChain *chain, size_t target)
{
        uint64_t least = UINT64_MAX, value;

        for (size_t i = 0; i < chain->n; i++) {
                ssize_t n = reread(s, chain->fds[i]);
                if (n > 0 && cgroup_parse_value(s->text, (size_t)n, &value) == 0)
                        least = MIN(least, value);
        }
        set_value(s, target, least);
}

/* What is no file's own word. */
static void derive(CgroupState *s)
{
        if (s->known[CGROUP_THROTTLED_NS])
                set_value(s, CGROUP_CPU_THROTTLED_US, s->values[CGROUP_THROTTLED_NS] / 1000);
        if (s->known[CGROUP_HIERARCHY_LIMIT_BYTES])
                set_value(s, CGROUP_MEMORY_LIMIT_BYTES, s->values[CGROUP_HIERARCHY_LIMIT_BYTES]);
}

static void read_all(CgroupState *s)
{
        s->gone = false;
        memset(s->known, 0, sizeof s->known);
        for (size_t i = 0; i < CGROUP_FILES; i++) {
                ssize_t n = s->fds[i] < 0 ? -EBADF : reread(s, s->fds[i]);
                if (n >= 0)
                        read_file(s, &cgroup_files[i], s->text, (size_t)n);
        }
        read_chain(s, &s->memory, CGROUP_MEMORY_LIMIT_BYTES);
        read_chain(s, &s->tasks, CGROUP_TASKS_LIMIT);
        derive(s);
}

static int cgroup_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        CgroupState *s = state;
        int r = s->awaited ? look_up(s, err) : 0;

        if (r < 0 || s->awaited)
                return r;
        read_all(s);
        if (s->gone || s->n_open == 0) {
                files_close(s);
                if (!files_open(s))
                        return error_set(err, ENOENT, "the cgroup %s is gone", s->places.path);
                read_all(s);
        }
        r = monitor_row(rows, tick);
        if (r < 0)
                return r;
        batch_set_textz(rows, CGROUP_PATH, s->places.path);
        for (size_t i = CGROUP_PATH + 1; i < N_CGROUP_COLUMNS; i++)
                if (s->known[i])
                        batch_set_u64(rows, i, s->values[i]);
        if (s->known[CGROUP_QUOTA_US] && s->known[CGROUP_PERIOD_US] &&
            s->values[CGROUP_PERIOD_US] > 0)
                batch_set_f64(rows, CGROUP_CPU_LIMIT_RATIO,
                              (double)s->values[CGROUP_QUOTA_US] /
                                      (double)s->values[CGROUP_PERIOD_US]);
        return 0;
}

static void cgroup_stop(void *state)
{
        files_close(state);
}

static const MonitorKey cgroup_keys[] = {
        {"path", MONITOR_KEY_TEXTS, "the cgroup to watch instead of the run's own"},
        {NULL, 0, NULL},
};

const Monitor monitor_cgroup = {
        .name = "cgroup",
        .what = "the run's cgroup: memory, limits, CPU, I/O, tasks",
        .schema = &cgroup_schema,
        .interval_us = 250000,
        .state_size = sizeof(CgroupState),
        .keys = cgroup_keys,
        .probe = cgroup_probe,
        .start = cgroup_start,
        .sample = cgroup_sample,
        .stop = cgroup_stop,
};
