/* Where a cgroup may be made, on recorded machines; what is made, read and removed, on this one. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "host/proc-identity.h"
#include "record/command-cgroup-directory.h"
#include "record/command-cgroup-place.h"
#include "record/command-cgroup.h"

static Host *open_root(const char *name)
{
        static const char self[] = __FILE__, tail[] = "src/record/test-command-cgroup.c";
        char path[1024];
        Host *host = NULL;

        snprintf(path, sizeof path, "%.*stests/roots/%s", (int)(sizeof self - sizeof tail), self,
                 name);
        assert_int_equal(host_new(path, &host), 0);
        return host;
}

static int find(const char *root, uid_t uid, CgroupPlace *place, Error *why)
{
        _cleanup_(host_freep) Host *host = open_root(root);

        return cgroup_place_find(host, uid, place, why);
}

static void test_places(void **state)
{
        CgroupPlace place;
        Error why = {0};

        assert_int_equal(find("v1-server", 0, &place, &why), 0);
        assert_int_equal(place.kind, CGROUP_V1);
        assert_string_equal(place.parent, "/sys/fs/cgroup/memory/daemons/sshd");
        assert_string_equal(place.home, place.parent);
        assert_int_equal(find("hybrid", 0, &place, &why), 0);
        assert_int_equal(place.kind, CGROUP_V1);
        assert_string_equal(place.parent_path, "/jobs/7f3a");
        assert_int_equal(find("v2-server", 0, &place, &why), 0);
        assert_int_equal(place.kind, CGROUP_V2);
        assert_string_equal(place.parent, "/sys/fs/cgroup/openrc");
        assert_string_equal(place.parent_path, "/openrc");
        assert_string_equal(place.home, "/sys/fs/cgroup/openrc/sshd");
        assert_false(place.enable_memory);
        assert_string_equal(why.message, "");
}

static void test_no_place(void **state)
{
        CgroupPlace place;
        Error why = {0};

        assert_int_equal(find("v2-container", 0, &place, &why), -EROFS);
        assert_non_null(strstr(why.message, "read-only"));
        assert_int_equal(find("v2-privileged", 0, &place, &why), -EOPNOTSUPP);
        assert_non_null(strstr(why.message, "cannot be divided"));
        assert_int_equal(find("v2-limited", 0, &place, &why), -EOPNOTSUPP);
        assert_non_null(strstr(why.message, "cpu.max"));
}

static void test_systemd_place(void **state)
{
        CgroupPlace place;
        Error why = {0};

        assert_int_equal(find("v2-desktop", 1000, &place, &why), 0);
        assert_int_equal(place.kind, CGROUP_SYSTEMD);
        assert_true(place.user);
        assert_string_equal(place.slice, "app-org.gnome.Terminal.slice");
        assert_int_equal(find("v2-desktop", 1001, &place, &why), 0);
        assert_string_equal(place.slice, "");
        /* sudo: the slice of the user's session, whose limits hold on. */
        assert_int_equal(find("v2-desktop", 0, &place, &why), 0);
        assert_false(place.user);
        assert_string_equal(place.slice, "user-1000.slice");
        assert_string_equal(why.message, "");
}

static void test_clean(void **state)
{
        static const char *const kept[] = {"vigia-x-1",           "vigia-1-",
                                           "vigia-1-2-",          "vigia-1-2x",
                                           "vigia-999999999-1-7", "other"};
        static const char *const gone[] = {"vigia-999999999-1", "vigia-1-99999999999999",
                                           "vigia-999999999-1-12"};
        char path[] = "/tmp/vigia-test-XXXXXX", own[64];
        _cleanup_(host_freep) Host *host = NULL;
        struct stat st;
        ProcStat self;

        assert_non_null(mkdtemp(path));
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(host_new("/", &host), 0);
        assert_int_equal(proc_stat_read(host, getpid(), &self), 0);
        snprintf(own, sizeof own, "vigia-%d-%llu", (int)getpid(),
                 (unsigned long long)self.start_ticks);
        assert_int_equal(mkdirat(fd, own, 0755), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
                assert_int_equal(mkdirat(fd, kept[i], 0755), 0);
        assert_int_equal(mkdirat(fd, "vigia-999999999-1-7/child", 0755), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(gone); i++)
                assert_int_equal(mkdirat(fd, gone[i], 0755), 0);
        assert_int_equal(cgroup_directory_clean(host, fd), ARRAY_LENGTH(gone));
        for (size_t i = 0; i < ARRAY_LENGTH(gone); i++)
                assert_int_equal(fstatat(fd, gone[i], &st, 0), -1);
        for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
                assert_int_equal(fstatat(fd, kept[i], &st, 0), 0);
        assert_int_equal(fstatat(fd, own, &st, 0), 0);
        directory_remove(AT_FDCWD, path);
}

enum { TAKEN = 48 << 20 };

/* Held by a byte in the pipe; then takes memory, leaves a daemon behind, says so, waits again. */
static pid_t start_command(CommandCgroup *cgroup, int hold[2], int said[2])
{
        char byte = 0;

        assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
        assert_int_equal(pipe2(said, O_CLOEXEC), 0);
        pid_t pid = command_cgroup_fork(cgroup);
        assert_true(pid >= 0);
        if (pid != 0)
                return pid;
        close(hold[1]);
        if (read(hold[0], &byte, 1) != 1)
                _exit(1);
        char *memory =
                mmap(NULL, TAKEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(memory, 1, TAKEN);
        munmap(memory, TAKEN);
        pid_t daemon = fork();
        if (daemon == 0) {
                /* Until the test is over and closes the pipe. */
                _exit(read(hold[0], &byte, 1) < 0);
        }
        if (write(said[1], &daemon, sizeof daemon) != sizeof daemon)
                _exit(1);
        _exit(0);
}

static void check_command(CommandCgroup *cgroup, pid_t pid, int hold[2], int said[2],
                          pid_t *ret_daemon)
{
        uint64_t now, peak, anon, shmem;

        assert_int_equal(write(hold[1], "x", 1), 1);
        assert_int_equal(read(said[0], ret_daemon, sizeof *ret_daemon), sizeof *ret_daemon);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(command_cgroup_memory(cgroup, &now, &peak), 0);
        assert_true(now < TAKEN);
        if (peak != UINT64_MAX) {
                assert_true(peak >= TAKEN);
                assert_true(peak < 3ull * TAKEN / 2);
        }
        uint64_t follow_now, follow_peak, at = clock_monotonic_ns();
        command_cgroup_follow(cgroup, at, &follow_now, &follow_peak);
        assert_true(follow_peak == peak);
        command_cgroup_follow(cgroup, at + 1, &follow_now, &follow_peak); /* as remembered */
        assert_true(follow_peak == peak && follow_now < TAKEN);
        assert_int_equal(command_cgroup_processes(cgroup, &anon, &shmem), 0);
        assert_true(anon + shmem < TAKEN);
        assert_true(command_cgroup_cpu_us(cgroup) > 0);
}

/* All of it in this machine's own cgroups, in steps (the quick way) or at once. */
static void run_here(bool steps)
{
        _cleanup_(command_cgroup_freep) CommandCgroup *cgroup = NULL;
        _cleanup_(host_freep) Host *host = NULL;
        char before[4096], after[4096], left[4096];
        int hold[2], said[2];
        Error why = {0};
        size_t size;
        pid_t daemon;

        assert_int_equal(host_new("/", &host), 0);
        assert_int_equal(proc_file_read(host, getpid(), "cgroup", before, sizeof before, &size), 0);
        int r = steps ? command_cgroup_prepare(host, "test", &cgroup, &why) : 0;
        pid_t pid = start_command(cgroup, hold, said);
        if (steps && r == 0)
                r = command_cgroup_adopt(cgroup, pid);
        if (r == 0)
                r = steps ? command_cgroup_wait(cgroup, &why)
                          : command_cgroup_new(host, "test", pid, &cgroup, &why);
        if (r < 0) {
                assert_string_not_equal(why.message, "");
                print_message("no cgroup here: %s\n", why.message);
                kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
                cgroup = command_cgroup_free(cgroup);
                skip();
        }
        assert_int_equal(proc_file_read(host, pid, "cgroup", left, sizeof left, &size), 0);
        assert_non_null(strstr(left, strrchr(command_cgroup_shown(cgroup), '/')));
        assert_int_equal(proc_file_read(host, getpid(), "cgroup", after, sizeof after, &size), 0);
        assert_string_equal(after, before);
        check_command(cgroup, pid, hold, said, &daemon);
        cgroup = command_cgroup_free(cgroup);
        /* The daemon lives, where it would have been without us. */
        assert_int_equal(kill(daemon, 0), 0);
        assert_int_equal(proc_file_read(host, daemon, "cgroup", left, sizeof left, &size), 0);
        assert_null(strstr(left, "/vigia-"));
        close(hold[0]);
        close(hold[1]);
        close(said[0]);
        close(said[1]);
}

static void test_in_steps(void **state)
{
        run_here(true);
}

static void test_at_once(void **state)
{
        run_here(false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_places),        cmocka_unit_test(test_no_place),
                cmocka_unit_test(test_systemd_place), cmocka_unit_test(test_clean),
                cmocka_unit_test(test_in_steps),      cmocka_unit_test(test_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
