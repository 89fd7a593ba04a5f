/* `vigia why RUN`: why it failed, or what could go better; the reader's data told in another order. */
#include <errno.h>
#include <stdio.h>

#include "app/commands.h"
#include "app/config-thresholds.h"
#include "app/fail-on.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "report/why.h"

static int tell(RunReader *reader, const Thresholds *thresholds, bool json)
{
        const ReportLabels labels = {.thresholds = thresholds};
        _cleanup_string_ String text = {0};
        ReportOptions options;
        Error err = {0};

        report_options_for(stdout, &options);
        int r = json ? report_why_json(reader, &labels, &text, &err)
                     : report_why(reader, &labels, &options, &text, &err);
        if (r == 0)
                return print_text(&text);
        log_error("%s", err.message);
        return EXIT_CANNOT;
}

static int run_why(const Command *command, int argc, char **argv)
{
        bool json = false;
        const char *fail_on = NULL, *config = NULL;
        const Option options[] = {
                {'c', "config", "FILE", "a configuration instead of the user's: [findings]", OPTION_TEXT, &config},
                {0, "fail-on", "LEVEL", "exit 1 at a finding of info, warning or critical", OPTION_TEXT,
                 &fail_on},
                {0, "json", NULL, "data for programs: docs/why.schema.json", OPTION_FLAG, &json},
        };
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_free_ char **words = NULL;
        FailOn level = FAIL_ON_NOTHING;
        Thresholds thresholds;
        size_t n_words;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n_words, &err);
        if (r > 0)
                return EXIT_FINE;
        if (r == 0 && n_words != 1)
                r = error_set(&err, EINVAL, "why: expected one RUN: a path, an id, or last");
        if (r == 0)
                r = fail_on_parse("why", fail_on, &level, &err);
        if (r < 0)
                return usage_error(command, &err);
        r = thresholds_load(config, &thresholds, &err);
        if (r == 0)
                r = run_reader_open_named(words[0], &reader, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        int code = tell(reader, &thresholds, json);
        return code == EXIT_FINE ? fail_on_code(reader, &thresholds, level) : code;
}

const Command command_why = {
        .name = "why",
        .summary = "say why a run failed, or what could go better",
        .usage = "[-c FILE] [--json] [--fail-on LEVEL] RUN",
        .details = "Each finding comes with its evidence, what it means and what to do; the\nlikeliest cause first.\n\n"
                   "RUN is a path, an id, the unique beginning of an id, or \"last\".",
        .run = run_why,
};
