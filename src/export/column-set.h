/* The columns a reader found: names, what their values look like, then a Schema. */
#pragma once

#include "base/hash.h"
#include "export/value-text.h"

enum {
        COLUMNS_MAX = 4096,
        ROW_BYTES_MAX = 8 << 20, /* of text in one row */
        READER_ROWS = 4096,      /* a batch */
};

typedef struct ColumnSet {
        char **names; /* owned */
        TypeGuess *guesses;
        size_t n, capacity;
        Map *by_name;   /* hash → index + 1 */
        Column *columns;
        Schema schema; /* after column_set_finish */
} ColumnSet;

int column_set_init(ColumnSet *set);
void column_set_done(ColumnSet *set);

/* -ENOENT if it is not there; `hint` is looked at first. */
int column_set_find(const ColumnSet *set, const char *name, size_t size, size_t hint, size_t *ret);
int column_set_add(ColumnSet *set, const char *name, size_t size); /* 0, -E2BIG, -ENOMEM */

/* Makes the schema, named for `table` (borrowed). */
int column_set_finish(ColumnSet *set, const char *table);
