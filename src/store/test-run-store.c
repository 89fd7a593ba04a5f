/*
 * Recording into a run directory: parts that grow, are sealed and become tables; rows that
 * are true only for now; a disk that is full; a directory that goes.
 * Longer than others: the cases share one place, and each is short.
 */
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

static int set_up(void **state)
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

static int tear_down(void **state)
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

static void add_totals(Place *p, size_t n)
{
        batch_clear(p->rows);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(batch_add_row(p->rows), 0);
                batch_set_i64(p->rows, TOTAL_T_NS, (int64_t)p->n_totals);
                batch_set_u64(p->rows, TOTAL_RSS_BYTES, p->n_totals++ * 7919 % 100003 << 12);
        }
        assert_int_equal(sink_write(p->totals, p->rows, &p->err), 0);
}

static void set_process(Batch *rows, uint64_t key, bool ended)
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

static void add_processes(Place *p, size_t n)
{
        batch_clear(p->images);
        for (size_t i = 0; i < n; i++)
                set_process(p->images, p->n_processes++, true);
        assert_int_equal(sink_write(p->processes, p->images, &p->err), 0);
}

/* Keys above all that have ended. */
static void live(Batch *rows, void *data)
{
        Place *p = data;

        p->live_calls++;
        for (size_t i = 0; i < p->n_live; i++)
                set_process(rows, p->n_processes + i, false);
}

static void tick(Place *p, double seconds)
{
        p->now_ns += (uint64_t)(seconds * 1e9);
        if (run_store_tick(p->store, p->now_ns, &p->err) != 0)
                fail_msg("tick: %s", p->err.message);
}

/* A flush, and its end on disk. */
static void flush(Place *p)
{
        tick(p, 1);
        if (run_store_sync(p->store, &p->err) != 0)
                fail_msg("sync: %s", p->err.message);
}

/* Rows of a file of the run; -1: not there. Checks that the keys are first, first + 1, …. */
static int64_t rows_in(Place *p, const char *name, const char *key, uint64_t first)
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

static int64_t totals_in(Place *p, const char *name, uint64_t first)
{
        return rows_in(p, name, "t_ns", first);
}

static int64_t processes_in(Place *p, const char *name, uint64_t first)
{
        return rows_in(p, name, "process", first);
}

static size_t entries(const Place *p, const char *folder)
{
        char path[128];
        size_t n = 0;

        snprintf(path, sizeof path, "%s/%s", p->path, folder);
        _cleanup_closedir_ DIR *dir = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));)
                n += e->d_name[0] != '.';
        return n;
}

/* Nothing before the first flush; then the part is replaced as rows come. */
static void test_growth(void **state)
{
        Place *p = *state;

        add_totals(p, 5);
        tick(p, 0);
        tick(p, 0.5);
        assert_int_equal(run_store_written_bytes(p->store), 0);
        flush(p);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 5);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 0); /* valid and empty */
        uint64_t written = run_store_written_bytes(p->store);
        flush(p);
        assert_int_equal(run_store_written_bytes(p->store), written); /* nothing changed */
        add_totals(p, 7);
        flush(p);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 12);
        assert_true(run_store_written_bytes(p->store) > written);
        assert_int_equal(entries(p, "totals"), 1);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(totals_in(p, "totals.parquet", 0), 12);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 0);
        assert_int_equal(entries(p, "."), 2); /* no folder, no .tmp */
        assert_int_equal(run_store_lost(p->store), 0);
}

/* A short run never makes a part. */
static void test_short(void **state)
{
        Place *p = *state;

        p->n_live = 1; /* still there at the end: its row stays */
        run_store_set_live(p->processes, live, p);
        add_totals(p, 3);
        add_processes(p, 2);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(totals_in(p, "totals.parquet", 0), 3);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 3);
        assert_int_equal(entries(p, "."), 2);
}

static void test_sealing(void **state)
{
        Place *p = *state;

        tick(p, 0);
        add_totals(p, PART_ROWS + 10); /* full in the middle of a write */
        flush(p);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), PART_ROWS);
        assert_int_equal(totals_in(p, "totals/000001.parquet", PART_ROWS), 10);
        add_totals(p, PART_ROWS - 100); /* nearly full: sealed at the flush */
        flush(p);
        assert_int_equal(totals_in(p, "totals/000001.parquet", PART_ROWS), PART_ROWS - 90);
        add_totals(p, 1);
        flush(p);
        assert_int_equal(totals_in(p, "totals/000002.parquet", 2 * PART_ROWS - 90), 1);
        assert_int_equal(entries(p, "totals"), 3);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(totals_in(p, "totals.parquet", 0), 2 * PART_ROWS - 89);
        assert_int_equal(entries(p, "."), 2);
        assert_int_equal(run_store_lost(p->store), 0);
}

/* A slow table is sealed before it is full: what it has would be written again and again. */
static void test_slow_table(void **state)
{
        Place *p = *state;
        uint64_t seconds = 0;

        tick(p, 0);
        while (entries(p, "totals") < 2 && seconds++ < 300) {
                add_totals(p, 20);
                flush(p);
        }
        assert_true(seconds > 30 && seconds < 100); /* 20 rows a second fill a part in 218 s */
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(totals_in(p, "totals.parquet", 0), p->n_totals);
}

static void test_live_rows(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 3;
        tick(p, 0);
        add_processes(p, 4);
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 7);
        uint64_t written = run_store_written_bytes(p->store);
        flush(p);
        assert_int_equal(run_store_written_bytes(p->store), written); /* the same ones live */
        p->n_live = 2;
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 6);
        add_processes(p, 1000); /* sealed on the way, full */
        flush(p);
        int64_t first = processes_in(p, "processes/000000.parquet", 0);
        assert_true(first > 500 && first < 1000);
        /* the live ones have moved on */
        assert_int_equal(processes_in(p, "processes/000001.parquet", (uint64_t)first), 1006 - first);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 1006);
        assert_int_equal(run_store_lost(p->store), 0);
}

/* A second later, all that this gives written. */
static void second(Place *p)
{
        tick(p, 1);
        while (run_store_pending(p->store) > 0)
                usleep(1000);
}

static uint64_t live_version(const void *data)
{
        return ((const Place *)data)->version;
}

/* While nobody comes or goes, what else changes of them is not worth writing each time. */
static void test_live_version(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        run_store_set_live_version(p->processes, live_version);
        p->n_live = 3;
        tick(p, 0);
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 3);
        p->n_live = 2; /* the version does not say so yet */
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 3);
        p->version++;
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 2);
        p->n_live = 1;
        add_processes(p, 1); /* another row takes them along */
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 2);
        p->n_live = 4;
        for (int i = 0; i < 9; i++)
                second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 2);
        second(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 5);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 5);
}

/* Whoever ends them before the final flush gets none of them. */
static void test_live_rows_withdrawn(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 3;
        tick(p, 0);
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 3);
        run_store_set_live(p->processes, NULL, NULL);
        flush(p);
        assert_int_equal(processes_in(p, "processes/000000.parquet", 0), 0);
        run_store_set_live(p->processes, live, p);
        flush(p);
        run_store_set_live(p->processes, NULL, NULL);
        add_processes(p, 2);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 2);
}

/* Sealed between two flushes: the live rows do not wait for the next one. */
static void test_live_rows_hurry(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 3;
        tick(p, 0);
        flush(p);
        add_processes(p, 1000);
        tick(p, 0.05);
        /* what was handed over, and no more: sync with nothing new writes nothing new */
        assert_int_equal(run_store_sync(p->store, &p->err), 0);
        int64_t first = processes_in(p, "processes/000000.parquet", 0);
        assert_int_equal(processes_in(p, "processes/000001.parquet", (uint64_t)first), 1003 - first);
}

/* Thousands of live rows would be most of the work: they are written less often. */
static void test_many_live_rows(void **state)
{
        Place *p = *state;

        run_store_set_live(p->processes, live, p);
        p->n_live = 5 * (64 << 10) / PROCESS_COLUMNS;
        tick(p, 0);
        for (unsigned i = 0; i < 12; i++) {
                add_processes(p, 1);
                tick(p, 1);
        }
        assert_int_equal(p->live_calls, 3); /* of 12 flushes */
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(processes_in(p, "processes.parquet", 0), 12 + (int64_t)p->n_live);
}

static void test_metadata(void **state)
{
        Place *p = *state;
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        char path[128];

        add_totals(p, 1);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        snprintf(path, sizeof path, "%s/totals.parquet", p->path);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(parquet_open(fd, &file, &p->err), 0);
        assert_string_equal(parquet_metadata(file, "vigia.run"), "id");
        assert_string_equal(parquet_metadata(file, "vigia.host"), "host");
}

static void test_one_recorder(void **state)
{
        Place *p = *state;
        const RunStoreOptions options = {.codec = PARQUET_NONE,
                                         .part_values = 32 << 10,
                                         .part_text_bytes = 512 << 10};
        RunStore *second = NULL;

        assert_int_equal(run_store_new(p->path, &options, &second, &p->err), -EBUSY);
        assert_null(second);
        p->store = run_store_free(p->store);
        assert_int_equal(run_store_new(p->path, &options, &second, &p->err), 0);
        run_store_free(second);
}

/* More parts than descriptors are opened at once. */
static void test_many_parts(void **state)
{
        Place *p = *state;

        for (size_t i = 0; i < 300; i++) {
                add_totals(p, 600);
                add_totals(p, PART_ROWS - 600);
                assert_int_equal(run_store_sync(p->store, &p->err), 0);
        }
        assert_int_equal(entries(p, "totals"), 300);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(totals_in(p, "totals.parquet", 0), p->n_totals);
        assert_int_equal(run_store_lost(p->store), 0);
        assert_int_equal(entries(p, "totals"), 0);
}

/* ---- trouble ---- */

static void small_disk(Place *p, const char *options, bool reserve)
{
        const RunStoreOptions store = {.codec = PARQUET_NONE, .memory_bytes = 1 << 20,
                                       .part_values = 32 << 10,
                                       .part_text_bytes = 512 << 10};

        if (mount("tmpfs", p->path, "tmpfs", 0, options) < 0) {
                print_message("a small tmpfs cannot be mounted here: %s\n", strerror(errno));
                skip();
        }
        p->store = run_store_free(p->store);
        assert_int_equal(run_store_new(p->path, &store, &p->store, &p->err), 0);
        assert_int_equal(run_store_add_table(p->store, &totals_schema, &p->totals, &p->err), 0);
        if (!reserve) { /* what the store has set aside has gone already */
                char path[128];
                snprintf(path, sizeof path, "%s/reserve-tables.tmp", p->path);
                assert_int_equal(unlink(path), 0);
        }
}

static int fill_disk(const Place *p)
{
        char path[128], block[4096];
        int fd;

        memset(block, 'x', sizeof block);
        snprintf(path, sizeof path, "%s/filler", p->path);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        while (write(fd, block, sizeof block) > 0)
                ;
        return close(fd);
}

static void free_disk(const Place *p)
{
        char path[128];

        snprintf(path, sizeof path, "%s/filler", p->path);
        assert_int_equal(unlink(path), 0);
}

/* Until the thread has tried and failed; told once. */
static unsigned count_complaints(Place *p, unsigned flushes)
{
        unsigned complaints = 0;

        for (unsigned i = 0; i < flushes; i++) {
                Error err = {0};
                p->now_ns += NS_PER_SECOND;
                int r = run_store_tick(p->store, p->now_ns, &err);
                if (r < 0) {
                        complaints++;
                        assert_int_equal(r, -ENOSPC);
                        assert_true(strlen(err.message) > 20);
                }
                (void)run_store_sync(p->store, NULL);
        }
        return complaints;
}

/* The disk is full for a while: nothing is lost while memory lasts. */
static void test_full_for_a_while(void **state)
{
        Place *p = *state;

        if (geteuid() != 0) {
                print_message("needs root to mount a small tmpfs\n");
                skip();
        }
        small_disk(p, "size=1m", false);
        tick(p, 0);
        add_totals(p, 100);
        flush(p);
        fill_disk(p);
        add_totals(p, 100);
        assert_int_equal(run_store_sync(p->store, &p->err), -ENOSPC);
        assert_int_equal(count_complaints(p, 4), 1);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 100); /* the older, whole */
        assert_int_equal(entries(p, "totals"), 1);                       /* no .tmp */
        assert_int_equal(run_store_lost(p->store), 0);
        free_disk(p);
        flush(p);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 200);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        assert_int_equal(totals_in(p, "totals.parquet", 0), 200);
}

/* It stays full: memory is bounded, the oldest rows go and are counted, exactly. */
static void test_full_to_the_end(void **state)
{
        Place *p = *state;

        if (geteuid() != 0) {
                print_message("needs root to mount a small tmpfs\n");
                skip();
        }
        small_disk(p, "size=1m", false);
        tick(p, 0);
        add_totals(p, 100);
        flush(p);
        fill_disk(p);
        unsigned complaints = 0;
        for (size_t i = 0; i < 100; i++) {
                add_totals(p, PART_ROWS);
                complaints += count_complaints(p, 1);
        }
        assert_int_equal(complaints, 2); /* cannot write; now losing rows */
        uint64_t lost = run_store_lost(p->store);
        assert_true(lost > 10 * PART_ROWS && lost < 100 * PART_ROWS);
        assert_int_equal(run_store_finish(p->store, &p->err), -ENOSPC);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 100);
        assert_int_equal(entries(p, "totals"), 1);
        assert_int_equal(totals_in(p, "totals.parquet", 0), -1);
        assert_int_equal(entries(p, "."), 2); /* the filler and the folder */
        assert_int_equal(run_store_lost(p->store), p->n_totals - 100);
}

/* The command fills the disk before the first flush: the reserve keeps the tables alive. */
static void test_reserve(void **state)
{
        Place *p = *state;

        if (geteuid() != 0) {
                print_message("needs root to mount a small tmpfs\n");
                skip();
        }
        small_disk(p, "size=1m", true);
        fill_disk(p);
        tick(p, 0);
        add_totals(p, 100);
        flush(p);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 100);
        fill_disk(p);
        add_totals(p, 100);
        assert_int_equal(run_store_finish(p->store, &p->err), -ENOSPC);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 100);
        assert_int_equal(run_store_lost(p->store), 100);
        _cleanup_close_ int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(file_replace(fd, "run.json", "{}", 2, false), 0); /* room for that too */
}

/* Full only at the end: what was flushed stays in parts, and is all there when there is space. */
static void test_full_at_the_end(void **state)
{
        Place *p = *state;

        if (geteuid() != 0) {
                print_message("needs root to mount a small tmpfs\n");
                skip();
        }
        small_disk(p, "size=2m", false);
        tick(p, 0);
        add_totals(p, PART_ROWS + 500);
        flush(p);
        assert_int_equal(entries(p, "totals"), 2);
        fill_disk(p);
        assert_int_equal(run_store_finish(p->store, &p->err), -ENOSPC);
        assert_non_null(strstr(p->err.message, "in parts"));
        assert_int_equal(entries(p, "totals"), 2);
        assert_int_equal(totals_in(p, "totals.parquet", 0), -1);
        assert_int_equal(totals_in(p, "totals.parquet.tmp", 0), -1);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), PART_ROWS);
        assert_int_equal(totals_in(p, "totals/000001.parquet", PART_ROWS), 500);
}

/* Somebody removes a folder, then the whole directory, under us. */
static void test_removed(void **state)
{
        Place *p = *state;
        char path[128];

        tick(p, 0);
        add_totals(p, 10);
        flush(p);
        snprintf(path, sizeof path, "%s/totals", p->path);
        assert_int_equal(directory_remove(AT_FDCWD, path), 0);
        add_totals(p, 10);
        flush(p);
        assert_int_equal(totals_in(p, "totals/000000.parquet", 0), 20); /* made again */
        assert_int_equal(directory_remove(AT_FDCWD, p->path), 0);
        add_totals(p, 10);
        assert_int_equal(run_store_sync(p->store, &p->err), -ENOENT);
        p->now_ns += NS_PER_SECOND;
        assert_int_equal(run_store_tick(p->store, p->now_ns, &p->err), -ENOENT);
        p->now_ns += NS_PER_SECOND;
        (void)run_store_sync(p->store, NULL);
        assert_int_equal(run_store_tick(p->store, p->now_ns, &p->err), 0); /* told already */
        assert_int_equal(run_store_finish(p->store, &p->err), -ENOENT);
        assert_int_equal(run_store_lost(p->store), 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_growth),         TEST(test_short),
                TEST(test_sealing),        TEST(test_slow_table),
                TEST(test_live_rows),      TEST(test_live_rows_hurry), TEST(test_live_version),
                TEST(test_metadata),       TEST(test_one_recorder),
                TEST(test_live_rows_withdrawn),
                TEST(test_many_live_rows), TEST(test_many_parts),
                TEST(test_full_for_a_while),
                TEST(test_full_to_the_end), TEST(test_full_at_the_end),
                TEST(test_removed),        TEST(test_reserve),
        };
#undef TEST

        return cmocka_run_group_tests(tests, NULL, NULL);
}
