/*
 * Columns of any table over time, by its Schema alone: for charts of monitors. Of each thing that the
 * keys tell apart (a disk, a resource; the machine where there are none) and each gauge or counter, the
 * lowest and highest value in buckets of equal width, which doubles when the run outgrows them.
 *
 * A gauge holds until the next row about the same thing. Of a counter the growth a second between two
 * rows is told; one that falls was reset: what it shows then is growth, as Prometheus has it. Where the
 * next row comes too late, what is between is unknown. Rows that follow each other very soon are one for a
 * rate: the kernel brings times up to date with its clock tick (up to 10 ms), and the moment of a reading is
 * known to a few ms on a busy machine, so that a rate over a very short time could be above what is possible.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "table/batch.h"

enum {
        COLUMN_SERIES_THINGS = 256,     /* further ones are left out and counted */
        COLUMN_SERIES_VALUES = 8 << 20, /* numbers kept at most; beyond it buckets become wider */
        COLUMN_SERIES_THING_MAX = 256,  /* bytes of a thing's name; longer ones are cut */
        COLUMN_SERIES_RATE_LEAST_NS = 20000000,  /* what a rate is told over, at least */
        COLUMN_SERIES_TIME_LEAST_NS = 100000000, /* the same of counters of time */
};

typedef struct ColumnLine {
        const char *thing;    /* "", or the values of its keys: "sda", "node 0 Normal Movable" */
        const Column *column; /* of ColumnSeries.schema */
        double *low, *high;   /* n_buckets each, NAN: unknown */
        double least, most;   /* of all values; NAN: none */
        int64_t most_ns;      /* when the highest began */
        double mean;          /* over the time in which it is known */
        double grown;         /* of a counter: what the rates add up to, exactly; else NAN */
} ColumnLine;

typedef struct ColumnSeries {
        uint64_t width_ns, end_ns;
        size_t n_buckets;
        ColumnLine *lines; /* thing by thing in the order first seen, its columns in the schema's order;
                            * lines that never had a value are left out */
        size_t n_lines;
        size_t left_out;   /* things */
        Schema *schema;
        char **things;     /* n_things */
        size_t n_things;
} ColumnSeries;

ColumnSeries *column_series_free(ColumnSeries *series);
DEFINE_CLEANUP(ColumnSeries, column_series)

typedef struct ColumnSeriesOptions {
        size_t buckets;       /* at most; 0: 1200 */
        uint64_t span_ns;     /* of the run, as far as is known; 0: buckets grow */
        uint64_t interval_ns; /* between a thing's rows, where nothing changes: what comes later than some
                               * of them, and than 25 s, is a gap */
        uint64_t hold_ns;     /* what comes later than this is a gap, instead; 0: as above */
        const char *const *columns; /* NULL-terminated names; NULL: all gauges and counters */
        bool (*keep)(const char *thing, void *data); /* NULL: all things */
        void *data;
} ColumnSeriesOptions;

typedef struct ColumnSeriesBuilder ColumnSeriesBuilder;

/* The schema is copied. 0 or -ENOMEM; 1: it has no time, gauges or counters: nothing made. */
int column_series_new(const Schema *schema, const ColumnSeriesOptions *options, ColumnSeriesBuilder **ret);
ColumnSeriesBuilder *column_series_builder_free(ColumnSeriesBuilder *builder);
DEFINE_CLEANUP(ColumnSeriesBuilder, column_series_builder)

/* Rows of that schema, in the order of their times. 0 or -ENOMEM. */
int column_series_observe(ColumnSeriesBuilder *builder, const Batch *rows);

/* The last levels hold until end_ns (INT64_MIN: the last row). The builder is only to be freed then. */
int column_series_finish(ColumnSeriesBuilder *builder, int64_t end_ns, ColumnSeries **ret);
