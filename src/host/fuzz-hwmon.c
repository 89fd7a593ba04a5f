/* The first byte chooses a bus; the rest is what firmware and drivers might write. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/hwmon.h"
#include "host/sysfs-value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const buses[] = {"pci", "i2c", "platform", "acpi", "hid", "scsi", "spi", "usb"};
        char text[256], name[64];
        HwmonKind kind;
        unsigned index;
        int64_t number;
        uint64_t hex;

        if (size < 1 || size >= sizeof text)
                return 0;
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        if (hwmon_chip_name("chip", buses[data[0] % 8], text, name, sizeof name) &&
            (strncmp(name, "chip-", 5) != 0 || strlen(name) >= sizeof name))
                abort();
        if (hwmon_parse_input(text, &kind, &index) && index > 9999)
                abort();
        if (sysfs_parse_i64(text, size - 1, &number) == 0) {
                double degrees = hwmon_degrees(number);
                if (!isnan(degrees) && (degrees < -274 || degrees > 1000))
                        abort();
        }
        sysfs_parse_hex(text, size - 1, &hex);
        return 0;
}
