/*
 * The words every layer shares: a table is described once, by a Schema; Parquet, CSV, JSON,
 * SQL, the report and the terminal read that description. There is no printer per table.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum ColumnType {
        COLUMN_U64,
        COLUMN_I64,
        COLUMN_U32,
        COLUMN_I32,
        COLUMN_F64,
        COLUMN_BOOL,
        COLUMN_TEXT, /* UTF-8 where we made it; bytes of strangers otherwise */
        COLUMN_TIME, /* i64: nanoseconds since 1970 UTC; for people */
} ColumnType;

typedef enum ColumnRole {
        ROLE_KEY,     /* says what the row is about: t_ns, process, device */
        ROLE_GAUGE,   /* a level: holds until the next row */
        ROLE_COUNTER, /* only grows; model/ subtracts */
        ROLE_TEXT,    /* words about the row */
} ColumnRole;

typedef enum Unit {
        UNIT_NONE,
        UNIT_BYTES,
        UNIT_NS,
        UNIT_US,
        UNIT_MS,
        UNIT_RATIO,
        UNIT_COUNT,
        UNIT_CELSIUS,
        UNIT_PERCENT,
        UNIT_WATTS,
        UNIT_MICROJOULES,
        UNIT_HERTZ,
        UNIT_RPM,
        UNIT_VOLTS,
        UNIT_PAGES,
        UNIT_SECONDS,
        UNIT_LAST = UNIT_SECONDS,
} Unit;

typedef struct Column {
        const char *name; /* snake_case with its unit behind: rss_anon_bytes */
        ColumnType type;
        ColumnRole role;
        Unit unit;
        const char *help; /* one line for people; may be NULL */
        /* Of a monitor's column: a change of up to this much, in its unit, since the last row
         * about the same thing is no reason for another row. 0: every change is one. */
        double noise;
} Column;

typedef struct Schema {
        const char *table;
        const Column *columns;
        size_t n_columns;
} Schema;

const char *column_type_name(ColumnType type); /* "u64", "text", … */
const char *column_role_name(ColumnRole role); /* "key", "gauge", "counter", "text" */
const char *unit_name(Unit unit);              /* "bytes", "us", …; "" for none */

/* A copy that borrows nothing, in one piece: free(). NULL: no memory. */
Schema *schema_copy(const Schema *schema);

/* Index of the column of that name, or -1. */
int schema_find(const Schema *schema, const char *name);
