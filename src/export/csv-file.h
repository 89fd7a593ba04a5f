/*
 * A CSV file as other programs' own monitors write them: a header of bare names, a record a line whatever is in it, N/A
 * where a figure is not known. Appears whole or not at all.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "export/out-buffer.h"
#include "export/output-file.h"

typedef struct CsvFile {
        OutputFile file;
        OutBuffer out;
        size_t cells;  /* of the row that is open */
        uint64_t rows; /* without the header */
        int failed;    /* -errno; told by csv_file_end_row */
} CsvFile;

int csv_file_open(CsvFile *csv, const char *path, const char *header, Error *err);

void csv_file_add_text(CsvFile *csv, const char *text); /* line breaks and other control bytes become '?', quoted at need */
void csv_file_add_i64(CsvFile *csv, int64_t value);
void csv_file_add_number(CsvFile *csv, double value, unsigned decimals); /* not finite: N/A */

int csv_file_end_row(CsvFile *csv, Error *err);
int csv_file_commit(CsvFile *csv, Error *err);
void csv_file_done(CsvFile *csv); /* safe on a zeroed or committed one */
