/* Counting events of the command's tree; the idea is told in the header. */
#include "track/perf-count.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "track/perf-open.h"

enum {
        RING_PAGES = 128,
        GIVE_UP = 16,      /* ended processes without a single record: this kernel writes none */
        READ_BYTES = 40,   /* header, pid, tid, value, id, time */
        LOST_BYTES = 32,   /* header, id, lost, time */
        SUMS_MAX = 262144, /* processes told of and not yet known to have ended */
};

/* Longer than the writing of a record takes. */
#define STUCK_NS NS_PER_MS

typedef struct Sum {
        uint64_t time_ns;
        uint64_t values[PERF_KINDS];
        uint32_t told[PERF_KINDS];
} Sum;

static const uint64_t kind_configs[PERF_KINDS] = {
        [PERF_CPU] = PERF_COUNT_SW_TASK_CLOCK,
        [PERF_MINOR] = PERF_COUNT_SW_PAGE_FAULTS_MIN,
        [PERF_MAJOR] = PERF_COUNT_SW_PAGE_FAULTS_MAJ,
        [PERF_SWITCHES] = PERF_COUNT_SW_CONTEXT_SWITCHES,
};

void perf_count_init(PerfCount *count)
{
        *count = (PerfCount){0};
        for (size_t i = 0; i < PERF_KINDS; i++)
                count->own_fds[i] = count->inherited_fds[i] = -1;
}

static bool drop_any(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

void perf_count_done(PerfCount *count)
{
        perf_ring_unmap(&count->ring);
        for (size_t i = 0; i < PERF_KINDS; i++) {
                fd_close(count->own_fds[i]);
                fd_close(count->inherited_fds[i]);
        }
        if (count->sums)
                map_remove_if(count->sums, drop_any, NULL);
        map_free(count->sums);
        perf_count_init(count);
}

static int open_kind(PerfCount *count, PerfKind kind, bool kernel)
{
        struct perf_event_attr attr = perf_attr(kind_configs[kind]);
        int own, inherited;

        attr.exclude_kernel = !kernel;
        attr.read_format = 0;
        own = perf_open(&attr, count->root, -1);
        if (own < 0)
                return own;
        attr.inherit = attr.inherit_stat = 1;
        attr.read_format = PERF_FORMAT_ID;
        inherited = perf_open(&attr, count->root, -1);
        if (inherited < 0) {
                fd_close(own);
                return inherited;
        }
        count->own_fds[kind] = own;
        count->inherited_fds[kind] = inherited;
        return ioctl(inherited, PERF_EVENT_IOC_ID, &count->ids[kind]) < 0 ? -errno : 0;
}

static int connect_ring(PerfCount *count)
{
        int r = perf_ring_map(&count->ring, count->own_fds[PERF_CPU], RING_PAGES);

        for (size_t i = 0; r == 0 && i < count->kinds; i++)
                if (ioctl(count->inherited_fds[i], PERF_EVENT_IOC_SET_OUTPUT,
                          count->own_fds[PERF_CPU]) < 0)
                        r = -errno;
        return r;
}

int perf_count_start(PerfCount *count, pid_t root)
{
        int r = map_new(&count->sums);

        count->root = root;
        count->kinds = 0;
        if (r == 0)
                r = open_kind(count, PERF_CPU, false);
        if (r == 0)
                count->kinds = 1;
        for (int kind = PERF_MINOR; r == 0 && kind < PERF_KINDS; kind++) {
                if (open_kind(count, (PerfKind)kind, true) < 0)
                        break;
                count->kinds++;
        }
        if (r == 0)
                r = connect_ring(count);
        if (r < 0)
                perf_count_done(count);
        else
                count->on = true;
        return r;
}

static void add_record(PerfCount *count, const PerfRecord *record)
{
        Sum *sum = map_get(count->sums, (uint64_t)record->pid);
        size_t kind = 0;

        while (kind < count->kinds && count->ids[kind] != record->id)
                kind++;
        if (kind == count->kinds || record->pid <= 0)
                return;
        if (!sum) {
                if (map_size(count->sums) >= SUMS_MAX)
                        return;
                sum = calloc(1, sizeof *sum);
                if (!sum || map_put(count->sums, (uint64_t)record->pid, sum) < 0) {
                        free(sum);
                        return;
                }
        }
        sum->time_ns = record->time_ns;
        sum->values[kind] += record->value;
        sum->told[kind]++;
        count->records++;
}

static void take_records(PerfCount *count)
{
        const PerfRecord *record;

        while ((record = perf_ring_next(&count->ring))) {
                if (record->type == PERF_RECORD_READ)
                        add_record(count, record);
                perf_ring_take(&count->ring);
        }
}

static bool is_stuck(PerfCount *count, uint64_t head)
{
        uint64_t now = clock_monotonic_ns();

        if (count->stuck_ns == 0 || count->stuck_at != head) {
                count->stuck_at = head;
                count->stuck_ns = now;
        } else if (now >= count->stuck_ns + STUCK_NS) {
                count->stuck = true;
        }
        return count->stuck;
}

static bool reach(PerfRing *ring)
{
        return perf_ring_reach(ring, PERF_RECORD_READ, READ_BYTES) ||
               perf_ring_reach(ring, PERF_RECORD_LOST, LOST_BYTES);
}

void perf_count_drain(PerfCount *count)
{
        PerfRing *ring = &count->ring;
        uint64_t head;

        if (!count->on)
                return;
        perf_ring_look(ring);
        take_records(count);
        head = ring->head;
        if (reach(ring)) {
                if (is_stuck(count, head)) {
                        while (reach(ring))
                                ;
                        take_records(count);
                } else {
                        ring->head = head;
                }
        }
        perf_ring_release(ring);
}

void perf_count_fork(PerfCount *count, pid_t pid, uint64_t time_ns)
{
        Sum *sum = count->on ? map_get(count->sums, (uint64_t)pid) : NULL;

        if (sum && sum->time_ns < time_ns)
                free(map_remove(count->sums, (uint64_t)pid));
}

bool perf_count_complete(const PerfCount *count, pid_t pid, uint32_t tasks)
{
        const Sum *sum = map_get(count->sums, (uint64_t)pid);

        tasks -= pid == count->root && tasks > 0;
        for (size_t i = 0; i < count->kinds; i++)
                if ((sum ? sum->told[i] : 0) < tasks)
                        return false;
        return true;
}

/* The first process has the original events, which are read, not told. */
static void add_own(const PerfCount *count, Sum *sum)
{
        for (size_t i = 0; i < count->kinds; i++) {
                uint64_t value;
                if (read(count->own_fds[i], &value, sizeof value) == sizeof value)
                        sum->values[i] += value;
        }
}

void perf_count_take(PerfCount *count, pid_t pid, uint32_t tasks, TrackFigures *ret)
{
        Sum sum = {0}, *told;

        if (!count->on)
                return;
        if (!perf_count_complete(count, pid, tasks)) {
                count->missing++;
                if (count->records == 0 && count->missing >= GIVE_UP)
                        count->on = false;
                free(map_remove(count->sums, (uint64_t)pid));
                return;
        }
        told = map_remove(count->sums, (uint64_t)pid);
        if (told)
                sum = *told;
        free(told);
        if (pid == count->root)
                add_own(count, &sum);
        ret->cpu_ns = sum.values[PERF_CPU];
        if (count->kinds == PERF_KINDS) {
                ret->minor_faults = sum.values[PERF_MINOR];
                ret->major_faults = sum.values[PERF_MAJOR];
        }
}
