/* `vigia attach`: records processes that already run, or the whole machine. */
#include <errno.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/recording.h"
#include "app/scope-options.h"
#include "base/cleanup.h"
#include "base/log.h"

static int record(Recording *r)
{
        Error err = {0};
        int e = recording_begin(r, &err);

        if (e == 0) {
                if (!r->quiet)
                        log_info("recording %s; Ctrl-C ends it", r->info.scope);
                e = recording_run(r, &err);
        }
        if (e < 0) {
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        recording_report(r);
        recording_end(r);
        return EXIT_FINE;
}

static int check(const ScopeOptions *s, const Recording *r, size_t n_words, Error *err)
{
        if (n_words > 0)
                return error_set(err, EINVAL,
                                 "attach: expected only options; -p PID, -n REGEX, -g NAME or -a");
        if (!s->all && !s->cgroup && s->pids.n == 0 && s->names.n == 0 && !r->match)
                return error_set(err, EINVAL,
                                 "attach: expected what to watch: -p PID, -n REGEX, -g NAME or -a");
        return 0;
}

static int run_attach(const Command *command, int argc, char **argv)
{
        Recording recording;
        ScopeOptions scope = {0};
        Option options[SCOPE_OPTIONS + RECORDING_END_OPTIONS + RECORDING_OPTIONS];
        _cleanup_free_ char **words = NULL;
        size_t n_words = 0, n = scope_options(&scope, options);
        Error err = {0};

        recording_init(&recording);
        n += recording_end_options(&recording, options + n);
        n += recording_options(&recording, options + n, ARRAY_LENGTH(options) - n);
        int e = options_parse(command, options, n, argc, argv, false, &words, &n_words, &err);
        int code = EXIT_FINE;
        if (e == 0)
                e = check(&scope, &recording, n_words, &err);
        if (e == 0)
                e = scope_check(&scope, &recording, "attach", &err);
        if (e == 0)
                e = recording_check(&recording, "attach", scope.all, &err);
        if (e < 0)
                code = recording_refuse(&recording, command, &err);
        else if (e == 0)
                code = record(&recording);
        recording_done(&recording);
        scope_done(&scope);
        return code;
}

const Command command_attach = {
        .name = "attach",
        .summary = "record processes that already run",
        .usage = "[-p PID]… [-n REGEX]… [-g NAME] [-a] [-d TIME]",
        .details = "Ends after -d, at Ctrl-C, or when the scope is empty. Figures count from now.",
        .run = run_attach,
};
