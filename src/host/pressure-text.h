/*
 * Pressure stall information: for which part of the time some task, or every task that was not
 * idle, waited for a resource. /proc/pressure/RESOURCE and a cgroup's RESOURCE.pressure. Pure
 * functions on text. Documentation/accounting/psi.rst, kernel/sched/psi.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct PressureLine {
        bool known;                     /* the line is there */
        double avg10, avg60, avg300;    /* percent of the last 10, 60, 300 s */
        uint64_t total_us;              /* since the start */
} PressureLine;

/* some: for at least one task; full: for all. irq has only full, cpu full only since 5.13. */
typedef struct Pressure {
        PressureLine some, full;
} Pressure;

/* 0, or -EBADMSG with neither line. */
int pressure_parse(const char *text, size_t size, Pressure *ret);
