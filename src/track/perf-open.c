/* The smallest set of attributes that works without privilege. */
#include "track/perf-open.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

struct perf_event_attr perf_attr(uint64_t config)
{
        return (struct perf_event_attr){
                .type = PERF_TYPE_SOFTWARE,
                .size = sizeof(struct perf_event_attr),
                .config = config,
                .sample_type = PERF_SAMPLE_TIME,
                .sample_id_all = 1,
                .exclude_kernel = 1,
                .exclude_hv = 1,
                .use_clockid = 1,
                .clockid = CLOCK_MONOTONIC,
                .watermark = 1,
                .wakeup_watermark = INT32_MAX,
        };
}

int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu)
{
        struct perf_event_attr copy = *attr;
        long fd = syscall(SYS_perf_event_open, &copy, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

        return fd < 0 ? -errno : (int)fd;
}

int perf_cpus_parse(const char *text, size_t size, int *cpus, size_t max)
{
        const char *p = text, *end = text + size;
        size_t n = 0;

        while (p < end && *p != '\n') {
                uint64_t first, last;
                if (scan_u64(&p, end, &first) < 0)
                        return -EBADMSG;
                last = first;
                if (p < end && *p == '-') {
                        p++;
                        if (scan_u64(&p, end, &last) < 0)
                                return -EBADMSG;
                }
                if (last < first || last > 65535)
                        return -EBADMSG;
                for (; first <= last && n < max; first++)
                        cpus[n++] = (int)first;
                if (p < end && *p == ',')
                        p++;
                else if (p < end && *p != '\n')
                        return -EBADMSG;
        }
        return n > 0 ? (int)n : -EBADMSG;
}

int perf_cpus(const Host *host, int *cpus, size_t max)
{
        char text[4096];
        ssize_t n = host_read(host, "sys/devices/system/cpu/online", text, sizeof text);
        long count = sysconf(_SC_NPROCESSORS_ONLN);

        if (n > 0)
                return perf_cpus_parse(text, (size_t)n, cpus, max);
        if (count < 1 || (size_t)count > max) /* no /sys: as good as numbered from 0 */
                return -EOPNOTSUPP;
        for (int i = 0; i < count; i++)
                cpus[i] = i;
        return (int)count;
}

static int paranoid_level(const Host *host)
{
        char text[32];
        int64_t level;
        ssize_t n = host_read(host, "proc/sys/kernel/perf_event_paranoid", text, sizeof text);

        if (n <= 0 || parse_i64(text, strcspn(text, "\n"), &level) < 0 || level < -1 || level > 9)
                return -2;
        return (int)level;
}

int perf_refused(const Host *host, int r, bool wide, Error *why)
{
        int level = paranoid_level(host), needed = wide ? 0 : 2;

        if ((r == -EACCES || r == -EPERM) && level > needed)
                return error_set(why, r,
                                 "perf: kernel.perf_event_paranoid is %d%s; as root run: "
                                 "sysctl kernel.perf_event_paranoid=%d", level,
                                 wide ? ", which hides other users' processes" : "", needed);
        if (r == -EACCES || r == -EPERM)
                return error_set(why, r,
                                 "perf: perf_event_open(2) is not permitted here (a container's "
                                 "seccomp filter or a security module); allow it there, or "
                                 "give CAP_PERFMON");
        if (r == -ENOSYS || r == -EOPNOTSUPP || r == -ENOENT || (r == -EINVAL && level == -2))
                return error_set(why, r, "perf: this kernel has no perf events "
                                         "(CONFIG_PERF_EVENTS)");
        if (r == -EMFILE)
                return error_set(why, r, "perf: too many open files; raise the limit (ulimit -n)");
        return error_set_errno(why, r, "perf: perf_event_open");
}
