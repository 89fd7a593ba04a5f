/*
 * Reading runs in every state: finished, growing, killed, damaged, in a place that cannot be
 * written; and finishing what a dead recorder left.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
        Sink *totals;
        Batch *rows;
        uint64_t n;
        Error err;
} Place;

static int set_up(void **state)
{
        Place *p = calloc(1, sizeof *p);

        strncpy(p->path, "/tmp/vigia-test-XXXXXX", sizeof p->path - 1);
        if (!mkdtemp(p->path) || batch_new(&totals_schema, 100000, 1 << 20, &p->rows) < 0)
                return -1;
        *state = p;
        return 0;
}

static int tear_down(void **state)
{
        Place *p = *state;

        run_store_free(p->store);
        batch_free(p->rows);
        if (umount(p->path) < 0 && errno != EINVAL && errno != EPERM)
                return -1;
        directory_remove(AT_FDCWD, p->path);
        free(p);
        return 0;
}

/* A recorder as the app makes one; `complete` also serves to end it. */
static void write_info(Place *p, bool complete)
{
        _cleanup_close_ int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        RunInfo info;

        run_info_init(&info);
        assert_int_equal(run_info_fill_host(&info), 0);
        info.id = strdup("20261120-101502-make");
        info.start_realtime_ns = 1795169702000000000;
        info.complete = complete;
        if (run_info_write(&info, fd, &p->err) != 0)
                fail_msg("%s", p->err.message);
        run_info_done(&info);
}

static void begin(Place *p)
{
        const RunStoreOptions options = {.codec = PARQUET_NONE,
                                         .flush_ns = NS_PER_MS,
                                         .part_values = 32 << 10,
                                         .part_text_bytes = 512 << 10};

        write_info(p, false);
        if (run_store_new(p->path, &options, &p->store, &p->err) != 0 ||
            run_store_add_table(p->store, &totals_schema, &p->totals, &p->err) != 0)
                fail_msg("%s", p->err.message);
}

static void add(Place *p, size_t n)
{
        batch_clear(p->rows);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(batch_add_row(p->rows), 0);
                batch_set_i64(p->rows, TOTAL_T_NS, (int64_t)p->n++ * (int64_t)NS_PER_MS);
        }
        assert_int_equal(sink_write(p->totals, p->rows, &p->err), 0);
}

static void sync_store(Place *p)
{
        if (run_store_sync(p->store, &p->err) != 0)
                fail_msg("%s", p->err.message);
}

static RunReader *open_run(Place *p)
{
        RunReader *reader = NULL;

        if (run_reader_open(p->path, &reader, &p->err) != 0)
                fail_msg("%s", p->err.message);
        return reader;
}

static RunCursor *open_totals(Place *p, RunReader *reader)
{
        static const char *const columns[] = {"t_ns"};
        const ParquetSelection selection = {.columns = columns, .n_columns = 1};
        RunCursor *cursor = NULL;

        if (run_cursor_new(reader, "totals", &selection, &cursor, &p->err) != 0)
                fail_msg("%s", p->err.message);
        assert_int_equal(run_cursor_schema(cursor)->n_columns, 1);
        assert_string_equal(run_cursor_schema(cursor)->columns[0].name, "t_ns");
        return cursor;
}

/* Reads on to the end; the keys go on from `first` without a gap. Returns how many rows. */
static uint64_t drain(Place *p, RunCursor *cursor, uint64_t first)
{
        const Batch *rows;
        uint64_t n = 0;
        int r;

        while ((r = run_cursor_next(cursor, &rows, &p->err)) > 0)
                for (size_t i = 0; i < batch_rows(rows); i++, n++)
                        assert_int_equal(batch_i64(rows, 0, i), (first + n) * NS_PER_MS);
        if (r < 0)
                fail_msg("%s", p->err.message);
        return n;
}

static uint64_t count(Place *p, RunReader *reader)
{
        _cleanup_(run_cursor_freep) RunCursor *cursor = open_totals(p, reader);

        return drain(p, cursor, 0);
}

static bool exists(const Place *p, const char *name)
{
        char path[128];
        struct stat st;

        snprintf(path, sizeof path, "%s/%s", p->path, name);
        return lstat(path, &st) == 0;
}

static void test_finished(void **state)
{
        Place *p = *state;

        begin(p);
        add(p, 3 * PART_ROWS + 5);
        sync_store(p);
        assert_int_equal(run_store_finish(p->store, &p->err), 0);
        write_info(p, true);
        p->store = run_store_free(p->store);
        _cleanup_(run_reader_freep) RunReader *reader = open_run(p);
        assert_false(run_reader_recording(reader));
        assert_string_equal(run_reader_info(reader)->id, "20261120-101502-make");
        assert_string_equal(run_reader_tables(reader)[0], "totals");
        assert_null(run_reader_tables(reader)[1]);
        assert_int_equal(count(p, reader), 3 * PART_ROWS + 5);
        RunCursor *cursor = NULL;
        assert_int_equal(run_cursor_new(reader, "samples", NULL, &cursor, &p->err), -ENOENT);
        assert_int_equal(run_cursor_new(reader, "../totals", NULL, &cursor, &p->err), -ENOENT);
        assert_int_equal(run_cursor_new(reader, "totals", NULL, &cursor, &p->err), 0);
        assert_int_equal(run_cursor_schema(cursor)->n_columns, TOTAL_COLUMNS);
        run_cursor_free(cursor);
        assert_int_equal(run_recover(p->path, &p->err), 1);
}

static void test_range(void **state)
{
        Place *p = *state;
        static const char *const columns[] = {"t_ns"};
        const ParquetSelection selection = {.columns = columns,
                                            .n_columns = 1,
                                            .range_column = "t_ns",
                                            .range_min = (PART_ROWS + 10.) * NS_PER_MS,
                                            .range_max = (PART_ROWS + 20.) * NS_PER_MS};
        RunCursor *cursor = NULL;

        begin(p);
        add(p, 3 * PART_ROWS);
        sync_store(p);
        _cleanup_(run_reader_freep) RunReader *reader = open_run(p);
        assert_int_equal(run_cursor_new(reader, "totals", &selection, &cursor, &p->err), 0);
        assert_int_equal(drain(p, cursor, PART_ROWS), PART_ROWS); /* the one part it lies in */
        run_cursor_free(cursor);
}

/* While it is recorded, from the same rows that any reader of the parts sees. */
static void test_growing(void **state)
{
        Place *p = *state;

        begin(p);
        _cleanup_(run_reader_freep) RunReader *early = open_run(p);
        assert_true(run_reader_recording(early));
        assert_null(run_reader_tables(early)[0]);
        add(p, PART_ROWS + 5);
        sync_store(p);
        _cleanup_(run_reader_freep) RunReader *reader = open_run(p);
        assert_true(run_reader_recording(reader));
        assert_null(run_reader_info(reader)->recorder_died);
        assert_int_equal(count(p, reader), PART_ROWS + 5);
        add(p, 5);
        sync_store(p);
        assert_int_equal(count(p, reader), PART_ROWS + 10);
        assert_int_equal(run_recover(p->path, &p->err), -EBUSY);
        assert_true(exists(p, "totals"));
}

/* The run is finished while it is read: no row is missed or seen twice, wherever the reader is. */
static void test_finished_meanwhile(void **state)
{
        for (unsigned batches = 0; batches < 6; batches++) {
                Place *p;
                const Batch *rows;
                uint64_t n = 0;
                if (batches > 0)
                        assert_int_equal(set_up(state), 0);
                p = *state;
                begin(p);
                add(p, 4 * PART_ROWS + 5);
                sync_store(p);
                RunReader *reader = open_run(p);
                RunCursor *cursor = open_totals(p, reader);
                for (unsigned i = 0; i < batches; i++) {
                        assert_int_equal(run_cursor_next(cursor, &rows, &p->err), 1);
                        assert_int_equal(batch_i64(rows, 0, 0), n * NS_PER_MS);
                        n += batch_rows(rows);
                }
                assert_int_equal(run_store_finish(p->store, &p->err), 0);
                assert_false(exists(p, "totals"));
                assert_int_equal(n + drain(p, cursor, n), 4 * PART_ROWS + 5);
                assert_null(run_reader_info(reader)->warnings);
                run_cursor_free(cursor);
                run_reader_free(reader);
                if (batches < 5)
                        assert_int_equal(tear_down(state), 0);
        }
}

/* The child records and tells how many rows are on disk for certain, then how many it has. */
static void record_until_killed(Place *p, int to_parent)
{
        uint64_t told[2];

        begin(p);
        for (;;) {
                add(p, 700);
                sync_store(p);
                told[0] = p->n;
                add(p, 300);
                told[1] = p->n;
                if (write(to_parent, told, sizeof told) != sizeof told)
                        _exit(1);
        }
}

static void test_killed(void **state)
{
        for (unsigned round = 1; round <= 5; round++) {
                Place *p;
                int fds[2];
                uint64_t told[2] = {0};
                if (round > 1)
                        assert_int_equal(set_up(state), 0);
                p = *state;
                assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
                pid_t pid = fork();
                if (pid == 0)
                        record_until_killed(p, fds[1]);
                close(fds[1]);
                for (unsigned i = 0; i < round * 5; i++)
                        assert_int_equal(read(fds[0], told, sizeof told), sizeof told);
                RunReader *alive = open_run(p);
                assert_true(run_reader_recording(alive));
                assert_true(count(p, alive) >= told[0]);
                run_reader_free(alive);
                kill(pid, SIGKILL);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                while (read(fds[0], told, sizeof told) == sizeof told)
                        ; /* what it did before it died */
                close(fds[0]);
                assert_true(exists(p, "totals/000000.parquet"));
                RunReader *reader = open_run(p); /* recovers */
                assert_false(run_reader_recording(reader));
                uint64_t n = count(p, reader);
                assert_true(n >= told[0] && n <= told[1] + 700);
                assert_null(run_reader_info(reader)->warnings);
                assert_non_null(strstr(run_reader_info(reader)->recorder_died, "died"));
                assert_false(run_reader_info(reader)->complete);
                assert_true(run_reader_info(reader)->wall_ns == (n - 1) * NS_PER_MS);
                assert_true(run_reader_info(reader)->end_realtime_ns ==
                            1795169702000000000 + (int64_t)((n - 1) * NS_PER_MS));
                assert_true(exists(p, "totals.parquet") && !exists(p, "totals"));
                run_reader_free(reader);
                assert_int_equal(run_recover(p->path, &p->err), 1);
                if (round < 5)
                        assert_int_equal(tear_down(state), 0);
        }
}

/* Leaves the run as a recorder that died leaves it. */
static void record_and_die(Place *p, size_t rows)
{
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                begin(p);
                add(p, rows);
                sync_store(p);
                _exit(0); /* nothing is finished */
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void write_file(const Place *p, const char *name, const char *text)
{
        _cleanup_close_ int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_replace(fd, name, text, strlen(text), false), 0);
}

static void test_leftovers(void **state)
{
        Place *p = *state;
        char path[128];

        record_and_die(p, PART_ROWS + 5);
        write_file(p, "totals/000002.parquet.tmp", "PAR1 cut");
        write_file(p, "samples.parquet.tmp", "PAR1 cut");
        write_file(p, "output.log", "hello\n");
        snprintf(path, sizeof path, "%s/samples", p->path);
        assert_int_equal(mkdir(path, 0755), 0);
        write_file(p, "samples/000000.parquet.tmp", "");
        assert_int_equal(run_recover(p->path, &p->err), 0);
        assert_false(exists(p, "samples") || exists(p, "samples.parquet.tmp") || exists(p, "totals"));
        _cleanup_(run_reader_freep) RunReader *reader = open_run(p);
        assert_int_equal(count(p, reader), PART_ROWS + 5);
        assert_int_equal(run_reader_info(reader)->output_bytes, 6);
}

/* Died between the rename of the finished table and the removal of its parts. */
static void test_died_while_finishing(void **state)
{
        Place *p = *state;
        char from[128], to[128];

        record_and_die(p, PART_ROWS + 5);
        assert_int_equal(run_recover(p->path, &p->err), 0);
        snprintf(from, sizeof from, "%s/totals", p->path);
        snprintf(to, sizeof to, "%s/totals/000000.parquet", p->path);
        assert_int_equal(mkdir(from, 0755), 0);
        snprintf(from, sizeof from, "%s/totals.parquet", p->path);
        assert_int_equal(link(from, to), 0);
        RunReader *reader = open_run(p);
        assert_int_equal(count(p, reader), PART_ROWS + 5); /* not twice */
        run_reader_free(reader);
        assert_false(exists(p, "totals"));
        /* the other way round: the finished table was never written out, the parts are whole */
        snprintf(from, sizeof from, "%s/totals", p->path);
        assert_int_equal(mkdir(from, 0755), 0);
        snprintf(from, sizeof from, "%s/totals.parquet", p->path);
        assert_int_equal(rename(from, to), 0);
        write_file(p, "totals.parquet", "");
        reader = open_run(p);
        assert_int_equal(count(p, reader), PART_ROWS + 5);
        run_reader_free(reader);
}

/* One part is damaged: the others are read, and it is kept for whoever can make use of it. */
static void test_damaged_part(void **state)
{
        Place *p = *state;
        const Batch *rows;
        uint64_t n = 0;

        record_and_die(p, 3 * PART_ROWS);
        write_file(p, "totals/000001.parquet", "PAR1 this is no Parquet file PAR1");
        RunReader *reader = open_run(p);
        assert_non_null(strstr(run_reader_info(reader)->warnings[0], "totals/000001.parquet"));
        RunCursor *cursor = open_totals(p, reader);
        while (run_cursor_next(cursor, &rows, &p->err) > 0)
                n += batch_rows(rows);
        assert_int_equal(n, 2 * PART_ROWS);
        run_cursor_free(cursor);
        run_reader_free(reader);
        assert_true(exists(p, "totals/000001.parquet.damaged") && exists(p, "totals.parquet"));
        assert_int_equal(run_recover(p->path, &p->err), 1);
}

/* The same where the run cannot be finished: the reader itself skips it and says so. */
static void test_damaged_part_of_living(void **state)
{
        Place *p = *state;
        const Batch *rows;
        uint64_t n = 0;

        begin(p);
        add(p, 3 * PART_ROWS);
        sync_store(p);
        write_file(p, "totals/000000.parquet", "");
        RunReader *reader = open_run(p);
        RunCursor *cursor = open_totals(p, reader);
        while (run_cursor_next(cursor, &rows, &p->err) > 0)
                n += batch_rows(rows);
        assert_int_equal(n, 2 * PART_ROWS);
        assert_non_null(strstr(run_reader_info(reader)->warnings[0], "totals/000000.parquet"));
        run_cursor_free(cursor);
        write_file(p, "totals/000001.parquet", "");
        write_file(p, "totals/000002.parquet", "");
        assert_int_equal(run_cursor_new(reader, "totals", NULL, &cursor, &p->err), -EBADMSG);
        run_reader_free(reader);
}

static void test_read_only_place(void **state)
{
        Place *p = *state;

        if (geteuid() != 0 || mount("tmpfs", p->path, "tmpfs", 0, "size=4m") < 0) {
                print_message("needs root to mount a read-only tmpfs\n");
                skip();
        }
        record_and_die(p, PART_ROWS + 5);
        assert_int_equal(mount(NULL, p->path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_int_equal(run_recover(p->path, &p->err), -EROFS);
        _cleanup_(run_reader_freep) RunReader *reader = open_run(p);
        assert_false(run_reader_recording(reader));
        assert_non_null(strstr(run_reader_info(reader)->recorder_died, "could not be finished"));
        assert_int_equal(count(p, reader), PART_ROWS + 5);
        assert_true(exists(p, "totals/000000.parquet"));
}

/* Copied from another machine, whose recorder may be alive there: left as it is. */
static void test_of_another_machine(void **state)
{
        Place *p = *state;
        RunInfo info;

        record_and_die(p, 10);
        _cleanup_close_ int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        run_info_init(&info);
        assert_int_equal(run_info_read(&info, fd, p->path, &p->err), 0);
        info.host[0] ^= 1;
        info.boot_id[0] ^= 1;
        assert_int_equal(run_info_write(&info, fd, &p->err), 0);
        run_info_done(&info);
        RunReader *reader = open_run(p);
        assert_int_equal(count(p, reader), 10);
        assert_true(exists(p, "totals/000000.parquet"));
        run_reader_free(reader);
        assert_int_equal(run_recover(p->path, &p->err), 0); /* when asked for */
        assert_false(exists(p, "totals"));
}

/* Names that are no tables, links and fifos in the place of parts. */
static void test_hostile_directory(void **state)
{
        Place *p = *state;
        char path[128];

        record_and_die(p, 10);
        snprintf(path, sizeof path, "%s/fifo.parquet", p->path);
        assert_int_equal(mkfifo(path, 0600), 0);
        snprintf(path, sizeof path, "%s/link", p->path);
        assert_int_equal(symlink("/", path), 0);
        snprintf(path, sizeof path, "%s/totals/000007.parquet", p->path);
        assert_int_equal(symlink("000000.parquet", path), 0);
        snprintf(path, sizeof path, "%s/totals/000008.parquet", p->path);
        assert_int_equal(mkfifo(path, 0600), 0);
        write_file(p, "totals/1.parquet", "not a part's name");
        write_file(p, "totals/99999999999999999999.parquet", "nor this");
        write_file(p, "a b.parquet", "nor a table's");
        _cleanup_(run_reader_freep) RunReader *reader = open_run(p);
        assert_int_equal(count(p, reader), 10);
        RunCursor *cursor = NULL;
        assert_int_equal(run_cursor_new(reader, "fifo", NULL, &cursor, &p->err), -EBADMSG);
        assert_int_equal(run_cursor_new(reader, "link", NULL, &cursor, &p->err), -ENOENT);
        for (size_t i = 0; run_reader_tables(reader)[i]; i++)
                assert_null(strchr(run_reader_tables(reader)[i], ' '));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_finished),        TEST(test_range),
                TEST(test_growing),         TEST(test_finished_meanwhile),
                TEST(test_killed),          TEST(test_leftovers),
                TEST(test_died_while_finishing), TEST(test_damaged_part),
                TEST(test_damaged_part_of_living), TEST(test_read_only_place),
                TEST(test_of_another_machine), TEST(test_hostile_directory),
        };
#undef TEST

        return cmocka_run_group_tests(tests, NULL, NULL);
}
