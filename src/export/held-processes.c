/* Processes by when they began; the living are a list that is walked on from moment to moment. */
#include "export/held-processes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "export/process-reader.h"

enum {
        NAME_COLUMNS = 64,
        WORDS_COLUMNS = 160,
        PROCESSES_MAX = 1 << 20, /* beyond it, those that end first are not told of */
};

/* In the order of `sample_columns`. */
enum { T_NS, PROCESS, ANON, FILE_BACKED, SHMEM, USER, SYSTEM, N_COLUMNS };

static const char *const sample_columns[N_COLUMNS] = {
        "t_ns", "process", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes", "user_us", "system_us"};

struct HeldProcesses {
        HeldProcess *all; /* by begin_ns */
        size_t n, capacity, next; /* next: the first that has not begun */
        HeldProcess **alive;
        size_t n_alive;
        Map *by_key;
        RunCursor *cursor; /* NULL: no samples */
        const Batch *rows;
        size_t row;
        int at[N_COLUMNS];
};

HeldProcesses *held_processes_free(HeldProcesses *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n; i++) {
                free(p->all[i].name);
                free(p->all[i].words);
        }
        free(p->all);
        free(p->alive);
        map_free(p->by_key);
        run_cursor_free(p->cursor);
        free(p);
        return NULL;
}

static int add(HeldProcesses *p, const ProcessRow *row)
{
        _cleanup_string_ String name = {0}, shown = {0}, words = {0};

        if (p->n == p->capacity) {
                size_t capacity = p->capacity ? 2 * p->capacity : 256;
                HeldProcess *all = realloc(p->all, capacity * sizeof *all);
                if (!all)
                        return -ENOMEM;
                p->all = all;
                p->capacity = capacity;
        }
        process_row_name(row, &name);
        string_add_shown(&shown, string_get(&name), NAME_COLUMNS, false);
        string_add_shown(&words, row->process.cmdline && *row->process.cmdline ? row->process.cmdline : string_get(&name),
                         WORDS_COLUMNS, false);
        if (name.failed || shown.failed || words.failed)
                return -ENOMEM;
        HeldProcess *to = &p->all[p->n];
        *to = (HeldProcess){
                .key = row->process.process,
                .begin_ns = row->start_ns,
                .end_ns = row->process.end_ns,
                .pid = row->process.pid,
                .rss_bytes = HELD_UNKNOWN,
                .cpu_us = HELD_UNKNOWN,
                .base_us = HELD_UNKNOWN,
                .cpu_percent = NAN,
                .name = string_take(&shown),
                .words = string_take(&words),
        };
        if (!to->name || !to->words) {
                free(to->name);
                free(to->words);
                return -ENOMEM;
        }
        p->n++;
        return 0;
}

static int compare_begin(const void *a, const void *b)
{
        const HeldProcess *x = a, *y = b;

        return x->begin_ns != y->begin_ns ? (x->begin_ns < y->begin_ns ? -1 : 1) : x->key < y->key ? -1 : x->key > y->key;
}

static int load(HeldProcesses *p, RunReader *run, Error *err)
{
        _cleanup_(process_reader_freep) ProcessReader *reader = NULL;
        const ProcessRow *row;
        int r = process_reader_new(run, NULL, &reader, err);

        while (r == 0 && (r = process_reader_next(reader, &row, err)) > 0)
                r = p->n == PROCESSES_MAX ? 0 : add(p, row) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
        if (r < 0)
                return r;
        if (p->n > 0)
                qsort(p->all, p->n, sizeof *p->all, compare_begin);
        p->alive = calloc(p->n + 1, sizeof *p->alive);
        r = p->alive ? map_new(&p->by_key) : -ENOMEM;
        for (size_t i = 0; r == 0 && i < p->n; i++)
                r = map_put(p->by_key, p->all[i].key, &p->all[i]);
        return r < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int open_samples(HeldProcesses *p, RunReader *run, Error *err)
{
        static const ParquetSelection selection = {.columns = sample_columns, .n_columns = N_COLUMNS};
        int r = run_cursor_new(run, "samples", &selection, &p->cursor, err);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (size_t i = 0; i < N_COLUMNS; i++)
                p->at[i] = schema_find(run_cursor_schema(p->cursor), sample_columns[i]);
        if (p->at[T_NS] < 0 || p->at[PROCESS] < 0)
                p->cursor = run_cursor_free(p->cursor);
        return 0;
}

int held_processes_new(RunReader *run, HeldProcesses **ret, Error *err)
{
        HeldProcesses *p = calloc(1, sizeof *p);
        int r = p ? load(p, run, err) : error_set(err, ENOMEM, "out of memory");

        if (r == 0)
                r = open_samples(p, run, err);
        if (r < 0) {
                held_processes_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

/* Of parts; unknown if all are. */
static uint64_t sum(const HeldProcesses *p, size_t first, size_t last)
{
        uint64_t total = 0;
        bool known = false;

        for (size_t i = first; i <= last; i++) {
                if (p->at[i] < 0 || batch_is_null(p->rows, (size_t)p->at[i], p->row))
                        continue;
                known = true;
                if (__builtin_add_overflow(total, batch_u64(p->rows, (size_t)p->at[i], p->row), &total))
                        return HELD_UNKNOWN;
        }
        return known ? total : HELD_UNKNOWN;
}

static void take_row(HeldProcesses *p, int64_t t_ns)
{
        HeldProcess *process = map_get(p->by_key, batch_u64(p->rows, (size_t)p->at[PROCESS], p->row));
        uint64_t rss = sum(p, ANON, SHMEM), cpu = sum(p, USER, SYSTEM);

        if (!process)
                return;
        if (rss != HELD_UNKNOWN)
                process->rss_bytes = rss;
        if (cpu == HELD_UNKNOWN)
                return;
        process->cpu_us = cpu;
        if (process->base_us == HELD_UNKNOWN) {
                process->base_us = cpu;
                process->base_ns = t_ns;
        }
}

static int take_samples(HeldProcesses *p, int64_t until_ns, Error *err)
{
        while (p->cursor) {
                if (!p->rows || p->row >= batch_rows(p->rows)) {
                        int r = run_cursor_next(p->cursor, &p->rows, err);
                        if (r < 0)
                                return r;
                        if (r == 0)
                                p->cursor = run_cursor_free(p->cursor);
                        p->row = 0;
                        continue;
                }
                int64_t t_ns = batch_i64(p->rows, (size_t)p->at[T_NS], p->row);
                if (t_ns > until_ns)
                        break;
                take_row(p, t_ns);
                p->row++;
        }
        return 0;
}

static void take_percent(HeldProcess *process, int64_t t_ns)
{
        int64_t span;

        process->cpu_percent = NAN;
        if (process->cpu_us == HELD_UNKNOWN || __builtin_sub_overflow(t_ns, process->base_ns, &span))
                return;
        if (span > 0 && process->cpu_us >= process->base_us)
                process->cpu_percent = (double)(process->cpu_us - process->base_us) * 1e5 / (double)span;
        process->base_us = process->cpu_us;
        process->base_ns = t_ns;
}

int held_processes_move(HeldProcesses *p, int64_t t_ns, HeldProcess *const **ret, size_t *n, Error *err)
{
        size_t kept = 0;
        int r = take_samples(p, t_ns, err);

        if (r < 0)
                return r;
        for (; p->next < p->n && p->all[p->next].begin_ns <= t_ns; p->next++)
                p->alive[p->n_alive++] = &p->all[p->next];
        for (size_t i = 0; i < p->n_alive; i++)
                if (p->alive[i]->end_ns > t_ns)
                        p->alive[kept++] = p->alive[i];
        p->n_alive = kept;
        for (size_t i = 0; i < kept; i++)
                take_percent(p->alive[i], t_ns);
        *ret = p->alive;
        *n = kept;
        return 0;
}

const HeldProcess *held_processes_find(const HeldProcesses *p, uint64_t key)
{
        return map_get(p->by_key, key);
}
