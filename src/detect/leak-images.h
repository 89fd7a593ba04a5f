/*
 * Who lived long enough to leak: rows of the table of processes, their images put together to processes (an image
 * that another of the same pid began at the end of), with what became of the parent. Pure over rows.
 *
 * Bounded: of more images than IMAGES_MAX those that lived less than a second are let go, and counted; of what is
 * left, further ones. Command lines are cut at LEAK_TEXT_MAX bytes, and kept of those that lived for text_ns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/batch.h"

enum {
        LEAK_IMAGES_MAX = 1 << 18,
        LEAK_TEXT_MAX = 1024,
        LEAK_COMM = 16,
};

#define LEAK_ALIVE INT64_MAX

/* Work that is handed to it, and with it all memory, until it ends: by its category. */
typedef enum LeakStep {
        LEAK_STEP_NONE,
        LEAK_STEP_BUILDER, /* build and package tools: where they serve, they live on */
        LEAK_STEP_COMPILE, /* compilers, linkers, generators */
} LeakStep;

typedef struct LeakImage {
        uint64_t key, parent; /* UINT64_MAX: unknown */
        int64_t start_ns, end_ns; /* LEAK_ALIVE */
        int32_t pid;
        bool exited;   /* it ended by exiting, not by exec */
        bool well;     /* and that with code 0 */
        bool has_next; /* another image of the process follows in the array */
        LeakStep step;
        char comm[LEAK_COMM]; /* "": unknown */
        char *cmdline; /* owned; NULL unknown */
} LeakImage;

typedef struct LeakImages {
        LeakImage *items; /* after leak_images_seal: by pid, then start; a process's are neighbours */
        size_t n, capacity;
        uint64_t seen, left_out;
        int64_t text_ns; /* 0: a second */
        size_t *by_key; /* owned; indexes of items, by key */
} LeakImages;

void leak_images_done(LeakImages *images);

/* Rows of processes. 0 or -ENOMEM. */
int leak_images_observe(LeakImages *images, const Batch *rows);
/* When all were told. 0 or -ENOMEM. */
int leak_images_seal(LeakImages *images);

/* NULL: none of that key. */
const LeakImage *leak_images_find(const LeakImages *images, uint64_t key);
/* The last image of the process that this one is of. */
const LeakImage *leak_images_last(const LeakImages *images, const LeakImage *image);

extern const char *const leak_process_columns[]; /* NULL-terminated: what is looked at */
