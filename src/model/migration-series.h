/*
 * Page migration over a run as kdevops looks at it: how many calls there were since the first sample, and how many
 * of them succeeded. From the table of a declared monitor (preset kdevops) or of `migrate`: columns called success,
 * total or calls, fail, or ending so behind an underscore; several of one name add up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/batch.h"

enum { MIGRATION_POINTS_MAX = 20000 }; /* of a longer run every second row is told, or every fourth … */

/* Since the first sample; a counter that falls was reset, and what it shows then is growth. */
typedef struct MigrationPoint {
        double t_s, success, calls;
} MigrationPoint;

typedef struct MigrationSeries {
        MigrationPoint *points; /* owned; by time */
        size_t n;
        size_t every, seen;         /* rows: one in so many is a point */
        MigrationPoint last;        /* what the counters showed in the last row */
        double success, calls;      /* growth until it */
        bool any;
} MigrationSeries;

int migration_series_init(MigrationSeries *series); /* 0 or -ENOMEM */
void migration_series_done(MigrationSeries *series);

/* The tables it is looked for in, best first; NULL-terminated. */
extern const char *const migration_tables[];

/* Rows in the order of their times; those without a figure are passed over. */
void migration_series_observe(MigrationSeries *series, const Batch *rows);
