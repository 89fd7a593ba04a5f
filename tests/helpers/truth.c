/*
 * truth FILE COMMAND…: runs COMMAND and writes what wait4(2) and the clock say of it to FILE as
 * one line of JSON. Ends as the command did (128 + signal).
 */
#include "helper.h"

int main(int argc, char **argv)
{
        struct rusage usage;
        int status;

        if (argc < 3)
                helper_die("truth FILE COMMAND…");
        FILE *file = fopen(argv[1], "we");
        if (!file)
                helper_die(argv[1]);
        uint64_t start = helper_now_ns();
        pid_t pid = fork();
        if (pid < 0)
                helper_die("fork");
        if (pid == 0) {
                execvp(argv[2], argv + 2);
                helper_die(argv[2]);
        }
        while (wait4(pid, &status, 0, &usage) < 0)
                if (errno != EINTR)
                        helper_die("wait4");
        uint64_t wall = helper_now_ns() - start;
        int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        fprintf(file,
                "{\"pid\": %d, \"wall_ns\": %lu, \"user_us\": %lu, \"system_us\": %lu, "
                "\"minor_faults\": %ld, \"exit\": %d}\n",
                (int)pid, (unsigned long)wall, (unsigned long)helper_us(usage.ru_utime),
                (unsigned long)helper_us(usage.ru_stime), usage.ru_minflt, code);
        return fclose(file) == 0 ? code : HELPER_FAILED;
}
