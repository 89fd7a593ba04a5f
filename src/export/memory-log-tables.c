/* Rows of a log as rows of a run's tables: readers cannot tell where they came from, but that much is null. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "export/memory-log.h"
#include "table/columns.h"
#include "table/process-tables.h"

enum { ROWS = 4096, TEXT = 1 << 20 };

enum { MEMORY_TIME, MEMORY_T_NS, MEMORY_TOTAL, MEMORY_FREE, MEMORY_AVAILABLE, MEMORY_COLUMNS };
static const Column memory_columns[MEMORY_COLUMNS] = {
        [MEMORY_TIME] = KEY("time", TIME, NONE, "wall-clock time"),
        [MEMORY_T_NS] = KEY("t_ns", I64, NS, "time since the first row"),
        [MEMORY_TOTAL] = GAUGE("total_bytes", U64, BYTES, "memory of the machine"),
        [MEMORY_FREE] = GAUGE("free_bytes", U64, BYTES, "memory not used at all"),
        [MEMORY_AVAILABLE] = GAUGE("available_bytes", U64, BYTES, "what programs can still get without swapping"),
};
static const Schema memory_schema = {"memory", memory_columns, MEMORY_COLUMNS};

enum { THREAD_TIME, THREAD_T_NS, THREAD_PROCESS, THREAD_TID, THREAD_NAME, THREAD_STATE, THREAD_COLUMNS };
static const Column thread_columns[THREAD_COLUMNS] = {
        [THREAD_TIME] = KEY("time", TIME, NONE, "wall-clock time"),
        [THREAD_T_NS] = KEY("t_ns", I64, NS, "time since the first row"),
        [THREAD_PROCESS] = KEY("process", U64, NONE, "the process it is of"),
        [THREAD_TID] = KEY("tid", U32, NONE, "number of the thread"),
        [THREAD_NAME] = WORDS("name", "what it calls itself"),
        [THREAD_STATE] = WORDS("state", "R runs, S is idle"),
};
static const Schema threads_schema = {"threads", thread_columns, THREAD_COLUMNS};

const Schema *const memory_log_schemas[] = {&processes_schema, &samples_schema, &memory_schema, &threads_schema, NULL};

typedef struct Telling {
        const MemoryLog *log;
        Batch *rows;
        const char *table;
        MemoryLogFn fn;
        void *data;
} Telling;

static int flush(Telling *t)
{
        int r = batch_rows(t->rows) > 0 ? t->fn(t->table, t->rows, t->data) : 0;

        batch_clear(t->rows);
        return r;
}

static int begin_row(Telling *t)
{
        int r = batch_add_row(t->rows);

        if (r != -ENOBUFS)
                return r;
        r = flush(t);
        return r < 0 ? r : batch_add_row(t->rows);
}

static void set_mb(Batch *rows, size_t column, double mb)
{
        if (!isnan(mb))
                batch_set_u64(rows, column, (uint64_t)(mb * 1048576));
}

static int add_process(Telling *t, size_t i)
{
        const MemoryLogProcess *p = &t->log->processes[i];
        int64_t start = memory_log_start_ns(t->log), left = memory_log_end_ns(t->log) - p->last_ns;
        int r = begin_row(t);

        if (r < 0)
                return r;
        batch_set_u64(t->rows, PROCESS_PROCESS, i + 1);
        batch_set_u64(t->rows, PROCESS_IMAGE, 0);
        batch_set_i64(t->rows, PROCESS_PID, p->pid);
        batch_set_i64(t->rows, PROCESS_START_NS, p->first_ns - start);
        /* It was there at the end of the log, as far as its interval can tell. */
        if (left > 2 * (int64_t)MAX(p->interval_ns, t->log->interval_ns))
                batch_set_i64(t->rows, PROCESS_END_NS, p->last_ns - start);
        return 0;
}

static int add_sample(Telling *t, const MemoryLogRow *row, uint64_t threads)
{
        int r = begin_row(t);

        if (r < 0)
                return r;
        batch_set_i64(t->rows, SAMPLE_T_NS, row->time_ns - memory_log_start_ns(t->log));
        batch_set_u64(t->rows, SAMPLE_PROCESS, row->process);
        set_mb(t->rows, SAMPLE_PSS_BYTES, row->mb);
        if (threads > 0)
                batch_set_u64(t->rows, SAMPLE_THREADS, threads);
        return 0;
}

static int add_memory(Telling *t, const MemoryLogRow *row)
{
        int r = begin_row(t);

        if (r < 0)
                return r;
        batch_set_i64(t->rows, MEMORY_TIME, row->time_ns);
        batch_set_i64(t->rows, MEMORY_T_NS, row->time_ns - memory_log_start_ns(t->log));
        set_mb(t->rows, MEMORY_TOTAL, row->total_mb);
        set_mb(t->rows, MEMORY_FREE, row->free_mb);
        set_mb(t->rows, MEMORY_AVAILABLE, row->mb);
        return 0;
}

static int set_words(Batch *rows, const MemoryLog *log, const MemoryLogRow *row)
{
        int r = 0;

        if (row->name != UINT32_MAX)
                r = batch_set_text(rows, THREAD_NAME, log->names + row->name, strlen(log->names + row->name));
        if (r == 0 && row->state)
                r = batch_set_text(rows, THREAD_STATE, &row->state, 1);
        return r;
}

static int add_thread(Telling *t, const MemoryLogRow *row)
{
        int r = begin_row(t);

        if (r < 0)
                return r;
        batch_set_i64(t->rows, THREAD_TIME, row->time_ns);
        batch_set_i64(t->rows, THREAD_T_NS, row->time_ns - memory_log_start_ns(t->log));
        batch_set_u64(t->rows, THREAD_PROCESS, row->process);
        batch_set_u64(t->rows, THREAD_TID, row->tid);
        return set_words(t->rows, t->log, row);
}

static int tell_processes(Telling *t)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < t->log->n_processes; i++)
                r = add_process(t, i);
        return r;
}

/* Rows of one process at one time are its threads: they make one sample. */
static int tell_samples(Telling *t)
{
        int r = 0;

        for (size_t i = 0, next; r == 0 && i < t->log->n; i = next) {
                const MemoryLogRow *row = &t->log->rows[i];
                uint64_t threads = 0;
                for (next = i; next < t->log->n && t->log->rows[next].time_ns == row->time_ns &&
                               t->log->rows[next].process == row->process; next++)
                        threads += t->log->rows[next].tid != 0;
                r = row->process > 0 ? add_sample(t, row, threads) : 0;
        }
        return r;
}

static int tell_memory(Telling *t)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < t->log->n; i++)
                r = t->log->rows[i].process == 0 ? add_memory(t, &t->log->rows[i]) : 0;
        return r;
}

static int tell_threads(Telling *t)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < t->log->n; i++)
                r = t->log->rows[i].tid != 0 ? add_thread(t, &t->log->rows[i]) : 0;
        return r;
}

int memory_log_tables(const MemoryLog *log, MemoryLogFn fn, void *data)
{
        static int (*const tell[])(Telling *t) = {tell_processes, tell_samples, tell_memory, tell_threads};
        int r = 0;

        for (size_t i = 0; r == 0 && memory_log_schemas[i]; i++) {
                _cleanup_(batch_freep) Batch *rows = NULL;
                Telling t = {log, NULL, memory_log_schemas[i]->table, fn, data};
                if (batch_new(memory_log_schemas[i], ROWS, TEXT, &rows) < 0)
                        return -ENOMEM;
                t.rows = rows;
                r = tell[i](&t);
                if (r == 0)
                        r = flush(&t);
        }
        return r;
}
