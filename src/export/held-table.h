/*
 * A table at given moments: a row holds until the next one about the same thing, so what is known at a moment is the
 * last row of each thing. For formats that want a row every so many seconds. Memory is bounded; further
 * things are left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "store/run.h"

enum { HELD_KEYS = 3, HELD_VALUES = 12, HELD_THINGS = 8192, HELD_TEXT_MAX = 1024 };

typedef struct HeldSpec {
        const char *table;
        const char *keys[HELD_KEYS + 1];     /* columns that tell things apart; NULL-terminated, may be none */
        const char *values[HELD_VALUES + 1]; /* numbers and truths; NULL-terminated */
        const char *text;                    /* a column of words; NULL: none */
} HeldSpec;

/* Owned by the table, until it moves on. */
typedef struct HeldThing {
        char *keys[HELD_KEYS]; /* "" where null; numbers in decimal */
        char *text;            /* "" unknown */
        double values[HELD_VALUES]; /* NAN: unknown */
        int64_t t_ns;          /* of the row */
} HeldThing;

typedef struct HeldTable HeldTable;

/* hold_ns: how long a row is believed at most; 0: 25 s (rows are told at least every 10). The specification is borrowed. 0; -ENOENT: the run has
 * no such table; or as run.h. A column that the table lacks is unknown. */
int held_table_new(RunReader *run, const HeldSpec *spec, uint64_t hold_ns, HeldTable **ret, Error *err);
HeldTable *held_table_free(HeldTable *table);
DEFINE_CLEANUP(HeldTable, held_table)

/* Moves to t_ns, never back. *ret: things that are known then, n of them, in the order first seen. 0 or -errno. */
int held_table_move(HeldTable *table, int64_t t_ns, const HeldThing *const **ret, size_t *n, Error *err);

/* Of the monitor that writes `table`, as run.json has it; 0: not known. */
uint64_t held_interval_ns(const RunInfo *info, const char *table);
