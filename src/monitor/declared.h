/*
 * Monitors that a user declares in a configuration ([[monitor]]): any file of figures, or the
 * output of a command, becomes a table. What is declared is plain data (DeclaredMonitor); this makes
 * a Monitor of it, like any other: blocking, in a table of its own name, its columns found at start.
 *
 * Formats (what the text looks like):
 *
 * key-value  "success: 12", "nr_free_pages 81", "POWER_SUPPLY_CAPACITY=80", "MemTotal: 812 kB",
 *            `requests{code="200"} 7`. One row a sample, one column a key. "[section]" or "section:"
 *            above lines puts section_ before their keys. Empty lines and those that begin with the
 *            `comment` ('#') are passed over. A key that comes twice has its last value.
 * number     One number in the text: column `value`, or the name of the only column declared.
 * table      One row a line; fields apart by blanks, or by `separator` (then "quoted" fields may hold it).
 *            Names from the first line, or from `columns` with `header` = false.
 * regex      `pattern` (PCRE2; ^ and $ match at lines) is looked for again and again in the text; its
 *            named groups are the columns. Without a key column: one row, each group's first
 *            value. With one: a row for every match.
 *
 * Columns. Declared ones alone are in the table; with none declared, all that the text has at start
 * are (DECLARED_COLUMNS_MAX). Names are made safe: "HugePages_Total" → huge_pages_total, unique.
 * Types: whole numbers stay whole (u64 counters, i64 gauges, u64 where a gauge needs it), others f64,
 * words text. A unit is declared, or written behind the value ("kB", "%", "ms": the value is then in
 * the unit's base, bytes, and an automatic name ends with it), or the end of the column's name.
 * "-", "N/A", "n/a", "nan", "none", "unknown" and nothing at all are null.
 *
 * What is refused: more than DECLARED_BYTES_MAX of text, NUL bytes, and whatever is no regular file (kernel
 * files are): each with a sentence that names it. What was found wrong in a
 * sample that still has its rows (a new key, a word where there were numbers) is told once.
 *
 * Commands run as vigia does, in vigia's working directory, stdin /dev/null, in a process group of
 * their own, which is killed at the timeout and when the command's first process has ended. An
 * exit code other than 0 fails the sample, with the first line of stderr.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "monitor/monitor.h"

enum {
        DECLARED_COLUMNS_MAX = 256,  /* of one table, time and t_ns among them */
        DECLARED_ROWS_MAX = 1024,    /* of one sample; what is over is told once */
        DECLARED_TEXT_MAX = 256,     /* bytes of a text cell; longer is cut */
        DECLARED_BYTES_MAX = 1 << 20, /* of a file, of a command's output */
        DECLARED_NAME_MAX = 64,      /* bytes of a table's or column's name */
        DECLARED_INTERVAL_US = 1000000, /* default */
        DECLARED_TIMEOUT_US = 10000000, /* most of a default timeout */
};

/* 0 is "as the default says" in all of these. */
typedef enum DeclaredFormat {
        DECLARED_KEY_VALUE, /* "key-value" */
        DECLARED_NUMBER,    /* "number" */
        DECLARED_TABLE,     /* "table" */
        DECLARED_REGEX,     /* "regex" */
} DeclaredFormat;

typedef enum DeclaredKind {
        DECLARED_KIND_DEFAULT, /* of a column: as the monitor; of a monitor: gauge */
        DECLARED_GAUGE,        /* "gauge": a level */
        DECLARED_COUNTER,      /* "counter": only grows */
        DECLARED_KEY,          /* "key": says what the row is about; of columns of table and regex */
        DECLARED_WORDS,        /* "text": words, of columns only */
} DeclaredKind;

typedef enum DeclaredType {
        DECLARED_TYPE_AUTO, /* "auto": from the first value that is there */
        DECLARED_U64,       /* "u64" */
        DECLARED_I64,       /* "i64" */
        DECLARED_F64,       /* "f64" */
        DECLARED_TEXT,      /* "text" */
} DeclaredType;

/* One of `columns`. Zero is the default of everything but the name. */
typedef struct DeclaredColumn {
        const char *name;   /* `name`: in the table; required */
        const char *source; /* `source`: its key, its heading, its group. NULL: the name */
        size_t field;       /* `field`: table only, from 1. 0: by heading; without a header, its
                               place among the columns declared */
        DeclaredType type;  /* `type` */
        DeclaredKind kind;  /* `kind` */
        const char *unit;   /* `unit`: a word of unit_name. NULL: the monitor's, then as found */
        double scale;       /* `scale`: the value is multiplied by it. 0: the monitor's */
        double noise;       /* `noise`: see Column.noise. Negative: 0. 0: the monitor's */
        const char *help;   /* `help`: one line. NULL: none */
} DeclaredColumn;

/* One [[monitor]]. The comments give the TOML key where it is not the member's name. */
typedef struct DeclaredMonitor {
        const char *name;            /* required: letters, digits, _ and -; of the table too */
        const char *help;            /* one line for `vigia monitors`; NULL: says file or command */
        bool off;                    /* declared, but not on unless asked for */

        /* The text: exactly one of the three. */
        const char *file;            /* absolute path */
        const char *const *command;  /* `command = ["prog", "arg"]`: run as it is; NULL at the end */
        const char *shell;           /* `command = "text"`: run by /bin/sh -c */

        const char *host_prefix;     /* where the host's tree is mounted ("/host"): goes before
                                        `file`. In a container /proc and /sys may be the
                                        container's own. NULL or "": none. Not for commands */
        const char *const *environment; /* "NAME=value" beside vigia's own, for commands; NULL-ended;
                                        may be NULL */
        uint64_t interval_us;        /* `interval` = "60s"; 0: DECLARED_INTERVAL_US */
        uint64_t timeout_us;         /* `timeout`, of a command; 0: the interval, at most 10 s */

        DeclaredFormat format;
        DeclaredKind kind;           /* of all columns that say nothing else: gauge or counter */
        const char *unit;            /* likewise; NULL: as found */
        double scale;                /* likewise; 0: 1. 0.001 for millidegrees */
        double noise;                /* likewise */

        const DeclaredColumn *columns; /* `columns`: [[monitor.columns]] tables, or plain words
                                        (only the name); empty: all that are found */
        size_t n_columns;

        /* Of the formats. */
        const char *pattern;         /* regex; required there */
        const char *separator;       /* key-value, table: one character, or NULL: found (key-value),
                                        blanks (table) */
        const char *comment;         /* begins a line to be passed over; NULL: "#"; "": none */
        const char *key;             /* table: heading of the key column. NULL: a column of kind key;
                                        without any: the first column where none is declared, else
                                        the line's number, in a column `line` */
        bool no_header;              /* `header = false`: table; columns are then required */
        size_t skip;                 /* lines at the beginning that are nothing: /proc/net/dev has 2 */
} DeclaredMonitor;

/* Words of the configuration, NULL-ended, in the order of the enums. */
extern const char *const declared_format_words[]; /* "key-value", "number", … */
extern const char *const declared_kind_words[];   /* "default", "gauge", "counter", "key", "text" */
extern const char *const declared_type_words[];   /* "auto", "u64", … */

/* Where the mistake is, for FILE:LINE:COL. */
typedef struct DeclaredFault {
        const char *key; /* "unit", "pattern", "columns", …; NULL: something that is missing */
        size_t column;   /* the key is of columns[column]; SIZE_MAX: of the monitor */
} DeclaredFault;

/* Whether a Monitor can be made of it: 0, or -EINVAL with a sentence ("unit 'byts' is not known;
 * expected bytes, us, …") and, if asked for, where. */
int declared_monitor_check(const DeclaredMonitor *declaration, DeclaredFault *fault, Error *err);

/* Makes a Monitor; everything is copied. As declared_monitor_check, or -ENOMEM. */
int declared_monitor_new(const DeclaredMonitor *declaration, Monitor **ret, Error *err);
Monitor *declared_monitor_free(Monitor *monitor);
DEFINE_CLEANUP(Monitor, declared_monitor)

/* Makes many, ended by NULL. Besides: -EEXIST for a name that two have, or that a monitor of the
 * registry has (fault's key is "name"); *ret_failed is then which declaration. */
int declared_monitors_new(const DeclaredMonitor *declarations, size_t n, Monitor ***ret,
                          size_t *ret_failed, DeclaredFault *fault, Error *err);
Monitor **declared_monitors_free(Monitor **monitors_made);

/* What goes into the fixed ones that vigia brings along (src/monitor/migrate.c): the callbacks of
 * every declared monitor. `Monitor.data` is the DeclaredMonitor. */
enum { DECLARED_STATE_SIZE = 64 };
int declared_probe(const MonitorContext *context, Error *why, Error *fix);
int declared_start(void *state, const MonitorContext *context, Error *err);
const Schema *declared_table(void *state);
int declared_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err);
void declared_stop(void *state);

/* Whether debugfs is mounted where it belongs, and what mounts it. */
bool declared_has_debugfs(const Host *host);
#define DECLARED_MOUNT_DEBUGFS "sudo mount -t debugfs none /sys/kernel/debug"
