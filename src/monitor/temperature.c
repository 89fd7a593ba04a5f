/* Temperatures, fans, and what heat does to the processor. Sensors by libsensors on this machine
 * where it can be loaded, by the files of hwmon else, by thermal zones where there is no hwmon. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "monitor/cpu-heat.h"
#include "monitor/monitor.h"
#include "monitor/sensors.h"

enum {
        CHIP = MONITOR_FIRST,
        SENSOR,
        KIND,
        VALUE_C,
        MAX_C,
        CRITICAL_C,
        SPEED_RPM,
        THROTTLES,
        THROTTLED_MS,
        CORE_THROTTLES,
        CORE_THROTTLED_MS,
        FREQUENCY_HZ,
        FREQUENCY_LOW_HZ,
        FREQUENCY_HIGH_HZ,
        FREQUENCY_LIMIT_HZ,
        N_COLUMNS,
};

static const Column temperature_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [CHIP] = KEY("chip", TEXT, NONE, "coretemp-isa-0000, nvme-pci-0100, a thermal zone's type; cpu"),
        [SENSOR] = KEY("sensor", TEXT, NONE, "its label: Package id 0, Composite, fan1"),
        [KIND] = KEY("kind", TEXT, NONE, "temperature, fan, throttle or frequency"),
        [VALUE_C] = GAUGE_NOISY("value_c", F64, CELSIUS, 1.5, "temperature"),
        [MAX_C] = GAUGE("max_c", F64, CELSIUS, "where the device calls it too warm"),
        [CRITICAL_C] = GAUGE("critical_c", F64, CELSIUS, "where it stops or harm begins"),
        [SPEED_RPM] = GAUGE_NOISY("speed_rpm", F64, RPM, 150, "speed of a fan"),
        [THROTTLES] = COUNTER("throttles", U64, COUNT, "times a processor package was held down by heat"),
        [THROTTLED_MS] = COUNTER("throttled_ms", U64, MS, "how long, since boot"),
        [CORE_THROTTLES] = COUNTER("core_throttles", U64, COUNT, "times one of its cores was"),
        [CORE_THROTTLED_MS] = COUNTER("core_throttled_ms", U64, MS, "how long, its CPUs together"),
        [FREQUENCY_HZ] = GAUGE_NOISY("frequency_hz", U64, HERTZ, 1e9, "mean of the CPUs"),
        [FREQUENCY_LOW_HZ] = GAUGE_NOISY("frequency_low_hz", U64, HERTZ, NOISE_ANY, "of the slowest"),
        [FREQUENCY_HIGH_HZ] = GAUGE_NOISY("frequency_high_hz", U64, HERTZ, NOISE_ANY, "of the fastest"),
        [FREQUENCY_LIMIT_HZ] = GAUGE("frequency_limit_hz", U64, HERTZ,
                                     "the lowest that a CPU may not exceed now"),
};

static const Schema temperature_schema = {"temperature", temperature_columns, N_COLUMNS};

static const MonitorKey temperature_keys[] = {
        {"drives", MONITOR_KEY_BOOL, "also sensors of SATA drives, which can keep them from spinning "
                                     "down (default: false)"},
        {"libsensors", MONITOR_KEY_BOOL, "use libsensors where it can be loaded (default: true)"},
        {NULL, 0, NULL},
};

/* Chips come and go with their devices. */
enum { LOOK_AGAIN = 15 };

typedef struct TemperatureState {
        const Host *host;
        SensorLibrary *library; /* NULL: files */
        bool use_library, drives;
        CpuHeat *heat;          /* NULL: none */
        SensorList list;
        uint64_t folders;       /* what was listed, as a number: another one is another machine */
        uint64_t samples;
} TemperatureState;

static bool setting(const MonitorContext *context, const char *key, bool otherwise)
{
        const MonitorSetting *s = monitor_setting(context, key);

        return s ? s->number != 0 : otherwise;
}

static int add_to_hash(const char *name, void *data)
{
        uint64_t *hash = data;

        for (; *name; name++)
                *hash = (*hash ^ (uint8_t)*name) * 0x100000001b3ull;
        *hash = (*hash ^ '/') * 0x100000001b3ull;
        return 0;
}

static uint64_t list_folders(const Host *host)
{
        uint64_t hash = 0xcbf29ce484222325ull;

        host_list(host, "sys/class/hwmon", add_to_hash, &hash);
        host_list(host, "sys/class/thermal", add_to_hash, &hash);
        return hash;
}

static void forget(TemperatureState *s)
{
        sensors_forget(&s->list);
        s->library = sensor_library_free(s->library);
}

/* A library that finds nothing is no reason to go without: its configuration may ignore all,
 * but then the files are what there is. */
static void look(TemperatureState *s)
{
        Error why = {0};

        forget(s);
        if (s->use_library && sensor_library_new(&s->library, &why) == 0)
                sensor_library_find(s->library, &s->list, s->host, s->drives);
        if (s->list.n == 0) {
                forget(s);
                sensor_files_find(&s->list, s->host, s->drives);
        }
        if (s->list.n == 0)
                sensor_zones_find(&s->list, s->host);
}

static int temperature_start(void *state, const MonitorContext *context, Error *err)
{
        TemperatureState *s = state;

        s->host = context->host;
        s->drives = setting(context, "drives", false);
        s->use_library = host_is_live(s->host) && setting(context, "libsensors", true);
        if (cpu_heat_new(s->host, &s->heat) == -ENOMEM)
                return error_set_errno(err, ENOMEM, "temperature");
        s->folders = list_folders(s->host);
        return 0;
}

static void temperature_stop(void *state)
{
        TemperatureState *s = state;

        forget(s);
        s->heat = cpu_heat_free(s->heat);
}

/* Real machines have a driver for their processor's own sensor; a virtual one has none to load. */
static void advise(const Host *host, Error *fix)
{
        char text[4096];

        if (host_read(host, "proc/cpuinfo", text, sizeof text) <= 0 || strstr(text, " hypervisor"))
                return;
        if (strstr(text, "GenuineIntel"))
                error_set(fix, ENOENT, "sudo modprobe coretemp");
        else if (strstr(text, "AuthenticAMD"))
                error_set(fix, ENOENT, "sudo modprobe k10temp");
}

/* By the files alone: libsensors sees no more than is there. */
static int temperature_probe(const MonitorContext *context, Error *why, Error *fix)
{
        TemperatureState *s = calloc(1, sizeof *s);

        if (!s)
                return error_set_errno(why, ENOMEM, "temperature");
        s->host = context->host;
        s->drives = setting(context, "drives", false);
        look(s);
        bool found = s->list.n > 0 || cpu_heat_new(s->host, &s->heat) == 0;
        temperature_stop(s);
        free(s);
        if (found)
                return 0;
        advise(context->host, fix);
        return error_set(why, EOPNOTSUPP, "no sensors here: nothing in /sys/class/hwmon, "
                                          "no thermal zone, no cpufreq");
}

static int add_row(const MonitorTick *tick, Batch *rows, const char *chip, const char *sensor,
                   const char *kind)
{
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        batch_set_textz(rows, CHIP, chip);
        batch_set_textz(rows, SENSOR, sensor);
        batch_set_textz(rows, KIND, kind);
        return 0;
}

static int sensor_row(const TemperatureState *s, const Sensor *sensor, const MonitorTick *tick,
                      Batch *rows)
{
        bool fan = sensor->kind == HWMON_FAN;
        int r = add_row(tick, rows, sensor->chip, sensor->label, fan ? "fan" : "temperature");

        if (r < 0)
                return r;
        batch_set_f64(rows, fan ? SPEED_RPM : VALUE_C, sensor_read(sensor, s->library, s->host));
        batch_set_f64(rows, MAX_C, sensor->max_c);
        batch_set_f64(rows, CRITICAL_C, sensor->critical_c);
        return 0;
}

static int throttle_rows(const CpuHeat *heat, const MonitorTick *tick, Batch *rows)
{
        HeatPackage packages[HEAT_PACKAGES_MAX];
        size_t n = cpu_heat_packages(heat, packages);
        char name[32];
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++) {
                snprintf(name, sizeof name, "package %u", (unsigned)packages[i].number);
                r = add_row(tick, rows, "cpu", name, "throttle");
                if (r < 0)
                        break;
                batch_set_known(rows, THROTTLES, packages[i].throttles);
                batch_set_known(rows, THROTTLED_MS, packages[i].throttled_ms);
                batch_set_known(rows, CORE_THROTTLES, packages[i].core_throttles);
                batch_set_known(rows, CORE_THROTTLED_MS, packages[i].core_throttled_ms);
        }
        return r;
}

static int frequency_row(const CpuHeat *heat, const MonitorTick *tick, Batch *rows)
{
        HeatFrequency f;

        cpu_heat_frequency(heat, &f);
        if (f.limit_hz == HEAT_UNKNOWN)
                return 0;
        int r = add_row(tick, rows, "cpu", "cpus", "frequency");
        if (r < 0)
                return r;
        batch_set_known(rows, FREQUENCY_HZ, f.mean_hz);
        batch_set_known(rows, FREQUENCY_LOW_HZ, f.low_hz);
        batch_set_known(rows, FREQUENCY_HIGH_HZ, f.high_hz);
        batch_set_known(rows, FREQUENCY_LIMIT_HZ, f.limit_hz);
        return 0;
}

static int temperature_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        TemperatureState *s = state;
        int r = 0;

        if (s->samples == 0) {
                look(s);
        } else if (s->samples % LOOK_AGAIN == 0) {
                uint64_t folders = list_folders(s->host);
                if (folders != s->folders)
                        look(s);
                s->folders = folders;
        }
        s->samples++;
        for (size_t i = 0; r == 0 && i < s->list.n; i++)
                r = sensor_row(s, &s->list.sensors[i], tick, rows);
        if (r == 0 && s->heat) {
                cpu_heat_read(s->heat);
                r = throttle_rows(s->heat, tick, rows);
                if (r == 0)
                        r = frequency_row(s->heat, tick, rows);
        }
        return r;
}

const Monitor monitor_temperature = {
        .name = "temperature",
        .what = "temperatures, fans, throttling, CPU frequency",
        .schema = &temperature_schema,
        .interval_us = 2000000,
        .blocking = true, /* a sensor may sit on a slow bus */
        .state_size = sizeof(TemperatureState),
        .keys = temperature_keys,
        .probe = temperature_probe,
        .start = temperature_start,
        .sample = temperature_sample,
        .stop = temperature_stop,
};
