/*
 * `vigia start`: a recording that goes on by itself. It leaves the terminal, the session and every
 * descriptor it was given behind, so that cron, ssh and Ansible need not wait for it; whoever started it
 * is told when it records, or why it does not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/print.h"
#include "app/recording.h"
#include "app/scope-options.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

enum { TOLD_MAX = 8192, LOG_MODE = 0644, INHERITED_MAX = 1024 };

static const char log_name[] = "recorder.log";

typedef struct Start {
        Recording recording;
        ScopeOptions scope;
        bool json;
        int inherited[INHERITED_MAX]; /* descriptors that the caller left open */
        size_t n_inherited;
} Start;

/* Pipes that somebody else waits for the end of; a configuration may be read from one first
 * (-c <(…)), so that they are closed only in the recorder. */
static void find_inherited(Start *s)
{
        _cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
        uint64_t fd;

        if (!dir)
                return;
        for (struct dirent *e; (e = readdir(dir)) && s->n_inherited < INHERITED_MAX;)
                if (parse_u64z(e->d_name, &fd) == 0 && fd > STDERR_FILENO && (int)fd != dirfd(dir))
                        s->inherited[s->n_inherited++] = (int)fd;
}

/* Nobody reads what it says any more but in a file of the run. */
static void leave_descriptors(const Recording *r)
{
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        int log = openat(r->directory_fd, log_name,
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, LOG_MODE);

        if (nothing >= 0) {
                dup2(nothing, STDIN_FILENO);
                dup2(nothing, STDOUT_FILENO);
                dup2(log >= 0 ? log : nothing, STDERR_FILENO);
        }
        fd_close(nothing);
        fd_close(log);
}

static int on_recording(Loop *loop, const Schedule *schedule, void *data)
{
        Recording *r = data;

        leave_descriptors(r);
        return recording_serve(loop, schedule, data);
}

/* Most have nothing to say. */
static void remove_empty_log(const Recording *r)
{
        struct stat st;

        if (r->directory_fd >= 0 && fstatat(r->directory_fd, log_name, &st, 0) == 0 && st.st_size == 0)
                unlinkat(r->directory_fd, log_name, 0);
}

/* The recorder: a process of its own, in a session of its own. Its exit code reaches nobody but, before
 * it records, through the pipe's end and the sentence on stderr. */
static void record(Recording *r, int ready_fd)
{
        _cleanup_free_ char *whole = NULL;
        Error err = {0};

        r->ready_fd = ready_fd;
        r->options.stay = true;
        r->background = true;
        int e = recording_begin(r, &err);
        if (e == 0) {
                whole = realpath(r->path, NULL);
                if (!whole || chdir("/") < 0)
                        e = error_set_errno(&err, errno, "%s", r->path);
        }
        if (e == 0) {
                free(r->path);
                r->path = TAKE(whole);
                e = recording_run(r, &err);
        }
        if (e < 0 && r->path && r->info.id)
                run_unregister(r->path, r->info.id);
        if (e < 0)
                log_error("%s", err.message);
        else
                recording_report(r);
        remove_empty_log(r);
}

/* Twice, so that it is nobody's child and never gets a terminal. */
static void detach(Start *s, int ready_fd)
{
        Recording *r = &s->recording;

        for (size_t i = 0; i < s->n_inherited; i++)
                (void)close(s->inherited[i]);
        if (setsid() < 0 || fork() != 0)
                _exit(EXIT_FINE);
        record(r, ready_fd);
        recording_done(r);
        _exit(EXIT_FINE);
}

/* Id and path, a line each; nothing if it never came to record. */
static size_t hear(int fd, char *told)
{
        size_t used = 0;

        while (used < TOLD_MAX) {
                ssize_t n = read(fd, told + used, TOLD_MAX - used);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                used += (size_t)n;
        }
        told[used] = '\0';
        return used;
}

static int tell(const Start *s, char *told)
{
        char *path = strchr(told, '\n');
        _cleanup_string_ String line = {0};

        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (s->json) {
                Json j = {.out = &line};
                json_open_object(&j, NULL, JSON_ONE_LINE);
                json_add_text(&j, "id", told);
                json_add_text(&j, "path", path);
                json_close(&j);
        } else {
                string_add_format(&line, "%s\n%s", told, path);
        }
        string_add_char(&line, '\n');
        return print_text(&line);
}

static int start(Start *s)
{
        char told[TOLD_MAX + 1];
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0) {
                log_error("pipe: %s", strerror(errno));
                return EXIT_CANNOT;
        }
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
                close(ends[0]);
                detach(s, ends[1]);
        }
        close(ends[1]);
        if (pid < 0) {
                log_error("fork: %s", strerror(errno));
                close(ends[0]);
                return EXIT_CANNOT;
        }
        size_t n = hear(ends[0], told);
        close(ends[0]);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return n > 0 && strchr(told, '\n') ? tell(s, told) : EXIT_CANNOT;
}

static int check(Start *s, size_t n_words, Error *err)
{
        if (n_words > 0)
                return error_set(err, EINVAL,
                                 "start: records what already runs; a command is recorded by: "
                                 "vigia run -- COMMAND");
        if (s->scope.pids.n == 0 && s->scope.names.n == 0 && !s->scope.cgroup && !s->recording.match)
                s->scope.all = true;
        return 0;
}

static int run_start(const Command *command, int argc, char **argv)
{
        Start s = {0};
        Option options[1 + SCOPE_OPTIONS + RECORDING_OPTIONS] = {
                {0, "json", NULL, "tell id and path as JSON", OPTION_FLAG, &s.json},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words = 0, n = 1;
        Error err = {0};

        find_inherited(&s);
        recording_init(&s.recording);
        n += scope_options(&s.scope, options + n);
        n += recording_options(&s.recording, options + n, ARRAY_LENGTH(options) - n);
        int e = options_parse(command, options, n, argc, argv, false, &words, &n_words, &err);
        int code = EXIT_FINE;
        if (e == 0)
                e = check(&s, n_words, &err);
        if (e == 0)
                e = scope_check(&s.scope, &s.recording, "start", &err);
        if (e == 0)
                e = recording_check(&s.recording, "start", s.scope.all, &err);
        s.recording.quiet = true;
        s.recording.options.looping = on_recording;
        if (e < 0)
                code = recording_refuse(&s.recording, command, &err);
        else if (e == 0)
                code = start(&s);
        recording_done(&s.recording);
        scope_done(&s.scope);
        return code;
}

const Command command_start = {
        .name = "start",
        .summary = "record in the background",
        .usage = "[-p PID]… [-n REGEX]… [-g NAME] [-a] [-d TIME]",
        .details = "Without a scope the whole machine. Prints the run's id and path once it records;\n"
                   "`vigia stop` ends it. It outlives the login it was started from, but not where\n"
                   "systemd kills what a user leaves behind (loginctl enable-linger).",
        .run = run_start,
};
