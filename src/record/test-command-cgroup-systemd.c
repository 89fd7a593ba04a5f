/*
 * A scope asked of a mock of org.freedesktop.systemd1 on a private dbus-daemon: the exact call,
 * and every way in which it can fail. Skipped where there is no dbus-daemon.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "record/command-cgroup-directory.h"
#include "record/command-cgroup-place.h"
#include "record/command-cgroup-systemd.h"
#include "record/command-cgroup.h"

typedef enum Mood {
        MOOD_GOOD,
        MOOD_OLD,   /* knows no OOMPolicy for scopes */
        MOOD_MOVES, /* good, and puts the processes somewhere, as systemd does */
        MOOD_REFUSES,
        MOOD_SILENT, /* never answers */
        MOOD_FAILS,  /* the job fails */
        MOOD_NO_JOB, /* the job never ends */
        MOOD_LIES,   /* says done, but nobody was moved */
} Mood;

typedef struct Bus {
        char directory[64], address[128], log[128];
        pid_t daemon, mock;
} Bus;

typedef struct Mock {
        Mood mood;
        FILE *log;
} Mock;

static const char path_systemd[] = "/org/freedesktop/systemd1";
static const char manager[] = "org.freedesktop.systemd1.Manager";
static const char job[] = "/org/freedesktop/systemd1/job/42";

/* ---- the mock, in a process of its own ---- */

static void move_all(const char *unit, const uint32_t *pids, size_t n)
{
        char memory[CGROUP_PATH_MAX], cpu[CGROUP_PATH_MAX], path[2 * CGROUP_PATH_MAX], text[32];
        Host *host = NULL;
        CgroupPlace place;

        if (host_new("/", &host) < 0 || cgroup_place_of(host, getpid(), &place, memory, cpu) < 0)
                return;
        snprintf(path, sizeof path, "%s/%s", memory, unit);
        mkdir(path, 0755);
        snprintf(path, sizeof path, "%s/%s/cgroup.procs", memory, unit);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        for (size_t i = 0; fd >= 0 && i < n; i++) {
                snprintf(text, sizeof text, "%u", pids[i]);
                if (write(fd, text, strlen(text)) < 0)
                        perror(path);
        }
        fd_close(fd);
        host_free(host);
}

static void log_value(Mock *mock, sd_bus_message *call, const char *type, const char *unit)
{
        const uint32_t *pids;
        const char *text;
        uint64_t number;
        size_t size;
        int flag;

        if (text_equal(type, "s") && sd_bus_message_read(call, "s", &text) >= 0)
                fprintf(mock->log, "s %s", text);
        else if (text_equal(type, "b") && sd_bus_message_read(call, "b", &flag) >= 0)
                fprintf(mock->log, "b %d", flag);
        else if (text_equal(type, "t") && sd_bus_message_read(call, "t", &number) >= 0)
                fprintf(mock->log, "t %llu", (unsigned long long)number);
        else if (text_equal(type, "au") &&
                 sd_bus_message_read_array(call, 'u', (const void **)&pids, &size) >= 0) {
                fprintf(mock->log, "au");
                for (size_t i = 0; i < size / sizeof *pids; i++)
                        fprintf(mock->log, " %u", pids[i]);
                if (mock->mood == MOOD_MOVES)
                        move_all(unit, pids, size / sizeof *pids);
        }
}

/* "Name: type value;" a property. True when OOMPolicy is among them. */
static bool log_call(Mock *mock, sd_bus_message *call, const char **unit)
{
        const char *mode, *name, *type;
        bool oom_policy = false;

        sd_bus_message_read(call, "ss", unit, &mode);
        fprintf(mock->log, "%s %s;", *unit, mode);
        sd_bus_message_enter_container(call, 'a', "(sv)");
        while (sd_bus_message_enter_container(call, 'r', "sv") > 0) {
                sd_bus_message_read(call, "s", &name);
                sd_bus_message_peek_type(call, NULL, &type);
                sd_bus_message_enter_container(call, 'v', type);
                fprintf(mock->log, "%s: ", name);
                log_value(mock, call, type, *unit);
                fprintf(mock->log, ";");
                sd_bus_message_exit_container(call);
                sd_bus_message_exit_container(call);
                oom_policy |= text_equal(name, "OOMPolicy");
        }
        sd_bus_message_exit_container(call);
        int n = sd_bus_message_skip(call, "a(sa(sv))");
        fprintf(mock->log, "%s\n", n >= 0 && sd_bus_message_at_end(call, true) ? "end" : "garbage");
        fflush(mock->log);
        return oom_policy;
}

static int on_start_transient_unit(sd_bus_message *call, void *data, sd_bus_error *error)
{
        Mock *mock = data;
        const char *unit = "";
        bool oom_policy = log_call(mock, call, &unit);
        sd_bus *bus = sd_bus_message_get_bus(call);

        switch (mock->mood) {
        case MOOD_SILENT:
                return 1;
        case MOOD_REFUSES:
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Not for you");
        case MOOD_OLD:
                if (oom_policy)
                        return sd_bus_error_set(error, SD_BUS_ERROR_PROPERTY_READ_ONLY,
                                                "Cannot set property OOMPolicy");
                break;
        default:
                break;
        }
        int r = sd_bus_reply_method_return(call, "o", job);
        if (r < 0 || mock->mood == MOOD_NO_JOB)
                return 1;
        /* Another's job first: not ours. */
        sd_bus_emit_signal(bus, path_systemd, manager, "JobRemoved", "uoss", 41,
                           "/org/freedesktop/systemd1/job/41", "other.service", "failed");
        sd_bus_emit_signal(bus, path_systemd, manager, "JobRemoved", "uoss", 42, job, unit,
                           mock->mood == MOOD_FAILS ? "failed" : "done");
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", on_start_transient_unit,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_VTABLE_END,
};

static void serve(const Bus *bus, Mood mood, int ready_fd)
{
        Mock mock = {mood, fopen(bus->log, "we")};
        sd_bus *connection = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!mock.log || sd_bus_new(&connection) < 0 ||
            sd_bus_set_address(connection, bus->address) < 0 ||
            sd_bus_set_bus_client(connection, 1) < 0 || sd_bus_start(connection) < 0 ||
            sd_bus_add_object_vtable(connection, NULL, path_systemd, manager, vtable, &mock) < 0 ||
            sd_bus_request_name(connection, "org.freedesktop.systemd1", 0) < 0 ||
            write(ready_fd, "x", 1) != 1)
                _exit(1);
        for (;;) {
                int r = sd_bus_process(connection, NULL);
                if (r < 0 || (r == 0 && sd_bus_wait(connection, UINT64_MAX) < 0))
                        _exit(1);
        }
}

/* ---- the bus ---- */

static const char config[] =
        "<busconfig><type>session</type><listen>%s</listen><auth>EXTERNAL</auth>"
        "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
        "<allow send_destination=\"*\"/><allow eavesdrop=\"true\"/></policy></busconfig>";

static bool answers(const char *path)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        text_copy(address.sun_path, sizeof address.sun_path, path);
        return connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static bool start_daemon(Bus *bus)
{
        char path[128], text[1024];

        snprintf(path, sizeof path, "%s/config", bus->directory);
        snprintf(text, sizeof text, config, bus->address);
        assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), false), 0);
        bus->daemon = fork();
        if (bus->daemon == 0) {
                char option[160];
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                /* It complains of limits that it may not raise. */
                if (!freopen("/dev/null", "w", stderr))
                        _exit(127);
                snprintf(option, sizeof option, "--config-file=%s", path);
                execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile", NULL);
                _exit(127);
        }
        snprintf(path, sizeof path, "%s/bus", bus->directory);
        while (!answers(path)) {
                if (waitpid(bus->daemon, NULL, WNOHANG) != 0) {
                        bus->daemon = 0;
                        return false;
                }
                nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
        return true;
}

static void bus_start(Bus *bus, Mood mood)
{
        int ready[2];
        char byte;

        *bus = (Bus){.directory = "/tmp/vigia-bus-XXXXXX"};
        assert_non_null(mkdtemp(bus->directory));
        assert_int_equal(chmod(bus->directory, 0755), 0);
        snprintf(bus->address, sizeof bus->address, "unix:path=%s/bus", bus->directory);
        snprintf(bus->log, sizeof bus->log, "%s/log", bus->directory);
        if (!start_daemon(bus)) {
                directory_remove(AT_FDCWD, bus->directory);
                print_message("no dbus-daemon here\n");
                skip();
        }
        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        bus->mock = fork();
        if (bus->mock == 0)
                serve(bus, mood, ready[1]);
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
}

static void bus_stop(Bus *bus)
{
        pid_t pids[] = {bus->mock, bus->daemon};

        for (size_t i = 0; i < ARRAY_LENGTH(pids); i++) {
                if (pids[i] <= 0)
                        continue;
                kill(pids[i], SIGKILL);
                waitpid(pids[i], NULL, 0);
        }
        directory_remove(AT_FDCWD, bus->directory);
}

static void read_log(const Bus *bus, Buffer *text)
{
        assert_int_equal(file_read_path(AT_FDCWD, bus->log, 65536, text, NULL), 0);
        assert_int_equal(buffer_append_byte(text, 0), 0);
}

/* Generous where an answer is expected: a slow machine is no failure. */
static int ask(const Bus *bus, const char *slice, uint64_t wait_ms, Error *why)
{
        const pid_t pids[] = {11, 22};
        const ScopeRequest request = {
                .address = bus->address,
                .unit = "vigia-11-test.scope",
                .slice = slice,
                .description = "A command",
                .pids = pids,
                .n_pids = 2,
                .deadline_ns = clock_monotonic_ns() + wait_ms * NS_PER_MS,
        };

        return systemd_scope_start(&request, why);
}

#define PROPERTIES                                                                  \
        "vigia-11-test.scope fail;Description: s A command;MemoryAccounting: b 1;"  \
        "CPUAccounting: b 1;TasksAccounting: b 1;TasksMax: t 18446744073709551615;" \
        "CollectMode: s inactive-or-failed;"

static void test_call(void **state)
{
        Buffer text = {0};
        Error why = {0};
        Bus bus;

        bus_start(&bus, MOOD_GOOD);
        assert_int_equal(ask(&bus, "app.slice", 20000, &why), 0);
        assert_int_equal(ask(&bus, "", 20000, &why), 0);
        read_log(&bus, &text);
        assert_string_equal(
                (char *)text.data, PROPERTIES
                "OOMPolicy: s continue;Slice: s app.slice;PIDs: au 11 22;end\n" PROPERTIES
                "OOMPolicy: s continue;PIDs: au 11 22;end\n");
        assert_string_equal(why.message, "");
        buffer_done(&text);
        bus_stop(&bus);
}

static void test_old(void **state)
{
        Buffer text = {0};
        Error why = {0};
        Bus bus;

        bus_start(&bus, MOOD_OLD);
        assert_int_equal(ask(&bus, "", 20000, &why), 0);
        read_log(&bus, &text);
        assert_string_equal((char *)text.data,
                            PROPERTIES "OOMPolicy: s continue;PIDs: au 11 22;end\n" PROPERTIES
                                       "PIDs: au 11 22;end\n");
        assert_string_equal(why.message, "");
        buffer_done(&text);
        bus_stop(&bus);
}

static void expect_failure(Mood mood, uint64_t wait_ms, int code, const char *says)
{
        Error why = {0};
        Bus bus;

        bus_start(&bus, mood);
        int r = ask(&bus, "", wait_ms, &why);
        bus_stop(&bus);
        assert_int_equal(r, code);
        assert_non_null(strstr(why.message, says));
}

static void test_refused(void **state)
{
        expect_failure(MOOD_REFUSES, 20000, -EACCES, "refused a scope: Not for you");
}

static void test_failed_job(void **state)
{
        expect_failure(MOOD_FAILS, 20000, -EIO, "could not make the scope (failed)");
}

static void test_no_answer(void **state)
{
        expect_failure(MOOD_SILENT, 300, -ETIMEDOUT, "in time");
}

static void test_no_end(void **state)
{
        expect_failure(MOOD_NO_JOB, 300, -ETIMEDOUT, "in time");
}

static void test_no_bus(void **state)
{
        const Bus bus = {.address = "unix:path=/nonexistent/vigia/bus"};
        Error why = {0};

        assert_int_equal(ask(&bus, "", 20000, &why), -ENOENT);
        assert_non_null(strstr(why.message, "/nonexistent/vigia/bus"));
}

/* ---- the whole way, as an ordinary user ---- */

/* This machine, but with systemd as far as vigia can tell. */
static void make_root(const Bus *bus)
{
        char path[128];

        snprintf(path, sizeof path, "%s/run/systemd/system", bus->directory);
        assert_int_equal(directory_make(path, 0755), 0);
        snprintf(path, sizeof path, "%s/proc", bus->directory);
        assert_int_equal(symlink("/proc", path), 0);
        snprintf(path, sizeof path, "%s/sys", bus->directory);
        assert_int_equal(symlink("/sys", path), 0);
}

enum { NOBODY = 65534, TAKEN = 32 << 20 };

/* Exit status of the ordinary user: the number of the first thing that was not as expected;
 * 100 + n where the scope was not had (n: 1 timed out, 2 not moved, 3 other). */
static int use_scope(const Bus *bus)
{
        _cleanup_(command_cgroup_freep) CommandCgroup *cgroup = NULL;
        _cleanup_(host_freep) Host *host = NULL;
        uint64_t now, peak;
        Error why = {0};
        int hold[2];
        char byte;

        if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0 ||
            setenv("XDG_RUNTIME_DIR", bus->directory, 1) < 0 ||
            host_new(bus->directory, &host) < 0 || pipe2(hold, O_CLOEXEC) < 0)
                return 1;
        pid_t pid = fork();
        if (pid == 0) {
                close(hold[1]);
                if (read(hold[0], &byte, 1) != 1)
                        _exit(1);
                char *memory = mmap(NULL, TAKEN, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                memset(memory, 1, TAKEN);
                munmap(memory, TAKEN);
                _exit(0);
        }
        int r = command_cgroup_new(host, "te st/é", pid, &cgroup, &why);
        if (write(hold[1], "x", 1) != 1 || waitpid(pid, &(int){0}, 0) != pid)
                return 2;
        if (r < 0)
                return r == -ETIMEDOUT ? 101 : r == -ENOENT ? 102 : 103;
        const char *shown = command_cgroup_shown(cgroup);
        if (!text_starts_with(shown, "systemd /") || !text_ends_with(shown, "-te_st___.scope"))
                return 3;
        /* The command is gone, the last figures are not. */
        if (command_cgroup_memory(cgroup, &now, &peak) < 0 || now > TAKEN)
                return 4;
        return peak != UINT64_MAX && peak < TAKEN ? 5 : 0;
}

/* Removes what the mock made; fails while the keeper is still in it. */
static int remove_scopes(void)
{
        char memory[CGROUP_PATH_MAX], cpu[CGROUP_PATH_MAX], path[2 * CGROUP_PATH_MAX];
        Host *host = NULL;
        CgroupPlace place;
        int n = 0;

        assert_int_equal(host_new("/", &host), 0);
        assert_int_equal(cgroup_place_of(host, getpid(), &place, memory, cpu), 0);
        host_free(host);
        _cleanup_closedir_ DIR *dir = opendir(memory);
        for (struct dirent *entry; dir && (entry = readdir(dir));) {
                if (!text_ends_with(entry->d_name, "-te_st___.scope"))
                        continue;
                snprintf(path, sizeof path, "%s/%s", memory, entry->d_name);
                /* A process that has just been reaped may count for a moment. */
                for (int i = 0; rmdir(path) < 0 && errno == EBUSY && i < 1000; i++)
                        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
                n += access(path, F_OK) < 0;
        }
        return n;
}

static int use_scope_of(Mood mood)
{
        int status = -1;
        Bus bus;

        if (geteuid() != 0) {
                print_message("not root: cannot play systemd for an ordinary user\n");
                skip();
        }
        bus_start(&bus, mood);
        make_root(&bus);
        pid_t pid = fork();
        if (pid == 0)
                _exit(use_scope(&bus));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        bus_stop(&bus);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void test_whole(void **state)
{
        int r = use_scope_of(MOOD_MOVES);
        int n = remove_scopes();

        /* A machine too slow for 50 ms, or one that lets nobody make a cgroup, proves nothing. */
        if (r == 101 || n == 0) {
                print_message("no scope here (%d)\n", r);
                skip();
        }
        assert_int_equal(r, 0);
        assert_int_equal(n, 1);
}

static void test_whole_silent(void **state)
{
        assert_int_equal(use_scope_of(MOOD_SILENT), 101);
}

static void test_whole_lie(void **state)
{
        int r = use_scope_of(MOOD_LIES);

        assert_true(r == 102 || r == 101);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_call),         cmocka_unit_test(test_old),
                cmocka_unit_test(test_refused),      cmocka_unit_test(test_failed_job),
                cmocka_unit_test(test_no_answer),    cmocka_unit_test(test_no_end),
                cmocka_unit_test(test_no_bus),       cmocka_unit_test(test_whole),
                cmocka_unit_test(test_whole_silent), cmocka_unit_test(test_whole_lie),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
