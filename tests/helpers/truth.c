/*
 * truth FILE COMMAND…: runs COMMAND and writes what wait4(2), the clock and a counter of its own
 * (perf_event_open(2), task-clock; null where that is refused) say of it to FILE as one line of
 * JSON. Ends as the command did (128 + signal).
 *
 * The two CPU times are not one: wait4's leaves out what interrupts and a busy hypervisor took
 * (CONFIG_IRQ_TIME_ACCOUNTING, steal), task-clock does not.
 */
#include "helper.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>

/* Counts this process and what it forks from now on; -1: refused. */
static int count_task_clock(void)
{
        struct perf_event_attr attr = {
                .type = PERF_TYPE_SOFTWARE,
                .size = sizeof attr,
                .config = PERF_COUNT_SW_TASK_CLOCK,
                .inherit = 1,
        };

        return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void write_count(FILE *file, int counter)
{
        uint64_t ns;

        if (counter >= 0 && read(counter, &ns, sizeof ns) == (ssize_t)sizeof ns)
                fprintf(file, "\"task_clock_ns\": %lu, ", (unsigned long)ns);
        else
                fputs("\"task_clock_ns\": null, ", file);
}

int main(int argc, char **argv)
{
        struct rusage usage;
        int status;

        if (argc < 3)
                helper_die("truth FILE COMMAND…");
        FILE *file = fopen(argv[1], "we");
        if (!file)
                helper_die(argv[1]);
        int counter = count_task_clock();
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
        fprintf(file, "{\"pid\": %d, ", (int)pid);
        write_count(file, counter);
        fprintf(file,
                "\"wall_ns\": %lu, \"user_us\": %lu, \"system_us\": %lu, "
                "\"minor_faults\": %ld, \"exit\": %d}\n",
                (unsigned long)wall, (unsigned long)helper_us(usage.ru_utime),
                (unsigned long)helper_us(usage.ru_stime), usage.ru_minflt, code);
        return fclose(file) == 0 ? code : HELPER_FAILED;
}
