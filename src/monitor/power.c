/* Energy as the processor counts it (RAPL), per package and its parts, and what batteries say.
 * Documentation/power/powercap/powercap.rst, Documentation/power/power_supply_class.rst. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/sysfs-value.h"
#include "monitor/monitor.h"

enum {
        SOURCE = MONITOR_FIRST,
        ZONE,
        ENERGY_UJ,
        ENERGY_RANGE_UJ,
        LIMIT_W,
        POWER_W,
        CHARGE_PERCENT,
        STATUS,
        N_COLUMNS,
};

/* Between two rows: at 100 W a row each second, on an idle laptop one in ten. */
#define ENERGY_NOISE 100e6

static const Column power_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [SOURCE] = KEY("source", TEXT, NONE, "rapl, battery or mains"),
        [ZONE] = KEY("zone", TEXT, NONE, "package-0, package-0/core, psys …; a supply's name"),
        [ENERGY_UJ] = COUNTER_NOISY("energy_uj", U64, MICROJOULES, ENERGY_NOISE,
                                    "energy used; starts again at 0 after energy_range_uj"),
        [ENERGY_RANGE_UJ] = GAUGE("energy_range_uj", U64, MICROJOULES,
                                  "the most that energy_uj can show"),
        [LIMIT_W] = GAUGE("limit_w", F64, WATTS, "long-term limit that the processor keeps to"),
        [POWER_W] = GAUGE_NOISY("power_w", F64, WATTS, 1, "flow into or out of a battery"),
        [CHARGE_PERCENT] = GAUGE("charge_percent", U32, PERCENT, "charge of a battery"),
        [STATUS] = WORDS("status", "Charging, Discharging, Full …; online or offline for mains"),
};

static const Schema power_schema = {"power", power_columns, N_COLUMNS};

enum {
        ZONES_MAX = 64, /* 8 sockets of 8 */
        SUPPLIES_MAX = 16,
        NAME_MAX_BYTES = 96,
        LOOK_AGAIN = 60,     /* samples until zones and supplies are listed anew */
        SUPPLY_EVERY = 10,   /* samples: an embedded controller takes milliseconds to answer */
};

typedef struct Zone {
        char name[NAME_MAX_BYTES];
        int fd;
        uint64_t range_uj; /* 0: unknown */
        double limit_w;    /* NAN: none */
} Zone;

typedef struct Supply {
        char name[NAME_MAX_BYTES];
        bool battery;
        double power_w;    /* NAN: unknown */
        uint64_t charge;   /* UINT64_MAX: unknown */
        char status[32];   /* "": unknown */
} Supply;

typedef struct PowerState {
        const Host *host;
        Zone zones[ZONES_MAX];
        Supply supplies[SUPPLIES_MAX];
        size_t n_zones, n_supplies;
        int refused; /* why a zone could not be read: -EACCES */
        uint64_t samples;
} PowerState;

#define POWERCAP "sys/class/powercap"
#define SUPPLIES "sys/class/power_supply"

static ssize_t zone_text(const Host *host, const char *folder, const char *file, char *buffer,
                         size_t size)
{
        char path[256];

        snprintf(path, sizeof path, POWERCAP "/%s/%s", folder, file);
        return sysfs_text(host, path, buffer, size);
}

/* intel-rapl:0:1 is a part of intel-rapl:0. The same package may be there a second time, by
 * way of its memory-mapped registers. */
static void name_zone(const Host *host, const char *folder, Zone *zone)
{
        char own[32], parent[32] = "", parent_folder[64];
        const char *first = strchr(folder, ':'), *last = strrchr(folder, ':');

        if (zone_text(host, folder, "name", own, sizeof own) <= 0)
                text_copy(own, sizeof own, folder);
        if (first && last != first && (size_t)(last - folder) < sizeof parent_folder) {
                memcpy(parent_folder, folder, (size_t)(last - folder));
                parent_folder[last - folder] = '\0';
                zone_text(host, parent_folder, "name", parent, sizeof parent);
        }
        snprintf(zone->name, sizeof zone->name, "%s%s%s%s", parent, parent[0] ? "/" : "", own,
                 strstr(folder, "-mmio:") ? " (mmio)" : "");
}

static int add_zone(const char *folder, void *data)
{
        PowerState *s = data;
        char path[256];
        uint64_t limit_uw;

        if (s->n_zones == ZONES_MAX || strlen(folder) > 128)
                return s->n_zones == ZONES_MAX;
        snprintf(path, sizeof path, POWERCAP "/%s/energy_uj", folder);
        int fd = host_open(s->host, path);
        if (fd < 0) {
                if (fd == -EACCES || fd == -EPERM)
                        s->refused = -EACCES;
                return 0;
        }
        Zone *zone = &s->zones[s->n_zones++];
        *zone = (Zone){.fd = fd, .limit_w = NAN};
        name_zone(s->host, folder, zone);
        snprintf(path, sizeof path, POWERCAP "/%s/max_energy_range_uj", folder);
        sysfs_u64(s->host, path, &zone->range_uj);
        snprintf(path, sizeof path, POWERCAP "/%s/constraint_0_power_limit_uw", folder);
        if (sysfs_u64(s->host, path, &limit_uw) == 0 && limit_uw > 0)
                zone->limit_w = (double)limit_uw / 1e6;
        return 0;
}

static int add_supply(const char *name, void *data)
{
        PowerState *s = data;
        char path[256], type[32], scope[32];

        if (s->n_supplies == SUPPLIES_MAX || strlen(name) >= NAME_MAX_BYTES)
                return s->n_supplies == SUPPLIES_MAX;
        snprintf(path, sizeof path, SUPPLIES "/%s/type", name);
        if (sysfs_text(s->host, path, type, sizeof type) <= 0)
                return 0;
        bool battery = text_equal(type, "Battery");
        if (!battery && !text_equal(type, "Mains"))
                return 0;
        snprintf(path, sizeof path, SUPPLIES "/%s/scope", name);
        if (sysfs_text(s->host, path, scope, sizeof scope) > 0 && text_equal(scope, "Device"))
                return 0; /* a mouse's */
        Supply *supply = &s->supplies[s->n_supplies++];
        *supply = (Supply){.battery = battery, .power_w = NAN, .charge = UINT64_MAX};
        text_copy(supply->name, sizeof supply->name, name);
        return 0;
}

static int supply_number(const Host *host, const Supply *supply, const char *file, int64_t *ret)
{
        char path[256];

        snprintf(path, sizeof path, SUPPLIES "/%s/%s", supply->name, file);
        return sysfs_i64(host, path, ret);
}

/* Some drivers show what flows out as negative; `status` says which way it goes. */
static double battery_watts(const Host *host, const Supply *supply)
{
        int64_t power_uw, current_ua, voltage_uv;

        if (supply_number(host, supply, "power_now", &power_uw) == 0)
                return fabs((double)power_uw) / 1e6;
        if (supply_number(host, supply, "current_now", &current_ua) == 0 &&
            supply_number(host, supply, "voltage_now", &voltage_uv) == 0)
                return fabs((double)current_ua * (double)voltage_uv) / 1e12;
        return NAN;
}

static void read_supply(const Host *host, Supply *supply)
{
        char path[256];
        int64_t value;

        supply->status[0] = '\0';
        supply->charge = UINT64_MAX;
        if (!supply->battery) {
                if (supply_number(host, supply, "online", &value) == 0)
                        text_copy(supply->status, sizeof supply->status,
                                  value ? "online" : "offline");
                return;
        }
        supply->power_w = battery_watts(host, supply);
        if (supply_number(host, supply, "capacity", &value) == 0 && value >= 0)
                supply->charge = (uint64_t)value;
        snprintf(path, sizeof path, SUPPLIES "/%s/status", supply->name);
        sysfs_text(host, path, supply->status, sizeof supply->status);
}

static void forget(PowerState *s)
{
        for (size_t i = 0; i < s->n_zones; i++)
                fd_close(s->zones[i].fd);
        s->n_zones = s->n_supplies = 0;
        s->refused = 0;
}

static void look(PowerState *s)
{
        forget(s);
        host_list(s->host, POWERCAP, add_zone, s);
        host_list(s->host, SUPPLIES, add_supply, s);
}

static int power_probe(const MonitorContext *context, Error *why, Error *fix)
{
        PowerState s = {.host = context->host};
        uint64_t energy_uj;

        look(&s);
        bool found = s.n_supplies > 0;
        for (size_t i = 0; i < s.n_zones; i++)
                found |= sysfs_reread_u64(s.zones[i].fd, &energy_uj) == 0;
        int refused = s.refused;
        forget(&s);
        if (found)
                return 0;
        if (refused) {
                error_set(fix, EACCES, "sudo chmod a+r /sys/class/powercap/*/energy_uj");
                return error_set(why, EACCES, "energy counters are for root only since Linux 5.10 "
                                              "(they tell what others compute)");
        }
        return error_set(why, EOPNOTSUPP, "no energy counters in /sys/class/powercap (a virtual "
                                          "machine, or no intel_rapl_msr) and no battery");
}

static int power_start(void *state, const MonitorContext *context, Error *err)
{
        PowerState *s = state;

        s->host = context->host;
        return 0;
}

static int zone_row(const Zone *zone, const MonitorTick *tick, Batch *rows)
{
        uint64_t energy_uj;
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        batch_set_text(rows, SOURCE, "rapl", 4);
        batch_set_textz(rows, ZONE, zone->name);
        if (sysfs_reread_u64(zone->fd, &energy_uj) == 0)
                batch_set_u64(rows, ENERGY_UJ, energy_uj);
        if (zone->range_uj)
                batch_set_u64(rows, ENERGY_RANGE_UJ, zone->range_uj);
        batch_set_f64(rows, LIMIT_W, zone->limit_w);
        return 0;
}

static int supply_row(const Supply *supply, const MonitorTick *tick, Batch *rows)
{
        const char *source = supply->battery ? "battery" : "mains";
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        batch_set_textz(rows, SOURCE, source);
        batch_set_textz(rows, ZONE, supply->name);
        batch_set_f64(rows, POWER_W, supply->power_w);
        if (supply->charge != UINT64_MAX)
                batch_set_u64(rows, CHARGE_PERCENT, supply->charge);
        if (supply->status[0])
                batch_set_textz(rows, STATUS, supply->status);
        return 0;
}

static int power_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        PowerState *s = state;
        int r = 0;

        if (s->samples % LOOK_AGAIN == 0)
                look(s);
        if (s->samples++ % SUPPLY_EVERY == 0)
                for (size_t i = 0; i < s->n_supplies; i++)
                        read_supply(s->host, &s->supplies[i]);
        for (size_t i = 0; r == 0 && i < s->n_zones; i++)
                r = zone_row(&s->zones[i], tick, rows);
        for (size_t i = 0; r == 0 && i < s->n_supplies; i++)
                r = supply_row(&s->supplies[i], tick, rows);
        return r;
}

static void power_stop(void *state)
{
        forget(state);
}

const Monitor monitor_power = {
        .name = "power",
        .what = "energy of the processor (RAPL), batteries",
        .schema = &power_schema,
        .interval_us = 1000000,
        .blocking = true, /* a battery is asked over a slow bus */
        .state_size = sizeof(PowerState),
        .probe = power_probe,
        .start = power_start,
        .sample = power_sample,
        .stop = power_stop,
};
