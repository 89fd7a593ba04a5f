/* The options that all commands which record share, and what they and the configuration come to. */
#include "app/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

size_t recording_options(Recording *r, Option *to, size_t n_max)
{
        Option all[RECORDING_OPTIONS] = {
                {'i', "interval", "TIME", "time between samples (0.001 … 3600 s)", OPTION_TEXT,
                 &r->interval},
                {'l', "label", "TEXT", "name of the run", OPTION_TEXT, &r->label},
                {'o', "output", "DIR", "the run directory", OPTION_TEXT, &r->output},
                {0, "source", "NAME", "bpf, perf or poll (default: the best that works)",
                 OPTION_TEXT, &r->source},
                {0, "match", "REGEX", "also processes outside the tree that match", OPTION_TEXT,
                 &r->match},
                {'r', "rules", "FILE", "rules instead of the built-in ones", OPTION_TEXT, &r->rules},
                {0, "pss-budget", "PERCENT", "CPU for PSS, of one core (1; attach -a: 0.6)",
                 OPTION_TEXT, &r->pss_budget},
                {0, "compression", "NAME", "zstd, snappy, gzip, brotli, lz4 or none", OPTION_TEXT,
                 &r->compression},
                {0, "no-report", NULL, "no summary at the end", OPTION_FLAG, &r->no_report},
                {0, "html", NULL, "a page for a browser, too: report.html in the run", OPTION_FLAG, &r->html},
                {'q', "quiet", NULL, "print nothing but errors", OPTION_FLAG, &r->quiet},
                {'v', "verbose", NULL, "say more; twice: much more", OPTION_COUNT, &r->verbose},
        };
        size_t n = RECORDING_OPTIONS - CONFIGURATION_OPTIONS;

        n = MIN(n_max, n + configuration_options(&r->configured, all + n));
        memcpy(to, all, n * sizeof *to);
        return n;
}

/* Options become the last layer, so that what is refused is refused in the same words. */
static int load(Recording *r, const char *command, Error *err)
{
        const char *verbose = r->verbose >= 2 ? "2" : r->verbose ? "1" : NULL;
        const ConfigurationOption options[] = {
                {"run.interval", "--interval", r->interval},
                {"run.label", "--label", r->label},
                {"run.source", "--source", r->source},
                {"run.match", "--match", r->match},
                {"run.rules", "--rules", r->rules},
                {"run.pss_budget", "--pss-budget", r->pss_budget},
                {"run.compression", "--compression", r->compression},
                {"run.report", "--no-report", r->no_report ? "no" : NULL},
                {"run.html", "--html", r->html ? "yes" : NULL},
                {"run.quiet", "--quiet", r->quiet ? "yes" : verbose ? "no" : NULL},
                {"run.verbose", "--verbose", verbose},
                {"run.export", "--export", r->export},
                {"run.send", "--send", r->send},
        };
        int e = configuration_load(&r->configuration, &r->configured, options,
                                   ARRAY_LENGTH(options), err);

        if (e < 0 && configuration_is_usage(&r->configuration))
                return error_prefix(err, e, "%s", command);
        r->bad_configuration = e < 0;
        return e;
}

static void take_texts(Recording *r)
{
        const Configuration *c = &r->configuration;
        const char *source = configuration_text(c, "run.source", "auto");

        r->label = configuration_text(c, "run.label", r->label_default);
        r->match = configuration_text(c, "run.match", NULL);
        r->rules = configuration_path(c, "run.rules");
        r->compression = configuration_text(c, "run.compression", NULL);
        r->source = text_equal(source, "auto") ? NULL : source;
        r->no_report = !configuration_number(c, "run.report", true);
        r->html = configuration_number(c, "run.html", false);
        r->quiet = configuration_number(c, "run.quiet", false);
        r->send = configuration_text(c, "run.send", NULL);
        r->verbose = (unsigned)configuration_number(c, "run.verbose", 0);
        log_set_level(r->quiet          ? LOG_QUIET
                      : r->verbose >= 2 ? LOG_DEBUG
                      : r->verbose      ? LOG_INFO
                                        : LOG_WARNING);
}

/* A whole machine is watched for long: its monitors wake no more often than its processes are sampled,
 * unless somebody says so. */
static void calm_monitors(Recording *r)
{
        const Configuration *c = &r->configuration;
        char key[SETTING_PATH_MAX];

        for (size_t i = 0; i < c->n_plan; i++) {
                MonitorPlan *plan = &c->plan[i];
                snprintf(key, sizeof key, "monitors.%s.interval", plan->monitor->name);
                if (plan->interval_us > 0 && monitor_find(plan->monitor->name) == plan->monitor &&
                    !settings_get(c->settings, key))
                        plan->interval_us = MAX(plan->interval_us, r->options.interval_ns / NS_PER_US);
        }
}

int recording_check(Recording *r, const char *command, bool whole_machine, Error *err)
{
        const Configuration *c = &r->configuration;
        int e = load(r, command, err);

        if (e < 0)
                return e;
        take_texts(r);
        configuration_warn(c);
        r->options.interval_ns = configuration_number(c, "run.interval",
                                                      whole_machine ? NS_PER_SECOND : 50 * NS_PER_MS);
        r->options.pss_budget_ratio = configuration_real(c, "run.pss_budget", whole_machine ? 0.6 : 1) / 100;
        if (whole_machine)
                calm_monitors(r);
        r->options.source = r->source;
        r->options.plan = c->plan;
        r->options.n_plan = c->n_plan;
        r->options.settings = c->monitor_settings;
        r->options.n_settings = c->n_monitor_settings;
        if (r->match) {
                e = regex_new(r->match, &r->regex, err);
                if (e < 0)
                        return error_prefix(err, e, "%s: --match", command);
                r->options.match = r->regex;
        }
        e = labels_open(&r->labels, r->rules, err);
        if (e < 0)
                return e;
        r->options.label = labels_label;
        r->options.label_data = &r->labels;
        e = host_new(NULL, &r->host);
        if (e < 0)
                return error_set_errno(err, e, "/");
        r->options.host = r->host;
        return 0;
}

int recording_refuse(const Recording *r, const Command *command, const Error *err)
{
        if (!r->bad_configuration)
                return usage_error(command, err);
        log_error("%s; vigia config check tells more", err->message);
        return EXIT_USAGE;
}
