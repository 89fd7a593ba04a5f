/* For tests of detectors: rows by hand into a Detect with SPEC 8's thresholds. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "detect/detect.h"

typedef struct World {
        DetectContext context;
        Detect *detect;
} World;

static inline void world_begin(World *w)
{
        *w = (World){.context.facts = {.memory_bytes = 16ull << 30, .cpus = 4, .interval_ns = 50 * NS_PER_MS,
                                       .wall_ns = DETECT_UNKNOWN, .exit_code = 0, .exit_signal = -1, .complete = true}};
        thresholds_init(&w->context.thresholds);
        assert_int_equal(detect_new(&w->context, &w->detect), 0);
}

/* The command ended so: its exit status, or minus the signal. */
static inline void world_begin_ended(World *w, int status)
{
        world_begin(w);
        w->context.facts.exit_code = status < 0 ? -1 : status;
        w->context.facts.exit_signal = status < 0 ? -status : -1;
        detect_set_facts(w->detect, &w->context.facts);
}

static inline void world_end(World *w)
{
        detect_free(w->detect);
}

/* Gives the rows and empties the batch. */
static inline void world_give(World *w, Batch *rows)
{
        assert_int_equal(detect_observe(w->detect, batch_schema(rows)->table, rows, false), 0);
        batch_clear(rows);
}

/* A line of the command's output. */
static inline void world_say(World *w, const char *line)
{
        detect_output(w->detect, line, strlen(line));
}

static inline const Finding *world_find(const World *w, const char *id, const char *subject)
{
        return findings_find(detect_findings(w->detect), id, subject);
}

static inline const Findings *world_finish(World *w)
{
        assert_int_equal(detect_finish(w->detect), 0);
        return detect_findings(w->detect);
}

/* Those that are no mere notes: a world of few processes has some with much of its memory. */
static inline size_t world_told(const Findings *found)
{
        size_t n = 0;

        for (size_t i = 0; i < found->n; i++)
                n += found->items[i]->severity != SEVERITY_INFO;
        return n;
}

static inline size_t world_count(const Findings *found, const char *id)
{
        size_t n = 0;

        for (size_t i = 0; i < found->n; i++)
                n += text_equal(found->items[i]->id, id);
        return n;
}

static inline void assert_has(const char *sentence, const char *words)
{
        if (!sentence || !strstr(sentence, words))
                fail_msg("\"%s\" is not in \"%s\"", words, sentence ? sentence : "(none)");
}

static inline void assert_has_not(const char *sentence, const char *words)
{
        if (sentence && strstr(sentence, words))
                fail_msg("\"%s\" is in \"%s\"", words, sentence);
}
