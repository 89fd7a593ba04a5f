/* What a bus writes into the name of a chip is a convention of libsensors (sensors.conf(5)). */
#include "host/hwmon.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

bool hwmon_parse_input(const char *file, HwmonKind *ret_kind, unsigned *ret_index)
{
        static const struct {
                const char *prefix;
                HwmonKind kind;
        } kinds[] = {{"temp", HWMON_TEMPERATURE}, {"fan", HWMON_FAN}};

        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
                if (!text_starts_with(file, kinds[i].prefix))
                        continue;
                const char *digits = file + strlen(kinds[i].prefix);
                size_t n = strspn(digits, "0123456789");
                uint64_t index;
                if (n == 0 || n > 4 || !text_equal(digits + n, "_input") ||
                    parse_u64(digits, n, &index) < 0)
                        return false;
                *ret_kind = kinds[i].kind;
                *ret_index = (unsigned)index;
                return true;
        }
        return false;
}

/* Takes `n` hexadecimal numbers off "0000:01:00.0", between ':' and '.'. */
static bool scan_hex(const char *text, unsigned *values, size_t n)
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < n; i++) {
                const char *digit;
                size_t length = 0;
                values[i] = 0;
                while (*text && (digit = strchr(digits, *text))) {
                        values[i] = values[i] << 4 | (unsigned)(digit - digits);
                        if (++length > 8)
                                return false;
                        text++;
                }
                if (length == 0 || (i + 1 < n && *text != ':' && *text != '.'))
                        return false;
                text++;
        }
        return true;
}

static bool scan_decimals(const char *text, const char *separators, uint64_t *values, size_t n)
{
        const char *end = text + strlen(text);

        for (size_t i = 0; i < n; i++) {
                if (scan_u64(&text, end, &values[i]) < 0)
                        return false;
                if (i + 1 < n && (text == end || *text++ != separators[i]))
                        return false;
        }
        return true;
}

static bool pci_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        unsigned at[4];

        if (!scan_hex(device, at, 4))
                return false;
        snprintf(buffer, size, "%s-pci-%04x", prefix,
                 (at[0] << 16) + (at[1] << 8) + (at[2] << 3) + at[3]);
        return true;
}

/* "1-004c": bus 1, address 0x4c. */
static bool i2c_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        const char *dash = strchr(device, '-');
        uint64_t bus;
        unsigned address;

        if (!dash || parse_u64(device, (size_t)(dash - device), &bus) < 0 || bus > 32767 ||
            !scan_hex(dash + 1, &address, 1))
                return false;
        snprintf(buffer, size, "%s-i2c-%u-%02x", prefix, (unsigned)bus, address);
        return true;
}

/* "coretemp.1" is address 1, "thinkpad_hwmon" 0. */
static bool platform_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        const char *dot = strrchr(device, '.');
        uint64_t address = 0;

        if (dot && parse_u64z(dot + 1, &address) < 0)
                address = 0;
        snprintf(buffer, size, "%s-isa-%04x", prefix, (unsigned)address);
        return true;
}

/* "0003:1B1C:0C10.0004": bus 3, device 4. */
static bool hid_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        char lower[64];
        unsigned at[4];

        text_copy(lower, sizeof lower, device);
        for (char *p = lower; *p; p++)
                if (*p >= 'A' && *p <= 'F')
                        *p = (char)(*p + 'a' - 'A');
        if (!scan_hex(lower, at, 4))
                return false;
        snprintf(buffer, size, "%s-hid-%u-%x", prefix, at[0], at[3]);
        return true;
}

/* "2:0:0:0": host 2, then channel, target and unit in one number. */
static bool scsi_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        uint64_t at[4];

        if (!scan_decimals(device, ":::", at, 4))
                return false;
        snprintf(buffer, size, "%s-scsi-%u-%x", prefix, (unsigned)at[0],
                 (unsigned)((at[1] << 8) + (at[2] << 4) + at[3]));
        return true;
}

static bool spi_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        uint64_t at[2];

        if (!text_starts_with(device, "spi") || !scan_decimals(device + 3, ".", at, 2))
                return false;
        snprintf(buffer, size, "%s-spi-%u-%x", prefix, (unsigned)at[0], (unsigned)at[1]);
        return true;
}

static bool acpi_name(const char *prefix, const char *device, char *buffer, size_t size)
{
        snprintf(buffer, size, "%s-acpi-0", prefix);
        return true;
}

bool hwmon_chip_name(const char *prefix, const char *bus, const char *device, char *buffer,
                     size_t size)
{
        static const struct {
                const char *bus;
                bool (*name)(const char *prefix, const char *device, char *buffer, size_t size);
        } buses[] = {
                {"pci", pci_name},           {"i2c", i2c_name},   {"platform", platform_name},
                {"of_platform", platform_name}, {"acpi", acpi_name}, {"hid", hid_name},
                {"scsi", scsi_name},         {"spi", spi_name},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(buses); i++)
                if (text_equal(bus, buses[i].bus))
                        return buses[i].name(prefix, device, buffer, size);
        return false;
}

double hwmon_plausible(double degrees)
{
        return degrees > -273.2 && degrees < 1000 ? degrees : NAN;
}

double hwmon_degrees(int64_t millidegrees)
{
        return hwmon_plausible((double)millidegrees / 1000);
}
