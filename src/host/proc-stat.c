/* /proc/PID/stat and statm. The name is between the first '(' and the last ')': it may hold
 * both, blanks and newlines; what follows it is only numbers. */
#include "host/proc-text.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

/* Numbers after the state, by their place in proc(5): element 0 is field 4. */
enum {
        F_PPID = 0,
        F_PGRP = 1,
        F_SESSION = 2,
        F_FLAGS = 5,
        F_MINFLT = 6,
        F_MAJFLT = 8,
        F_UTIME = 10,
        F_STIME = 11,
        F_CUTIME = 12,
        F_CSTIME = 13,
        F_THREADS = 16,
        F_START = 18,
        F_VSIZE = 19,
        F_RSS = 20,
        F_NEEDED = 21,
        F_STACK = 24,
        F_EXIT_CODE = 48,
        F_COUNT = 49,
};

/* A field may be negative (tpgid, priority, rss of a racing process): those read as 0, for none
 * that we want is. */
static bool scan_field(const char **text, const char *end, uint64_t *ret)
{
        const char *p = *text;
        bool negative;

        while (p < end && *p == ' ')
                p++;
        negative = p < end && *p == '-';
        p += negative;
        if (p >= end || *p < '0' || *p > '9' || scan_u64(&p, end, ret) < 0)
                return false;
        if (negative)
                *ret = 0;
        *text = p;
        return true;
}

int proc_stat_parse(const char *text, size_t size, ProcStat *ret)
{
        const char *end = text + size, *p = text;
        const char *open = memchr(text, '(', size), *close = memrchr(text, ')', size);
        uint64_t pid, f[F_COUNT] = {0};
        ProcStat stat = {0};
        size_t length, n = 0;

        if (!open || !close || close < open || close + 3 > end || close[1] != ' ')
                return -EBADMSG;
        if (scan_u64(&p, end, &pid) < 0 || pid > INT32_MAX || p + 1 != open || *p != ' ')
                return -EBADMSG;
        length = MIN((size_t)(close - open - 1), sizeof stat.comm - 1);
        memcpy(stat.comm, open + 1, length);
        stat.state = close[2];
        p = close + 3;
        while (n < F_COUNT && scan_field(&p, end, &f[n]))
                n++;
        if (n < F_NEEDED || f[F_PPID] > INT32_MAX || f[F_THREADS] > INT32_MAX)
                return -EBADMSG;
        stat.pid = (pid_t)pid;
        stat.ppid = (pid_t)f[F_PPID];
        stat.pgrp = (pid_t)f[F_PGRP];
        stat.session = (pid_t)f[F_SESSION];
        stat.flags = (uint32_t)f[F_FLAGS];
        stat.minor_faults = f[F_MINFLT];
        stat.major_faults = f[F_MAJFLT];
        stat.user_ticks = f[F_UTIME];
        stat.system_ticks = f[F_STIME];
        stat.child_user_ticks = f[F_CUTIME];
        stat.child_system_ticks = f[F_CSTIME];
        stat.threads = (uint32_t)f[F_THREADS];
        stat.start_ticks = f[F_START];
        stat.vsize_bytes = f[F_VSIZE];
        stat.rss_pages = f[F_RSS];
        stat.stack_start = f[F_STACK];
        stat.wait_status = n == F_COUNT ? (int)(f[F_EXIT_CODE] & 0xffff) : 0;
        *ret = stat;
        return 0;
}

int proc_statm_parse(const char *text, size_t size, ProcStatm *ret)
{
        const char *p = text, *end = text + size;
        ProcStatm statm;

        if (!scan_field(&p, end, &statm.size) || !scan_field(&p, end, &statm.resident) ||
            !scan_field(&p, end, &statm.shared))
                return -EBADMSG;
        *ret = statm;
        return 0;
}
