/* `vigia report RUN`: what happened, as text, Markdown or JSON, from a run on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/config-thresholds.h"
#include "app/labels.h"
#include "app/print.h"
#include "app/report-page.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "report/report.h"

static int print(RunReader *reader, const ReportLabels *labels, ReportForm form)
{
        _cleanup_string_ String text = {0};
        ReportOptions options;
        Error err = {0};
        int r;

        report_options_for(stdout, &options);
        r = form == REPORT_TEXT   ? report_text(reader, labels, &options, &text, &err)
            : form == REPORT_JSON ? report_json(reader, labels, &text, &err)
                                  : report_markdown(reader, labels, &text, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        return print_text(&text);
}

/* html: where the page goes, as report_page_put; NULL: none is wanted. */
static int tell(RunReader *reader, const ReportLabels *labels, ReportForm form, const char *html)
{
        Error err = {0};

        if (!html)
                return print(reader, labels, form);
        int r = report_page_put(reader, labels, html, &err);
        if (r >= 0)
                return EXIT_FINE;
        log_error("%s", err.message);
        return EXIT_CANNOT;
}

/* A run that was recorded without labels gets those of the built-in rules. */
static int tell_labelled(RunReader *reader, const char *rules, const Thresholds *thresholds, ReportForm form,
                         const char *html)
{
        Labels labels;
        Error err = {0};

        if (!rules && run_reader_info(reader)->rules)
                return tell(reader, &(ReportLabels){.thresholds = thresholds}, form, html);
        if (labels_open(&labels, rules, &err) < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        const ReportLabels other = {labels_label, &labels, labels_use_parents(&labels), thresholds};
        int code = tell(reader, &other, form, html);
        labels_done(&labels);
        return code;
}

static int tell_sweep(const char *name, ReportForm form, const char *html)
{
        return html ? sweep_report_page(name, html) : sweep_report(name, form);
}

static int run_report(const Command *command, int argc, char **argv)
{
        bool text = false, json = false, markdown = false;
        const char *rules = NULL, *html = NULL, *config = NULL;
        const Option options[] = {
                {'c', "config", "FILE", "a configuration instead of the user's: [findings]", OPTION_TEXT, &config},
                {0, "text", NULL, "one screen for a terminal: the default", OPTION_FLAG,
                 &text},
                {0, "markdown", NULL, "for the page of a CI job: at most 60 lines", OPTION_FLAG, &markdown},
                {0, "json", NULL, "data for programs: docs/report.schema.json", OPTION_FLAG, &json},
                {0, "html", "[FILE]", "a page for a browser: RUN/report.html, FILE or -", OPTION_PLACE, &html},
                {'r', "rules", "FILE", "label anew by these rules (or: builtin)",
                 OPTION_TEXT, &rules},
        };
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_free_ char **words = NULL, *path = NULL;
        Thresholds thresholds;
        size_t n_words;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words,
                              &n_words, &err);
        if (r > 0)
                return EXIT_FINE;
        if (r == 0 && n_words == 0 && html && *html)
                r = error_set(&err, EINVAL, "report: expected one RUN, and it before --html: what follows is the FILE");
        if (r == 0 && n_words != 1)
                r = error_set(&err, EINVAL, "report: expected one RUN: a path, an id, or last");
        if (r == 0 && text + json + markdown + (html != NULL) > 1)
                r = error_set(&err, EINVAL, "report: expected one of --text, --markdown, --json and --html");
        if (r < 0)
                return usage_error(command, &err);
        const ReportForm form = json ? REPORT_JSON : markdown ? REPORT_MARKDOWN : REPORT_TEXT;
        if (thresholds_load(config, &thresholds, &err) < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        r = text_equal(words[0], "last") ? tell_sweep(words[0], form, html) : -ENOENT;
        if (r >= 0)
                return r;
        r = run_resolve(words[0], &path, &err);
        if (r == -ENOENT) {
                int code = tell_sweep(words[0], form, html);
                if (code >= 0)
                        return code;
        }
        if (r == 0)
                r = run_reader_open(path, &reader, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        return tell_labelled(reader, rules, &thresholds, form, html);
}

const Command command_report = {
        .name = "report",
        .summary = "say what happened in a run or a sweep",
        .usage = "[OPTIONS] RUN [--html [FILE]]",
        .details = "RUN is a path, an id, the unique beginning of an id, or \"last\"; so is\na sweep.\n\n"
                   "In a CI job:\n\n"
                   "  vigia report --markdown last >> \"$GITHUB_STEP_SUMMARY\"",
        .run = run_report,
};
