/* Names of events against the numbers of the kernel's own header, and a unit's fields. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/perf-event.h"

static char place[] = "/tmp/vigia-perf-event.XXXXXX";
static Host *host;

static void put(const char *folder, const char *file, const char *text)
{
        char path[256];

        snprintf(path, sizeof path, "%s/%s", place, folder);
        assert_int_equal(directory_make(path, 0755), 0);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(fd, file, text, strlen(text), false), 0);
}

#define UNITS "sys/bus/event_source/devices/"

static int setup(void **state)
{
        if (!mkdtemp(place))
                return -1;
        put(UNITS "cpu", "type", "4\n");
        put(UNITS "cpu/format", "event", "config:0-7,32-35\n");
        put(UNITS "cpu/format", "umask", "config:8-15\n");
        put(UNITS "cpu/format", "inv", "config:23\n");
        put(UNITS "cpu/format", "ldlat", "config1:0-15\n");
        put(UNITS "cpu/events", "mem-loads", "event=0xcd,umask=0x1,ldlat=3\n");
        put(UNITS "power", "type", "9\n");
        put(UNITS "power", "cpumask", "0,18\n");
        put(UNITS "power/format", "event", "config:0-7\n");
        put(UNITS "power/events", "energy-pkg", "event=0x02\n");
        put(UNITS "power/events", "energy-pkg.scale", "2.3283064365386962890625e-10\n");
        put(UNITS "power/events", "energy-pkg.unit", "Joules\n");
        put("sys/kernel/tracing/events/sched/sched_switch", "id", "316\n");
        return host_new(place, &host);
}

static int teardown(void **state)
{
        host = host_free(host);
        return directory_remove(AT_FDCWD, place);
}

static PerfEvent find(const char *name)
{
        PerfEvent event = {0};
        Error why = {0}, fix = {0};
        int r = perf_event_find(host, name, &event, &why, &fix);

        if (r < 0)
                print_error("%s: %s\n", name, why.message);
        assert_int_equal(r, 0);
        assert_string_equal(event.name, name);
        return event;
}

static void expect(const char *name, uint32_t type, uint64_t config)
{
        PerfEvent event = find(name);

        assert_int_equal(event.type, type);
        assert_true(event.config[0] == config);
        assert_true(event.scale == 1);
        assert_false(event.of_machine);
}

static void refuse(const char *name)
{
        PerfEvent event = {.type = 77};
        Error why = {0}, fix = {0};

        assert_true(perf_event_find(host, name, &event, &why, &fix) < 0);
        assert_true(why.message[0] != '\0');
        assert_int_equal(event.type, 77);
}

static void test_generic(void **state)
{
        expect("cycles", PERF_TYPE_HARDWARE, 0);
        expect("branch-misses", PERF_TYPE_HARDWARE, 5);
        expect("task-clock", PERF_TYPE_SOFTWARE, 1);
        expect("page-faults", PERF_TYPE_SOFTWARE, 2);
        expect("context-switches", PERF_TYPE_SOFTWARE, 3);
        expect("L1-dcache-loads", PERF_TYPE_HW_CACHE, 0);
        expect("LLC-load-misses", PERF_TYPE_HW_CACHE, 0x10002);
        expect("dTLB-store-misses", PERF_TYPE_HW_CACHE, 0x10103);
        expect("L1-dcache-prefetches", PERF_TYPE_HW_CACHE, 0x00200);
        expect("r1a8", PERF_TYPE_RAW, 0x1a8);
        assert_true(find("cs").in_kernel);
        assert_string_equal(find("task-clock").unit, "ns");
        assert_string_equal(find("cs").unit, "");
        assert_false(find("cycles").in_kernel);
}

static void test_modifiers(void **state)
{
        PerfEvent event = find("cycles:u");

        assert_true(event.user_only && !event.kernel_only);
        event = find("instructions:k");
        assert_true(!event.user_only && event.kernel_only);
        event = find("cycles:uk");
        assert_true(!event.user_only && !event.kernel_only);
        refuse("cycles:");
        refuse("cycles:x");
        refuse("cycles:u:x");
}

static void test_tracepoint(void **state)
{
        PerfEvent event = find("sched:sched_switch");

        assert_int_equal(event.type, PERF_TYPE_TRACEPOINT);
        assert_int_equal(event.config[0], 316);
        assert_true(event.in_kernel);
        refuse("sched:sched_nothing");
        refuse("sched:");
        refuse(":");
}

static void test_units(void **state)
{
        PerfEvent event = find("cpu/event=0x3c,umask=0x1/");

        assert_int_equal(event.type, 4);
        assert_true(event.config[0] == 0x13c);
        event = find("cpu/event=0x1c2,inv/u");
        assert_true(event.config[0] == (0x1008000c2 | 0));
        assert_true(event.user_only);
        event = find("cpu/mem-loads,ldlat=0x1e/");
        assert_true(event.config[0] == 0x1cd && event.config[1] == (3 | 0x1e));
        event = find("cpu/config=0xffffffffffffffff,config1=2/");
        assert_true(event.config[0] == UINT64_MAX && event.config[1] == 2);
        event = find("power/energy-pkg/");
        assert_true(event.of_machine);
        assert_string_equal(event.cpus, "0,18");
        assert_string_equal(event.unit, "Joules");
        assert_true(event.scale > 2.32e-10 && event.scale < 2.33e-10);
}

static void test_wrong(void **state)
{
        char longer[PERF_NAME_MAX + 8];

        refuse("");
        refuse("cyclez");
        refuse("r");
        refuse("r0x1");
        refuse("rxyz");
        refuse("r12345678901234567");
        refuse("L1-dcache");
        refuse("L1-dcache-load");
        refuse("/");
        refuse("cpu/");
        refuse("cpu//");
        refuse("nothing/event=1/");
        refuse("../cpu/event=1/");
        refuse("cpu/../../type/");
        refuse("cpu/event=/");
        refuse("cpu/event=0x1000/");
        refuse("cpu/inv=2/");
        refuse("cpu/nothing/");
        refuse("cpu/event=1/x");
        refuse("cpu/event=-1/");
        memset(longer, 'a', sizeof longer - 1);
        longer[sizeof longer - 1] = '\0';
        refuse(longer);
}

/* Alder Lake: cpu_core is 4, cpu_atom 10. */
static void test_two_kinds_of_cores(void **state)
{
        PerfEvent event = find("branch-misses:u"), both[2];

        assert_int_equal(perf_event_by_core(host, &event, both), 1);
        assert_string_equal(both[0].name, "branch-misses:u");
        put(UNITS "cpu_core", "type", "4\n");
        assert_int_equal(perf_event_by_core(host, &event, both), 1);
        put(UNITS "cpu_atom", "type", "10\n");
        assert_int_equal(perf_event_by_core(host, &event, both), 2);
        assert_string_equal(both[0].name, "cpu_core/branch-misses:u/");
        assert_true(both[0].config[0] == (4ull << 32 | 5) && both[1].config[0] == (10ull << 32 | 5));
        assert_true(both[1].user_only);
        event = find("page-faults");
        assert_int_equal(perf_event_by_core(host, &event, both), 1);
        event = find("r1a8");
        assert_int_equal(perf_event_by_core(host, &event, both), 1);
}

static void test_place(void **state)
{
        uint64_t config[3] = {0, 0, 0};

        assert_true(perf_event_place("config:0-7,32-35", 0xabc, config));
        assert_true(config[0] == 0xa000000bcull);
        assert_true(perf_event_place("config2:63", 1, config));
        assert_true(config[2] == 1ull << 63);
        assert_false(perf_event_place("config2:63", 2, config));
        assert_false(perf_event_place("config3:0", 1, config));
        assert_false(perf_event_place("config:", 0, config));
        assert_false(perf_event_place("config:0-64", 0, config));
        assert_false(perf_event_place("config:7-0", 0, config));
        assert_false(perf_event_place("config:0-7,", 0, config));
        assert_false(perf_event_place("config:0x", 0, config));
        assert_false(perf_event_place("", 0, config));
        assert_true(config[0] == 0xa000000bcull);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_generic),  cmocka_unit_test(test_modifiers),
                cmocka_unit_test(test_tracepoint), cmocka_unit_test(test_units),
                cmocka_unit_test(test_wrong),    cmocka_unit_test(test_place),
                cmocka_unit_test(test_two_kinds_of_cores),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
