/* Sensors by libsensors, which knows this board's labels, ignored inputs and corrections
 * (sensors.conf(5)). Loaded at run time: most machines that build vigia do not have it. */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <sensors/error.h>
#include <sensors/sensors.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"
#include "base/text.h"
#include "monitor/sensors.h"

struct SensorLibrary {
        __typeof__(&sensors_init) init;
        __typeof__(&sensors_cleanup) cleanup;
        __typeof__(&sensors_get_detected_chips) get_chips;
        __typeof__(&sensors_snprintf_chip_name) print_name;
        __typeof__(&sensors_get_features) get_features;
        __typeof__(&sensors_get_label) get_label;
        __typeof__(&sensors_get_subfeature) get_subfeature;
        __typeof__(&sensors_get_value) get_value;
};

static const LibrarySymbol symbols[] = {
        {"sensors_init", offsetof(SensorLibrary, init)},
        {"sensors_cleanup", offsetof(SensorLibrary, cleanup)},
        {"sensors_get_detected_chips", offsetof(SensorLibrary, get_chips)},
        {"sensors_snprintf_chip_name", offsetof(SensorLibrary, print_name)},
        {"sensors_get_features", offsetof(SensorLibrary, get_features)},
        {"sensors_get_label", offsetof(SensorLibrary, get_label)},
        {"sensors_get_subfeature", offsetof(SensorLibrary, get_subfeature)},
        {"sensors_get_value", offsetof(SensorLibrary, get_value)},
};

static const char library_name[] = "libsensors.so.5";

/* A mistake in the machine's sensors.conf would be told on our standard error, at each start. */
static void say_nothing(const char *error, int line)
{
}

static void say_nothing_of_file(const char *error, const char *file, int line)
{
}

static void silence(void *handle)
{
        void (**say)(const char *, int) = dlsym(handle, "sensors_parse_error");
        void (**say_of_file)(const char *, const char *, int) =
                dlsym(handle, "sensors_parse_error_wfn");

        if (say)
                *say = say_nothing;
        if (say_of_file)
                *say_of_file = say_nothing_of_file;
}

/* The library stays loaded: it is asked again when chips come and go. */
static int load(SensorLibrary *library, Error *why)
{
        void *handle;
        int r = library_load(library_name, symbols, ARRAY_LENGTH(symbols), library, &handle, why);

        if (r == 0)
                silence(handle);
        return r;
}

int sensor_library_new(SensorLibrary **ret, Error *why)
{
        SensorLibrary *library = calloc(1, sizeof *library);
        int r = library ? load(library, why) : -ENOMEM;

        if (r == 0) {
                int code = library->init(NULL);
                if (code != 0)
                        r = error_set(why, EOPNOTSUPP, "%s cannot be used here (error %d)",
                                      library_name, code);
        }
        if (r < 0)
                free(library);
        else
                *ret = library;
        return r;
}

SensorLibrary *sensor_library_free(SensorLibrary *library)
{
        if (library) {
                library->cleanup();
                free(library);
        }
        return NULL;
}

static double read_number(const SensorLibrary *library, const sensors_chip_name *chip, int number)
{
        double value;

        return number >= 0 && library->get_value(chip, number, &value) == 0 ? value : NAN;
}

double sensor_library_value(const SensorLibrary *library, const Sensor *sensor, int number)
{
        return read_number(library, sensor->library_chip, number);
}

static int number_of(const SensorLibrary *library, const sensors_chip_name *chip,
                     const sensors_feature *feature, sensors_subfeature_type type)
{
        const sensors_subfeature *sub = library->get_subfeature(chip, feature, type);

        return sub && (sub->flags & SENSORS_MODE_R) ? sub->number : -1;
}

static void add_feature(const SensorLibrary *library, SensorList *list, const char *name,
                        const sensors_chip_name *chip, const sensors_feature *feature, int hwmon)
{
        bool fan = feature->type == SENSORS_FEATURE_FAN;
        int number = number_of(library, chip, feature, fan ? SENSORS_SUBFEATURE_FAN_INPUT
                                                           : SENSORS_SUBFEATURE_TEMP_INPUT);

        if (number < 0)
                return;
        char *label = library->get_label(chip, feature);
        Sensor *sensor = sensor_add(list, fan ? HWMON_FAN : HWMON_TEMPERATURE, name,
                                    label ? label : feature->name);
        free(label);
        if (!sensor)
                return;
        sensor->library_chip = chip;
        sensor->value_number = number;
        sensor->hwmon = hwmon;
        sensor->fault_number = number_of(library, chip, feature,
                                         fan ? SENSORS_SUBFEATURE_FAN_FAULT
                                             : SENSORS_SUBFEATURE_TEMP_FAULT);
        if (fan)
                return;
        sensor->max_c = hwmon_plausible(read_number(
                library, chip, number_of(library, chip, feature, SENSORS_SUBFEATURE_TEMP_MAX)));
        sensor->critical_c = hwmon_plausible(read_number(
                library, chip, number_of(library, chip, feature, SENSORS_SUBFEATURE_TEMP_CRIT)));
}

void sensor_library_find(SensorLibrary *library, SensorList *list, const Host *host, bool drives)
{
        const sensors_chip_name *chip;
        const sensors_feature *feature;
        char name[SENSOR_NAME_MAX];

        for (int i = 0; (chip = library->get_chips(NULL, &i));) {
                const char *folder = chip->path ? strrchr(chip->path, '/') : NULL;
                if (sensor_is_drive(chip->prefix) && !drives)
                        continue;
                if (library->print_name(name, sizeof name, chip) < 0)
                        continue;
                int hwmon = folder ? sensor_may_sleep(host, folder + 1) : -1;
                for (int j = 0; (feature = library->get_features(chip, &j));)
                        if (feature->type == SENSORS_FEATURE_FAN ||
                            feature->type == SENSORS_FEATURE_TEMP)
                                add_feature(library, list, name, chip, feature, hwmon);
        }
}
