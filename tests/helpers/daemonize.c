/*
 * daemonize MS PIDFILE [keep]: leaves a daemon behind (own session, init's child) that lives MS,
 * and returns at once. With `keep` the daemon holds stdout and stderr open.
 */
#include <fcntl.h>

#include "helper.h"

int main(int argc, char **argv)
{
        if (argc < 3)
                helper_die("daemonize MS PIDFILE [keep]");
        uint64_t ms = helper_number(argv[1]);
        int done[2];
        char byte;

        if (pipe(done) < 0)
                helper_die("pipe");
        pid_t pid = fork();
        if (pid < 0)
                helper_die("fork");
        if (pid > 0) {
                close(done[1]);
                if (read(done[0], &byte, 1) != 1)
                        helper_die("the daemon did not start");
                return waitpid(pid, NULL, 0) == pid ? 0 : HELPER_FAILED;
        }
        setsid();
        if (fork() != 0)
                _exit(0);
        FILE *file = fopen(argv[2], "we");
        if (!file)
                helper_die(argv[2]);
        fprintf(file, "%d\n", (int)getpid());
        fclose(file);
        if (argc < 4) {
                int null = open("/dev/null", O_RDWR);
                for (int fd = 0; fd < 3; fd++)
                        dup2(null, fd);
                close(null);
        }
        if (write(done[1], "", 1) != 1)
                helper_die("write");
        helper_sleep_ms(ms);
        return 0;
}
