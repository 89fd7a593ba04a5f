/* A table from one form into another. */
#pragma once

#include "export/format.h"
#include "store/run.h"

/* A table of a run as a reader; `reader` must outlive it. -ENOENT: no such table. */
int run_table_reader_new(RunReader *reader, const char *table, TableReader **ret, Error *err);

/* Told of every batch; for progress. */
typedef void (*TableProgressFn)(uint64_t rows, void *data);

typedef struct TableCopy {
        TableFormat format;
        ParquetOptions parquet;
        TableProgressFn progress; /* may be NULL */
        void *progress_data;
        uint64_t rows;      /* told: how many there were */
        bool output_failed; /* told: it was the output, not the input, that failed */
} TableCopy;

/* Copies all of it into the file `path` (or "-"), which appears whole or not at all. */
int table_copy(TableCopy *copy, TableReader *from, const char *path, Error *err);
