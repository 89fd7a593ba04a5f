/* One pass over the characters; plain runs are copied whole. */
#include "export/csv-scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "export/column-set.h"

void csv_record_done(CsvRecord *r)
{
        buffer_done(&r->text);
        free(r->cells);
        *r = (CsvRecord){0};
}

bool csv_needs_quotes(const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
                        return true;
        return size == 0 || (unsigned char)text[0] == 0xef;
}

static int add_cell(CharSource *s, CsvRecord *r, Error *err)
{
        if (r->n_cells >= COLUMNS_MAX)
                return char_source_wrong(s, char_place(s), err, "too many cells; expected at most %d",
                                         COLUMNS_MAX);
        CsvCell *cells = array_grow(r->cells, &r->capacity, r->n_cells, sizeof *cells);
        if (!cells)
                return error_set(err, ENOMEM, "out of memory");
        r->cells = cells;
        r->cells[r->n_cells++] = (CsvCell){.offset = r->text.size, .place = char_place(s)};
        return 0;
}

static int add_bytes(CharSource *s, CsvRecord *r, const void *bytes, size_t n, Error *err)
{
        if (r->text.size + n > ROW_BYTES_MAX)
                return char_source_wrong(s, char_place(s), err,
                                         "row too long; expected at most %d MiB (is a quote not closed?)",
                                         ROW_BYTES_MAX >> 20);
        return buffer_append(&r->text, bytes, n) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* Copies up to the first of the characters that mean something, which stays unread. */
static int add_plain(CharSource *s, CsvRecord *r, bool quoted, Error *err)
{
        const uint8_t *start = s->buffer + s->at, *end = s->buffer + s->size, *p = start;

        if (quoted)
                while (p < end && *p != '"' && *p != '\n')
                        p++;
        else
                while (p < end && *p != ',' && *p != '\n' && *p != '\r')
                        p++;
        int rc = add_bytes(s, r, start, (size_t)(p - start), err);
        char_skip(s, (size_t)(p - start));
        return rc;
}

/* Behind the opening quote, up to and with the closing one. */
static int scan_quoted(CharSource *s, CsvRecord *r, CharPlace opened, Error *err)
{
        for (;;) {
                int rc = char_peek(s) >= 0 ? add_plain(s, r, true, err) : 0;
                if (rc < 0)
                        return rc;
                int c = char_get(s);
                if (c < 0) {
                        rc = char_source_end(s, err);
                        return rc < 0 ? rc
                                      : char_source_wrong(s, opened, err,
                                                          "quote is never closed; expected \" before "
                                                          "the end of the file");
                }
                if (c == '"') {
                        if (char_peek(s) != '"')
                                return 0;
                        char_get(s);
                }
                char byte = (char)c;
                rc = add_bytes(s, r, &byte, 1, err);
                if (rc < 0)
                        return rc;
        }
}

static int scan_unquoted(CharSource *s, CsvRecord *r, Error *err)
{
        for (;;) {
                int c = char_peek(s), rc;
                if (c < 0 || c == ',' || c == '\n')
                        return 0;
                if (c != '\r') {
                        rc = add_plain(s, r, false, err);
                } else {
                        /* Part of a line end, or a character like any other. */
                        char_get(s);
                        c = char_peek(s);
                        if (c == '\n' || c < 0)
                                return 0;
                        rc = add_bytes(s, r, "\r", 1, err);
                }
                if (rc < 0)
                        return rc;
        }
}

int csv_scan_record(CharSource *s, CsvRecord *r, Error *err)
{
        buffer_clear(&r->text);
        r->n_cells = 0;
        if (char_peek(s) < 0)
                return char_source_end(s, err);
        for (;;) {
                int rc = add_cell(s, r, err);
                if (rc < 0)
                        return rc;
                CsvCell *cell = &r->cells[r->n_cells - 1];
                if (char_peek(s) == '"') {
                        char_get(s);
                        cell->quoted = true;
                        rc = scan_quoted(s, r, cell->place, err);
                } else {
                        rc = scan_unquoted(s, r, err);
                }
                if (rc < 0)
                        return rc;
                cell->size = r->text.size - cell->offset;
                CharPlace place = char_place(s);
                int c = char_get(s);
                if (c == '\r' && (char_peek(s) == '\n' || char_peek(s) < 0))
                        c = char_get(s);
                if (c < 0) {
                        rc = char_source_end(s, err);
                        return rc < 0 ? rc : 1;
                }
                if (c == '\n')
                        return 1;
                if (c != ',')
                        return char_source_wrong(s, place, err,
                                                 "text behind a closing quote; expected , or the "
                                                 "end of the line");
        }
}
