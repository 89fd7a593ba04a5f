/*
 * The processes of a run, one by one, for whoever draws them: so many at most; of a larger run the
 * lightest are let go. Command lines are cut, the shorter the more
 * there are. And their memory over time, told again when it changed by a good deal.
 *
 * Rows of processes are observed first, each batch after the summary has seen it (whose groups say what a
 * process is for), then rows of samples in the order of their times.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "model/summary.h"
#include "table/batch.h"

enum {
        PROCESS_LIST_MAX = 120000,        /* rows, where nothing else is asked for; twice as many meanwhile */
        PROCESS_LIST_TEXT_MAX = 2048,     /* bytes of a command line at most; cut in the middle */
        PROCESS_LIST_TEXTS_BYTES = 32 << 20, /* of all of them */
        PROCESS_LIST_SAMPLES = 160000,    /* where nothing else is asked for */
};

typedef struct ListedProcess {
        uint64_t key, parent_key; /* SUMMARY_UNKNOWN */
        int64_t start_ns, end_ns; /* of the image; INT64_MAX: alive */
        uint64_t cpu_us, peak_rss_bytes, peak_pss_bytes; /* SUMMARY_UNKNOWN */
        int32_t pid, exit_code, exit_signal; /* exit_code -1 and exit_signal 0: none */
        int32_t parent;  /* row, always before this one; -1: none */
        uint32_t depth;
        uint32_t group, name; /* into the list's groups and names */
        uint32_t text_size;
        size_t text;     /* where the command line begins */
        uint64_t told_bytes; /* of samples: the last one told */
        bool sampled;
} ListedProcess;

typedef struct ListedSample {
        int64_t t_ns;
        uint64_t bytes; /* PSS, or RSS where that is unknown */
        uint32_t row;
} ListedSample;

typedef struct ListedGroup {
        char *major, *name; /* owned; major may be NULL */
} ListedGroup;

typedef struct ProcessList {
        ListedProcess *rows; /* by start, after finish */
        size_t n, capacity, most;
        uint64_t seen;       /* rows there were */
        char *texts;         /* command lines, one behind the other; see process_list_cmdline */
        size_t texts_size, texts_capacity, text_most;
        ListedGroup *groups;
        size_t n_groups;
        char **names;        /* programs */
        size_t n_names, names_capacity;
        ListedSample *samples; /* by row, then by time, after finish */
        size_t n_samples, samples_most;
        uint64_t sample_rows, sample_least; /* rows there were; the least change that is told, in bytes */
        struct Map *by_key, *by_name;
} ProcessList;

/* At most so many processes and samples; 0: the defaults. 0 or -ENOMEM. */
int process_list_init(ProcessList *list, size_t most, size_t samples_most);
void process_list_done(ProcessList *list);

/* 0 or -ENOMEM. */
int process_list_observe(ProcessList *list, const SummaryBuilder *summary, const char *table, const Batch *rows);
int process_list_finish(ProcessList *list);

/* Not NUL-terminated; "" unknown. */
const char *process_list_cmdline(const ProcessList *list, const ListedProcess *process, size_t *ret_size);

extern const char *const process_list_columns[], *const process_list_sample_columns[];
