/* getdents64(2) into the stack: no DIR, no memory. */
#include "host/proc-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

int numbers_walk(int fd, NumberFn fn, void *data)
{
        _Alignas(struct dirent64) char buffer[4096];

        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        for (;;) {
                ssize_t n = getdents64(fd, buffer, sizeof buffer);
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                for (ssize_t at = 0; at < n;) {
                        const struct dirent64 *entry = (const void *)(buffer + at);
                        at += entry->d_reclen;
                        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
                                continue;
                        int r = fn(entry->d_name, data);
                        if (r != 0)
                                return r;
                }
        }
}

static int count(const char *name, void *data)
{
        uint64_t *n = data;

        return ++*n >= PROC_FDS_MAX;
}

static const char *fds_path(char path[static 48], pid_t pid)
{
        if (pid > 0)
                snprintf(path, 48, "proc/%d/fd", (int)pid);
        else
                text_copy(path, 48, "proc/self/fd");
        return path;
}

static int open_fds(const Host *host, pid_t pid)
{
        char path[48];

        return host_open(host, fds_path(path, pid));
}

bool proc_fds_have_size(const Host *host)
{
        enum { TRIES = 8 }; /* another thread may open or close one meanwhile */

        for (int i = 0; i < TRIES; i++) {
                _cleanup_close_ int fd = open_fds(host, 0);
                uint64_t n = 0;
                struct stat st;
                if (fd < 0 || fstat(fd, &st) < 0 || numbers_walk(fd, count, &n) < 0 || n == 0 || st.st_size == 0)
                        return false;
                /* The folder's own descriptor is one of ours for both. */
                if ((uint64_t)st.st_size == n)
                        return true;
        }
        return false;
}

int proc_fds_count(const Host *host, pid_t pid, bool by_size, uint64_t *ret)
{
        char path[48];
        uint64_t n = 0;
        struct stat st;

        if (by_size) {
                int r = host_stat(host, fds_path(path, pid), &st);
                if (r < 0)
                        return proc_error(r);
                *ret = st.st_size > 0 ? (uint64_t)st.st_size : 0;
                return 0;
        }
        _cleanup_close_ int fd = open_fds(host, pid);
        if (fd < 0)
                return proc_error(fd);
        int r = numbers_walk(fd, count, &n);
        if (r < 0)
                return proc_error(r);
        *ret = pid == getpid() && n > 0 ? n - 1 : n; /* the folder's own is one of ours only while we count */
        return 0;
}

int proc_threads_open(const Host *host, pid_t pid)
{
        char path[48];

        snprintf(path, sizeof path, "proc/%d/task", (int)pid);
        return host_open(host, path);
}

int proc_thread_stat_read(int task_fd, pid_t tid, ProcStat *ret)
{
        char path[48], text[1024];

        snprintf(path, sizeof path, "%d/stat", (int)tid);
        _cleanup_close_ int fd = openat(task_fd, path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -errno : host_reread(fd, text, sizeof text);
        if (n < 0)
                return proc_error((int)n);
        return proc_stat_parse(text, (size_t)n, ret);
}
