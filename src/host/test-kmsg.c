/* Records as the kernel writes them, what they are about, and what no kernel writes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "host/kmsg.h"

static int next(const char **text, KmsgRecord *record)
{
        return kmsg_next(text, *text + strlen(*text), record);
}

static void test_record(void **state)
{
        const char *text = "4,1234,98765432,-,caller=T17;disk \\xe2\\x82\\xac of \"a\\x5cb\"\\x0anext\n"
                           " SUBSYSTEM=block\n DEVICE=b8:0\n"
                           "30,1235,98765433,c;user said\n";
        KmsgRecord record;

        assert_int_equal(next(&text, &record), 0);
        assert_int_equal(record.level, KMSG_WARNING);
        assert_int_equal(record.facility, 0);
        assert_int_equal(record.sequence, 1234);
        assert_int_equal(record.time_us, 98765432);
        assert_false(record.fragment);
        assert_string_equal(record.text, "disk \xe2\x82\xac of \"a\\b\" next");
        assert_int_equal(record.size, strlen(record.text));
        assert_int_equal(next(&text, &record), 0);
        assert_int_equal(record.level, 6);
        assert_int_equal(record.facility, 3);
        assert_int_equal(record.sequence, 1235);
        assert_true(record.fragment);
        assert_string_equal(record.text, "user said");
        assert_int_equal(next(&text, &record), -ENOENT);
}

static void test_bad_records(void **state)
{
        static const char *const bad[] = {
                "\n", "text\n", "6\n", "6,1\n", "6,1,2\n", "6,1,2;text\n", "6,1,2,-\n", ",1,2,-;x\n",
                "x,1,2,-;x\n", "6,1,-2,-;x\n", "6, 1,2,-;x\n", "2048,1,2,-;x\n", " KEY=value\n",
                "6,99999999999999999999999,2,-;x\n", "6,1,2,-\n;x",
        };

        for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
                const char *text = bad[i], *end = text + strlen(text);
                KmsgRecord record = {.level = 77};
                assert_int_equal(kmsg_next(&text, end, &record), -EBADMSG);
                assert_int_equal(record.level, 77);
                assert_true(text > bad[i]);
        }
}

/* A record is whole or none: a cut one must not be read as a shorter number. */
static void test_cut_records(void **state)
{
        static const char whole[] = "4,12,345,-;abc";
        KmsgRecord record;

        for (size_t n = 0; n < 11; n++) {
                const char *text = whole;
                assert_int_equal(kmsg_next(&text, whole + n, &record), n ? -EBADMSG : -ENOENT);
        }
        const char *text = whole;
        assert_int_equal(kmsg_next(&text, whole + 11, &record), 0);
        assert_int_equal(record.size, 0);
}

static void test_escapes(void **state)
{
        static const struct {
                const char *text, *shown;
        } cases[] = {
                {"\\x41\\X41\\x4\\xg1\\", "A\\X41\\x4\\xg1\\"},
                {"\\x00a\\x00", " a"},
                {"\\x7f\\x1b[31m", "  [31m"},
                {"\\xFF\\xff", "\xff\xff"},
                {"tail  ", "tail"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                char line[128] = "3,1,2,-;";
                const char *text = line;
                KmsgRecord record;
                strncat(line, cases[i].text, sizeof line - 10);
                assert_int_equal(next(&text, &record), 0);
                assert_string_equal(record.text, cases[i].shown);
        }
}

static void test_long_text(void **state)
{
        static char line[3 * KMSG_TEXT_MAX];
        const char *text = line;
        KmsgRecord record;

        memset(line, 'a', sizeof line - 1);
        memcpy(line, "3,1,2,-;", 8);
        assert_int_equal(next(&text, &record), 0);
        assert_int_equal(record.size, KMSG_TEXT_MAX - 1);
        assert_int_equal(strlen(record.text), KMSG_TEXT_MAX - 1);
}

/* Lines as kernels 4.4 to 6.18 and their drivers wrote them. */
static const struct {
        const char *text, *kind, *severity;
        int pid;
} lines[] = {
        {"Out of memory: Killed process 9184 (cc1plus) total-vm:4194304kB, anon-rss:4089000kB, "
         "file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:8100kB oom_score_adj:0",
         "kernel-oom", "critical", 9184},
        {"Memory cgroup out of memory: Killed process 31 (peak) total-vm:2kB", "kernel-oom",
         "critical", 31},
        {"Killed process 77 (ld) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB",
         "kernel-oom", "critical", 77},
        {"Out of memory: Kill process 77 (ld) score 900 or sacrifice child", "kernel-oom-note",
         "info", 77},
        {"cc1plus invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, "
         "oom_score_adj=0",
         "kernel-oom-note", "info", 0},
        {"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,"
         "task_memcg=/a,task=peak,pid=31,uid=0",
         "kernel-oom-note", "info", 31},
        {"oom_reaper: reaped process 31 (peak), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
         "kernel-oom-note", "info", 31},
        {"cgroup: fork rejected by pids controller in /user.slice/user-1000.slice/session-2.scope",
         "kernel-fork-rejected", "warning", 0},
        {"I/O error, dev nvme0n1, sector 4096 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2",
         "kernel-io-error", "warning", 0},
        {"blk_update_request: I/O error, dev sda, sector 123", "kernel-io-error", "warning", 0},
        {"blk_update_request: critical medium error, dev sda, sector 1 op 0x0:(READ)",
         "kernel-io-error", "warning", 0},
        {"Buffer I/O error on dev sda1, logical block 0, async page read", "kernel-io-error",
         "warning", 0},
        {"nvme nvme0: I/O 12 QID 3 timeout, aborting", "kernel-io-error", "warning", 0},
        {"nvme nvme0: I/O tag 12 (300c) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting req_op:READ(0)",
         "kernel-io-error", "warning", 0},
        {"ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen", "kernel-io-error",
         "warning", 0},
        {"EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm ls: reading directory "
         "lblock 0",
         "kernel-filesystem", "critical", 0},
        {"EXT4-fs (sda1): Remounting filesystem read-only", "kernel-filesystem", "critical", 0},
        {"BTRFS error (device sdb): bdev /dev/sdb errs: wr 1, rd 0, flush 0, corrupt 0, gen 0",
         "kernel-filesystem", "critical", 0},
        {"BTRFS warning (device sdb): csum failed root 5 ino 257 off 0", "kernel-filesystem",
         "warning", 0},
        {"XFS (dm-0): Metadata corruption detected at xfs_agf_read_verify+0x1/0x2 [xfs], xfs_agf",
         "kernel-filesystem", "critical", 0},
        {"XFS (dm-0): Filesystem has been shut down due to log error (0x2).", "kernel-filesystem",
         "critical", 0},
        {"mce: CPU3: Core temperature above threshold, cpu clock throttled (total events = 19)",
         "kernel-thermal", "warning", 0},
        {"CPU3: Package temperature is above threshold, cpu clock is throttled (total events = 2)",
         "kernel-thermal", "warning", 0},
        {"CPU3: Core temperature/speed normal", "kernel-thermal", "info", 0},
        {"thermal thermal_zone0: acpitz: critical temperature reached, shutting down",
         "kernel-thermal", "critical", 0},
        {"INFO: task ld:gold:4711 blocked for more than 120 seconds.", "kernel-hung-task", "warning",
         4711},
        {"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [a:b:99:4712]", "kernel-lockup",
         "critical", 4712},
        {"NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", "kernel-lockup", "critical", 0},
        {"rcu: INFO: rcu_preempt self-detected stall on CPU", "kernel-rcu-stall", "warning", 0},
        {"rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "kernel-rcu-stall", "warning", 0},
        {"cat[815]: segfault at 0 ip 000055d sp 00007ff error 6 in cat[55d+1000] likely on CPU 0",
         "kernel-segfault", "info", 815},
        {"a[1] b[816]: segfault at 0 ip 0", "kernel-segfault", "info", 816},
        {"traps: x[817] trap invalid opcode ip:55 sp:7f error:0 in x[55+1]", "kernel-segfault",
         "info", 817},
        {"kworker/0:1: page allocation failure: order:4, mode:0x40dc0(GFP_KERNEL|__GFP_COMP)",
         "kernel-allocation-failure", "warning", 0},
        {"__vm_enough_memory: pid: 818, comm: java, bytes: 8589934592 not enough memory for the "
         "allocation",
         "kernel-allocation-failure", "warning", 818},
        {"NVRM: Xid (PCI:0000:01:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the "
         "bus.",
         "kernel-gpu", "warning", 0},
        {"NVRM: Xid (PCI:0000:01:00): 31, pid=819, name=python3, Ch 00000008", "kernel-gpu",
         "warning", 819},
        {"{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 0",
         "kernel-hardware", "warning", 0},
        {"WARNING: CPU: 0 PID: 820 at mm/page_alloc.c:4443 __alloc_pages+0x1/0x2", "kernel-bug",
         "warning", 820},
        {"BUG: unable to handle page fault for address: ffffc90000000000", "kernel-bug", "critical",
         0},
        {"VFS: file-max limit 1024 reached", "kernel-limit", "warning", 0},
        {"nf_conntrack: nf_conntrack: table full, dropping packet", "kernel-limit", "warning", 0},
};

static void test_classes(void **state)
{
        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
                KmsgClass class = {0};
                if (!kmsg_classify(lines[i].text, strlen(lines[i].text), &class))
                        fail_msg("not known: %s", lines[i].text);
                assert_string_equal(class.kind, lines[i].kind);
                assert_string_equal(class.severity, lines[i].severity);
                assert_int_equal(class.pid, lines[i].pid);
        }
}

/* What a stranger can name a program or a file must not read as a kill of somebody else. */
static void test_strangers(void **state)
{
        static const struct {
                const char *text, *kind;
        } cases[] = {
                {"Killed process [66]: segfault at 0 ip 0", "kernel-segfault"},
                {"x[66]: segfault at 0 ip 0 sp 0 error 4 in Out of memory: Killed process 1 (init)[1+1]",
                 "kernel-segfault"},
                {"Out of memory:  invoked oom-killer: gfp_mask=0x0", "kernel-oom-note"},
                {"Killed process 99999999999 (x)", NULL},
                {"Killed process -1 (x)", NULL},
                {"Killed process (x)", NULL},
                {"room for Killed process 1 (x)", NULL},
                {"usb 1-1: new high-speed USB device number 2 using xhci_hcd", NULL},
                {"", NULL},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                KmsgClass class = {0};
                bool known = kmsg_classify(cases[i].text, strlen(cases[i].text), &class);
                assert_int_equal(known, cases[i].kind != NULL);
                if (known)
                        assert_string_equal(class.kind, cases[i].kind);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_record),      cmocka_unit_test(test_bad_records),
                cmocka_unit_test(test_cut_records), cmocka_unit_test(test_escapes),
                cmocka_unit_test(test_long_text),   cmocka_unit_test(test_classes),
                cmocka_unit_test(test_strangers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
