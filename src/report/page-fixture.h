/* For tests of the page: a run on disk whose truth is known, and its page as a browser reads it. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buffer.h"
#include "base/text.h"
#include "store/run.h"

#define MIB (1ull << 20)
#define HOSTILE "sh -c '</script><script>alert(1)</script>' \"<!--\" & \x01\x1b[2J \xff\xfe \xe2\x80\xae evil\nline \\n"

enum { TICKS = 400, TICK_MS = 50, JOBS = 4, BUILT = 40 };

typedef struct Made {
        char path[64];
        RunStore *store;
        Sink *processes, *samples, *totals, *events, *heat;
        Batch *rows[5];
        RunInfo info;
        char *command[3];
        /* what the tables say */
        uint64_t most_pss, most_rss, most_alive, cpu_us, n_processes;
        uint64_t most_major[2]; /* PSS at one tick of CPP_Compile, CPP_Link */
        double most_celsius;
} Made;

void made_init(Made *m); /* a run of nothing */
void made_done(Made *m);
RunReader *made_open(Made *m); /* writes it to disk; nothing can be added then */

/* parent, end_ms 0: none. */
void made_process(Made *m, uint64_t key, uint64_t parent, const char *program, const char *major, const char *line,
                  uint64_t start_ms, uint64_t end_ms, uint64_t peak, int code);

/* Of job k at a tick: which process, and what it holds; false in the pause between two. */
bool made_job(uint64_t t_ms, uint64_t k, uint64_t *key, uint64_t *pss);
void made_tick(Made *m, uint64_t t_ms, uint64_t jobs);

/* Twenty seconds of a build: 40 compilers and linkers four at a time, a shell with hostile words. */
void made_build(Made *m);

typedef struct Read {
        String json, base64;
        json_t *page;
        Buffer data;
} Read;

void read_page(Made *m, size_t bytes, Read *ret);
void read_done(Read *r);

/* A section named by a key of an object; owned. */
double *read_numbers(const Read *r, const json_t *object, const char *key, size_t *n);
double read_highest(const Read *r, const json_t *object, const char *key);

/* Of by_category and tables; NULL: none. */
const json_t *read_metric(const Read *r, const char *name);
const json_t *read_table(const Read *r, const char *name);
