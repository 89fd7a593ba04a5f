/* Events of the tasks, inherited, or of the CPUs; one ring a CPU for either. */
#include "track/perf-source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
        CPUS_MAX = 4096,
        WIDE_FROM_CPUS = 9, /* from here events of the CPUs are worth the foreign records */
};

static struct perf_event_attr lifecycle_attr(const PerfSource *s)
{
        struct perf_event_attr attr = perf_attr(PERF_COUNT_SW_DUMMY);

        attr.task = attr.comm = attr.comm_exec = 1;
        attr.inherit = !s->wide;
        attr.read_format = s->tells_lost ? PERF_FORMAT_LOST : 0;
        return attr;
}

/* Two MB of rings in all where there are few CPUs, at least 64 KB each. */
static size_t ring_pages(size_t n_cpus)
{
        size_t pages = 64;

        while (pages > 16 && pages * n_cpus > 1024)
                pages /= 2;
        return pages;
}

static int open_cpu(PerfSource *s, PerfCpu *cpu)
{
        struct perf_event_attr attr = s->wide ? lifecycle_attr(s) : perf_attr(PERF_COUNT_SW_DUMMY);
        int r;

        cpu->fd = perf_open(&attr, s->wide ? -1 : 0, cpu->cpu);
        if (cpu->fd == -EINVAL && attr.read_format) {
                s->tells_lost = false;
                attr.read_format = 0;
                cpu->fd = perf_open(&attr, s->wide ? -1 : 0, cpu->cpu);
        }
        if (cpu->fd < 0) {
                r = cpu->fd;
                cpu->fd = -1;
                return r;
        }
        r = perf_ring_map(&cpu->ring, cpu->fd, ring_pages(s->n_cpus));
        return r == -EPERM ? -ENOBUFS : r;
}

static int open_cpus(PerfSource *s, Error *why)
{
        for (size_t i = 0; i < s->n_cpus; i++) {
                int r = open_cpu(s, &s->cpus[i]);
                if (r == -ENODEV) /* went offline meanwhile */
                        continue;
                if (r == -ENOBUFS)
                        return error_set(why, EPERM,
                                         "perf: no locked memory left for its buffers; as root "
                                         "run: sysctl kernel.perf_event_mlock_kb=1024");
                if (r < 0)
                        return perf_refused(s->host, r, s->wide, why);
        }
        return 0;
}

static void close_cpus(PerfSource *s)
{
        for (size_t i = 0; i < s->n_cpus; i++) {
                perf_ring_unmap(&s->cpus[i].ring);
                s->cpus[i].fd = fd_close(s->cpus[i].fd);
        }
}

static int find_cpus(PerfSource *s)
{
        int cpus[CPUS_MAX];
        int n = perf_cpus(s->host, cpus, CPUS_MAX);

        if (n < 0)
                return n;
        s->cpus = calloc((size_t)n, sizeof *s->cpus);
        if (!s->cpus)
                return -ENOMEM;
        s->n_cpus = (size_t)n;
        for (int i = 0; i < n; i++)
                s->cpus[i] = (PerfCpu){.cpu = cpus[i], .fd = -1};
        return 0;
}

static size_t fd_limit(void)
{
        struct rlimit limit;

        return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 256 : (size_t)MIN(limit.rlim_cur, 65536u) / 2;
}

int perf_events_follow(PerfSource *s, pid_t tid, Error *err)
{
        struct perf_event_attr attr = lifecycle_attr(s);

        if (s->n_fds + s->n_cpus > s->fds_max)
                return perf_refused(s->host, -EMFILE, false, err);
        for (size_t i = 0; i < s->n_cpus; i++) {
                if (s->cpus[i].fd < 0)
                        continue;
                int fd = perf_open(&attr, tid, s->cpus[i].cpu);
                if (fd == -EINVAL && attr.read_format) {
                        s->tells_lost = false;
                        attr.read_format = 0;
                        fd = perf_open(&attr, tid, s->cpus[i].cpu);
                }
                if (fd < 0)
                        return fd == -ESRCH ? fd : perf_refused(s->host, fd, false, err);
                s->fds[s->n_fds++] = fd;
                if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, s->cpus[i].fd) < 0)
                        return error_set_errno(err, errno, "perf: PERF_EVENT_IOC_SET_OUTPUT");
        }
        return 0;
}

int perf_events_open(PerfSource *s, bool everything, Error *why)
{
        int r = find_cpus(s);

        if (r < 0)
                return error_set_errno(why, r, "perf: the list of CPUs");
        s->tells_lost = true;
        s->fds_max = fd_limit();
        s->fds = calloc(s->fds_max, sizeof *s->fds);
        if (!s->fds)
                return error_set_errno(why, ENOMEM, "perf");
        s->wide = everything || s->n_cpus >= WIDE_FROM_CPUS;
        r = open_cpus(s, why);
        if (r < 0 && s->wide && !everything) {
                close_cpus(s);
                s->wide = false;
                r = open_cpus(s, why);
        }
        return r;
}

uint64_t perf_events_lost(const PerfSource *s)
{
        uint64_t lost = 0, value[2];

        for (size_t i = 0; s->tells_lost && i < s->n_fds; i++)
                if (read(s->fds[i], value, sizeof value) == sizeof value)
                        lost += value[1];
        for (size_t i = 0; s->tells_lost && s->wide && i < s->n_cpus; i++)
                if (read(s->cpus[i].fd, value, sizeof value) == sizeof value)
                        lost += value[1];
        return lost;
}

void perf_events_close(PerfSource *s)
{
        for (size_t i = 0; i < s->n_fds; i++)
                fd_close(s->fds[i]);
        close_cpus(s);
        free(s->fds);
        free(s->cpus);
        s->fds = NULL;
        s->cpus = NULL;
        s->n_fds = s->n_cpus = 0;
}
