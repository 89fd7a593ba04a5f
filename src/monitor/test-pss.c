/* Shares of processes whose memory moves while it is read: never more than is resident. */
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "monitor/pss.h"

#define MIB (1ull << 20)

enum { PID = 100 };

typedef struct World {
        char path[64];
        Host *host;
        ProcessTable *table;
        PssReader *reader;
        Process *process;
} World;

static void write_file(const World *w, const char *name, const char *text)
{
        char path[128];

        snprintf(path, sizeof path, "%s/proc/%d/%s", w->path, PID, name);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

/* In MiB. */
static void write_smaps(const World *w, unsigned rss, unsigned anon, unsigned file, unsigned shmem)
{
        char text[512];

        snprintf(text, sizeof text,
                    "00400000-7fff00000000 ---p 00000000 00:00 0 [rollup]\nRss: %u kB\nPss: %u kB\n"
                    "Pss_Anon: %u kB\nPss_File: %u kB\nPss_Shmem: %u kB\n",
                    rss << 10, (anon + file + shmem) << 10, anon << 10, file << 10, shmem << 10);
        write_file(w, "smaps_rollup", text);
}

static void write_status(const World *w, unsigned anon, unsigned file, unsigned shmem)
{
        char text[512];

        snprintf(text, sizeof text,
                    "Name:\thog\nTgid:\t%d\nPid:\t%d\nPPid:\t1\nVmHWM:\t%u kB\nVmRSS:\t%u kB\n"
                    "RssAnon:\t%u kB\nRssFile:\t%u kB\nRssShmem:\t%u kB\nThreads:\t1\n",
                    PID, PID, (anon + file + shmem) << 10, (anon + file + shmem) << 10, anon << 10, file << 10,
                    shmem << 10);
        write_file(w, "status", text);
}

static void on_ended(const Process *process, void *data)
{
}

static Process *begin(const World *w, pid_t pid, pid_t parent, uint64_t now_ns)
{
        TrackEvent born = {.type = TRACK_FORK, .pid = pid, .ppid = parent, .time_ns = now_ns, .start_ns = now_ns,
                           .wait_status = -1, .peak_rss_bytes = TRACK_UNKNOWN};

        process_table_apply(&born, w->table);
        Process *process = process_table_find(w->table, pid);
        assert_non_null(process);
        process->wanted = true;
        return process;
}

static int world_make(void **state)
{
        World *w = calloc(1, sizeof *w);
        char path[128];

        *state = w;
        text_copy(w->path, sizeof w->path, "/tmp/vigia-pss.XXXXXX");
        assert_non_null(mkdtemp(w->path));
        snprintf(path, sizeof path, "%s/proc", w->path);
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(path, sizeof path, "%s/proc/%d", w->path, PID);
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(host_new(w->path, &w->host), 0);
        ProcessTableOptions options = {.host = w->host, .ended = on_ended};
        assert_int_equal(process_table_new(&options, &w->table), 0);
        w->process = begin(w, PID, 1, 1);
        assert_int_equal(pss_reader_new(w->host, w->table, 1, &w->reader), 0);
        return 0;
}

static int world_remove(void **state)
{
        World *w = *state;
        int r = directory_remove(AT_FDCWD, w->path);

        pss_reader_free(w->reader);
        process_table_free(w->table);
        host_free(w->host);
        free(w);
        return r;
}

/* A sample comes, in MiB. */
static void sample_of(World *w, Process *process, unsigned anon, unsigned file, unsigned shmem)
{
        ProcessWatch *watch = &process->watch;

        watch->now.rss_anon_bytes = anon * MIB;
        watch->now.rss_file_bytes = file * MIB;
        watch->now.rss_shmem_bytes = shmem * MIB;
        watch->now.peak_rss_bytes = TRACK_UNKNOWN;
        watch->seen = true;
        pss_follow(w->reader, process);
}

static void sample(World *w, unsigned anon, unsigned file, unsigned shmem)
{
        sample_of(w, w->process, anon, file, shmem);
}

static void read_some(World *w, uint64_t now_ns)
{
        pss_count_files(w->reader);
        pss_read_some(w->reader, now_ns, now_ns, 0);
}

/* Sampled while it had begun to touch what is shared; all of it was there when it was read. */
static void test_grown_meanwhile(void **state)
{
        World *w = *state;
        ProcessWatch *watch = &w->process->watch;

        write_smaps(w, 151, 50, 1, 20);
        write_status(w, 50, 1, 100);
        sample(w, 10, 1, 2);
        read_some(w, 1000000000);
        assert_int_equal(pss_reads(w->reader), 1);
        assert_int_equal(watch->now.rss_shmem_bytes, 100 * MIB); /* the row has both of the same moment */
        assert_int_equal(watch->pss_bytes, 71 * MIB);
        assert_int_equal(w->process->peak_rss_bytes, 151 * MIB);

        sample(w, 50, 1, 100);
        assert_int_equal(watch->pss_shmem_now, 20 * MIB);
        assert_int_equal(watch->pss_anon_now, 50 * MIB);
        sample(w, 50, 1, 50);
        assert_int_equal(watch->pss_shmem_now, 10 * MIB);
}

/* statm cannot tell shared memory from files. */
static void test_taken_for_files(void **state)
{
        World *w = *state;

        write_smaps(w, 101, 0, 1, 25);
        write_status(w, 0, 1, 100);
        sample(w, 0, 99, 2);
        read_some(w, 1000000000);
        assert_int_equal(w->process->watch.now.rss_file_bytes, MIB);
        sample(w, 0, 1, 100);
        assert_int_equal(w->process->watch.pss_shmem_now, 25 * MIB);
}

/* What it has now cannot be read: what is followed is still not more than there is. */
static void test_never_more_than_resident(void **state)
{
        World *w = *state;

        write_smaps(w, 151, 50, 1, 100);
        sample(w, 10, 1, 2);
        read_some(w, 1000000000);
        assert_int_equal(pss_reads(w->reader), 1);
        sample(w, 50, 1, 100);
        assert_int_equal(w->process->watch.pss_shmem_now, 100 * MIB);
        assert_true(w->process->watch.pss_bytes <= 151 * MIB);
}

/* What did not move is not asked for a second time. */
static void test_still(void **state)
{
        World *w = *state;

        write_smaps(w, 151, 50, 1, 20);
        write_status(w, 1, 1, 1);
        sample(w, 50, 1, 100);
        read_some(w, 1000000000);
        assert_int_equal(pss_reads(w->reader), 1);
        assert_int_equal(w->process->watch.now.rss_shmem_bytes, 100 * MIB);
}

/* A forked child has its shared memory from its parent: it is not counted twice before any of them was read, nor
 * after the parent was read alone, and as the parent's once that shares. */
static void test_child(void **state)
{
        World *w = *state;
        Process *child;

        sample(w, 1, 1, 100);
        child = begin(w, PID + 1, PID, 500000000);
        sample_of(w, child, 1, 1, 100);
        assert_int_equal(child->watch.pss_shmem_now, 0);
        sample_of(w, child, 1, 1, 125); /* what is more is its own */
        assert_int_equal(child->watch.pss_shmem_now, 25 * MIB);
        child->wanted = false; /* not to be read */

        write_smaps(w, 102, 1, 1, 100);
        read_some(w, 1000000000);
        sample_of(w, child, 1, 1, 100);
        assert_int_equal(child->watch.pss_shmem_now, 0);

        write_smaps(w, 102, 1, 1, 50);
        w->process->watch.doubt_bytes = 200 * MIB;
        child->wanted = child->watch.pss_refused = true; /* told, though it sleeps, and not read */
        read_some(w, 2000000000);
        assert_int_equal(pss_reads(w->reader), 2);
        assert_int_equal(child->watch.pss_shmem_now, 50 * MIB);

        pss_shmem_is_counted(w->reader, true);
        sample_of(w, child, 1, 1, 100);
        assert_int_equal(child->watch.pss_shmem_now, 75 * MIB);
        pss_shmem_is_counted(w->reader, false);

        child->execed = true; /* another program's is its own, as far as anybody knows: as readings go */
        sample_of(w, child, 1, 1, 100);
        assert_int_equal(child->watch.pss_shmem_now, 75 * MIB);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_grown_meanwhile, world_make, world_remove),
                cmocka_unit_test_setup_teardown(test_taken_for_files, world_make, world_remove),
                cmocka_unit_test_setup_teardown(test_never_more_than_resident, world_make, world_remove),
                cmocka_unit_test_setup_teardown(test_child, world_make, world_remove),
                cmocka_unit_test_setup_teardown(test_still, world_make, world_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
