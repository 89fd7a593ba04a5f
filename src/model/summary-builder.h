/* The working state behind summary.h, shared by its files only. */
#pragma once

#include "base/hash.h"
#include "base/priority-queue.h"
#include "model/cells.h"
#include "model/command-root.h"
#include "model/summary.h"

enum {
        PROCESS_CHUNK = 4096,     /* keys a chunk of the process index */
        PROCESS_CHUNKS = 4096,    /* so keys from 16 M on are not told apart */
        SUMMARY_FAILURES = 32,
        SUMMARY_TEXT_MAX = 4096,  /* of a kept command line */
        SUMMARY_LIVING_MAX = 1 << 20,
};

#define END_ALIVE UINT32_MAX /* in ProcessChunk.end_ms */

typedef struct ProcessChunk {
        uint32_t end_ms[PROCESS_CHUNK]; /* since the run's start */
        uint16_t group[PROCESS_CHUNK];  /* index + 1; 0: no such process */
} ProcessChunk;

/* A process between its first sample and its end. */
typedef struct Living {
        uint64_t key;
        uint64_t bytes;
        uint16_t group;
        bool estimated; /* its PSS was never read */
} Living;

typedef struct GroupState {
        SummaryGroup shown;
        uint64_t now_bytes, most_bytes;
        uint32_t now_processes;
        uint16_t major; /* index; NO_MAJOR: none */
        bool sampled, dirty;
} GroupState;

#define NO_MAJOR UINT16_MAX

/* A counter over the whole recording. */
typedef struct CounterSpan {
        bool begun, broken;
        uint64_t first, last;
        int64_t first_t_ns, last_t_ns;
} CounterSpan;

struct SummaryBuilder {
        Summary *summary;
        ProcessChunk **chunks; /* PROCESS_CHUNKS of them */
        GroupState *groups;
        size_t n_groups, groups_capacity;
        uint16_t group_slots[SUMMARY_GROUPS * 2]; /* by hash of the name: index + 1 */
        uint16_t dirty[SUMMARY_GROUPS];
        size_t n_dirty;
        GroupState *majors; /* SUMMARY_MAJORS of them */
        size_t n_majors;
        LabelFn label; /* NULL: as the rows say */
        void *label_data;
        const Label ***own; /* PROCESS_CHUNKS of PROCESS_CHUNK: by key; NULL: no parents asked for */
        CommandRoot root;
        bool split_unknown; /* some process has CPU time, but not user and system */

        /* totals: the row before */
        bool have_total;
        int64_t total_t_ns, total_cpu_t_ns; /* of the last row; and that told CPU time, 0: none */
        double total_bytes;
        uint64_t total_cpu_us;
        bool totals_pss;

        /* events: OOM kills of the run as bpf told them, and as the kernel's log did */
        uint64_t kills_told, kills_logged;

        /* memory, cpu, pressure */
        CounterSpan cpu_all, cpu_idle, cpu_iowait, pressure[SUMMARY_PRESSURES];

        /* samples: the living at sample_t_ns */
        bool have_sample, peak_taken;
        int64_t sample_t_ns;
        Map *living;
        PriorityQueue by_end; /* of Living; those that do not end are not in it */
        uint64_t living_bytes, estimated_bytes, most_living_bytes;
};

/* An owned copy of a text cell of at most SUMMARY_TEXT_MAX bytes; *ret NULL if it is null. */
int cells_copy_text(const Batch *rows, Cells c, size_t row, char **ret);

/* What labels are made from, in a batch of processes. */
typedef struct LabelCells {
        Cells comm, exe, cmdline, parent;
} LabelCells;

LabelCells label_cells_find(const Batch *rows);

/* What a process's group is told by, in a batch of processes. */
typedef struct GroupCells {
        Cells comm, exe, major, category;
} GroupCells;

GroupCells group_cells_find(const Batch *rows);

/* The group of a row: by its label, the row's category, or the program's name. 0 or -ENOMEM. */
int summary_group_of(SummaryBuilder *b, const Batch *rows, const GroupCells *c, size_t row,
                     const Label *label, uint16_t *ret);

/* By the rules that are to be used instead of those of the recording; NULL: as the row says. */
const Label *summary_label(const SummaryBuilder *b, const Batch *rows, const LabelCells *c,
                           size_t row);
void summary_labels_done(SummaryBuilder *b);

int summary_observe_processes(SummaryBuilder *b, const Batch *rows);
int summary_observe_totals(SummaryBuilder *b, const Batch *rows);
int summary_observe_events(SummaryBuilder *b, const Batch *rows);
int summary_observe_samples(SummaryBuilder *b, const Batch *rows);
int summary_observe_memory(SummaryBuilder *b, const Batch *rows);
int summary_observe_cpu(SummaryBuilder *b, const Batch *rows);
int summary_observe_pressure(SummaryBuilder *b, const Batch *rows);
void summary_machine_init(SummaryMachine *machine);
void summary_finish_totals(SummaryBuilder *b);
void summary_finish_machine(SummaryBuilder *b);
void summary_finish_samples(SummaryBuilder *b);

/* The group of a name; past SUMMARY_GROUPS of them the one called "other". -ENOMEM, or 0. */
int summary_group(SummaryBuilder *b, const char *name, size_t size, const char *major,
                  size_t major_size, uint16_t *ret);
