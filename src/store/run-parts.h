/*
 * The tables of a run directory as files: NAME.parquet when finished, else the folder NAME
 * with numbered parts, 000000.parquet …. What ends in .tmp was never whole. All paths are
 * relative to the run directory's descriptor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "store/parquet/parquet.h"

enum {
        RUN_TABLE_NAME_MAX = 63,
        RUN_TABLES_MAX = 256,
        RUN_PART_MAX = 999999999,
        RUN_PATH_MAX = RUN_TABLE_NAME_MAX + 48, /* of every path made here */
};

typedef struct RunParts {
        unsigned *numbers; /* ascending, owned */
        size_t n;
} RunParts;

void run_parts_done(RunParts *parts);

/* Letters, digits, '_' and '-': what a table may be called. */
bool run_table_name_valid(const char *name, size_t size);

/* "samples/000003.parquet" + suffix; "samples.parquet" + suffix. */
void run_part_path(char to[RUN_PATH_MAX], const char *table, unsigned part, const char *suffix);
void run_table_path(char to[RUN_PATH_MAX], const char *table, const char *suffix);

/* O_RDONLY on a regular file, never a link or a fifo. fd or -errno (-EBADMSG: another kind). */
int run_open_regular(int dirfd, const char *path);

/* The parts of a table; none is fine. -ENOENT: no such folder. */
int run_parts_list(int dirfd, const char *table, RunParts *ret);

/* Names of all tables, finished or in parts, sorted; NULL-terminated, owned with its names. */
int run_tables_list(int dirfd, char ***ret);
void run_tables_free(char **tables);
static inline void run_tables_freep(char ***tables)
{
        run_tables_free(*tables);
}

/* Unlinks *.tmp in the folder `name` ("." for the run directory). */
int run_remove_temporary(int dirfd, const char *name);

/* Concatenates parts into out_fd without decoding, a bounded number of descriptors at a time.
 * `schema` is needed for no parts. *ret_damaged counts parts left out. */
int run_parts_concatenate(int dirfd, const char *table, const RunParts *parts, int out_fd,
                          const Schema *schema, const ParquetKeyValue *metadata, size_t n_metadata,
                          size_t *ret_damaged, Error *err);
