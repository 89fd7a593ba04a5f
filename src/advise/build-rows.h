/*
 * A recorded build as the advice needs it: its processes with their times, CPU time and memory, and what
 * the machine's monitors said, from the rows of a run, in arrays. Rows of processes first (they are
 * written when a process ends, children before parents), then samples, then the machine's tables.
 *
 * Times are nanoseconds since the run's start. Bounded: see the limits below; what is beyond them is
 * counted, and makes the build one that nothing can be said about (processes) or whose memory is told by
 * peaks alone (samples).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/macros.h"
#include "table/batch.h"

#define BUILD_UNKNOWN UINT64_MAX
#define BUILD_NONE UINT32_MAX

enum {
        BUILD_PROCESSES_MAX = 2 << 20,
        BUILD_SAMPLES_MAX = 4 << 20,
        BUILD_PROGRAMS_MAX = 250,  /* told apart by the memory that their instances share */
        BUILD_COMMAND_MAX = 256,   /* bytes of a tool's command line that are kept */
};

/* What a build tool is, by its program's name. */
typedef enum BuildTool {
        TOOL_NONE,
        TOOL_MAKE,
        TOOL_NINJA,
        TOOL_CARGO,
        TOOL_BAZEL,
        TOOL_NIX,
        TOOL_MESON,  /* runs ninja; of no width of its own */
        TOOL_OTHER,  /* go, gradle, scons, … : jobs are under it, but no setting is known */
        BUILD_TOOLS,
} BuildTool;

const char *build_tool_name(BuildTool tool); /* "make", "ninja", … */

/* What a job does, as far as dependencies and memory differ by it. */
typedef enum BuildKind { KIND_SCRIPT, KIND_COMPILE, KIND_LINK } BuildKind;

/* A process: all its images, one behind the other. */
typedef struct BuildProcess {
        uint64_t key, parent_key; /* of its first image */
        int64_t start_ns, end_ns; /* end INT64_MAX: alive at the end */
        uint64_t cpu_us, peak_bytes; /* BUILD_UNKNOWN */
        uint32_t parent;          /* index; BUILD_NONE */
        uint32_t samples, n_samples; /* into BuildRows.samples, after finish */
        int32_t pid;
        uint32_t command;         /* into BuildRows.commands, + 1; 0: none kept */
        uint8_t tool, kind;       /* of its last image: BuildTool, BuildKind */
        uint8_t program;          /* the program with the largest peak among its images */
        bool failed;
} BuildProcess;

typedef struct BuildSample {
        int64_t t_ns;
        uint32_t process;
        float own_bytes, shared_bytes; /* anonymous, swapped out or not; and what instances of a program share */
} BuildSample;

typedef struct BuildTotal {
        int64_t t_ns;
        double bytes; /* PSS of the tree, RSS where there is none */
} BuildTotal;

/* NAN and BUILD_UNKNOWN where nothing is known. */
typedef struct BuildMachine {
        unsigned cpus;
        double cpu_limit;           /* CPUs that the cgroup may use */
        double outside_cpus;        /* that others kept busy meanwhile */
        double busy_ratio, iowait_ratio;
        uint64_t memory_bytes;      /* of the machine */
        uint64_t available_bytes;   /* at the beginning */
        uint64_t available_least_bytes;
        uint64_t limit_bytes;       /* memory.max of the cgroup, or of one above */
        uint64_t swap_total_bytes, swap_most_bytes, swap_least_bytes;
        uint64_t tasks_limit;       /* pids.max */
        uint64_t threads_max, pid_max;
        uint64_t overcommit_memory; /* vm.overcommit_memory */
        uint64_t commit_limit_bytes, committed_most_bytes;
        uint64_t tasks_most;        /* threads of the machine */
        uint64_t scope_tasks_most;  /* in the cgroup whose limit it is */
} BuildMachine;

typedef struct BuildRows {
        BuildProcess *processes; /* by start, after finish */
        size_t n, capacity;
        BuildSample *samples;    /* by process, then by time, after finish */
        size_t n_samples, samples_capacity;
        BuildTotal *totals;
        size_t n_totals, totals_capacity;
        char **commands;         /* of tools; owned */
        size_t n_commands;
        char *programs[BUILD_PROGRAMS_MAX + 1]; /* owned; the last stands for all further ones */
        size_t n_programs;
        bool too_many;           /* processes */
        bool samples_cut, pss;
        int64_t last_ns;
        BuildMachine machine;
        struct BuildRowsState *state; /* while rows come in */
} BuildRows;

int build_rows_init(BuildRows *rows, unsigned cpus); /* 0 or -ENOMEM */
void build_rows_done(BuildRows *rows);

/* Columns looked at, for reading no others; NULL-terminated. NULL: nothing of that table. */
const char *const *build_rows_columns(const char *table);

/* Tables in the order of build_rows_tables; others are ignored. 0 or -ENOMEM. */
extern const char *const build_rows_tables[];
int build_rows_observe(BuildRows *rows, const char *table, const Batch *batch);

/* Puts all in order. `cpus` of the run. 0 or -ENOMEM. */
int build_rows_finish(BuildRows *rows);

/* The process of an image's key; BUILD_NONE. Until build_rows_done. */
uint32_t build_rows_find(const BuildRows *rows, uint64_t key);

/* The tool that a program of this name is. */
BuildTool build_tool_of(const char *name, size_t size);
BuildKind build_kind_of(const char *name, size_t size, const char *major, size_t major_size);
