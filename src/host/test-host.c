/* The openers over a root made here, and over this machine. */
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
#include "host/host.h"

typedef struct Place {
        char path[64];
        int fd;
        Host *host;
} Place;

static int setup(void **state)
{
        Place *place = calloc(1, sizeof *place);

        *state = place;
        text_copy(place->path, sizeof place->path, "/tmp/test-host.XXXXXX");
        if (!mkdtemp(place->path))
                return -1;
        place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return place->fd < 0 ? -1 : host_new(place->path, &place->host);
}

static int teardown(void **state)
{
        Place *place = *state;

        host_free(place->host);
        fd_close(place->fd);
        int r = directory_remove(AT_FDCWD, place->path);
        free(place);
        return r;
}

static void write_file(const Place *place, const char *name, const char *text)
{
        assert_int_equal(file_replace(place->fd, name, text, strlen(text), false), 0);
}

typedef struct Seen {
        char text[256];
        size_t n, stop_after;
} Seen;

static int see(const char *name, void *data)
{
        Seen *seen = data;
        size_t used = strlen(seen->text);

        snprintf(seen->text + used, sizeof seen->text - used, "%s|", name);
        return ++seen->n == seen->stop_after ? 42 : 0;
}

static void test_list(void **state)
{
        const Place *place = *state;
        Seen seen = {.stop_after = 0}, some = {.stop_after = 2}, none = {.stop_after = 0};

        assert_int_equal(mkdirat(place->fd, "things", 0755), 0);
        write_file(place, "things/hwmon10", "");
        write_file(place, "things/hwmon2", "");
        write_file(place, "things/.hidden", "");
        write_file(place, "things/a \"b\"\\", "");
        assert_int_equal(symlinkat("nowhere", place->fd, "things/link"), 0);
        assert_int_equal(host_list(place->host, "things", see, &seen), 0);
        assert_string_equal(seen.text, ".hidden|a \"b\"\\|hwmon2|hwmon10|link|");
        assert_int_equal(host_list(place->host, "things", see, &some), 42);
        assert_string_equal(some.text, ".hidden|a \"b\"\\|");
        assert_int_equal(host_list(place->host, "absent", see, &none), -ENOENT);
        assert_int_equal(host_list(place->host, "things/hwmon2", see, &none), -ENOTDIR);
        assert_int_equal(mkdirat(place->fd, "empty", 0755), 0);
        assert_int_equal(host_list(place->host, "empty", see, &none), 0);
        assert_int_equal(none.n, 0);
}

static int count(const char *name, void *data)
{
        ++*(size_t *)data;
        return 0;
}

static void test_list_is_bounded(void **state)
{
        const Place *place = *state;
        size_t n = 0;
        char name[32];

        assert_int_equal(mkdirat(place->fd, "many", 0755), 0);
        for (unsigned i = 0; i < HOST_LIST_MAX + 10; i++) {
                snprintf(name, sizeof name, "many/%u", i);
                int fd = openat(place->fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
                assert_true(fd >= 0);
                close(fd);
        }
        assert_int_equal(host_list(place->host, "many", count, &n), 0);
        assert_int_equal(n, HOST_LIST_MAX);
}

static void test_statvfs_recorded(void **state)
{
        const Place *place = *state;
        struct statvfs figures = {.f_blocks = 7};

        assert_int_equal(host_statvfs(place->host, "/", &figures), -ENOENT);
        write_file(place, "statvfs",
                   "/ 4096 1000 400 300 5000 4000\n/mnt/my\\040disk 1024 9 8 7 6 5\n/broken 4096 1\n");
        assert_int_equal(host_statvfs(place->host, "/", &figures), 0);
        assert_int_equal(figures.f_frsize, 4096);
        assert_int_equal(figures.f_blocks, 1000);
        assert_int_equal(figures.f_bfree, 400);
        assert_int_equal(figures.f_bavail, 300);
        assert_int_equal(figures.f_files, 5000);
        assert_int_equal(figures.f_ffree, 4000);
        assert_int_equal(host_statvfs(place->host, "/mnt/my disk", &figures), 0);
        assert_int_equal(figures.f_blocks, 9);
        assert_int_equal(host_statvfs(place->host, "/mnt", &figures), -ENOENT);
        assert_int_equal(host_statvfs(place->host, "/broken", &figures), -EBADMSG);
        assert_int_equal(host_statvfs(place->host, "mnt", &figures), -EINVAL);
        assert_int_equal(figures.f_blocks, 9);
        assert_false(host_is_live(place->host));
}

static void test_live(void **state)
{
        _cleanup_(host_freep) Host *host = NULL, *slash = NULL;
        struct statvfs ours, theirs;
        size_t n = 0;

        assert_int_equal(host_new(NULL, &host), 0);
        assert_true(host_is_live(host));
        assert_int_equal(host_new("/", &slash), 0);
        assert_true(host_is_live(slash));
        assert_int_equal(statvfs("/", &theirs), 0);
        assert_int_equal(host_statvfs(host, "/", &ours), 0);
        assert_int_equal(ours.f_blocks, theirs.f_blocks);
        assert_int_equal(ours.f_fsid, theirs.f_fsid);
        assert_int_equal(host_statvfs(host, "/no/such/place", &ours), -ENOENT);
        assert_int_equal(host_list(host, "proc/self/fd", count, &n), 0);
        assert_true(n > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_list),
                cmocka_unit_test(test_list_is_bounded),
                cmocka_unit_test(test_statvfs_recorded),
                cmocka_unit_test(test_live),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
