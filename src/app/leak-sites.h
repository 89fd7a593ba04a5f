/*
 * Places in a program that took memory and did not give it back: one an equal stack of calls, with how much. Memcheck
 * and --heap both fill it.
 *
 * Bounded: LEAK_SITES_MAX places, of which each has the innermost LEAK_FRAMES calls; what comes further is summed up
 * as left out. Texts are cut at 256 bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"
#include "report/report.h"

enum { LEAK_SITES_MAX = 4096, LEAK_FRAMES = 8, LEAK_FRAME_TEXT = 256 };

typedef enum LeakKind { LEAK_DEFINITE, LEAK_INDIRECT, LEAK_POSSIBLE, LEAK_REACHABLE, LEAK_KINDS } LeakKind;

const char *leak_kind_name(LeakKind kind); /* "definitely", "indirectly", "possibly", "reachable" */

typedef struct LeakFrame {
        char *function, *file, *object; /* owned; NULL unknown */
        unsigned line;                  /* 0 unknown */
} LeakFrame;

typedef struct LeakAmount {
        LeakKind kind;
        uint64_t bytes, blocks;
        uint64_t indirect_bytes; /* that hang on them, beside bytes; in blocks that nobody counted */
} LeakAmount;

typedef struct LeakSite {
        LeakFrame frames[LEAK_FRAMES]; /* innermost first; without the allocator's own */
        size_t n_frames;
        uint64_t bytes[LEAK_KINDS], blocks[LEAK_KINDS];
} LeakSite;

typedef struct LeakSites {
        LeakSite *items;
        size_t n, capacity;
        uint64_t bytes[LEAK_KINDS], blocks[LEAK_KINDS]; /* of all */
        uint64_t left_out_bytes;
} LeakSites;

void leak_sites_done(LeakSites *sites);

/* Calls of the allocator are not the place: malloc, operator new … */
bool leak_is_allocator(const char *function);

void leak_frame_done(LeakFrame *frame);
/* "lose (a.c:5)"; not yet made safe. */
void leak_frame_words(const LeakFrame *frame, String *out);
void leak_frame_json(const LeakFrame *frame, Json *j);

/* Takes the frames over (they are empty then), whatever comes of it. 0 or -ENOMEM. */
int leak_sites_add(LeakSites *sites, LeakFrame *frames, size_t n, const LeakAmount *amount);

/* Most first: definitely lost, then the others. */
void leak_sites_sort(LeakSites *sites);

/* A table of the worst `most` places that have something other than what is reachable. */
void leak_sites_show(const LeakSites *sites, size_t most, const ReportOptions *to, String *out);
void leak_sites_json(const LeakSites *sites, size_t most, Json *j);
