/*
 * `vigia sweep`, in parts: options and what they come to (cmd-sweep.c, sweep-make.c), the work
 * (sweep-work.c, sweep-step.c, sweep-record.c), and what is said meanwhile (sweep-progress.c).
 *
 * Each build is recorded in a process of its own, forked from this one without an exec: its recorder
 * has its own signals, its own CPU clock and its own memory, and finishes its run whatever becomes of
 * the sweep. The sweep itself only waits, redraws a line, and reads the run when it is over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/options.h"
#include "app/recording.h"
#include "loop/loop.h"
#include "report/report.h"
#include "sweep/project.h"
#include "sweep/sweep.h"

typedef struct SweepCommand {
        Recording recording; /* what is given for recording; the child that records makes it its own */
        const char *user;
        uint64_t timeout_ns;
        bool no_cgroup;
        /* of the sweep */
        TextList jobs;
        uint64_t limit_ns;
        const char *order, *scheduling, *dir, *resume, *seed_text, *repeat_text, *limit_text;
        bool all, list, no_pre_clean, no_post_clean, warm_up, keep_going, dry_run, json, tree_only, verify_tree;
        char **words;     /* PROJECT … */
        size_t n_words;
        char **argv;      /* behind "--"; NULL: none */
} SweepCommand;

/* ---- sweep-make.c ---- */

/* What is to be built: from the configuration that is loaded. `dirfd` errors, unknown names and all
 * else that is wrong is a sentence; *ret_usage says that --help explains it. */
int sweep_make_project(SweepCommand *command, const char *name, Sweep *ret, Error *err);
int sweep_make_command(SweepCommand *command, Sweep *ret, Error *err);

/* The options of the recording as "name=value" …, and back. */
int sweep_keep_options(const SweepCommand *command, Sweep *sweep);
int sweep_restore_options(SweepCommand *command, const Sweep *sweep, Error *err);

/* Names of all projects of the configuration; owned array, borrowed texts, ended by NULL. */
int sweep_project_names(const SweepCommand *command, char ***ret);

/* Prints what would be done. */
void sweep_print_plan(const Sweep *sweep, const char *place);

/* ---- sweep-work.c ---- */

typedef struct SweepProgress {
        bool terminal, drawn, quiet;
        unsigned columns;
} SweepProgress;

typedef struct SweepWork {
        SweepCommand *command;
        Sweep *sweep;
        char *path;
        int dirfd, log_fd;
        Loop *loop;
        LoopSource *signals, *timer, *child, *deadline;
        SweepProgress progress;
        const SweepRun *at_work; /* NULL: between builds */
        const char *doing;       /* "setup", "clean": NULL while it builds */
        uint64_t begun_ns;       /* of what is being done */
        uint64_t session_ns;     /* when this session began */
        uint64_t limit_at_ns;    /* 0: no limit */
        pid_t pid;
        int status;
        bool killing;
        int signal;              /* that asked for the end; 0: none */
        bool limited;            /* the limit was reached */
        bool unsaved;            /* sweep.json cannot be written: said already */
} SweepWork;

/* Does what is left of the sweep at `path` (a directory with sweep.json, taken over by this
 * process). The exit code. */
int sweep_work(SweepCommand *command, Sweep *sweep, const char *path, int dirfd);

/* Waits for a child while signals are passed on and the line is redrawn. 0 or -errno. */
int sweep_wait(SweepWork *work, pid_t pid, uint64_t timeout_ns);

/* ---- sweep-step.c ---- */

/* Runs a shell command of the sweep (setup, clean), its output into the log. 0; 1: it failed, with a
 * sentence; -errno. An interruption is 1, too: work->signal tells. */
int sweep_step(SweepWork *work, const char *what, const char *script, Error *err);

/* The environment and the directory of the sweep, for this process. Before exec, or of a recorder. */
int sweep_enter(const Sweep *sweep, Error *err);

/* The user that builds, for who is root; false: as we are. */
int sweep_check_user(const SweepCommand *command, Error *err); /* -EINVAL, -EPERM with a sentence */
bool sweep_user(const SweepCommand *command, uid_t *ret_uid, gid_t *ret_gid);

/* The last line of a file, made safe, or "". */
void sweep_last_line(int dirfd, const char *name, String *to);

/* ---- sweep-record.c ---- */

/* In a child of its own: records one run and exits: 0; 126, 127: the command could not be executed;
 * EXIT_VIGIA. */
void sweep_record(SweepWork *work, const SweepRun *run, uint64_t timeout_ns) __attribute__((noreturn));

/* ---- sweep-progress.c ---- */

/* `shown`: what is done writes to the terminal itself, and a line would be in its way. */
void sweep_progress_begin(SweepProgress *progress, bool quiet, bool shown);
void sweep_progress_draw(SweepWork *work);
void sweep_progress_wipe(SweepProgress *progress);
/* A line for a run that is over. */
void sweep_progress_tell(SweepWork *work, const SweepRun *run);

/* ---- sweep-show.c: `vigia report SWEEP`, too ---- */

/* The result on stdout. The exit code. */
int sweep_show(const Sweep *sweep, const char *path, ReportForm form);
/* summary.txt. */
int sweep_write_summary(const Sweep *sweep, const char *path, int dirfd);

/* Its page, at the end of `page`. */
int sweep_make_page(const Sweep *sweep, const char *path, String *page, Error *err);
/* The same, to as report_page_put. */
int sweep_write_page(const Sweep *sweep, const char *path, const char *to, Error *err);
/* ---- sweep-verify.c ---- */

/* Whether the first run holds all that worked for it, on stdout. Exit code: EXIT_NO if it does not. */
int sweep_verify(const Sweep *sweep, const char *path, bool json);

/* `vigia report` of a sweep; -ENOENT: `name` is none (or a run is newer), nothing was said. */
int sweep_report(const char *name, ReportForm form);

/* Opens what `name` says. -ENOENT: no sweep (or a run is newer), nothing was said; else an exit code, the mistake was said. */
int sweep_open(const char *name, Sweep *sweep, char **ret_path);

/* `vigia report --html` of a sweep, to as report_page_put; returns as sweep_report. */
int sweep_report_page(const char *name, const char *to);
