/* `vigia leak RUN`: which processes grow, how fast, and how sure that is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/config-thresholds.h"
#include "app/leak-command.h"
#include "app/leak-heap.h"
#include "app/leak-valgrind.h"
#include "app/log-files.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

typedef struct LeakLine {
        LeakAsked asked;
        const char *config, *fail_on;
        uint64_t at_least_ns;
        LeakClass fails; /* LEAK_UNKNOWN: never */
        bool logs, valgrind, heap;
        uint64_t duration_ns;
} LeakLine;

/* Thresholds of [findings]. */
static int take_thresholds(LeakLine *line, Error *err)
{
        LeakOptions *o = &line->asked.options;
        Thresholds thresholds;
        int r = thresholds_load(line->config, &thresholds, err);

        if (r < 0)
                return r;
        if (line->at_least_ns > 0)
                thresholds.leak_time_ns = line->at_least_ns;
        const LeakOptions all = leak_options_of(&thresholds, UINT64_MAX, false);
        o->memory = all.memory;
        o->counts = all.counts;
        return 0;
}

static int take_fail_on(LeakLine *line, Error *err)
{
        if (line->fail_on && !text_equal(line->fail_on, "slow") && !text_equal(line->fail_on, "leak"))
                return error_set(err, EINVAL, "leak: --fail-on %s: expected slow or leak", line->fail_on);
        line->fails = !line->fail_on ? LEAK_UNKNOWN : text_equal(line->fail_on, "slow") ? LEAK_SLOW : LEAK_LEAK;
        return 0;
}

static int take_line(LeakLine *line, char *const *words, size_t n_words, Error *err)
{
        LeakAsked *a = &line->asked;

        if (n_words == 0)
                return error_set(err, EINVAL, "leak: expected one RUN: a path, an id, or last; or logs");
        line->logs = log_files_is_one(words[0]);
        if (n_words > 1 && !line->logs)
                return error_set(err, EINVAL, "leak: expected one RUN; of several only logs make one: %s is none", words[0]);
        if (a->until_ns > 0 && a->until_ns <= a->since_ns)
                return error_set(err, EINVAL, "leak: --until: expected a time after --since");
        a->options.from_ns = a->since_ns > 0 ? (int64_t)MIN(a->since_ns, (uint64_t)INT64_MAX / 4) : INT64_MIN;
        a->options.until_ns = a->until_ns > 0 ? (int64_t)MIN(a->until_ns, (uint64_t)INT64_MAX / 4) : INT64_MAX;
        return leak_filter_init(a, err);
}

static int tell(LeakLine *line, LeakSource *source, LeakFinder *finder)
{
        _cleanup_string_ String text = {0};
        const LeakReport *report;
        ReportOptions to;

        if (leak_finder_finish(finder, source->end_ns, &report) < 0 || leak_source_finish(source) < 0) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        report_options_for(stdout, &to);
        if (line->asked.json)
                leak_json(&line->asked, source, report, &text);
        else
                leak_show(&line->asked, source, report, &to, &text);
        if (print_text(&text) != EXIT_FINE)
                return EXIT_CANNOT;
        for (size_t i = 0; line->fails != LEAK_UNKNOWN && i < report->n; i++) {
                const LeakProcess *p = &report->processes[i];
                if (!p->step && leak_worst_class(p) >= line->fails)
                        return EXIT_NO;
        }
        return EXIT_FINE;
}

static int find(LeakLine *line, char *const *words, size_t n)
{
        _cleanup_(leak_finder_freep) LeakFinder *finder = NULL;
        LeakSource source = {.end_ns = INT64_MIN};
        Error err = {0};
        int r = take_thresholds(line, &err), code;

        if (r == 0)
                r = line->logs ? leak_read_logs(words, n, &line->asked, &source, &finder, &err)
                               : leak_read_run(words[0], &line->asked, &source, &finder, &err);
        if (r < 0) {
                log_error("%s", err.message);
                code = r == -ENOMEM ? EXIT_CANNOT : EXIT_USAGE;
        } else {
                code = tell(line, &source, finder);
        }
        leak_source_done(&source);
        return code;
}

static int find_places(LeakLine *line, char *const *words, size_t n)
{
        Error err = {0};

        if (take_thresholds(line, &err) < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        const LeakHeapAsked asked = {.words = words, .n_words = n, .duration_ns = line->duration_ns, .limits = line->asked.options.memory,
                                     .json = line->asked.json, .fails = line->fails};
        return leak_heap(&asked);
}

static int run_leak(const Command *command, int argc, char **argv)
{
        LeakLine line = {.asked.options = leak_options_default};
        LeakAsked *a = &line.asked;
        const Option options[] = {
                {'n', "name", "REGEX", "processes whose command line matches", OPTION_LIST, &a->names},
                {'p', "pid", "PID", "this process", OPTION_LIST, &a->pids},
                {'a', "all", NULL, "those that do not grow, too", OPTION_FLAG, &a->all},
                {0, "since", "TIME", "look only at what is later in the run", OPTION_DURATION, &a->since_ns},
                {0, "until", "TIME", "look only at what is earlier", OPTION_DURATION, &a->until_ns},
                {0, "at-least", "TIME", "behind the warm-up, to judge by (default 2m)", OPTION_DURATION, &line.at_least_ns},
                {0, "fail-on", "CLASS", "exit 1 if one is slow (or worse), leak", OPTION_TEXT, &line.fail_on},
                {0, "json", NULL, "data for programs: docs/leak.schema.json", OPTION_FLAG, &a->json},
                {0, "valgrind", NULL, "run COMMAND under memcheck: what it lost, and where", OPTION_FLAG, &line.valgrind},
                {0, "heap", NULL, "which places in PID or COMMAND keep memory", OPTION_FLAG, &line.heap},
                {'d', "duration", "TIME", "of --heap: look so long", OPTION_DURATION, &line.duration_ns},
                {'c', "config", "FILE", "configuration instead of the user's", OPTION_TEXT, &line.config},
        };
        _cleanup_free_ char **words = NULL;
        size_t n = 0;
        Error err = {0};
        int code, r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n, &err);

        if (r == 0)
                r = take_fail_on(&line, &err);
        if (r == 0 && line.valgrind && line.heap)
                r = error_set(&err, EINVAL, "leak: expected one of --valgrind and --heap");
        else if (r == 0 && (line.valgrind || line.heap))
                r = n > 0 ? 0 : error_set(&err, EINVAL, "leak: %s", line.heap ? "--heap: expected a PID, or -- COMMAND" : "--valgrind: expected -- COMMAND");
        else if (r == 0)
                r = take_line(&line, words, n, &err);
        if (r == 0 && line.heap)
                code = find_places(&line, words, n);
        else if (r == 0 && line.valgrind)
                code = leak_valgrind(words, a->json, line.fail_on);
        else if (r != 0)
                code = r > 0 ? EXIT_FINE : usage_error(command, &err);
        else
                code = find(&line, words, n);
        leak_asked_done(a);
        return code;
}

const Command command_leak = {
        .name = "leak",
        .summary = "which processes' memory grows, and how sure that is",
        .usage = "[OPTIONS] RUN | LOG… | --heap PID | --valgrind -- COMMAND…",
        .details = "Private memory, open files and threads of each process, by the slope of their\n"
                   "lower levels after the warm-up, with 95 % intervals: up to 0.1 MB a minute is\n"
                   "normal, up to 1 slow, more a leak. RUN may still be recording; logs are those\n"
                   "of vigia import: vigia leak 'memory_monitor_*.log'.",
        .run = run_leak,
};
