/* A mount that answers, and one whose server is there but says nothing: FUSE without a server. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitor/disk-asker.h"

static int ask_until_answered(DiskAsker *asker, struct statvfs *ret)
{
        int r;

        do {
                sched_yield();
                r = disk_asker_ask(asker, ret);
        } while (r == DISK_NOT_YET || r == -ETIMEDOUT);
        return r;
}

static void test_answers(void **state)
{
        struct statvfs figures = {0}, expected;
        DiskAsker *asker;

        assert_int_equal(statvfs("/", &expected), 0);
        assert_int_equal(disk_asker_new("/", &asker), 0);
        assert_int_equal(disk_asker_ask(asker, &figures), DISK_NOT_YET);
        assert_int_equal(ask_until_answered(asker, &figures), 0);
        assert_int_equal(figures.f_blocks, expected.f_blocks);
        assert_null(disk_asker_free(asker));
        assert_int_equal(disk_asker_new("/no/such/place", &asker), 0);
        assert_int_equal(ask_until_answered(asker, &figures), -ENOENT);
        assert_null(disk_asker_free(asker));
        assert_null(disk_asker_free(NULL));
}

static void test_hangs(void **state)
{
        char place[] = "/tmp/test-disk-asker.XXXXXX", options[128];
        struct statvfs figures = {0};
        DiskAsker *asker;

        assert_non_null(mkdtemp(place));
        int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
        if (fd < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("silent", place, "fuse", MS_NODEV | MS_NOSUID, options) < 0) {
                rmdir(place);
                if (fd >= 0)
                        close(fd);
                print_message("no FUSE mount may be made here\n");
                skip();
        }
        assert_int_equal(disk_asker_new(place, &asker), 0);
        assert_int_equal(disk_asker_ask(asker, &figures), DISK_NOT_YET);
        for (int i = 0; i < 3; i++)
                assert_int_equal(disk_asker_ask(asker, &figures), -ETIMEDOUT);
        assert_null(disk_asker_free(asker)); /* and we are not held */
        close(fd);                           /* the server is gone: whoever waits goes on */
        assert_int_equal(umount2(place, MNT_DETACH), 0);
        assert_int_equal(rmdir(place), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_hangs),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
