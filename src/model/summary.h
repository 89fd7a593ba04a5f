/*
 * What a person asks about a run, from one reading of its tables in bounded memory: what it
 * took, when it peaked and what was alive then, which processes were heaviest.
 *
 * Tables are observed in this order: processes, totals, events, samples (each may be absent).
 * Process rows are written when a process ends, samples before; so processes come first and
 * leave six bytes each behind (which group, when it ended), and samples are then summed over
 * the living only. 100,000 processes cost about 0.6 MiB; groups, heaviest processes, curves and
 * events are bounded. Unknown is SUMMARY_UNKNOWN.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "model/series.h"
#include "table/batch.h"
#include "table/label.h"

#define SUMMARY_UNKNOWN UINT64_MAX

enum {
        SUMMARY_TOP = 20,     /* heaviest processes kept */
        SUMMARY_EVENTS = 16,  /* warnings and critical events kept with their text */
        SUMMARY_GROUPS = 512, /* programs told apart; further ones count as "other" */
        SUMMARY_MAJORS = 64,  /* major categories; further ones count as Other */
};

/* A process image. Texts are owned, NULL when unknown. */
typedef struct SummaryProcess {
        uint64_t process; /* its key */
        int32_t pid, ppid;
        char *comm, *exe, *cmdline, *category;
        uint64_t peak_rss_bytes, peak_pss_bytes;
        uint64_t cpu_us;
        uint64_t wall_ns; /* SUMMARY_UNKNOWN: still alive */
        int64_t end_ns;   /* INT64_MAX: still alive */
        int32_t exit_code, exit_signal; /* -1 and 0: none */
} SummaryProcess;

/* Processes of one kind: of one category, of one major category, or of one program where no rules
 * gave one. */
typedef struct SummaryGroup {
        char *name;  /* category, major category, or the program's name */
        char *major; /* NULL: no rules applied, or it is a major category itself */
        uint64_t processes;
        uint64_t largest_bytes; /* highest peak of one process, or unknown */
        uint64_t cpu_us;        /* of those whose CPU time is known */
        uint64_t peak_bytes;    /* highest sum at one tick; unknown: never seen at a tick */
        uint64_t at_peak_bytes; /* its part of the tree's peak */
        uint32_t at_peak_processes;
} SummaryGroup;

typedef struct SummaryEvent {
        char *kind, *severity, *text; /* text may be NULL */
        int64_t t_ns;
        int32_t pid; /* -1: none */
} SummaryEvent;

/* What PSI tells of; order as in waited_ratio. */
enum { PRESSURE_CPU, PRESSURE_MEMORY, PRESSURE_IO, SUMMARY_PRESSURES };

/* The machine around the run, as its monitors saw it; NAN and SUMMARY_UNKNOWN where they did not. */
typedef struct SummaryMachine {
        uint64_t available_least_bytes; /* memory left for programs, at its lowest */
        int64_t available_least_t_ns;
        uint64_t total_bytes;
        uint64_t swap_most_bytes;       /* used */
        double busy_ratio;              /* of the time of all CPUs, by whomever */
        double iowait_ratio;
        double waited_ratio[SUMMARY_PRESSURES]; /* of the time: some task waited (PSI "some") */
} SummaryMachine;

typedef struct Summary {
        uint64_t images;    /* rows of processes: programs run */
        uint64_t processes; /* forked */
        uint64_t executed;  /* images with an exec */
        uint64_t alive;     /* had not ended */
        uint64_t cpu_us;    /* summed over processes; unknown if no process has it */
        uint64_t user_us, system_us; /* unknown where some processes lack the split */
        int64_t last_ns;    /* latest time in any table */
        unsigned most_processes; /* alive at one tick */

        uint64_t peak_pss_bytes, peak_rss_bytes, peak_cgroup_bytes; /* of the tree, at ticks */
        int64_t peak_t_ns; /* of the highest PSS, else RSS */
        bool peak_known;
        uint64_t peak_estimated_bytes; /* the part of it from processes whose PSS was never read */

        char source[8]; /* of the last process row: bpf, perf, poll; "" unknown */
        uint64_t peaks_exact, peaks_sampled, peaks_estimated; /* processes by peak_source */
        uint64_t sample_rows, pss_read_rows, pss_estimated_rows;
        uint64_t ticks, late_ticks, latest_us; /* ticks over 10 ms late; the worst */
        uint64_t oom_kills, events;

        SummaryGroup *groups; /* by largest peak first */
        size_t n_groups;
        SummaryGroup *majors; /* likewise; none without rules */
        size_t n_majors;
        SummaryProcess *top; /* heaviest first */
        size_t n_top;
        int32_t root_pid; /* of the command, if the run has one (model/command-root.h); 0 unknown */
        SummaryProcess *failures; /* of the last that ended badly, newest last */
        size_t n_failures;
        SummaryEvent kept[SUMMARY_EVENTS];
        size_t n_kept;
        Series memory, cpu; /* bytes; CPU seconds */
        SummaryMachine machine;
} Summary;

Summary *summary_free(Summary *summary);
DEFINE_CLEANUP(Summary, summary)

/* The failed process to blame for the command's failure: from the command down through its
 * failing children to the deepest. NULL: nothing is known to have failed. */
const SummaryProcess *summary_culprit(const Summary *summary);

/* The name a program goes by: comm as it is, or the file's name where comm is empty or is the
 * cut-off beginning (15 bytes) of it. *name is comm before; file may be NULL. */
void summary_program_name(const char **name, size_t *size, const char *file, size_t file_size);

/* Columns that summary_observe looks at, for reading no others; NULL-terminated. */
extern const char *const summary_process_columns[];
extern const char *const summary_learn_columns[];
extern const char *const summary_total_columns[];
extern const char *const summary_event_columns[];
extern const char *const summary_sample_columns[];
extern const char *const summary_memory_columns[];
extern const char *const summary_cpu_columns[];
extern const char *const summary_pressure_columns[];

typedef struct SummaryBuilder SummaryBuilder;

int summary_new(SummaryBuilder **ret); /* 0 or -ENOMEM */

/* Labels instead of those in the rows: by other rules, or of a run recorded without. Before all rows;
 * where the rules ask for parents, the rows of processes are first to be given to summary_learn. */
void summary_relabel(SummaryBuilder *builder, LabelFn label, void *data);
int summary_learn(SummaryBuilder *builder, const Batch *processes); /* 0 or -ENOMEM */

/* Rows of processes, totals, events, samples, memory, cpu or pressure, told apart by the table's
 * name; others are ignored. Columns are found by name. 0 or -ENOMEM. */
int summary_observe(SummaryBuilder *builder, const char *table, const Batch *rows);

/* The result; the builder is only to be freed then. 0 or -ENOMEM. */
int summary_finish(SummaryBuilder *builder, Summary **ret);
SummaryBuilder *summary_builder_free(SummaryBuilder *builder);
DEFINE_CLEANUP(SummaryBuilder, summary_builder)
