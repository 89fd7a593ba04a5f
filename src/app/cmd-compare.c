/* `vigia compare RUN RUN…`: what differs between runs, and how sure that is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/compare-groups.h"
#include "app/labels.h"
#include "app/print.h"
#include "app/report-page.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "report/compare-page.h"

typedef struct CompareCommand {
        TextList baseline, dev;
        const char *by, *dev_host, *bound, *figures, *rules, *html;
        bool all, json, markdown;
        CompareGroups groups;
        RegressionCheck check;
} CompareCommand;

static void command_done(CompareCommand *c)
{
        text_list_done(&c->baseline);
        text_list_done(&c->dev);
        compare_groups_done(&c->groups);
}

/* What --by, --dev-host, --fail-on-regression and --figures say. */
static int take_options(CompareCommand *c, Error *err)
{
        int r = 0;

        if (c->json && c->markdown)
                return error_set(err, EINVAL, "compare: --json and --markdown exclude each other");
        if ((c->json || c->markdown) && c->html && text_equal(c->html, "-"))
                return error_set(err, EINVAL, "compare: --html - leaves no room for --json or --markdown; name a file");
        if (c->by && !text_equal(c->by, "label") && !text_equal(c->by, "host"))
                return error_set(err, EINVAL, "compare: --by %s: expected label or host", c->by);
        if (c->dev_host && !(c->by && text_equal(c->by, "host")))
                return error_set(err, EINVAL, "compare: --dev-host goes with --by host");
        if (c->figures && !c->bound)
                return error_set(err, EINVAL, "compare: --figures goes with --fail-on-regression");
        c->groups.by = !c->by ? COMPARE_EACH : text_equal(c->by, "label") ? COMPARE_LABEL : COMPARE_HOST;
        if (c->groups.by == COMPARE_HOST) {
                r = regex_new(c->dev_host ? c->dev_host : "-dev", &c->groups.dev, err);
                if (r < 0)
                        return error_prefix(err, r, "compare: --dev-host");
        }
        if (c->bound)
                r = regression_parse_bound(c->bound, &c->check.bound, err);
        if (r < 0)
                return error_prefix(err, r, "compare: --fail-on-regression");
        r = regression_parse_figures(c->figures ? c->figures : "wall,cpu,peak", &c->check, err);
        c->check.chosen = c->figures != NULL;
        return error_prefix(err, r, "compare: --figures");
}

/* Adds a run to the comparison, or, when that is finished, to the page. */
static int read_run(Comparison *comparison, ComparePage *page, size_t nth, const GivenRun *run, Labels *labels,
                    bool relabel, Error *err)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        ReportLabels other = {labels_label, labels, false};
        int r = run_reader_open(run->path, &reader, err);

        if (r < 0)
                return r;
        /* A run that was recorded without labels gets those of the built-in rules. */
        relabel |= !run_reader_info(reader)->rules;
        if (relabel)
                other.parents = labels_use_parents(labels);
        const ReportLabels *with = relabel ? &other : NULL;
        return page ? compare_page_add_run(page, nth, reader, with, err)
                    : comparison_add_run(comparison, run->group, reader, with, run->jobs, run->expected_exit, err);
}

/* All of them into the comparison; with a page those that it wants into that. */
static int read_all(const CompareCommand *c, Comparison *comparison, ComparePage *page, Labels *labels, Error *err)
{
        int r = 0;

        for (size_t i = 0, nth = 0; r == 0 && i < c->groups.n_runs; i++) {
                const GivenRun *run = &c->groups.runs[i];
                if (run->group == SIZE_MAX) /* of a -j that the other sweep lacks */
                        continue;
                if (!page || compare_page_wants(page, nth))
                        r = read_run(comparison, page, nth, run, labels, c->rules != NULL, err);
                nth++;
        }
        return r;
}

static CompareOptions options_of(const CompareCommand *c)
{
        return (CompareOptions){.all = c->all, .check = c->bound ? &c->check : NULL};
}

static int write_page(const CompareCommand *c, Comparison *comparison, Labels *labels, Error *err)
{
        _cleanup_(compare_page_freep) ComparePage *page = NULL;
        const CompareOptions options = options_of(c);
        _cleanup_string_ String text = {0};
        int r = compare_page_new(comparison, &options, &report_page_options, &page, err);

        if (r == 0)
                r = read_all(c, comparison, page, labels, err);
        if (r == 0 && compare_page_write(page, &text) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        return r < 0 ? r : report_page_write(&text, ".", c->html, err);
}

/* page_failed: the runs were read, but there is no page of them. */
static int read_runs(const CompareCommand *c, Comparison *comparison, bool *page_failed, Error *err)
{
        Labels labels;
        int r = labels_open(&labels, c->rules, err);

        if (r < 0)
                return r;
        r = read_all(c, comparison, NULL, &labels, err);
        if (r == 0 && comparison_finish(comparison) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        if (r == 0 && c->html) {
                r = write_page(c, comparison, &labels, err);
                *page_failed = r < 0 && r != -E2BIG;
        }
        labels_done(&labels);
        return r;
}

static int print(const CompareCommand *c, const Comparison *comparison)
{
        CompareOptions options = options_of(c);
        _cleanup_string_ String text = {0};
        bool page_only = c->html && text_equal(c->html, "-");

        report_options_for(stdout, &options.shown);
        if (c->json)
                options.shown.ascii = false;
        if (!page_only) {
                int r = c->json       ? compare_write_json(comparison, &options, &text)
                        : c->markdown ? compare_write_markdown(comparison, &options, &text)
                                      : compare_write_text(comparison, &options, &text);
                text.failed |= r < 0;
                if (print_text(&text) != EXIT_FINE)
                        return EXIT_CANNOT;
        }
        if (!options.check)
                return EXIT_FINE;
        Judgement judgement = regression_judge_all(options.check, comparison);
        if (judgement == JUDGED_UNKNOWN)
                log_error("a regression could not be judged: not all that was asked for is known");
        return judgement == JUDGED_UNKNOWN ? EXIT_CANNOT : judgement == JUDGED_WORSE ? EXIT_NO : EXIT_FINE;
}

static int work(CompareCommand *c)
{
        Comparison comparison;
        bool page_failed = false;
        Error err = {0};
        int r, code;

        if (c->html && !report_page_available(&err)) { /* said before anything is read */
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        if (comparison_init(&comparison) < 0) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        r = compare_groups_make(&c->groups, &comparison, &err);
        if (r == 0)
                r = read_runs(c, &comparison, &page_failed, &err);
        if (r < 0) {
                log_error("%s", err.message);
                code = page_failed || r == -ENOMEM || r == -EIO || r == -EACCES ? EXIT_CANNOT : EXIT_USAGE;
        } else
                code = print(c, &comparison);
        comparison_done(&comparison);
        return code;
}

static int run_compare(const Command *command, int argc, char **argv)
{
        _cleanup_(command_done) CompareCommand c = {0};
        const Option options[] = {
                {0, "baseline", "RUN", "the runs to compare with: --baseline A B", OPTION_LIST,
                 &c.baseline},
                {0, "dev", "RUN", "the runs that are compared: -- --dev C D", OPTION_LIST, &c.dev},
                {0, "by", "WHAT", "groups of runs: by label, or by host", OPTION_TEXT, &c.by},
                {0, "dev-host", "REGEX", "--by host: which hosts or labels are dev (-dev)", OPTION_TEXT, &c.dev_host},
                {'a', "all", NULL, "every figure, however little it differs", OPTION_FLAG, &c.all},
                {0, "fail-on-regression", "PERCENT", "exit 1 if a figure got worse by more", OPTION_TEXT, &c.bound},
                {0, "figures", "LIST", "wall,cpu,peak; user, system, rss, cgroup, processes", OPTION_TEXT,
                 &c.figures},
                {'r', "rules", "FILE", "label processes anew by these rules", OPTION_TEXT, &c.rules},
                {0, "json", NULL, "data for programs: docs/compare.schema.json", OPTION_FLAG, &c.json},
                {0, "html", "FILE", "a page for a browser, too: charts beside each other", OPTION_TEXT, &c.html},
                {0, "markdown", NULL, "for the page of a CI job or a comment", OPTION_FLAG, &c.markdown},
        };
        _cleanup_free_ char **words = NULL, **given = NULL;
        size_t n_words;
        Error err = {0};

        argc = compare_groups_join(argc, argv);
        /* options_parse may reorder its argv; which group a word is of is read off the order given. */
        given = calloc((size_t)argc + 1, sizeof *given);
        if (!given) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        for (int i = 0; i < argc; i++)
                given[i] = argv[i];
        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n_words, &err);
        if (r > 0)
                return EXIT_FINE;
        if (r == 0)
                r = take_options(&c, &err);
        if (r == 0)
                r = compare_groups_add_words(&c.groups, argc, given, words, n_words, &c.baseline, &c.dev, &err);
        if (r < 0)
                return usage_error(command, &err);
        return work(&c);
}

const Command command_compare = {
        .name = "compare",
        .summary = "say what differs between runs, or groups of runs",
        .usage = "[OPTIONS] RUN RUN… | --baseline RUN… -- --dev RUN…",
        .details = "The first run (or group) is what the others are held against. RUN is a path, an\n"
                   "id, the unique beginning of an id, or \"last\". A sweep stands for its runs; two\n"
                   "sweeps are compared at each -j. With repeats, differences come with a 95 %\n"
                   "interval.\n\n"
                   "A regression, with repeats on both sides: the mean is worse by more than PERCENT\n"
                   "and the interval excludes \"as before\"; with one run on a side: the ratio alone.\n\n"
                   "Exit status: 0 fine, 1 a regression, 2 bad input, 3 could not judge or do it.",
        .run = run_compare,
};
