/* Cells into a struct, texts into strings that are kept. Where rules ask for parents, all images are
 * labelled for themselves first: a child's row stands before its parent's. */
#include "export/process-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"

enum { TEXT_MAX = 16 << 10 };

/* In the order of `columns`. */
enum {
        KEY, IMAGE, PID, PPID, PARENT, COMM, EXE, CMDLINE, CWD, MAJOR, CATEGORY, START_NS, EXEC_NS, END_NS,
        EXIT_CODE, EXIT_SIGNAL, CPU_US, USER_US, SYSTEM_US, PEAK_RSS_BYTES, PEAK_PSS_BYTES, N_COLUMNS,
};

static const char *const columns[N_COLUMNS + 1] = {
        "process",  "image",     "pid",       "ppid",    "parent",    "comm",        "exe",
        "cmdline",  "cwd",       "major",     "category", "start_ns", "exec_ns",     "end_ns",
        "exit_code", "exit_signal", "cpu_us", "user_us", "system_us", "peak_rss_bytes", "peak_pss_bytes", NULL};

struct ProcessReader {
        RunCursor *cursor; /* NULL: no such table */
        const Labeller *labeller;
        Map *own; /* key → Label, where the rules ask for parents */
        const Batch *rows;
        size_t row;
        int at[N_COLUMNS]; /* of the batch; -1: it lacks the column */
        String texts[N_COLUMNS];
        ProcessRow shown;
};

static uint64_t number(const ProcessReader *r, size_t column, uint64_t unknown)
{
        int at = r->at[column];

        if (at < 0 || batch_is_null(r->rows, (size_t)at, r->row))
                return unknown;
        return (uint64_t)batch_i64(r->rows, (size_t)at, r->row);
}

static const char *text(ProcessReader *r, size_t column)
{
        int at = r->at[column];
        size_t size;

        if (at < 0 || batch_is_null(r->rows, (size_t)at, r->row))
                return NULL;
        const char *cell = batch_text(r->rows, (size_t)at, r->row, &size);
        string_clear(&r->texts[column]);
        string_add_bytes(&r->texts[column], cell, MIN(size, (size_t)TEXT_MAX));
        return string_get(&r->texts[column]);
}

static const Label *label(const ProcessReader *r, const ProcessRow *row, const Label *parent)
{
        const LabelWords words = {
                .comm = row->process.comm, .exe = row->process.exe, .cmdline = row->process.cmdline, .parent = parent};

        return r->labeller->label(&words, r->labeller->data);
}

static void take_times(const ProcessReader *r, ProcessRow *row)
{
        SummaryProcess *p = &row->process;

        row->start_ns = (int64_t)number(r, START_NS, (uint64_t)INT64_MIN);
        int64_t begun_ns = (int64_t)number(r, EXEC_NS, (uint64_t)row->start_ns);
        p->end_ns = (int64_t)number(r, END_NS, INT64_MAX);
        p->wall_ns = p->end_ns != INT64_MAX && begun_ns != INT64_MIN && p->end_ns >= begun_ns
                             ? (uint64_t)(p->end_ns - begun_ns)
                             : SUMMARY_UNKNOWN;
}

static void take_row(ProcessReader *r)
{
        ProcessRow *row = &r->shown;

        *row = (ProcessRow){
                .parent = number(r, PARENT, 0),
                .image = (uint32_t)number(r, IMAGE, 0),
                .user_us = number(r, USER_US, SUMMARY_UNKNOWN),
                .system_us = number(r, SYSTEM_US, SUMMARY_UNKNOWN),
                .major = text(r, MAJOR),
                .cwd = text(r, CWD),
                .process = {.process = number(r, KEY, 0),
                            .pid = (int32_t)number(r, PID, 0),
                            .ppid = (int32_t)number(r, PPID, 0),
                            .comm = (char *)text(r, COMM),
                            .exe = (char *)text(r, EXE),
                            .cmdline = (char *)text(r, CMDLINE),
                            .category = (char *)text(r, CATEGORY),
                            .cpu_us = number(r, CPU_US, SUMMARY_UNKNOWN),
                            .peak_rss_bytes = number(r, PEAK_RSS_BYTES, SUMMARY_UNKNOWN),
                            .peak_pss_bytes = number(r, PEAK_PSS_BYTES, SUMMARY_UNKNOWN),
                            .exit_code = (int32_t)number(r, EXIT_CODE, UINT64_MAX),
                            .exit_signal = (int32_t)number(r, EXIT_SIGNAL, 0)},
        };
        take_times(r, row);
        if (row->process.cpu_us == SUMMARY_UNKNOWN && row->user_us != SUMMARY_UNKNOWN && row->system_us != SUMMARY_UNKNOWN)
                row->process.cpu_us = row->user_us + row->system_us;
        if (!r->labeller)
                return;
        const Label *l = label(r, row, r->own ? map_get(r->own, row->parent) : NULL);
        row->major = l->major;
        row->process.category = (char *)l->category;
}

/* 1: r->rows has a row at r->row. */
static int move_on(ProcessReader *r, Error *err)
{
        if (!r->cursor)
                return 0;
        r->row++;
        while (!r->rows || r->row >= batch_rows(r->rows)) {
                int n = run_cursor_next(r->cursor, &r->rows, err);
                if (n <= 0) {
                        r->rows = NULL;
                        return n;
                }
                r->row = 0;
                for (size_t i = 0; i < N_COLUMNS; i++)
                        r->at[i] = schema_find(batch_schema(r->rows), columns[i]);
        }
        return 1;
}

int process_reader_next(ProcessReader *r, const ProcessRow **ret, Error *err)
{
        int n = move_on(r, err);

        if (n <= 0)
                return n;
        take_row(r);
        for (size_t i = 0; i < N_COLUMNS; i++)
                if (r->texts[i].failed)
                        return error_set(err, ENOMEM, "out of memory");
        *ret = &r->shown;
        return 1;
}

static int open_cursor(ProcessReader *r, RunReader *run, Error *err)
{
        static const ParquetSelection selection = {.columns = columns, .n_columns = N_COLUMNS};
        const char *const *tables = run_reader_tables(run);

        r->cursor = run_cursor_free(r->cursor);
        r->rows = NULL;
        while (tables && *tables && !text_equal(*tables, "processes"))
                tables++;
        if (!tables || !*tables)
                return 0;
        int n = run_cursor_new(run, "processes", &selection, &r->cursor, err);
        return n == -ENOENT ? 0 : n;
}

static int learn(ProcessReader *r, Map *own, Error *err)
{
        int n;

        while ((n = move_on(r, err)) > 0) {
                take_row(r); /* without parents: r->own is not there yet */
                const Label *l = label(r, &r->shown, NULL);
                if (r->shown.process.process != 0 && map_put(own, r->shown.process.process, (void *)l) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        }
        return n;
}

int process_reader_new(RunReader *run, const Labeller *labeller, ProcessReader **ret, Error *err)
{
        _cleanup_(process_reader_freep) ProcessReader *r = calloc(1, sizeof *r);

        if (!r)
                return error_set(err, ENOMEM, "out of memory");
        r->labeller = labeller;
        int n = open_cursor(r, run, err);
        if (n == 0 && labeller && labeller->parents) {
                _cleanup_(map_freep) Map *own = NULL;
                n = map_new(&own) < 0 ? error_set(err, ENOMEM, "out of memory") : learn(r, own, err);
                if (n == 0)
                        n = open_cursor(r, run, err);
                r->own = TAKE(own);
        }
        if (n < 0)
                return n;
        *ret = TAKE(r);
        return 0;
}

ProcessReader *process_reader_free(ProcessReader *r)
{
        if (!r)
                return NULL;
        run_cursor_free(r->cursor);
        map_free(r->own);
        for (size_t i = 0; i < N_COLUMNS; i++)
                string_done(&r->texts[i]);
        free(r);
        return NULL;
}

void process_row_name(const ProcessRow *row, String *out)
{
        const SummaryProcess *p = &row->process;
        const char *name = p->comm ? p->comm : "";
        size_t size = strlen(name);

        summary_program_name(&name, &size, p->exe, p->exe ? strlen(p->exe) : 0);
        if (size == 0 && p->cmdline) {
                const char *slash = memrchr(p->cmdline, '/', strcspn(p->cmdline, " "));
                name = slash ? slash + 1 : p->cmdline;
                size = strcspn(name, " ");
        }
        if (size == 0)
                string_add(out, "unnamed");
        else
                string_add_bytes(out, name, size);
}
