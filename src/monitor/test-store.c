/* Trees whose truth is counted here by other means; ccache's files; the monitor over both. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/monitor.h"
#include "monitor/store-measure.h"

typedef struct Place {
        char path[64];
        int fd;
} Place;

static int setup(void **state)
{
        Place *place = calloc(1, sizeof *place);

        *state = place;
        text_copy(place->path, sizeof place->path, "/tmp/test-store.XXXXXX");
        if (!mkdtemp(place->path))
                return -1;
        place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return place->fd < 0;
}

static int teardown(void **state)
{
        Place *place = *state;

        fd_close(place->fd);
        int r = directory_remove(AT_FDCWD, place->path);
        free(place);
        return r;
}

static void make_file(const Place *place, const char *name, size_t size)
{
        _cleanup_free_ char *bytes = malloc(size + 1);

        memset(bytes, 'x', size + 1);
        assert_int_equal(file_replace(place->fd, name, bytes, size, false), 0);
}

static StoreFigures truth; /* nftw(3) has no argument */

static int see(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        truth.bytes += (uint64_t)st->st_blocks * 512;
        if (S_ISDIR(st->st_mode)) {
                truth.directories++;
        } else {
                truth.files++;
                truth.apparent_bytes += S_ISREG(st->st_mode) || S_ISLNK(st->st_mode)
                                                ? (uint64_t)st->st_size
                                                : 0;
        }
        return 0;
}

static bool keep_going(const StoreFigures *so_far, void *data)
{
        ++*(size_t *)data;
        return true;
}

static bool give_up(const StoreFigures *so_far, void *data)
{
        return false;
}

static StoreFigures measure(int fd)
{
        StoreFigures figures = {0};
        size_t steps = 0;

        assert_int_equal(store_tree_measure(fd, &(StoreWatch){keep_going, &steps}, &figures), 0);
        assert_true(steps > 0);
        return figures;
}

static void test_tree(void **state)
{
        const Place *place = *state;
        char name[64];

        assert_int_equal(mkdirat(place->fd, "a", 0755), 0);
        assert_int_equal(mkdirat(place->fd, "a/.hidden \"x\"\n", 0755), 0);
        assert_int_equal(mkdirat(place->fd, "empty", 0755), 0);
        make_file(place, "a/large", 100000);
        make_file(place, "a/.hidden \"x\"\n/\xff", 5000);
        make_file(place, "a/nothing", 0);
        assert_int_equal(symlinkat("/", place->fd, "a/link"), 0);
        assert_int_equal(symlinkat("..", place->fd, "a/up"), 0);
        assert_int_equal(mkfifoat(place->fd, "a/fifo", 0644), 0);
        for (unsigned i = 0; i < 1000; i++) { /* more than one read of a folder, and several steps */
                snprintf(name, sizeof name, "empty/%u", i);
                make_file(place, name, i % 3);
        }
        truth = (StoreFigures){0};
        assert_int_equal(nftw(place->path, see, 16, FTW_PHYS), 0);
        StoreFigures f = measure(place->fd);
        assert_int_equal(f.files, truth.files);
        assert_int_equal(f.directories, truth.directories);
        assert_int_equal(f.bytes, truth.bytes);
        assert_int_equal(f.apparent_bytes, truth.apparent_bytes);
        assert_int_equal(f.errors, 0);
        assert_true(f.store_paths == STORE_UNKNOWN);

        /* A second name for a file changes nothing, from whichever folder. */
        assert_int_equal(linkat(place->fd, "a/large", place->fd, "again", 0), 0);
        assert_int_equal(linkat(place->fd, "a/large", place->fd, "a/.hidden \"x\"\n/again", 0), 0);
        StoreFigures linked = measure(place->fd);
        assert_int_equal(linked.files, f.files);
        assert_int_equal(linked.apparent_bytes, f.apparent_bytes);

        /* Given up: nothing is said. */
        StoreFigures untouched = {.files = 7};
        assert_int_equal(store_tree_measure(place->fd, &(StoreWatch){give_up, NULL}, &untouched),
                         -ECANCELED);
        assert_int_equal(untouched.files, 7);
        _cleanup_close_ int file = openat(place->fd, "a/large", O_RDONLY | O_CLOEXEC);
        assert_int_equal(store_tree_measure(file, &(StoreWatch){give_up, NULL}, &untouched), -ENOTDIR);
}

/* More files with several names than are remembered exactly. */
static void test_many_links(void **state)
{
        enum { FILES = STORE_LINKS_MAX + 600 };
        const Place *place = *state;
        char name[64], again[64];

        assert_int_equal(mkdirat(place->fd, "a", 0755), 0);
        assert_int_equal(mkdirat(place->fd, "b", 0755), 0);
        for (unsigned i = 0; i < FILES; i++) {
                snprintf(name, sizeof name, "a/%u", i);
                snprintf(again, sizeof again, "b/%u", i);
                int fd = openat(place->fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
                assert_true(fd >= 0);
                assert_int_equal(ftruncate(fd, 3), 0);
                close(fd);
                assert_int_equal(linkat(place->fd, name, place->fd, again, 0), 0);
        }
        StoreFigures f = measure(place->fd);
        assert_int_equal(f.files, FILES);
        assert_int_equal(f.apparent_bytes, 3 * FILES);
        assert_int_equal(f.directories, 3);
}

static void test_deep(void **state)
{
        const Place *place = *state;
        int fd = dup(place->fd);

        for (unsigned i = 0; i < STORE_DEPTH_MAX + 50; i++) {
                assert_int_equal(mkdirat(fd, "d", 0755), 0);
                int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                close(fd);
                fd = next;
        }
        close(fd);
        StoreFigures f = measure(place->fd);
        assert_int_equal(f.directories, STORE_DEPTH_MAX + 1); /* the last is seen, not entered */
        assert_int_equal(f.errors, 1);
        /* directory_remove gives up on such depths, too. */
        while (renameat(place->fd, "d/d", place->fd, "e") == 0) {
                assert_int_equal(unlinkat(place->fd, "d", AT_REMOVEDIR), 0);
                assert_int_equal(renameat(place->fd, "e", place->fd, "d"), 0);
        }
}

/* In a process of its own, for its mounts: 0 fine, 77 not permitted here. */
static int measure_around_mount(const Place *place)
{
        char path[128];
        StoreFigures before, after;
        size_t steps = 0;

        snprintf(path, sizeof path, "%s/other", place->path);
        if (mkdir(path, 0755) < 0 || unshare(CLONE_NEWNS) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return 77;
        int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* as this namespace sees it */
        if (fd < 0 || store_tree_measure(fd, &(StoreWatch){keep_going, &steps}, &before) < 0)
                return 1;
        /* A file system of its own, and this one again. */
        if (mount("/proc", path, NULL, MS_BIND, NULL) < 0)
                return 77;
        if (store_tree_measure(fd, &(StoreWatch){keep_going, &steps}, &after) < 0 ||
            after.files != before.files || after.directories != before.directories - 1)
                return 2;
        umount2(path, MNT_DETACH);
        if (mount(place->path, path, NULL, MS_BIND, NULL) < 0 ||
            store_tree_measure(fd, &(StoreWatch){keep_going, &steps}, &after) < 0)
                return 3;
        umount2(path, MNT_DETACH);
        /* Kernels before 5.8 do not tell a mount of the same file system. */
        return after.files == before.files || after.files == 2 * before.files ? 0 : 4;
}

static void test_mounts(void **state)
{
        const Place *place = *state;
        int status;

        make_file(place, "file", 10);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(measure_around_mount(place));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) {
                print_message("no mounts may be made here\n");
                skip();
        }
        assert_int_equal(WEXITSTATUS(status), 0);
}

#define ELEVEN "0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n"

static void test_ccache_text(void **state)
{
        static const char *const broken[] = {"", "1\n", ELEVEN "5\n", ELEVEN "5\n7", ELEVEN "x\n7\n",
                                             ELEVEN "5\n18446744073709551615\n"};
        static const char good[] = ELEVEN "2376\n35020\n0\n";
        uint64_t files = 1, bytes = 2;

        for (size_t i = 0; i < ARRAY_LENGTH(broken); i++)
                assert_int_equal(store_ccache_parse(broken[i], strlen(broken[i]), &files, &bytes),
                                 -EBADMSG);
        assert_int_equal(bytes, 2);
        assert_int_equal(store_ccache_parse(good, sizeof good - 1, &files, &bytes), 0);
        assert_int_equal(files, 2376);
        assert_int_equal(bytes, 35020 * 1024);
}

static void make_ccache(const Place *place)
{
        static const char text[] = ELEVEN "10\n100\n", broken[] = "?";

        assert_int_equal(mkdirat(place->fd, "3", 0755), 0);
        assert_int_equal(mkdirat(place->fd, "3/a", 0755), 0);
        assert_int_equal(mkdirat(place->fd, "f", 0755), 0);
        assert_int_equal(file_replace(place->fd, "3/stats", text, sizeof text - 1, false), 0);
        assert_int_equal(file_replace(place->fd, "3/a/stats", text, sizeof text - 1, false), 0);
        assert_int_equal(file_replace(place->fd, "f/stats", broken, sizeof broken - 1, false), 0);
}

static void test_ccache(void **state)
{
        const Place *place = *state;
        StoreFigures f = {0};
        size_t steps = 0;
        const StoreWatch watch = {keep_going, &steps};

        assert_int_equal(store_ccache_measure(place->fd, &watch, &f), -ENOENT);
        assert_int_equal(steps, 0); /* nothing was said of what is none */
        make_ccache(place);
        assert_int_equal(store_ccache_measure(place->fd, &watch, &f), 0);
        assert_int_equal(f.files, 20);
        assert_int_equal(f.bytes, 200 * 1024);
        assert_int_equal(f.errors, 1);
        assert_true(f.apparent_bytes == STORE_UNKNOWN && f.directories == STORE_UNKNOWN);
}

static void assert_text(const Batch *rows, const char *column, size_t row, const char *expected)
{
        size_t size;
        const char *text =
                batch_text(rows, (size_t)schema_find(batch_schema(rows), column), row, &size);

        assert_int_equal(size, strlen(expected));
        assert_memory_equal(text, expected, size);
}

static uint64_t figure(const Batch *rows, const char *column, size_t row)
{
        size_t c = (size_t)schema_find(batch_schema(rows), column);

        return batch_is_null(rows, c, row) ? STORE_UNKNOWN : batch_u64(rows, c, row);
}

/* The live monitor over a ccache, a folder to walk and one that is not there. */
static void test_monitor(void **state)
{
        const Place *place = *state;
        const Monitor *monitor = monitor_find("store");
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_(batch_freep) Batch *rows = NULL;
        char absent[128], walked[128];
        const char *paths[] = {absent, place->path, walked};
        MonitorSetting setting = {"store", "paths", paths, 3, 0};
        MonitorTick tick = {.now_ns = UINT64_MAX / 2};
        Error err = {0};

        make_ccache(place);
        assert_int_equal(mkdirat(place->fd, "walked", 0755), 0);
        make_file(place, "walked/file", 12345);
        snprintf(absent, sizeof absent, "%s/absent", place->path);
        snprintf(walked, sizeof walked, "%s/walked/", place->path);
        assert_int_equal(host_new(NULL, &host), 0);
        assert_int_equal(batch_new(monitor->schema, 16, 4096, &rows), 0);
        MonitorContext context = {.host = host, .monitor = monitor, .interval_us = 1000,
                                  .settings = &setting, .n_settings = 1};
        void *s = calloc(1, monitor->state_size);
        assert_int_equal(monitor->probe(&context, &err, &err), 0);
        assert_int_equal(monitor->start(s, &context, &err), 0);
        do { /* until the thread has been there */
                nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
                batch_clear(rows);
                assert_int_equal(monitor->sample(s, &tick, rows, &err), 0);
        } while (batch_rows(rows) < 2 || figure(rows, "complete", 0) != 1 ||
                 figure(rows, "complete", 1) != 1);
        assert_int_equal(batch_rows(rows), 2);
        assert_text(rows, "path", 0, place->path);
        assert_text(rows, "measured_by", 0, "ccache statistics");
        assert_int_equal(figure(rows, "files", 0), 20);
        walked[strlen(walked) - 1] = '\0';
        assert_text(rows, "path", 1, walked);
        assert_text(rows, "measured_by", 1, "walk");
        assert_int_equal(figure(rows, "files", 1), 1);
        assert_int_equal(figure(rows, "directories", 1), 1);
        assert_int_equal(figure(rows, "apparent_bytes", 1), 12345);
        assert_true(figure(rows, "store_paths", 1) == STORE_UNKNOWN);
        assert_true(figure(rows, "age_ms", 1) != STORE_UNKNOWN);
        monitor->stop(s);
        free(s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many_links, setup, teardown),
                cmocka_unit_test_setup_teardown(test_deep, setup, teardown),
                cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
                cmocka_unit_test(test_ccache_text),
                cmocka_unit_test_setup_teardown(test_ccache, setup, teardown),
                cmocka_unit_test_setup_teardown(test_monitor, setup, teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
