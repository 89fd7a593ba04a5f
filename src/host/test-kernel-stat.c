/* /proc/stat and /proc/loadavg of old, new and lying kernels. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "host/kernel-stat.h"

static const char typical[] = "cpu  749883 245486 335003 4208531 12014 3 7265 1957 5 4\n"
                              "cpu0 373507 117729 164882 2117848 2356 0 2462 980 4 0\n"
                              "cpu3 376375 127757 170120 2090683 9658 0 4803 977 1 0\n"
                              "intr 10938519 0 9 0 12 1322687\n"
                              "ctxt 22034561\nbtime 1700000000\nprocesses 81234\n"
                              "procs_running 3\nprocs_blocked 1\n"
                              "softirq 5551212 0 11 12\n";

static void test_stat(void **state)
{
        const char *at = typical, *end = typical + strlen(typical);
        KernelStat stat;
        CpuTimes times;
        uint32_t cpu;

        assert_int_equal(kernel_stat_parse(typical, strlen(typical), &stat), 0);
        assert_int_equal(stat.total.ticks[CPU_USER], 749883);
        assert_int_equal(stat.total.ticks[CPU_IOWAIT], 12014);
        assert_int_equal(stat.total.ticks[CPU_GUEST_NICE], 4);
        assert_int_equal(stat.interrupts, 10938519);
        assert_int_equal(stat.softirqs, 5551212);
        assert_int_equal(stat.context_switches, 22034561);
        assert_int_equal(stat.forks, 81234);
        assert_int_equal(stat.running, 3);
        assert_int_equal(stat.blocked, 1);
        assert_true(kernel_stat_next_cpu(&at, end, &cpu, &times));
        assert_int_equal(cpu, 0);
        assert_int_equal(times.ticks[CPU_SYSTEM], 164882);
        assert_true(kernel_stat_next_cpu(&at, end, &cpu, &times));
        assert_int_equal(cpu, 3); /* 1 and 2 are offline */
        assert_int_equal(times.ticks[CPU_STEAL], 977);
        assert_false(kernel_stat_next_cpu(&at, end, &cpu, &times));
}

/* 2.6.11 had no steal; what a kernel does not write is unknown. */
static void test_old(void **state)
{
        static const char text[] = "cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7";
        const char *at = text;
        KernelStat stat;
        CpuTimes times;
        uint32_t cpu;

        assert_int_equal(kernel_stat_parse(text, strlen(text), &stat), 0);
        assert_int_equal(stat.total.ticks[CPU_SOFTIRQ], 7);
        assert_true(stat.total.ticks[CPU_STEAL] == KERNEL_STAT_UNKNOWN);
        assert_true(stat.forks == KERNEL_STAT_UNKNOWN);
        assert_true(kernel_stat_next_cpu(&at, text + strlen(text), &cpu, &times));
        assert_true(times.ticks[CPU_GUEST] == KERNEL_STAT_UNKNOWN);
}

static void test_bad(void **state)
{
        static const char *const texts[] = {
                "", "\n", "cpu", "cpu \n", "cpu  1 2 3\n", "cpu  a b c d\n", "cpu0 1 2 3 4\n",
                "intr 5\n",
        };
        static const char numbers[] = "cpu99999999999999999999 1 2 3 4\ncpu4294967295 1 2 3 4\n"
                                      "cpux 1 2 3 4\ncpu7 1 2 3 99999999999999999999\ncpu8 1 2 3 4\n";
        const char *at = numbers;
        KernelStat stat = {.forks = 7};
        CpuTimes times;
        uint32_t cpu;

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(kernel_stat_parse(texts[i], strlen(texts[i]), &stat), -EBADMSG);
        assert_int_equal(stat.forks, 7);
        assert_true(kernel_stat_next_cpu(&at, numbers + strlen(numbers), &cpu, &times));
        assert_int_equal(cpu, 8);
        assert_false(kernel_stat_next_cpu(&at, numbers + strlen(numbers), &cpu, &times));
}

static void test_load(void **state)
{
        static const char *const bad[] = {"", "0.10", "0.10 0.71 0.98", "0.10 0.71 0.98 2",
                                          "0.10 0.71 0.98 2/", "a b c 1/2", "1 2 nan 1/2 3"};
        LoadAverage load = {.tasks = 7};

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(load_average_parse(bad[i], strlen(bad[i]), &load), -EBADMSG);
        assert_int_equal(load.tasks, 7);
        assert_int_equal(load_average_parse("0.10 12.71 0.98 2/97 1758\n", 26, &load), 0);
        assert_true(load.load_1m == 0.10 && load.load_5m == 12.71 && load.load_15m == 0.98);
        assert_int_equal(load.running, 2);
        assert_int_equal(load.tasks, 97);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stat),
                cmocka_unit_test(test_old),
                cmocka_unit_test(test_bad),
                cmocka_unit_test(test_load),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
