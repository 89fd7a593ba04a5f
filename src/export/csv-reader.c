/* CSV in two passes: what the columns are, then the rows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "export/csv-scan.h"
#include "export/text-reader.h"

typedef struct CsvReader {
        TextReader base;
        CsvRecord record;
        bool quotes_mean_nothing; /* everything is quoted, the header too */
} CsvReader;

static int read_header(CsvReader *r, Error *err)
{
        bool all = true, needless = false;
        int rc = csv_scan_record(&r->base.source, &r->record, err);

        if (rc < 0)
                return rc;
        if (rc == 0)
                return char_source_wrong(&r->base.source, char_place(&r->base.source), err,
                                         "the file is empty; expected a line of column names");
        for (size_t i = 0; i < r->record.n_cells; i++) {
                const CsvCell *cell = &r->record.cells[i];
                const char *name = csv_cell_text(&r->record, cell);
                size_t size = cell->size, unused;
                char made[32];
                if (memchr(name, '\0', size))
                        return char_source_wrong(&r->base.source, cell->place, err,
                                                 "NUL byte in a column name; expected text");
                all = all && cell->quoted;
                needless = needless || (cell->quoted && !csv_needs_quotes(name, size));
                if (size == 0 && r->record.n_cells > 1) { /* as pandas writes its index */
                        size = (size_t)snprintf(made, sizeof made, "column_%zu", i + 1);
                        name = made;
                } else if (size == 0) {
                        return char_source_wrong(&r->base.source, cell->place, err,
                                                 "empty line; expected a line of column names");
                }
                if (column_set_find(&r->base.columns, name, size, i, &unused) == 0)
                        return char_source_wrong(&r->base.source, cell->place, err,
                                                 "column %.*s is there twice; expected different names",
                                                 (int)MIN(size, (size_t)64), name);
                if (column_set_add(&r->base.columns, name, size) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        }
        r->quotes_mean_nothing = all && needless;
        return 0;
}

/* The next record with as many cells as the header; empty lines are skipped where they cannot
 * be a row. 1, 0 at the end. */
static int next_row(CsvReader *r, Error *err)
{
        for (;;) {
                int rc = csv_scan_record(&r->base.source, &r->record, err);
                const CsvCell *first = r->record.cells;
                size_t n = r->record.n_cells, expected = r->base.columns.n;
                if (rc <= 0)
                        return rc;
                if (n == 1 && expected > 1 && first->size == 0 && !first->quoted)
                        continue;
                if (n == expected)
                        return 1;
                return char_source_wrong(&r->base.source, n > expected ? first[expected].place : first[n - 1].place,
                                         err, "%zu cell%s; expected %zu, as in the header", n,
                                         n == 1 ? "" : "s", expected);
        }
}

/* A cell's value. false: null. */
static bool cell_value(const CsvReader *r, const CsvCell *cell, ValueKind *ret_kind, uint64_t *ret_cell)
{
        *ret_kind = VALUE_TEXT;
        *ret_cell = 0;
        if (cell->quoted && !r->quotes_mean_nothing)
                return true;
        if (cell->size == 0)
                return false;
        *ret_kind = value_classify(csv_cell_text(&r->record, cell), cell->size, ret_cell);
        return true;
}

static int guess_types(CsvReader *r, Error *err)
{
        int rc;

        while ((rc = next_row(r, err)) > 0) {
                for (size_t i = 0; i < r->base.columns.n; i++) {
                        const CsvCell *cell = &r->record.cells[i];
                        ValueKind kind;
                        uint64_t value;
                        if (cell_value(r, cell, &kind, &value))
                                type_guess_add(&r->base.columns.guesses[i], kind, value,
                                               cell->size > 0 && *csv_cell_text(&r->record, cell) == '-');
                }
        }
        return rc;
}

static int fill(TextReader *reader)
{
        CsvReader *r = (CsvReader *)reader;
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < r->base.columns.n; i++) {
                const CsvCell *cell = &r->record.cells[i];
                ColumnType type = r->base.columns.columns[i].type;
                ValueKind kind;
                uint64_t value;
                bool known = cell_value(r, cell, &kind, &value);
                if (type == COLUMN_TEXT && (known || cell->quoted))
                        rc = batch_set_text(r->base.batch, i, csv_cell_text(&r->record, cell), cell->size);
                else if (known && kind != VALUE_TEXT)
                        batch_set_cell(r->base.batch, i, type_guess_cell(type, kind, value));
        }
        return rc;
}

static int scan(TextReader *reader, Error *err)
{
        return next_row((CsvReader *)reader, err);
}

static void done(TextReader *reader)
{
        csv_record_done(&((CsvReader *)reader)->record);
}

int csv_reader_new(int fd, const char *shown_path, TableReader **ret, Error *err)
{
        static const TextReaderOps ops = {scan, fill, done};
        CsvReader *r = calloc(1, sizeof *r);

        if (!r)
                return error_set(err, ENOMEM, "out of memory");
        int rc = text_reader_begin(&r->base, &ops, fd, shown_path) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
        if (rc == 0)
                rc = read_header(r, err);
        if (rc == 0)
                rc = guess_types(r, err);
        if (rc == 0 && (column_set_finish(&r->base.columns, "rows") < 0 || text_reader_begin_rows(&r->base, fd) < 0))
                rc = error_set(err, ENOMEM, "out of memory");
        if (rc == 0)
                rc = csv_scan_record(&r->base.source, &r->record, err); /* the header */
        if (rc < 0) {
                text_reader_free(&r->base.reader);
                return rc;
        }
        *ret = &r->base.reader;
        return 0;
}
