/*
 * What fragments memory, and what is done against it: how often an allocation had to take pages of
 * another migrate type (mm_page_alloc_extfrag), and compaction, both counted in the kernel from the
 * recording's begin to its end; a sample only looks at the counters.
 * include/trace/events/kmem.h, compaction.h; mm/page_alloc.c, mm/compaction.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "host/buddy-text.h"
#include "host/tracefs.h"
#include "monitor/fragmentation-counters.h"
#include "monitor/monitor.h"

enum {
        EVENT = MONITOR_FIRST,
        ALLOC_ORDER,
        FALLBACK_ORDER,
        ALLOC_MIGRATETYPE,
        FALLBACK_MIGRATETYPE,
        CLAIMED,
        MODE,
        RESULT,
        EVENTS,
        TIME_US,
        N_COLUMNS,
};

static const Column fragmentation_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [EVENT] = KEY("event", TEXT, NONE, "fallback | compaction-begin | compaction-end"),
        [ALLOC_ORDER] = KEY("alloc_order", U32, NONE, "fallback: 2^order pages were wanted"),
        [FALLBACK_ORDER] = KEY("fallback_order", U32, NONE,
                               "fallback: from a block of 2^order pages they were taken"),
        [ALLOC_MIGRATETYPE] = KEY("alloc_migratetype", TEXT, NONE, "fallback: type that was wanted"),
        [FALLBACK_MIGRATETYPE] = KEY("fallback_migratetype", TEXT, NONE,
                                     "fallback: type of the block that was taken"),
        [CLAIMED] = KEY("claimed", BOOL, NONE,
                        "fallback: the whole page block has the wanted type now (change_ownership); "
                        "false: pages were stolen, and the block is mixed"),
        [MODE] = KEY("mode", TEXT, NONE, "compaction: sync | async"),
        [RESULT] = KEY("result", TEXT, NONE, "compaction-end: success, complete, contended, …"),
        [EVENTS] = COUNTER("events", U64, COUNT, "how often, since the recording began"),
        [TIME_US] = COUNTER("time_us", U64, US, "compaction-end: time that took, all CPUs together"),
};

static const Schema fragmentation_schema = {"fragmentation", fragmentation_columns, N_COLUMNS};

static const char *const modes[] = {"async", "sync"};

/* include/trace/events/mmflags.h, COMPACTION_STATUS */
static const char *const results[COMPACTION_RESULTS] = {
        "not_suitable_zone", "skipped",         "deferred",  "no_suitable_page", "continue",
        "complete",          "partial_skipped", "contended", "success",
};

/* enum migratetype of include/linux/mmzone.h; what follows depends on the configuration. */
static const char *const migratetypes[] = {"Unmovable", "Movable", "Reclaimable", "HighAtomic"};

enum { PAGETYPEINFO_MAX = 65536, COMPACTION_ROWS = 2 * (COMPACTION_RESULTS + 1) };

typedef struct FragmentationState {
        FragmentationCounters *counters;
        size_t next; /* a sample that found no more room goes on here */
        char names[BUDDY_TYPES][BUDDY_NAME_MAX];
} FragmentationState;

static int fragmentation_probe(const MonitorContext *context, Error *why, Error *fix)
{
        uint64_t id;
        int r = tracefs_event_id(context->host, "kmem/mm_page_alloc_extfrag", &id, why, fix);

        if (r == 0 && !host_is_live(context->host))
                r = error_set(why, EOPNOTSUPP, "events are counted in a running kernel only");
        return r < 0 ? r : fragmentation_counters_probe(context->host, why);
}

/* Names as this kernel has them, out of /proc/pagetypeinfo. */
static void name_types(FragmentationState *s, const Host *host)
{
        char *text = malloc(PAGETYPEINFO_MAX);
        ssize_t n = text ? host_read(host, "proc/pagetypeinfo", text, PAGETYPEINFO_MAX) : -ENOMEM;
        PageTypes types = {.n = 0};

        if (n > 0)
                page_types_find(text, (size_t)n, &types);
        for (size_t i = 0; i < BUDDY_TYPES; i++) {
                if (i < types.n)
                        text_copy(s->names[i], BUDDY_NAME_MAX, types.names[i]);
                else if (i < ARRAY_LENGTH(migratetypes))
                        text_copy(s->names[i], BUDDY_NAME_MAX, migratetypes[i]);
                else
                        snprintf(s->names[i], BUDDY_NAME_MAX, "type %zu", i);
        }
        free(text);
}

static int fragmentation_start(void *state, const MonitorContext *context, Error *err)
{
        FragmentationState *s = state;
        int r = fragmentation_counters_new(context->host, &s->counters, err);

        if (r == 0)
                name_types(s, context->host);
        return r;
}

static int add_fallback(const FragmentationState *s, const MonitorTick *tick, uint32_t cell,
                        uint64_t n, Batch *rows)
{
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        batch_set_u64(rows, ALLOC_ORDER, cell & 15);
        batch_set_u64(rows, FALLBACK_ORDER, cell >> FALLBACK_ORDER_SHIFT & 15);
        batch_set_bool(rows, CLAIMED, cell >> FALLBACK_CLAIMED_SHIFT & 1);
        batch_set_u64(rows, EVENTS, n);
        r = batch_set_textz(rows, EVENT, "fallback");
        if (r == 0)
                r = batch_set_textz(rows, ALLOC_MIGRATETYPE, s->names[cell >> FALLBACK_TO_SHIFT & 7]);
        if (r == 0)
                r = batch_set_textz(rows, FALLBACK_MIGRATETYPE, s->names[cell >> FALLBACK_FROM_SHIFT & 7]);
        return r;
}

static int set_result(Batch *rows, uint32_t result)
{
        char number[32];

        if (results[result])
                return batch_set_textz(rows, RESULT, results[result]);
        snprintf(number, sizeof number, "result %u", result);
        return batch_set_textz(rows, RESULT, number);
}

/* The begins are always there: that nothing happened is worth knowing. Ends by what came of it. */
static int add_compaction(const FragmentationState *s, const MonitorTick *tick, uint32_t at,
                          Batch *rows)
{
        uint32_t mode = at / (COMPACTION_RESULTS + 1), end = at % (COMPACTION_RESULTS + 1);
        const struct bpf_compaction *c = &fragmentation_compactions(s->counters)[mode];
        uint64_t n = end == 0 ? c->begun : c->ended[end - 1];

        if (end > 0 && n == 0)
                return 0;
        int r = monitor_row(rows, tick);
        if (r < 0)
                return r;
        batch_set_u64(rows, EVENTS, n);
        r = batch_set_textz(rows, MODE, modes[mode]);
        if (r == 0)
                r = batch_set_textz(rows, EVENT, end == 0 ? "compaction-begin" : "compaction-end");
        if (r < 0 || end == 0)
                return r;
        batch_set_u64(rows, TIME_US, c->time_ns[end - 1] / NS_PER_US);
        return set_result(rows, end - 1);
}

static int fragmentation_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        FragmentationState *s = state;
        const uint64_t *fallbacks = fragmentation_fallbacks(s->counters);

        for (; s->next < COMPACTION_ROWS + FALLBACK_CELLS; s->next++) {
                size_t before = batch_rows(rows);
                uint32_t cell = (uint32_t)s->next - COMPACTION_ROWS;
                int r = 0;
                if (s->next < COMPACTION_ROWS)
                        r = add_compaction(s, tick, (uint32_t)s->next, rows);
                else if (fallbacks[cell] > 0)
                        r = add_fallback(s, tick, cell, fallbacks[cell], rows);
                if (r < 0) {
                        batch_truncate(rows, before);
                        return r;
                }
        }
        s->next = 0;
        return 0;
}

static void fragmentation_stop(void *state)
{
        FragmentationState *s = state;

        s->counters = fragmentation_counters_free(s->counters);
}

const Monitor monitor_fragmentation = {
        .name = "fragmentation",
        .what = "fallbacks to other migrate types, compaction (bpf)",
        .schema = &fragmentation_schema,
        .interval_us = 5000000,
        .off = true,
        .early = true, /* 5 ms, of who asked for it: what is counted is the whole command's */
        .state_size = sizeof(FragmentationState),
        .probe = fragmentation_probe,
        .start = fragmentation_start,
        .sample = fragmentation_sample,
        .stop = fragmentation_stop,
};
