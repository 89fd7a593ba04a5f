/* A bare `vigia run` for tests of record/workload alone: no recording, only the command.
 * workload-run [-l LOG] [-t TIMEOUT] [-d DRAIN] [-u USER] [-j RESULT] COMMAND… */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "record/workload.h"

typedef struct Run {
        Loop *loop;
        WorkloadResult result;
} Run;

static void on_done(const WorkloadResult *result, void *data)
{
        Run *run = data;

        run->result = *result;
        loop_stop(run->loop);
}

static void write_result(const char *path, const Run *run)
{
        const WorkloadResult *r = &run->result;
        FILE *to = fopen(path, "we");

        if (!to)
                return;
        fprintf(to, "code=%d signal=%d failed=%d errno=%d timed_out=%d bytes=%llu error=%d\n",
                r->exit_code, r->exit_signal, r->exec_failed, r->exec_errno, r->timed_out,
                (unsigned long long)r->output_bytes, r->output_error);
        fprintf(to, "fork_to_exec_us=%llu wall_us=%llu relay_cpu_us=%llu minor_faults=%ld\n",
                (unsigned long long)(r->exec_ns - r->start_ns) / 1000,
                (unsigned long long)(r->end_ns - r->start_ns) / 1000,
                (unsigned long long)r->relay_cpu_us, r->usage.ru_minflt);
        fclose(to);
}

int main(int argc, char **argv)
{
        WorkloadOptions options = {.output_fd = -1};
        const char *result = NULL;
        Workload *workload = NULL;
        Run run = {0};
        Error err = {0};
        int c;

        while ((c = getopt(argc, argv, "+l:t:d:u:j:")) != -1)
                switch (c) {
                case 'l':
                        options.output_fd =
                                open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
                        break;
                case 't':
                        if (parse_duration(optarg, &options.timeout_ns) < 0)
                                return 125;
                        break;
                case 'd':
                        if (parse_duration(optarg, &options.drain_ns) < 0)
                                return 125;
                        break;
                case 'u':
                        options.user = optarg;
                        break;
                case 'j':
                        result = optarg;
                        break;
                default:
                        return 125;
                }
        options.argv = argv + optind;
        if (optind == argc || loop_new(&run.loop) < 0)
                return 125;
        if (workload_fork(run.loop, &options, &workload, &err) < 0) {
                log_error("%s", err.message);
                loop_free(run.loop);
                return 125;
        }
        if (workload_release(workload, on_done, &run, &err) < 0)
                log_error("%s", err.message);
        int r = loop_run(run.loop);
        workload_free(workload);
        loop_free(run.loop);
        if (r < 0)
                return 125;
        if (result)
                write_result(result, &run);
        return run.result.exit_code;
}
