/*
 * Temperature sensors and fans of the machine, from three sources that fill one list: libsensors
 * (labels, ignored sensors and corrections as configured for this board), the files of hwmon
 * themselves, and thermal zones. Readings may wait for a slow bus: for a thread of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "host/host.h"
#include "host/hwmon.h"

enum { SENSORS_MAX = 256, SENSOR_NAME_MAX = 64 };

typedef struct Sensor {
        char chip[SENSOR_NAME_MAX];  /* "nvme-pci-0100" */
        char label[SENSOR_NAME_MAX]; /* "Composite"; different for two sensors of one kind of a chip */
        HwmonKind kind;
        double max_c, critical_c;    /* NAN: none */
        int hwmon;                   /* its N in hwmonN if the device may be asleep, else -1 */
        int fd, fault_fd;            /* of a file; -1 */
        const void *library_chip;    /* of libsensors */
        int value_number, fault_number; /* its numbers of what is read; -1 */
} Sensor;

typedef struct SensorList {
        Sensor sensors[SENSORS_MAX];
        size_t n;
        bool cut; /* there are more */
} SensorList;

/* Makes room for a sensor and names it; NULL when the list is full. */
Sensor *sensor_add(SensorList *list, HwmonKind kind, const char *chip, const char *label);
/* Whether to leave this chip alone: reading a drive's temperature can keep it from spinning down. */
bool sensor_is_drive(const char *chip);
/* N if hwmonN's device may sleep and would be woken by a reading, else -1. */
int sensor_may_sleep(const Host *host, const char *folder);

/* Fills the list; a sensor that cannot be opened is left out. */
void sensor_files_find(SensorList *list, const Host *host, bool drives);
void sensor_zones_find(SensorList *list, const Host *host);
/* Closes what those opened, and empties the list. */
void sensors_forget(SensorList *list);

/* libsensors, loaded at run time. -EOPNOTSUPP with a sentence: it is not there. One at a time:
 * the library keeps its state for itself. */
typedef struct SensorLibrary SensorLibrary;
int sensor_library_new(SensorLibrary **ret, Error *why);
SensorLibrary *sensor_library_free(SensorLibrary *library);
void sensor_library_find(SensorLibrary *library, SensorList *list, const Host *host, bool drives);
/* NAN where it cannot be read. */
double sensor_library_value(const SensorLibrary *library, const Sensor *sensor, int number);

/* °C or rpm; NAN: unknown now (asleep, a fault, not answering). library: NULL for files. */
double sensor_read(const Sensor *sensor, const SensorLibrary *library, const Host *host);
