/* The reference's files and headers, names of programs, records that stay one line, moments, and a table at them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "export/csv-file.h"
#include "export/held-table.h"
#include "export/memory-log-writer.h"
#include "export/moments.h"
#include "export/nixos-csv.h"
#include "export/nixos-programs.h"

/* As monitor-rebuild writes them. */
static void test_headers(void **state)
{
        static const char *const reference[NIXOS_FILES][2] = {
                {"memory", "timestamp,total_mb,used_mb,free_mb,available_mb,swap_used_mb,swap_free_mb"},
                {"cpu", "timestamp,cpu_percent,load_1min,load_5min,load_15min"},
                {"processes", "timestamp,process_name,count,total_mem_mb"},
                {"disk", "timestamp,mount_point,total_gb,used_gb,available_gb,use_percent"},
                {"nix-store", "timestamp,nix_store_gb,tmp_gb,build_dirs_count"},
                {"network", "timestamp,rx_mb,tx_mb,rx_packets,tx_packets"},
                {"file-descriptors", "timestamp,total_fds,nix_daemon_fds,nix_build_fds"},
                {"temperature", "timestamp,cpu_temp,gpu_temp,nvme_temp"},
                {"process-limits", "timestamp,max_processes,current_processes,max_threads,current_threads"},
                {"fork-analysis", "timestamp,available_mem_mb,min_free_kb,fork_possible"},
        };

        for (size_t i = 0; i < NIXOS_FILES; i++) {
                assert_string_equal(nixos_files[i].name, reference[i][0]);
                assert_string_equal(nixos_files[i].header, reference[i][1]);
        }
        assert_string_equal(MEMORY_LOG_HEADER, "Timestamp,Process_ID,Memory_MB,CPU_%,Status");
}

static void test_programs(void **state)
{
        static const char *const known[][3] = {
                {"ld", "ld", "yes"},          {"x86_64-linux-gnu-g++-12", "g++", "yes"}, {"gcc-13.2.0", "gcc", "yes"},
                {"build", "ld", ""},          {"ldconfig", "ld", ""},                    {"gcc-ar", "gcc", ""},
                {"rustc", "rustc", "yes"},    {"rustc_driver", "rustc", ""},             {"my-gcc", "gcc", ""},
                {"clang-17", "clang", "yes"}, {"clangd", "clang", ""},                   {"clang++", "clang", ""},
                {"a-b-nix-daemon", "nix-daemon", "yes"}, {"", "ld", ""},                 {"cc1plus", "cc1plus", "yes"},
        };

        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (nixos_is_program(known[i][0], known[i][1]) != (known[i][2][0] != '\0'))
                        fail_msg("%s and %s", known[i][0], known[i][1]);
}

static void read_back(const char *path, char *to, size_t size)
{
        Buffer text = {0};

        assert_int_equal(file_read_path(AT_FDCWD, path, size - 1, &text, NULL), 0);
        memcpy(to, text.data, text.size + 1);
        buffer_done(&text);
}

/* Whatever a text holds, its record is one line, and a reader of CSV gets one cell. */
static void test_cells(void **state)
{
        char path[] = "/tmp/vigia-csv-XXXXXX", text[1024];
        CsvFile csv;
        Error err = {0};

        close(mkstemp(path));
        assert_int_equal(csv_file_open(&csv, path, "a,b", &err), 0);
        csv_file_add_text(&csv, "one\ntwo, \"three\"\r\033[2J");
        csv_file_add_number(&csv, NAN, 1);
        assert_int_equal(csv_file_end_row(&csv, &err), 0);
        csv_file_add_number(&csv, INFINITY, 1);
        csv_file_add_number(&csv, 12.345, 2);
        assert_int_equal(csv_file_end_row(&csv, &err), 0);
        csv_file_add_i64(&csv, -5);
        csv_file_add_text(&csv, "/srv/a b");
        assert_int_equal(csv_file_end_row(&csv, &err), 0);
        assert_int_equal(csv_file_commit(&csv, &err), 0);
        read_back(path, text, sizeof text);
        assert_string_equal(text, "a,b\n\"one?two, \"\"three\"\"??[2J\",N/A\nN/A,12.35\n-5,/srv/a b\n");
        unlink(path);
}

static void test_moments(void **state)
{
        static const struct {
                int64_t end;
                int64_t moments[5];
        } known[] = {{0, {0, -1}}, {3, {3, -1}}, {10, {10, -1}}, {11, {10, 11, -1}}, {30, {10, 20, 30, -1}}};

        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
                Moments m = moments_make(10, known[i].end);
                size_t k = 0;
                while (moments_next(&m))
                        assert_int_equal(m.t_ns, known[i].moments[k++]);
                assert_int_equal(known[i].moments[k], -1);
        }
}

/* ---- a table ---- */

static const Column columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL, 0},
        {"mount", COLUMN_TEXT, ROLE_KEY, UNIT_NONE, NULL, 0},
        {"used_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, NULL, 0},
        {"verdict", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL, 0},
};
static const Schema schema = {"disk", columns, 4};

static void add_row(Batch *rows, int64_t second, const char *mount, int64_t used, const char *verdict)
{
        assert_int_equal(batch_add_row(rows), 0);
        batch_set_i64(rows, 0, second * (int64_t)NS_PER_SECOND);
        if (mount)
                batch_set_text(rows, 1, mount, strlen(mount));
        if (used >= 0)
                batch_set_u64(rows, 2, (uint64_t)used);
        batch_set_text(rows, 3, verdict, strlen(verdict));
}

static void make_run(char *path)
{
        const RunStoreOptions options = {.codec = PARQUET_NONE, .id = "id", .host = "host"};
        RunInfo info;
        RunStore *store = NULL;
        Sink *sink = NULL;
        Batch *rows = NULL;
        Error err = {0};

        assert_non_null(mkdtemp(path));
        assert_int_equal(run_store_new(path, &options, &store, &err), 0);
        assert_int_equal(run_store_add_table(store, &schema, &sink, &err), 0);
        assert_int_equal(batch_new(&schema, 100, 4096, &rows), 0);
        add_row(rows, 1, "/", 10, "yes");
        add_row(rows, 1, "/tmp", 5, "yes");
        add_row(rows, 4, "/", 20, "no");
        add_row(rows, 6, NULL, -1, "yes");
        add_row(rows, 100, "/tmp", 7, "yes");
        assert_int_equal(sink_write(sink, rows, &err), 0);
        assert_int_equal(run_store_finish(store, &err), 0);
        run_store_free(store);
        batch_free(rows);
        run_info_init(&info);
        info.id = strdup("id");
        info.start_realtime_ns = 1700000000 * (int64_t)NS_PER_SECOND;
        info.wall_ns = 101 * NS_PER_SECOND;
        info.complete = true;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(run_info_write(&info, fd, &err), 0);
        close(fd);
        run_info_done(&info);
}

static const HeldThing *at(HeldTable *table, int64_t second, const char *mount)
{
        const HeldThing *const *things;
        Error err = {0};
        size_t n;

        assert_int_equal(held_table_move(table, second * (int64_t)NS_PER_SECOND, &things, &n, &err), 0);
        for (size_t i = 0; i < n; i++)
                if (strcmp(things[i]->keys[0], mount) == 0)
                        return things[i];
        return NULL;
}

static void test_held(void **state)
{
        static const HeldSpec spec = {"disk", {"mount", NULL}, {"used_bytes", "absent", NULL}, "verdict"};
        static const HeldSpec none = {"none", {NULL}, {NULL}, NULL};
        char path[] = "/tmp/vigia-held-XXXXXX";
        RunReader *run = NULL;
        HeldTable *table = NULL;
        Error err = {0};

        make_run(path);
        assert_int_equal(run_reader_open(path, &run, &err), 0);
        assert_int_equal(held_table_new(run, &none, 0, &table, &err), -ENOENT);
        assert_int_equal(held_table_new(run, &spec, 0, &table, &err), 0);
        assert_null(at(table, 0, "/")); /* nothing is known yet */
        assert_float_equal(at(table, 3, "/")->values[0], 10, 0);
        assert_float_equal(at(table, 4, "/")->values[0], 20, 0); /* a row belongs to its own moment */
        assert_string_equal(at(table, 4, "/")->text, "no");
        assert_true(isnan(at(table, 4, "/")->values[1])); /* no such column */
        assert_float_equal(at(table, 20, "/tmp")->values[0], 5, 0); /* it holds */
        assert_true(isnan(at(table, 20, "")->values[0]));            /* null */
        assert_null(at(table, 40, "/")); /* too long ago to be believed */
        assert_float_equal(at(table, 101, "/tmp")->values[0], 7, 0);
        held_table_free(table);
        run_reader_free(run);
        directory_remove(AT_FDCWD, path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_headers), cmocka_unit_test(test_programs), cmocka_unit_test(test_cells),
                cmocka_unit_test(test_moments), cmocka_unit_test(test_held),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
