/* What the files of the recording side share: a table being written, and how it is finished. */
#pragma once

#include "store/run-parts.h"
#include "store/run-store-writer.h"
#include "store/run.h"

typedef struct RunTable {
        Sink sink; /* first: the sink is the table */
        RunStore *store;
        Schema *schema; /* a copy: a monitor's goes with the monitor */
        RunWriterTable writer;
        Batch *rows; /* of the newest part */
        unsigned part;
        size_t seal_rows;
        size_t image_rows;    /* rows in the latest image of this part */
        uint64_t total_rows;   /* ever written to it */
        uint64_t written_rows; /* rows in images of this part so far, each time counted */
        ParquetBase base;      /* its first rows, encoded, for the images until it is sealed */
        bool has_image;       /* of this part */
        bool hurry;           /* sealed between flushes: the live rows are on no disk */

        RunLiveFn live_fn;
        void *live_data;
        Batch *live;
        RunLiveVersionFn live_version_fn;
        uint64_t live_version, live_refresh_ns; /* as written; when they are written in any case */
        uint64_t live_hash;
        uint64_t live_due_ns;

        RunImage *final; /* the whole table, where one part is all there is */
        int final_fd;    /* NAME.parquet.tmp */
} RunTable;

struct RunStore {
        int dirfd;
        char *path, *id, *host;
        ParquetKeyValue metadata[2];
        ParquetEncoder *encoder;
        Buffer scratch;
        RunWriter *writer;
        RunTable **tables;
        size_t n_tables;
        uint64_t flush_ns, due_ns, first_ns, last_ns; /* 0: no tick yet */
        size_t memory_bytes, part_values, part_text_bytes;
        uint64_t lost;            /* rows that never became an image */
        uint64_t written;         /* bytes of finished tables */
        int reported_error;       /* the state last told by run_store_tick */
        bool reported_loss;
        bool finished;
};

/* Encodes the newest part's rows (and the live ones) into an image of its own. `base` may be NULL: all
 * rows anew, as one row group. */
int run_store_make_image(RunStore *store, RunTable *table, bool with_live, const ParquetBase *base,
                         RunImage **ret);

/* Fills table->live with the rows that are true now. 0 or -ENOMEM. */
int run_store_collect_live(RunTable *table);
