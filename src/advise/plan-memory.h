/* The memory of jobs at one moment: what is each one's own, and once what instances of a program share. */
#pragma once

#include "advise/plan.h"

typedef struct MemorySum {
        double own_bytes;
        float shared_bytes[BUILD_PROGRAMS_MAX + 1];
        uint8_t seen[BUILD_PROGRAMS_MAX + 1]; /* programs with something in shared_bytes */
        unsigned n_seen;
} MemorySum;

/* `at`: how far the job is, 0 … 1. */
void memory_add(MemorySum *sum, const Plan *plan, const PlanNode *node, double at);

/* All together, as the recording would have counted it; the sum is empty then. */
double memory_take(MemorySum *sum, const Plan *plan);
