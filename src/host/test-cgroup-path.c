/* The way up from a cgroup, over recorded machines of v1, v2 and a container. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/cgroup-path.h"
#include "host/test-recorded-host.h"

static void expect_level(const CgroupPath *path, size_t level, const char *expected)
{
        char text[CGROUP_PATH_MAX];

        assert_string_equal(cgroup_path_level(path, level, text), expected);
}

static void test_v2(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("v2-limited");
        CgroupPath path;
        char text[64];

        assert_int_equal(cgroup_path_find(host, 0, "memory", &path), 0);
        assert_true(path.v2);
        assert_false(path.read_only);
        assert_string_equal(path.directory, "/sys/fs/cgroup/openrc/sshd");
        assert_int_equal(path.n_levels, 3);
        expect_level(&path, 0, "/openrc/sshd");
        expect_level(&path, 1, "/openrc");
        expect_level(&path, 2, "/");
        assert_true(cgroup_path_read(host, &path, 0, "memory.max", text, sizeof text) > 0);
        assert_int_equal(cgroup_path_read(host, &path, 1, "memory.max", text, sizeof text),
                         -ENOENT);
        assert_true(cgroup_path_read(host, &path, 2, "cgroup.controllers", text, sizeof text) > 0);
        assert_int_equal(cgroup_path_open(host, &path, 3, "cgroup.controllers"), -ENOENT);
        assert_int_equal(cgroup_path_find(host, 4242, "memory", &path), -ENOENT);
}

/* Every controller has a tree of its own. */
static void test_v1(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("v1-server");
        CgroupPath path;

        assert_int_equal(cgroup_path_find(host, 0, "pids", &path), 0);
        assert_false(path.v2);
        assert_string_equal(path.directory, "/sys/fs/cgroup/pids/daemons/sshd");
        assert_string_equal(path.path, "/daemons/sshd");
        assert_int_equal(path.n_levels, 3);
        assert_int_equal(cgroup_path_find(host, 0, "cpuset", &path), 0);
        assert_string_equal(path.directory, "/sys/fs/cgroup/cpuset");
        assert_int_equal(path.n_levels, 1);
        assert_int_equal(cgroup_path_find(host, 0, NULL, &path), -ENOENT);
        assert_int_equal(cgroup_path_find(host, 0, "misc", &path), -ENOENT);
}

static void test_container(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("v2-container");
        CgroupPath path;
        char text[64];

        assert_int_equal(cgroup_path_find(host, 0, "pids", &path), 0);
        assert_true(path.read_only);
        assert_int_equal(path.n_levels, 1);
        expect_level(&path, 0, "/");
        expect_level(&path, 7, "/");
        assert_true(cgroup_path_read(host, &path, 0, "memory.max", text, sizeof text) > 0);
}

static void test_scope(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("v2-limited");
        CgroupPath path;

        assert_int_equal(cgroup_path_of_scope(host, "/openrc", 0, "memory", &path), 0);
        assert_string_equal(path.path, "/openrc");
        assert_int_equal(path.n_levels, 2);
        /* A scope whose folder is gone, and a command that has ended: ours. */
        assert_int_equal(cgroup_path_of_scope(host, "/gone", 4242, "memory", &path), 0);
        assert_string_equal(path.path, "/openrc/sshd");
        assert_int_equal(cgroup_path_at(host, "/gone", "memory", &path), -ENOENT);
        assert_string_equal(path.path, "/openrc/sshd");
}

/* A tree deeper than anybody makes: the innermost levels are kept, none above the mount. */
static void test_deep(void **state)
{
        char root[] = "/tmp/vigia-cgroup-path.XXXXXX", name[256];
        _cleanup_(host_freep) Host *host = NULL;
        CgroupPath path;

        assert_non_null(mkdtemp(root));
        snprintf(name, sizeof name, "mkdir -p %s/proc/self %s/cg", root, root);
        assert_int_equal(system(name), 0);
        snprintf(name, sizeof name, "%s/proc/self/mountinfo", root);
        FILE *file = fopen(name, "w");
        assert_non_null(file);
        fputs("31 23 0:28 / /cg rw - cgroup2 none rw\n", file);
        assert_int_equal(fclose(file), 0);
        snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
        file = fopen(name, "w");
        assert_non_null(file);
        fputs("0::", file);
        for (unsigned i = 0; i < 100; i++)
                fputs("//a", file);
        fputs("/\n", file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(host_new(root, &host), 0);
        assert_int_equal(cgroup_path_find(host, 0, NULL, &path), 0);
        assert_int_equal(path.n_levels, CGROUP_LEVELS_MAX);
        expect_level(&path, 100, "/");
        expect_level(&path, 98, "//a//a");
        snprintf(name, sizeof name, "rm -r %s", root);
        assert_int_equal(system(name), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_v2),        cmocka_unit_test(test_v1),
                cmocka_unit_test(test_container), cmocka_unit_test(test_scope),
                cmocka_unit_test(test_deep),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
