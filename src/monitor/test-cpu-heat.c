/* Two packages, counters that jump, a CPU that goes offline: sums that never fall. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "monitor/cpu-heat.h"

static char place[] = "/tmp/vigia-cpu-heat.XXXXXX";

static void put(const char *folder, const char *file, uint64_t value)
{
        char path[256], text[32];

        snprintf(path, sizeof path, "%s/%s", place, folder);
        assert_int_equal(directory_make(path, 0755), 0);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int n = snprintf(text, sizeof text, "%llu\n", (unsigned long long)value);
        assert_int_equal(file_replace(fd, file, text, (size_t)n, false), 0);
}

static void put_cpu(unsigned cpu, unsigned package, uint64_t core, uint64_t whole)
{
        char folder[128];

        snprintf(folder, sizeof folder, "sys/devices/system/cpu/cpu%u/topology", cpu);
        put(folder, "physical_package_id", package);
        snprintf(folder, sizeof folder, "sys/devices/system/cpu/cpu%u/thermal_throttle", cpu);
        put(folder, "core_throttle_count", core);
        put(folder, "core_throttle_total_time_ms", core * 10);
        put(folder, "package_throttle_count", whole);
        put(folder, "package_throttle_total_time_ms", whole * 10);
        snprintf(folder, sizeof folder, "sys/devices/system/cpu/cpu%u/cpufreq", cpu);
        put(folder, "scaling_max_freq", 4000000 - cpu * 100000);
        put(folder, "scaling_cur_freq", 1000000 + cpu * 500000);
}

static void remove_cpu(unsigned cpu)
{
        char path[256];

        snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%u", place, cpu);
        assert_int_equal(directory_remove(AT_FDCWD, path), 0);
}

static void put_release(const char *text)
{
        char path[256];

        snprintf(path, sizeof path, "%s/proc/sys/kernel", place);
        assert_int_equal(directory_make(path, 0755), 0);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(fd, "osrelease", text, strlen(text), false), 0);
}

static int setup(void **state)
{
        memcpy(place + strlen(place) - 6, "XXXXXX", 6);
        return mkdtemp(place) ? 0 : -1;
}

static int teardown(void **state)
{
        return directory_remove(AT_FDCWD, place);
}

static void test_packages(void **state)
{
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_(cpu_heat_freep) CpuHeat *heat = NULL;
        HeatPackage packages[HEAT_PACKAGES_MAX];

        put_cpu(0, 0, 1, 5);
        put_cpu(1, 0, 2, 5);
        put_cpu(2, 1, 0, 0);
        assert_int_equal(host_new(place, &host), 0);
        assert_int_equal(cpu_heat_new(host, &heat), 0);
        cpu_heat_read(heat);
        assert_int_equal(cpu_heat_packages(heat, packages), 2);
        assert_int_equal(packages[0].number, 0);
        assert_int_equal(packages[0].throttles, 5);
        assert_int_equal(packages[0].throttled_ms, 50);
        assert_int_equal(packages[0].core_throttles, 3);
        assert_int_equal(packages[0].core_throttled_ms, 30);
        assert_int_equal(packages[1].throttles, 0);
        assert_int_equal(packages[1].core_throttles, 0);
        remove_cpu(1);
        put_cpu(0, 0, 4, 9);
        cpu_heat_read(heat);
        assert_int_equal(cpu_heat_packages(heat, packages), 2);
        assert_int_equal(packages[0].throttles, 9);
        assert_int_equal(packages[0].core_throttles, 6);
}

static void test_frequency(void **state)
{
        _cleanup_(host_freep) Host *host = NULL;
        CpuHeat *heat = NULL;
        HeatFrequency f;

        put_cpu(0, 0, 0, 0);
        put_cpu(2, 0, 0, 0);
        put_release("6.1.0-13-amd64\n");
        assert_int_equal(host_new(place, &host), 0);
        assert_int_equal(cpu_heat_new(host, &heat), 0);
        cpu_heat_read(heat);
        cpu_heat_frequency(heat, &f);
        assert_int_equal(f.mean_hz, 1500000000);
        assert_int_equal(f.low_hz, 1000000000);
        assert_int_equal(f.high_hz, 2000000000);
        assert_int_equal(f.limit_hz, 3800000000);
        cpu_heat_free(heat);
        put_release("5.10.0-23-amd64\n");
        assert_int_equal(cpu_heat_new(host, &heat), 0);
        cpu_heat_read(heat);
        cpu_heat_frequency(heat, &f);
        assert_true(f.mean_hz == HEAT_UNKNOWN && f.low_hz == HEAT_UNKNOWN);
        assert_int_equal(f.limit_hz, 3800000000);
        cpu_heat_free(heat);
}

static void test_nothing(void **state)
{
        _cleanup_(host_freep) Host *host = NULL;
        CpuHeat *heat = NULL;

        assert_int_equal(host_new(place, &host), 0);
        assert_true(cpu_heat_new(host, &heat) < 0);
        put("sys/devices/system/cpu/cpu0/topology", "physical_package_id", 0);
        put("sys/devices/system/cpu/cpufreq", "boost", 1);
        assert_true(cpu_heat_new(host, &heat) < 0);
        assert_null(heat);
}

/* 100 CPUs: two samples see them all. */
static void test_many(void **state)
{
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_(cpu_heat_freep) CpuHeat *heat = NULL;
        HeatPackage packages[HEAT_PACKAGES_MAX];

        for (unsigned i = 0; i < 100; i++)
                put_cpu(i, i / 50, 1, 2);
        assert_int_equal(host_new(place, &host), 0);
        assert_int_equal(cpu_heat_new(host, &heat), 0);
        cpu_heat_read(heat);
        cpu_heat_read(heat);
        assert_int_equal(cpu_heat_packages(heat, packages), 2);
        assert_int_equal(packages[0].core_throttles, 50);
        assert_int_equal(packages[1].core_throttles, 50);
        assert_int_equal(packages[1].throttles, 2);
}

static void test_release(void **state)
{
        assert_true(cpu_heat_release_is_calm("5.18.0"));
        assert_true(cpu_heat_release_is_calm("6.18.44-fc"));
        assert_true(cpu_heat_release_is_calm("10.0"));
        assert_false(cpu_heat_release_is_calm("5.17.99"));
        assert_false(cpu_heat_release_is_calm("4.18.0-513.el8"));
        assert_false(cpu_heat_release_is_calm("6"));
        assert_false(cpu_heat_release_is_calm("6."));
        assert_false(cpu_heat_release_is_calm(""));
        assert_false(cpu_heat_release_is_calm("99999999999999999999.1"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_packages, setup, teardown),
                cmocka_unit_test_setup_teardown(test_frequency, setup, teardown),
                cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many, setup, teardown),
                cmocka_unit_test(test_release),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
