/*
 * pairs [-n PAIRS] [-p PREPARE] [-b PREPARE_B] A B: runs two shell commands in turn (A B, B A, …), after one
 * unmeasured run of each, and prints one line of JSON: median wall time and CPU of each, the
 * median of the pairs' wall ratios B/A and its quartiles. PREPARE runs before every run,
 * PREPARE_B before those of B, not timed. Interleaved pairs, because a machine's speed drifts more than what is measured.
 *
 * pairs -l [-n TIMES] COMMAND: COMMAND is given `FILE` in $STAMP and execs a program that writes
 * CLOCK_MONOTONIC there as its first act (pairs -s): prints the median ms from fork to that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PAIRS = 1000 };

typedef struct Timing {
        double wall_s, cpu_s;
} Timing;

static _Noreturn void die(const char *what)
{
        fprintf(stderr, "pairs: %s: %s\n", what, strerror(errno));
        exit(1);
}

static double now_s(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds(struct timeval time)
{
        return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

/* Runs a shell command with its output thrown away; a failure ends the measurement. */
static Timing run(const char *command)
{
        double start = now_s();
        struct rusage usage;
        int status;
        pid_t pid = fork();

        if (pid < 0)
                die("fork");
        if (pid == 0) {
                int null = open("/dev/null", O_RDWR | O_CLOEXEC);
                dup2(null, 0);
                dup2(null, 1);
                execl("/bin/sh", "sh", "-c", command, (char *)NULL);
                _exit(127);
        }
        while (wait4(pid, &status, 0, &usage) < 0)
                if (errno != EINTR)
                        die("wait4");
        double wall = now_s() - start;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                fprintf(stderr, "pairs: status %d of: %s\n", status, command);
                exit(1);
        }
        return (Timing){wall, seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

/* Of sorted values; q between 0 and 1, interpolated. */
static double quantile(const double *values, unsigned n, double q)
{
        double at = q * (n - 1);
        unsigned low = (unsigned)at;

        return low + 1 < n ? values[low] + (at - low) * (values[low + 1] - values[low]) : values[n - 1];
}

static double median_of(const Timing *timings, unsigned n, bool cpu)
{
        double values[MAX_PAIRS];

        for (unsigned i = 0; i < n; i++)
                values[i] = cpu ? timings[i].cpu_s : timings[i].wall_s;
        qsort(values, n, sizeof *values, by_size);
        return quantile(values, n, 0.5);
}

static void measure_pairs(const char *prepare, const char *prepare_b, const char *a, const char *b,
                          unsigned n)
{
        static Timing first[MAX_PAIRS], second[MAX_PAIRS];
        double ratios[MAX_PAIRS];

        for (unsigned i = 0; i <= n; i++) {
                for (unsigned turn = 0; turn < 2; turn++) {
                        bool is_a = (turn == 0) == (i % 2 == 0);
                        if (prepare)
                                run(prepare);
                        if (prepare_b && !is_a)
                                run(prepare_b);
                        Timing timing = run(is_a ? a : b);
                        if (i > 0)
                                (is_a ? first : second)[i - 1] = timing;
                }
                if (i > 0)
                        ratios[i - 1] = second[i - 1].wall_s / first[i - 1].wall_s;
        }
        qsort(ratios, n, sizeof *ratios, by_size);
        printf("{\"pairs\": %u, \"ratio\": %.5f, \"low\": %.5f, \"high\": %.5f, \"a_s\": %.5f, "
               "\"b_s\": %.5f, \"a_cpu_s\": %.5f, \"b_cpu_s\": %.5f}\n",
               n, quantile(ratios, n, 0.5), quantile(ratios, n, 0.25), quantile(ratios, n, 0.75),
               median_of(first, n, false), median_of(second, n, false), median_of(first, n, true),
               median_of(second, n, true));
}

static void measure_latency(const char *prepare, const char *command, unsigned n)
{
        char path[] = "/tmp/vigia-stamp.XXXXXX", text[64];
        double ms[MAX_PAIRS];
        int fd = mkstemp(path);

        if (fd < 0 || fchmod(fd, 0666) < 0)
                die(path);
        setenv("STAMP", path, 1);
        for (unsigned i = 0; i <= n; i++) {
                if (prepare)
                        run(prepare);
                double start = now_s();
                run(command);
                ssize_t size = pread(fd, text, sizeof text - 1, 0);
                if (size <= 0)
                        die("no stamp was written");
                text[size] = 0;
                if (i > 0)
                        ms[i - 1] = (strtod(text, NULL) - start) * 1000;
        }
        close(fd);
        unlink(path);
        qsort(ms, n, sizeof *ms, by_size);
        printf("{\"times\": %u, \"ms\": %.3f, \"low\": %.3f, \"high\": %.3f}\n", n,
               quantile(ms, n, 0.5), quantile(ms, n, 0.25), quantile(ms, n, 0.75));
}

static int write_stamp(void)
{
        double now = now_s();
        const char *path = getenv("STAMP");
        FILE *file = path ? fopen(path, "we") : NULL;

        if (!file)
                die("$STAMP");
        fprintf(file, "%.9f\n", now);
        return fclose(file) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
        const char *prepare = NULL, *prepare_b = NULL;
        unsigned n = 15;
        bool latency = false;
        int option;

        while ((option = getopt(argc, argv, "n:p:b:ls")) != -1) {
                if (option == 'n')
                        n = (unsigned)strtoul(optarg, NULL, 10);
                else if (option == 'p')
                        prepare = optarg;
                else if (option == 'b')
                        prepare_b = optarg;
                else if (option == 'l')
                        latency = true;
                else if (option == 's')
                        return write_stamp();
                else
                        return 2;
        }
        if (n < 1 || n > MAX_PAIRS || argc - optind != (latency ? 1 : 2)) {
                fprintf(stderr, "pairs [-n PAIRS] [-p PREPARE] A B | -l COMMAND | -s\n");
                return 2;
        }
        if (latency)
                measure_latency(prepare, argv[optind], n);
        else
                measure_pairs(prepare, prepare_b, argv[optind], argv[optind + 1], n);
        return 0;
}
