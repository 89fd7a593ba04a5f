/* Rows of a run that was short of memory, for the tests of the detector `oom`. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "detect/test-world.h"
#include "table/process-tables.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define S   ((int64_t)NS_PER_SECOND)

static const Column memory_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"available_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"swap_total_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"swap_free_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"oom_kills", COLUMN_U64, ROLE_COUNTER, UNIT_COUNT, ""},
};
static const Schema memory_schema = {"memory", memory_columns, ARRAY_LENGTH(memory_columns)};

static const Column cgroup_columns[] = {
        {"t_ns", COLUMN_I64, ROLE_KEY, UNIT_NS, ""},
        {"path", COLUMN_TEXT, ROLE_GAUGE, UNIT_NONE, ""},
        {"memory_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"memory_max_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"memory_limit_bytes", COLUMN_U64, ROLE_GAUGE, UNIT_BYTES, ""},
        {"oom_kills", COLUMN_U64, ROLE_COUNTER, UNIT_COUNT, ""},
};
static const Schema cgroup_schema = {"cgroup", cgroup_columns, ARRAY_LENGTH(cgroup_columns)};

typedef struct Rows {
        Batch *events, *processes, *memory, *cgroup;
} Rows;

static inline void rows_begin(Rows *r)
{
        *r = (Rows){0};
        assert_int_equal(batch_new(&events_schema, 256, 1 << 16, &r->events), 0);
        assert_int_equal(batch_new(&processes_schema, 256, 1 << 16, &r->processes), 0);
        assert_int_equal(batch_new(&memory_schema, 256, 0, &r->memory), 0);
        assert_int_equal(batch_new(&cgroup_schema, 256, 1 << 16, &r->cgroup), 0);
}

/* As a report gives them: events ahead, then each table. */
static inline const Findings *rows_give(Rows *r, World *w)
{
        assert_int_equal(detect_observe(w->detect, "events", r->events, true), 0);
        assert_int_equal(detect_observe(w->detect, "processes", r->processes, false), 0);
        assert_int_equal(detect_observe(w->detect, "events", r->events, false), 0);
        assert_int_equal(detect_observe(w->detect, "memory", r->memory, false), 0);
        assert_int_equal(detect_observe(w->detect, "cgroup", r->cgroup, false), 0);
        batch_free(r->events);
        batch_free(r->processes);
        batch_free(r->memory);
        batch_free(r->cgroup);
        return world_finish(w);
}

static inline void text(Batch *rows, size_t column, const char *words)
{
        assert_int_equal(batch_set_text(rows, column, words, strlen(words)), 0);
}

static inline void event(Rows *r, int64_t t_ns, const char *kind, int32_t pid, uint64_t process, const char *words)
{
        assert_int_equal(batch_add_row(r->events), 0);
        batch_set_i64(r->events, EVENT_T_NS, t_ns);
        text(r->events, EVENT_KIND, kind);
        if (pid > 0)
                batch_set_i64(r->events, EVENT_PID, pid);
        if (process)
                batch_set_u64(r->events, EVENT_PROCESS, process);
        text(r->events, EVENT_TEXT, words);
}

/* key, pid and parent's pid; from, to in seconds (to 0: it lives). */
static inline void process(Rows *r, uint64_t key, int32_t pid, int32_t ppid, const char *comm, int64_t from, int64_t to, int signal,
                    uint64_t peak)
{
        Batch *b = r->processes;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_i64(b, PROCESS_PID, pid);
        batch_set_i64(b, PROCESS_PPID, ppid);
        text(b, PROCESS_COMM, comm);
        text(b, PROCESS_CMDLINE, comm);
        text(b, PROCESS_CATEGORY, "C++ compile");
        batch_set_i64(b, PROCESS_START_NS, from * S);
        if (to > 0)
                batch_set_i64(b, PROCESS_END_NS, to * S);
        if (signal)
                batch_set_i64(b, PROCESS_EXIT_SIGNAL, signal);
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, peak);
}

/* From 1 s on. The command is pid 100, key 10, and the parent of the others; `code` of its own, or the signal. */
static inline void failed(Rows *r, uint64_t key, int32_t pid, int32_t ppid, const char *comm, int64_t to, int code, int signal)
{
        process(r, key, pid, ppid, comm, 1, to, signal, 9 * MIB);
        batch_set_i64(r->processes, PROCESS_EXEC_NS, 1 * S);
        if (key != 10)
                batch_set_u64(r->processes, PROCESS_PARENT, 10);
        if (code > 0)
                batch_set_i64(r->processes, PROCESS_EXIT_CODE, code);
}

/* Of the process added last: pid 0: not visible, comm NULL: not known. */
static inline void sent_by(Rows *r, const char *by, int32_t pid, const char *comm)
{
        text(r->processes, PROCESS_SIGNAL_BY, by);
        if (pid > 0)
                batch_set_i64(r->processes, PROCESS_SIGNAL_PID, pid);
        if (comm)
                text(r->processes, PROCESS_SIGNAL_COMM, comm);
}

static inline void memory(Rows *r, int64_t t_ns, uint64_t available, uint64_t kills)
{
        assert_int_equal(batch_add_row(r->memory), 0);
        batch_set_i64(r->memory, 0, t_ns);
        batch_set_u64(r->memory, 1, 16 * GIB);
        batch_set_u64(r->memory, 2, available);
        batch_set_u64(r->memory, 3, 0);
        batch_set_u64(r->memory, 4, 0);
        batch_set_u64(r->memory, 5, kills);
}

static inline void cgroup(Rows *r, int64_t t_ns, uint64_t used, uint64_t kills)
{
        assert_int_equal(batch_add_row(r->cgroup), 0);
        batch_set_i64(r->cgroup, 0, t_ns);
        text(r->cgroup, 1, "/system.slice/ci.service/vigia-1");
        batch_set_u64(r->cgroup, 2, used);
        batch_set_u64(r->cgroup, 4, 2 * GIB);
        batch_set_u64(r->cgroup, 5, kills);
}

static inline void four_compilers(Rows *r)
{
        process(r, 10, 100, 1, "sh", 0, 20, 0, 2 * MIB);
        process(r, 11, 101, 100, "cc1plus", 1, 10, 9, 6 * GIB);
        process(r, 12, 102, 100, "cc1plus", 1, 12, 0, 4 * GIB);
        process(r, 13, 103, 100, "cc1plus", 2, 12, 0, 3 * GIB);
        process(r, 14, 104, 100, "cc1plus", 2, 12, 0, 3 * GIB);
        process(r, 15, 105, 100, "as", 15, 16, 0, 9 * GIB); /* later */
}
