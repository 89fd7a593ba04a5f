/* A declaration made into a Monitor: columns found at start, then a row, or rows, a sample. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macros.h"

extern char **environ;

/* What may be wrong with a sample that has its rows all the same: told once each. */
typedef enum Complaint {
        NEW_KEY,
        NOT_A_NUMBER,
        ROUNDED,
        OUT_OF_RANGE,
        TOO_MANY_ROWS,
        N_COMPLAINTS,
} Complaint;

typedef struct DeclaredState {
        const DeclaredMonitor *declaration;
        DeclaredMade *made; /* a hold on it; NULL: it is no made one */
        const Host *host;
        DeclaredParser parser;
        Regex *regex;
        DeclaredColumns *columns;
        String what; /* the file's path, or the command in short */
        const char *shell[4];
        char **environment; /* owned, its texts are not */
        uint64_t timeout_us;
        Buffer text;
        /* of the sample at hand */
        const MonitorTick *tick;
        Batch *rows;
        size_t n_rows, n_cells;
        bool told[N_COMPLAINTS];
        bool complaining;
        Error complaint;
} DeclaredState;

/* ---- getting the text ---- */

static const char *command_name(const DeclaredMonitor *d)
{
        return d->shell ? d->shell : d->command[0];
}

static int name_source(const DeclaredMonitor *d, String *what)
{
        if (d->file)
                declared_path(d, what);
        else
                string_add_format(what, "'%.60s'", command_name(d));
        return what->failed ? -ENOMEM : 0;
}

static int read_text(DeclaredState *s, Error *err)
{
        const DeclaredMonitor *d = s->declaration;

        if (d->file)
                return declared_read_file(s->host, string_get(&s->what), &s->text, err);
        DeclaredCommand command = {
                .host = s->host,
                .argv = d->shell ? s->shell : d->command,
                .environment = s->environment,
                .what = string_get(&s->what),
                .timeout_us = s->timeout_us,
        };
        return declared_read_command(&command, &s->text, err);
}

/* ---- start ---- */

/* vigia's environment, and what is declared beside it. */
static int make_environment(DeclaredState *s)
{
        const char *const *more = s->declaration->environment;
        size_t n = 0, n_more = 0;

        while (environ && environ[n])
                n++;
        while (more && more[n_more])
                n_more++;
        s->environment = calloc(n + n_more + 1, sizeof *s->environment);
        if (!s->environment)
                return -ENOMEM;
        size_t at = 0;
        for (size_t i = 0; i < n; i++) {
                bool replaced = false;
                for (size_t k = 0; k < n_more; k++) {
                        size_t name = strcspn(more[k], "=") + 1;
                        replaced = replaced || strncmp(environ[i], more[k], name) == 0;
                }
                if (!replaced)
                        s->environment[at++] = environ[i];
        }
        for (size_t k = 0; k < n_more; k++)
                s->environment[at++] = (char *)more[k];
        return 0;
}

static bool has_key_column(const DeclaredMonitor *d)
{
        for (size_t i = 0; i < d->n_columns; i++)
                if (d->columns[i].kind == DECLARED_KEY)
                        return true;
        return false;
}

static int prepare(DeclaredState *s, const MonitorContext *context, Error *err)
{
        const DeclaredMonitor *d = s->declaration;
        uint64_t interval_us = context->interval_us ? context->interval_us : DECLARED_INTERVAL_US;
        int r = name_source(d, &s->what);

        s->timeout_us = d->timeout_us ? d->timeout_us : MIN(interval_us, (uint64_t)DECLARED_TIMEOUT_US);
        if (d->shell) {
                const char *const shell[] = {"/bin/sh", "-c", d->shell, NULL};
                memcpy(s->shell, shell, sizeof shell);
        }
        if (r == 0 && !d->file)
                r = make_environment(s);
        if (r < 0)
                return error_set(err, ENOMEM, "out of memory");
        if (d->format == DECLARED_REGEX)
                r = regex_new_lines(d->pattern, &s->regex, err);
        s->parser = (DeclaredParser){d, s->regex, has_key_column(d)};
        return r;
}

static DeclaredState *state_free(DeclaredState *s)
{
        if (!s)
                return NULL;
        declared_columns_free(s->columns);
        regex_free(s->regex);
        buffer_done(&s->text);
        string_done(&s->what);
        free(s->environment);
        declared_made_release(s->made);
        free(s);
        return NULL;
}

int declared_start(void *state, const MonitorContext *context, Error *err)
{
        DeclaredState *s = calloc(1, sizeof *s);

        if (!s)
                return error_set(err, ENOMEM, "out of memory");
        s->made = declared_made_hold(context->monitor);
        s->declaration = context->monitor->data;
        s->host = context->host;
        int r = prepare(s, context, err);
        if (r == 0)
                r = read_text(s, err);
        if (r == 0) {
                r = declared_columns_new(&s->parser, (const char *)s->text.data, s->text.size,
                                         &s->columns, err);
                if (r < 0)
                        error_prefix(err, r, "%s", string_get(&s->what));
        }
        if (r < 0) {
                state_free(s);
                return r;
        }
        *(DeclaredState **)state = s;
        return 0;
}

const Schema *declared_table(void *state)
{
        return &(*(DeclaredState **)state)->columns->schema;
}

void declared_stop(void *state)
{
        *(DeclaredState **)state = state_free(*(DeclaredState **)state);
}

/* ---- sample ---- */

static void complain(DeclaredState *s, Complaint about, const char *format, ...) _printf_(3, 4);

static void complain(DeclaredState *s, Complaint about, const char *format, ...)
{
        char text[300];
        va_list list;

        if (s->told[about])
                return;
        s->told[about] = true;
        if (s->complaining)
                return;
        s->complaining = true;
        va_start(list, format);
        vsnprintf(text, sizeof text, format, list);
        va_end(list);
        error_set(&s->complaint, EBADMSG, "%s: %s", string_get(&s->what), text);
}

static int on_row(void *data)
{
        DeclaredState *s = data;
        int r = monitor_row(s->rows, s->tick);

        if (r < 0)
                return r;
        s->n_rows++;
        if (s->columns->line)
                batch_set_u64(s->rows, s->columns->line, s->n_rows);
        return 0;
}

static void set_whole(DeclaredState *s, size_t index, const Figure *figure)
{
        const Column *column = &s->columns->columns[index];
        bool is_signed = column->type == COLUMN_I64;
        Figure whole = *figure;

        if (figure->kind == FIGURE_DECIMAL) {
                double rounded = round(figure->decimal);
                complain(s, ROUNDED, "%s has decimals and is rounded; type = \"f64\" would keep them",
                         column->name);
                if (rounded >= 0 && rounded < 18446744073709549568.0) {
                        whole.kind = FIGURE_WHOLE;
                        whole.whole = (uint64_t)rounded;
                } else if (rounded < 0 && rounded > -9223372036854774784.0) {
                        whole.kind = FIGURE_BELOW;
                        whole.below = (int64_t)rounded;
                }
        }
        if (whole.kind == FIGURE_WHOLE && (!is_signed || whole.whole <= INT64_MAX)) {
                if (is_signed)
                        batch_set_i64(s->rows, index, (int64_t)whole.whole);
                else
                        batch_set_u64(s->rows, index, whole.whole);
        } else if (whole.kind == FIGURE_BELOW && is_signed) {
                batch_set_i64(s->rows, index, whole.below);
        } else {
                batch_set_null(s->rows, index);
                complain(s, OUT_OF_RANGE, "%s: %.*s does not fit %s", column->name,
                         (int)MIN(figure->size, 40u), figure->text, column_type_name(column->type));
        }
}

static int set_text(DeclaredState *s, size_t index, Figure *figure)
{
        bool head = s->declaration->format == DECLARED_TABLE &&
                    s->columns->columns[index].role == ROLE_KEY;

        if (head && figure->size > 1 && figure->text[figure->size - 1] == ':')
                figure->size--;
        if (figure->size == 0) {
                batch_set_null(s->rows, index);
                return 0;
        }
        return batch_set_text(s->rows, index, figure->text,
                              MIN(figure->size, (size_t)DECLARED_TEXT_MAX));
}

static int set_cell(DeclaredState *s, size_t index, Figure *figure)
{
        const Column *column = &s->columns->columns[index];

        if (column->type == COLUMN_TEXT)
                return set_text(s, index, figure);
        if (figure->kind == FIGURE_NULL) {
                batch_set_null(s->rows, index);
                return 0;
        }
        if (figure->kind == FIGURE_WORDS) {
                batch_set_null(s->rows, index);
                complain(s, NOT_A_NUMBER, "%s: '%.*s' is no number", column->name,
                         (int)MIN(figure->size, 40u), figure->text);
                return 0;
        }
        figure_convert(figure, column->unit, s->columns->places[index].scale);
        if (column->type == COLUMN_F64)
                batch_set_f64(s->rows, index, figure_f64(figure));
        else
                set_whole(s, index, figure);
        return 0;
}

static int on_cell(void *data, const DeclaredCell *cell)
{
        DeclaredState *s = data;
        size_t index = declared_columns_of(s->columns, cell);
        Figure figure;

        if (index == 0) {
                if (s->columns->automatic && !s->columns->cut && cell->name)
                        complain(s, NEW_KEY, "%.*s is new and has no column",
                                 (int)MIN(cell->name_size, 60u), cell->name);
                return 0;
        }
        s->n_cells++;
        figure_parse(cell->value, cell->size, &figure);
        return set_cell(s, index, &figure);
}

/* Whether what was there at start is gone: one row of nothing says less than an error. */
static bool is_empty(const DeclaredState *s)
{
        bool many = s->declaration->format == DECLARED_TABLE || s->parser.regex_rows;

        return s->n_cells == 0 && !(many && s->n_rows == 0);
}

static int fill(DeclaredState *s, Error *err)
{
        const DeclaredListener listener = {on_row, on_cell, s};
        size_t before = batch_rows(s->rows);
        bool cut;
        int r = declared_parse(&s->parser, (const char *)s->text.data, s->text.size, &listener, &cut,
                               err);

        if (r == -ENOBUFS && before > 0) { /* in an empty one, it may fit */
                batch_truncate(s->rows, before);
                return r;
        }
        if (r == -ENOBUFS || cut)
                complain(s, TOO_MANY_ROWS, "only the first %zu rows are kept", s->n_rows);
        else if (r == -ENOMEM)
                return error_set(err, ENOMEM, "out of memory");
        else if (r < 0)
                return error_prefix(err, r, "%s", string_get(&s->what));
        if (is_empty(s))
                return error_set(err, ENODATA, "%s: none of its columns is there any more",
                                 string_get(&s->what));
        return 0;
}

int declared_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        DeclaredState *s = *(DeclaredState **)state;
        size_t before = batch_rows(rows);
        int r = read_text(s, err);

        if (r < 0)
                return r;
        s->tick = tick;
        s->rows = rows;
        s->n_rows = s->n_cells = 0;
        s->complaining = false;
        r = fill(s, err);
        if (r == 0 && s->complaining)
                r = error_set(err, EBADMSG, "%s", s->complaint.message);
        if (r < 0 && r != -ENOBUFS)
                batch_truncate(rows, before);
        return r;
}
