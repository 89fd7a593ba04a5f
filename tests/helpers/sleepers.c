/*
 * sleepers N [MS]: N idle children that sleep for MS (default: until killed or orphaned). Prints
 * "ready" when all are there.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "helper.h"

int main(int argc, char **argv)
{
        uint64_t n = helper_number(argv[1]), ms = argc > 2 ? helper_number(argv[2]) : 0;
        int ready[2];
        char byte;

        if (pipe(ready) < 0)
                helper_die("pipe");
        for (uint64_t i = 0; i < n; i++) {
                pid_t pid = fork();
                if (pid < 0)
                        helper_die("fork");
                if (pid == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        if (write(ready[1], "", 1) != 1)
                                _exit(HELPER_FAILED);
                        if (ms)
                                helper_sleep_ms(ms);
                        while (!ms)
                                pause();
                        _exit(0);
                }
        }
        for (uint64_t i = 0; i < n; i++)
                if (read(ready[0], &byte, 1) != 1)
                        helper_die("read");
        dprintf(1, "ready\n");
        return helper_wait_all() ? HELPER_FAILED : 0;
}
