/* Logs of the memory guide's scripts: their three kinds, times, pids, and what is wrong in them. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "export/memory-log.h"
#include "table/process-tables.h"

static void read_text(MemoryLog *log, const char *text, int expected)
{
        char path[] = "/tmp/vigia-log-XXXXXX";
        int fd = mkostemp(path, O_CLOEXEC);
        Error err = {0};

        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
        int r = memory_log_read(log, path, &err);
        unlink(path);
        close(fd);
        assert_int_equal(r, expected);
        assert_true(r == 0 || err.message[0] != '\0');
}

static void read_one(MemoryLog *log, const char *text)
{
        Error err = {0};

        assert_int_equal(memory_log_init(log), 0);
        read_text(log, text, 0);
        assert_int_equal(memory_log_finish(log, &err), 0);
}

static void test_processes(void **state)
{
        MemoryLog log;

        read_one(&log, "Timestamp,Process_ID,Memory_MB,CPU_%,Status\n"
                       "2026-11-20 23:59:58,12,100.5,1,running\n"
                       "2026-11-20 23:59:58,13,7,0,sleeping\n"
                       "2026-11-21 00:00:03,12,101,1,running\r\n"
                       "\n"
                       "Timestamp,Process_ID,Memory_MB,CPU_%,Status\n"
                       "2026-11-21T00:00:08Z, 12 , 102 ,1,running");
        assert_int_equal(log.n, 4);
        assert_int_equal(log.bad, 0);
        assert_int_equal(log.n_processes, 2);
        assert_int_equal(log.processes[0].pid, 12);
        assert_int_equal(memory_log_end_ns(&log) - memory_log_start_ns(&log), 10 * NS_PER_SECOND);
        assert_int_equal(log.interval_ns, 5 * NS_PER_SECOND);
        memory_log_done(&log);
}

static void test_times(void **state)
{
        MemoryLog log;

        /* Epoch seconds, and bare times that go over midnight. */
        read_one(&log, "timestamp,pid,memory_mb\n1700000000,5,1\n1700000000.5,5,2\n");
        assert_int_equal(memory_log_start_ns(&log), 1700000000 * (int64_t)NS_PER_SECOND);
        assert_int_equal(memory_log_end_ns(&log) - memory_log_start_ns(&log), NS_PER_SECOND / 2);
        memory_log_done(&log);
        read_one(&log, "Timestamp,Process_ID,Memory_MB\n23:59:55,5,1\n00:00:05,5,2\n00:00:15,5,2\n");
        assert_int_equal(memory_log_end_ns(&log) - memory_log_start_ns(&log), 20 * NS_PER_SECOND);
        memory_log_done(&log);
        /* No header at all. */
        read_one(&log, "1700000000,5,1,0.3,running\n1700000005,5,2,0.3,running\n");
        assert_int_equal(log.n, 2);
        memory_log_done(&log);
}

static void test_bad_rows(void **state)
{
        MemoryLog log;
        Error err = {0};

        read_one(&log, "Timestamp,Process_ID,Memory_MB,CPU_%,Status\n"
                       "2026-11-20 10:00:00,12,1,0,x\n"
                       "yesterday,12,1,0,x\n"
                       "2026-11-20 10:00:05,-3,1,0,x\n"
                       "2026-11-20 10:00:05,12,much,0,x\n"
                       "2026-11-20 10:00:05,12,-1,0,x\n"
                       "2026-11-20 10:00:05,12,1e300,0,x\n"
                       "2026-11-20 10:00:05,99999999999,1,0,x\n"
                       "2026-11-20 10:00:05\n"
                       "2026-11-20 10:0");
        assert_int_equal(log.good, 1);
        assert_int_equal(log.bad, 8);
        assert_non_null(strstr(log.first_bad, ":3:1: expected a time"));
        memory_log_done(&log);

        assert_int_equal(memory_log_init(&log), 0);
        read_text(&log, "a,b,c\n1,2,3\n", -EBADMSG);
        read_text(&log, ",", -EBADMSG);
        read_text(&log, "Timestamp,Process_ID,Memory_MB\n\"open,1,2\n", -EBADMSG);
        assert_int_equal(memory_log_finish(&log, &err), -ENODATA);
        memory_log_done(&log);
        assert_int_equal(memory_log_init(&log), 0);
        assert_int_equal(memory_log_read(&log, "/dev/null", &err), -EBADMSG);
        assert_int_equal(memory_log_read(&log, "/nowhere/at/all", &err), -ENOENT);
        memory_log_done(&log);
}

static void test_pids_used_again(void **state)
{
        MemoryLog log;

        /* Silent for an hour at five seconds: another process. */
        read_one(&log, "Timestamp,Process_ID,Memory_MB\n1000,7,1\n1005,7,1\n1010,7,1\n5000,7,900\n5005,7,900\n");
        assert_int_equal(log.n_processes, 2);
        assert_int_equal(log.rows[3].process, 2);
        memory_log_done(&log);
        /* At twenty minutes a row it is the same one. */
        read_one(&log, "Timestamp,Process_ID,Memory_MB\n1000,7,1\n2200,7,1\n3400,7,1\n4600,7,1\n");
        assert_int_equal(log.n_processes, 1);
        memory_log_done(&log);
}

typedef struct Seen {
        unsigned rows[4], order;
        uint64_t pss, threads, available;
        unsigned batches;
} Seen;

static int see(const char *table, const Batch *rows, void *data)
{
        Seen *seen = data;

        for (unsigned i = 0; memory_log_schemas[i]; i++) {
                if (strcmp(memory_log_schemas[i]->table, table) != 0)
                        continue;
                assert_true(i >= seen->order);
                seen->order = i;
                seen->rows[i] += (unsigned)batch_rows(rows);
                if (i == 1) {
                        assert_true(batch_is_null(rows, SAMPLE_RSS_ANON_BYTES, 0));
                        assert_true(batch_is_null(rows, SAMPLE_PSS_AGE_MS, 0));
                        seen->pss = batch_u64(rows, SAMPLE_PSS_BYTES, 0);
                        seen->threads = batch_u64(rows, SAMPLE_THREADS, 0);
                }
                if (i == 2)
                        seen->available = batch_u64(rows, (size_t)schema_find(batch_schema(rows), "available_bytes"), 0);
        }
        return 0;
}

static void test_tables(void **state)
{
        MemoryLog log;
        Error err = {0};
        Seen seen = {0};

        assert_int_equal(memory_log_init(&log), 0);
        read_text(&log, "timestamp,pid,thread_id,thread_name,status,cpu_percent,memory_mb,iterations,errors\n"
                        "1000,7,139872,worker-1,running,3,64,1,0\n"
                        "1000,7,139873,worker-2,idle,0,64,1,0\n"
                        "1005,7,139872,worker-1,running,3,65,1,0\n", 0);
        read_text(&log, "Timestamp,Total_MB,Used_MB,Free_MB,Available_MB,Python_Processes,Python_Memory_MB\n"
                        "1002,16000,9000,1000,7000,1,64\n", 0);
        assert_int_equal(memory_log_finish(&log, &err), 0);
        assert_int_equal(memory_log_tables(&log, see, &seen), 0);
        assert_int_equal(seen.rows[0], 1);
        assert_int_equal(seen.rows[1], 2);
        assert_int_equal(seen.rows[2], 1);
        assert_int_equal(seen.rows[3], 3);
        assert_int_equal(seen.pss, 64 << 20);
        assert_int_equal(seen.threads, 2);
        assert_int_equal(seen.available, (uint64_t)7000 << 20);
        memory_log_done(&log);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_processes), cmocka_unit_test(test_times), cmocka_unit_test(test_bad_rows),
                cmocka_unit_test(test_pids_used_again), cmocka_unit_test(test_tables),
        };

        return cmocka_run_group_tests_name("memory-log", tests, NULL, NULL);
}
