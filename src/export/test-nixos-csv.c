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
#include "export/format.h"
#include "export/held-table.h"
#include "export/memory-log-writer.h"
#include "export/moments.h"
#include "export/nixos-advice.h"
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
        Moments m = moments_make_with_first(10, 21);
        for (const int64_t *at = (const int64_t[]){5, 10, 20, 21, -1}; *at >= 0; at++) {
                assert_true(moments_next(&m));
                assert_int_equal(m.t_ns, *at);
        }
        assert_false(moments_next(&m));
        m = moments_make_with_first(10, 8); /* hardly longer */
        assert_true(moments_next(&m) && m.t_ns == 8 && !moments_next(&m));
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

/* ---- a whole run, its tables written as CSV ---- */

static const char *const tables[][2] = {
        {"memory", "t_ns,total_bytes,free_bytes,available_bytes,swap_total_bytes,swap_free_bytes\n"
                   "1000000000,8589934592,1073741824,4294967296,0,0\n"
                   "3000000000,8589934592,104857600,419430400,0,0\n"},
        {"cpu", "t_ns,cpu,user_us,nice_us,system_us,idle_us,iowait_us,irq_us,softirq_us,steal_us,load_1m,load_5m,load_15m\n"
                "1000000000,,1000000,0,0,1000000,0,0,0,0,0.5,0.25,0.125\n"
                "1000000000,0,9,9,9,9,9,9,9,9,,,\n"
                "3000000000,,1000000,500000,1000000,1250000,250000,0,0,0,1.5,0.5,0.25\n"},
        {"disk", "t_ns,mount,size_bytes,used_bytes,available_bytes\n"
                 "1000000000,/,107374182400,53687091200,53687091200\n"
                 "1000000000,/nix,10737418240,9663676416,1073741824\n"
                 "1000000000,/proc,0,0,0\n"
                 "1000000000,,,,\n"},
        {"store", "t_ns,path,complete,bytes,apparent_bytes\n"
                  "1000000000,/nix/store,true,,10737418240\n"
                  "1000000000,/tmp,false,1,1\n"
                  "3000000000,/nix/store,true,,32212254720\n"},
        {"nix", "t_ns,build_dirs,processes\n1000000000,3,150\n"},
        {"network", "t_ns,interface,rx_bytes,tx_bytes,rx_packets,tx_packets\n"
                    "1000000000,eth0,1048576,524288,10,5\n"
                    "1000000000,wlan0,1048576,0,1,0\n"
                    "1000000000,veth0,99999999,0,1,0\n"},
        {"files", "t_ns,process,open_files,fds\n1000000000,,1234,\n1000000000,1,,17\n1000000000,2,,5\n"},
        {"temperature", "t_ns,chip,sensor,kind,value_c\n"
                        "1000000000,coretemp-isa-0000,Package id 0,temperature,71.5\n"
                        "1000000000,coretemp-isa-0000,Core 0,temperature,69\n"
                        "1000000000,coretemp-isa-0000,fan1,fan,\n"
                        "1000000000,nvme-pci-0100,Composite,temperature,44\n"},
        {"gpu", "t_ns,gpu,pid,temperature_c\n1000000000,0000:01:00.0,,63\n1000000000,0000:01:00.0,77,\n"},
        {"limits", "t_ns,pid_max,threads_max,tasks\n1000000000,32768,60000,420\n"},
        {"fork", "t_ns,verdict,limit,path,limit_bytes,used_bytes,left_bytes,limit_tasks,used_tasks,left_tasks,available_bytes,min_free_bytes\n"
                 "1000000000,yes,MemAvailable,,1,1,1,,,,4294967296,69206016\n"
                 "2200000000,marginal,threads-max,,,,,60000,59000,1000,4294967296,69206016\n"
                 "2500000000,no,threads-max,,,,,60000,60000,0,4294967296,69206016\n"
                 "3000000000,no,MemAvailable,,1,1,1,,,,419430400,69206016\n"},
        {"processes", "process,pid,comm,exe,cmdline,start_ns,end_ns\n"
                      "1,100,nix-daemon,/usr/bin/nix-daemon,nix-daemon,-5000000000,\n"
                      "2,101,nix-build,/usr/bin/nix-build,nix-build a.nix,0,\n"
                      "3,102,cc1plus,/usr/lib/cc1plus,cc1plus a.cc,1500000000,2500000000\n"},
        {"samples", "t_ns,process,rss_anon_bytes,rss_file_bytes,rss_shmem_bytes,user_us,system_us\n"
                    "1000000000,1,1048576,1048576,0,0,0\n"
                    "1000000000,2,10485760,0,0,0,0\n"
                    "1600000000,3,104857600,0,0,0,0\n"
                    "2000000000,3,209715200,0,0,300000,100000\n"},
};

/* At 2 s and at the end, 4 s; of what is looked at every 4 and 10 s at the end. Memory has rows of 0 and 2 s ago. */
static const char *const expected[NIXOS_FILES] = {
        "1700000002,8192,4096,1024,4096,0,0\n1700000004,8192,7792,100,400,0,0\n",
        "1700000002,N/A,0.50,0.25,0.12\n1700000004,75.0,1.50,0.50,0.25\n",
        /* Of the beginning no other table has rows. */
        "1700000000,nix-daemon,1,N/A\n1700000000,nix-build,1,N/A\n1700000000,cargo,0,0.0\n1700000000,rustc,0,0.0\n"
        "1700000000,cc1plus,0,0.0\n1700000000,ld,0,0.0\n1700000000,gcc,0,0.0\n1700000000,g++,0,0.0\n1700000000,clang,0,0.0\n"
        "1700000002,nix-daemon,1,2.0\n1700000002,nix-build,1,10.0\n1700000002,cargo,0,0.0\n1700000002,rustc,0,0.0\n"
        "1700000002,cc1plus,1,200.0\n1700000002,ld,0,0.0\n1700000002,gcc,0,0.0\n1700000002,g++,0,0.0\n1700000002,clang,0,0.0\n"
        "1700000004,nix-daemon,1,2.0\n1700000004,nix-build,1,10.0\n1700000004,cargo,0,0.0\n1700000004,rustc,0,0.0\n"
        "1700000004,cc1plus,0,0.0\n1700000004,ld,0,0.0\n1700000004,gcc,0,0.0\n1700000004,g++,0,0.0\n1700000004,clang,0,0.0\n",
        "1700000004,/,100.00,50.00,50.00,50\n1700000004,/nix,10.00,9.00,1.00,90\n",
        "1700000004,30.000,N/A,3\n",
        "1700000004,2.00,0.50,11,5\n",
        "1700000004,1234,17,5\n",
        "1700000004,71.5,63.0,44.0\n",
        "1700000004,32768,150,60000,420\n",
        "1700000002,4096,67584,yes\n1700000004,400,67584,NO\n",
};

static void add_table(RunStore *store, const char *path, const char *name, const char *text)
{
        TableReader *reader = NULL;
        Schema *named = NULL;
        const Batch *rows;
        Sink *sink = NULL;
        Error err = {0};

        assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), false), 0);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(csv_reader_new(fd, path, &reader, &err), 0);
        named = schema_copy(table_reader_schema(reader));
        Schema schema_there = {name, named->columns, named->n_columns};
        assert_int_equal(run_store_add_table(store, &schema_there, &sink, &err), 0);
        while (table_reader_next(reader, &rows, &err) > 0) {
                Batch *copy = NULL;
                assert_int_equal(batch_new(&schema_there, 1000, 1 << 16, &copy), 0);
                for (size_t i = 0; i < batch_rows(rows); i++)
                        assert_int_equal(batch_append(copy, rows, i), 0);
                assert_int_equal(sink_write(sink, copy, &err), 0);
                assert_int_equal(run_store_sync(store, &err), 0);
                batch_free(copy);
        }
        assert_string_equal(err.message, "");
        table_reader_free(reader);
        free(named);
        close(fd);
        unlink(path);
}

static void test_figures(void **state)
{
        const RunStoreOptions options = {.codec = PARQUET_NONE, .id = "id", .host = "host"};
        char path[] = "/tmp/vigia-nixos-XXXXXX", file[128], text[8192], wanted[8192];
        _cleanup_string_ String advice = {0};
        RunStore *store = NULL;
        RunReader *run = NULL;
        Error err = {0};
        const int64_t end_ns = 4 * (int64_t)NS_PER_SECOND;

        make_run(path); /* for its run.json */
        snprintf(file, sizeof file, "%s/disk.parquet", path);
        unlink(file);
        assert_int_equal(run_store_new(path, &options, &store, &err), 0);
        snprintf(file, sizeof file, "%s/table.csv", path);
        for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
                add_table(store, file, tables[i][0], tables[i][1]);
        assert_int_equal(run_store_finish(store, &err), 0);
        run_store_free(store);
        assert_int_equal(run_reader_open(path, &run, &err), 0);
        if (nixos_csv_write(run, path, 0, end_ns, end_ns, &err) < 0)
                fail_msg("%s", err.message);
        for (size_t i = 0; i < NIXOS_FILES; i++) {
                snprintf(file, sizeof file, "%s/%s.csv", path, nixos_files[i].name);
                snprintf(wanted, sizeof wanted, "%s\n%s", nixos_files[i].header, expected[i]);
                read_back(file, text, sizeof text);
                assert_string_equal(text, wanted);
        }
        assert_int_equal(nixos_top_write(run, path, 0, end_ns, &err), 0);
        snprintf(file, sizeof file, "%s/top-consumers.log", path);
        read_back(file, text, sizeof text);
        assert_non_null(strstr(text, " ===\n    PID   RSS_MB   CPU_%  COMMAND\n    101     10.0     0.0  nix-build a.nix\n"
                                     "    100      2.0     0.0  nix-daemon\n\n"));
        assert_int_equal(nixos_advice_add(run, end_ns, 400ull << 20, &advice, &err), 0);
        assert_non_null(strstr(string_get(&advice), "# threads-max: 60000 of 60000 threads were in use, and none could be added.\n"
                                                    "boot.kernel.sysctl.\"kernel.threads-max\" = 120000;\n"));
        /* Nix takes an attribute once only: few were left first, and then none. */
        assert_null(strstr(strstr(string_get(&advice), "kernel.threads-max") + 1, "kernel.threads-max"));
        assert_non_null(strstr(string_get(&advice), "zramSwap.enable = true;"));
        assert_non_null(strstr(string_get(&advice), "# The file system of /nix/store is 90 % full; 1 GiB are left.\n"));
        run_reader_free(run);
        directory_remove(AT_FDCWD, path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_headers), cmocka_unit_test(test_programs), cmocka_unit_test(test_cells),
                cmocka_unit_test(test_moments), cmocka_unit_test(test_held),    cmocka_unit_test(test_figures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
