/*
 * Names and values of hardware monitoring chips: Documentation/hwmon/sysfs-interface.rst. Pure
 * functions; labels and names come from firmware and may be anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum HwmonKind { HWMON_TEMPERATURE, HWMON_FAN } HwmonKind;

/* Whether a file is the reading of a sensor of ours: "temp12_input" is temperature 12. */
bool hwmon_parse_input(const char *file, HwmonKind *ret_kind, unsigned *ret_index);

/* The name libsensors gives a chip: "nvme" on "pci" at "0000:01:00.0" is "nvme-pci-0100". False
 * for a bus that is not known, and the buffer is untouched; the caller asks the device's own device
 * then, as libsensors does. */
bool hwmon_chip_name(const char *prefix, const char *bus, const char *device, char *buffer,
                     size_t size);

/* Degrees of m°C; NAN for what no sensor can mean: drives that have no limit give 65261.85. */
double hwmon_degrees(int64_t millidegrees);
double hwmon_plausible(double degrees);
