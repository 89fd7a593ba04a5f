/*
 * The thread that puts part files on disk, so that a slow disk never delays a tick. It is
 * given whole files as bytes (images), writes them as .tmp, flushes and renames them, several
 * at once so that the file system commits once. An image that cannot be written is kept and
 * tried again at the next kick; beyond a bound the oldest are dropped and their rows counted.
 *
 * All functions are for the recorder's one thread. The writing thread starts at the first kick;
 * it never calls malloc or free, so that it needs no heap of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "store/run-parts.h"

/* One table as the writer knows it; embedded in its owner, kept until run_writer_free. */
typedef struct RunWriterTable {
        const char *name;
        bool on_disk;       /* disk_part has been written at least once */
        unsigned disk_part; /* the newest part on disk … */
        uint64_t disk_rows; /* … and how many of its rows are there */
        bool superseded;    /* set before run_writer_stop: its rows are written elsewhere */
} RunWriterTable;

/* A whole part file. */
typedef struct RunImage {
        struct RunImage *next;
        RunWriterTable *table;
        unsigned part;
        uint64_t rows; /* that would be lost with it; not those that are true only for now */
        int fd, result; /* the writer's own */
        size_t size;
        uint8_t data[];
} RunImage;

typedef struct RunWriterState {
        int error;          /* 0, or -errno of the latest round */
        char where[RUN_PATH_MAX]; /* the file it failed on */
        uint64_t lost;      /* rows dropped so far */
        uint64_t written;   /* bytes written so far */
        size_t queued;      /* bytes waiting */
} RunWriterState;

typedef struct RunWriter RunWriter;

int run_writer_new(int dirfd, RunWriter **ret); /* the descriptor is borrowed. 0 or -ENOMEM */

/* Takes the image. One of the same table and part that is not yet begun is replaced. At most
 * `bound` bytes are kept; the oldest images go first, the one given never. */
void run_writer_put(RunWriter *writer, RunImage *image, size_t bound);

/* Has everything that was put written. Where no thread can be had (pids.max), it is written
 * here, without waiting for the disk. */
void run_writer_kick(RunWriter *writer);

/* Waits until everything that was put before is on disk, or failed. */
void run_writer_wait(RunWriter *writer);

/* Ends the thread after the write it is at; what is left, but for superseded tables, is tried
 * once more from here, without flushing, and dropped if that fails. */
void run_writer_stop(RunWriter *writer);

/* A consistent copy; frees what was written. */
void run_writer_state(RunWriter *writer, RunWriterState *ret);

/* How many rows of `part` are on disk; false: it is not the newest part there. */
bool run_writer_on_disk(RunWriter *writer, const RunWriterTable *table, unsigned part,
                        uint64_t *ret_rows);

RunWriter *run_writer_free(RunWriter *writer);
DEFINE_CLEANUP(RunWriter, run_writer)
