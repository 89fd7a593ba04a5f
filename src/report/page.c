/* One reading of the tables feeds the summary, the series by category, the list of processes and the sums;
 * monitors' tables follow one by one. Then everything is told coarse first, fine while there is room. */
#include "report/page.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "report/page-bundle.h"
#include "report/page-internal.h"

enum {
        PAGE_FORMAT = 1,
        PROCESS_BYTES = 15,     /* of the sections that a process takes without its command line */
        SAMPLE_BYTES = 6,
};

/* ---- small things ---- */

bool page_fits(const PageMaker *page, double share)
{
        size_t data = (page->sections.data.size - page->data_before + page->reserved) / 3 * 4;
        size_t json = page->json.size + (page->sections.n - page->sections_before) * PAGE_SECTION_BYTES;

        return (double)(data + json) <= (double)page->bytes * share;
}

size_t page_factors(size_t n, size_t coarsest, size_t ret[PAGE_LEVELS])
{
        size_t factor = (n + coarsest - 1) / coarsest, levels = 0;

        if (n > coarsest * 3 / 2)
                ret[levels++] = factor;
        if (factor / PAGE_FINER > 1)
                ret[levels++] = factor / PAGE_FINER;
        ret[levels++] = 1;
        return levels;
}

void page_leave_out(PageMaker *page, const char *format, ...)
{
        char text[256];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        string_add(&page->left_out, page->left_out.size > 0 ? "," : "");
        page_add_text(&page->left_out, text);
}

void page_take_back(String *text, size_t size)
{
        if (!text->text || size > text->size)
                return;
        text->size = size;
        text->text[size] = '\0';
}

void page_add_text(String *to, const char *text)
{
        json_add_text(&(Json){.out = to}, NULL, text);
}

void page_add_number(String *to, double value)
{
        json_add_number(&(Json){.out = to}, NULL, value, 12);
}

/* ---- reading ---- */

static const char *const total_columns[] = {"t_ns",       "pss_bytes", "rss_bytes", "cgroup_bytes", "swap_bytes",
                                            "processes",  "threads",   "cpu_us",    "read_bytes",   "write_bytes",
                                            NULL};

/* All columns that somebody on the page wants of a table. */
static const char *const *tap_columns(const char *table)
{
        static const char *const processes[] = {
                "process", "pid", "parent", "comm", "exe", "cmdline", "major", "category", "start_ns", "exec_ns",
                "end_ns", "exit_code", "exit_signal", "cpu_us", "user_us", "system_us", "peak_rss_bytes",
                "peak_pss_bytes", NULL};
        static const char *const samples[] = {"t_ns", "process", "rss_anon_bytes", "rss_file_bytes",
                                              "rss_shmem_bytes", "pss_bytes", "user_us", "system_us", NULL};

        return text_equal(table, "processes") ? processes : text_equal(table, "samples") ? samples
               : text_equal(table, "totals")  ? total_columns : NULL;
}

static int tap_observe(const SummaryBuilder *summary, const char *table, const Batch *rows, void *data)
{
        PageMaker *page = data;
        int r = 0;

        if (text_equal(table, "totals") && !page->totals)
                r = MIN(page_begin_totals(page, batch_schema(rows)), 0);
        if (r == 0 && text_equal(table, "totals") && page->totals)
                r = column_series_observe(page->totals, rows);
        if (r == 0 && !page->extent.overlay)
                r = process_list_observe(&page->processes, summary, table, rows);
        return r == 0 ? category_series_observe(page->builder, table, rows) : r;
}

static int tap_learn(const Batch *processes, void *data)
{
        const PageMaker *page = data;

        return category_series_learn(page->builder, processes);
}

/* The latest time in a table, as far as it can be read. */
static int64_t last_of(RunReader *reader, const char *table, const char *column)
{
        _cleanup_(run_cursor_freep) RunCursor *cursor = NULL;
        const char *const columns[] = {column};
        const ParquetSelection selection = {.columns = columns, .n_columns = 1};
        const Batch *rows;
        Error why = {0};
        int64_t last = 0;

        if (run_cursor_new(reader, table, &selection, &cursor, &why) < 0)
                return 0;
        while (run_cursor_next(cursor, &rows, &why) > 0)
                for (size_t row = 0; row < batch_rows(rows); row++)
                        if (!batch_is_null(rows, 0, row))
                                last = MAX(last, batch_sane_ns((uint64_t)batch_i64(rows, 0, row)));
        return last;
}

/* Before anything else is read, since time is cut into pieces; the last tick is often a bit behind the end. */
static int64_t end_of(RunReader *reader)
{
        const RunInfo *info = run_reader_info(reader);
        int64_t end = last_of(reader, "totals", "t_ns");

        if (info->wall_ns != RUN_UNKNOWN)
                end = MAX(end, (int64_t)MIN(info->wall_ns, (uint64_t)INT64_MAX / 4));
        else
                end = MAX(end, last_of(reader, "processes", "end_ns"));
        return MAX(end, (int64_t)NS_PER_MS);
}

static size_t bytes_of(const PageOptions *options)
{
        size_t bytes = MAX(options->bytes ? options->bytes : (size_t)PAGE_BYTES, (size_t)PAGE_BYTES_LEAST);
        size_t around = page_bundle.script_size + page_bundle.style_size + PAGE_AROUND_BYTES;

        return bytes > around ? bytes - around : 0;
}

/* bytes: for what is told of the run. */
static int maker_init(PageMaker *page, RunReader *reader, const ReportLabels *labels, const PageOptions *options,
                      const PageExtent *extent, size_t bytes)
{
        static const PageExtent whole = {.buckets = PAGE_BUCKETS, .lines = PAGE_LINES_MAX, .helps = true};
        const RunInfo *info = run_reader_info(reader);

        *page = (PageMaker){.extent = extent ? *extent : whole, .reader = reader, .options = options,
                            .cgroup_limit_bytes = NAN, .bytes = bytes};
        size_t data = page->bytes / 4 * 3;
        page->end_ns = end_of(reader);
        const CategorySeriesOptions series = {
                .buckets = page->extent.buckets * PAGE_FINER * PAGE_FINER,
                .span_ns = (uint64_t)page->end_ns + PAGE_LAST_ROW_NS,
                .width_ns = info->interval_ns == RUN_UNKNOWN ? 0 : info->interval_ns,
                .interval_ns = info->interval_ns == RUN_UNKNOWN ? 0 : info->interval_ns,
                .cpus = info->cpus,
                .label = labels ? labels->label : NULL,
                .label_data = labels ? labels->data : NULL,
        };
        int r = page_sections_init(&page->sections);
        if (r == 0)
                r = category_series_new(&series, &page->builder);
        if (r == 0)
                r = process_list_init(&page->processes, MAX(data / 5 * 2 / PROCESS_BYTES, (size_t)100),
                                      MAX(data / 4 / SAMPLE_BYTES, (size_t)100));
        return r;
}

static void maker_done(PageMaker *page)
{
        page_sections_done(&page->sections);
        category_series_builder_free(page->builder);
        category_series_free(page->categories);
        process_list_done(&page->processes);
        column_series_builder_free(page->totals);
        report_data_done(&page->data);
        string_done(&page->left_out);
        string_done(&page->json);
}

/* ---- writing ---- */

static int read_run(PageMaker *page, const ReportLabels *labels, Error *err)
{
        const ReportTap tap = {tap_columns, tap_learn, tap_observe, page};

        page->data.info = run_reader_info(page->reader);
        int r = page->extent.overlay ? report_data_load_tapped(&page->data, page->reader, labels, &tap, err)
                                     : report_data_load_advised(&page->data, page->reader, labels, &tap, err);
        if (r < 0)
                return r;
        r = page->extent.overlay ? 0 : process_list_finish(&page->processes);
        if (r == 0)
                r = category_series_finish(page->builder, page->end_ns, &page->categories);
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

static int write_parts(PageMaker *page, Error *err)
{
        page->reserved = page->processes.n * PROCESS_BYTES;
        int r = page_write_totals(page);
        if (r == 0)
                r = page_write_categories(page);
        if (r == 0)
                r = page_write_tables(page, err);
        if (r == 0)
                r = page->extent.overlay ? page_write_migration(page) : page_write_processes(page);
        if (r == 0)
                r = page->sections.error;
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* What a place's clocks said then; a page is read elsewhere, too. */
static long zone_minutes(time_t at)
{
        struct tm there;

        return localtime_r(&at, &there) ? there.tm_gmtoff / 60 : 0;
}

static void add_start(Json *j, const RunInfo *info)
{
        if (info->start_realtime_ns <= 0) {
                json_add_null(j, "start");
                return;
        }
        json_open_object(j, "start", JSON_ONE_LINE);
        json_add_fixed(j, "realtime_s", (double)info->start_realtime_ns / 1e9, 6);
        json_add_i64(j, "zone_minutes", zone_minutes((time_t)(info->start_realtime_ns / (int64_t)NS_PER_SECOND)));
        json_close(j);
}

/* When, how long, on what. */
static void add_facts(const PageMaker *page, Json *j)
{
        const RunInfo *info = page->data.info;

        add_start(j, info);
        json_add_number(j, "duration_s", (double)page->end_ns / 1e9, 12);
        json_open_object(j, "machine", JSON_ONE_LINE);
        json_add_u64(j, "cores", info->cpus > 0 ? info->cpus : UINT64_MAX);
        json_add_u64(j, "memory_bytes", info->memory_bytes > 0 ? info->memory_bytes : RUN_UNKNOWN);
        json_add_number(j, "cgroup_limit_bytes", page->cgroup_limit_bytes, 12);
        json_add_text(j, "kernel", info->kernel);
        json_add_text(j, "cpu", info->cpu_model);
        json_close(j);
}

static int write_head(const PageMaker *page, String *to)
{
        Json j = {.out = to, .compact = true};

        string_add_format(to, "{\"format\":%d,\"kind\":\"run\",\"version\":", PAGE_FORMAT);
        page_add_text(to, VIGIA_VERSION);
        string_add(to, ",\"report\":");
        int r = report_write_json(&page->data, to);
        string_add(to, ",");
        add_facts(page, &j);
        string_add(to, ",");
        return r;
}

static int make(PageMaker *page, const ReportLabels *labels, String *json, Error *err)
{
        int r = read_run(page, labels, err);

        if (r == 0)
                r = write_parts(page, err);
        if (r < 0)
                return r;
        r = write_head(page, json);
        string_add(json, "\"sections\":");
        page_sections_write_json(&page->sections, json);
        string_add(json, ",");
        string_add_bytes(json, string_get(&page->json), page->json.size);
        string_add_format(json, "\"budget\":{\"bytes\":%zu,\"left_out\":[%s]}}\n",
                          page->options->bytes ? page->options->bytes : (size_t)PAGE_BYTES,
                          string_get(&page->left_out));
        if (r == 0 && (page->json.failed || page->left_out.failed || json->failed))
                r = -ENOMEM;
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

int report_page_data(RunReader *reader, const ReportLabels *labels, const PageOptions *options, String *json,
                     String *base64, Error *err)
{
        PageMaker page;
        int r = maker_init(&page, reader, labels, options, NULL, bytes_of(options));

        if (r < 0)
                r = error_set(err, r, "out of memory");
        else
                r = make(&page, labels, json, err);
        if (r == 0 && page_sections_write_base64(&page.sections, base64) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        maker_done(&page);
        return r;
}

int report_page(RunReader *reader, const ReportLabels *labels, const PageOptions *options, String *out, Error *err)
{
        _cleanup_string_ String json = {0}, text = {0};
        const ReportOptions plain = {.columns = 80};
        PageMaker page;

        if (!report_page_available(err))
                return -EOPNOTSUPP;
        int r = maker_init(&page, reader, labels, options, NULL, bytes_of(options));
        if (r < 0)
                r = error_set(err, r, "out of memory");
        else
                r = make(&page, labels, &json, err);
        if (r == 0 && (report_write_text(&page.data, &plain, &text) < 0 ||
                       page_write_html(&page.data, &text, &json, &page.sections, out) < 0))
                r = error_set(err, ENOMEM, "out of memory");
        maker_done(&page);
        return r;
}

/* ---- beside other runs ---- */

/* The most severe ones, without their evidence. */
static void add_findings(const PageMaker *page, Json *j)
{
        enum { SHOWN_MAX = 6, TITLE_MAX = 240 };
        const ReportData *data = &page->data;
        size_t n = 0;

        json_open_array(j, "findings", JSON_ONE_LINE);
        for (size_t i = 0; i < data->n_findings && n < SHOWN_MAX; i++) {
                const Finding *f = &data->findings[i];
                if (f->severity == SEVERITY_INFO)
                        continue;
                n++;
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "id", f->id);
                json_add_text(j, "severity", severity_name(f->severity));
                json_add_number(j, "t_s", f->t_ns == INT64_MIN ? NAN : (double)f->t_ns / 1e9, 12);
                json_add_bytes(j, "title", f->title, strnlen(f->title, TITLE_MAX));
                json_close(j);
        }
        json_close(j);
}

int page_write_overlay(PageSections *sections, RunReader *reader, const ReportLabels *labels,
                       const PageOptions *options, const PageExtent *extent, size_t bytes, String *json,
                       String *left_out, double *duration_s, Error *err)
{
        PageMaker page;
        int r = maker_init(&page, reader, labels, options, extent, bytes);

        if (r == 0) {
                page_sections_done(&page.sections);
                page.sections = *sections;
                page.data_before = sections->data.size;
                page.sections_before = sections->n;
                r = read_run(&page, labels, err);
                if (r == 0)
                        r = write_parts(&page, err);
                *sections = page.sections;
                page.sections = (PageSections){0};
        } else
                error_set(err, r, "out of memory");
        if (r == 0) {
                Json j = {.out = json, .compact = true};
                add_facts(&page, &j);
                add_findings(&page, &j);
                string_add(json, ",");
                *duration_s = fmax(*duration_s, (double)page.end_ns / 1e9);
                page_take_back(&page.json, page.json.size - 1); /* the last comma */
                string_add_bytes(json, string_get(&page.json), page.json.size);
                string_add(left_out, left_out->size > 0 && page.left_out.size > 0 ? "," : "");
                string_add_bytes(left_out, string_get(&page.left_out), page.left_out.size);
                if (json->failed || left_out->failed || page.json.failed || page.left_out.failed)
                        r = error_set(err, ENOMEM, "out of memory");
        }
        maker_done(&page);
        return r;
}
