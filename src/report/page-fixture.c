/* Four jobs at a time, each growing its own way; what is written is counted on the way. */
#include "report/page-fixture.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "report/page-decode.h"
#include "report/page.h"
#include "table/columns.h"
#include "table/process-tables.h"

/* A declared monitor's table: no code knows it. */
static const Column heat_columns[] = {
        KEY("time", TIME, NONE, NULL),
        KEY("t_ns", I64, NS, NULL),
        KEY("zone", TEXT, NONE, "which"),
        GAUGE("heat_c", F64, CELSIUS, "of the zone"),
        COUNTER("spun_us", U64, US, "time its fan turned"),
        WORDS("note", "not a figure"),
};
static const Schema heat_schema = {"heat", heat_columns, ARRAY_LENGTH(heat_columns)};

void made_init(Made *m)
{
        const RunStoreOptions options = {.codec = PARQUET_NONE, .id = "20261120-101502-make", .host = "alder"};
        Sink **sinks[] = {&m->processes, &m->samples, &m->totals, &m->events, &m->heat};
        const Schema *schemas[] = {&processes_schema, &samples_schema, &totals_schema, &events_schema, &heat_schema};
        Error err = {0};

        *m = (Made){.path = "/tmp/vigia-page-XXXXXX", .most_celsius = NAN};
        assert_non_null(mkdtemp(m->path));
        assert_int_equal(run_store_new(m->path, &options, &m->store, &err), 0);
        for (size_t i = 0; i < ARRAY_LENGTH(sinks); i++) {
                assert_int_equal(run_store_add_table(m->store, schemas[i], sinks[i], &err), 0);
                assert_int_equal(batch_new(schemas[i], 4096, 4 << 20, &m->rows[i]), 0);
        }
        run_info_init(&m->info);
        RunInfo *i = &m->info;
        m->command[0] = (char *)"make";
        m->command[1] = (char *)"-j4";
        i->format = RUN_FORMAT;
        i->id = (char *)"20261120-101502-make";
        i->label = (char *)"make";
        i->vigia_version = (char *)"0.1.0";
        i->host = (char *)"alder";
        i->kernel = (char *)"6.12.0";
        i->machine = (char *)"x86_64";
        i->cpus = 4;
        i->memory_bytes = 8ull << 30;
        i->command = m->command;
        i->start_realtime_ns = 1795169702123456789;
        i->wall_ns = TICKS * TICK_MS * NS_PER_MS;
        i->exit_code = 0;
        i->complete = true;
        i->interval_ns = TICK_MS * NS_PER_MS;
        i->capture_source = (char *)"bpf";
        i->rules = (char *)"builtin";
}

/* Writes what there is to disk; the run can be read then. */
RunReader *made_open(Made *m)
{
        Sink *sinks[] = {m->processes, m->samples, m->totals, m->events, m->heat};
        _cleanup_close_ int fd = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        RunReader *reader = NULL;
        Error err = {0};

        for (size_t i = 0; m->store && i < ARRAY_LENGTH(sinks); i++) {
                if (batch_rows(m->rows[i]) > 0)
                        assert_int_equal(sink_write(sinks[i], m->rows[i], &err), 0);
                m->rows[i] = batch_free(m->rows[i]);
        }
        if (m->store)
                assert_int_equal(run_store_finish(m->store, &err), 0);
        m->store = run_store_free(m->store);
        assert_int_equal(run_info_write(&m->info, fd, &err), 0);
        if (run_reader_open(m->path, &reader, &err) < 0)
                fail_msg("%s", err.message);
        return reader;
}

void made_done(Made *m)
{
        run_store_free(m->store);
        for (size_t i = 0; i < ARRAY_LENGTH(m->rows); i++)
                batch_free(m->rows[i]);
        directory_remove(AT_FDCWD, m->path);
}

static void set_text(Batch *b, size_t column, const char *text)
{
        assert_int_equal(batch_set_text(b, column, text, strlen(text)), 0);
}

void made_process(Made *m, uint64_t key, uint64_t parent, const char *program, const char *major,
                        const char *line, uint64_t start_ms, uint64_t end_ms, uint64_t peak, int code)
{
        Batch *b = m->rows[0];

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)(4000 + key));
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        set_text(b, PROCESS_COMM, program);
        set_text(b, PROCESS_CMDLINE, line);
        set_text(b, PROCESS_MAJOR, major);
        set_text(b, PROCESS_CATEGORY, program);
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(start_ms * NS_PER_MS));
        batch_set_i64(b, PROCESS_EXEC_NS, (int64_t)(start_ms * NS_PER_MS));
        if (end_ms)
                batch_set_i64(b, PROCESS_END_NS, (int64_t)(end_ms * NS_PER_MS));
        uint64_t cpu_us = (end_ms ? end_ms - start_ms : 1000) * 900;
        batch_set_u64(b, PROCESS_CPU_US, cpu_us);
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, peak);
        batch_set_i64(b, PROCESS_EXIT_CODE, code);
        m->cpu_us += cpu_us;
        m->n_processes++;
}

/* Of job k at a tick: which process, and what it holds; none in the pause between two. */
bool made_job(uint64_t t_ms, uint64_t k, uint64_t *key, uint64_t *pss)
{
        uint64_t each = TICKS * TICK_MS * JOBS / BUILT, turn = t_ms / each, within = t_ms % each;

        *key = 2 + turn * JOBS + k;
        *pss = (10 + within / 20 * (k + 1) + (turn == 5 && k == 3 && within == 1000 ? 777 : 0)) * MIB;
        return within > 0 && within + 100 < each;
}

void made_tick(Made *m, uint64_t t_ms, uint64_t n)
{
        uint64_t total = 4 * MIB, alive = 1, major[2] = {0}, key, pss;

        for (uint64_t k = 0; k < n; k++) {
                if (!made_job(t_ms, k, &key, &pss))
                        continue;
                Batch *b = m->rows[1];
                assert_int_equal(batch_add_row(b), 0);
                batch_set_i64(b, SAMPLE_T_NS, (int64_t)(t_ms * NS_PER_MS));
                batch_set_u64(b, SAMPLE_PROCESS, key);
                batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, pss + MIB);
                batch_set_u64(b, SAMPLE_PSS_BYTES, pss);
                batch_set_u64(b, SAMPLE_PSS_AGE_MS, 0);
                total += pss;
                alive++;
                major[key % 10 == 0] += pss;
        }
        for (size_t i = 0; i < 2; i++)
                m->most_major[i] = MAX(m->most_major[i], major[i]);
        m->most_pss = MAX(m->most_pss, total);
        m->most_rss = MAX(m->most_rss, total + alive * MIB);
        m->most_alive = MAX(m->most_alive, alive);
        Batch *b = m->rows[2];
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, TOTAL_T_NS, (int64_t)(t_ms * NS_PER_MS));
        batch_set_u64(b, TOTAL_PROCESSES, alive);
        batch_set_u64(b, TOTAL_PSS_BYTES, total);
        batch_set_u64(b, TOTAL_RSS_BYTES, total + alive * MIB);
        batch_set_u64(b, TOTAL_CPU_US, t_ms * 3000);
        for (unsigned zone = 0; t_ms % 1000 == 0 && zone < 2; zone++) {
                double celsius = 40 + (double)((t_ms / 1000 * 7 + zone * 3) % 31) / 2;
                m->most_celsius = fmax(m->most_celsius, celsius);
                b = m->rows[4];
                assert_int_equal(batch_add_row(b), 0);
                batch_set_i64(b, 1, (int64_t)(t_ms * NS_PER_MS));
                set_text(b, 2, zone ? "left" : "right <b>");
                batch_set_f64(b, 3, celsius);
                batch_set_u64(b, 4, t_ms * 250);
        }
}

/* Twenty seconds of a build: 40 compilers and linkers four at a time, a shell with hostile words. */
void made_build(Made *m)
{
        uint64_t each = TICKS * TICK_MS * JOBS / BUILT;
        char line[64];

        made_init(m);
        for (uint64_t i = 0; i < BUILT; i++) {
                bool link = (i + 2) % 10 == 0;
                snprintf(line, sizeof line, "%s part%u.c", link ? "ld -o" : "cc1 -quiet", (unsigned)i);
                made_process(m, i + 2, 1, link ? "ld" : "cc1", link ? "CPP_Link" : "CPP_Compile", line,
                            i / JOBS * each + 10, i / JOBS * each + each - 80, 900 * MIB, i == 7);
        }
        made_process(m, 90, 1, "sh", "Scripting", HOSTILE, 11, 13, MIB, 0);
        made_process(m, 1, 0, "make", "BuildSystem", "make -j4", 0, TICKS * TICK_MS, 4 * MIB, 0);
        for (uint64_t t = 0; t < TICKS * TICK_MS; t += TICK_MS)
                made_tick(m, t, JOBS);
        Batch *b = m->rows[3];
        assert_int_equal(batch_add_row(b), 0);
        batch_set_i64(b, EVENT_T_NS, 7 * (int64_t)NS_PER_SECOND);
        set_text(b, EVENT_KIND, "suspend");
        set_text(b, EVENT_SEVERITY, "info");
        set_text(b, EVENT_TEXT, "the machine was suspended for 60.0 s </script>");
}



void read_page(Made *m, size_t bytes, Read *ret)
{
        _cleanup_(run_reader_freep) RunReader *reader = made_open(m);
        const PageOptions options = {.bytes = bytes};
        json_error_t wrong;
        Error err = {0};

        *ret = (Read){0};
        if (report_page_data(reader, NULL, &options, &ret->json, &ret->base64, &err) < 0)
                fail_msg("%s", err.message);
        ret->page = json_loads(string_get(&ret->json), JSON_REJECT_DUPLICATES, &wrong);
        if (!ret->page)
                fail_msg("%s at %d", wrong.text, wrong.position);
        assert_int_equal(page_decode_base64(string_get(&ret->base64), ret->base64.size, &ret->data), 0);
}

void read_done(Read *r)
{
        json_decref(r->page);
        buffer_done(&r->data);
        string_done(&r->json);
        string_done(&r->base64);
}

double *read_numbers(const Read *r, const json_t *object, const char *key, size_t *n)
{
        const json_t *at = json_object_get(object, key);

        assert_true(json_is_integer(at));
        double *values = page_decode_numbers(r->page, &r->data, (size_t)json_integer_value(at), n);
        assert_non_null(values);
        return values;
}

double read_highest(const Read *r, const json_t *object, const char *key)
{
        size_t n;
        double *values = read_numbers(r, object, key, &n), most = NAN;

        for (size_t i = 0; i < n; i++)
                if (isnan(most) || values[i] > most)
                        most = values[i];
        free(values);
        return most;
}

const json_t *read_metric(const Read *r, const char *name)
{
        const json_t *metrics = json_object_get(r->page, "by_category"), *metric;
        size_t i;

        json_array_foreach(metrics, i, metric)
                if (strcmp(json_string_value(json_object_get(metric, "metric")), name) == 0)
                        return metric;
        return NULL;
}

const json_t *read_table(const Read *r, const char *name)
{
        const json_t *table;
        size_t i;

        json_array_foreach(json_object_get(r->page, "tables"), i, table)
                if (strcmp(json_string_value(json_object_get(table, "name")), name) == 0)
                        return table;
        return NULL;
}

