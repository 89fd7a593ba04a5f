/* Any monitor's table as it is described by its Schema: lines over time, or events. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/page-internal.h"

enum {
        GAP_TICKS = 10,
        EVENTS_MAX = 1000,    /* of one table */
        EVENT_TEXT_MAX = 512,
        EVENT_TITLE_MAX = 128,
};

#define GAP_LEAST_NS (3 * NS_PER_SECOND)

/* A monitor's description of a column, which its stored table lacks. */
static const char *help_of(const PageMaker *page, const char *table, const char *column)
{
        const Schema *schema = page->options->schema ? page->options->schema(table) : NULL;
        int i = schema ? schema_find(schema, column) : -1;

        return i >= 0 && schema->columns[i].help ? schema->columns[i].help : "";
}

static void add_title(String *to, const char *name)
{
        _cleanup_string_ String title = {0};

        string_add(&title, name);
        for (size_t i = 0; i < title.size; i++)
                title.text[i] = title.text[i] == '_' || title.text[i] == '-' ? ' ' : title.text[i];
        if (title.size > 0 && title.text[0] >= 'a' && title.text[0] <= 'z')
                title.text[0] = (char)(title.text[0] - 'a' + 'A');
        if (text_equal(name, "cpu") || text_equal(name, "gpu"))
                for (size_t i = 0; i < title.size; i++)
                        title.text[i] = (char)(title.text[i] & ~0x20);
        page_add_text(to, string_get(&title));
}

/* ---- lines ---- */

typedef struct Steps {
        size_t n, factor; /* buckets, and how many of the finest are one */
        size_t t;         /* section of their times */
} Steps;

/* The lowest and the highest of each bucket's parts. */
static void fold(const double *low, const double *high, size_t n, size_t factor, double *ret_low, double *ret_high)
{
        for (size_t i = 0; i < n; i += factor) {
                double least = NAN, most = NAN;
                for (size_t k = i; k < MIN(i + factor, n); k++) {
                        least = fmin(least, low[k]); /* which take NAN for nothing */
                        most = fmax(most, high[k]);
                }
                ret_low[i / factor] = least;
                ret_high[i / factor] = most;
        }
}

/* One level of one line; the lowest are the same section as the highest where they are equal. */
static void add_line_level(PageMaker *page, const ColumnLine *line, size_t buckets, const Steps *steps,
                           double *scratch)
{
        double *low = scratch, *high = scratch + steps->n, scale;
        bool bytes = line->column->role != ROLE_COUNTER && line->column->unit == UNIT_BYTES;

        page_unit(line->column, &scale);
        fold(line->low, line->high, buckets, steps->factor, low, high);
        for (size_t i = 0; scale != 1 && i < 2 * steps->n; i++)
                scratch[i] *= scale;
        size_t max = page_sections_add(&page->sections, high, steps->n, bytes ? 1024 : 0);
        if (page->extent.overlay) {
                string_add_format(&page->json, "{\"t\":%zu,\"min\":null,\"max\":%zu}", steps->t, max);
                return;
        }
        size_t min = page_sections_add(&page->sections, low, steps->n, bytes ? 1024 : 0);
        string_add_format(&page->json, "{\"t\":%zu,\"min\":%zu,\"max\":%zu}", steps->t, min, max);
}

static size_t add_times(PageMaker *page, const ColumnSeries *s, size_t factor, size_t n, double *scratch)
{
        for (size_t i = 0; i < n; i++)
                scratch[i] = (double)(i * factor * s->width_ns) / 1e9;
        return page_sections_add(&page->sections, scratch, n, 1e-6);
}

/* The levels there are, at most so many. */
static size_t make_steps(PageMaker *page, const ColumnSeries *s, size_t most, double *scratch, Steps to[PAGE_LEVELS])
{
        size_t factors[PAGE_LEVELS], n = MIN(page_factors(s->n_buckets, page->extent.buckets, factors), most);

        for (size_t i = 0; i < n; i++) {
                to[i] = (Steps){.n = (s->n_buckets + factors[i] - 1) / factors[i], .factor = factors[i]};
                to[i].t = add_times(page, s, to[i].factor, to[i].n, scratch);
        }
        return n;
}

static double *scratch_for(const ColumnSeries *s)
{
        return calloc(2 * s->n_buckets + 2, sizeof(double));
}

/* Gauges and counters of a schema are numbered as they stand there. */
static bool is_figure(const Column *c)
{
        return (c->role == ROLE_GAUGE || c->role == ROLE_COUNTER) && c->type != COLUMN_TEXT && c->type != COLUMN_TIME;
}

static bool is_key(const Column *c)
{
        return c->role == ROLE_KEY && c->type != COLUMN_TIME && !text_equal(c->name, "t_ns");
}

static size_t column_number(const ColumnSeries *s, const Column *column)
{
        size_t n = 0;

        for (const Column *c = s->schema->columns; c < column; c++)
                n += is_figure(c);
        return n;
}

/* So many lines that whole things are told, the one without a name first: it stands for all of them. */
static size_t things_to_tell(const PageMaker *page, const ColumnSeries *s)
{
        size_t lines = 0, things = 0;

        for (size_t i = 0; i < s->n_lines; i++)
                lines = MAX(lines, column_number(s, s->lines[i].column) + 1);
        things = lines > 0 ? MAX(page->extent.lines / lines, (size_t)1) : 0;
        return MIN(things, s->n_things);
}

static bool is_told(const ColumnSeries *s, const char *thing, size_t most)
{
        size_t before = 0;

        if (*thing == '\0' || most >= s->n_things)
                return true;
        for (size_t i = 0; i < s->n_things && s->things[i] != thing; i++)
                before += *s->things[i] != '\0';
        for (size_t i = 0; i < s->n_things; i++)
                if (*s->things[i] == '\0')
                        before++;
        return before < most;
}

/* In the unit of the rates, times seconds. */
static void add_grown(PageMaker *page, const ColumnLine *line)
{
        double scale;

        page_unit(line->column, &scale);
        if (isfinite(line->grown))
                string_add_format(&page->json, "\"grown\":%.12g,", line->grown * scale);
}

static int add_lines(PageMaker *page, const ColumnSeries *s, size_t levels)
{
        double *scratch = scratch_for(s);
        Steps steps[PAGE_LEVELS];

        if (!scratch)
                return -ENOMEM;
        size_t n = make_steps(page, s, levels, scratch, steps);
        size_t things = things_to_tell(page, s), told = 0;
        string_add(&page->json, "\"series\":[");
        for (size_t i = 0; i < s->n_lines; i++) {
                if (!is_told(s, s->lines[i].thing, things))
                        continue;
                string_add(&page->json, told++ > 0 ? ",{\"key\":" : "{\"key\":");
                page_add_text(&page->json, s->lines[i].thing);
                string_add_format(&page->json, ",\"column\":%zu,", column_number(s, s->lines[i].column));
                add_grown(page, &s->lines[i]);
                string_add(&page->json, "\"levels\":[");
                for (size_t k = 0; k < n; k++) {
                        string_add(&page->json, k > 0 ? "," : "");
                        add_line_level(page, &s->lines[i], s->n_buckets, &steps[k], scratch);
                }
                string_add(&page->json, "]}");
        }
        string_add(&page->json, "]");
        free(scratch);
        return page->sections.error;
}

static void add_column(PageMaker *page, const char *table, const Column *column)
{
        _cleanup_string_ String label = {0};
        double scale;

        page_column_label(&label, column->name);
        string_add(&page->json, "{\"name\":");
        page_add_text(&page->json, column->name);
        string_add(&page->json, ",\"label\":");
        page_add_text(&page->json, string_get(&label));
        string_add(&page->json, ",\"unit\":");
        page_add_text(&page->json, page_unit(column, &scale));
        string_add_format(&page->json, ",\"role\":\"%s\",\"help\":", column->role == ROLE_COUNTER ? "counter" : "gauge");
        page_add_text(&page->json, page->extent.helps ? help_of(page, table, column->name) : "");
        string_add(&page->json, "}");
}

static void add_columns(PageMaker *page, const char *table, const Schema *schema)
{
        size_t n = 0;

        string_add(&page->json, "\"keys\":[");
        for (size_t i = 0; i < schema->n_columns; i++) {
                if (!is_key(&schema->columns[i]))
                        continue;
                string_add(&page->json, n++ > 0 ? "," : "");
                page_add_text(&page->json, schema->columns[i].name);
        }
        string_add(&page->json, "],\"columns\":[");
        n = 0;
        for (size_t i = 0; i < schema->n_columns; i++) {
                if (!is_figure(&schema->columns[i]))
                        continue;
                string_add(&page->json, n++ > 0 ? "," : "");
                add_column(page, table, &schema->columns[i]);
        }
        string_add(&page->json, "],");
}

/* Which tables show what a finding is about. */
static bool is_about(const Finding *finding, const char *table)
{
        static const char *const about[][2] = {
                {"oom", "memory"},        {"oom", "cgroup"},          {"oom", "pressure"},
                {"allocation", "memory"}, {"allocation", "buddy"},    {"fork", "fork"},
                {"fork", "limits"},       {"kernel-limit", "limits"}, {"io-error", "disk"},
                {"filesystem", "disk"},   {"thermal", "temperature"}, {"thermal", "power"},
                {"gpu", "gpu"},           {"network", "network"},     {"swap", "memory"},
                {"memory-low", "memory"}, {"memory-stalled", "pressure"}, {"iowait", "cpu"},
                {"load", "cpu"},          {"steal", "cpu"},           {"quota", "cgroup"},
                {"hot", "temperature"},   {"heat", "temperature"},    {"disk", "disk"},
                {"inodes", "disk"},       {"store", "store"},         {"files", "files"},
                {"tasks-limit", "limits"}, {"memory-high", "cgroup"}, {"memory-max", "cgroup"},
                {"quota", "cgroups_above"}, {"memory-high", "cgroups_above"}, {"memory-max", "cgroups_above"},
        };

        if (text_equal(table, "events"))
                return finding->t_ns != INT64_MIN;
        for (size_t i = 0; i < ARRAY_LENGTH(about); i++)
                if (text_equal(about[i][1], table) && strstr(finding->id, about[i][0]))
                        return true;
        return false;
}

static size_t count_findings(const ReportData *data, const char *table)
{
        size_t n = 0;

        for (size_t i = 0; i < data->n_findings; i++)
                n += is_about(&data->findings[i], table);
        return n;
}

static void begin_table(PageMaker *page, const char *name)
{
        const char *what = page->options->what ? page->options->what(name) : NULL;

        string_add(&page->json, "{\"name\":");
        page_add_text(&page->json, name);
        string_add(&page->json, ",\"title\":");
        add_title(&page->json, name);
        string_add(&page->json, ",\"help\":");
        page_add_text(&page->json, what ? what : "");
        string_add_format(&page->json, ",\"findings\":%zu,", count_findings(&page->data, name));
}

/* With fewer levels where all of them do not fit, or not at all. */
static int add_series_table(PageMaker *page, const char *name, const ColumnSeries *s)
{
        size_t json = page->json.size, sections = page->sections.n, factors[PAGE_LEVELS];
        size_t levels = page_factors(s->n_buckets, page->extent.buckets, factors);
        int r;

        if (s->n_lines == 0)
                return 0;
        begin_table(page, name);
        add_columns(page, name, s->schema);
        size_t body = page->json.size;
        while ((r = add_lines(page, s, levels)) == 0 && levels > 1 && !page_fits(page, PAGE_SHARE_TABLE)) {
                page_sections_truncate(&page->sections, sections);
                page_take_back(&page->json, body);
                levels = 1;
                page_leave_out(page, "the finer steps of %s", name);
        }
        if (r == 0 && !page_fits(page, PAGE_SHARE_TABLES)) {
                page_sections_truncate(&page->sections, sections);
                page_take_back(&page->json, json);
                page_leave_out(page, "the table %s", name);
                return r;
        }
        string_add(&page->json, "},");
        size_t told = things_to_tell(page, s);
        if (told < s->n_things + s->left_out)
                page_leave_out(page, "%zu of %zu things of %s", s->n_things + s->left_out - told, s->n_things + s->left_out, name);
        return r;
}

/* ---- events ---- */

static void add_cell(String *to, const Batch *rows, int column, size_t row, size_t most)
{
        size_t size;

        if (column < 0 || batch_is_null(rows, (size_t)column, row)) {
                string_add(to, "null");
                return;
        }
        const char *text = batch_text(rows, (size_t)column, row, &size);
        string_add_char(to, '"');
        string_add_json(to, text, MIN(size, most));
        string_add_char(to, '"');
}

/* What a severity is missing for is no more than worth knowing. */
static void add_event(String *to, const Batch *rows, size_t row)
{
        const Schema *schema = batch_schema(rows);
        int t = schema_find(schema, "t_ns");

        string_add(to, "{\"t_s\":");
        page_add_number(to, (double)batch_i64(rows, (size_t)t, row) / 1e9);
        string_add(to, ",\"severity\":");
        add_cell(to, rows, schema_find(schema, "severity"), row, EVENT_TITLE_MAX);
        string_add(to, ",\"title\":");
        add_cell(to, rows, schema_find(schema, "kind"), row, EVENT_TITLE_MAX);
        string_add(to, ",\"text\":");
        add_cell(to, rows, schema_find(schema, "text"), row, EVENT_TEXT_MAX);
        string_add(to, "}");
}

static bool is_events(const Schema *schema)
{
        int kind = schema_find(schema, "kind"), text = schema_find(schema, "text"), t = schema_find(schema, "t_ns");

        return t >= 0 && schema->columns[t].type != COLUMN_TEXT && kind >= 0 && text >= 0 &&
               schema->columns[kind].type == COLUMN_TEXT && schema->columns[text].type == COLUMN_TEXT;
}

static int add_events_table(PageMaker *page, const char *name, RunCursor *cursor, Error *err)
{
        const Batch *rows;
        size_t n = 0, json = page->json.size;
        int r;

        begin_table(page, name);
        string_add(&page->json, "\"keys\":[],\"columns\":[],\"series\":[],\"events\":[");
        while ((r = run_cursor_next(cursor, &rows, err)) > 0)
                for (size_t row = 0; row < batch_rows(rows); row++, n++) {
                        if (n >= EVENTS_MAX)
                                continue;
                        string_add(&page->json, n > 0 ? "," : "");
                        add_event(&page->json, rows, row);
                }
        string_add(&page->json, "]},");
        if (n == 0)
                page_take_back(&page->json, json);
        if (n > EVENTS_MAX)
                page_leave_out(page, "%zu of %zu events of %s", n - EVENTS_MAX, n, name);
        return r;
}

/* ---- all of them ---- */

/* Told elsewhere on the page, or about single processes. */
static bool is_told_elsewhere(const char *name)
{
        static const char *const names[] = {"processes", "samples", "totals", "outside"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (text_equal(name, names[i]))
                        return true;
        return false;
}

static bool is_about_processes(const Schema *schema)
{
        static const char *const names[] = {"process", "pid", "tid"};

        for (size_t i = 0; i < schema->n_columns; i++)
                for (size_t k = 0; schema->columns[i].role == ROLE_KEY && k < ARRAY_LENGTH(names); k++)
                        if (text_equal(schema->columns[i].name, names[k]))
                                return true;
        return false;
}

/* Buckets as wide as the interval: each row then has its own, the last ones after the end, too. */
static ColumnSeriesOptions series_options(const PageMaker *page, uint64_t interval_ns, uint64_t n)
{
        uint64_t span_ns = (uint64_t)page->end_ns + PAGE_LAST_ROW_NS;

        if (interval_ns > 0)
                n = MIN(n, span_ns / interval_ns + 1);
        return (ColumnSeriesOptions){.buckets = (size_t)n, .span_ns = span_ns, .interval_ns = interval_ns};
}

static uint64_t interval_of(const RunInfo *info, const char *name)
{
        for (size_t i = 0; i < info->n_monitors; i++)
                if (text_equal(info->monitors[i].name, name))
                        return info->monitors[i].interval_us * NS_PER_US;
        return 0;
}

/* The lowest that held for the run at any time. */
static void find_limit(PageMaker *page, const ColumnSeries *s)
{
        for (size_t i = 0; i < s->n_lines; i++)
                if (text_equal(s->lines[i].column->name, "memory_limit_bytes") && s->lines[i].least > 0)
                        page->cgroup_limit_bytes = fmin(page->cgroup_limit_bytes, s->lines[i].least);
}

static int read_table(PageMaker *page, const char *name, RunCursor *cursor, Error *err)
{
        _cleanup_(column_series_builder_freep) ColumnSeriesBuilder *builder = NULL;
        _cleanup_(column_series_freep) ColumnSeries *series = NULL;
        const ColumnSeriesOptions options = series_options(page, interval_of(page->data.info, name),
                                                           page->extent.buckets * PAGE_FINER);
        const Batch *rows;

        if (is_about_processes(run_cursor_schema(cursor)))
                return 0; /* the table of processes tells of those */
        int r = column_series_new(run_cursor_schema(cursor), &options, &builder);
        if (r != 0)
                return MIN(r, 0);
        while ((r = run_cursor_next(cursor, &rows, err)) > 0)
                if (column_series_observe(builder, rows) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        int added = column_series_finish(builder, page->end_ns, &series);
        if (added == 0 && text_equal(name, "cgroup"))
                find_limit(page, series);
        if (added == 0)
                added = add_series_table(page, name, series);
        return added < 0 ? added : r;
}

/* A damaged table is told as far as it can be read. -ENOMEM. */
static int write_table(PageMaker *page, const char *name)
{
        _cleanup_(run_cursor_freep) RunCursor *cursor = NULL;
        Error why = {0};
        int r = run_cursor_new(page->reader, name, NULL, &cursor, &why);

        if (r == 0)
                r = is_events(run_cursor_schema(cursor)) ? add_events_table(page, name, cursor, &why)
                                                         : read_table(page, name, cursor, &why);
        if (r < 0 && r != -ENOMEM)
                page_leave_out(page, "rows of %s that cannot be read", name);
        return r == -ENOMEM ? r : 0;
}

/* What is looked at first has to fit where little does. */
static bool is_first(const char *name)
{
        static const char *const names[] = {"pressure", "cgroup", "cpu", "folio_migration", "migrate"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (text_equal(name, names[i]))
                        return true;
        return false;
}

int page_write_tables(PageMaker *page, Error *err)
{
        const PageExtent *extent = &page->extent;
        String *json = &page->json;
        int r = 0;

        string_add(json, "\"tables\":[");
        for (unsigned turn = extent->overlay ? 0 : 1; turn < 2; turn++)
                for (const char *const *name = run_reader_tables(page->reader); r == 0 && name && *name; name++) {
                        bool wanted = !extent->table || extent->table(*name, extent->data);
                        if (wanted && !is_told_elsewhere(*name) && (!extent->overlay || is_first(*name) == (turn == 0)))
                                r = write_table(page, *name);
                }
        if (r < 0)
                return error_set(err, r, "out of memory");
        if (json->size > 0 && json->text[json->size - 1] == ',')
                page_take_back(json, json->size - 1);
        string_add(json, "],");
        return 0;
}

/* ---- the scope's sums ---- */

static const char *const total_names[][2] = {
        {"pss_bytes", "pss_bytes"}, {"rss_bytes", "rss_bytes"},   {"cgroup_bytes", "cgroup_bytes"},
        {"swap_bytes", "swap_bytes"}, {"processes", "processes"}, {"threads", "threads"},
        {"cpu_us", "cpu"},            {"read_bytes", "read_bytes"}, {"write_bytes", "write_bytes"},
};

static const char *total_name(const Column *column)
{
        for (size_t i = 0; i < ARRAY_LENGTH(total_names); i++)
                if (text_equal(column->name, total_names[i][0]))
                        return total_names[i][1];
        return NULL;
}

int page_begin_totals(PageMaker *page, const Schema *schema)
{
        const uint64_t interval_ns = page->data.info->interval_ns;
        ColumnSeriesOptions options = series_options(page, interval_ns == RUN_UNKNOWN ? 0 : interval_ns,
                                                     page->extent.buckets * PAGE_FINER * PAGE_FINER);

        if (options.interval_ns > 0) /* there is a row a tick */
                options.hold_ns = MAX(options.interval_ns * GAP_TICKS, GAP_LEAST_NS);

        return column_series_new(schema, &options, &page->totals);
}

static void add_total_level(PageMaker *page, const ColumnSeries *s, const Steps *steps, double *scratch)
{
        bool first = true;

        string_add_format(&page->json, "{\"t\":%zu,\"columns\":{", steps->t);
        for (size_t i = 0; i < s->n_lines; i++) {
                const char *name = total_name(s->lines[i].column);
                if (!name)
                        continue;
                string_add_format(&page->json, "%s\"%s\":", first ? "" : ",", name);
                add_line_level(page, &s->lines[i], s->n_buckets, steps, scratch);
                first = false;
        }
        string_add(&page->json, "}}");
}

int page_write_totals(PageMaker *page)
{
        _cleanup_(column_series_freep) ColumnSeries *s = NULL;
        Steps steps[PAGE_LEVELS];

        string_add(&page->json, "\"totals\":{\"levels\":[");
        int r = page->totals ? column_series_finish(page->totals, page->end_ns, &s) : 0;
        double *scratch = s ? scratch_for(s) : NULL;
        size_t n = scratch ? make_steps(page, s, PAGE_LEVELS, scratch, steps) : 0;
        for (size_t k = 0; k < n; k++) {
                size_t json = page->json.size, sections = page->sections.n;
                string_add(&page->json, k > 0 ? "," : "");
                add_total_level(page, s, &steps[k], scratch);
                if (k > 0 && !page_fits(page, PAGE_SHARE_TOTALS + (double)page->reserved / (double)page->bytes)) {
                        page_sections_truncate(&page->sections, sections);
                        page_take_back(&page->json, json);
                        page_leave_out(page, "the finest steps of the sums");
                        break;
                }
        }
        string_add(&page->json, "]},");
        free(scratch);
        return r < 0 ? r : s && !scratch ? -ENOMEM : page->sections.error;
}
