/* Readers of /proc/PID that open, read once and close. */
#include "host/proc-identity.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { PATH_SIZE = 64 };

int proc_error(int r)
{
        /* ENOENT from open, ESRCH from read or from a directory whose process was reaped. */
        return r == -ENOENT || r == -ESRCH ? PROC_GONE : r;
}

static const char *proc_path(char path[PATH_SIZE], pid_t pid, const char *name)
{
        snprintf(path, PATH_SIZE, "proc/%d/%s", (int)pid, name);
        return path;
}

int proc_file_read(const Host *host, pid_t pid, const char *name, char *buffer, size_t size,
                   size_t *ret)
{
        char path[PATH_SIZE];
        ssize_t n = host_read(host, proc_path(path, pid, name), buffer, size);

        if (n < 0)
                return proc_error((int)n);
        *ret = (size_t)n;
        return 0;
}

int proc_stat_read(const Host *host, pid_t pid, ProcStat *ret)
{
        char text[1024];
        size_t size;
        int r = proc_file_read(host, pid, "stat", text, sizeof text, &size);

        return r ? r : proc_stat_parse(text, size, ret);
}

int proc_status_read(const Host *host, pid_t pid, ProcStatus *ret)
{
        char text[8192]; /* the lists of groups, CPUs and memory nodes can be long */
        size_t size;
        int r = proc_file_read(host, pid, "status", text, sizeof text, &size);

        return r ? r : proc_status_parse(text, size, ret);
}

int proc_io_read(const Host *host, pid_t pid, ProcIo *ret)
{
        char text[512];
        size_t size;
        int r = proc_file_read(host, pid, "io", text, sizeof text, &size);

        return r ? r : proc_io_parse(text, size, ret);
}

int proc_smaps_rollup_read(const Host *host, pid_t pid, ProcSmaps *ret)
{
        char text[2048];
        size_t size;
        int r = proc_file_read(host, pid, "smaps_rollup", text, sizeof text, &size);

        if (r)
                return r;
        /* Its memory is gone already, or it is a kernel thread and never had any. */
        return size == 0 ? PROC_GONE : proc_smaps_rollup_parse(text, size, ret);
}

int proc_cmdline_read(const Host *host, pid_t pid, char buffer[PROC_CMDLINE_MAX + 1],
                      size_t *ret_size, bool *ret_cut)
{
        char path[PATH_SIZE], more;
        _cleanup_close_ int fd = host_open(host, proc_path(path, pid, "cmdline"));
        ssize_t n;

        if (fd < 0)
                return proc_error(fd);
        n = host_reread(fd, buffer, PROC_CMDLINE_MAX + 1);
        if (n < 0)
                return proc_error((int)n);
        *ret_size = (size_t)n;
        *ret_cut = n == PROC_CMDLINE_MAX && pread(fd, &more, 1, n) == 1;
        return 0;
}

static int proc_link_read(const Host *host, pid_t pid, const char *name, char *ret, size_t size)
{
        char path[PATH_SIZE];
        int r = host_readlink(host, proc_path(path, pid, name), ret, size);

        return r < 0 ? proc_error(r) : 0;
}

int proc_exe_read(const Host *host, pid_t pid, char *ret, size_t size)
{
        return proc_link_read(host, pid, "exe", ret, size);
}

int proc_cwd_read(const Host *host, pid_t pid, char *ret, size_t size)
{
        return proc_link_read(host, pid, "cwd", ret, size);
}

int proc_cgroup_read(const Host *host, pid_t pid, char *ret, size_t size)
{
        char text[8192];
        size_t length;
        int r = proc_file_read(host, pid, "cgroup", text, sizeof text, &length);

        return r ? r : proc_cgroup_parse(text, length, ret, size);
}

int proc_uid_read(const Host *host, pid_t pid, int64_t *ret)
{
        char path[PATH_SIZE];
        _cleanup_close_ int fd = host_open(host, proc_path(path, pid, ""));
        struct stat st;

        if (fd < 0)
                return proc_error(fd);
        if (fstat(fd, &st) < 0)
                return proc_error(-errno);
        *ret = (int64_t)st.st_uid;
        return 0;
}

int proc_start_read(const Host *host, pid_t pid, uint64_t *ret_ns)
{
        ProcStat stat;
        int r = proc_stat_read(host, pid, &stat);

        if (r == 0)
                *ret_ns = proc_start_ns(stat.start_ticks, (uint64_t)sysconf(_SC_CLK_TCK));
        return r;
}

static int walk_numbers(const Host *host, const char *path, ProcPidFn fn, void *data)
{
        _cleanup_close_ int fd = host_open(host, path);
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        uint64_t pid;
        int r;

        if (fd < 0)
                return proc_error(fd);
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        fd = -1; /* the DIR's now */
        while ((errno = 0, entry = readdir(dir))) {
                if (parse_u64z(entry->d_name, &pid) < 0 || pid == 0 || pid > INT32_MAX)
                        continue;
                r = fn((pid_t)pid, data);
                if (r != 0)
                        return r;
        }
        return proc_error(-errno);
}

int proc_pids_walk(const Host *host, ProcPidFn fn, void *data)
{
        return walk_numbers(host, "proc", fn, data);
}

int proc_threads_walk(const Host *host, pid_t pid, ProcPidFn fn, void *data)
{
        char path[PATH_SIZE];

        return walk_numbers(host, proc_path(path, pid, "task"), fn, data);
}
