/*
 * Recording into a run directory: parts that grow, are sealed and become tables; a disk that is full; a
 * directory that goes. Rows that are true only for now: test-run-store-live.c.
 */
#include "store/test-run-store-place.h"

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
                TEST(test_metadata),       TEST(test_one_recorder),
                TEST(test_many_parts),
                TEST(test_full_for_a_while),
                TEST(test_full_to_the_end), TEST(test_full_at_the_end),
                TEST(test_removed),        TEST(test_reserve),
        };
#undef TEST

        return cmocka_run_group_tests(tests, NULL, NULL);
}
