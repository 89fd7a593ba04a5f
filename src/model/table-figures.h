/*
 * What a monitor's table came to over a run, from its Schema alone: of each thing that its keys tell
 * apart (a disk, a resource; the machine where there are none), how high each gauge was on average
 * and at most, and how far each counter grew. A level holds until the next row about the same thing,
 * so averages are over time. A counter that falls was reset: what it shows then is growth, as
 * Prometheus has it. Rows about single processes are left out: no other run has the same ones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "table/batch.h"

enum {
        TABLE_FIGURES_THINGS = 256,  /* further ones are left out and counted */
        TABLE_FIGURES_COLUMNS = 256, /* gauges and counters looked at */
        TABLE_FIGURES_KEY_MAX = 96,  /* bytes of a thing's name */
};

typedef struct TableFigure {
        const char *thing;    /* "", or the values of its keys: "sda", "0 Normal Movable" */
        const Column *column; /* until the TableFigures are freed */
        /* Of a gauge mean and most, of a counter growth; NAN where nothing is known. */
        double mean, most, growth;
} TableFigure;

typedef struct TableFigures TableFigures;

/* The schema is copied. 0 or -ENOMEM; 1: the table has no time, gauges or counters: nothing made. */
int table_figures_new(const Schema *schema, TableFigures **ret);
TableFigures *table_figures_free(TableFigures *figures);
DEFINE_CLEANUP(TableFigures, table_figures)

/* Rows of that schema, in the order of their times. 0 or -ENOMEM. */
int table_figures_observe(TableFigures *figures, const Batch *rows);

/* The last levels hold until end_ns. Then only table_figures_get and free. */
void table_figures_finish(TableFigures *figures, int64_t end_ns);

/* Whether one of the things has no name but others have: it stands for them all (cpu: all CPUs). */
bool table_figures_has_whole(const TableFigures *figures);

/* From 0 on, thing by thing in the order they were first seen; false at the end. */
bool table_figures_get(const TableFigures *figures, size_t i, TableFigure *ret);
size_t table_figures_left_out(const TableFigures *figures); /* things beyond the bound */
