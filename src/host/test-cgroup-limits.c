/* Limits up the path: v1, v2 with five levels, a container; set, not set, gone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/cgroup-limits.h"
#include "host/test-recorded-host.h"

static void test_v2(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("laptop/1");
        char path[CGROUP_PATH_MAX];
        CgroupLimits limits = {0};
        CgroupLimit limit;

        assert_int_equal(cgroup_limits_open(&limits, host, NULL, 0, CGROUP_PIDS), 0);
        assert_int_equal(limits.n_levels, 7);
        assert_true(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(limit.limit, 41393);
        assert_int_equal(limit.current, 1122);
        assert_string_equal(cgroup_path_level(&limits.path, limit.level, path),
                            "/user.slice/user-1000.slice");
        assert_false(cgroup_limits_read(&limits, 0, &limit)); /* "max" */
        assert_false(cgroup_limits_read(&limits, 6, &limit)); /* the top has no such file */
        assert_false(cgroup_limits_read(&limits, 7, &limit));
        cgroup_limits_close(&limits);
        assert_false(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(cgroup_limits_open(&limits, host, NULL, 0, CGROUP_MEMORY), 0);
        assert_false(cgroup_limits_tightest(&limits, &limit)); /* all "max" */
        cgroup_limits_close(&limits);
}

static void test_v1(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("server-v1/1");
        CgroupLimits limits = {0};
        CgroupLimit limit;

        assert_int_equal(cgroup_limits_open(&limits, host, NULL, 0, CGROUP_MEMORY), 0);
        assert_true(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(limit.limit, (uint64_t)8 << 30);
        assert_int_equal(limit.current, 8589807616);
        assert_int_equal(limit.level, 0);
        /* memory.use_hierarchy is 0 above: what is there does not count. */
        assert_int_equal(limits.n_levels, 1);
        /* Memory and swap together are limited to the same: nothing may be swapped. */
        assert_int_equal(cgroup_limits_swap_left(&limits, host, &limit), 0);
        cgroup_limits_close(&limits);
        assert_int_equal(cgroup_limits_open(&limits, host, NULL, 0, CGROUP_PIDS), 0);
        assert_int_equal(limits.n_levels, 3);
        assert_true(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(limit.limit, 64);
        cgroup_limits_close(&limits);
}

static void write_file(const char *root, const char *name, const char *text)
{
        char path[256];

        snprintf(path, sizeof path, "%s/%s", root, name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

/* What a machine does while it is looked at: limits set, lifted, files that turn to nonsense. */
static void test_changes(void **state)
{
        char root[] = "/tmp/vigia-cgroup-limits.XXXXXX", command[256];
        _cleanup_(host_freep) Host *host = NULL;
        CgroupLimits limits = {0};
        CgroupLimit limit;

        assert_non_null(mkdtemp(root));
        snprintf(command, sizeof command, "mkdir -p %s/proc/self %s/cg/a/b", root, root);
        assert_int_equal(system(command), 0);
        write_file(root, "proc/self/mountinfo", "31 23 0:28 / /cg rw - cgroup2 none rw\n");
        write_file(root, "proc/self/cgroup", "0::/a/b\n");
        write_file(root, "cg/a/memory.max", "1000000\n");
        write_file(root, "cg/a/memory.current", "900000\n");
        write_file(root, "cg/a/b/memory.max", "max\n");
        write_file(root, "cg/a/b/memory.current", "100000\n");
        write_file(root, "cg/a/memory.stat",
                   "anon 500000\nfile 400000\ninactive_file 300000\nactive_file 50000\n");
        write_file(root, "cg/a/memory.swap.max", "70000\n");
        write_file(root, "cg/a/memory.swap.current", "20000\n");
        assert_int_equal(host_new(root, &host), 0);
        assert_int_equal(cgroup_limits_open(&limits, host, NULL, 0, CGROUP_MEMORY), 0);
        assert_int_equal(limits.n_levels, 3);
        assert_true(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(limit.level, 1);
        assert_int_equal(cgroup_limits_reclaimable(&limits, host, 1), 350000);
        assert_int_equal(cgroup_limits_swap_left(&limits, host, &limit), 50000);
        assert_int_equal(cgroup_limits_reclaimable(&limits, host, 0), 0);
        write_file(root, "cg/a/memory.swap.max", "max\n");
        assert_true(cgroup_limits_swap_left(&limits, host, &limit) == UINT64_MAX);
        write_file(root, "cg/a/b/memory.max", "150000\n");
        assert_true(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(limit.level, 0);
        write_file(root, "cg/a/b/memory.max", "-5\n");
        assert_true(cgroup_limits_tightest(&limits, &limit));
        assert_int_equal(limit.level, 1);
        write_file(root, "cg/a/memory.current", "");
        assert_false(cgroup_limits_tightest(&limits, &limit));
        cgroup_limits_close(&limits);
        snprintf(command, sizeof command, "rm -r %s", root);
        assert_int_equal(system(command), 0);
}

static void test_none(void **state)
{
        char root[] = "/tmp/vigia-cgroup-limits.XXXXXX";
        _cleanup_(host_freep) Host *host = NULL;
        CgroupLimits limits = {0};
        CgroupLimit limit;

        assert_non_null(mkdtemp(root));
        assert_int_equal(host_new(root, &host), 0);
        assert_int_equal(cgroup_limits_open(&limits, host, NULL, 0, CGROUP_PIDS), -ENOENT);
        assert_false(cgroup_limits_tightest(&limits, &limit));
        cgroup_limits_close(&limits);
        rmdir(root);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_v2),
                cmocka_unit_test(test_v1),
                cmocka_unit_test(test_changes),
                cmocka_unit_test(test_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
