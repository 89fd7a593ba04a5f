/* Sensors by the files of /sys/class/hwmon and /sys/class/thermal. */
#include "monitor/sensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/sysfs-value.h"

#define HWMON   "sys/class/hwmon"
#define THERMAL "sys/class/thermal"

enum { PATH_SIZE = 512, FOLDER_MAX = 64, CLIMB_MAX = 4, TRIPS_MAX = 16 };

static bool is_taken(const SensorList *list, HwmonKind kind, const char *chip, const char *label)
{
        for (size_t i = 0; i < list->n; i++) {
                const Sensor *s = &list->sensors[i];
                if (s->kind == kind && text_equal(s->chip, chip) && text_equal(s->label, label))
                        return true;
        }
        return false;
}

Sensor *sensor_add(SensorList *list, HwmonKind kind, const char *chip, const char *label)
{
        Sensor *sensor = &list->sensors[list->n];
        char name[SENSOR_NAME_MAX];

        if (list->n == SENSORS_MAX) {
                list->cut = true;
                return NULL;
        }
        text_copy(name, sizeof name, chip);
        *sensor = (Sensor){.kind = kind, .max_c = NAN, .critical_c = NAN, .hwmon = -1, .fd = -1,
                           .fault_fd = -1, .value_number = -1, .fault_number = -1};
        text_copy(sensor->chip, sizeof sensor->chip, chip);
        text_copy(sensor->label, sizeof sensor->label, label);
        for (unsigned i = 2; is_taken(list, kind, name, sensor->label); i++)
                snprintf(sensor->label, sizeof sensor->label, "%.48s #%u", label, i);
        list->n++;
        return sensor;
}

bool sensor_is_drive(const char *chip)
{
        return text_equal(chip, "drivetemp") || text_starts_with(chip, "drivetemp-");
}

/* runtime_status is "active", "suspended", or "unsupported" for what never sleeps by itself. */
static bool is_asleep(const Host *host, int hwmon)
{
        char path[PATH_SIZE], status[32];

        snprintf(path, sizeof path, HWMON "/hwmon%d/device/power/runtime_status", hwmon);
        return sysfs_text(host, path, status, sizeof status) > 0 &&
               text_starts_with(status, "suspend");
}

int sensor_may_sleep(const Host *host, const char *folder)
{
        char path[PATH_SIZE], control[32];
        uint64_t number;

        if (!text_starts_with(folder, "hwmon") || parse_u64z(folder + 5, &number) < 0 ||
            number > 99999)
                return -1;
        snprintf(path, sizeof path, HWMON "/%s/device/power/control", folder);
        if (sysfs_text(host, path, control, sizeof control) <= 0 || !text_equal(control, "auto"))
                return -1;
        return (int)number;
}

/* From the chip's device up to one on a bus with a name, as libsensors looks for it: of an
 * NVMe drive the class device nvme0 comes first, then the PCI device. */
static void name_chip(const Host *host, const char *folder, const char *prefix, char *buffer,
                      size_t size)
{
        char path[PATH_SIZE], device[128], bus[64];
        size_t used = (size_t)snprintf(path, sizeof path, HWMON "/%s", folder);

        for (int i = 0; i < CLIMB_MAX; i++) {
                snprintf(path + used, sizeof path - used, "/device");
                if (sysfs_link_name(host, path, device, sizeof device) < 0)
                        break;
                used += strlen("/device");
                snprintf(path + used, sizeof path - used, "/subsystem");
                if (sysfs_link_name(host, path, bus, sizeof bus) > 0 &&
                    hwmon_chip_name(prefix, bus, device, buffer, size))
                        return;
        }
        snprintf(buffer, size, "%s-virtual-0", prefix);
}

typedef struct Search {
        SensorList *list;
        const Host *host;
        bool drives;
        const char *folder;         /* hwmon3 */
        char chip[SENSOR_NAME_MAX];
        int hwmon;
} Search;

static int open_file(const Search *s, const char *prefix, unsigned index, const char *what)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof path, HWMON "/%s/%s%u_%s", s->folder, prefix, index, what);
        return host_open(s->host, path);
}

static double read_limit(const Search *s, unsigned index, const char *what)
{
        _cleanup_close_ int fd = open_file(s, "temp", index, what);
        int64_t value;

        return fd >= 0 && sysfs_reread_i64(fd, &value) == 0 ? hwmon_degrees(value) : NAN;
}

static int add_input(const char *file, void *data)
{
        Search *s = data;
        char path[PATH_SIZE], label[SENSOR_NAME_MAX], name[32];
        HwmonKind kind;
        unsigned index;

        if (!hwmon_parse_input(file, &kind, &index))
                return 0;
        const char *prefix = kind == HWMON_FAN ? "fan" : "temp";
        int fd = open_file(s, prefix, index, "input");
        if (fd < 0)
                return 0;
        snprintf(name, sizeof name, "%s%u", prefix, index);
        snprintf(path, sizeof path, HWMON "/%s/%s_label", s->folder, name);
        if (sysfs_text(s->host, path, label, sizeof label) <= 0)
                text_copy(label, sizeof label, name);
        Sensor *sensor = sensor_add(s->list, kind, s->chip, label);
        if (!sensor) {
                fd_close(fd);
                return 1;
        }
        sensor->fd = fd;
        sensor->hwmon = s->hwmon;
        sensor->fault_fd = open_file(s, prefix, index, "fault");
        if (kind == HWMON_TEMPERATURE) {
                sensor->max_c = read_limit(s, index, "max");
                sensor->critical_c = read_limit(s, index, "crit");
        }
        return 0;
}

static int add_chip(const char *folder, void *data)
{
        Search *s = data;
        char path[PATH_SIZE], prefix[SENSOR_NAME_MAX - 24];

        if (strlen(folder) > FOLDER_MAX)
                return 0;
        snprintf(path, sizeof path, HWMON "/%s/name", folder);
        if (sysfs_text(s->host, path, prefix, sizeof prefix) <= 0 ||
            (sensor_is_drive(prefix) && !s->drives))
                return 0;
        s->folder = folder;
        s->hwmon = sensor_may_sleep(s->host, folder);
        name_chip(s->host, folder, prefix, s->chip, sizeof s->chip);
        snprintf(path, sizeof path, HWMON "/%s", folder);
        host_list(s->host, path, add_input, s);
        return s->list->cut;
}

void sensor_files_find(SensorList *list, const Host *host, bool drives)
{
        Search search = {.list = list, .host = host, .drives = drives};

        host_list(host, HWMON, add_chip, &search);
}

/* The lowest "passive" or "hot" point is where the zone begins to be held down. */
static void read_trips(const Host *host, const char *zone, Sensor *sensor)
{
        char path[PATH_SIZE], type[32];
        int64_t value;

        for (int i = 0; i < TRIPS_MAX; i++) {
                snprintf(path, sizeof path, THERMAL "/%s/trip_point_%d_type", zone, i);
                if (sysfs_text(host, path, type, sizeof type) < 0)
                        return;
                snprintf(path, sizeof path, THERMAL "/%s/trip_point_%d_temp", zone, i);
                if (sysfs_i64(host, path, &value) < 0)
                        continue;
                double degrees = hwmon_degrees(value);
                if (text_equal(type, "critical"))
                        sensor->critical_c = degrees;
                else if ((text_equal(type, "hot") || text_equal(type, "passive")) &&
                         !(sensor->max_c <= degrees))
                        sensor->max_c = degrees;
        }
}

static int add_zone(const char *zone, void *data)
{
        Search *s = data;
        char path[PATH_SIZE], type[SENSOR_NAME_MAX];

        if (!text_starts_with(zone, "thermal_zone") || strlen(zone) > FOLDER_MAX)
                return 0;
        snprintf(path, sizeof path, THERMAL "/%s/type", zone);
        if (sysfs_text(s->host, path, type, sizeof type) <= 0)
                text_copy(type, sizeof type, "thermal");
        snprintf(path, sizeof path, THERMAL "/%s/temp", zone);
        int fd = host_open(s->host, path);
        if (fd < 0)
                return 0;
        Sensor *sensor = sensor_add(s->list, HWMON_TEMPERATURE, type, zone);
        if (!sensor) {
                fd_close(fd);
                return 1;
        }
        sensor->fd = fd;
        read_trips(s->host, zone, sensor);
        return 0;
}

void sensor_zones_find(SensorList *list, const Host *host)
{
        Search search = {.list = list, .host = host};

        host_list(host, THERMAL, add_zone, &search);
}

void sensors_forget(SensorList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                fd_close(list->sensors[i].fd);
                fd_close(list->sensors[i].fault_fd);
        }
        list->n = 0;
        list->cut = false;
}

static double read_file(const Sensor *sensor)
{
        int64_t value;

        if (sensor->fault_fd >= 0 && sysfs_reread_i64(sensor->fault_fd, &value) == 0 && value)
                return NAN;
        if (sysfs_reread_i64(sensor->fd, &value) < 0)
                return NAN;
        return sensor->kind == HWMON_FAN ? (double)value : hwmon_degrees(value);
}

double sensor_read(const Sensor *sensor, const SensorLibrary *library, const Host *host)
{
        double value;

        if (sensor->hwmon >= 0 && is_asleep(host, sensor->hwmon))
                return NAN;
        if (!sensor->library_chip)
                return read_file(sensor);
        if (sensor->fault_number >= 0 &&
            sensor_library_value(library, sensor, sensor->fault_number) > 0)
                return NAN;
        value = sensor_library_value(library, sensor, sensor->value_number);
        return sensor->kind == HWMON_FAN ? value : hwmon_plausible(value);
}
