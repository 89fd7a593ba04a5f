/* Names and places of runs: made safe, never reused, found by path, id, prefix and "last". */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "store/run-names.h"
#include "store/run.h"

/* 2026-11-20 10:15:02 UTC */
#define WHEN 1795169702000000000

static char place[64];

static int set_up(void **state)
{
        strncpy(place, "/tmp/vigia-test-XXXXXX", sizeof place - 1);
        if (!mkdtemp(place))
                return -1;
        setenv("TZ", "UTC", 1);
        return setenv("VIGIA_DIR", place, 1);
}

static int tear_down(void **state)
{
        return directory_remove(AT_FDCWD, place);
}

static void make_of(const char *label, int64_t when, const char *snapshot_of, char **id)
{
        _cleanup_free_ char *path = NULL;
        Error err = {0};
        RunInfo info;

        if (run_make_directory(NULL, label, when, &path, id, &err) != 0)
                fail_msg("%s", err.message);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        run_info_init(&info);
        info.id = strdup(*id);
        info.start_realtime_ns = when;
        info.snapshot_of = snapshot_of ? strdup(snapshot_of) : NULL;
        assert_int_equal(run_info_write(&info, fd, &err), 0);
        run_info_done(&info);
        close(fd);
}

static void make(const char *label, int64_t when, char **id)
{
        make_of(label, when, NULL, id);
}

/* A snapshot began when its run did, and is not what `last` means. */
static void test_snapshot(void **state)
{
        _cleanup_free_ char *id = NULL, *copy = NULL, *path = NULL;
        Error err = {0};

        make("a", WHEN, &id);
        make_of("a-snapshot", WHEN, id, &copy);
        assert_true(strcmp(copy, id) > 0);
        assert_int_equal(run_resolve("last", &path, &err), 0);
        assert_true(text_ends_with(path, id));
}

/* A run elsewhere is found by its id until it is over; nobody else's name is taken. */
static void test_registered(void **state)
{
        _cleanup_free_ char *first = NULL, *id = NULL, *path = NULL, *found = NULL;
        char elsewhere[64] = "/tmp/vigia-test-XXXXXX", taken[128];
        RunInfo info;
        Error err = {0};

        make("a", WHEN, &first);
        assert_non_null(mkdtemp(elsewhere));
        assert_int_equal(run_make_directory(elsewhere, "a", WHEN, &path, &id, &err), 0);
        assert_string_equal(id, first);
        run_register(path, &id);
        snprintf(taken, sizeof taken, "%s-2", first);
        assert_string_equal(id, taken);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        run_info_init(&info);
        info.id = strdup(id);
        info.start_realtime_ns = WHEN + 1;
        assert_int_equal(run_info_write(&info, fd, &err), 0);
        run_info_done(&info);
        close(fd);
        assert_int_equal(run_resolve(id, &found, &err), 0);
        assert_string_equal(found, path);
        run_unregister("/somewhere/else", id);
        free(TAKE(found));
        assert_int_equal(run_resolve(id, &found, &err), 0);
        run_unregister(path, id);
        free(TAKE(found));
        assert_true(run_resolve(id, &found, &err) < 0);
        run_unregister(path, first); /* a run, no link: stays */
        assert_int_equal(run_resolve(first, &found, &err), 0);
        assert_int_equal(directory_remove(AT_FDCWD, elsewhere), 0);
}

static void test_ids(void **state)
{
        static const struct {
                const char *label, *id;
        } cases[] = {
                {"make", "20261120-101502-make"},
                {"make", "20261120-101502-make-2"},
                {"make", "20261120-101502-make-3"},
                {"../../etc/passwd", "20261120-101502-etc-passwd"},
                {"  a b\tc\n ", "20261120-101502-a-b-c"},
                {"\xff\xfe//", "20261120-101502-run"},
                {"", "20261120-101502-run-2"},
                {NULL, "20261120-101502-run-3"},
                {"g++", "20261120-101502-g++"},
                {"-rf", "20261120-101502-rf"},
                {"0123456789012345678901234567890123456789012345678901234567890123456789",
                 "20261120-101502-0123456789012345678901234567890123456789012345678901234567890123"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                _cleanup_free_ char *id = NULL;
                make(cases[i].label, WHEN, &id);
                assert_string_equal(id, cases[i].id);
        }
}

static void test_wanted(void **state)
{
        char path[PATH_MAX];
        _cleanup_free_ char *made = NULL, *id = NULL, *again = NULL;
        Error err = {0};
        struct stat st;

        snprintf(path, sizeof path, "%s/a/b/c", place);
        assert_int_equal(run_make_directory(path, "make", WHEN, &made, &id, &err), 0);
        assert_string_equal(made, path);
        assert_string_equal(id, "20261120-101502-make");
        assert_true(stat(path, &st) == 0 && S_ISDIR(st.st_mode));
        free(made);
        free(id);
        made = id = NULL;
        assert_int_equal(run_make_directory(path, "x", WHEN, &made, &id, &err), 0); /* still empty */
        strncat(path, "/file", sizeof path - strlen(path) - 1);
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        assert_int_equal(run_make_directory(path, "x", WHEN, &again, &again, &err), -ENOTDIR);
        path[strlen(path) - 5] = '\0';
        assert_int_equal(run_make_directory(path, "x", WHEN, &again, &again, &err), -EEXIST);
        assert_non_null(strstr(err.message, "not empty"));
        assert_null(again);
}

static void test_places(void **state)
{
        _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;

        assert_int_equal(runs_directory(&a), 0);
        assert_string_equal(a, place);
        unsetenv("VIGIA_DIR");
        setenv("XDG_STATE_HOME", "/x/state", 1);
        assert_int_equal(runs_directory(&b), 0);
        assert_string_equal(b, geteuid() == 0 ? "/var/lib/vigia/runs" : "/x/state/vigia/runs");
        setenv("XDG_STATE_HOME", "relative", 1);
        setenv("HOME", "/h", 1);
        assert_int_equal(runs_directory(&c), 0);
        assert_string_equal(c, geteuid() == 0 ? "/var/lib/vigia/runs" : "/h/.local/state/vigia/runs");
        setenv("VIGIA_DIR", place, 1);
}

static void expect_found(const char *name, const char *id)
{
        _cleanup_free_ char *path = NULL;
        char expected[PATH_MAX];
        Error err = {0};

        if (run_resolve(name, &path, &err) != 0)
                fail_msg("%s: %s", name, err.message);
        snprintf(expected, sizeof expected, "%s/%s", place, id);
        assert_string_equal(path, expected);
}

static void expect_not_found(const char *name, int code, const char *part)
{
        _cleanup_free_ char *path = NULL;
        Error err = {0};

        assert_int_equal(run_resolve(name, &path, &err), code);
        if (!strstr(err.message, part))
                fail_msg("%s: %s", name, err.message);
        assert_null(path);
}

static void test_resolve(void **state)
{
        _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL, *d = NULL;
        char path[PATH_MAX];

        expect_not_found("last", -ENOENT, "no runs");
        make("zz", WHEN + 1, &a);
        make("make", WHEN + 2, &b); /* same second, begun later, sorts before by name */
        make("make", WHEN + 3, &c);
        make("other", WHEN - 3600000000000, &d);
        expect_found("last", c);
        expect_found(a, a);
        expect_found(b, b); /* although it begins another id */
        expect_found("20261120-0915", d);
        expect_found("20261120-101502-z", a);
        expect_not_found("20261120-101502-m", -ENOTUNIQ, "20261120-101502-make-2");
        expect_not_found("20261120", -ENOTUNIQ, "ambiguous: 4 runs");
        expect_not_found("nonsense", -ENOENT, "no run nonsense");
        expect_not_found("", -ENOENT, "no run");
        expect_not_found("/nonsense/x", -ENOENT, "/nonsense/x");
        expect_not_found(".", -ENOENT, "no run.json");
        snprintf(path, sizeof path, "%s/%s", place, a);
        expect_found(path, a);
        strncat(path, "/run.json", sizeof path - strlen(path) - 1);
        expect_found(path, a);
        assert_int_equal(chdir(place), 0);
        snprintf(path, sizeof path, "./%s", b);
        expect_found(path, b);
        assert_int_equal(chdir(a), 0);
        expect_found(".", a);
        assert_int_equal(chdir("/"), 0);
}

/* What is no run is not listed; one that cannot be read is, since it can be removed by name. */
static void test_list(void **state)
{
        _cleanup_free_ char *a = NULL, *b = NULL;
        char path[PATH_MAX], **names = NULL;

        make("a", WHEN, &a);
        make("b", WHEN - 1000000000, &b);
        snprintf(path, sizeof path, "%s/empty", place);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "%s/broken", place);
        assert_int_equal(mkdir(path, 0700), 0);
        strncat(path, "/run.json", sizeof path - strlen(path) - 1);
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){{1, 0}, {1, 0}}, 0), 0);
        assert_int_equal(runs_list(&names), 0);
        assert_string_equal(names[0], "broken"); /* by the age of its file */
        assert_string_equal(names[1], b);
        assert_string_equal(names[2], a);
        assert_null(names[3]);
        run_names_free(names);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_ids, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_wanted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_resolve, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_snapshot, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_registered, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
