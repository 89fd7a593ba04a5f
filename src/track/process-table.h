/*
 * The living processes of the run, made from a source's events. A process is (pid, start time);
 * it has one image from fork through its first exec, and one more for each later exec. Every
 * image gets a key, counted from 1. When an image is over and its figures are known, it is
 * handed to `ended` and forgotten, so memory follows what is alive.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "host/host.h"
#include "table/label.h"
#include "track/track.h"

typedef enum PeakSource { PEAK_UNKNOWN, PEAK_EXACT, PEAK_SAMPLED, PEAK_ESTIMATED } PeakSource;

/* What sampling knows of a process; filled by monitor/. */
typedef struct ProcessWatch {
        TrackSample now;        /* newest sample */
        TrackSample written;    /* as of its last row; written_ns says when, 0: never */
        uint64_t written_ns, written_pss_bytes;
        uint64_t pss_bytes;     /* best value now: read, or followed since */
        uint64_t pss_read_bytes, pss_read_ns; /* when it was read; 0: never */
        uint64_t pss_anon, pss_file, pss_shmem; /* parts as read */
        uint64_t pss_anon_now, pss_shmem_now;   /* parts of pss_bytes */
        struct FileProgram *program; /* whose file pages it shares; NULL: not known yet */
        double file_factor, file_weighed; /* its own against the program's, when read; as added last */
        uint64_t rss_anon, rss_file, rss_shmem; /* resident when read */
        uint64_t inherited_anon; /* shared with the parent since fork, until exec */
        uint64_t faults;         /* minor faults when read */
        uint64_t family_ns, family_bytes; /* a forked child was read then, sharing this much … */
        double family_share;     /* … of which each member counts so much */
        uint64_t shared_growth; /* the run's shared growth counter when read */
        uint64_t doubt_bytes;   /* by how much other processes' doings may have changed it */
        uint64_t read_cost_ns;
        bool seen;              /* now is valid */
        bool changed;           /* at this tick, or its PSS was read */
        uint64_t cpu_us, read_bytes, write_bytes; /* the image's, as of the last change */
        bool pss_refused;       /* not ours to read */
} ProcessWatch;

typedef struct Process {
        uint64_t key, parent_key; /* parent 0: not in the run */
        uint32_t image;
        pid_t pid, ppid;
        int64_t uid;                  /* -1 unknown */
        uint64_t start_ns;            /* of the process: boottime; 0 unknown */
        uint64_t begin_ns, end_ns;    /* of the image: monotonic; end 0: alive */
        uint64_t exec_ns;             /* 0: never, or before we came (found) */
        bool found;                   /* existed before the recording */
        bool execed;                  /* runs a program of its own */
        bool exited;                  /* the process, not only the image */
        bool unread;                  /* process_table_look has not been there since its exec */
        bool untold;                  /* the source does not know it: sampled from /proc */
        bool wanted;                  /* in the run; else only watched for --match */
        int wait_status;              /* -1 unknown */
        TrackSender sender;           /* of the signal that ended it */
        char comm[16], comm_before[16]; /* before: what the last rename replaced */
        char *exe, *cmdline, *cwd, *cgroup; /* owned; NULL unknown */
        const Label *label;           /* without regard to its parent; NULL: not asked for yet */
        bool label_alone;             /* and it is the same with regard to it */
        const Label *parent_label;    /* of who forked it, then; NULL unknown */
        TrackFigures base, last;      /* at the image's begin, and newest */
        uint64_t peak_rss_bytes, peak_pss_bytes; /* TRACK_UNKNOWN */
        PeakSource peak_source;
        uint32_t threads_max, fds_max; /* 0 unknown */
        ProcessWatch watch;
} Process;

typedef struct ProcessTable ProcessTable;

typedef struct ProcessTableOptions {
        const Host *host;
        bool final_events; /* the source sends TRACK_FINAL: wait for it (bpf) */
        bool match_only;   /* a process is wanted once `match` says so, or its parent is */
        pid_t root;        /* wanted in any case: the command; 0 none */
        bool (*match)(const char *cmdline, void *data); /* NULL: all are wanted */
        /* What there is to know of a wanted image while it lives is known; NULL: nobody asks. */
        void (*told)(const Process *process, void *data);
        LabelFn label;     /* NULL: nobody labels */
        void *label_data;
        /* Of who began a program meanwhile and is not wanted yet, once its working directory is known.
         * NULL: nobody is asked. */
        bool (*match_at)(const char *cmdline, const char *cwd, void *data);
        /* The recorder itself and what serves it: never wanted by what it is called. Asked of who matches;
         * NULL: nobody is. */
        bool (*own)(pid_t pid, void *data);
        void *match_data; /* of all three */
        /* The image is over: its row can be written. Called for wanted ones only. */
        void (*ended)(const Process *process, void *data);
        void *data;
} ProcessTableOptions;

int process_table_new(const ProcessTableOptions *options, ProcessTable **ret);
ProcessTable *process_table_free(ProcessTable *table);
DEFINE_CLEANUP(ProcessTable, process_table)

/* A TrackEventFn; data is the table. */
void process_table_apply(const TrackEvent *event, void *table);

/* To be called after each drain: reads what only /proc shows (cwd, cgroup, exe and arguments that
 * the source did not give) of processes that exec'd since and are still there. Most are not, and
 * a look at a dead one costs the kernel more than one at a living one. */
void process_table_look(ProcessTable *table);

/* How a process of ours ended, from wait4(2), where the source cannot know. */
void process_table_waited(ProcessTable *table, pid_t pid, int wait_status);

/* Somebody named this process, which is or will be found: it is wanted, whatever `match` says. 0 or
 * -ENOMEM. */
int process_table_ask(ProcessTable *table, pid_t pid);

/* What it is for, by what is known of it and of who forked it, and of its response files (NULL:
 * nothing). NULL: nobody labels. */
const Label *process_table_label(const ProcessTable *table, const Process *process, const char *response);

Process *process_table_find(const ProcessTable *table, pid_t pid); /* alive; NULL */

/* Walks those alive: *position from 0; false at the end. */
bool process_table_next(const ProcessTable *table, size_t *position, Process **ret);

/* Walks those that exited and whose figures are awaited (zombies). */
bool process_table_next_exited(const ProcessTable *table, size_t *position, Process **ret);

/* Hands out those whose final figures never came: older than age_ns, or all with 0. */
void process_table_settle(ProcessTable *table, uint64_t now_ns, uint64_t age_ns);

typedef struct ProcessTableCounts {
        uint64_t images, processes; /* wanted, so far; processes: forks and found */
        uint64_t started, ended;    /* processes begun and over during the recording */
        uint64_t alive;
        uint64_t cpu_ns;            /* of images that are over */
        uint64_t read_bytes, write_bytes;
        uint64_t dropped;           /* out of memory */
} ProcessTableCounts;

const ProcessTableCounts *process_table_counts(const ProcessTable *table);

/* Differences of the image's figures; TRACK_UNKNOWN where either is. */
TrackFigures process_figures(const Process *process);
