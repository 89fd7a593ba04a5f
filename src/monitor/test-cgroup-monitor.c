/* Figures of a cgroup out of trees laid out here (v2, v1 with hierarchies of their own), and a real
 * cgroup that goes and comes again. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/cgroup-path.h"
#include "monitor/monitor.h"

typedef struct Place {
        char path[64];
        Host *host;
        void *state;
        Batch *rows;
        Error err;
} Place;

static const Monitor *the_monitor(void)
{
        return monitor_find("cgroup");
}

static int setup(void **state)
{
        Place *place = calloc(1, sizeof *place);

        *state = place;
        text_copy(place->path, sizeof place->path, "/tmp/test-cgroup-monitor.XXXXXX");
        if (!mkdtemp(place->path) || batch_new(the_monitor()->schema, 8, 4096, &place->rows) < 0)
                return -1;
        return host_new(place->path, &place->host);
}

static int teardown(void **state)
{
        Place *place = *state;

        batch_free(place->rows);
        host_free(place->host);
        int r = directory_remove(AT_FDCWD, place->path);
        free(place);
        return r;
}

static void lay(const Place *place, const char *name, const char *text)
{
        char path[512];

        snprintf(path, sizeof path, "%s/%s", place->path, name);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        assert_int_equal(directory_make(path, 0755), 0);
        *slash = '/';
        assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), false), 0);
}

static int start(Place *place, const Host *host, const MonitorContext *more)
{
        MonitorContext context = *more;

        context.host = host;
        context.monitor = the_monitor();
        place->state = calloc(1, the_monitor()->state_size);
        int r = the_monitor()->start(place->state, &context, &place->err);
        if (r < 0) {
                free(place->state);
                place->state = NULL;
        }
        return r;
}

static int sample(Place *place)
{
        MonitorTick tick = {.now_ns = 1};

        batch_clear(place->rows);
        return the_monitor()->sample(place->state, &tick, place->rows, &place->err);
}

static void stop(Place *place)
{
        the_monitor()->stop(place->state);
        free(place->state);
        place->state = NULL;
}

#define NOTHING UINT64_MAX
static uint64_t figure(const Place *place, const char *column)
{
        int c = schema_find(the_monitor()->schema, column);

        assert_true(c >= 0);
        return batch_is_null(place->rows, (size_t)c, 0) ? NOTHING : batch_u64(place->rows, (size_t)c, 0);
}

static void assert_figure(const Place *place, const char *column, uint64_t expected)
{
        if (figure(place, column) != expected)
                print_message("%s\n", column);
        assert_true(figure(place, column) == expected);
}

static void assert_path(const Place *place, const char *expected)
{
        size_t size;
        const char *text = batch_text(place->rows, (size_t)schema_find(the_monitor()->schema, "path"),
                                      0, &size);

        assert_int_equal(size, strlen(expected));
        assert_memory_equal(text, expected, size);
}

#define V2(name) "sys/fs/cgroup/" name
#define MOUNT_V2 "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"

static void lay_v2(const Place *place)
{
        lay(place, "proc/self/cgroup", "0::/a/b\n");
        lay(place, "proc/77/cgroup", "0::/a\n");
        lay(place, "proc/self/mountinfo", MOUNT_V2);
        lay(place, V2("a/memory.max"), "1000000\n");
        lay(place, V2("a/memory.current"), "900000\n");
        lay(place, V2("a/pids.max"), "max\n");
        lay(place, V2("a/b/memory.current"), "800000\n");
        lay(place, V2("a/b/memory.max"), "max\n");
        lay(place, V2("a/b/memory.high"), "700000\n");
        lay(place, V2("a/b/memory.stat"), "anon 5\nfile 6\nworkingset_refault_anon 7\n"
                                          "workingset_refault_file 8\npgmajfault 9\n");
        lay(place, V2("a/b/memory.events"), "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n");
        lay(place, V2("a/b/cpu.stat"), "usage_usec 10\nuser_usec 6\nsystem_usec 4\n");
        lay(place, V2("a/b/cpu.max"), "150000 100000\n");
        lay(place, V2("a/b/pids.current"), "12\n");
        lay(place, V2("a/b/pids.max"), "40\n");
        lay(place, V2("a/b/pids.events"), "max 2\n");
        lay(place, V2("a/b/io.stat"), "8:0 rbytes=100 wbytes=10 rios=2 wios=1 dbytes=0 dios=0\n"
                                      "253:0 rbytes=90 wbytes=9 rios=1 wios=1 dbytes=0 dios=0\n"
                                      "259:0 rbytes=1000 wbytes=0 rios=20 wios=0 dbytes=0 dios=0\n");
        lay(place, "sys/dev/block/253:0/slaves/sda", "");
}

static void test_v2(void **state)
{
        Place *place = *state;

        lay_v2(place);
        assert_int_equal(start(place, place->host, &(MonitorContext){.cgroup = NULL}), 0);
        assert_int_equal(sample(place), 0);
        assert_path(place, "/a/b");
        assert_figure(place, "memory_bytes", 800000);
        assert_figure(place, "memory_max_bytes", NOTHING);
        assert_figure(place, "memory_high_bytes", 700000);
        assert_figure(place, "memory_limit_bytes", 1000000); /* of the cgroup above */
        assert_figure(place, "memory_peak_bytes", NOTHING);
        assert_figure(place, "workingset_refaults", 15);
        assert_figure(place, "oom_kills", 5);
        assert_figure(place, "oom_group_kills", NOTHING);
        assert_figure(place, "cpu_us", 10);
        assert_figure(place, "cpu_throttled_us", NOTHING);
        assert_true(batch_f64(place->rows,
                              (size_t)schema_find(the_monitor()->schema, "cpu_limit_ratio"), 0) == 1.5);
        assert_figure(place, "tasks_max", 40);
        assert_figure(place, "tasks_limit", 40);
        assert_figure(place, "forks_refused", 2);
        assert_figure(place, "read_bytes", 1100); /* not again what the mapper passed on */
        assert_figure(place, "writes", 1);
        /* Files are read again, not opened again. */
        lay(place, V2("a/b/cpu.max"), "max 100000\n");
        assert_int_equal(sample(place), 0);
        assert_figure(place, "memory_bytes", 800000);
        stop(place);

        /* Another's: of the command, of a name, of the machine. */
        assert_int_equal(start(place, place->host, &(MonitorContext){.root = 77}), 0);
        assert_int_equal(sample(place), 0);
        assert_path(place, "/a");
        assert_figure(place, "memory_bytes", 900000);
        assert_figure(place, "tasks_max", NOTHING);
        stop(place);
        assert_int_equal(start(place, place->host, &(MonitorContext){.cgroup = "/a"}), 0);
        assert_int_equal(sample(place), 0);
        assert_path(place, "/a");
        stop(place);
        assert_int_equal(start(place, place->host, &(MonitorContext){.all = true}), -ENOENT);
        assert_string_equal(place->err.message, "/ has no figures: no controller is on there");
        assert_int_equal(start(place, place->host, &(MonitorContext){.cgroup = "/c"}), -ENOENT);
}

#define V1(name) "sys/fs/cgroup/" name
static void test_v1(void **state)
{
        Place *place = *state;

        lay(place, "proc/self/cgroup", "4:memory:/job\n3:pids:/job\n2:cpu,cpuacct:/\n1:blkio:/job\n0::/\n");
        lay(place, "proc/self/mountinfo",
            "33 28 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "34 28 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
            "35 28 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
            "36 28 0:32 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n"
            "41 28 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
        lay(place, V1("memory/job/memory.usage_in_bytes"), "500\n");
        lay(place, V1("memory/job/memory.limit_in_bytes"), "9223372036854771712\n");
        lay(place, V1("memory/job/memory.failcnt"), "3\n");
        lay(place, V1("memory/job/memory.stat"),
            "cache 1\nrss 2\nhierarchical_memory_limit 9000\ntotal_cache 100\ntotal_rss 200\n");
        lay(place, V1("pids/pids.max"), "7\n");
        lay(place, V1("pids/job/pids.current"), "3\n");
        lay(place, V1("pids/job/pids.max"), "max\n");
        lay(place, V1("cpu,cpuacct/cpuacct.usage"), "123456789\n");
        lay(place, V1("blkio/job/blkio.throttle.io_service_bytes_recursive"),
            "8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 4096\n8:0 Total 12288\nTotal 12288\n");
        lay(place, V1("blkio/job/blkio.throttle.io_serviced_recursive"), "Total 0\n");
        assert_int_equal(start(place, place->host, &(MonitorContext){.cgroup = NULL}), 0);
        assert_int_equal(sample(place), 0);
        assert_path(place, "/job");
        assert_figure(place, "memory_bytes", 500);
        assert_figure(place, "memory_max_bytes", NOTHING);
        assert_figure(place, "memory_limit_bytes", 9000);
        assert_figure(place, "max_events", 3);
        assert_figure(place, "anon_bytes", 200);
        assert_figure(place, "file_bytes", 100);
        assert_figure(place, "cpu_us", NOTHING); /* there it is in another, with the whole machine */
        assert_figure(place, "tasks", 3);
        assert_figure(place, "tasks_max", NOTHING);
        assert_figure(place, "tasks_limit", 7);
        assert_figure(place, "read_bytes", 4096);
        assert_figure(place, "write_bytes", 8192);
        assert_figure(place, "reads", NOTHING); /* nothing was counted, which is not none */
        stop(place);
}

/* The folder of a new cgroup below our own; false: we may not. */
static bool make_cgroup(const Host *host, char directory[CGROUP_PATH_MAX], char path[CGROUP_PATH_MAX])
{
        CgroupPath ours;

        if (cgroup_path_find(host, 0, "memory", &ours) < 0)
                return false;
        if ((size_t)snprintf(directory, CGROUP_PATH_MAX, "%.900s/test-cgroup-monitor-%d", ours.directory,
                             (int)getpid()) >= CGROUP_PATH_MAX ||
            (size_t)snprintf(path, CGROUP_PATH_MAX, "%.900s/test-cgroup-monitor-%d",
                             text_equal(ours.path, "/") ? "" : ours.path,
                             (int)getpid()) >= CGROUP_PATH_MAX)
                return false;
        return mkdir(directory, 0755) == 0;
}

static void test_gone_and_back(void **state)
{
        Place *place = *state;
        _cleanup_(host_freep) Host *host = NULL;
        char directory[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX];

        assert_int_equal(host_new(NULL, &host), 0);
        if (!make_cgroup(host, directory, path)) {
                print_message("no cgroup may be made here\n");
                skip();
        }
        if (start(place, host, &(MonitorContext){.cgroup = path}) < 0) {
                assert_int_equal(rmdir(directory), 0);
                print_message("no controller below our own cgroup\n");
                skip();
        }
        assert_int_equal(sample(place), 0);
        assert_path(place, path);
        assert_int_equal(rmdir(directory), 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(sample(place), -ENOENT);
                assert_int_equal(batch_rows(place->rows), 0);
        }
        assert_int_equal(mkdir(directory, 0755), 0);
        assert_int_equal(sample(place), 0);
        assert_path(place, path);
        stop(place);
        assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_v2, setup, teardown),
                cmocka_unit_test_setup_teardown(test_v1, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_and_back, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
