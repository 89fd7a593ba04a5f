/* Cgroups above the run's, out of trees laid out here: who has a row and who has none, v2 and v1. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/test-monitor-place.h"

static int setup(void **state)
{
        return place_make(state, monitor_find("cgroups_above"));
}

static void lay(const Place *place, const char *name, const char *text)
{
        char path[512];

        snprintf(path, sizeof path, "%s/%s", place->path, name);
        char *slash = strrchr(path, '/');
        *slash = '\0';
        assert_int_equal(directory_make(path, 0755), 0);
        *slash = '/';
        /* In place: a kept descriptor sees it, as it would in the kernel's. */
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static int start(Place *place)
{
        const Monitor *monitor = place->context.monitor;
        Error err = {0};

        monitor->stop(place->state);
        memset(place->state, 0, monitor->state_size);
        return monitor->start(place->state, &place->context, &err);
}

/* Rows of one sample, as "PATH: COLUMN=VALUE …" lines of what is known. */
static const char *sample(Place *place, char text[4096])
{
        const Schema *schema = place->context.monitor->schema;
        MonitorTick tick = {.now_ns = 1};
        Error err = {0};
        int n = 0;

        batch_clear(place->rows);
        assert_int_equal(place->context.monitor->sample(place->state, &tick, place->rows, &err), 0);
        text[0] = '\0';
        for (size_t row = 0; row < batch_rows(place->rows); row++) {
                size_t size;
                const char *path = batch_text(place->rows, column_of(schema, "path"), row, &size);
                n += snprintf(text + n, 4096 - (size_t)n, "%.*s:", (int)size, path);
                for (size_t i = column_of(schema, "path") + 1; i < schema->n_columns; i++) {
                        if (batch_is_null(place->rows, i, row))
                                continue;
                        const double value = schema->columns[i].type == COLUMN_F64 ? batch_f64(place->rows, i, row)
                                                                                    : (double)batch_u64(place->rows, i, row);
                        n += snprintf(text + n, 4096 - (size_t)n, " %s=%g", schema->columns[i].name, value);
                }
                n += snprintf(text + n, 4096 - (size_t)n, "\n");
        }
        return text;
}

#define CGROUP(name) "sys/fs/cgroup/" name

static void lay_v2(const Place *place)
{
        lay(place, "proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n");
        lay(place, "proc/self/cgroup", "0::/user.slice/u.slice/job\n");
        lay(place, "proc/77/cgroup", "0::/user.slice/other\n");
        lay(place, CGROUP("user.slice/cpu.max"), "20000 100000\n");
        lay(place, CGROUP("user.slice/cpu.stat"), "usage_usec 5000\nuser_usec 1\nsystem_usec 1\nnr_periods 10\nnr_throttled 7\nthrottled_usec 900\n");
        lay(place, CGROUP("user.slice/memory.max"), "max\n");
        lay(place, CGROUP("user.slice/memory.high"), "max\n");
        lay(place, CGROUP("user.slice/memory.current"), "9\n");
        lay(place, CGROUP("user.slice/pids.max"), "max\n");
        lay(place, CGROUP("user.slice/u.slice/cpu.max"), "max 100000\n");
        lay(place, CGROUP("user.slice/u.slice/cpu.stat"), "usage_usec 4000\n");
        lay(place, CGROUP("user.slice/u.slice/memory.max"), "2000\n");
        lay(place, CGROUP("user.slice/u.slice/memory.high"), "1000\n");
        lay(place, CGROUP("user.slice/u.slice/memory.current"), "900\n");
        lay(place, CGROUP("user.slice/u.slice/memory.events"), "high 99\nmax 99\n");
        lay(place, CGROUP("user.slice/u.slice/memory.events.local"), "low 0\nhigh 3\nmax 1\noom 0\noom_kill 0\n");
        lay(place, CGROUP("user.slice/u.slice/pids.max"), "40\n");
        lay(place, CGROUP("user.slice/u.slice/pids.current"), "12\n");
        lay(place, CGROUP("user.slice/u.slice/job/memory.max"), "5\n");
        lay(place, CGROUP("user.slice/u.slice/job/memory.current"), "4\n");
        lay(place, CGROUP("user.slice/u.slice/job/cpu.max"), "100 100000\n");
        lay(place, CGROUP("user.slice/other/cpu.max"), "100 100000\n");
}

static void test_v2(void **state)
{
        Place *place = *state;
        char text[4096];

        lay_v2(place);
        assert_int_equal(start(place), 0);
        /* Nothing of the run's own, which the table cgroup has, nor of a sibling; nearest first. */
        assert_string_equal(sample(place, text),
                            "/user.slice/u.slice: version=2 memory_bytes=900 memory_high_bytes=1000 memory_max_bytes=2000 high_events=3 "
                            "max_events=1 oom_events=0 tasks=12 tasks_max=40\n"
                            "/user.slice: version=2 cpu_limit_ratio=0.2 cpu_us=5000 cpu_periods=10 cpu_throttled_periods=7 cpu_throttled_us=900\n");
        /* A limit that is taken away, and one that comes while it runs. */
        lay(place, CGROUP("user.slice/cpu.max"), "max 100000\n");
        lay(place, CGROUP("user.slice/u.slice/cpu.max"), "150000 100000\n");
        lay(place, CGROUP("user.slice/u.slice/memory.max"), "max\n");
        lay(place, CGROUP("user.slice/u.slice/memory.high"), "max\n");
        lay(place, CGROUP("user.slice/u.slice/pids.max"), "max\n");
        assert_string_equal(sample(place, text), "/user.slice/u.slice: version=2 cpu_limit_ratio=1.5 cpu_us=4000\n");
        lay(place, CGROUP("user.slice/u.slice/cpu.max"), "max 100000\n");
        assert_string_equal(sample(place, text), "");
}

/* Of another process, of a cgroup that was made for the command, of all. */
static void test_whose(void **state)
{
        Place *place = *state;
        char text[4096];

        lay_v2(place);
        place->context.root = 77;
        assert_int_equal(start(place), 0);
        assert_string_equal(sample(place, text), "/user.slice: version=2 cpu_limit_ratio=0.2 cpu_us=5000 cpu_periods=10 "
                                                 "cpu_throttled_periods=7 cpu_throttled_us=900\n");
        place->context.cgroup = "/user.slice/u.slice";
        lay(place, CGROUP("user.slice/u.slice/pids.peak"), "1\n");
        assert_int_equal(start(place), 0);
        assert_true(strncmp(sample(place, text), "/user.slice: ", 13) == 0);
        place->context.cgroup = NULL;
        place->context.all = true;
        assert_int_equal(start(place), -ENOENT);
}

/* Who is attached to comes later; then it is his cgroup that counts, not the recorder's. */
static void none_yet(const MonitorScope *scope, MonitorProcessFn fn, void *data)
{
}

static void the_77th(const MonitorScope *scope, MonitorProcessFn fn, void *data)
{
        fn(&(MonitorProcess){.process = 1, .pid = 77}, data);
}

static void test_attached(void **state)
{
        Place *place = *state;
        MonitorScope scope = {none_yet};
        char text[4096];

        lay_v2(place);
        place->context.scope = &scope;
        assert_int_equal(start(place), 0);
        assert_string_equal(sample(place, text), "");
        scope.each = the_77th;
        assert_true(strncmp(sample(place, text), "/user.slice: version=2 cpu_limit", 32) == 0);
}

/* The command's own cgroup is in the memory hierarchy only; of CPU it is where we are. */
static void test_v1(void **state)
{
        Place *place = *state;
        char text[4096];

        lay(place, "proc/77/cgroup", "4:memory:/job/vigia-1\n3:pids:/job\n2:cpu,cpuacct:/job\n0::/\n");
        lay(place, "proc/self/mountinfo",
            "33 28 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "34 28 0:30 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
            "35 28 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
        lay(place, CGROUP("memory/job/memory.limit_in_bytes"), "1000\n");
        lay(place, CGROUP("memory/job/memory.usage_in_bytes"), "900\n");
        lay(place, CGROUP("memory/job/memory.failcnt"), "3\n");
        lay(place, CGROUP("memory/job/memory.use_hierarchy"), "1\n");
        lay(place, CGROUP("memory/job/vigia-1/memory.limit_in_bytes"), "9223372036854771712\n");
        lay(place, CGROUP("memory/memory.limit_in_bytes"), "9223372036854771712\n");
        lay(place, CGROUP("cpu,cpuacct/job/cpu.cfs_quota_us"), "50000\n");
        lay(place, CGROUP("cpu,cpuacct/job/cpu.cfs_period_us"), "100000\n");
        lay(place, CGROUP("cpu,cpuacct/job/cpu.stat"), "nr_periods 10\nnr_throttled 7\nthrottled_time 900000\n");
        lay(place, CGROUP("cpu,cpuacct/job/cpuacct.usage"), "5000000\n");
        lay(place, CGROUP("cpu,cpuacct/cpu.cfs_quota_us"), "-1\n");
        lay(place, CGROUP("pids/job/pids.max"), "7\n");
        lay(place, CGROUP("pids/job/pids.current"), "3\n");
        place->context.cgroup = "/job/vigia-1";
        place->context.root = 77;
        assert_int_equal(start(place), 0);
        assert_string_equal(sample(place, text),
                            "/job: version=1 cpu_limit_ratio=0.5 cpu_us=5000 cpu_periods=10 cpu_throttled_periods=7 cpu_throttled_us=900 "
                            "memory_bytes=900 memory_max_bytes=1000 max_events=3 tasks=3 tasks_max=7\n");
        /* Where CPU time is counted in a hierarchy of its own. */
        lay(place, "proc/77/cgroup", "5:cpuacct:/job\n4:memory:/job/vigia-1\n3:pids:/job\n2:cpu:/job\n0::/\n");
        lay(place, "proc/self/mountinfo",
            "33 28 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            "35 28 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu\n"
            "36 28 0:32 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n");
        lay(place, CGROUP("cpuacct/job/cpuacct.usage"), "7000000\n");
        assert_int_equal(start(place), 0);
        assert_non_null(strstr(sample(place, text), "cpu_limit_ratio=0.5 cpu_us=7000 cpu_periods=10"));
        /* Without use_hierarchy what is below is not charged above. */
        lay(place, CGROUP("memory/job/memory.use_hierarchy"), "0\n");
        assert_int_equal(start(place), 0);
        assert_null(strstr(sample(place, text), "memory_"));
        assert_non_null(strstr(text, "cpu_limit_ratio=0.5"));
}

static void test_bounds(void **state)
{
        Place *place = *state;
        char text[4096], path[600] = "", line[700], name[700];

        lay(place, "proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n");
        for (unsigned i = 0; i < 27; i++)
                strcat(path, "/d");
        snprintf(line, sizeof line, "0::%s\n", path);
        lay(place, "proc/self/cgroup", line);
        for (size_t i = 2; i <= 54; i += 2) {
                snprintf(name, sizeof name, "sys/fs/cgroup%.*s/pids.max", (int)i, path);
                lay(place, name, i % 4 ? "5\n" : "nonsense\n");
        }
        assert_int_equal(start(place), 0);
        sample(place, text);
        assert_in_range(batch_rows(place->rows), 5, 23);
        lay(place, "proc/self/cgroup", "0::/../elsewhere\n");
        assert_int_equal(start(place), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_v2, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_whose, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_attached, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_v1, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_bounds, setup, place_remove),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
