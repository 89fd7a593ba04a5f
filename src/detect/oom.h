/*
 * What the detector `oom` knows of kills: those that the kernel told, those that only its counters tell,
 * and processes that ended by SIGKILL otherwise. oom.c gathers, oom-kernel.c reads the kernel's words,
 * oom-tell.c says it, oom-sigkill.c says the rest.
 */
#pragma once

#include "detect/detect.h"

enum {
        OOM_KILLS_MAX = 32,    /* told apart; further ones are counted */
        OOM_BIGGEST = 5,       /* of those alive then */
        OOM_CATEGORIES = 16,   /* in which those alive are counted */
        OOM_SIGKILLS_MAX = 64, /* kept; further ones are counted */
        OOM_SENDERS_MAX = 32,  /* timeout(1), kept */
        OOM_RISES_MAX = 16,
        OOM_COMM = 16,
        OOM_WORDS = 160,
        OOM_PATH = 256,
};

#define OOM_UNKNOWN UINT64_MAX

typedef struct OomProcess {
        uint64_t key, parent; /* OOM_UNKNOWN */
        int32_t pid, ppid;    /* -1 */
        int64_t start_ns, end_ns; /* INT64_MAX: it was never seen to end */
        uint64_t peak_bytes;  /* OOM_UNKNOWN */
        bool peak_exact;
        char comm[OOM_COMM], category[48], cmdline[OOM_WORDS];
} OomProcess;

typedef struct OomCategory {
        char name[48];
        uint64_t n, peak_bytes;
} OomCategory;

/* Figures of the row nearest before a moment, or else the first behind it. */
typedef struct OomThen {
        int64_t t_ns;
        bool known;
        uint64_t a, b, c, d;
} OomThen;

typedef enum OomLimit { OOM_LIMIT_UNKNOWN, OOM_LIMIT_MACHINE, OOM_LIMIT_CGROUP } OomLimit;

typedef struct OomKill {
        int64_t t_ns;
        int32_t pid;      /* as the run counts them; -1 */
        int32_t said_pid; /* as the kernel's log counts them; -1 */
        uint64_t process; /* 0 */
        bool told, logged, counted; /* by bpf; by the kernel's log; by a counter alone */
        bool whole_group; /* memory.oom.group */
        OomLimit limit;
        uint64_t resident_bytes; /* in the kernel's words; OOM_UNKNOWN */
        char comm[OOM_COMM], cgroup[OOM_PATH], subject[48];
        OomProcess victim; /* key OOM_UNKNOWN: no row of it */
        OomProcess biggest[OOM_BIGGEST];
        size_t n_biggest;
        uint64_t alive, alive_bytes;
        OomCategory categories[OOM_CATEGORIES];
        size_t n_categories;
        OomThen memory; /* total, available, swap total, swap free */
        OomThen cgroup_then; /* memory, own limit, lowest limit */
        OomThen totals; /* processes, resident, proportional */
        char cgroup_path[OOM_PATH]; /* of cgroup_then */
        OomThen limits; /* memory of the tightest cgroup, its limit */
        char limits_path[OOM_PATH];
} OomKill;

/* A counter of kills. */
typedef struct OomRise {
        int64_t from_ns, to_ns;
        uint64_t n;
} OomRise;

typedef struct OomCounter {
        bool known;
        int64_t first_ns, last_ns;
        uint64_t last;
        OomRise rises[OOM_RISES_MAX];
        size_t n_rises;
        char path[OOM_PATH];
} OomCounter;

typedef enum OomDaemon { OOM_NO_DAEMON, OOM_SYSTEMD, OOM_EARLYOOM } OomDaemon;

/* What is read from the output and the journal. */
typedef struct OomWords {
        OomDaemon daemon;
        int64_t daemon_ns; /* FINDING_NO_TIME: in the output */
        char daemon_line[OOM_WORDS];
        char killed_line[OOM_WORDS];  /* "Killed signal terminated program cc1plus" */
        char refused_line[OOM_WORDS]; /* "virtual memory exhausted" */
        uint64_t refused;             /* such lines */
} OomWords;

typedef struct OomState {
        OomKill kills[OOM_KILLS_MAX];
        size_t n_kills;
        uint64_t kills_left_out;
        /* The last "oom-kill:constraint=…", which comes before the line that names the kill. */
        OomLimit next_limit;
        int32_t next_pid;
        char next_cgroup[OOM_PATH];
        bool next_group;
        OomThen last_memory, last_cgroup, last_totals, last_limits; /* where rows come live */
        char last_cgroup_path[OOM_PATH], last_limits_path[OOM_PATH];
        OomCounter machine, cgroup;
        OomProcess sigkills[OOM_SIGKILLS_MAX];
        size_t n_sigkills;
        uint64_t sigkills_left_out;
        OomProcess senders[OOM_SENDERS_MAX];
        size_t n_senders;
        OomWords words;
        int64_t least_ns; /* when the least memory was available */
        uint64_t least_bytes, total_bytes;
        uint64_t cgroup_most_bytes, cgroup_limit_bytes; /* where the cgroup was fullest */
        int64_t cgroup_most_ns;
} OomState;

/* Takes the text of a row of events into the state; NULL: it is no kill of its own. `told`: by bpf. */
OomKill *oom_take_event(OomState *s, int64_t t_ns, bool told, int32_t pid, uint64_t process, const char *text, size_t size);
/* "oom-kill:constraint=…", "Tasks in … are going to be killed". */
void oom_take_note(OomState *s, const char *text, size_t size);
/* A kill that nobody told. NULL: beyond the bounds. */
OomKill *oom_add_kill(OomState *s, int64_t t_ns);
void oom_take_line(OomWords *words, const char *line, size_t size);
void oom_take_journal(OomWords *words, int64_t t_ns, const char *line, size_t size);

/* Raises the finding of a kill, or says it better. */
void oom_tell(const OomState *s, OomKill *kill, const DetectContext *context, Findings *out);
/* Kills that counters tell and nobody else; then processes that SIGKILL ended for another reason, and
 * programs that said themselves that memory was refused to them. */
void oom_tell_counted(OomState *s, const DetectContext *context, Findings *out);
void oom_tell_sigkills(OomState *s, const DetectContext *context, Findings *out);
void oom_tell_refused(const OomState *s, const DetectContext *context, Findings *out);

/* The process is the victim of a kill that is known. */
bool oom_is_explained(const OomState *s, const OomProcess *process);
bool oom_run_failed(const DetectFacts *facts);
