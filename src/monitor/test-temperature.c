/* Chips that come and go, sensors that fail and recover, and more of them than there is room for. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/sensors.h"
#include "monitor/test-monitor-place.h"

extern const Monitor monitor_temperature;

static int setup(void **state)
{
        return place_make(state, &monitor_temperature);
}

/* In place, as a file of the kernel changes: a kept descriptor sees it. */
static void put(const Place *place, const char *chip, const char *file, const char *text)
{
        char path[256];

        snprintf(path, sizeof path, "%s/sys/class/hwmon/%s", place->path, chip);
        assert_int_equal(directory_make(path, 0755), 0);
        _cleanup_close_ int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int fd = openat(folder, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static void start(Place *place)
{
        Error err = {0};

        assert_int_equal(monitor_temperature.start(place->state, &place->context, &err), 0);
}

static size_t sample(Place *place)
{
        MonitorTick tick = {0};
        Error err = {0};

        batch_clear(place->rows);
        assert_int_equal(monitor_temperature.sample(place->state, &tick, place->rows, &err), 0);
        return batch_rows(place->rows);
}

static size_t column(const char *name)
{
        return column_of(monitor_temperature.schema, name);
}

static void test_fails_and_recovers(void **state)
{
        Place *place = *state;
        size_t value = column("value_c");

        put(place, "hwmon0", "name", "chip\n");
        put(place, "hwmon0", "temp1_input", "41000\n");
        put(place, "hwmon0", "temp1_fault", "0\n");
        start(place);
        assert_int_equal(sample(place), 1);
        assert_true(batch_f64(place->rows, value, 0) == 41);
        put(place, "hwmon0", "temp1_fault", "1\n");
        assert_int_equal(sample(place), 1);
        assert_true(batch_is_null(place->rows, value, 0));
        put(place, "hwmon0", "temp1_fault", "0\n");
        put(place, "hwmon0", "temp1_input", "");
        assert_int_equal(sample(place), 1);
        assert_true(batch_is_null(place->rows, value, 0));
        put(place, "hwmon0", "temp1_input", "\x80\xff junk \n\n\n");
        assert_int_equal(sample(place), 1);
        assert_true(batch_is_null(place->rows, value, 0));
        put(place, "hwmon0", "temp1_input", "42000\n");
        sample(place);
        assert_true(batch_f64(place->rows, value, 0) == 42);
}

static void test_come_and_go(void **state)
{
        Place *place = *state;
        char path[256];

        put(place, "hwmon0", "name", "first\n");
        put(place, "hwmon0", "temp1_input", "41000\n");
        start(place);
        assert_int_equal(sample(place), 1);
        put(place, "hwmon7", "name", "second\n");
        put(place, "hwmon7", "temp1_input", "30000\n");
        put(place, "hwmon7", "fan1_input", "800\n");
        for (int i = 0; i < 15; i++)
                sample(place);
        assert_int_equal(batch_rows(place->rows), 3);
        snprintf(path, sizeof path, "%s/sys/class/hwmon/hwmon0", place->path);
        assert_int_equal(directory_remove(AT_FDCWD, path), 0);
        for (int i = 0; i < 15; i++)
                sample(place);
        assert_int_equal(batch_rows(place->rows), 2);
}

static void test_drives(void **state)
{
        Place *place = *state;
        MonitorSetting drives = {.monitor = "temperature", .key = "drives", .number = 1};

        put(place, "hwmon0", "name", "drivetemp\n");
        put(place, "hwmon0", "temp1_input", "41000\n");
        assert_true(monitor_temperature.probe(&place->context, NULL, NULL) < 0);
        start(place);
        assert_int_equal(sample(place), 0);
        monitor_temperature.stop(place->state);
        memset(place->state, 0, monitor_temperature.state_size);
        place->context.settings = &drives;
        place->context.n_settings = 1;
        assert_int_equal(monitor_temperature.probe(&place->context, NULL, NULL), 0);
        start(place);
        assert_int_equal(sample(place), 1);
}

static void test_many(void **state)
{
        Place *place = *state;
        char file[32], label[300];

        put(place, "hwmon0", "name", "crowd\n");
        memset(label, 'L', sizeof label - 1);
        label[sizeof label - 1] = '\0';
        for (int i = 1; i <= 300; i++) {
                snprintf(file, sizeof file, "temp%d_input", i);
                put(place, "hwmon0", file, "20000\n");
                snprintf(file, sizeof file, "temp%d_label", i);
                put(place, "hwmon0", file, label);
        }
        start(place);
        assert_int_equal(sample(place), SENSORS_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_fails_and_recovers, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_come_and_go, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_drives, setup, place_remove),
                cmocka_unit_test_setup_teardown(test_many, setup, place_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
