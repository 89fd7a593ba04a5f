/* A run directory that is being recorded to, and what is in it. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/run-parts.h"
#include "store/run.h"
#include "table/process-tables.h"

enum { PART_ROWS = (32 << 10) / TOTAL_COLUMNS };

typedef struct Place {
        char path[64];
        RunStore *store;
        Sink *totals, *processes;
        Batch *rows, *images;
        uint64_t now_ns, n_totals, n_processes;
        size_t n_live, live_calls;
        uint64_t version;
        Error err;
} Place;

static inline int set_up(void **state)
{
        Place *p = calloc(1, sizeof *p);
        const RunStoreOptions options = {.codec = PARQUET_NONE,
                                         .id = "id",
                                         .host = "host",
                                         .part_values = 32 << 10,
                                         .part_text_bytes = 512 << 10};

        strncpy(p->path, "/tmp/vigia-test-XXXXXX", sizeof p->path - 1);
        if (!mkdtemp(p->path) || run_store_new(p->path, &options, &p->store, &p->err) < 0 ||
            run_store_add_table(p->store, &totals_schema, &p->totals, &p->err) < 0 ||
            run_store_add_table(p->store, &processes_schema, &p->processes, &p->err) < 0 ||
            batch_new(&totals_schema, 100000, 1 << 20, &p->rows) < 0 ||
            batch_new(&processes_schema, 100000, 4 << 20, &p->images) < 0)
                return -1;
        p->now_ns = 1000 * NS_PER_SECOND;
        *state = p;
        return 0;
}

static inline int tear_down(void **state)
{
        Place *p = *state;

        run_store_free(p->store);
        batch_free(p->rows);
        batch_free(p->images);
        if (umount(p->path) < 0 && errno != EINVAL && errno != EPERM && errno != ENOENT)
                return -1;
        directory_remove(AT_FDCWD, p->path);
        free(p);
        return 0;
}

static inline void add_totals(Place *p, size_t n)
{
        batch_clear(p->rows);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(batch_add_row(p->rows), 0);
                batch_set_i64(p->rows, TOTAL_T_NS, (int64_t)p->n_totals);
                batch_set_u64(p->rows, TOTAL_RSS_BYTES, p->n_totals++ * 7919 % 100003 << 12);
        }
        assert_int_equal(sink_write(p->totals, p->rows, &p->err), 0);
}

static inline void set_process(Batch *rows, uint64_t key, bool ended)
{
        char command[400];

        assert_int_equal(batch_add_row(rows), 0);
        batch_set_u64(rows, PROCESS_PROCESS, key);
        batch_set_u64(rows, PROCESS_IMAGE, 0);
        if (ended)
                batch_set_i64(rows, PROCESS_END_NS, (int64_t)key);
        snprintf(command, sizeof command, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet %llu %0300d.c",
                 (unsigned long long)key, (int)key);
        assert_int_equal(batch_set_text(rows, PROCESS_CMDLINE, command, strlen(command)), 0);
}

static inline void add_processes(Place *p, size_t n)
{
        batch_clear(p->images);
        for (size_t i = 0; i < n; i++)
                set_process(p->images, p->n_processes++, true);
        assert_int_equal(sink_write(p->processes, p->images, &p->err), 0);
}

/* Keys above all that have ended. */
static inline void live(Batch *rows, void *data)
{
        Place *p = data;

        p->live_calls++;
        for (size_t i = 0; i < p->n_live; i++)
                set_process(rows, p->n_processes + i, false);
}

static inline void tick(Place *p, double seconds)
{
        p->now_ns += (uint64_t)(seconds * 1e9);
        if (run_store_tick(p->store, p->now_ns, &p->err) != 0)
                fail_msg("tick: %s", p->err.message);
}

/* A flush, and its end on disk. */
static inline void flush(Place *p)
{
        tick(p, 1);
        if (run_store_sync(p->store, &p->err) != 0)
                fail_msg("sync: %s", p->err.message);
}

/* Rows of a file of the run; -1: not there. Checks that the keys are first, first + 1, …. */
static inline int64_t rows_in(Place *p, const char *name, const char *key, uint64_t first)
{
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        const ParquetSelection selection = {.columns = &key, .n_columns = 1};
        const Batch *rows;
        char path[128];
        int64_t n = 0;
        int r;

        snprintf(path, sizeof path, "%s/%s", p->path, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -1;
        if (parquet_open(fd, &file, &p->err) < 0 ||
            parquet_cursor_new(file, &selection, &cursor, &p->err) < 0)
                fail_msg("%s: %s", path, p->err.message);
        while ((r = parquet_cursor_next(cursor, &rows, &p->err)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++, n++)
                        assert_int_equal(batch_u64(rows, 0, i), first + (uint64_t)n);
        if (r < 0)
                fail_msg("%s: %s", path, p->err.message);
        assert_int_equal(parquet_rows(file), n);
        return n;
}

static inline int64_t totals_in(Place *p, const char *name, uint64_t first)
{
        return rows_in(p, name, "t_ns", first);
}

static inline int64_t processes_in(Place *p, const char *name, uint64_t first)
{
        return rows_in(p, name, "process", first);
}

static inline size_t entries(const Place *p, const char *folder)
{
        char path[128];
        size_t n = 0;

        snprintf(path, sizeof path, "%s/%s", p->path, folder);
        _cleanup_closedir_ DIR *dir = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));)
                n += e->d_name[0] != '.';
        return n;
}
