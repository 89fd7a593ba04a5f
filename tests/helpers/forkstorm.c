/*
 * forkstorm N [STREAMS [HOW [PROGRAM]]]: N processes one after another, in STREAMS at a time.
 * HOW: fork (fork and exec, default), vfork, spawn (posix_spawn), bare (fork, no exec).
 * Truth: N processes, one for forkstorm itself, and one for each stream if there are several.
 */
#include <spawn.h>

#include "helper.h"

extern char **environ;

static pid_t start(const char *how, const char *program)
{
        char *const argv[] = {(char *)program, NULL};
        pid_t pid;

        if (strcmp(how, "spawn") == 0) {
                int r = posix_spawn(&pid, program, NULL, NULL, argv, environ);
                errno = r;
                return r ? -1 : pid;
        }
        pid = strcmp(how, "vfork") == 0 ? vfork() : fork();
        if (pid != 0)
                return pid;
        if (strcmp(how, "bare") != 0)
                execv(program, argv);
        _exit(strcmp(how, "bare") == 0 ? 0 : HELPER_FAILED);
}

static void stream(uint64_t n, const char *how, const char *program)
{
        for (uint64_t i = 0; i < n; i++) {
                int status;
                pid_t pid = start(how, program);
                if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
                        helper_die("forkstorm: a process failed");
        }
}

int main(int argc, char **argv)
{
        uint64_t n = helper_number(argv[1]);
        uint64_t streams = argc > 2 ? helper_number(argv[2]) : 1;
        const char *how = argc > 3 ? argv[3] : "fork";
        const char *program = argc > 4 ? argv[4] : "/bin/true";

        if (streams <= 1) {
                stream(n, how, program);
                return 0;
        }
        for (uint64_t i = 0; i < streams; i++) {
                pid_t pid = fork();
                if (pid < 0)
                        helper_die("fork");
                if (pid == 0) {
                        stream(n / streams + (i < n % streams), how, program);
                        _exit(0);
                }
        }
        return helper_wait_all() ? HELPER_FAILED : 0;
}
