/*
 * Logs of the memory guide's scripts, read back: CSV files with
 *   Timestamp,Process_ID,Memory_MB,CPU_%,Status
 *   Timestamp,Total_MB,Used_MB,Free_MB,Available_MB,Python_Processes,Python_Memory_MB
 *   timestamp,pid,thread_id,thread_name,status,cpu_percent,memory_mb,iterations,errors
 * Columns go by their names, in any order and case; what is not known is passed over. A file without a header is of the
 * first kind. Several files are one log: rows are put in order of time. MB are 2^20 bytes, as ps and free count.
 *
 * Times are epoch seconds, 2026-11-20 10:15:02 (with T, a fraction, a zone; else UTC), or 10:15:02, where a time that
 * goes back by hours begins a new day. A pid that was silent for long (ten minutes, and twenty of its
 * intervals) is another process then: the log says nothing of pids that are used again.
 *
 * Rows that cannot be read are counted and passed over, headers in the middle are known.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "table/batch.h"

enum { MEMORY_LOG_ROWS_MAX = 8 << 20 }; /* of all files */

typedef struct MemoryLogRow {
        int64_t time_ns;  /* since 1970, or the first day of bare times */
        uint64_t process; /* key, from 1; 0: of the machine */
        double mb;        /* of the process; available memory of the machine; NAN unknown */
        double total_mb, free_mb; /* of the machine */
        uint32_t tid;     /* of a thread; 0: none */
        uint32_t name;    /* its name and state, into texts; UINT32_MAX: none */
        char state;
} MemoryLogRow;

typedef struct MemoryLogProcess {
        int32_t pid;
        int64_t first_ns, last_ns;
        uint64_t interval_ns; /* the last */
} MemoryLogProcess;

typedef struct MemoryLog {
        MemoryLogRow *rows; /* by time, after memory_log_finish */
        size_t n, capacity;
        MemoryLogProcess *processes; /* by key - 1 */
        size_t n_processes, processes_capacity;
        char *names; /* of threads, NUL behind each */
        size_t names_size, names_capacity;
        uint64_t good, bad;
        char first_bad[256]; /* "FILE:LINE:COL: why" */
        uint64_t interval_ns; /* between rows about a process: the median */
        struct Map *by_pid, *by_name;
} MemoryLog;

int memory_log_init(MemoryLog *log); /* 0 or -ENOMEM */
void memory_log_done(MemoryLog *log);

/* Adds a file. 0; -EBADMSG: it is no such log; -EFBIG: too many rows; a read error; -ENOMEM. */
int memory_log_read(MemoryLog *log, const char *path, Error *err);

/* When all files were read. -ENODATA: there is no row. */
int memory_log_finish(MemoryLog *log, Error *err);

/* Its rows as those of tables processes, samples, memory and threads, in this order; times since the first row. What fn
 * fails with is handed on. 0, -ENOMEM. In samples it is pss_bytes that has the log's figure, as an estimate: what is
 * private of it is not known. */
typedef int (*MemoryLogFn)(const char *table, const Batch *rows, void *data);
int memory_log_tables(const MemoryLog *log, MemoryLogFn fn, void *data);

int64_t memory_log_start_ns(const MemoryLog *log);
int64_t memory_log_end_ns(const MemoryLog *log);

/* Schemas of those tables, NULL-terminated. */
extern const Schema *const memory_log_schemas[];
