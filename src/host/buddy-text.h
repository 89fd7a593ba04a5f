/*
 * Free memory by the size of its blocks: the lines of /proc/buddyinfo and /proc/pagetypeinfo, and
 * the kernel's two indices of fragmentation worked out from them. Pure functions on text.
 * Documentation/filesystems/proc.rst, mm/vmstat.c, mm/show_mem.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        BUDDY_ORDERS = 14, /* NR_PAGE_ORDERS: 11; up to 14 with pages of 64 KiB. More are left out */
        BUDDY_TYPES = 8,   /* MIGRATE_TYPES is 4 to 7 */
        BUDDY_NAME_MAX = 24,
};
#define BUDDY_UNKNOWN UINT64_MAX

typedef struct BuddyLine {
        uint32_t node;
        char zone[BUDDY_NAME_MAX]; /* "DMA32", "Normal", "Movable" */
        char type[BUDDY_NAME_MAX]; /* "Unmovable", …; "": the line has none */
        size_t n;
        uint64_t values[BUDDY_ORDERS]; /* BUDDY_UNKNOWN: more than the kernel would count */
} BuddyLine;

/* Takes the next line "Node N, zone Z[, type T] number…" off *text, others are passed over.
 * Either file, any section. False at the end. */
bool buddy_line_next(const char **text, const char *end, BuddyLine *ret);

/* The sections of /proc/pagetypeinfo. */
typedef struct PageTypes {
        const char *free, *free_end;     /* lines with a type; values are by order */
        const char *blocks, *blocks_end; /* lines without; values are page blocks by type */
        size_t n;
        char names[BUDDY_TYPES][BUDDY_NAME_MAX]; /* of those values */
} PageTypes;

/* 0, or -EBADMSG: not such a text; *ret is untouched then. */
int page_types_find(const char *text, size_t size, PageTypes *ret);

/* What a zone's free blocks are worth to one who wants 2^order pages at once. */
typedef struct BuddyFigures {
        uint64_t free_pages, free_blocks;
        int largest_order;     /* -1: nothing is free */
        double unusable_ratio; /* part of the free pages in blocks too small; 0 when none is free */
        /* Why it would fail: towards 0 for want of memory, towards 1 for fragmentation. NAN: it
         * would not. extfrag_index of debugfs. */
        double fragmentation_index;
} BuddyFigures;

/* -EINVAL: a value is unknown; -ERANGE: more pages than there can be. *ret is untouched then. */
int buddy_figures(const uint64_t *blocks, size_t n, unsigned order, BuddyFigures *ret);
