/* Names of chips as libsensors prints them, and what is no sensor. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "host/hwmon.h"

static void test_input(void **state)
{
        static const char *const wrong[] = {"temp1_inputs", "temp_input", "temp1", "in0_input",
                                            "temp1_label", "tempx_input", "temp12345_input",
                                            "fan1_target", "", "temp-1_input"};
        HwmonKind kind;
        unsigned index;

        assert_true(hwmon_parse_input("temp1_input", &kind, &index));
        assert_int_equal(kind, HWMON_TEMPERATURE);
        assert_int_equal(index, 1);
        assert_true(hwmon_parse_input("fan12_input", &kind, &index));
        assert_int_equal(kind, HWMON_FAN);
        assert_int_equal(index, 12);
        for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
                assert_false(hwmon_parse_input(wrong[i], &kind, &index));
}

static void expect_name(const char *prefix, const char *bus, const char *device, const char *name)
{
        char buffer[64] = "untouched";

        assert_int_equal(hwmon_chip_name(prefix, bus, device, buffer, sizeof buffer), !!name);
        assert_string_equal(buffer, name ? name : "untouched");
}

static void test_names(void **state)
{
        expect_name("nvme", "pci", "0000:01:00.0", "nvme-pci-0100");
        expect_name("amdgpu", "pci", "0000:c3:00.0", "amdgpu-pci-c300");
        expect_name("k10temp", "pci", "0000:00:18.3", "k10temp-pci-00c3");
        expect_name("nvme", "pci", "0001:01:00.0", "nvme-pci-10100");
        expect_name("coretemp", "platform", "coretemp.1", "coretemp-isa-0001");
        expect_name("thinkpad", "platform", "thinkpad_hwmon", "thinkpad-isa-0000");
        expect_name("nct6798", "platform", "nct6775.656", "nct6798-isa-0290");
        expect_name("lm75", "i2c", "1-004c", "lm75-i2c-1-4c");
        expect_name("BAT0", "acpi", "PNP0C0A:00", "BAT0-acpi-0");
        expect_name("corsaircpro", "hid", "0003:1B1C:0C10.0004", "corsaircpro-hid-3-4");
        expect_name("drivetemp", "scsi", "2:0:1:0", "drivetemp-scsi-2-10");
        expect_name("max1111", "spi", "spi2.1", "max1111-spi-2-1");
}

static void test_strange_names(void **state)
{
        char buffer[8], longer[256];

        expect_name("nvme", "nvme", "nvme0", NULL);
        expect_name("x", "pci", "01:00.0", NULL);
        expect_name("x", "pci", "0000:01:00.0000000000", NULL);
        expect_name("x", "pci", "", NULL);
        expect_name("x", "i2c", "i2c-1", NULL);
        expect_name("x", "i2c", "99999-4c", NULL);
        expect_name("x", "hid", "0003", NULL);
        expect_name("x", "scsi", "2:0", NULL);
        expect_name("x", "spi", "2.1", NULL);
        expect_name("x", "", "", NULL);
        expect_name("x", "platform", "a.b", "x-isa-0000");
        memset(longer, 'y', sizeof longer - 1);
        longer[sizeof longer - 1] = '\0';
        assert_true(hwmon_chip_name(longer, "acpi", "z", buffer, sizeof buffer));
        assert_string_equal(buffer, "yyyyyyy");
}

static void test_degrees(void **state)
{
        assert_true(hwmon_degrees(45850) == 45.85);
        assert_true(hwmon_degrees(-12000) == -12);
        assert_true(isnan(hwmon_degrees(65261850)));
        assert_true(isnan(hwmon_degrees(-273250)));
        assert_true(isnan(hwmon_degrees(INT64_MIN)));
        assert_true(isnan(hwmon_plausible(NAN)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_input),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_strange_names),
                cmocka_unit_test(test_degrees),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
