/*
 * What a monitor is: a source of rows about the machine, in one file, known by one word in
 * meson.build. Storage, export and report follow from its Schema. record/schedule calls it:
 *
 *         probe → start → sample, sample, … → stop
 *
 * A monitor writes raw values: counters as the kernel counts them (model/ subtracts), null for
 * what is unknown. It never reads a clock and opens kernel files through Host only. The first
 * two columns of its table are always `time` and `t_ns` (MONITOR_TIME_COLUMNS); monitor_row sets
 * them. Other columns of ROLE_KEY say which thing a row is about (a CPU, a mount).
 *
 * Every row of every sample is given; the schedule leaves out those that say nothing new (see
 * Column.noise). A sample that fails is dropped whole, counted, and tried again ever more rarely.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"
#include "table/batch.h"
#include "table/columns.h"
#include "table/schema.h"

/* The one moment of a tick; record/ reads the clocks. */
typedef struct MonitorTick {
        uint64_t now_ns;     /* CLOCK_MONOTONIC */
        int64_t realtime_ns; /* CLOCK_REALTIME */
        int64_t t_ns;        /* since the run's start */
        bool last;           /* none comes after it */
} MonitorTick;

/* The first two columns of every monitor's table. */
enum { MONITOR_TIME, MONITOR_T_NS, MONITOR_FIRST };
#define MONITOR_TIME_COLUMNS                                                                       \
        [MONITOR_TIME] = KEY("time", TIME, NONE, "wall-clock time of the tick"),                   \
        [MONITOR_T_NS] = KEY("t_ns", I64, NS, "time of the tick")

/* Begins a row and sets time and t_ns. As batch_add_row. */
int monitor_row(Batch *rows, const MonitorTick *tick);

/* A living process of the run. */
typedef struct MonitorProcess {
        uint64_t process; /* key of its image */
        pid_t pid;
} MonitorProcess;

/* Who is in the run. For the recorder's thread only: a blocking monitor may not ask. */
typedef struct MonitorScope MonitorScope;
typedef int (*MonitorProcessFn)(const MonitorProcess *process, void *data);
struct MonitorScope {
        /* Calls fn with each living process, in no order, until it returns non-zero. */
        void (*each)(const MonitorScope *scope, MonitorProcessFn fn, void *data);
};

/* What [monitors.NAME] of a configuration may set, beside `interval` and `enabled`. */
typedef enum MonitorKeyKind {
        MONITOR_KEY_TEXTS,    /* one text or a list of them */
        MONITOR_KEY_NUMBER,   /* an unsigned integer */
        MONITOR_KEY_DURATION, /* "30s", in µs */
        MONITOR_KEY_BYTES,    /* 1048576, "1 MiB" */
        MONITOR_KEY_BOOL,     /* number 0 or 1 */
} MonitorKeyKind;

typedef struct MonitorKey {
        const char *name;
        MonitorKeyKind kind;
        const char *help; /* one line, with the default */
} MonitorKey;

typedef struct MonitorSetting {
        const char *monitor, *key;
        const char *const *texts; /* MONITOR_KEY_TEXTS */
        size_t n_texts;
        uint64_t number; /* every other kind */
} MonitorSetting;

typedef struct Monitor Monitor;

/* All borrowed, and valid from start to stop. */
typedef struct MonitorContext {
        const Host *host;
        const Monitor *monitor;       /* itself */
        uint64_t interval_us;         /* as asked for, not the default */
        pid_t root;                   /* the command; 0: there is none (attach, probe) */
        uid_t uid;                    /* whose limits count: the command's user */
        bool all;                     /* the whole machine is watched */
        const char *cgroup;           /* path of the scope's own cgroup in its hierarchy,
                                         "/vigia-…"; NULL: none of its own */
        const MonitorScope *scope;    /* NULL: unknown (probe) */
        const MonitorSetting *settings; /* of all monitors; ask monitor_setting */
        size_t n_settings;
        int run_fd;                   /* the run's directory, for a file of its own; -1: none */
} MonitorContext;

/* A file of the host that the monitor cannot do without, "proc/stat": its descriptor, or -errno with the
 * sentence. */
int monitor_open_file(const MonitorContext *context, const char *path, Error *err);
/* The same for probe: 0 where it can be opened. */
int monitor_probe_file(const MonitorContext *context, const char *path, Error *why);

/* What the configuration says about this key of this monitor; NULL: nothing. */
const MonitorSetting *monitor_setting(const MonitorContext *context, const char *key);

enum { MONITOR_OVER = 1 }; /* sample: there is nothing more to come, do not ask again */

struct Monitor {
        const char *name;     /* a word; also of its table, but for monitors of events */
        const char *what;     /* one line for `vigia monitors`: what it shows, ≤ 56 columns */
        const Schema *schema; /* NULL: known only after start, see `table` */
        uint64_t interval_us; /* default; 0: woken by fd() */
        bool off;             /* not on unless asked for */
        bool blocking;        /* may wait for a disk, a device, a mount: in a thread of its own */
        bool early;           /* started before the command is let go: it must see it from the first
                                 instruction. Costs the command time */
        size_t state_size;    /* zeroed before start; a failed start has left nothing behind */
        const MonitorKey *keys; /* ended by name NULL; may be NULL */
        const void *data;     /* the monitor's own: a declared one's declaration */

        /* 0, or -EOPNOTSUPP, -EACCES …: absent here. `why` says why in words; `fix` is the exact
         * command that would make it work, "" if none would. Cheap and harmless. */
        int (*probe)(const MonitorContext *context, Error *why, Error *fix);
        /* 0 or -errno with a sentence. */
        int (*start)(void *state, const MonitorContext *context, Error *err);
        /* Wakes the recorder when readable; sample is then called. NULL or -1: none. */
        int (*fd)(void *state);
        /* Where the schema is not constant: of the started monitor. NULL: `schema` is. */
        const Schema *(*table)(void *state);
        /* Adds rows. 0, MONITOR_OVER, or -errno with a sentence. -ENOBUFS: rows is full, what is
         * in it is good, and the next sample goes on. */
        int (*sample)(void *state, const MonitorTick *tick, Batch *rows, Error *err);
        /* Frees what start took. May be NULL. */
        void (*stop)(void *state);
};

/* One monitor of a recording, as options and configuration want it. */
typedef struct MonitorPlan {
        const Monitor *monitor; /* of the registry, or a declared one */
        uint64_t interval_us;   /* its default, or what was asked for; 0: woken by fd() */
        bool asked;             /* named by the user: that it is absent is worth a warning */
} MonitorPlan;

/* All monitors that this vigia was built with, in the order of the manual; NULL at the end. */
extern const Monitor *const monitors[];

const Monitor *monitor_find(const char *name); /* NULL: none */
