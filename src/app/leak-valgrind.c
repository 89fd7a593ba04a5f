/* Valgrind writes a file a process into a folder of ours, which is read when the command has ended. */
#include "app/leak-valgrind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/memcheck.h"
#include "app/options.h"
#include "app/program-kind.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/terminal.h"

enum { FILES_MAX = 1024, PLACES_SHOWN = 12, PLACES_JSON = 1000, WORDS_MAX = 4096 };

static const char *const options[] = {
        "valgrind", "--quiet", "--tool=memcheck", "--leak-check=full", "--show-leak-kinds=definite,possible,reachable", "--num-callers=16",
        "--trace-children=yes", "--child-silent-after-fork=yes", "--xml=yes", NULL,
};

/* Runs it to its end; signals of the terminal reach it by themselves, and it decides. */
static int run(char *const *argv, int *ret_code, Error *err)
{
        struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
        int status, failed = 0, pipe_fds[2];

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "pipe");
        sigaction(SIGINT, &ignore, &interrupt);
        sigaction(SIGQUIT, &ignore, &quit);
        pid_t pid = fork();
        if (pid == 0) {
                sigaction(SIGINT, &interrupt, NULL);
                sigaction(SIGQUIT, &quit, NULL);
                execvp(argv[0], argv);
                failed = errno;
                _exit(write(pipe_fds[1], &failed, sizeof failed) > 0 ? 127 : 126);
        }
        fd_close(pipe_fds[1]);
        int r = pid < 0 ? error_set_errno(err, errno, "fork") : 0;
        if (r == 0 && read(pipe_fds[0], &failed, sizeof failed) == sizeof failed)
                r = error_set(err, failed, "valgrind cannot be run: %s (Debian: valgrind)", strerror(failed));
        fd_close(pipe_fds[0]);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        sigaction(SIGINT, &interrupt, NULL);
        sigaction(SIGQUIT, &quit, NULL);
        if (r == 0)
                *ret_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        return r;
}

static int read_folder(Memcheck *memcheck, const char *place, Error *err)
{
        _cleanup_closedir_ DIR *dir = opendir(place);
        int r = dir ? 0 : error_set_errno(err, errno, "%s", place);

        for (struct dirent *e; r == 0 && dir && memcheck->processes < FILES_MAX && (e = readdir(dir));) {
                if (!text_ends_with(e->d_name, ".xml"))
                        continue;
                _cleanup_close_ int fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                r = fd < 0 ? error_set_errno(err, errno, "%s", e->d_name) : memcheck_read(memcheck, fd, e->d_name, err);
                if (r == -EBADMSG) {
                        log_warning("%s; what stands before it counts", err->message);
                        r = 0;
                }
        }
        return r;
}

static void show(const Memcheck *m, const char *name, bool is_static, int code, String *out)
{
        ReportOptions to;
        char bytes[FORMAT_MAX], more[FORMAT_MAX], blocks[FORMAT_MAX];
        const uint64_t *b = m->sites.bytes;
        bool lost = b[LEAK_DEFINITE] > 0;
        _cleanup_string_ String line = {0};

        report_options_for(stdout, &to);
        string_add_shown(&line, name, 32, to.ascii);
        if (lost)
                string_add_format(&line, " lost %s with %s blocks", format_bytes(bytes, b[LEAK_DEFINITE] + b[LEAK_INDIRECT]),
                                  format_count(blocks, m->sites.blocks[LEAK_DEFINITE]));
        else if (b[LEAK_POSSIBLE] > 0)
                string_add_format(&line, " may have lost %s", format_bytes(bytes, b[LEAK_POSSIBLE]));
        else
                string_add(&line, m->cut_off > 0 || is_static ? " lost nothing that is known" : " lost nothing");
        string_add_styled(out, to.color, lost ? STYLE_RED : b[LEAK_POSSIBLE] || m->cut_off || is_static ? STYLE_YELLOW : STYLE_GREEN, string_get(&line));
        string_add_char(out, '\n');
        leak_sites_show(&m->sites, PLACES_SHOWN, &to, out);
        string_add_format(out, "\n  memcheck  %s process%s, ", format_count(blocks, m->processes), m->processes == 1 ? "" : "es");
        if (code > 128 && code < 128 + NSIG && sigabbrev_np(code - 128))
                string_add_format(out, "killed by SIG%s", sigabbrev_np(code - 128));
        else
                string_add_format(out, "exit %d", code);
        string_add_format(out, "; possibly lost %s, still reachable %s\n", format_bytes(bytes, b[LEAK_POSSIBLE]),
                          format_bytes(more, b[LEAK_REACHABLE]));
        if (is_static)
                string_add(out, "            it is linked statically: memcheck does not see its malloc\n");
        if (m->cut_off > 0)
                string_add_format(out, "            %s ended before memcheck could look\n", format_count(blocks, m->cut_off));
        if (m->errors > 0)
                string_add_format(out, "            and %s other error%s: valgrind COMMAND tells\n", format_count(blocks, m->errors),
                                  m->errors == 1 ? "" : "s");
}

static void write_json(const Memcheck *m, char *const *command, int code, String *out)
{
        Json j = {.out = out};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_open_object(&j, "valgrind", JSON_LINES);
        json_add_texts(&j, "command", (const char *const *)command);
        json_add_i64(&j, "exit_code", code);
        json_add_u64(&j, "processes", m->processes);
        json_add_u64(&j, "cut_off", m->cut_off);
        json_add_bool(&j, "static", program_is_static(command[0]));
        json_add_u64(&j, "other_errors", m->errors);
        json_add_u64(&j, "definitely_bytes", m->sites.bytes[LEAK_DEFINITE]);
        json_add_u64(&j, "indirectly_bytes", m->sites.bytes[LEAK_INDIRECT]);
        json_add_u64(&j, "possibly_bytes", m->sites.bytes[LEAK_POSSIBLE]);
        json_add_u64(&j, "reachable_bytes", m->sites.bytes[LEAK_REACHABLE]);
        leak_sites_json(&m->sites, PLACES_JSON, &j);
        json_close(&j);
        json_close(&j);
        string_add_char(out, '\n');
}

static char **make_argv(char *const *command, const char *file)
{
        size_t n = ARRAY_LENGTH(options) - 1, more = 0;

        while (command[more])
                more++;
        char **argv = more < WORDS_MAX ? calloc(n + more + 3, sizeof *argv) : NULL;
        if (!argv)
                return NULL;
        memcpy(argv, options, n * sizeof *argv);
        argv[n++] = (char *)file;
        argv[n++] = (char *)"--";
        memcpy(argv + n, command, more * sizeof *argv);
        return argv;
}

static int check(char *const *command, const char *place, Memcheck *memcheck, int *ret_code, Error *err)
{
        _cleanup_string_ String file = {0};

        string_add_format(&file, "--xml-file=%s/%%p.xml", place);
        _cleanup_free_ char **argv = file.failed ? NULL : make_argv(command, string_get(&file));
        if (!argv)
                return error_set(err, ENOMEM, "out of memory");
        int r = run(argv, ret_code, err);
        if (r == 0)
                r = read_folder(memcheck, place, err);
        if (r == 0 && memcheck->processes == 0)
                r = error_set(err, ENOEXEC, "leak --valgrind: valgrind could not run %s", command[0]);
        leak_sites_sort(&memcheck->sites);
        return r;
}

int leak_valgrind(char *const *command, bool json, bool fails)
{
        char place[] = "/tmp/vigia-memcheck-XXXXXX";
        _cleanup_string_ String text = {0};
        Memcheck memcheck = {0};
        Error err = {0};
        int code = EXIT_CANNOT, r = memcheck_can_read(&err);

        if (r == 0 && !mkdtemp(place))
                r = error_set_errno(&err, errno, "%s", place);
        if (r == 0) {
                r = check(command, place, &memcheck, &code, &err);
                directory_remove(AT_FDCWD, place);
        }
        if (r < 0) {
                log_error("%s", err.message);
                code = r == -ENOEXEC && code != EXIT_FINE ? code : EXIT_CANNOT;
        } else {
                if (json)
                        write_json(&memcheck, command, code, &text);
                else
                        show(&memcheck, command[0], program_is_static(command[0]), code, &text);
                if (text.failed || fputs(string_get(&text), stdout) == EOF || fflush(stdout) != 0)
                        code = EXIT_CANNOT;
                else if (fails && memcheck.sites.bytes[LEAK_DEFINITE] > 0)
                        code = EXIT_NO;
        }
        memcheck_done(&memcheck);
        return code;
}
