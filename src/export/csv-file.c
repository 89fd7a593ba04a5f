/* Rows gather in memory and are written in large pieces. */
#include "export/csv-file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { CHUNK = 1 << 16, TEXT_COLUMNS = 512 };

static void add(CsvFile *csv, const char *text, size_t size)
{
        if (csv->failed == 0)
                csv->failed = buffer_append(&csv->out.pending, text, size);
}

static void begin_cell(CsvFile *csv)
{
        if (csv->cells++ > 0)
                add(csv, ",", 1);
}

int csv_file_open(CsvFile *csv, const char *path, const char *header, Error *err)
{
        *csv = (CsvFile){.file = {.fd = -1}};
        int r = output_file_open(&csv->file, path, err);

        csv->out.fd = csv->file.fd;
        if (r == 0) {
                add(csv, header, strlen(header));
                add(csv, "\n", 1);
        }
        return r;
}

void csv_file_add_text(CsvFile *csv, const char *text)
{
        _cleanup_string_ String shown = {0};
        bool quote = false;

        begin_cell(csv);
        string_add_shown(&shown, text, TEXT_COLUMNS, false);
        if (shown.failed)
                csv->failed = -ENOMEM;
        for (const char *p = string_get(&shown); *p; p++)
                quote |= *p == ',' || *p == '"';
        if (quote)
                add(csv, "\"", 1);
        for (const char *p = string_get(&shown); *p; p++)
                add(csv, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
        if (quote)
                add(csv, "\"", 1);
}

void csv_file_add_i64(CsvFile *csv, int64_t value)
{
        char text[24];

        begin_cell(csv);
        add(csv, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

void csv_file_add_number(CsvFile *csv, double value, unsigned decimals)
{
        char text[64];

        begin_cell(csv);
        if (!isfinite(value) || fabs(value) > 1e18) {
                add(csv, "N/A", 3);
                return;
        }
        int n = snprintf(text, sizeof text, "%.*f", (int)MIN(decimals, 6u), value);
        add(csv, text, (size_t)n);
}

int csv_file_end_row(CsvFile *csv, Error *err)
{
        add(csv, "\n", 1);
        csv->cells = 0;
        csv->rows++;
        if (csv->failed < 0)
                return error_set(err, ENOMEM, "out of memory");
        return out_buffer_drain(&csv->out, CHUNK, err);
}

int csv_file_commit(CsvFile *csv, Error *err)
{
        int r = csv->failed < 0 ? error_set(err, ENOMEM, "out of memory") : out_buffer_drain(&csv->out, 0, err);

        if (r == 0)
                r = output_file_commit(&csv->file, err);
        csv_file_done(csv);
        return r;
}

void csv_file_done(CsvFile *csv)
{
        buffer_done(&csv->out.pending);
        output_file_done(&csv->file);
}
