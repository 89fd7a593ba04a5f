/* `vigia report RUN`: what happened, as text or JSON, from a run on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "report/report.h"

static int print(RunReader *reader, bool json)
{
        _cleanup_string_ String text = {0};
        Error err = {0};
        int r;

        if (!json)
                r = report_print(reader, stdout, &err);
        else {
                r = report_json(reader, &text, &err);
                if (r == 0 && (fputs(string_get(&text), stdout) == EOF || fflush(stdout) != 0))
                        r = error_set_errno(&err, errno, "cannot write the report");
        }
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        return EXIT_FINE;
}

static int run_report(const Command *command, int argc, char **argv)
{
        bool json = false;
        const Option options[] = {
                {0, "json", NULL, "data for programs: docs/report.schema.json", OPTION_FLAG, &json},
        };
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_free_ char **words = NULL, *path = NULL;
        size_t n_words;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words,
                              &n_words, &err);
        if (r > 0)
                return EXIT_FINE;
        if (r == 0 && n_words != 1)
                r = error_set(&err, EINVAL, "report: expected one RUN: a path, an id, or last");
        if (r < 0)
                return usage_error(command, &err);
        r = run_resolve(words[0], &path, &err);
        if (r == 0)
                r = run_reader_open(path, &reader, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        return print(reader, json);
}

const Command command_report = {
        .name = "report",
        .summary = "say what happened in a run",
        .usage = "[--json] RUN",
        .details = "RUN is a path, an id, the unique beginning of an id, or \"last\".",
        .run = run_report,
};
