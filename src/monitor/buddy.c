/*
 * How free memory is cut into blocks, by node and zone out of /proc/buddyinfo, and, where it may be
 * read, by migrate type out of /proc/pagetypeinfo. The indices of fragmentation are worked out as
 * debugfs's extfrag/ files do (mm/vmstat.c), which say nothing that buddyinfo does not.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/buddy-text.h"
#include "monitor/monitor.h"

enum {
        NODE = MONITOR_FIRST,
        ZONE,
        MIGRATETYPE,
        FREE_PAGES,
        LARGEST_ORDER,
        ORDER,
        UNUSABLE_RATIO,
        FRAGMENTATION_INDEX,
        PAGE_BLOCKS,
        ORDER_0,
        N_COLUMNS = ORDER_0 + BUDDY_ORDERS,
};

/* Small blocks come and go by the thousand; about 8 MiB of each size in pages of 4 KiB. */
#define BLOCKS(name, order, size)                                                                  \
        [ORDER_0 + (order)] = GAUGE_NOISY(name, U64, COUNT, (2048 >> (order)) + 1,                 \
                                          "free blocks of " size)

static const Column buddy_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [NODE] = KEY("node", U32, NONE, "NUMA node"),
        [ZONE] = KEY("zone", TEXT, NONE, "zone of that node: DMA32, Normal, Movable, …"),
        [MIGRATETYPE] = KEY("migratetype", TEXT, NONE,
                            "what may be allocated from it; null: all types together"),
        [FREE_PAGES] = GAUGE_NOISY("free_pages", U64, PAGES, 2048, "free pages in all blocks"),
        [LARGEST_ORDER] = GAUGE("largest_order", U32, NONE, "of the largest free block; null: none"),
        [ORDER] = GAUGE("order", U32, NONE, "what the next two columns are about: 2^order pages"),
        [UNUSABLE_RATIO] = GAUGE_NOISY("unusable_ratio", F64, RATIO, 0.02,
                                       "part of the free pages in blocks smaller than that"),
        [FRAGMENTATION_INDEX] = GAUGE_NOISY("fragmentation_index", F64, RATIO, 0.02,
                                            "why it would fail: 0 want of memory … 1 fragmentation; "
                                            "null: it would not"),
        [PAGE_BLOCKS] = GAUGE("page_blocks", U64, COUNT,
                              "page blocks that are of this migratetype, free or not"),
        BLOCKS("order_0_blocks", 0, "1 page"),
        BLOCKS("order_1_blocks", 1, "2 pages"),
        BLOCKS("order_2_blocks", 2, "4 pages"),
        BLOCKS("order_3_blocks", 3, "8 pages"),
        BLOCKS("order_4_blocks", 4, "16 pages"),
        BLOCKS("order_5_blocks", 5, "32 pages"),
        BLOCKS("order_6_blocks", 6, "64 pages"),
        BLOCKS("order_7_blocks", 7, "128 pages"),
        BLOCKS("order_8_blocks", 8, "256 pages"),
        BLOCKS("order_9_blocks", 9, "512 pages, a huge page of 2 MiB"),
        BLOCKS("order_10_blocks", 10, "1,024 pages"),
        BLOCKS("order_11_blocks", 11, "2,048 pages"),
        BLOCKS("order_12_blocks", 12, "4,096 pages"),
        BLOCKS("order_13_blocks", 13, "8,192 pages"),
};

static const Schema buddy_schema = {"buddy", buddy_columns, N_COLUMNS};

static const MonitorKey buddy_keys[] = {
        {"order", MONITOR_KEY_NUMBER,
         "allocations that the indices are about: 2^order pages (9, a huge page)"},
        {"migrate_types", MONITOR_KEY_BOOL,
         "rows by migrate type, too, where /proc/pagetypeinfo may be read (1). Reading it walks the "
         "free lists under the zone's lock"},
        {NULL, 0, NULL},
};

/* 600 zones; 2,400 lines by type. Of more, the first. */
enum { BUDDYINFO_MAX = 65536, PAGETYPEINFO_MAX = 262144, ORDER_DEFAULT = 9 };

typedef struct BuddyState {
        int buddyinfo, pagetypeinfo; /* pagetypeinfo: -1 where it may not be read */
        unsigned order;
        char text[PAGETYPEINFO_MAX];
} BuddyState;

static int buddy_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_close_ int fd = host_open(context->host, "proc/buddyinfo");

        if (fd == -ENOENT)
                return error_set(why, ENOENT, "no /proc/buddyinfo here");
        return fd < 0 ? error_set_errno(why, fd, "/proc/buddyinfo") : 0;
}

static int buddy_start(void *state, const MonitorContext *context, Error *err)
{
        const MonitorSetting *order = monitor_setting(context, "order");
        const MonitorSetting *types = monitor_setting(context, "migrate_types");
        BuddyState *s = state;

        s->order = ORDER_DEFAULT;
        if (order && order->number >= BUDDY_ORDERS)
                return error_set(err, EINVAL, "order is %llu; at most %d is known",
                                 (unsigned long long)order->number, BUDDY_ORDERS - 1);
        if (order)
                s->order = (unsigned)order->number;
        s->buddyinfo = monitor_open_file(context, "proc/buddyinfo", err);
        if (s->buddyinfo < 0)
                return s->buddyinfo;
        s->pagetypeinfo = types && types->number == 0 ? -1
                                                      : host_open(context->host, "proc/pagetypeinfo");
        return 0;
}

/* Whole lines only: half a number would be a number. */
static ssize_t read_lines(int fd, char *text, size_t max)
{
        ssize_t n = host_reread(fd, text, max);

        if (n == (ssize_t)max - 1)
                while (n > 0 && text[n - 1] != '\n')
                        n--;
        return n;
}

static int set_name(Batch *rows, size_t column, const char *name)
{
        return batch_set_textz(rows, column, name);
}

static int add_keys(Batch *rows, const MonitorTick *tick, uint32_t node, const char *zone,
                    const char *type)
{
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        batch_set_u64(rows, NODE, node);
        r = set_name(rows, ZONE, zone);
        return r == 0 && type[0] ? set_name(rows, MIGRATETYPE, type) : r;
}

static void set_blocks(Batch *rows, const BuddyLine *line)
{
        for (size_t i = 0; i < line->n; i++)
                if (line->values[i] != BUDDY_UNKNOWN)
                        batch_set_u64(rows, ORDER_0 + i, line->values[i]);
}

static void set_figures(Batch *rows, const BuddyLine *line, unsigned order)
{
        BuddyFigures f;

        if (buddy_figures(line->values, line->n, order, &f) < 0)
                return;
        batch_set_u64(rows, FREE_PAGES, f.free_pages);
        if (f.largest_order >= 0)
                batch_set_u64(rows, LARGEST_ORDER, (uint64_t)f.largest_order);
        if (line->type[0])
                return; /* other types' blocks can be had, too: the indices are the zone's */
        batch_set_u64(rows, ORDER, order);
        batch_set_f64(rows, UNUSABLE_RATIO, f.unusable_ratio);
        batch_set_f64(rows, FRAGMENTATION_INDEX, f.fragmentation_index);
}

/* The page blocks of a zone by type. */
static bool find_blocks(const PageTypes *types, const BuddyLine *wanted, uint64_t *ret)
{
        const char *at = types->blocks;
        BuddyLine line;

        while (buddy_line_next(&at, types->blocks_end, &line)) {
                if (line.node != wanted->node || strcmp(line.zone, wanted->zone) != 0)
                        continue;
                for (size_t i = 0; i < types->n && i < line.n; i++)
                        if (strcmp(types->names[i], wanted->type) == 0) {
                                *ret = line.values[i];
                                return line.values[i] != BUDDY_UNKNOWN;
                        }
        }
        return false;
}

static int add_lines(Batch *rows, const MonitorTick *tick, const char *text, const char *end,
                     unsigned order, const PageTypes *types)
{
        BuddyLine line;
        uint64_t blocks;
        int r = 0;

        while (r == 0 && buddy_line_next(&text, end, &line)) {
                if (!line.type[0] == (types != NULL))
                        continue; /* a line of the other file */
                r = add_keys(rows, tick, line.node, line.zone, line.type);
                if (r < 0)
                        break;
                set_blocks(rows, &line);
                set_figures(rows, &line, order);
                if (types && find_blocks(types, &line, &blocks))
                        batch_set_u64(rows, PAGE_BLOCKS, blocks);
        }
        return r;
}

static int add_types(BuddyState *s, const MonitorTick *tick, Batch *rows, Error *err)
{
        ssize_t n = read_lines(s->pagetypeinfo, s->text, PAGETYPEINFO_MAX);
        PageTypes types;

        if (n < 0)
                return error_set_errno(err, (int)n, "/proc/pagetypeinfo");
        if (page_types_find(s->text, (size_t)n, &types) < 0)
                return error_set(err, EBADMSG, "/proc/pagetypeinfo: not what the kernel writes");
        return add_lines(rows, tick, types.free, types.free_end, s->order, &types);
}

static int buddy_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        BuddyState *s = state;
        size_t before = batch_rows(rows);
        ssize_t n = read_lines(s->buddyinfo, s->text, BUDDYINFO_MAX);

        if (n < 0)
                return error_set_errno(err, (int)n, "/proc/buddyinfo");
        int r = add_lines(rows, tick, s->text, s->text + n, s->order, NULL);
        if (r < 0)
                return r;
        if (batch_rows(rows) == before)
                return error_set(err, EBADMSG, "/proc/buddyinfo: no zone in it");
        return s->pagetypeinfo < 0 ? 0 : add_types(s, tick, rows, err);
}

static void buddy_stop(void *state)
{
        BuddyState *s = state;

        s->buddyinfo = fd_close(s->buddyinfo);
        s->pagetypeinfo = fd_close(s->pagetypeinfo);
}

const Monitor monitor_buddy = {
        .name = "buddy",
        .what = "free memory by size of block, zone, migrate type",
        .schema = &buddy_schema,
        .interval_us = 5000000,
        .off = true,
        .state_size = sizeof(BuddyState),
        .keys = buddy_keys,
        .probe = buddy_probe,
        .start = buddy_start,
        .sample = buddy_sample,
        .stop = buddy_stop,
};
