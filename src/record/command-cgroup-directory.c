/* Folders of cgroupfs: mkdir makes a cgroup, rmdir removes an empty one. */
#include "record/command-cgroup-directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/cgroup.h"
#include "host/proc-identity.h"

enum {
        CLEAN_MAX = 256,      /* stale folders looked at in one start */
        LEFT_OVER_MAX = 4096, /* processes moved out in one pass */
        REMOVE_TRIES = 20,    /* of 1 ms: a process that is just exiting still counts */
};

void cgroup_directory_init(CgroupDirectory *directory)
{
        *directory = (CgroupDirectory){.parent_fd = -1, .fd = -1, .home_fd = -1};
}

static int write_in(int fd, const char *name, const char *text)
{
        _cleanup_close_ int file = openat(fd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);

        if (file < 0)
                return -errno;
        return write(file, text, strlen(text)) < 0 ? -errno : 0;
}

/* "vigia-PID-START", "-N" behind it if that was taken: 0 and the first two numbers. */
static int parse_name(const char *name, pid_t *ret_pid, uint64_t *ret_start)
{
        static const char prefix[] = "vigia-";
        const char *at = name + sizeof prefix - 1, *end = name + strlen(name);
        uint64_t pid, start, n;

        if (!text_starts_with(name, prefix) || scan_u64(&at, end, &pid) < 0 || pid > INT32_MAX ||
            *at++ != '-' || scan_u64(&at, end, &start) < 0)
                return -EINVAL;
        if (*at == '-') {
                at++;
                if (scan_u64(&at, end, &n) < 0)
                        return -EINVAL;
        }
        if (at != end)
                return -EINVAL;
        *ret_pid = (pid_t)pid;
        *ret_start = start;
        return 0;
}

unsigned cgroup_directory_clean(const Host *host, int parent_fd)
{
        unsigned n_seen = 0, n_removed = 0;
        int copy = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (copy < 0)
                return 0;
        _cleanup_closedir_ DIR *dir = fdopendir(copy);
        if (!dir) {
                fd_close(copy);
                return 0;
        }
        for (struct dirent *entry; n_seen < CLEAN_MAX && (entry = readdir(dir));) {
                ProcStat stat;
                uint64_t wanted;
                pid_t pid;
                if (parse_name(entry->d_name, &pid, &wanted) < 0)
                        continue;
                n_seen++;
                if (proc_stat_read(host, pid, &stat) == 0 && stat.start_ticks == wanted)
                        continue;
                /* rmdir(2) refuses one with processes or children. */
                if (unlinkat(parent_fd, entry->d_name, AT_REMOVEDIR) == 0)
                        n_removed++;
        }
        return n_removed;
}

static int open_folder(const Host *host, const char *directory, Error *why)
{
        int fd = host_open(host, directory[1] ? directory + 1 : ".");

        return fd < 0 ? error_set_errno(why, fd, "%s", directory) : fd;
}

/* A fresh one: peaks of an earlier command must not show in it. */
static int make_folder(CgroupDirectory *directory)
{
        size_t n = strlen(directory->name);

        for (int i = 1; mkdirat(directory->parent_fd, directory->name, 0755) < 0; i++) {
                if (errno != EEXIST || i == 100)
                        return -errno;
                snprintf(directory->name + n, sizeof directory->name - n, "-%d", i);
        }
        return 0;
}

static int make(CgroupDirectory *directory, const char *parent, Error *why)
{
        int r = make_folder(directory);

        if (r < 0) {
                if (r == -EACCES || r == -EPERM)
                        return error_set(why, r,
                                         "no permission to make a cgroup in %s (root may, or "
                                         "systemd for an ordinary user)",
                                         parent);
                return error_set_errno(why, r, "%s/%s", parent, directory->name);
        }
        directory->fd = openat(directory->parent_fd, directory->name,
                               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory->fd < 0)
                return error_set_errno(why, errno, "%s/%s", parent, directory->name);
        return 0;
}

int cgroup_directory_make(CgroupDirectory *directory, const Host *host, const char *parent,
                          const char *home, Error *why)
{
        ProcStat self;
        int r = proc_stat_read(host, getpid(), &self);

        if (r != 0)
                return error_set(why, r < 0 ? r : ESRCH, "/proc/self/stat cannot be read");
        snprintf(directory->name, sizeof directory->name, "vigia-%d-%llu", (int)getpid(),
                 (unsigned long long)self.start_ticks);
        directory->parent_fd = open_folder(host, parent, why);
        if (directory->parent_fd < 0)
                return directory->parent_fd;
        directory->home_fd = open_folder(host, home, why);
        if (directory->home_fd < 0)
                return directory->home_fd;
        cgroup_directory_clean(host, directory->parent_fd);
        return make(directory, parent, why);
}

int cgroup_directory_enter(const CgroupDirectory *directory)
{
        return write_in(directory->fd, "tasks", "0");
}

int cgroup_directory_leave(const CgroupDirectory *directory)
{
        return write_in(directory->home_fd, "tasks", "0");
}

pid_t cgroup_directory_fork(const CgroupDirectory *directory)
{
        struct clone_args args = {
                .flags = CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t)directory->fd,
        };

        return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

int cgroup_directory_move(const CgroupDirectory *directory, pid_t pid)
{
        char text[32];

        snprintf(text, sizeof text, "%d", (int)pid);
        return write_in(directory->fd, "cgroup.procs", text);
}

int cgroup_directory_enable_memory(const Host *host, const char *parent, Error *why)
{
        _cleanup_close_ int fd = open_folder(host, parent, why);

        if (fd < 0)
                return fd;
        int r = write_in(fd, "cgroup.subtree_control", "+memory");
        if (r < 0)
                return error_set_errno(why, r, "%s/cgroup.subtree_control", parent);
        return 0;
}

int cgroup_directory_open(const CgroupDirectory *directory, const char *name)
{
        int fd = openat(directory->fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : fd;
}

/* One pass over who is inside. A process that forks meanwhile is met in the next pass. */
static void move_left_over(const CgroupDirectory *directory)
{
        char text[CGROUP_FILE_MAX], pid_text[32];
        _cleanup_close_ int fd = cgroup_directory_open(directory, "cgroup.procs");

        for (size_t n_moved = 0; fd >= 0 && n_moved < LEFT_OVER_MAX;) {
                ssize_t n = host_reread(fd, text, sizeof text);
                const char *at = text;
                pid_t pid;
                size_t before = n_moved;
                if (n <= 0)
                        return;
                while (cgroup_next_pid(&at, text + n, &pid) == 0) {
                        snprintf(pid_text, sizeof pid_text, "%d", (int)pid);
                        if (write_in(directory->home_fd, "cgroup.procs", pid_text) == 0)
                                n_moved++;
                }
                if (n_moved == before)
                        return;
        }
}

static void remove_empty(const CgroupDirectory *directory)
{
        for (int i = 0; i < REMOVE_TRIES; i++) {
                if (unlinkat(directory->parent_fd, directory->name, AT_REMOVEDIR) == 0 ||
                    errno != EBUSY)
                        return;
                move_left_over(directory);
                nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
}

void cgroup_directory_done(CgroupDirectory *directory)
{
        if (directory->fd >= 0 && directory->name[0])
                remove_empty(directory);
        fd_close(directory->fd);
        fd_close(directory->home_fd);
        fd_close(directory->parent_fd);
        cgroup_directory_init(directory);
}
