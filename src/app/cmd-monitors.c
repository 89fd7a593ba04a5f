/* `vigia monitors`: what there is to record of a machine, what works on this one, why others do
 * not, and the command that would make them work. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/monitors.h"
#include "app/options.h"
#include "app/page.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/log.h"

typedef struct Asked {
        bool json;
        bool probe;
        bool one; /* about one monitor, in full */
        char *const *names;
        size_t n_names;
        ConfigurationOptions options;
} Asked;

/* The started monitor, for those that know their columns only then. */
typedef struct Started {
        const Monitor *monitor;
        void *state;
} Started;

static void started_done(Started *s)
{
        if (s->state && s->monitor->stop)
                s->monitor->stop(s->state);
        free(s->state);
}

static const Schema *schema_of(const MonitorTrial *t, const Host *host, const Configuration *c,
                               Started *started)
{
        const Monitor *m = t->monitor;
        const MonitorContext context = {
                .host = host,
                .monitor = m,
                .interval_us = t->interval_us,
                .uid = getuid(),
                .settings = c->monitor_settings,
                .n_settings = c->n_monitor_settings,
                .run_fd = -1,
        };

        if (m->schema || !m->table || !t->works)
                return m->schema;
        void *state = calloc(1, m->state_size + 1);
        if (!state || m->start(state, &context, NULL) < 0) {
                free(state);
                return NULL;
        }
        *started = (Started){m, state};
        return m->table(state);
}

static int print(const MonitorTrials *trials, const Asked *asked, const Host *host,
                 const Configuration *c)
{
        _cleanup_(started_done) Started started = {0};
        _cleanup_string_ String text = {0};
        const Schema *schema = asked->one ? schema_of(&trials->items[0], host, c, &started) : NULL;

        if (asked->json)
                monitors_json(trials, asked->one, schema, &text);
        else if (asked->one)
                monitors_show_one(&trials->items[0], schema, page_colour(), &text);
        else if (asked->probe)
                monitors_show_trials(trials, asked->n_names == 0, page_colour(), &text);
        else
                monitors_show_list(trials, page_colour(), &text);
        return print_text(&text);
}

/* Words of the command line: nothing, `probe [NAME…]`, `show NAME`, or NAME. */
static int understand(char *const *words, size_t n, Asked *asked, Error *err)
{
        if (n > 0 && text_equal(words[0], "probe")) {
                asked->probe = true;
                words++;
                n--;
        } else if (n > 0) {
                bool show = text_equal(words[0], "show");
                asked->one = true;
                words += show;
                n -= show;
                if (n == 0)
                        return error_set(err, EINVAL, "monitors show: which one?");
                if (n > 1)
                        return error_set(err, EINVAL, "monitors: one name, not %zu; to try several: "
                                         "vigia monitors probe %s %s", n, words[0], words[1]);
        }
        asked->names = words;
        asked->n_names = n;
        return 0;
}

/* 0; -ENOENT and -EINVAL are the user's. */
static int gather(const Asked *asked, Configuration *c, MonitorTrials *ret, Error *err)
{
        int r = configuration_load(c, &asked->options, NULL, 0, err);

        if (r < 0)
                return r;
        configuration_warn(c);
        r = monitor_trials_init(ret, c->declared);
        if (r < 0)
                return error_set_errno(err, r, "the list of monitors");
        monitor_trials_plan(ret, c->plan, c->n_plan);
        return asked->n_names > 0 ? monitor_trials_select(ret, asked->names, asked->n_names, err) : 0;
}

static int tell(const Asked *asked, Configuration *c)
{
        _cleanup_(monitor_trials_done) MonitorTrials trials = {0};
        _cleanup_(host_freep) Host *host = NULL;
        Error err = {0};
        int r = gather(asked, c, &trials, &err);

        if (r < 0) {
                log_error("%s", err.message);
                return r == -ENOENT || r == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
        }
        r = host_new(NULL, &host);
        if (r < 0) {
                log_error("/: %s", strerror(-r));
                return EXIT_CANNOT;
        }
        if (asked->probe || asked->one)
                monitor_trials_try(&trials, host, c->monitor_settings, c->n_monitor_settings);
        r = print(&trials, asked, host, c);
        if (r == EXIT_FINE && asked->probe && asked->n_names > 0 &&
            monitor_trials_count(&trials, false, true) < trials.n)
                return EXIT_NO;
        return r;
}

static int understood(const Command *command, Asked *asked, char *const *words, size_t n)
{
        Configuration c = {0};
        Error err = {0};

        if (understand(words, n, asked, &err) < 0)
                return usage_error(command, &err);
        int code = tell(asked, &c);
        configuration_done(&c);
        return code;
}

static int run(const Command *command, int argc, char **argv)
{
        Asked asked = {0};
        Option options[1 + CONFIGURATION_OPTIONS] = {
                {0, "json", NULL, "machine-readable, with stable keys", OPTION_FLAG, &asked.json},
        };
        _cleanup_free_ char **words = NULL;
        Error err = {0};
        size_t n_words = 0, n = 1 + configuration_options(&asked.options, options + 1);
        int r = options_parse(command, options, n, argc, argv, false, &words, &n_words, &err);
        int code = r == 0  ? understood(command, &asked, words, n_words)
                   : r > 0 ? EXIT_FINE
                           : usage_error(command, &err);

        configuration_options_done(&asked.options);
        return code;
}

const Command command_monitors = {
        .name = "monitors",
        .summary = "what can be recorded of the machine, what works here, why not",
        .usage = "[OPTIONS] [probe [NAME…] | NAME]",
        .details = "Without words: the monitors there are, and which a recording takes. `probe`\n"
                   "tries each, or those named, and gives the command that would enable one that\n"
                   "does not work. NAME alone tells the columns of its table and what can be set.\n"
                   "Exit status: 0 fine, 1 one that was named does not work here, 2 no such monitor.",
        .run = run,
};
