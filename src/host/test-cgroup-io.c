/* io.stat and blkio as kernels write them (5.4, 6.1), and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/cgroup-io.h"

static void test_io_stat(void **state)
{
        static const char text[] =
                "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=50 dios=6\n"
                "259:0 \n"
                "(unknown) rbytes=1\n"
                "8:x rbytes=1\n"
                "8:1rbytes=1\n"
                "253:0 wios=7 rbytes=x cost.usage=12 rbytes=99999999999999999999 dios=2";
        const char *at = text, *end = text + sizeof text - 1;
        CgroupIo io;

        assert_true(cgroup_io_next(&at, end, &io));
        assert_int_equal(io.major, 8);
        assert_int_equal(io.minor, 16);
        assert_int_equal(io.read_bytes, 1459200);
        assert_int_equal(io.write_bytes, 314773504);
        assert_int_equal(io.reads, 192);
        assert_int_equal(io.writes, 353);
        assert_int_equal(io.discard_bytes, 50);
        assert_int_equal(io.discards, 6);
        assert_true(cgroup_io_next(&at, end, &io));
        assert_int_equal(io.major, 259);
        assert_int_equal(io.read_bytes, 0);
        assert_true(cgroup_io_next(&at, end, &io));
        assert_int_equal(io.major, 253);
        assert_int_equal(io.read_bytes, 0);
        assert_int_equal(io.writes, 7);
        assert_int_equal(io.discards, 2);
        assert_false(cgroup_io_next(&at, end, &io));
}

static void test_blkio(void **state)
{
        static const char text[] = "8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 1\n8:0 Discard 5\n"
                                   "8:0 Total 12288\nTotal 12288\n8:0 Read\n8:0 Read -1\n";
        static const CgroupBlkioKind kinds[] = {BLKIO_READ, BLKIO_WRITE, BLKIO_OTHER, BLKIO_DISCARD,
                                                BLKIO_OTHER};
        static const uint64_t values[] = {4096, 8192, 1, 5, 12288};
        const char *at = text, *end = text + sizeof text - 1;
        CgroupBlkio line;

        for (size_t i = 0; i < 5; i++) {
                assert_true(cgroup_blkio_next(&at, end, &line));
                assert_int_equal(line.major, 8);
                assert_int_equal(line.kind, kinds[i]);
                assert_int_equal(line.value, values[i]);
        }
        assert_false(cgroup_blkio_next(&at, end, &line));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_io_stat),
                cmocka_unit_test(test_blkio),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
