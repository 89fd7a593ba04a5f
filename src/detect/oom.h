/*
 * What the detector `oom` knows of kills: those that the kernel told, those that only its counters tell,
 * and processes that ended by SIGKILL otherwise. oom.c gathers, oom-scene.c keeps who lived at a kill and what
 * was left of memory, oom-kernel.c reads the kernel's words, oom-tell.c says it, oom-sigkill.c says the rest, oom-sent.c
 * that whose sender is known, oom-refused.c what programs said that were refused memory.
 */
#pragma once

#include "detect/detect.h"
#include "detect/sender.h"

enum {
        OOM_KILLS_MAX = 32,    /* told apart; further ones are counted */
        OOM_BIGGEST = 12,      /* of those alive then, by their peaks … */
        OOM_SHOWN = 5,         /* … of which those that held most are told */
        OOM_SIZES = 6,         /* below 1 MiB, 8 MiB, … and beyond 4 GiB */
        OOM_CATEGORIES = 16,   /* in which those alive are counted */
        OOM_SIGKILLS_MAX = 64, /* kept; further ones are counted */
        OOM_SCENES_MAX = 16,   /* of the first of them it is known who lived then */
        OOM_SUSPECTS_MAX = 8,  /* the heaviest whose end nobody saw */
        OOM_RECENT_MAX = 32,   /* rows of processes that are looked at again */
        OOM_TERMS_MAX = 32,    /* that ended by SIGTERM: the last ones */
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
        uint64_t cpu_us;      /* OOM_UNKNOWN */
        unsigned signal;      /* that ended it; 0 */
        Sender sender;        /* of that signal */
        int exit_code;        /* -1: none */
        bool end_unknown;     /* it ended, and nobody saw how */
        uint64_t held_bytes;  /* at the moment of a scene, as sampled; OOM_UNKNOWN */
        int64_t held_ns;
        char comm[OOM_COMM], category[48], cmdline[OOM_WORDS];
        char sender_cmdline[OOM_WORDS]; /* where that is a process of the run */
} OomProcess;

/* Of about one size: each part's bound is eight times that of the one below. A driver beside its compiler is in another. */
typedef struct OomSizes {
        uint64_t n, peak_bytes;
} OomSizes;

typedef struct OomCategory {
        char name[48];
        OomSizes sizes[OOM_SIZES];
} OomCategory;

/* Figures of the row nearest before a moment, or else the first behind it. */
typedef struct OomThen {
        int64_t t_ns;
        bool known;
        uint64_t a, b, c, d;
} OomThen;

/* Who lived at a moment, and what there was of memory. */
typedef struct OomScene {
        int64_t t_ns;
        OomProcess biggest[OOM_BIGGEST];
        size_t n_biggest;
        uint64_t alive, alive_bytes; /* of the run; sum of their peaks */
        OomCategory categories[OOM_CATEGORIES];
        size_t n_categories;
        OomThen memory; /* total, available, swap total, swap free */
        OomThen cgroup; /* memory, own limit, lowest limit */
        OomThen totals; /* processes, resident, proportional */
        OomThen limits; /* memory of the tightest cgroup, its limit */
        char cgroup_path[OOM_PATH], limits_path[OOM_PATH];
} OomScene;

/* One that ended, and how is not known: where an ordinary user records, that is the rule. */
typedef struct OomSuspect {
        OomProcess process;
        OomScene scene; /* when it ended */
} OomSuspect;

typedef enum OomLimit { OOM_LIMIT_UNKNOWN, OOM_LIMIT_MACHINE, OOM_LIMIT_CGROUP } OomLimit;

typedef struct OomKill {
        int64_t t_ns;
        int32_t pid;      /* as the run counts them; -1 */
        int32_t said_pid; /* as the kernel's log counts them; -1 */
        uint64_t process; /* 0 */
        bool told, logged, counted; /* by bpf; by the kernel's log; by a counter alone */
        bool whole_group; /* memory.oom.group */
        bool suspected;   /* the victim is a suspect */
        OomLimit limit;
        uint64_t resident_bytes; /* in the kernel's words; OOM_UNKNOWN */
        char comm[OOM_COMM], cgroup[OOM_PATH], subject[48];
        OomProcess victim; /* key OOM_UNKNOWN: no row of it */
        OomScene scene; /* at t_ns */
} OomKill;

/* A counter of kills. */
typedef struct OomRise {
        int64_t from_ns, to_ns;
        uint64_t n;
        OomThen before; /* the row before it */
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
        int32_t daemon_pid; /* that it names; -1 */
        char daemon_line[OOM_WORDS];
        char killed_line[OOM_WORDS];  /* "Killed signal terminated program cc1plus" */
        char refused_line[OOM_WORDS]; /* "virtual memory exhausted" */
        uint64_t refused;             /* such lines */
        uint64_t lines, refused_at;   /* all lines; the last of those */
        bool nix_failed;              /* or was interrupted: then it ends all other builders */
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
        OomScene last; /* where rows come live: the newest of each table, and nobody alive */
        OomScene scenes[OOM_SCENES_MAX]; /* of the first sigkills */
        OomSuspect suspects[OOM_SUSPECTS_MAX];
        size_t n_suspects;
        OomProcess recent[OOM_RECENT_MAX], terms[OOM_TERMS_MAX];
        size_t n_recent, n_terms; /* all there were */
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
        bool strict; /* overcommit_memory 2: what is promised is bounded … */
        uint64_t promised_bytes, promise_limit_bytes; /* … where it was nearest to its limit */
        int64_t promised_ns;
        char kernel_refused[OOM_WORDS]; /* the kernel's own word for it: "__vm_enough_memory: …" */
        int64_t kernel_refused_ns;
        int32_t kernel_refused_pid;
        bool kernel_refused_ours; /* a process of the run */
} OomState;

/* A scene at t_ns: the rows of each table that were the last ones, nobody alive. */
void oom_scene_begin(OomScene *scene, const OomScene *last, int64_t t_ns);
/* Counts the process, if it lived then. */
void oom_scene_note(OomScene *scene, const OomProcess *process);
/* Its jobs: those of the largest size there was, and of the one below; the rest serves them. */
OomSizes oom_category_jobs(const OomCategory *category);
/* What a process held at a time, if that is the nearest before the scene. */
void oom_scene_sample(OomScene *scene, int64_t t_ns, uint64_t process, uint64_t bytes);
/* A row of a table, which of them by `table`; its path may be NULL. */
typedef enum OomTable { OOM_MEMORY, OOM_CGROUP, OOM_TOTALS, OOM_LIMITS } OomTable;
void oom_scene_row(OomScene *scene, OomTable table, const OomThen *row, const char *path);

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
/* Kills that counters tell and nobody else; then processes that SIGKILL ended for another reason. */
void oom_tell_counted(OomState *s, const DetectContext *context, Findings *out);
void oom_tell_sigkills(OomState *s, const DetectContext *context, Findings *out);
/* Which of the programs that kill before the kernel has to do it is; OOM_NO_DAEMON: none, or not known. */
OomDaemon oom_daemon_that_sent(const OomProcess *process);
/* SIGKILL, or SIGTERM, whose sender is known and is no such daemon. */
void oom_tell_sent(const OomProcess *process, const char *evidence, Severity severity, Findings *out);
/* NULL: no memory. */
Finding *oom_raise_killed(const OomProcess *process, const char *id, Severity severity, Sureness sure, Findings *out);
/* Programs that said themselves that memory was refused to them, where the run failed. */
bool oom_is_refused(const char *line, size_t size);
void oom_tell_refused(const OomState *s, const DetectContext *context, Findings *out);

/* The process is the victim of a kill that is known. */
bool oom_is_explained(const OomState *s, const OomProcess *process);
bool oom_run_failed(const DetectFacts *facts);
