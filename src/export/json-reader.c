/* JSON in two passes: which columns there are and what they hold, then the rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "export/json-scan.h"
#include "export/text-reader.h"
#include "table/process-tables.h"

typedef struct JsonReader {
        TextReader base;
        JsonRow row;
        uint64_t *seen; /* by column: the number of the last row that had it */
        uint64_t rows;
} JsonReader;

static const char *row_text(const JsonReader *r, size_t offset)
{
        return r->row.text.data ? (const char *)r->row.text.data + offset : "";
}

/* false: null. */
static bool field_value(const JsonReader *r, const JsonField *f, ValueKind *ret_kind, uint64_t *ret_cell)
{
        const char *text = row_text(r, f->text);
        int64_t ns;

        *ret_kind = VALUE_TEXT;
        *ret_cell = 0;
        switch (f->kind) {
        case JSON_NULL:
                return false;
        case JSON_NUMBER:
        case JSON_BOOL:
                *ret_kind = value_classify(text, f->size, ret_cell);
                return true;
        case JSON_TEXT:
                if (value_parse_time(text, f->size, &ns)) {
                        *ret_kind = VALUE_TIME;
                        *ret_cell = (uint64_t)ns;
                }
                return true;
        case JSON_NESTED:
                break;
        }
        return true;
}

static int find_column(JsonReader *r, size_t i, size_t *ret, Error *err)
{
        const JsonField *f = &r->row.fields[i];
        const char *name = row_text(r, f->name);
        int rc = column_set_find(&r->base.columns, name, f->name_size, i, ret);

        if (rc == 0)
                return 0;
        if (memchr(name, '\0', f->name_size) || f->name_size == 0)
                return char_source_wrong(&r->base.source, f->place, err, "name is empty or holds NUL; expected text");
        rc = column_set_add(&r->base.columns, name, f->name_size);
        *ret = r->base.columns.n - 1;
        if (rc == -E2BIG)
                return char_source_wrong(&r->base.source, f->place, err,
                                         "too many different names; expected at most %d", COLUMNS_MAX);
        return rc < 0 ? error_set(err, rc, "out of memory") : 0;
}

static int guess_row(JsonReader *r, Error *err)
{
        r->rows++;
        for (size_t i = 0; i < r->row.n_fields; i++) {
                const JsonField *f = &r->row.fields[i];
                ValueKind kind;
                uint64_t value;
                size_t column;
                int rc = find_column(r, i, &column, err);
                if (rc < 0)
                        return rc;
                if (r->seen[column] == r->rows)
                        return char_source_wrong(&r->base.source, f->place, err,
                                                 "%.*s is there twice; expected different names",
                                                 (int)MIN(f->name_size, (size_t)64), row_text(r, f->name));
                r->seen[column] = r->rows;
                if (field_value(r, f, &kind, &value))
                        type_guess_add(&r->base.columns.guesses[column], kind, value,
                                       f->size > 0 && *row_text(r, f->text) == '-');
        }
        return 0;
}

/* No rows tell no columns; but a table of a run has a name that does. */
static int guess_from_name(JsonReader *r, Error *err)
{
        static const Schema *const known[] = {&processes_schema, &samples_schema, &totals_schema,
                                              &events_schema};
        const char *slash = strrchr(r->base.path, '/'), *name = slash ? slash + 1 : r->base.path;
        size_t size = strcspn(name, ".");

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
                if (strlen(known[i]->table) != size || memcmp(known[i]->table, name, size) != 0)
                        continue;
                r->base.columns.schema = *known[i];
                return 0;
        }
        return char_source_wrong(&r->base.source, char_place(&r->base.source), err,
                                 "no row, so no column is known; expected at least one object");
}

static int guess_types(JsonReader *r, Error *err)
{
        int rc;

        while ((rc = json_scan_row(&r->base.source, &r->row, err)) > 0)
                if ((rc = guess_row(r, err)) < 0)
                        return rc;
        if (rc < 0)
                return rc;
        if (r->base.columns.n == 0)
                return guess_from_name(r, err);
        return column_set_finish(&r->base.columns, "rows") < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int fill(TextReader *reader)
{
        JsonReader *r = (JsonReader *)reader;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < r->row.n_fields; i++) {
                const JsonField *f = &r->row.fields[i];
                ValueKind kind;
                uint64_t value;
                size_t column;
                /* A file that changed between the passes may have other names and types. */
                if (column_set_find(&r->base.columns, row_text(r, f->name), f->name_size, i, &column) < 0 ||
                    !field_value(r, f, &kind, &value))
                        continue;
                ColumnType type = r->base.columns.schema.columns[column].type;
                if (type == COLUMN_TEXT)
                        rc = batch_set_text(r->base.batch, column, row_text(r, f->text), f->size);
                else if (kind != VALUE_TEXT)
                        batch_set_cell(r->base.batch, column, type_guess_cell(type, kind, value));
        }
        return rc;
}

static int scan(TextReader *reader, Error *err)
{
        JsonReader *r = (JsonReader *)reader;

        return json_scan_row(&r->base.source, &r->row, err);
}

static void done(TextReader *reader)
{
        JsonReader *r = (JsonReader *)reader;

        json_row_done(&r->row);
        free(r->seen);
}

int json_reader_new(int fd, const char *shown_path, TableReader **ret, Error *err)
{
        static const TextReaderOps ops = {scan, fill, done};
        JsonReader *r = calloc(1, sizeof *r);

        if (!r)
                return error_set(err, ENOMEM, "out of memory");
        int rc = text_reader_begin(&r->base, &ops, fd, shown_path);
        r->seen = calloc(COLUMNS_MAX, sizeof *r->seen);
        rc = rc == 0 && r->seen ? guess_types(r, err) : error_set(err, ENOMEM, "out of memory");
        if (rc == 0 && text_reader_begin_rows(&r->base, fd) < 0)
                rc = error_set(err, ENOMEM, "out of memory");
        if (rc < 0) {
                text_reader_free(&r->base.reader);
                return rc;
        }
        r->row.begun = false;
        r->row.state = JSON_BETWEEN_LINES;
        *ret = &r->base.reader;
        return 0;
}
