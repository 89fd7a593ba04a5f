/*
 * A run on disk (SPEC 4): run.json, one Parquet table a monitor, output.log, summary.txt.
 *
 * While recording, a table is a folder of parts. A part's rows are kept in memory until it is
 * full; every second the part is written again, whole, and renamed over itself
 * (samples/000003.parquet), so that any Parquet reader sees a whole file at all times and at
 * most a second is lost. A full part is sealed and the next begins. At the end the parts are
 * concatenated without decoding into samples.parquet and the folder is removed.
 *
 * Files are written, flushed and renamed by one thread, so that a slow disk never delays a
 * tick. When it falls behind or the disk is full, rows stay in memory up to a bound; then
 * whole rows are dropped and counted (run_store_lost).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "store/parquet/parquet.h"
#include "table/sink.h"

enum { RUN_FORMAT = 1, RUN_MONITOR_NAME_MAX = 64 };

/* One monitor's (or the process table's) line in run.json. */
typedef struct RunMonitor {
        char name[RUN_MONITOR_NAME_MAX];
        uint64_t interval_us, rows, errors, late;
        bool absent;   /* not there on this machine */
        char why[160]; /* why it is absent, or its latest failure; "": nothing to say */
} RunMonitor;

/* What run.json says. Strings are owned; run_info_done frees. Unknown numbers are -1 or, for
 * unsigned ones, RUN_UNKNOWN; unknown strings NULL. */
#define RUN_UNKNOWN UINT64_MAX

typedef struct RunInfo {
        int format;
        char *id, *label, *vigia_version;
        char *host, *kernel, *machine; /* uname(2) */
        char *cpu_model;               /* what the processor calls itself; NULL: unknown */
        unsigned cpus;
        uint64_t memory_bytes, page_bytes;
        char **command; /* NULL-terminated argv; NULL for attach */
        char *scope;    /* attach: in words, "-n python"; NULL for run */
        char *cwd, *user;
        int64_t start_realtime_ns;            /* since 1970 */
        uint64_t start_monotonic_ns, start_boottime_ns;
        int64_t end_realtime_ns;              /* -1: not ended */
        uint64_t wall_ns;                     /* RUN_UNKNOWN while it runs */
        int exit_code, exit_signal;           /* -1: none */
        bool timed_out;
        bool complete;                        /* false: running, or its recorder died */
        char *recorder_died;                  /* set by recover: why it is incomplete, in words */
        char *snapshot_of;                    /* id of a run that went on; NULL: none */
        pid_t recorder_pid;                   /* and its start time, to tell running from dead */
        uint64_t recorder_start_ns;           /* since boot, CLOCK_BOOTTIME, clock-tick exact */
        char *boot_id;
        uint64_t interval_ns;
        char *capture_source;                 /* bpf | perf | poll */
        char *capture_why;                    /* why not a better one, in words; NULL: best */
        bool partial;
        uint64_t processes, lost_events, lost_rows;
        uint64_t command_cpu_us;              /* rusage of the command and its waited children */
        char *rules;                          /* processes were labelled by: "builtin", a path; NULL: none */
        uint64_t rules_fingerprint;           /* of their meaning */
        uint64_t peak_cgroup_bytes;
        char *cgroup;                         /* where its peak is from: "v1 /…", NULL: none */
        uint64_t ticks, late_ticks;
        uint64_t own_cpu_us, own_peak_rss_bytes, own_private_bytes, written_bytes;
        uint64_t output_bytes;                /* of output.log; RUN_UNKNOWN: none kept */
        RunMonitor *monitors;
        size_t n_monitors;
        char **warnings;                      /* NULL-terminated sentences; may be NULL */
} RunInfo;

void run_info_init(RunInfo *info); /* everything unknown */
void run_info_done(RunInfo *info);

/* Fills host, kernel, machine, cpus, memory, page size, boot_id, cwd, user, version, and the
 * recorder's identity (this process: call it again after a fork). 0 or -errno. */
int run_info_fill_host(RunInfo *info);
/* A sentence said before is not said twice. 0, -ENOMEM, -ENOBUFS. */
int run_info_add_warning(RunInfo *info, const char *format, ...) _printf_(2, 3);

/* run.json, replaced atomically; the disk is waited for only if the run took a minute. Bytes
 * that are not UTF-8 become U+FFFD; very long texts and argument lists are cut. */
int run_info_write(const RunInfo *info, int dirfd, Error *err);
/* Into an initialised info, untouched on failure. -ENOENT, -EBADMSG (FILE:LINE:COL: …),
 * -EOPNOTSUPP: of a newer vigia. */
int run_info_read(RunInfo *info, int dirfd, const char *shown_path, Error *err);

/* ---- where runs live (run-find.c) ---- */

/* VIGIA_DIR, else /var/lib/vigia/runs for root, else $XDG_STATE_HOME/vigia/runs. Owned. */
int runs_directory(char **ret);

/* A new run directory: `wanted` if given (must not exist or be empty), else runs_directory()/ID
 * with ID = YYYYMMDD-HHMMSS-LABEL, "-2" … behind it if taken. Label is made safe for a file
 * name. Returns its path and id, owned. */
int run_make_directory(const char *wanted, const char *label, int64_t realtime_ns, char **ret_path,
                       char **ret_id, Error *err);

/* A run that lies elsewhere (-o) is found by its id, too, while it is registered: a link of that name in
 * runs_directory(), as far as that can be had. *id (owned) is replaced if another has it. */
void run_register(const char *path, char **id);
void run_unregister(const char *path, const char *id); /* only if the link leads there */

/* RUN on the command line: a path, an id, a unique prefix of an id, or "last". Returns the path
 * (owned). -ENOENT: none; -ENOTUNIQ: ambiguous, the sentence lists candidates. */
int run_resolve(const char *name, char **ret_path, Error *err);

/* All runs in runs_directory(), oldest first; names owned, array NULL-terminated. */
int runs_list(char ***ret);

/* ---- recording (run-store.c) ---- */

typedef struct RunStore RunStore;

typedef struct RunStoreOptions {
        ParquetCodec codec;
        uint64_t flush_ns;   /* 0: 1 s */
        size_t memory_bytes; /* bound on rows kept; 0: 4 MiB */
        size_t part_values;  /* rows × columns of a full part; 0: 64 Ki */
        size_t part_text_bytes; /* of distinct text in one; 0: 1 MiB */
        const char *id;
        const char *host;
} RunStoreOptions;

int run_store_new(const char *path, const RunStoreOptions *options, RunStore **ret, Error *err);

/* A table to write to; the Sink belongs to the store. At any time. -EINVAL: no name for a table. */
int run_store_add_table(RunStore *store, const Schema *schema, Sink **ret, Error *err);

/* The same with parts of a quarter of the size: for one of many that grow slowly, so that the rows
 * which all of them keep until a part is full stay few. */
int run_store_add_small_table(RunStore *store, const Schema *schema, Sink **ret, Error *err);

/* Rows that are true only until the next flush (processes still alive): called at each write of
 * the table's newest part; it appends them to `rows`. At the final flush it is called once more
 * and the rows become part of the table. NULL: there are none any more. */
typedef void (*RunLiveFn)(Batch *rows, void *data);
void run_store_set_live(Sink *table, RunLiveFn fn, void *data);

/* A figure that changes when a live row comes or goes. While it stays, and no other row was added, the
 * table is written again only every tenth time, for the rows' other cells. After run_store_set_live,
 * which takes it back. */
typedef uint64_t (*RunLiveVersionFn)(const void *data);
void run_store_set_live_version(Sink *table, RunLiveVersionFn fn);

/* Called at each tick: writes the parts that are due. Never blocks on the disk. Returns 0, or
 * -ENOSPC … when writing has begun to fail (rows are kept in memory and tried again at each
 * flush) and once more when memory is full and rows begin to be dropped: a state is told once. */
int run_store_tick(RunStore *store, uint64_t now_ns, Error *err);

/* Writes everything now and waits for it (snapshot, stop). */
int run_store_sync(RunStore *store, Error *err);

/* Hands everything to the writer now, without waiting for the disk: whoever wants it there asks
 * run_store_pending until it is 0. 0 or -errno. */
int run_store_flush(RunStore *store);
size_t run_store_pending(const RunStore *store); /* bytes not yet written */

/* The tables there are, from 0 on; false at the end. */
bool run_store_table(const RunStore *store, size_t i, const char **ret_name, uint64_t *ret_rows);

uint64_t run_store_lost(const RunStore *store);          /* rows dropped */
uint64_t run_store_written_bytes(const RunStore *store);

/* Seals all parts and concatenates each table into NAME.parquet; on failure (disk full) the
 * parts stay and are readable. Waits for the disk only after a recording of a minute or more.
 * Then only lost, written_bytes and free. */
int run_store_finish(RunStore *store, Error *err);
RunStore *run_store_free(RunStore *store);
DEFINE_CLEANUP(RunStore, run_store)

/* ---- reading (run-reader.c) ---- */

typedef struct RunReader RunReader;

/* Opens a run by path. A run whose recorder died is recovered first if it can be (and read from
 * its parts if the place is read-only); one still recording is read as it stands. */
int run_reader_open(const char *path, RunReader **ret, Error *err);
int run_reader_open_named(const char *name, RunReader **ret, Error *err); /* RUN as in run_resolve */
const RunInfo *run_reader_info(const RunReader *reader);
const char *run_reader_path(const RunReader *reader);
bool run_reader_recording(const RunReader *reader); /* its recorder is alive */

/* Names of the tables there are, NULL-terminated, owned by the reader. */
const char *const *run_reader_tables(const RunReader *reader);

/* Reads a table over all its parts; selection as in parquet.h (borrowed). -ENOENT: no table.
 * A damaged part is skipped and becomes a warning in run_reader_info; -EBADMSG if none is left
 * or the finished table itself is damaged. */
typedef struct RunCursor RunCursor;
int run_cursor_new(RunReader *reader, const char *table, const ParquetSelection *selection,
                   RunCursor **ret, Error *err);
const Schema *run_cursor_schema(const RunCursor *cursor);
int run_cursor_next(RunCursor *cursor, const Batch **ret, Error *err); /* as parquet_cursor_next */
RunCursor *run_cursor_free(RunCursor *cursor);
DEFINE_CLEANUP(RunCursor, run_cursor)

bool run_reader_has(const RunReader *reader, const char *table);

/* A table's rows to fn, batch by batch, until it returns an error; columns end by NULL, NULL: all there are.
 * A table that is not there has no rows. 0 or -errno; the sentence of fn's errors but -ENOMEM is fn's. */
typedef int (*RunRowsFn)(const Batch *rows, void *data);
int run_reader_each(RunReader *reader, const char *table, const char *const *columns, RunRowsFn fn, void *data,
                    Error *err);
RunReader *run_reader_free(RunReader *reader);
DEFINE_CLEANUP(RunReader, run_reader)

/* A copy of a run as it stands on disk, being recorded or not: finished, incomplete, and marked
 * as a snapshot. Nothing of the run is touched. `wanted` as in run_make_directory; the path of the
 * copy is owned. On failure nothing is left of it. */
int run_snapshot(const char *path, const char *wanted, char **ret_path, Error *err);

/* Finishes a run whose recorder died: removes .tmp files, concatenates parts, marks run.json.
 * 0: done; 1: nothing to do; -EBUSY: it is still being recorded. */
int run_recover(const char *path, Error *err);
