/* A table of columns for people; numbers with tabs between; and a walk over /proc that reads no
 * file: the task folder of a process tells its owner and, by its links, its threads. */
#include "host/proc-limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "base/text-part.h"
#include "base/text.h"
#include "host/host.h"
#include "host/proc-files.h"

enum { SYSCTL_NUMBERS_MAX = 8 };

static int scan_limit(const char **at, const char *end, uint64_t *ret)
{
        static const char unlimited[] = "unlimited";
        const size_t n = sizeof unlimited - 1;

        while (*at < end && **at == ' ')
                (*at)++;
        if ((size_t)(end - *at) >= n && memcmp(*at, unlimited, n) == 0) {
                *at += n;
                *ret = LIMIT_NONE;
                return 0;
        }
        return scan_u64(at, end, ret);
}

int proc_limit_parse(const char *text, size_t size, const char *name, uint64_t *ret_soft,
                     uint64_t *ret_hard)
{
        const char *end = text + size;
        size_t n = strlen(name);

        for (TextPart line; text_next_line(&text, end, &line);) {
                uint64_t soft, hard;
                if (line.size <= n || !text_part_begins(line, name) || line.text[n] != ' ')
                        continue;
                const char *at = line.text + n, *stop = line.text + line.size;
                if (scan_limit(&at, stop, &soft) < 0 || scan_limit(&at, stop, &hard) < 0)
                        return -EBADMSG;
                if (ret_soft)
                        *ret_soft = soft;
                if (ret_hard)
                        *ret_hard = hard;
                return 0;
        }
        return -ENOENT;
}

int sysctl_parse(const char *text, size_t size, uint64_t *ret, size_t n)
{
        const char *at = text, *end = text + size;
        uint64_t numbers[SYSCTL_NUMBERS_MAX];

        if (n > SYSCTL_NUMBERS_MAX)
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                if (scan_u64(&at, end, &numbers[i]) < 0)
                        return -EBADMSG;
        memcpy(ret, numbers, n * sizeof *numbers);
        return 0;
}

int sysctl_reread(int fd, uint64_t *ret, size_t n)
{
        char text[256];
        ssize_t size = fd < 0 ? -ENOENT : host_reread(fd, text, sizeof text);

        return size < 0 ? (int)size : sysctl_parse(text, (size_t)size, ret, n);
}

/* Adds the threads of one process. 0, or -errno; one that is gone has none. */
static int count_process(int proc_fd, const char *pid, uid_t uid, uint64_t *tasks)
{
        char path[32];
        struct stat st;

        snprintf(path, sizeof path, "%.20s/task", pid);
        if (fstatat(proc_fd, path, &st, 0) < 0)
                return errno == ENOENT || errno == ESRCH ? 0 : -errno;
        if (st.st_uid == uid && st.st_nlink > 2)
                *tasks += st.st_nlink - 2;
        return 0;
}

typedef struct Walk {
        int proc_fd;
        uid_t uid;
        uint64_t tasks;
        size_t processes;
} Walk;

static int count_next(const char *pid, void *data)
{
        Walk *walk = data;

        if (++walk->processes > USER_TASKS_WALK_MAX)
                return -E2BIG;
        return count_process(walk->proc_fd, pid, walk->uid, &walk->tasks);
}

int user_tasks_count(int proc_fd, uid_t uid, uint64_t *ret_tasks, size_t *ret_processes)
{
        Walk walk = {.proc_fd = proc_fd, .uid = uid};
        int r = numbers_walk(proc_fd, count_next, &walk);

        if (r < 0)
                return r == -EACCES ? -EPERM : r;
        if (walk.processes == 0)
                return -ENODATA;
        *ret_tasks = walk.tasks;
        *ret_processes = walk.processes;
        return 0;
}
