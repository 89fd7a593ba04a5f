/* The order of things in a sweep: set up once; then for each run that is left clean, build, read,
 * clean; sweep.json is written after each step, so that whatever ends us leaves a sweep to go on with. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/config-thresholds.h"
#include "app/report-page.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "report/report-data.h"

#define KILL_AFTER_NS (5 * NS_PER_SECOND)
#define DURABLE_NS (60 * NS_PER_SECOND) /* such a run is worth waiting for the disk */

/* ---- waiting ---- */

static int on_child(pid_t pid, void *data)
{
        SweepWork *work = data;

        if (waitpid(pid, &work->status, 0) < 0)
                work->status = EXIT_VIGIA << 8;
        work->pid = 0;
        loop_stop(work->loop);
        return 0;
}

/* What the terminal sends, all of its foreground group hears; what is sent to us alone is passed on. */
static int on_signal(const struct signalfd_siginfo *info, void *data)
{
        SweepWork *work = data;

        if (work->signal == 0)
                work->signal = (int)info->ssi_signo;
        if (info->ssi_code <= 0 && work->pid > 0)
                kill(work->pid, (int)info->ssi_signo);
        return 0;
}

static int on_timer(uint64_t expirations, uint64_t due_ns, void *data)
{
        sweep_progress_draw(data);
        return 0;
}

static int on_deadline(uint64_t expirations, uint64_t due_ns, void *data)
{
        SweepWork *work = data;

        if (work->pid > 0)
                kill(work->pid, work->killing ? SIGKILL : SIGTERM);
        if (work->killing)
                return 0;
        work->killing = work->limited = true;
        return loop_timer_set(work->deadline, clock_monotonic_ns() + KILL_AFTER_NS, 0);
}

int sweep_wait(SweepWork *work, pid_t pid, uint64_t timeout_ns)
{
        work->pid = pid;
        work->killing = false;
        int r = loop_add_child(work->loop, pid, on_child, work, &work->child);
        /* A build has a time limit of its own; a step ends with the sweep's. */
        if (r == 0 && work->doing && work->limit_at_ns > 0)
                r = loop_add_timer(work->loop, work->limit_at_ns, 0, on_deadline, work, &work->deadline);
        if (r == 0)
                r = loop_run(work->loop);
        work->child = loop_source_free(work->child);
        work->deadline = loop_source_free(work->deadline);
        sweep_progress_wipe(&work->progress);
        return r;
}

static int watch(SweepWork *work)
{
        sigset_t set;
        int r = loop_new(&work->loop);

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGQUIT);
        if (r == 0)
                r = loop_add_signals(work->loop, &set, on_signal, work, &work->signals);
        if (r == 0 && work->progress.terminal && !work->progress.quiet)
                r = loop_add_timer(work->loop, clock_monotonic_ns() + NS_PER_SECOND / 2, NS_PER_SECOND, on_timer,
                                   work, &work->timer);
        return r;
}

/* Signals that came while nobody waited. */
static void hear_signals(SweepWork *work)
{
        loop_run_once(work->loop, 0);
}

/* ---- one run ---- */

static uint64_t time_for(const SweepWork *work)
{
        uint64_t own = work->sweep->timeout_ns, now = clock_monotonic_ns();

        if (work->limit_at_ns == 0)
                return own;
        uint64_t left = work->limit_at_ns > now ? work->limit_at_ns - now : 1;
        return own > 0 ? MIN(own, left) : left;
}

/* Reads the run that was just recorded, once: for its figures and for its summary.txt. */
static int read_run(const SweepWork *work, SweepRun *run, Error *err)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_string_ String path = {0};
        _cleanup_string_ String text = {0};
        const ReportOptions plain = {0};
        Thresholds thresholds;
        const ReportLabels labels = {.thresholds = &thresholds};
        ReportData data;

        configuration_thresholds(&work->command->recording.configuration, &thresholds);
        string_add_format(&path, "%s/%s", work->path, run->path);
        int r = run_reader_open(string_get(&path), &reader, err);
        if (r == 0)
                r = report_data_load_labelled(&data, reader, &labels, err);
        if (r < 0)
                return r;
        run->state = sweep_judge(work->sweep, data.info);
        r = sweep_take_figures(run, data.info, data.summary);
        if (r == 0 && !work->command->recording.no_report && report_write_text(&data, &plain, &text) == 0) {
                string_add(&path, "/summary.txt");
                file_replace(AT_FDCWD, string_get(&path), string_get(&text), text.size, false);
        }
        report_data_done(&data);
        Error why = {0};
        if (r == 0 && work->command->recording.html && report_page_put(reader, &labels, "", &why) < 0)
                log_warning("no page: %s", why.message);
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* A build that was told to end is no failure of the build. */
static void judge_end(SweepWork *work, SweepRun *run)
{
        bool by_key = run->exit_signal == SIGINT || run->exit_code == 128 + SIGINT;

        if (run->state == SWEEP_DONE)
                return;
        if (run->state == SWEEP_TIMED_OUT && work->limit_at_ns > 0 && clock_monotonic_ns() >= work->limit_at_ns)
                work->limited = true;
        if (by_key && work->signal == 0)
                work->signal = SIGINT; /* with -v the key goes to the build's own terminal */
        if (work->signal || work->limited)
                run->state = SWEEP_INTERRUPTED;
}

/* 0: recorded; 1: it cannot be executed, said already; -errno with a sentence. */
static int build(SweepWork *work, SweepRun *run, Error *err)
{
        work->at_work = run;
        work->begun_ns = clock_monotonic_ns();
        sweep_progress_draw(work);
        fflush(NULL);
        pid_t pid = fork();
        if (pid < 0)
                return error_set_errno(err, errno, "%s", run->path);
        if (pid == 0)
                sweep_record(work, run, time_for(work));
        int r = sweep_wait(work, pid, 0);
        if (r < 0)
                return error_set_errno(err, r, "%s", run->path);
        int status = work->status;
        if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127))
                return 1;
        Error why = {0};
        r = read_run(work, run, &why);
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
                return error_set(err, EIO, "%s could not be recorded%s%s", run->path, r < 0 ? "" : ": ",
                                 r < 0 ? "" : "see there");
        if (r < 0)
                return error_set(err, r, "%s", why.message);
        judge_end(work, run);
        if (!WIFSIGNALED(status))
                return 0;
        run->state = SWEEP_INTERRUPTED; /* the recorder, not the build */
        return error_set(err, ECHILD, "the recorder of %s was killed (signal %d); its build may still run", run->path,
                         WTERMSIG(status));
}

/* ---- all runs ---- */

static int save(SweepWork *work, bool durable)
{
        Error err = {0};
        int r = sweep_write(work->sweep, work->dirfd, durable, &err);

        if (r < 0 && !work->unsaved)
                log_error("%s; the sweep ends here", err.message);
        work->unsaved = r < 0;
        return r;
}

/* A folder of an earlier attempt keeps what it has, under a name that says what it is. */
static int put_aside(SweepWork *work, const SweepRun *run, Error *err)
{
        char name[96];

        if (faccessat(work->dirfd, run->path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        for (unsigned i = 1; i < 1000; i++) {
                snprintf(name, sizeof name, i > 1 ? "%s.unfinished-%u" : "%s.unfinished", run->path, i);
                if (faccessat(work->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                        continue;
                if (renameat(work->dirfd, run->path, work->dirfd, name) < 0)
                        return error_set_errno(err, errno, "%s", run->path);
                return 0;
        }
        return error_set(err, EEXIST, "%s: too many attempts", run->path);
}

static void tell_failure(SweepWork *work, const SweepRun *run)
{
        _cleanup_string_ String last = {0};
        _cleanup_string_ String log = {0};

        string_add_format(&log, "%s/output.log", run->path);
        sweep_last_line(work->dirfd, string_get(&log), &last);
        if (last.size > 0)
                log_warning("%s ended with: %s", run->path, string_get(&last));
}

static void settle(SweepWork *work, SweepRun *run, uint64_t took_ns)
{
        if (run->state == SWEEP_RUNNING || (run->state != SWEEP_DONE && (work->signal || work->limited)))
                run->state = SWEEP_INTERRUPTED;
        if (run->figures.wall_ns != RUN_UNKNOWN)
                run->around_ns = took_ns - MIN(run->figures.wall_ns, took_ns);
}

/* Cleans unless the last thing done was that. */
static int clean_before(SweepWork *work, bool clean_now, Error *err)
{
        const Sweep *sweep = work->sweep;

        return sweep->run_clean && sweep->pre_clean && !clean_now ? sweep_step(work, "clean", sweep->run_clean, err) : 0;
}

static int clean_after(SweepWork *work, bool *clean_now, Error *err)
{
        const Sweep *sweep = work->sweep;

        if (!sweep->run_clean || !sweep->post_clean)
                return 0;
        int r = sweep_step(work, "clean", sweep->run_clean, err);
        *clean_now = r == 0;
        return r;
}

/* One build and what is around it. As step functions: 0, 1 or -errno. */
static int make_run(SweepWork *work, SweepRun *run, bool *clean_now, Error *err)
{
        int r = clean_before(work, *clean_now, err);

        *clean_now = false;
        if (r != 0)
                return r;
        run->state = SWEEP_RUNNING;
        if (sweep_write(work->sweep, work->dirfd, false, err) < 0)
                return -EIO;
        r = build(work, run, err);
        if (r > 0)
                run->state = SWEEP_PLANNED; /* nothing ran */
        if (r != 0)
                return r;
        sweep_progress_tell(work, run);
        if (run->state == SWEEP_FAILED)
                tell_failure(work, run);
        /* A tree that failed to build is left as it is, to be looked at, unless it is built again. */
        bool go_on = run->state == SWEEP_DONE || (work->sweep->keep_going && run->state != SWEEP_INTERRUPTED);
        return go_on ? clean_after(work, clean_now, err) : 0;
}

/* Whether the sweep goes on: 0 yes, else the exit code. An end that was asked for is 0, too. */
static int do_run(SweepWork *work, SweepRun *run, bool *clean_now)
{
        uint64_t begun = clock_monotonic_ns();
        Error err = {0};
        int r = put_aside(work, run, &err);

        work->at_work = run;
        if (r == 0) {
                sweep_drop_figures(run);
                run->state = SWEEP_PLANNED;
                r = make_run(work, run, clean_now, &err);
        }
        work->at_work = NULL;
        settle(work, run, clock_monotonic_ns() - begun);
        if (r != 0 && err.message[0])
                log_error("%s", err.message);
        if (save(work, clock_monotonic_ns() - begun >= DURABLE_NS) < 0)
                return EXIT_CANNOT;
        if (work->signal || work->limited)
                return 0;
        if (r != 0)
                return EXIT_CANNOT;
        return run->state == SWEEP_DONE || work->sweep->keep_going ? 0 : EXIT_NO;
}

static int set_up(SweepWork *work)
{
        Sweep *sweep = work->sweep;
        Error err = {0};

        if (!sweep->setup || sweep->set_up)
                return 0;
        int r = sweep_step(work, "setup", sweep->run_setup, &err);
        if (r == 0) {
                sweep->set_up = true;
                return save(work, false) < 0 ? EXIT_CANNOT : 0;
        }
        if (err.message[0])
                log_error("%s", err.message);
        return EXIT_CANNOT;
}

static bool is_left(const SweepRun *run)
{
        return run->state != SWEEP_DONE;
}

/* Without an end that was asked for: 0, EXIT_NO where a build failed, EXIT_CANNOT. */
static int do_all(SweepWork *work)
{
        Sweep *sweep = work->sweep;
        bool clean_now = false, failed = false;
        int code = set_up(work);

        for (size_t i = 0; i < sweep->n_runs && code == 0; i++) {
                SweepRun *run = &sweep->runs[i];
                if (!is_left(run))
                        continue;
                hear_signals(work);
                work->limited |= work->limit_at_ns > 0 && clock_monotonic_ns() >= work->limit_at_ns;
                if (work->signal || work->limited)
                        break;
                code = do_run(work, run, &clean_now);
                failed |= run->state == SWEEP_FAILED || run->state == SWEEP_TIMED_OUT;
        }
        return code ? code : failed ? EXIT_NO : 0;
}

static int end(SweepWork *work, int code)
{
        Sweep *sweep = work->sweep;
        char limit[FORMAT_MAX];

        sweep->end_realtime_ns = (int64_t)clock_realtime_ns();
        sweep->spent_ns += clock_monotonic_ns() - work->session_ns;
        if (save(work, false) < 0)
                code = EXIT_CANNOT;
        sweep_write_summary(sweep, work->path, work->dirfd);
        Error why = {0};
        if (work->command->recording.html && sweep_write_page(sweep, work->path, "", &why) < 0)
                log_warning("no page: %s", why.message);
        if (work->limited && work->signal == 0) {
                log_warning("the limit of %s is reached",
                            format_duration(limit, work->command->limit_ns));
                code = EXIT_CANNOT;
        }
        return work->signal ? 128 + work->signal : code;
}

int sweep_work(SweepCommand *command, Sweep *sweep, const char *path, int dirfd)
{
        SweepWork work = {
                .command = command,
                .sweep = sweep,
                .path = (char *)(uintptr_t)path,
                .dirfd = dirfd,
                .log_fd = openat(dirfd, SWEEP_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644),
                .session_ns = clock_monotonic_ns(),
        };
        int code = EXIT_CANNOT;

        labels_use_parents(&command->recording.labels); /* reads the rules, once for all builds */
        if (command->limit_ns > 0)
                work.limit_at_ns = work.session_ns + command->limit_ns;
        sweep_progress_begin(&work.progress, command->recording.quiet, command->recording.verbose > 0);
        if (work.log_fd < 0)
                log_error("%s/" SWEEP_LOG ": %s", path, strerror(errno));
        else if (watch(&work) < 0)
                log_error("event loop: %s", strerror(errno));
        else
                code = end(&work, do_all(&work));
        loop_source_free(work.timer);
        loop_source_free(work.signals);
        loop_free(work.loop);
        fd_close(work.log_fd);
        return code;
}
