/* `vigia attach`: records processes that already run, or the whole machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "app/commands.h"
#include "app/recording.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"

typedef struct AttachCommand {
        Recording recording;
        TextList pids, names;
        bool all, alone;
        uint64_t duration_ns;
} AttachCommand;

static int parse_pids(AttachCommand *a, pid_t **ret, Error *err)
{
        pid_t *pids = calloc(a->pids.n + 1, sizeof *pids);

        if (!pids)
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < a->pids.n; i++) {
                uint64_t pid;
                if (parse_u64z(a->pids.items[i], &pid) < 0 || pid == 0 || pid > 1 << 22) {
                        free(pids);
                        return error_set(err, EINVAL, "attach: -p %s: expected a process id",
                                         a->pids.items[i]);
                }
                pids[i] = (pid_t)pid;
        }
        *ret = pids;
        return 0;
}

/* Several -n are alternatives of one expression; --match is one more. */
static int join_names(AttachCommand *a, String *joined)
{
        for (size_t i = 0; i < a->names.n; i++)
                string_add_format(joined, "%s(?:%s)", i ? "|" : "", a->names.items[i]);
        if (a->recording.match && a->names.n > 0)
                string_add_format(joined, "|(?:%s)", a->recording.match);
        if (joined->size > 0)
                a->recording.match = string_get(joined);
        return joined->failed ? -ENOMEM : 0;
}

/* The scope in words, for run.json and the report. */
static char *scope_in_words(const AttachCommand *a)
{
        String s = {0};

        if (a->all)
                string_add(&s, "the whole machine");
        for (size_t i = 0; i < a->pids.n; i++)
                string_add_format(&s, "%s-p %s", s.size ? " " : "", a->pids.items[i]);
        for (size_t i = 0; i < a->names.n; i++)
                string_add_format(&s, "%s-n %s", s.size ? " " : "", a->names.items[i]);
        return string_take(&s);
}

static int record(AttachCommand *a, const pid_t *pids)
{
        Recording *r = &a->recording;
        Error err = {0};

        r->options.all = a->all;
        r->options.pids = pids;
        r->options.n_pids = a->pids.n;
        r->options.descendants = !a->alone;
        r->options.duration_ns = a->duration_ns;
        r->info.scope = scope_in_words(a);
        if (!r->label)
                r->label = a->all ? "machine" : "attach";
        int e = recording_begin(r, &err);
        if (e < 0) {
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        if (!r->quiet)
                log_info("recording %s; Ctrl-C ends it", r->info.scope);
        e = recording_run(r, &err);
        if (e < 0) {
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        recording_report(r);
        return EXIT_FINE;
}

static int check(AttachCommand *a, size_t n_words, Error *err)
{
        if (n_words > 0)
                return error_set(err, EINVAL, "attach: expected only options; -p PID, -n REGEX or -a");
        if (!a->all && a->pids.n == 0 && a->names.n == 0 && !a->recording.match)
                return error_set(err, EINVAL, "attach: expected what to watch: -p PID, -n REGEX or -a");
        return 0;
}

static int run_attach(const Command *command, int argc, char **argv)
{
        AttachCommand a = {0};
        Option options[5 + RECORDING_OPTIONS] = {
                {'p', "pid", "PID", "this process; may be repeated", OPTION_LIST, &a.pids},
                {'n', "name", "REGEX", "processes whose command line matches", OPTION_LIST,
                 &a.names},
                {'a', "all", NULL, "the whole machine", OPTION_FLAG, &a.all},
                {'d', "duration", "TIME", "end after this time", OPTION_DURATION, &a.duration_ns},
                {0, "no-descendants", NULL, "without what they fork", OPTION_FLAG, &a.alone},
        };
        _cleanup_free_ char **words = NULL;
        _cleanup_free_ pid_t *pids = NULL;
        _cleanup_string_ String joined = {0};
        size_t n_words = 0, n = 5;
        Error err = {0};

        recording_init(&a.recording);
        n += recording_options(&a.recording, options + n, ARRAY_LENGTH(options) - n);
        int e = options_parse(command, options, n, argc, argv, false, &words, &n_words, &err);
        int code = EXIT_FINE;
        if (e == 0)
                e = check(&a, n_words, &err);
        if (e == 0)
                e = parse_pids(&a, &pids, &err);
        if (e == 0)
                e = join_names(&a, &joined);
        if (e == 0)
                e = recording_check(&a.recording, "attach", a.all ? 1 : 0.05, &err);
        if (e < 0)
                code = recording_refuse(&a.recording, command, &err);
        else if (e == 0)
                code = record(&a, pids);
        text_list_done(&a.pids);
        text_list_done(&a.names);
        recording_done(&a.recording);
        return code;
}

const Command command_attach = {
        .name = "attach",
        .summary = "record processes that already run",
        .usage = "[-p PID]… [-n REGEX]… [-a] [-d TIME]",
        .details = "Ends after -d, at Ctrl-C, or when the scope is empty. Figures count from now.",
        .run = run_attach,
};
