/* Energy that root alone may read, supplies that come and go, and figures of batteries. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/test-monitor-place.h"

extern const Monitor monitor_power;

static int setup(void **state)
{
        return place_make(state, &monitor_power);
}

static void put(const Place *place, const char *folder, const char *file, const char *text)
{
        char path[256];

        snprintf(path, sizeof path, "%s/%s", place->path, folder);
        assert_int_equal(directory_make(path, 0755), 0);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(fd, file, text, strlen(text), false), 0);
}

static void sample(Place *place)
{
        MonitorTick tick = {0};
        Error err = {0};

        batch_clear(place->rows);
        assert_int_equal(monitor_power.sample(place->state, &tick, place->rows, &err), 0);
}

static size_t column(const char *name)
{
        return column_of(monitor_power.schema, name);
}

static int probe(const Place *place, const char *fix_wanted)
{
        Error why = {0}, fix = {0};
        int r = monitor_power.probe(&place->context, &why, &fix);

        return r == 0 || (why.message[0] && text_equal(fix.message, fix_wanted)) ? r : -EPROTO;
}

/* As whom the file's mode binds; root is bound by none. */
static int probe_as_nobody(const Place *place, const char *fix_wanted)
{
        int status;

        if (geteuid() != 0)
                return probe(place, fix_wanted);
        pid_t pid = fork();
        if (pid == 0)
                _exit(setuid(65534) < 0 ? 1 : -probe(place, fix_wanted));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return -WEXITSTATUS(status);
}

static void test_refused(void **state)
{
        Place *place = *state;
        char path[256];

        assert_int_equal(probe(place, ""), -EOPNOTSUPP);
        put(place, "sys/class/powercap/intel-rapl:0", "name", "package-0\n");
        put(place, "sys/class/powercap/intel-rapl:0", "energy_uj", "12\n");
        assert_int_equal(probe(place, ""), 0);
        snprintf(path, sizeof path, "%s/sys/class/powercap/intel-rapl:0/energy_uj", place->path);
        assert_int_equal(chmod(path, 0), 0);
        assert_int_equal(probe_as_nobody(place, "sudo chmod a+r /sys/class/powercap/*/energy_uj"),
                         -EACCES);
}

static void test_battery(void **state)
{
        Place *place = *state;

        put(place, "sys/class/power_supply/BAT1", "type", "Battery\n");
        put(place, "sys/class/power_supply/BAT1", "status", "Not charging\n");
        put(place, "sys/class/power_supply/BAT1", "capacity", "101\n");
        put(place, "sys/class/power_supply/BAT1", "current_now", "-1500000\n");
        put(place, "sys/class/power_supply/BAT1", "voltage_now", "12000000\n");
        put(place, "sys/class/power_supply/BAT2", "type", "Battery\n");
        put(place, "sys/class/power_supply/usb", "type", "USB\n");
        assert_int_equal(monitor_power.start(place->state, &place->context, NULL), 0);
        sample(place);
        assert_int_equal(batch_rows(place->rows), 2);
        assert_true(batch_f64(place->rows, column("power_w"), 0) == 18);
        assert_int_equal(batch_u64(place->rows, column("charge_percent"), 0), 101);
        assert_true(batch_is_null(place->rows, column("power_w"), 1));
        assert_true(batch_is_null(place->rows, column("charge_percent"), 1));
        assert_true(batch_is_null(place->rows, column("status"), 1));
        assert_true(batch_is_null(place->rows, column("energy_uj"), 0));
}

/* A battery is asked every tenth sample, and what there is looked for every sixtieth. */
static void test_come_and_go(void **state)
{
        Place *place = *state;
        char path[256];

        put(place, "sys/class/powercap/intel-rapl:0", "name", "package-0\n");
        put(place, "sys/class/powercap/intel-rapl:0", "energy_uj", "12\n");
        put(place, "sys/class/powercap/intel-rapl:0:0", "name", "dram\n");
        put(place, "sys/class/powercap/intel-rapl:0:0", "energy_uj", "many\n");
        assert_int_equal(monitor_power.start(place->state, &place->context, NULL), 0);
        sample(place);
        assert_int_equal(batch_rows(place->rows), 2);
        assert_int_equal(batch_u64(place->rows, column("energy_uj"), 0), 12);
        assert_true(batch_is_null(place->rows, column("energy_uj"), 1));
        assert_true(batch_is_null(place->rows, column("energy_range_uj"), 0));
        put(place, "sys/class/power_supply/AC", "type", "Mains\n");
        put(place, "sys/class/power_supply/AC", "online", "1\n");
        snprintf(path, sizeof path, "%s/sys/class/powercap/intel-rapl:0:0", place->path);
        assert_int_equal(directory_remove(AT_FDCWD, path), 0);
        for (int i = 0; i < 60; i++)
                sample(place);
        size_t size;
        assert_int_equal(batch_rows(place->rows), 2);
        const char *status = batch_text(place->rows, column("status"), 1, &size);
        assert_int_equal(size, strlen("online"));
        assert_memory_equal(status, "online", size);
}

static void test_many(void **state)
{
        Place *place = *state;
        char folder[96];

        for (int i = 0; i < 100; i++) {
                snprintf(folder, sizeof folder, "sys/class/powercap/intel-rapl:%d", i);
                put(place, folder, "energy_uj", "1\n");
        }
        assert_int_equal(monitor_power.start(place->state, &place->context, NULL), 0);
        sample(place);
        assert_int_equal(batch_rows(place->rows), 64);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_refused, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_battery, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_come_and_go, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_many, setup, place_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
