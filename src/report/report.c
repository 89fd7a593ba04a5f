/* From a run on disk to its report: tables are read once each, in the order the model wants. */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/terminal.h"
#include "report/next-run.h"
#include "report/report-data.h"
#include "report/run-facts.h"

/* Who takes the rows; each knows its tables. */
typedef struct Builders {
        SummaryBuilder *summary;
        OutsideBuilder *outside;
        Detect *detect;
        const ReportTap *tap; /* NULL: none */
        ReportData *data;
} Builders;

enum { COLUMNS_MAX = 64 };

typedef int (*RowsFn)(const Builders *builders, const char *table, const Batch *rows);

static int observe(const Builders *builders, const char *table, const Batch *rows)
{
        const ReportTap *tap = builders->tap;
        int r = summary_observe(builders->summary, table, rows);

        if (r == 0)
                r = outside_observe(builders->outside, table, rows);
        if (r == 0)
                r = detect_observe(builders->detect, table, rows, false);
        if (r == 0)
                r = next_run_observe(builders->data, table, rows);
        return r == 0 && tap && batch_rows(rows) > 0 ? tap->observe(builders->summary, table, rows, tap->data) : r;
}

static int learn(const Builders *builders, const char *table, const Batch *rows)
{
        const ReportTap *tap = builders->tap;
        int r = summary_learn(builders->summary, rows);

        return r == 0 && tap ? tap->learn(rows, tap->data) : r;
}

static int observe_ahead(const Builders *builders, const char *table, const Batch *rows)
{
        return detect_observe(builders->detect, table, rows, true);
}

static int observe_parents(const Builders *builders, const char *table, const Batch *rows)
{
        return outside_observe_parents(builders->outside, rows);
}

typedef struct Reading {
        const Builders *builders;
        const char *table;
        RowsFn fn;
} Reading;

static int take(const Batch *rows, void *data)
{
        const Reading *reading = data;

        return reading->fn(reading->builders, reading->table, rows) < 0 ? -ENOMEM : 0;
}

static int read_table(RunReader *reader, const char *table, const char *const *columns,
                      const Builders *builders, RowsFn fn, Error *err)
{
        Reading reading = {builders, table, fn};

        return run_reader_each(reader, table, columns, take, &reading, err);
}

/* Of both, each once. */
static void add_columns(const char *const *more, const char *to[COLUMNS_MAX], size_t *n)
{
        for (; more && *more && *n + 1 < COLUMNS_MAX; more++) {
                size_t i = 0;
                while (i < *n && !text_equal(to[i], *more))
                        i++;
                if (i == *n)
                        to[(*n)++] = *more;
        }
        to[*n] = NULL;
}

typedef struct WantedTable {
        const char *name;
        const char *const *columns; /* of the summary; NULL: detectors alone want it */
} WantedTable;

/* A damaged table costs its own figures, not the report. */
static int read_wanted(ReportData *data, RunReader *reader, const WantedTable *table, const Builders *builders, Error *err)
{
        Error why = {0};
        const char *columns[COLUMNS_MAX];
        _cleanup_string_ String title = {0};
        size_t n = 0;

        add_columns(table->columns, columns, &n);
        add_columns(detect_columns(builders->detect, table->name), columns, &n);
        add_columns(next_run_columns(data, table->name), columns, &n);
        add_columns(builders->tap ? builders->tap->columns(table->name) : NULL, columns, &n);
        int r = read_table(reader, table->name, columns, builders, observe, &why);
        if (r == -ENOMEM)
                return error_set(err, r, "out of memory");
        if (r == 0)
                return 0;
        string_add_format(&title, "the table %s could not be read whole", table->name);
        r = report_add_finding(data, "damaged-table", SEVERITY_WARNING, INT64_MIN, string_get(&title), why.message, NULL);
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* Which moments detectors want to look at; what is damaged is said later. */
static int read_ahead(RunReader *reader, const Builders *builders, Error *err)
{
        const char *name;
        bool ahead;
        int r = 0;

        for (size_t i = 0; r == 0 && (name = detect_table(builders->detect, i, &ahead)); i++) {
                Error why = {0};
                if (ahead && read_table(reader, name, detect_columns(builders->detect, name), builders, observe_ahead,
                                        &why) == -ENOMEM)
                        r = error_set(err, ENOMEM, "out of memory");
        }
        return r;
}

static bool is_detected(const Detect *detect, const char *table)
{
        const char *name;
        bool unused;

        for (size_t i = 0; (name = detect_table(detect, i, &unused)); i++)
                if (text_equal(name, table))
                        return true;
        return false;
}

static int read_tables(ReportData *data, RunReader *reader, const Builders *builders, Error *err)
{
        static const WantedTable tables[] = {{"outside", outside_columns_read},
                                             {"processes", summary_process_columns},
                                             {"totals", summary_total_columns},
                                             {"events", summary_event_columns},
                                             {"samples", summary_sample_columns},
                                             {"memory", summary_memory_columns},
                                             {"cpu", summary_cpu_columns},
                                             {"pressure", summary_pressure_columns}};
        const char *name;
        bool unused;
        int r = read_ahead(reader, builders, err);

        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(tables); i++)
                r = read_wanted(data, reader, &tables[i], builders, err);
        for (size_t i = 0; r == 0 && (name = detect_table(builders->detect, i, &unused)); i++) {
                size_t k = 0;
                while (k < ARRAY_LENGTH(tables) && !text_equal(tables[k].name, name))
                        k++;
                if (k == ARRAY_LENGTH(tables))
                        r = read_wanted(data, reader, &(WantedTable){name, NULL}, builders, err);
        }
        for (size_t i = 0; r == 0 && (name = build_rows_tables[i]); i++) {
                size_t k = 0;
                while (k < ARRAY_LENGTH(tables) && !text_equal(tables[k].name, name))
                        k++;
                if (k == ARRAY_LENGTH(tables) && !is_detected(builders->detect, name) && next_run_columns(data, name))
                        r = read_wanted(data, reader, &(WantedTable){name, NULL}, builders, err);
        }
        return r;
}

/* What is damaged is said when the table is read for good. */
static int learn_labels(RunReader *reader, const ReportLabels *labels, const Builders *builders, Error *err)
{
        Error why = {0};

        if (!labels || !labels->label)
                return 0;
        summary_relabel(builders->summary, labels->label, labels->data);
        if (!labels->parents)
                return 0;
        int r = read_table(reader, "processes", summary_learn_columns, builders, learn, &why);
        return r == -ENOMEM ? error_set(err, r, "out of memory") : 0;
}

/* Who came in by --match, of whom descends who did: only where somebody did. */
static int finish_outside(ReportData *data, RunReader *reader, const Builders *builders, Error *err)
{
        Error why = {0};
        int r = 0;

        if (outside_wants_parents(builders->outside))
                r = read_table(reader, "processes", outside_parent_columns, builders, observe_parents, &why);
        uint64_t cpu_us = report_cpu_us(data);
        if (r == -ENOMEM ||
            outside_finish(builders->outside, cpu_us == SUMMARY_UNKNOWN ? OUTSIDE_UNKNOWN : cpu_us, &data->outside) < 0)
                return error_set(err, ENOMEM, "out of memory");
        return 0;
}

int report_data_load(ReportData *data, RunReader *reader, Error *err)
{
        return report_data_load_labelled(data, reader, NULL, err);
}

int report_data_load_labelled(ReportData *data, RunReader *reader, const ReportLabels *labels, Error *err)
{
        return report_data_load_tapped(data, reader, labels, NULL, err);
}

static int load(ReportData *data, RunReader *reader, const ReportLabels *labels, const ReportTap *tap, bool advised,
                Error *err)
{
        _cleanup_(summary_builder_freep) SummaryBuilder *summary = NULL;
        _cleanup_(outside_builder_freep) OutsideBuilder *outside = NULL;
        _cleanup_(detect_freep) Detect *detect = NULL;
        const RunInfo *info = run_reader_info(reader);
        DetectContext context = {.facts = detect_facts(info)};

        detect_facts_name(&context.facts, run_reader_path(reader));
        if (labels && labels->thresholds)
                context.thresholds = *labels->thresholds;
        else
                thresholds_init(&context.thresholds);
        *data = (ReportData){.info = run_reader_info(reader),
                             .path = run_reader_path(reader),
                             .recording = run_reader_recording(reader)};
        if (summary_new(&summary) < 0 || outside_new(info->start_boottime_ns, info->command, &outside) < 0 ||
            detect_new(&context, &detect) < 0)
                return error_set(err, ENOMEM, "out of memory");
        Builders builders = {summary, outside, detect, tap, data};
        if (advised && next_run_begin(data) < 0)
                return error_set(err, ENOMEM, "out of memory");
        int r = learn_labels(reader, labels, &builders, err);
        if (r == 0)
                r = read_tables(data, reader, &builders, err);
        if (r == 0)
                report_read_output(reader, detect);
        if (r == 0 && (summary_finish(summary, &data->summary) < 0 || detect_finish(detect) < 0 ||
                       report_find(data, detect_findings(detect)) < 0))
                r = error_set(err, ENOMEM, "out of memory");
        if (r == 0)
                r = finish_outside(data, reader, &builders, err);
        if (r == 0 && next_run_finish(data, reader) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        if (r < 0)
                report_data_done(data);
        return r;
}

int report_data_load_tapped(ReportData *data, RunReader *reader, const ReportLabels *labels,
                            const ReportTap *tap, Error *err)
{
        return load(data, reader, labels, tap, false, err);
}

int report_data_load_advised(ReportData *data, RunReader *reader, const ReportLabels *labels,
                             const ReportTap *tap, Error *err)
{
        return load(data, reader, labels, tap, true, err);
}

/* setlocale(3) is the process's own business, so the names are read as it would. */
static bool locale_is_utf8(void)
{
        static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
                const char *value = getenv(names[i]);
                if (value && *value)
                        return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
        }
        return false;
}

void report_options_for(FILE *to, ReportOptions *ret)
{
        const Terminal terminal = terminal_of(fileno(to));

        *ret = (ReportOptions){.color = terminal.color, .ascii = !locale_is_utf8(), .columns = 80};
        if (terminal.columns > 0)
                ret->columns = MIN(terminal.columns, 80u);
}

int report_text(RunReader *reader, const ReportLabels *labels, const ReportOptions *options, String *out,
                Error *err)
{
        ReportData data;
        int r = report_data_load_advised(&data, reader, labels, NULL, err);

        if (r < 0)
                return r;
        r = report_write_text(&data, options, out);
        report_data_done(&data);
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

int report_print(RunReader *reader, const ReportLabels *labels, FILE *to, Error *err)
{
        _cleanup_string_ String text = {0};
        ReportOptions options;

        report_options_for(to, &options);
        int r = report_text(reader, labels, &options, &text, err);
        if (r < 0)
                return r;
        if (fputs(string_get(&text), to) == EOF || fflush(to) != 0)
                return error_set_errno(err, errno, "cannot write the report");
        return 0;
}

static int report_as(RunReader *reader, const ReportLabels *labels,
                     int (*form)(const ReportData *data, String *out), String *out, Error *err)
{
        ReportData data;
        int r = report_data_load_advised(&data, reader, labels, NULL, err);

        if (r < 0)
                return r;
        r = form(&data, out);
        report_data_done(&data);
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

int report_json(RunReader *reader, const ReportLabels *labels, String *out, Error *err)
{
        return report_as(reader, labels, report_write_json, out, err);
}

int report_markdown(RunReader *reader, const ReportLabels *labels, String *out, Error *err)
{
        return report_as(reader, labels, report_write_markdown, out, err);
}
