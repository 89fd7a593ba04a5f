/* `vigia run -- COMMAND`: records a command, start to exit, and exits as it did. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/config-thresholds.h"
#include "app/fail-on.h"
#include "app/recording.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "track/redact.h"

typedef struct RunCommand {
        Recording recording;
        const char *user;
        uint64_t timeout_ns;
        bool no_output_log, no_cgroup;
        const char *fail_on_text;
        FailOn fail_on;
} RunCommand;

/* Exec that failed: nothing ran, so there is no run to keep. */
static int tell_exec_failure(Recording *r, const char *name)
{
        const WorkloadResult *w = &r->result.workload;

        log_error("%s: %s", name,
                  w->exit_code == 127 ? "command not found" : strerror(abs(w->exec_errno)));
        return w->exit_code;
}

/* A command that failed has said so itself. */
static int exit_code(const RunCommand *run)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        const Recording *r = &run->recording;
        int code = r->result.workload.exit_code;
        Thresholds thresholds;
        Error err = {0};

        if (code != EXIT_FINE || run->fail_on == FAIL_ON_NOTHING)
                return code;
        if (run_reader_open(r->path, &reader, &err) < 0) {
                log_error("--fail-on: %s", err.message);
                return EXIT_VIGIA;
        }
        configuration_thresholds(&r->configuration, &thresholds);
        code = fail_on_code(reader, &thresholds, run->fail_on);
        if (code == EXIT_NO)
                log_error("--fail-on %s: see vigia why %s", run->fail_on_text, r->path);
        return code == EXIT_CANNOT ? EXIT_VIGIA : code;
}

static int record(RunCommand *run, char **words)
{
        Recording *r = &run->recording;
        Error err = {0};

        if (!r->label) {
                const char *slash = strrchr(words[0], '/');
                r->label = slash && slash[1] ? slash + 1 : words[0];
        }
        r->info.command = redact_vector(words);
        int e = recording_begin(r, &err);
        if (e < 0) {
                log_error("%s", err.message);
                return EXIT_VIGIA;
        }
        _cleanup_close_ int output = run->no_output_log ? -1 : recording_open_output(r);
        r->options.own_cgroup = !run->no_cgroup;
        r->options.workload = (WorkloadOptions){
                .argv = words,
                .user = run->user,
                .output_fd = output,
                .timeout_ns = run->timeout_ns,
        };
        e = recording_run(r, &err);
        if (e < 0) {
                log_error("%s", err.message);
                return EXIT_VIGIA;
        }
        if (r->result.workload.exec_failed)
                return tell_exec_failure(r, words[0]);
        recording_report(r);
        recording_end(r);
        return exit_code(run);
}

/* What no option has said. */
static void take_settings(RunCommand *run)
{
        const Configuration *c = &run->recording.configuration;

        run->no_cgroup |= !configuration_number(c, "run.cgroup", true);
        run->no_output_log |= !configuration_number(c, "run.output_log", true);
        if (!run->user)
                run->user = configuration_text(c, "run.user", NULL);
        if (run->timeout_ns == 0)
                run->timeout_ns = configuration_number(c, "run.timeout", 0);
}

static int run_run(const Command *command, int argc, char **argv)
{
        RunCommand run = {0};
        Option options[5 + RECORDING_END_OPTIONS + RECORDING_OPTIONS] = {
                {'u', "user", "NAME", "run the command as this user", OPTION_TEXT, &run.user},
                {0, "timeout", "TIME", "stop the command then (TERM, KILL 5 s later)",
                 OPTION_DURATION, &run.timeout_ns},
                {0, "no-output-log", NULL, "hand stdout and stderr straight through", OPTION_FLAG,
                 &run.no_output_log},
                {0, "no-cgroup", NULL, "no cgroup of its own for the command", OPTION_FLAG,
                 &run.no_cgroup},
                {0, "fail-on", "LEVEL", "exit 1 at a finding of info, warning or critical",
                 OPTION_TEXT, &run.fail_on_text},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words, n = 5;
        Error err = {0};

        recording_init(&run.recording);
        n += recording_end_options(&run.recording, options + n);
        n += recording_options(&run.recording, options + n, ARRAY_LENGTH(options) - n);
        int e = options_parse(command, options, n, argc, argv, true, &words, &n_words, &err);
        if (e > 0)
                return EXIT_FINE;
        if (e == 0 && n_words == 0)
                e = error_set(&err, EINVAL, "run: expected a command: vigia run -- make -j2");
        if (e == 0)
                e = recording_check(&run.recording, "run", false, &err);
        if (e == 0)
                e = fail_on_parse("run", run.fail_on_text, &run.fail_on, &err);
        if (e < 0) {
                recording_refuse(&run.recording, command, &err);
                recording_done(&run.recording);
                return EXIT_VIGIA;
        }
        take_settings(&run);
        int code = record(&run, words);
        recording_done(&run.recording);
        return code;
}

const Command command_run = {
        .name = "run",
        .summary = "record a command, start to exit",
        .usage = "[OPTIONS] -- COMMAND [ARGUMENT]…",
        .details = "Exits as the command did; 128 + N if signal N killed it, 125 if vigia itself\n"
                   "failed, 126 if the command could not be executed, 127 if it was not found.",
        .run = run_run,
};
