/* CSV records (RFC 4180; LF or CRLF; lines may run on within quotes). */
#pragma once

#include "base/buffer.h"
#include "export/char-source.h"

typedef struct CsvCell {
        size_t offset, size; /* in CsvRecord.text */
        bool quoted;
        CharPlace place;
} CsvCell;

typedef struct CsvRecord {
        Buffer text;
        CsvCell *cells; /* owned */
        size_t n_cells, capacity;
} CsvRecord;

void csv_record_done(CsvRecord *record);

/* The cell's bytes; of a record of nothing but empty cells there are none. */
static inline const char *csv_cell_text(const CsvRecord *record, const CsvCell *cell)
{
        return record->text.data ? (const char *)record->text.data + cell->offset : "";
}

/* The next record: 1; 0 at the end; -EBADMSG with place and sentence, -ENOMEM, or a read error. */
int csv_scan_record(CharSource *source, CsvRecord *record, Error *err);

/* Must a text be quoted for its characters' sake? Empty text must, and what could be taken for
 * a byte order mark. */
bool csv_needs_quotes(const char *text, size_t size);
