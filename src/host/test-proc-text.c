/* The parsers of /proc/PID on what the kernel writes and on what a hostile process can make of
 * it: names with brackets and newlines, texts cut anywhere, numbers out of range. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "host/proc-text.h"

#define STAT_TAIL                                                                                  \
        " S 41 42 43 34816 -1 4194304 1801 7 2 9 12 34 56 78 20 0 3 0 987654 12005376 1456 "       \
        "18446744073709551615 1 2 3 0 0 0 0 4096 65538 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 256\n"

static void check_stat(const char *name, const char *shown)
{
        char text[1024];
        ProcStat stat;
        int n = snprintf(text, sizeof text, "4711 (%s)" STAT_TAIL, name);

        assert_int_equal(proc_stat_parse(text, (size_t)n, &stat), 0);
        assert_int_equal(stat.pid, 4711);
        assert_string_equal(stat.comm, shown);
        assert_int_equal(stat.state, 'S');
        assert_int_equal(stat.ppid, 41);
        assert_int_equal(stat.pgrp, 42);
        assert_int_equal(stat.session, 43);
        assert_int_equal(stat.flags, 4194304);
        assert_int_equal(stat.minor_faults, 1801);
        assert_int_equal(stat.major_faults, 2);
        assert_int_equal(stat.user_ticks, 12);
        assert_int_equal(stat.system_ticks, 34);
        assert_int_equal(stat.child_user_ticks, 56);
        assert_int_equal(stat.child_system_ticks, 78);
        assert_int_equal(stat.threads, 3);
        assert_int_equal(stat.start_ticks, 987654);
        assert_int_equal(stat.vsize_bytes, 12005376);
        assert_int_equal(stat.rss_pages, 1456);
        assert_int_equal(stat.stack_start, 3);
        assert_int_equal(stat.wait_status, 256);
}

static void test_stat(void **state)
{
        check_stat("cat", "cat");
        check_stat("", "");
        check_stat("a b", "a b");
        check_stat(")", ")");
        check_stat("((((", "((((");
        check_stat("a) R 1 (", "a) R 1 (");
        check_stat("x) Z 1 1 1 1 1", "x) Z 1 1 1 1 1");
        check_stat("new\nline", "new\nline");
        check_stat("0123456789012345678901234567890123456789012345678901234567890123456789",
                   "012345678901234567890123456789012345678901234567890123456789012");
}

static void test_stat_cut(void **state)
{
        static const char whole[] = "4711 (a) R 1 ()" STAT_TAIL;
        const char *needed = strstr(whole, "1456") + 1; /* one digit of rss is a number too */
        ProcStat stat = {.pid = -7};

        for (size_t n = 0; n < (size_t)(needed - whole); n++) {
                assert_int_equal(proc_stat_parse(whole, n, &stat), -EBADMSG);
                assert_int_equal(stat.pid, -7);
        }
        assert_int_equal(proc_stat_parse(whole, (size_t)(needed - whole), &stat), 0);
        assert_int_equal(stat.wait_status, 0);
}

static void test_stat_bad(void **state)
{
        static const char *const bad[] = {
                "4711 )cat(" STAT_TAIL,       "(cat)" STAT_TAIL,
                "-4711 (cat)" STAT_TAIL,      "99999999999 (cat)" STAT_TAIL,
                "4711(cat)" STAT_TAIL,        "4711 (cat)S 1 2 3",
                "4711 (cat) S x" STAT_TAIL,
                ("4711 (cat) S 99999999999 1 1 1 1 1 1 1 1 1 1 1 1 1 "
                 "1 1 1 1 1 1 1 1 1"),
        };
        ProcStat stat;

        for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
                assert_int_equal(proc_stat_parse(bad[i], strlen(bad[i]), &stat), -EBADMSG);
}

static void test_start(void **state)
{
        assert_int_equal(proc_start_ns(987654, 100), 9876540000000ull);
        assert_int_equal(proc_start_ticks(9876540000000ull, 100), 987654);
        assert_int_equal(proc_start_ticks(9876549999999ull, 100), 987654);
        assert_int_equal(proc_start_ticks(9876550000000ull, 100), 987655);
        assert_int_equal(proc_start_ns(1, 1000), 1000000);
}

static void test_statm(void **state)
{
        static const char text[] = "2931 1456 1401 5 0 100 0\n";
        ProcStatm statm = {0};

        assert_int_equal(proc_statm_parse(text, strlen(text), &statm), 0);
        assert_int_equal(statm.size, 2931);
        assert_int_equal(statm.resident, 1456);
        assert_int_equal(statm.shared, 1401);
        assert_int_equal(proc_statm_parse("2931 1456 ", 10, &statm), -EBADMSG);
        assert_int_equal(proc_statm_parse("", 0, &statm), -EBADMSG);
        assert_int_equal(proc_statm_parse("1 2 99999999999999999999", 24, &statm), -EBADMSG);
}

static void test_status(void **state)
{
        static const char text[] =
                "Name:\tVmHWM: 7 kB\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4711\nPPid:\t41\n"
                "Uid:\t1000\t0\t0\t0\nVmHWM:\t    1752 kB\nRssAnon:\t     116 kB\n"
                "RssFile:\t    1636 kB\nRssShmem:\t       0 kB\nVmSwap:\t       8 kB\n"
                "Threads:\t3\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t2\n";
        static const char zombie[] = "Name:\tsh\nTgid:\t4\nPPid:\t1\nUid:\t5\t5\t5\t5\n";
        ProcStatus status;

        assert_int_equal(proc_status_parse(text, strlen(text), &status), 0);
        assert_int_equal(status.tgid, 4711);
        assert_int_equal(status.ppid, 41);
        assert_int_equal(status.uid, 1000);
        assert_int_equal(status.hwm_bytes, 1752 * 1024);
        assert_int_equal(status.rss_anon_bytes, 116 * 1024);
        assert_int_equal(status.rss_file_bytes, 1636 * 1024);
        assert_int_equal(status.rss_shmem_bytes, 0);
        assert_int_equal(status.swap_bytes, 8 * 1024);
        assert_int_equal(status.threads, 3);
        assert_int_equal(status.voluntary_switches, 150);
        assert_int_equal(status.involuntary_switches, 2);
        assert_int_equal(proc_status_parse(zombie, strlen(zombie), &status), 0);
        assert_int_equal(status.uid, 5);
        assert_true(status.hwm_bytes == PROC_UNKNOWN && status.swap_bytes == PROC_UNKNOWN);
        assert_int_equal(proc_status_parse("", 0, &status), -EBADMSG);
}

static void test_io(void **state)
{
        static const char text[] = "rchar: 6976\nwchar: 5\nsyscr: 10\nsyscw: 1\nread_bytes: 4096\n"
                                   "write_bytes: 8192\ncancelled_write_bytes: 1\n";
        ProcIo io = {0};

        assert_int_equal(proc_io_parse(text, strlen(text), &io), 0);
        assert_int_equal(io.read_chars, 6976);
        assert_int_equal(io.write_chars, 5);
        assert_int_equal(io.read_bytes, 4096);
        assert_int_equal(io.write_bytes, 8192);
        assert_int_equal(proc_io_parse(text, 40, &io), -EBADMSG);
}

static void test_smaps(void **state)
{
        static const char text[] =
                "55d0c0000000-7ffd1c000000 ---p 00000000 00:00 0      [rollup]\n"
                "Rss:                1492 kB\nPss:                 180 kB\nPss_Dirty: 96 kB\n"
                "Pss_Anon:             96 kB\nPss_File:             84 kB\nPss_Shmem:   0 kB\n"
                "Shared_Clean:       1396 kB\nShared_Dirty:          0 kB\n"
                "Private_Clean:         4 kB\nPrivate_Dirty:        96 kB\nReferenced: 1492 kB\n"
                "Anonymous:            96 kB\nSwap:                 12 kB\nSwapPss:   6 kB\n";
        static const char old[] = "00-11 ---p 0 00:00 0 [rollup]\nRss: 8 kB\nPss: 4 kB\n";
        ProcSmaps smaps;

        assert_int_equal(proc_smaps_rollup_parse(text, strlen(text), &smaps), 0);
        assert_int_equal(smaps.rss_bytes, 1492 * 1024);
        assert_int_equal(smaps.pss_bytes, 180 * 1024);
        assert_int_equal(smaps.pss_anon_bytes, 96 * 1024);
        assert_int_equal(smaps.pss_file_bytes, 84 * 1024);
        assert_int_equal(smaps.pss_shmem_bytes, 0);
        assert_int_equal(smaps.private_clean_bytes, 4 * 1024);
        assert_int_equal(smaps.private_dirty_bytes, 96 * 1024);
        assert_int_equal(smaps.swap_bytes, 12 * 1024);
        assert_int_equal(smaps.swap_pss_bytes, 6 * 1024);
        assert_int_equal(proc_smaps_rollup_parse(old, strlen(old), &smaps), 0);
        assert_true(smaps.pss_anon_bytes == PROC_UNKNOWN);
        assert_int_equal(proc_smaps_rollup_parse("Rss: 1 kB\n", 10, &smaps), -EBADMSG);
        assert_int_equal(
                proc_smaps_rollup_parse("Rss: 18446744073709551615 kB\nPss: 1 kB\n", 38, &smaps),
                -EBADMSG);
}

static void test_children(void **state)
{
        static const char text[] = "12 345 6789 ";
        const char *p = text, *end = text + strlen(text), *bad = "12 x 13", *zero = "0 1";
        pid_t pid = 0;

        assert_true(proc_children_next(&p, end, &pid) && pid == 12);
        assert_true(proc_children_next(&p, end, &pid) && pid == 345);
        assert_true(proc_children_next(&p, end, &pid) && pid == 6789);
        assert_false(proc_children_next(&p, end, &pid));
        p = bad;
        assert_true(proc_children_next(&p, bad + strlen(bad), &pid) && pid == 12);
        assert_false(proc_children_next(&p, bad + strlen(bad), &pid));
        p = zero;
        assert_false(proc_children_next(&p, zero + strlen(zero), &pid));
}

static void check_cgroup(const char *text, const char *expected)
{
        char path[32];

        assert_int_equal(proc_cgroup_parse(text, strlen(text), path, sizeof path), 0);
        assert_string_equal(path, expected);
}

static void test_cgroup(void **state)
{
        char path[8];

        check_cgroup("0::/user.slice/x:y.scope\n", "/user.slice/x:y.scope");
        check_cgroup("0::/\n", "/");
        check_cgroup("12:cpu,cpuacct:/a\n5:memory:/b\n1:name=systemd:/c\n0::/\n", "/b");
        check_cgroup("0::/\n5:memory:/b\n", "/b");
        check_cgroup("5:memory:/b\n0::/init.scope\n", "/init.scope");
        check_cgroup("5:freezer,memory:/b", "/b");
        check_cgroup("0::/0123456789012345678901234567890123", "/012345678901234567890123456789");
        assert_int_equal(proc_cgroup_parse("5:cpu:/a\n", 9, path, sizeof path), -EBADMSG);
        assert_int_equal(proc_cgroup_parse("0:", 2, path, sizeof path), -EBADMSG);
        assert_int_equal(proc_cgroup_parse("", 0, path, sizeof path), -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stat),     cmocka_unit_test(test_stat_cut),
                cmocka_unit_test(test_stat_bad), cmocka_unit_test(test_start),
                cmocka_unit_test(test_statm),    cmocka_unit_test(test_status),
                cmocka_unit_test(test_io),       cmocka_unit_test(test_smaps),
                cmocka_unit_test(test_children), cmocka_unit_test(test_cgroup),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
