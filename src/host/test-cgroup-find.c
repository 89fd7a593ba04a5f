/* A cgroup by folder, path, name and short name, over recorded machines; and who is in it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/cgroup-find.h"
#include "host/test-recorded-host.h"

static void expect(const Host *host, const char *name, const char *path)
{
        char found[CGROUP_PATH_MAX];
        Error err = {0};

        assert_int_equal(cgroup_find(host, name, found, &err), 0);
        assert_string_equal(found, path);
}

static void test_v2(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("v2-server");
        char folder[CGROUP_PATH_MAX], found[CGROUP_PATH_MAX];
        Error err = {0};

        expect(host, "sshd", "/openrc/sshd");
        expect(host, "/openrc/sshd", "/openrc/sshd");
        expect(host, "/openrc/sshd/", "/openrc/sshd");
        expect(host, "openrc/sshd", "/openrc/sshd");
        expect(host, "/sys/fs/cgroup/openrc", "/openrc");
        assert_int_equal(cgroup_find_folder(host, "/openrc/sshd", folder), 0);
        assert_string_equal(folder, "/sys/fs/cgroup/openrc/sshd");
        assert_int_equal(cgroup_find(host, "sshdd", found, &err), -ENOENT);
        assert_non_null(strstr(err.message, "did you mean sshd"));
        assert_int_equal(cgroup_find(host, "/openrc/none", found, &err), -ENOENT);
        assert_int_equal(cgroup_find(host, "", found, &err), -ENOENT);
        assert_int_equal(cgroup_find(host, "..", found, &err), -ENOENT);
        assert_int_equal(cgroup_find(host, "/openrc/..", found, &err), -ENOENT);
        assert_int_equal(cgroup_find(host, "openrc/../openrc", found, &err), -ENOENT);
}

static void test_v1(void **state)
{
        _cleanup_(host_freep) Host *host = recorded_host("v1-server");
        char folder[CGROUP_PATH_MAX];

        expect(host, "sshd", "/daemons/sshd");
        assert_int_equal(cgroup_find_folder(host, "/daemons/sshd", folder), 0);
        assert_string_equal(folder, "/sys/fs/cgroup/memory/daemons/sshd");
}

static int count_pid(pid_t pid, void *data)
{
        int *sum = data;

        *sum += (int)pid;
        return 0;
}

static void write_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

/* The folder and all below it; a folder without cgroup.procs is none. */
static void test_walk(void **state)
{
        char place[] = "/tmp/vigia-cgroup.XXXXXX", command[128];
        _cleanup_(host_freep) Host *host = NULL;
        int sum = 0;

        assert_non_null(mkdtemp(place));
        snprintf(command, sizeof command, "mkdir -p %s/c/a/b %s/c/none", place, place);
        assert_int_equal(system(command), 0);
        const struct {
                const char *file, *text;
        } files[] = {{"c/cgroup.procs", "1\n2\n"},
                     {"c/a/cgroup.procs", "10\n0\n"}, /* 0: of another pid namespace */
                     {"c/a/b/cgroup.procs", "100\n"},
                     {"c/none/other", "1000\n"}};
        for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
                snprintf(command, sizeof command, "%s/%s", place, files[i].file);
                write_file(command, files[i].text);
        }
        assert_int_equal(host_new(place, &host), 0);
        assert_int_equal(cgroup_walk_pids(host, "/c", count_pid, &sum), 0);
        assert_int_equal(sum, 113);
        assert_int_equal(cgroup_walk_pids(host, "/gone", count_pid, &sum), -ENOENT);
        snprintf(command, sizeof command, "rm -rf %s", place);
        assert_int_equal(system(command), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_v2),
                cmocka_unit_test(test_v1),
                cmocka_unit_test(test_walk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
