/* What readers of row-by-row text share: a first pass tells columns and types, a second one fills batches. */
#pragma once

#include "export/char-source.h"
#include "export/column-set.h"
#include "export/format.h"

typedef struct TextReader TextReader;

typedef struct TextReaderOps {
        int (*scan)(TextReader *reader, Error *err); /* the next row: 1; 0 at the end; -errno */
        int (*fill)(TextReader *reader);             /* it, into the batch's last row: 0 or -errno */
        void (*done)(TextReader *reader);            /* what the format keeps beside this */
} TextReaderOps;

/* The first member of the format's own. */
struct TextReader {
        TableReader reader;
        const TextReaderOps *ops;
        CharSource source;
        ColumnSet columns; /* its schema is known after the first pass */
        Batch *batch;
        bool kept;         /* the row scanned last did not fit the batch before */
        char path[512];
};

/* At the file's beginning, for the first pass. 0 or -ENOMEM; it is to be freed all the same. */
int text_reader_begin(TextReader *r, const TextReaderOps *ops, int fd, const char *shown_path);
/* After it: room for rows, and the file's beginning again. 0 or -ENOMEM. */
int text_reader_begin_rows(TextReader *r, int fd);

/* Frees it, the format's own included. Returns NULL. */
TableReader *text_reader_free(TableReader *reader);
