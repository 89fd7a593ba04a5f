/* Texts of cgroups: four machines recorded under tests/roots/, and bounds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/cgroup.h"
#include "host/host.h"

/* tests/roots/ as seen from where this file was compiled, which is where tests run. */
static Host *open_root(const char *name)
{
        static const char self[] = __FILE__, tail[] = "src/host/test-cgroup.c";
        char path[1024];
        Host *host = NULL;

        assert_true(text_ends_with(self, tail));
        snprintf(path, sizeof path, "%.*stests/roots/%s", (int)(sizeof self - sizeof tail), self,
                 name);
        assert_int_equal(host_new(path, &host), 0);
        return host;
}

static void read_file(const char *root, const char *path, char *buffer, size_t size)
{
        _cleanup_(host_freep) Host *host = open_root(root);

        assert_true(host_read(host, path, buffer, size) >= 0);
}

static void expect_place(const char *root, const char *controller, const char *path,
                         const char *directory, bool read_only, bool alone)
{
        char cgroup[8192], mountinfo[8192], found[CGROUP_PATH_MAX], resolved[CGROUP_PATH_MAX];
        CgroupMount mount;

        read_file(root, "proc/self/cgroup", cgroup, sizeof cgroup);
        read_file(root, "proc/self/mountinfo", mountinfo, sizeof mountinfo);
        assert_int_equal(cgroup_parse_path(cgroup, strlen(cgroup), controller, found), 0);
        assert_string_equal(found, path);
        assert_int_equal(cgroup_parse_mount(mountinfo, strlen(mountinfo), controller, &mount), 0);
        assert_int_equal(cgroup_resolve(&mount, found, resolved), 0);
        assert_string_equal(resolved, directory);
        assert_int_equal(mount.read_only, read_only);
        assert_int_equal(mount.alone, alone);
}

static void test_recorded(void **state)
{
        char buffer[8192], path[CGROUP_PATH_MAX];
        CgroupMount mount;

        expect_place("v1-server", "memory", "/daemons/sshd", "/sys/fs/cgroup/memory/daemons/sshd",
                     false, true);
        expect_place("v1-server", "cpuacct", "/daemons/sshd",
                     "/sys/fs/cgroup/cpu,cpuacct/daemons/sshd", false, false);
        expect_place("v2-container", NULL, "/", "/sys/fs/cgroup", true, true);
        expect_place("hybrid", "memory", "/jobs/7f3a", "/sys/fs/cgroup/memory/jobs/7f3a", false,
                     true);
        expect_place("hybrid", "cpuacct", "/", "/sys/fs/cgroup/cpuacct", false, true);
        expect_place("hybrid", NULL, "/", "/sys/fs/cgroup/unified", false, true);
        read_file("v1-server", "proc/self/cgroup", buffer, sizeof buffer);
        assert_int_equal(cgroup_parse_path(buffer, strlen(buffer), NULL, path), -ENOENT);
        read_file("v2-desktop", "proc/self/mountinfo", buffer, sizeof buffer);
        assert_int_equal(cgroup_parse_mount(buffer, strlen(buffer), "memory", &mount), -ENOENT);
}

static int parse_path(const char *text, const char *controller, char *ret)
{
        return cgroup_parse_path(text, strlen(text), controller, ret);
}

static void test_path_bounds(void **state)
{
        char path[CGROUP_PATH_MAX] = "untouched", longer[2 * CGROUP_PATH_MAX];

        assert_int_equal(parse_path("", NULL, path), -ENOENT);
        assert_int_equal(parse_path("0:", NULL, path), -ENOENT);
        assert_int_equal(parse_path("0::", NULL, path), -ENOENT);
        assert_int_equal(parse_path("0::relative\n", NULL, path), -ENOENT);
        assert_int_equal(parse_path("0::/../other\n", NULL, path), -EXDEV);
        assert_int_equal(parse_path("0::/a/..\n", NULL, path), -EXDEV);
        assert_int_equal(parse_path("0::/gone (deleted)\n", NULL, path), -EXDEV);
        assert_int_equal(parse_path("4:memoryx:/a\n5:xmemory,y:/b\n", "memory", path), -ENOENT);
        memset(longer, 'a', sizeof longer);
        memcpy(longer, "0::/", 4);
        longer[sizeof longer - 1] = '\0';
        assert_int_equal(parse_path(longer, NULL, path), -ENAMETOOLONG);
        assert_string_equal(path, "untouched");
        assert_int_equal(parse_path("1:cpu,memory:/a:b c\n0::/\n", "memory", path), 0);
        assert_string_equal(path, "/a:b c");
        assert_int_equal(parse_path("0::/..a/b..", NULL, path), 0);
}

static void test_mounts(void **state)
{
        static const char text[] =
                "nonsense\n"
                "1 2 0:1 / /short rw\n"
                "1 2 0:1 /\\134x /ro\\040place ro,nosuid shared:4 master:7 - cgroup cgroup rw,memory\n"
                "1 2 0:1 /docker/ab /rw rw - cgroup cgroup rw,memory\n";
        const size_t read_only_part = (size_t)(strstr(text, "1 2 0:1 /docker") - text);
        char directory[CGROUP_PATH_MAX];
        CgroupMount mount;

        assert_int_equal(cgroup_parse_mount(text, sizeof text - 1, "memory", &mount), 0);
        assert_string_equal(mount.directory, "/rw");
        assert_false(mount.read_only);
        assert_int_equal(cgroup_resolve(&mount, "/docker/ab", directory), 0);
        assert_string_equal(directory, "/rw");
        assert_int_equal(cgroup_resolve(&mount, "/docker/ab/c", directory), 0);
        assert_string_equal(directory, "/rw/c");
        assert_int_equal(cgroup_resolve(&mount, "/docker/abc", directory), -EXDEV);
        assert_int_equal(cgroup_resolve(&mount, "/", directory), -EXDEV);
        assert_int_equal(cgroup_parse_mount(text, read_only_part, "memory", &mount), 0);
        assert_string_equal(mount.directory, "/ro place");
        assert_string_equal(mount.root, "/\\x");
        assert_true(mount.read_only);
        assert_int_equal(cgroup_parse_mount(text, sizeof text - 1, NULL, &mount), -ENOENT);
}

static void test_values(void **state)
{
        static const char stat[] = "cache 1\nrss 2\nanon_thp\nrss_huge 33x\nlast 7";
        uint64_t value = 9;

        assert_int_equal(cgroup_parse_value("max\n", 4, &value), 0);
        assert_true(value == UINT64_MAX);
        assert_int_equal(cgroup_parse_value("4096\n", 5, &value), 0);
        assert_true(value == 4096);
        assert_int_equal(cgroup_parse_value("max 100000\n", 11, &value), -EINVAL);
        assert_int_equal(cgroup_parse_value("", 0, &value), -EINVAL);
        assert_int_equal(cgroup_parse_key(stat, sizeof stat - 1, "rss", &value), 0);
        assert_true(value == 2);
        assert_int_equal(cgroup_parse_key(stat, sizeof stat - 1, "last", &value), 0);
        assert_true(value == 7);
        assert_int_equal(cgroup_parse_key(stat, sizeof stat - 1, "rss_huge", &value), -EINVAL);
        assert_int_equal(cgroup_parse_key(stat, sizeof stat - 1, "anon_thp", &value), -EINVAL);
        assert_int_equal(cgroup_parse_key(stat, sizeof stat - 1, "rs", &value), -ENOENT);
        assert_true(cgroup_has_word("cpu memory\n", 11, "memory"));
        assert_false(cgroup_has_word("cpu memory.x\n", 13, "memory"));
        assert_false(cgroup_has_word("", 0, "memory"));
}

static void test_pids(void **state)
{
        static const char text[] = "12\n0\nx\n4294967296\n7";
        const char *at = text, *end = text + sizeof text - 1;
        pid_t pid;

        assert_int_equal(cgroup_next_pid(&at, end, &pid), 0);
        assert_int_equal(pid, 12);
        assert_int_equal(cgroup_next_pid(&at, end, &pid), 0);
        assert_int_equal(pid, 7);
        assert_int_equal(cgroup_next_pid(&at, end, &pid), -ENOENT);
}

static void test_slices(void **state)
{
        char text[8192], path[CGROUP_PATH_MAX], slice[256];

        read_file("v2-desktop", "proc/self/cgroup", text, sizeof text);
        assert_int_equal(parse_path(text, NULL, path), 0);
        assert_int_equal(cgroup_parse_slice(path, "user@1000.service", slice), 0);
        assert_string_equal(slice, "app-org.gnome.Terminal.slice");
        assert_int_equal(cgroup_parse_slice(path, "user@0.service", slice), -ENOENT);
        assert_int_equal(cgroup_parse_slice(path, NULL, slice), 0);
        assert_string_equal(slice, "user-1000.slice");
        assert_int_equal(cgroup_parse_slice("/init.scope", NULL, slice), -ENOENT);
        assert_int_equal(cgroup_parse_slice("/", NULL, slice), -ENOENT);
        assert_int_equal(cgroup_parse_slice("/.slice", NULL, slice), -ENOENT);
        assert_int_equal(cgroup_parse_slice("/a.service/evil.slice", NULL, slice), -ENOENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_recorded), cmocka_unit_test(test_path_bounds),
                cmocka_unit_test(test_mounts),   cmocka_unit_test(test_values),
                cmocka_unit_test(test_pids),     cmocka_unit_test(test_slices),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
