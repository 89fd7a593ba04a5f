/* Tasks, open files, one process's memory, a store's growth: from where on, of whom, and how it is said. */
#include "detect/test-rows.h"

static const Column limits_columns[] = {SIGNED("t_ns"), NUMBER("tasks"), NUMBER("threads_max"), NUMBER("pid_max"), NUMBER("uid"),
                                        NUMBER("user_tasks"), NUMBER("nproc_soft"), NUMBER("pids_current"), NUMBER("pids_max"),
                                        TEXT("pids_path")};
static const Schema limits_schema = {"limits", limits_columns, ARRAY_LENGTH(limits_columns)};
static const Column files_columns[] = {SIGNED("t_ns"), NUMBER("process"), NUMBER("fds"), NUMBER("fds_max"), NUMBER("open_files"),
                                       NUMBER("open_files_max")};
static const Schema files_schema = {"files", files_columns, ARRAY_LENGTH(files_columns)};
static const Column process_columns[] = {NUMBER("process"), NUMBER("pid"), TEXT("comm"), TEXT("cmdline"), SIGNED("start_ns"),
                                         NUMBER("peak_rss_bytes")};
static const Schema process_schema = {"processes", process_columns, ARRAY_LENGTH(process_columns)};
static const Column sample_columns[] = {SIGNED("t_ns"), NUMBER("process"), NUMBER("rss_anon_bytes"), NUMBER("rss_file_bytes")};
static const Schema sample_schema = {"samples", sample_columns, ARRAY_LENGTH(sample_columns)};
static const Column store_columns[] = {SIGNED("t_ns"), TEXT("path"), TEXT("measured_by"), FLAG("complete"), NUMBER("bytes"),
                                       NUMBER("apparent_bytes")};
static const Schema store_schema = {"store", store_columns, ARRAY_LENGTH(store_columns)};

static void test_tasks(void **state)
{
        World w;
        Batch *rows = new_rows(&limits_schema);

        world_begin(&w);
        add_row(rows, 0.0, 500.0, 60000.0, 32768.0, 1000.0, 100.0, 512.0, 50.0, 100.0, "/user.slice");
        world_give(&w, rows);
        assert_int_equal(detect_findings(w.detect)->n, 0);
        add_row(rows, SECOND, 500.0, 60000.0, 32768.0, 1000.0, 350.0, 512.0, 85.0, 100.0, "/user.slice");
        world_give(&w, rows);
        assert_int_equal(world_find(&w, "tasks-limit", "RLIMIT_NPROC")->severity, SEVERITY_WARNING);
        assert_int_equal(world_find(&w, "tasks-limit", "pids.max")->severity, SEVERITY_CRITICAL);
        assert_string_equal(world_find(&w, "tasks-limit", "pids.max")->title, "85 of 100 tasks that pids.max allows were in use (85.0 %)");
        assert_int_equal(world_finish(&w)->n, 2);
        world_end(&w);
        /* The superuser has no such limit; a limit of 0 or of nobody is none. */
        world_begin(&w);
        add_row(rows, 0.0, 500.0, 0.0, NOTHING, 0.0, 500.0, 512.0, 50.0, NOTHING, NULL);
        add_row(rows, SECOND, 500.0, 0.0, 0.0, NOTHING, 500.0, 512.0, NOTHING, 1.0, NULL);
        world_give(&w, rows);
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
        batch_free(rows);
}

static void test_files(void **state)
{
        World w;
        Batch *rows = new_rows(&files_schema), *processes = new_rows(&process_schema);

        world_begin(&w);
        add_row(rows, 0.0, 7.0, 900.0, 1024.0, NOTHING, NOTHING);
        add_row(rows, 0.0, 8.0, 15.0, 16.0, NOTHING, NOTHING); /* means it */
        add_row(rows, 0.0, NOTHING, NOTHING, NOTHING, 9000.0, 10000.0);
        add_row(rows, 0.0, 9.0, NOTHING, 1024.0, NOTHING, 0.0);
        assert_int_equal(detect_observe(w.detect, "files", rows, true), 0);
        add_row(processes, 7.0, 4711.0, "httpd", "/usr/sbin/httpd -k start", 0.0, NOTHING);
        world_give(&w, processes);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 2);
        assert_string_equal(world_find(&w, "open-files", NULL)->title, "9,000 of 10,000 files that the machine may have open were open (90.0 %)");
        const Finding *f = world_find(&w, "process-files", "7");
        assert_int_equal(f->pid, 4711);
        assert_string_equal(f->title, "httpd had 900 of the 1,024 files open that it may have (87.9 %)");
        assert_string_equal(f->evidence, "most at 0 s; pid 4711: /usr/sbin/httpd -k start");
        world_end(&w);
        batch_free(rows);
        batch_free(processes);
}

static void test_process_memory(void **state)
{
        World w;
        Batch *rows = new_rows(&process_schema), *samples = new_rows(&sample_schema);
        const double gib = (double)(1ull << 30);

        world_begin(&w); /* a machine of 16 GiB */
        add_row(rows, 1.0, 100.0, "cc1plus", "cc1plus a.cpp", 0.0, 1.5 * gib);
        for (unsigned i = 0; i < 6; i++)
                add_row(rows, 2.0 + i, 101.0 + i, "ld", "ld -o x", 0.0, (2.0 + i / 4.0) * gib);
        add_row(rows, 9.0, 300.0, NULL, NULL, NOTHING, NOTHING);
        world_give(&w, rows);
        add_row(samples, SECOND, 7.0, gib, gib);
        add_row(samples, 2 * SECOND, 7.0, 2 * gib, gib);
        add_row(samples, 3 * SECOND, 7.0, gib, gib);
        world_give(&w, samples);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        const Finding *f = found->items[0];
        assert_int_equal(f->severity, SEVERITY_INFO);
        assert_int_equal(f->pid, 106);
        assert_int_equal(f->t_ns, 2 * NS_PER_SECOND);
        assert_string_equal(f->title, "one process, ld, took 20.3 % of memory: 3.25 GiB");
        assert_string_equal(f->evidence, "of 16 GiB; pid 106: ld -o x; then ld 3 GiB, ld 2.75 GiB, ld 2.5 GiB and 2 more over 10.0 %");
        world_end(&w);
        world_begin(&w);
        w.context.facts.memory_bytes = 0;
        detect_set_facts(w.detect, &w.context.facts);
        add_row(rows, 1.0, 100.0, "cc1plus", "cc1plus a.cpp", 0.0, 1e18);
        world_give(&w, rows);
        assert_int_equal(world_finish(&w)->n, 0);
        world_end(&w);
        batch_free(rows);
        batch_free(samples);
}

static void test_store(void **state)
{
        World w;
        Batch *rows = new_rows(&store_schema);

        world_begin(&w);
        add_row(rows, 0.0, "/nix/store", "nix database", 0, NOTHING, 1e9); /* a count under way */
        add_row(rows, SECOND, "/nix/store", "nix database", 1, NOTHING, 50e9);
        add_row(rows, 2 * SECOND, "/root/.ccache", "ccache statistics", 1, 5e9, 5e9);
        add_row(rows, 30 * SECOND, "/nix/store", "nix database", 1, NOTHING, 62e9);
        add_row(rows, 30 * SECOND, "/root/.ccache", "ccache statistics", 1, 1e9, 5e9);
        add_row(rows, 30 * SECOND, NULL, NULL, 1, 1e18, 1e18);
        world_give(&w, rows);
        const Findings *found = world_finish(&w);
        assert_int_equal(found->n, 1);
        assert_string_equal(found->items[0]->subject, "/nix/store");
        assert_int_equal(found->items[0]->severity, SEVERITY_INFO);
        assert_string_equal(found->items[0]->title, "/nix/store grew by 11.2 GiB");
        assert_non_null(strstr(found->items[0]->advice, "nix-collect-garbage"));
        world_end(&w);
        batch_free(rows);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tasks), cmocka_unit_test(test_files), cmocka_unit_test(test_process_memory),
                cmocka_unit_test(test_store),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
