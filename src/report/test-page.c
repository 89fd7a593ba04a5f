/* The page over runs on disk: its data read back as a browser does and held against what the tables say;
 * hostile texts; runs of nothing, of one process, cut short; a size that is kept. The JSON's shape is a
 * golden (tests/golden/page-build.json): VIGIA_UPDATE_GOLDEN=1 writes it anew. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/test-source.h"
#include "report/page-decode.h"
#include "report/page-fixture.h"
#include "report/page-internal.h"
#include "table/process-tables.h"

/* At each level: the tallest stack, and where the category is at most. */
static void check_stacks(const Read *r, const char *name, double tallest)
{
        const json_t *levels = json_object_get(read_metric(r, name), "levels"), *level, *series;
        size_t i, k;

        assert_true(json_array_size(levels) >= 1);
        json_array_foreach(levels, i, level) {
                size_t n, m;
                double *t = read_numbers(r, level, "t", &n), *sums = calloc(n + 1, sizeof *sums), most = 0;
                json_array_foreach(json_object_get(level, "series"), k, series) {
                        double *values = read_numbers(r, series, "max", &m);
                        assert_int_equal(m, n);
                        for (size_t at = 0; at < n; at++)
                                sums[at] += isnan(values[at]) ? 0 : values[at];
                        free(values);
                }
                for (size_t at = 0; at < n; at++) {
                        most = fmax(most, sums[at]);
                        assert_true(at == 0 || t[at] > t[at - 1]);
                }
                if (fabs(most - tallest) > 1024)
                        fail_msg("%s, level %zu: %.0f, not %.0f", name, i, most, tallest);
                free(sums);
                free(t);
        }
}

static void test_totals_and_stacks(void **state)
{
        Made m;
        Read r;
        const json_t *level;
        size_t i;

        made_build(&m);
        read_page(&m, 0, &r);
        json_array_foreach(json_object_get(json_object_get(r.page, "totals"), "levels"), i, level) {
                const json_t *columns = json_object_get(level, "columns");
                assert_int_equal((uint64_t)read_highest(&r, json_object_get(columns, "pss_bytes"), "max"), m.most_pss);
                assert_int_equal((uint64_t)read_highest(&r, json_object_get(columns, "rss_bytes"), "max"), m.most_rss);
                assert_int_equal((uint64_t)read_highest(&r, json_object_get(columns, "processes"), "max"), m.most_alive);
                assert_true(fabs(read_highest(&r, json_object_get(columns, "cpu"), "max") - 3) < 1e-3);
        }
        assert_true(i >= 1);
        check_stacks(&r, "pss", (double)m.most_pss); /* with make's, which was never sampled: the tree's peak */
        check_stacks(&r, "rss", (double)m.most_rss - 5 * MIB);
        assert_null(read_metric(&r, "nonsense"));
        read_done(&r);
        made_done(&m);
}

/* What was used in all buckets together is what all processes used. */
static void test_cpu_adds_up(void **state)
{
        Made m;
        Read r;
        const json_t *level, *series;
        size_t i, k;

        made_build(&m);
        read_page(&m, 0, &r);
        double duration = json_number_value(json_object_get(r.page, "duration_s"));
        json_array_foreach(json_object_get(read_metric(&r, "cpu"), "levels"), i, level) {
                double seconds = 0;
                size_t n, n_t;
                double *t = read_numbers(&r, level, "t", &n_t);
                json_array_foreach(json_object_get(level, "series"), k, series) {
                        double *cores = read_numbers(&r, series, "max", &n);
                        for (size_t at = 0; at < n; at++)
                                seconds += isnan(cores[at]) ? 0
                                           : cores[at] * ((at + 1 < n ? t[at + 1] : duration) - t[at]);
                        free(cores);
                }
                free(t);
                if (fabs(seconds - (double)m.cpu_us / 1e6) > 0.02 * (double)m.cpu_us / 1e6)
                        fail_msg("level %zu: %f s, not %f", i, seconds, (double)m.cpu_us / 1e6);
        }
        read_done(&r);
        made_done(&m);
}

static void test_processes(void **state)
{
        Made m;
        Read r;
        size_t n, n_texts;
        bool hostile = false;

        made_build(&m);
        read_page(&m, 0, &r);
        const json_t *p = json_object_get(r.page, "processes"), *categories = json_object_get(r.page, "categories");
        assert_int_equal(json_integer_value(json_object_get(p, "count")), m.n_processes);
        assert_int_equal(json_integer_value(json_object_get(p, "told")), m.n_processes);
        double *start = read_numbers(&r, p, "start_s", &n), *end = read_numbers(&r, p, "end_s", &n);
        double *pid = read_numbers(&r, p, "pid", &n), *parent = read_numbers(&r, p, "parent", &n);
        double *code = read_numbers(&r, p, "exit_code", &n), *category = read_numbers(&r, p, "category", &n);
        double *cpu = read_numbers(&r, p, "cpu_s", &n), *name = read_numbers(&r, p, "name", &n);
        size_t names_at = (size_t)json_integer_value(json_object_get(p, "names"));
        size_t lines_at = (size_t)json_integer_value(json_object_get(p, "cmdline"));
        char **names = page_decode_texts(r.page, &r.data, names_at, &n_texts);
        char **lines = page_decode_texts(r.page, &r.data, lines_at, &n_texts);
        assert_true(names && lines);
        assert_int_equal(n_texts, n);
        assert_true(parent[0] == -1 && pid[0] == 4001 && start[0] == 0 && end[0] == TICKS * TICK_MS / 1000);
        for (size_t i = 1; i < n; i++) {
                const json_t *c = json_array_get(categories, (size_t)category[i]);
                assert_string_equal(json_string_value(json_object_get(c, "category")), names[(size_t)name[i]]);
                assert_true(parent[i] == 0 && start[i] >= start[i - 1] && end[i] > start[i]);
                assert_true(fabs(cpu[i] - (end[i] - start[i]) * 0.9) < 1e-4);
                if (pid[i] == 4090) { /* wrong bytes became U+FFFD, all else is as it was */
                        assert_non_null(strstr(lines[i], "</script><script>alert(1)</script>"));
                        assert_non_null(strstr(lines[i], "\xef\xbf\xbd\xef\xbf\xbd \xe2\x80\xae evil\nline \\n"));
                        hostile = true;
                }
                assert_true(code[i] == (pid[i] == 4009 ? 1 : 0));
        }
        assert_true(hostile);
        page_decode_texts_free(names);
        page_decode_texts_free(lines);
        double *all[] = {start, end, pid, parent, code, category, cpu, name};
        for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
                free(all[i]);
        read_done(&r);
        made_done(&m);
}

/* What a process held at a time is what its last sample before said, but for a twentieth or 64 KiB. */
static void test_samples(void **state)
{
        Made m;
        Read r;
        size_t n, n_p, checked = 0;
        uint64_t key, pss;

        made_build(&m);
        read_page(&m, 0, &r);
        const json_t *s = json_object_get(r.page, "samples");
        double *row = read_numbers(&r, s, "process", &n), *t = read_numbers(&r, s, "t", &n), *bytes = read_numbers(&r, s, "bytes", &n);
        double *pid = read_numbers(&r, json_object_get(r.page, "processes"), "pid", &n_p);
        for (uint64_t t_ms = 0; t_ms < TICKS * TICK_MS; t_ms += TICK_MS)
                for (uint64_t k = 0; k < JOBS; k++) {
                        double told = NAN;
                        if (!made_job(t_ms, k, &key, &pss))
                                continue;
                        for (size_t i = 0; i < n; i++)
                                if (pid[(size_t)row[i]] == (double)(4000 + key) && t[i] <= (double)t_ms / 1e3 + 1e-6)
                                        told = bytes[i];
                        if (!(fabs(told - (double)pss) <= (double)pss / 19 + 66000))
                                fail_msg("%u at %u ms: %f, not %f", (unsigned)key, (unsigned)t_ms, told, (double)pss);
                        checked++;
                }
        assert_true(checked > 500);
        free(row);
        free(t);
        free(bytes);
        free(pid);
        read_done(&r);
        made_done(&m);
}

/* A table that nobody knows, by its Schema; events as such. */
static void test_tables(void **state)
{
        Made m;
        Read r;

        made_build(&m);
        read_page(&m, 0, &r);
        const json_t *heat = read_table(&r, "heat"), *columns = json_object_get(heat, "columns"), *series;
        assert_string_equal(json_string_value(json_object_get(heat, "title")), "Heat");
        assert_string_equal(json_string_value(json_array_get(json_object_get(heat, "keys"), 0)), "zone");
        assert_int_equal(json_array_size(columns), 2);
        assert_string_equal(json_string_value(json_object_get(json_array_get(columns, 0), "label")), "heat");
        assert_string_equal(json_string_value(json_object_get(json_array_get(columns, 0), "unit")), "celsius");
        assert_string_equal(json_string_value(json_object_get(json_array_get(columns, 1), "unit")), "ratio");
        assert_int_equal(json_array_size(json_object_get(heat, "series")), 4);
        double most = 0;
        size_t i;
        json_array_foreach(json_object_get(heat, "series"), i, series) {
                const json_t *level = json_array_get(json_object_get(series, "levels"), 0);
                double value = read_highest(&r, level, "max");
                if (json_integer_value(json_object_get(series, "column")) == 0)
                        most = fmax(most, value);
                else
                        assert_true(fabs(value - 0.25) < 1e-4); /* 250 ms a second */
        }
        assert_true(most == m.most_celsius);
        const json_t *event = json_array_get(json_object_get(read_table(&r, "events"), "events"), 0);
        assert_string_equal(json_string_value(json_object_get(event, "title")), "suspend");
        assert_true(json_number_value(json_object_get(event, "t_s")) == 7);
        assert_null(read_table(&r, "processes"));
        assert_null(read_table(&r, "samples"));
        read_done(&r);
        made_done(&m);
}

static size_t count(const char *text, const char *what)
{
        size_t n = 0;

        for (; (text = strcasestr(text, what)); text++)
                n++;
        return n;
}

/* The file around it: whatever strangers wrote, there are four script elements and they end where ours end. */
static void test_html(void **state)
{
        _cleanup_string_ String out = {0}, text = {0};
        Made m;
        Read r;
        PageSections sections;

        made_build(&m);
        m.info.label = (char *)"</title><script>alert(2)</script>";
        read_page(&m, 0, &r);
        assert_int_equal(page_sections_init(&sections), 0);
        const ReportData data = {.info = &m.info};
        string_add(&text, "make <b>succeeded</b> & \x1b[31m more\n");
        assert_int_equal(page_write_html(&data, &text, &r.json, &sections, &out), 0);
        assert_int_equal(count(string_get(&out), "<script"), 3);
        assert_int_equal(count(string_get(&out), "</script"), 3);
        assert_int_equal(count(string_get(&out), "<!--"), 0);
        assert_int_equal(count(string_get(&out), "</title>"), 1);
        assert_non_null(strstr(string_get(&out), "make &lt;b&gt;succeeded&lt;/b&gt; &amp; \xef\xbf\xbd[31m more\n</pre>"));
        assert_non_null(strstr(string_get(&out), "default-src 'none'; script-src 'sha256-"));
        const char *json = strstr(string_get(&out), "id=\"vigia-page\">");
        assert_non_null(json);
        const char *end = strchr(json, '<');
        assert_true(strncmp(end, "</script>", 9) == 0);
        json = strchr(json, '>') + 1;
        json_t *again = json_loadb(json, (size_t)(end - json), 0, NULL);
        assert_true(json_equal(again, r.page));
        json_decref(again);
        page_sections_done(&sections);
        read_done(&r);
        made_done(&m);
}

/* Of very many things the first ones, and the one that stands for all whenever it comes. */
static void test_many_things(void **state)
{
        enum { ZONES = 200, TOLD = 128 };
        Made m;
        Read r;
        const json_t *series;
        size_t i;
        bool whole = false;

        made_init(&m);
        for (uint64_t t = 0; t < 4; t++)
                for (unsigned zone = 0; zone < ZONES; zone++) {
                        char name[16] = "";
                        if (zone != ZONES - 1)
                                snprintf(name, sizeof name, "z%u", zone);
                        Batch *b = m.rows[4];
                        assert_int_equal(batch_add_row(b), 0);
                        batch_set_i64(b, 1, (int64_t)(t * NS_PER_SECOND));
                        assert_int_equal(batch_set_text(b, 2, name, strlen(name)), 0);
                        batch_set_f64(b, 3, 20 + zone);
                        batch_set_u64(b, 4, t * 250000);
                }
        read_page(&m, 0, &r);
        const json_t *all = json_object_get(read_table(&r, "heat"), "series");
        assert_int_equal(json_array_size(all), TOLD * 2);
        json_array_foreach(all, i, series) {
                const char *key = json_string_value(json_object_get(series, "key"));
                whole |= *key == '\0';
                uint64_t zone = 0;
                assert_true(*key == '\0' || (parse_u64z(key + 1, &zone) == 0 && zone < TOLD - 1));
        }
        assert_true(whole);
        const json_t *left_out = json_object_get(json_object_get(r.page, "budget"), "left_out");
        assert_string_equal(json_string_value(json_array_get(left_out, 0)), "72 of 200 things of heat");
        read_done(&r);
        made_done(&m);
}

/* A table that shows what a finding is about says so. */
static void test_findings_of_tables(void **state)
{
        Made m;
        Read r;

        made_build(&m);
        Batch *b = m.rows[3];
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, EVENT_T_NS, 9 * (int64_t)NS_PER_SECOND);
        assert_int_equal(batch_set_text(b, EVENT_KIND, "oom-kill", 8), 0);
        assert_int_equal(batch_set_text(b, EVENT_SEVERITY, "critical", 8), 0);
        assert_int_equal(batch_set_text(b, EVENT_TEXT, "killed", 6), 0);
        read_page(&m, 0, &r);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(json_object_get(r.page, "report"),
                                                                                             "findings"), 0), "id")), "oom");
        assert_int_equal(json_integer_value(json_object_get(read_table(&r, "events"), "findings")), 1);
        assert_int_equal(json_integer_value(json_object_get(read_table(&r, "heat"), "findings")), 0);
        read_done(&r);
        made_done(&m);
}

/* Where nobody looked for longer than a few ticks nothing is known: no level is drawn through it. */
static void test_gap(void **state)
{
        Made m;
        Read r;
        const json_t *level;
        size_t i, n, n_values;

        made_init(&m);
        made_process(&m, 1, 0, "make", "BuildSystem", "make -j4", 0, TICKS * TICK_MS, 4 * MIB, 0);
        for (uint64_t k = 0; k < BUILT; k++)
                made_process(&m, k + 2, 1, "cc1", "CPP_Compile", "cc1", k / JOBS * 2000 + 10, k / JOBS * 2000 + 1920, MIB, 0);
        for (uint64_t t = 0; t < TICKS * TICK_MS; t += TICK_MS)
                if (t < 6000 || t >= 13000)
                        made_tick(&m, t, JOBS);
        read_page(&m, 0, &r);
        json_array_foreach(json_object_get(json_object_get(r.page, "totals"), "levels"), i, level) {
                double *t = read_numbers(&r, level, "t", &n);
                double *pss = read_numbers(&r, json_object_get(json_object_get(level, "columns"), "pss_bytes"), "max", &n_values);
                assert_int_equal(n, n_values);
                for (size_t at = 0; at + 1 < n; at++)
                        if (isnan(pss[at]) != (t[at] > 5.96 && t[at + 1] < 13))
                                fail_msg("level %zu at %f s: %f", i, t[at], pss[at]);
                free(t);
                free(pss);
        }
        level = json_array_get(json_object_get(read_metric(&r, "pss"), "levels"), 0);
        double *t = read_numbers(&r, level, "t", &n);
        double *pss = read_numbers(&r, json_array_get(json_object_get(level, "series"), 0), "max", &n_values);
        size_t unknown = 0;
        for (size_t at = 0; at < n; at++)
                unknown += isnan(pss[at]) && t[at] > 6 && t[at] < 13;
        assert_true(unknown > 100);
        free(t);
        free(pss);
        read_done(&r);
        made_done(&m);
}

static void test_nothing(void **state)
{
        Made m;
        Read r;

        made_init(&m);
        m.info.complete = false; /* died at once */
        m.info.wall_ns = RUN_UNKNOWN;
        m.info.interval_ns = 0;
        m.info.exit_code = -1;
        m.info.start_realtime_ns = 0;
        m.info.recorder_died = (char *)"killed";
        read_page(&m, 0, &r);
        assert_int_equal(json_array_size(json_object_get(r.page, "categories")), 0);
        assert_int_equal(json_array_size(json_object_get(r.page, "tables")), 0);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(r.page, "processes"), "count")), 0);
        assert_true(json_is_null(json_object_get(r.page, "samples")));
        assert_true(json_is_null(json_object_get(r.page, "start")));
        assert_true(json_number_value(json_object_get(r.page, "duration_s")) > 0);
        read_done(&r);
        made_done(&m);
}

/* One process, never sampled, still alive: as `vigia report` shows a run that goes on. */
static void test_one_process(void **state)
{
        Made m;
        Read r;
        size_t n;

        made_init(&m);
        m.info.wall_ns = RUN_UNKNOWN;
        m.info.complete = false;
        made_process(&m, 1, 0, "sleep", "Other", "sleep 60", 0, 0, MIB, 0);
        made_tick(&m, 1500, 0);
        read_page(&m, 0, &r);
        const json_t *p = json_object_get(r.page, "processes");
        double *end = read_numbers(&r, p, "end_s", &n);
        assert_int_equal(n, 1);
        assert_true(isnan(end[0]));
        free(end);
        assert_true(fabs(json_number_value(json_object_get(r.page, "duration_s")) - 1.5) < 1e-9);
        read_done(&r);
        made_done(&m);
}

/* Tables of strangers: other types under our names, times from one end of the world to the other. */
static void test_strange_tables(void **state)
{
        static const Column processes[] = {
                {"process", COLUMN_U64, ROLE_KEY, UNIT_NONE, NULL, 0}, {"comm", COLUMN_U64, ROLE_GAUGE, UNIT_NONE, NULL, 0},
                {"cmdline", COLUMN_F64, ROLE_GAUGE, UNIT_NONE, NULL, 0}, {"category", COLUMN_I64, ROLE_GAUGE, UNIT_NONE, NULL, 0},
                {"major", COLUMN_U64, ROLE_GAUGE, UNIT_NONE, NULL, 0}, {"start_ns", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL, 0},
                {"end_ns", COLUMN_I64, ROLE_GAUGE, UNIT_NS, NULL, 0}, {"cpu_us", COLUMN_U64, ROLE_GAUGE, UNIT_US, NULL, 0},
                {"parent", COLUMN_U64, ROLE_GAUGE, UNIT_NONE, NULL, 0}};
        static const Column totals[] = {
                {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, NULL, 0}, {"pss_bytes", COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, NULL, 0},
                {"rss_bytes", COLUMN_F64, ROLE_COUNTER, UNIT_BYTES, NULL, 0}};
        static const Schema schemas[] = {{"processes", processes, ARRAY_LENGTH(processes)},
                                         {"totals", totals, ARRAY_LENGTH(totals)}};
        static const uint64_t cells[] = {0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN, 1ull << 33, 0x7ff0000000000000};
        const RunStoreOptions options = {.codec = PARQUET_NONE, .id = "strange"};
        Made m;
        Read r;
        Error err = {0};

        made_init(&m);
        run_store_free(m.store);
        directory_remove(AT_FDCWD, m.path);
        assert_int_equal(directory_make(m.path, 0755), 0);
        assert_int_equal(run_store_new(m.path, &options, &m.store, &err), 0);
        m.info.wall_ns = RUN_UNKNOWN;
        for (size_t i = 0; i < ARRAY_LENGTH(schemas); i++) {
                Sink *sink;
                Batch *b;
                assert_int_equal(run_store_add_table(m.store, &schemas[i], &sink, &err), 0);
                assert_int_equal(batch_new(&schemas[i], 4096, 1 << 20, &b), 0);
                for (size_t row = 0; row < 49; row++) {
                        assert_int_equal(batch_add_row(b), 0);
                        for (size_t c = 0; c < schemas[i].n_columns; c++)
                                if (schemas[i].columns[c].type == COLUMN_TEXT)
                                        assert_int_equal(batch_set_text(b, c, "soon", 4), 0);
                                else
                                        batch_set_cell(b, c, cells[(row + c * row / 7) % ARRAY_LENGTH(cells)]);
                }
                assert_int_equal(sink_write(sink, b, &err), 0);
                batch_free(b);
        }
        for (size_t i = 0; i < ARRAY_LENGTH(m.rows); i++)
                m.rows[i] = batch_free(m.rows[i]);
        assert_int_equal(run_store_finish(m.store, &err), 0);
        m.store = run_store_free(m.store);
        read_page(&m, 0, &r);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(r.page, "processes"), "count")), 49);
        assert_true(isfinite(json_number_value(json_object_get(r.page, "duration_s"))));
        read_done(&r);
        made_done(&m);
}

/* A small page says what it lacks, and the peak is on it all the same. */
static void test_size_is_kept(void **state)
{
        enum { PROCESSES = 3800, SIZE = 500000 };
        Made m;
        Read r;
        const json_t *level;
        char line[700];
        size_t i;

        made_build(&m);
        for (uint64_t k = 0; k < PROCESSES; k++) {
                size_t size = (size_t)snprintf(line, sizeof line, "tool %u ", (unsigned)(k * 2654435761u));
                for (; size + 9 < sizeof line; size += 8)
                        snprintf(line + size, 9, "%08x", (unsigned)((k + 1) * (size + 1) * 2654435761u));
                made_process(&m, 100 + k, 1, "tool", "Scripting", line, 20 + k * 3, 21 + k * 5, MIB + k * 4096, 0);
        }
        read_page(&m, SIZE, &r);
        if (r.json.size + r.base64.size > SIZE)
                fail_msg("%zu bytes", r.json.size + r.base64.size);
        assert_true(json_array_size(json_object_get(json_object_get(r.page, "budget"), "left_out")) > 0);
        const json_t *p = json_object_get(r.page, "processes");
        assert_int_equal(json_integer_value(json_object_get(p, "count")), m.n_processes);
        assert_true(json_integer_value(json_object_get(p, "told")) > 1000);
        json_array_foreach(json_object_get(json_object_get(r.page, "totals"), "levels"), i, level)
                assert_int_equal((uint64_t)read_highest(&r, json_object_get(json_object_get(level, "columns"), "pss_bytes"), "max"),
                                 m.most_pss);
        check_stacks(&r, "pss", (double)m.most_pss);
        read_done(&r);
        made_done(&m);
}

/* What differs with the library that deflates is left out, and the report, which has its own goldens. */
static void test_golden(void **state)
{
        Made m;
        Read r;
        json_t *section;
        size_t i;

        setenv("TZ", "UTC-1", 1);
        tzset();
        made_build(&m);
        read_page(&m, 0, &r);
        json_array_foreach(json_object_get(r.page, "sections"), i, section) {
                json_object_del(section, "offset");
                json_object_del(section, "size");
                json_object_del(section, "codec");
        }
        json_object_set_new(r.page, "version", json_string("VERSION"));
        json_object_set_new(r.page, "report", json_null());
        char *text = json_dumps(r.page, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
        expect_golden("page-build.json", text);
        free(text);
        read_done(&r);
        made_done(&m);
}

static void test_labels_and_units(void **state)
{
        static const struct {
                const char *name, *label, *unit;
                ColumnRole role;
                Unit in;
                double scale;
        } columns[] = {
                {"rss_anon_bytes", "rss anon", "bytes", ROLE_GAUGE, UNIT_BYTES, 1},
                {"read_bytes", "read", "bytes/s", ROLE_COUNTER, UNIT_BYTES, 1},
                {"some_us", "some", "ratio", ROLE_COUNTER, UNIT_US, 1e-6},
                {"waited_ms", "waited", "seconds", ROLE_GAUGE, UNIT_MS, 1e-3},
                {"package_uj", "package", "watts", ROLE_COUNTER, UNIT_MICROJOULES, 1e-6},
                {"forks", "forks", "count/s", ROLE_COUNTER, UNIT_NONE, 1},
                {"load_1", "load 1", "", ROLE_GAUGE, UNIT_NONE, 1},
                {"bytes", "bytes", "bytes", ROLE_GAUGE, UNIT_BYTES, 1},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
                _cleanup_string_ String label = {0};
                const Column c = {columns[i].name, COLUMN_U64, columns[i].role, columns[i].in, NULL, 0};
                double scale;
                page_column_label(&label, columns[i].name);
                assert_string_equal(string_get(&label), columns[i].label);
                assert_string_equal(page_unit(&c, &scale), columns[i].unit);
                assert_true(scale == columns[i].scale);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_totals_and_stacks), cmocka_unit_test(test_cpu_adds_up),
                cmocka_unit_test(test_processes),         cmocka_unit_test(test_samples),
                cmocka_unit_test(test_tables),            cmocka_unit_test(test_html),
                cmocka_unit_test(test_nothing),           cmocka_unit_test(test_one_process),
                cmocka_unit_test(test_size_is_kept),      cmocka_unit_test(test_labels_and_units),
                cmocka_unit_test(test_findings_of_tables), cmocka_unit_test(test_gap), cmocka_unit_test(test_strange_tables), cmocka_unit_test(test_many_things), cmocka_unit_test(test_golden),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
