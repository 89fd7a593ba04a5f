/*
 * Leaves out the rows of a monitor that say nothing new: an idle machine's day would else be
 * gigabytes of the same. A row is told when one of its values moved by more than its column's
 * noise since the last row told about the same thing, and at least every `repeat_ns`. The row before
 * a change is told with it, so that a curve drawn through the rows is flat until then, and a rate
 * is one of the time in which it happened.
 *
 * A thing is known by its ROLE_KEY columns, the first two (time and t_ns) apart. One that is gone
 * has its last row told.
 */
#pragma once

#include <stdint.h>

#include "base/macros.h"
#include "table/batch.h"

typedef struct RowFilter RowFilter;

/* The schema is a monitor's and borrowed. 0 or -ENOMEM. */
int row_filter_new(const Schema *schema, uint64_t repeat_ns, RowFilter **ret);
RowFilter *row_filter_free(RowFilter *filter);
DEFINE_CLEANUP(RowFilter, row_filter)

/* Appends to `told` what is to be told of one sample's rows. 0, or as batch_append: what did not fit
 * is told with the next sample if it is still true then. */
int row_filter_pass(RowFilter *filter, const Batch *rows, Batch *told);

/* The end: appends the newest row of everything whose newest row was left out. */
int row_filter_finish(RowFilter *filter, Batch *told);
