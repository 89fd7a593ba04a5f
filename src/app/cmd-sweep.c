/* `vigia sweep`: the same work at several -j, each build a run of its own, and a table at the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "report/report-data.h"

enum { OWN_OPTIONS = 22 };

static size_t all_options(SweepCommand *c, Option *to, size_t n_max)
{
        const Option own[OWN_OPTIONS] = {
                {'j', "jobs", "LIST", "the numbers for {j}: 8,4,2", OPTION_LIST, &c->jobs},
                {0, "repeat", "N", "build N times at each -j", OPTION_TEXT, &c->repeat_text},
                {0, "all", NULL, "all projects of the configuration", OPTION_FLAG, &c->all},
                {0, "list", NULL, "say which projects there are", OPTION_FLAG, &c->list},
                {0, "projects", "FILE", "a file of [[projects]] beside the configuration", OPTION_TEXT,
                 &c->recording.configured.projects},
                {'C', "dir", "DIR", "where the commands run", OPTION_TEXT, &c->dir},
                {0, "no-pre-clean", NULL, "do not clean before a build", OPTION_FLAG, &c->no_pre_clean},
                {0, "no-post-clean", NULL, "do not clean after a build", OPTION_FLAG, &c->no_post_clean},
                {0, "warm-up", NULL, "one build more in front, left out of the table", OPTION_FLAG, &c->warm_up},
                {0, "order", "ORDER", "of the -j, in each round: given or random", OPTION_TEXT, &c->order},
                {0, "seed", "N", "of --order random: the same order again", OPTION_TEXT, &c->seed_text},
                {0, "keep-going", NULL, "go on after a build that failed", OPTION_FLAG, &c->keep_going},
                {0, "timeout", "TIME", "stop a build then; it counts as failed", OPTION_DURATION, &c->timeout_ns},
                {0, "limit", "TIME", "end the sweep then", OPTION_TEXT, &c->limit_text},
                {0, "scheduling", "HOW", "CPUs apart: off, adaptive or manual", OPTION_TEXT,
                 &c->scheduling},
                {0, "tree-only", NULL, "ignore the project's match and process_pattern", OPTION_FLAG, &c->tree_only},
                {0, "verify-tree", NULL, "build once: does the run hold all of it?", OPTION_FLAG, &c->verify_tree},
                {'u', "user", "NAME", "build as this user", OPTION_TEXT, &c->user},
                {0, "no-cgroup", NULL, "no cgroup of its own for the build", OPTION_FLAG, &c->no_cgroup},
                {0, "resume", "SWEEP", "go on with a sweep that was interrupted", OPTION_TEXT, &c->resume},
                {0, "dry-run", NULL, "say what would be done", OPTION_FLAG, &c->dry_run},
                {0, "json", NULL, "the result as JSON", OPTION_FLAG, &c->json},
        };

        memcpy(to, own, sizeof own);
        return OWN_OPTIONS + recording_options(&c->recording, to + OWN_OPTIONS, n_max - OWN_OPTIONS);
}

/* What stands for a setting is one, so that it is checked as one. */
static int apply_settings(SweepCommand *c, Error *err)
{
        const ConfigurationOption options[] = {
                {"sweep.repeat", "--repeat", c->repeat_text},
                {"sweep.order", "--order", c->order ? c->order : c->seed_text ? "random" : NULL},
                {"sweep.scheduling", "--scheduling", c->scheduling},
                {"sweep.limit", "--limit", c->limit_text},
                {"sweep.pre_clean", "--no-pre-clean", c->no_pre_clean ? "no" : NULL},
                {"sweep.post_clean", "--no-post-clean", c->no_post_clean ? "no" : NULL},
                {"sweep.warm_up", "--warm-up", c->warm_up ? "yes" : NULL},
                {"sweep.keep_going", "--keep-going", c->keep_going ? "yes" : NULL},
        };
        Configuration *configuration = &c->recording.configuration;

        for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
                if (options[i].text && settings_apply_option(configuration->settings, options[i].key,
                                                             options[i].shown, options[i].text) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        int r = settings_check(configuration->settings, err);
        if (r < 0)
                return error_prefix(err, r, "sweep");
        c->limit_ns = configuration_number(configuration, "sweep.limit", 0);
        if (c->timeout_ns == 0)
                c->timeout_ns = configuration_number(configuration, "run.timeout", 0);
        c->no_cgroup |= !configuration_number(configuration, "run.cgroup", true);
        if (!c->user)
                c->user = configuration_text(configuration, "run.user", NULL);
        return sweep_check_user(c, err);
}

/* What belongs beside the tree: the person's own expression, and the project's. */
static int take_match(SweepCommand *c, const Sweep *sweep, Error *err)
{
        Recording *r = &c->recording;
        _cleanup_string_ String text = {0};
        int e = 0;

        if (sweep->match) {
                if (r->match)
                        string_add_format(&text, "(?:%s)|(?:%s)", r->match, sweep->match);
                else
                        string_add(&text, sweep->match);
                r->regex = regex_free(r->regex);
                e = regex_new(string_get(&text), &r->regex, err);
                r->options.match = r->regex;
        }
        string_clear(&text);
        if (e == 0 && sweep->programs && project_programs_regex(sweep->programs, &text)) {
                Regex *programs = NULL;
                e = regex_new(string_get(&text), &programs, err);
                regex_free(r->regex_new);
                r->regex_new = programs;
                r->options.match_new = programs;
                r->options.match_dir = sweep->dir;
        }
        return e;
}

static void forget_match(SweepCommand *c)
{
        Recording *r = &c->recording;

        r->regex_new = regex_free(r->regex_new);
        r->options.match_new = NULL;
        r->options.match_dir = NULL;
        r->regex = regex_free(r->regex);
        if (r->match && regex_new(r->match, &r->regex, NULL) < 0)
                r->regex = NULL;
        r->options.match = r->regex;
}

/* ---- one sweep ---- */

/* The directory, locked for as long as somebody works on it or one of its builds is recorded. */
static int take_over(const char *path, Error *err)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                int e = errno;
                fd_close(fd);
                return e == EWOULDBLOCK ? error_set(err, EBUSY, "%s is being worked on: the sweep still runs, or its "
                                                                "last build does", path)
                                        : error_set_errno(err, e, "%s", path);
        }
        return fd;
}

static int make_place(const SweepCommand *c, const char *output, Sweep *sweep, char **ret_path, Error *err)
{
        _cleanup_string_ String label = {0};

        if (output && sweep_is_at(output))
                return error_set(err, EEXIST, "%s has a sweep already; go on with it: vigia sweep --resume %s", output,
                                 output);
        sweep->start_realtime_ns = (int64_t)clock_realtime_ns();
        string_add_format(&label, "%s-sweep", sweep->label);
        return run_make_directory(output, string_get(&label), sweep->start_realtime_ns, ret_path, &sweep->id, err);
}

/* Whether no run was made: then there is nothing to keep. */
static bool is_empty(const Sweep *sweep)
{
        for (size_t i = 0; i < sweep->n_runs; i++)
                if (sweep->runs[i].state != SWEEP_PLANNED)
                        return false;
        return true;
}

static int work(SweepCommand *c, Sweep *sweep, const char *path, int dirfd, bool fresh)
{
        Error err = {0};

        if (take_match(c, sweep, &err) < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        int code = sweep_work(c, sweep, path, dirfd);
        forget_match(c);
        if (code == EXIT_CANNOT && fresh && is_empty(sweep)) {
                _cleanup_string_ String log = {0};
                sweep_last_line(dirfd, SWEEP_LOG, &log);
                if (log.size == 0) { /* nor is there anything to read */
                        directory_remove(AT_FDCWD, path);
                        return code;
                }
        }
        if (c->recording.quiet && !c->json && !c->verify_tree)
                return code;
        if (c->verify_tree && code == 0)
                return sweep_verify(sweep, path, c->json);
        int shown = sweep_show(sweep, path, c->json ? REPORT_JSON : REPORT_TEXT);
        return code ? code : shown;
}

static int begin(SweepCommand *c, const char *output, Sweep *sweep)
{
        _cleanup_free_ char *path = NULL;
        Error err = {0};

        if (c->verify_tree)
                sweep_keep_first(sweep);
        if (c->dry_run) {
                sweep_print_plan(sweep, output);
                return EXIT_FINE;
        }
        int r = make_place(c, output, sweep, &path, &err);
        _cleanup_close_ int fd = r < 0 ? -1 : take_over(path, &err);
        if (r == 0 && fd >= 0)
                r = sweep_write(sweep, fd, false, &err);
        if (r < 0 || fd < 0) {
                log_error("%s", err.message);
                if (path && fd >= 0)
                        directory_remove(AT_FDCWD, path);
                return r == -EEXIST ? EXIT_USAGE : EXIT_CANNOT;
        }
        return work(c, sweep, path, fd, true);
}

/* ---- several ---- */

/* All are planned before the first begins: what is wrong with the last is known at once. */
static int sweep_names(SweepCommand *c, char **names, size_t n)
{
        _cleanup_free_ Sweep *sweeps = calloc(n, sizeof *sweeps);
        const char *output = c->recording.output;
        int code = sweeps ? 0 : EXIT_CANNOT;
        Error err = {0};

        for (size_t i = 0; i < n && sweeps; i++)
                sweep_init(&sweeps[i]);
        for (size_t i = 0; i < n && code == 0; i++)
                if (sweep_make_project(c, names[i], &sweeps[i], &err) < 0) {
                        log_error("%s", err.message);
                        code = EXIT_USAGE;
                }
        if (n > 1 && c->json && code == 0 && !c->dry_run)
                printf("[\n");
        for (size_t i = 0; i < n && (code == 0 || (code == EXIT_NO && c->keep_going)); i++) {
                _cleanup_string_ String place = {0};
                if (output)
                        string_add_format(&place, n > 1 ? "%s/%s" : "%s", output, names[i]);
                if (i > 0)
                        puts(c->json && !c->dry_run ? "," : "");
                int one = begin(c, output ? string_get(&place) : NULL, &sweeps[i]);
                code = one ? one : code;
        }
        if (n > 1 && c->json && !c->dry_run)
                printf("]\n");
        for (size_t i = 0; i < n && sweeps; i++)
                sweep_done(&sweeps[i]);
        return code;
}

static int sweep_command(SweepCommand *c)
{
        Sweep sweep;
        Error err = {0};
        int code = EXIT_USAGE;

        sweep_init(&sweep);
        if (sweep_make_command(c, &sweep, &err) < 0)
                log_error("%s", err.message);
        else
                code = begin(c, c->recording.output, &sweep);
        sweep_done(&sweep);
        return code;
}

static int sweep_projects(SweepCommand *c)
{
        _cleanup_free_ char **names = NULL;
        size_t n = 0;

        if (!c->all)
                return sweep_names(c, c->words, c->n_words);
        if (sweep_project_names(c, &names) < 0)
                return EXIT_CANNOT;
        while (names[n])
                n++;
        if (n == 0) {
                log_error("sweep: --all, but no configuration has [[projects]]; see vigia sweep --list");
                return EXIT_USAGE;
        }
        return sweep_names(c, names, n);
}

static int list_projects(const SweepCommand *c)
{
        _cleanup_free_ char **names = NULL;

        if (sweep_project_names(c, &names) < 0)
                return EXIT_CANNOT;
        for (size_t i = 0; names[i]; i++) {
                _cleanup_string_ String place = {0};
                setting_source_add(&place, &project_find(c->recording.configuration.settings, names[i])->source);
                printf("  %-10s %s\n", names[i], string_get(&place));
        }
        for (const ShippedProject *p = shipped_projects; p->name; p++)
                if (!project_find(c->recording.configuration.settings, p->name))
                        printf("  %-10s %s\n", p->name, p->help);
        return EXIT_FINE;
}

/* ---- going on ---- */

static bool is_same(char *const *a, char *const *b)
{
        size_t i = 0;

        if (!a || !b)
                return a == b;
        while (a[i] && b[i] && text_equal(a[i], b[i]))
                i++;
        return a[i] == b[i]; /* both at their end */
}

/* Secrets are not stored: the commands are made again as they were, and have to be the same. */
static int make_again(SweepCommand *c, Sweep *sweep, Error *err)
{
        Sweep again;
        int r = 0;

        if (!sweep->redacted)
                return sweep_use_stored(sweep) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
        sweep_init(&again);
        if (!sweep->project && !c->argv)
                r = error_set(err, EINVAL, "secrets of the command are not stored; repeat it: vigia sweep --resume %s -- …",
                              c->resume);
        else
                r = sweep->project ? sweep_make_project(c, sweep->project, &again, err) : sweep_make_command(c, &again, err);
        bool same = r == 0 && is_same(again.command, sweep->command) && is_same(again.environment, sweep->environment);
        if (r == 0 && !same)
                r = error_set(err, EINVAL, "the command is not that of the sweep; expected the same");
        if (r == 0) {
                sweep->run_command = TAKE(again.run_command);
                sweep->run_environment = TAKE(again.run_environment);
                sweep->run_setup = TAKE(again.run_setup);
                sweep->run_clean = TAKE(again.run_clean);
        }
        sweep_done(&again);
        return r;
}

/* A run whose recorder outlived the sweep may be whole by now. */
static void adopt(const char *path, const Sweep *sweep, SweepRun *run)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_string_ String place = {0};
        ReportData data;

        string_add_format(&place, "%s/%s", path, run->path);
        if (run->state != SWEEP_RUNNING || run_reader_open(string_get(&place), &reader, NULL) < 0 ||
            report_data_load(&data, reader, NULL) < 0)
                return;
        if (sweep_judge(sweep, data.info) == SWEEP_DONE && sweep_take_figures(run, data.info, data.summary) == 0)
                run->state = SWEEP_DONE;
        report_data_done(&data);
}

static int resume(SweepCommand *c, const char *path, int fd, Sweep *sweep)
{
        Error err = {0};
        size_t left = 0;

        if (make_again(c, sweep, &err) < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        sweep->keep_going |= c->keep_going;
        c->timeout_ns = sweep->timeout_ns;
        for (size_t i = 0; i < sweep->n_runs; i++) {
                adopt(path, sweep, &sweep->runs[i]);
                left += sweep->runs[i].state != SWEEP_DONE;
        }
        if (c->dry_run) {
                sweep_print_plan(sweep, path);
                return EXIT_FINE;
        }
        if (sweep_write(sweep, fd, false, &err) < 0) { /* what was adopted */
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        if (left == 0)
                log_warning("all %zu runs are done; there is nothing to go on with", sweep->n_runs);
        return left == 0 ? sweep_show(sweep, path, c->json ? REPORT_JSON : REPORT_TEXT) : work(c, sweep, path, fd, false);
}

/* The directory and what it says; its options are those of the recording. */
static int open_again(SweepCommand *c, char **ret_path, Sweep *sweep, Error *err)
{
        int r = sweep_resolve(c->resume, false, ret_path, err);
        int fd = r < 0 ? r : take_over(*ret_path, err);

        if (fd < 0)
                return fd;
        r = sweep_read(sweep, fd, *ret_path, err);
        if (r == 0)
                r = sweep_restore_options(c, sweep, err);
        if (r < 0)
                fd_close(fd);
        return r < 0 ? r : fd;
}

/* ---- the command ---- */

static int check_words(const SweepCommand *c, Error *err)
{
        bool given = c->jobs.n || c->repeat_text || c->order || c->seed_text || c->no_pre_clean || c->no_post_clean ||
                     c->warm_up || c->scheduling || c->timeout_ns || c->recording.label || c->recording.output;

        if (c->list)
                return 0;
        if (c->resume && (given || c->all || c->n_words))
                return error_set(err, EINVAL, "sweep: --resume goes on as it was begun; expected no more than "
                                              "--keep-going, --limit, --json, -v and -q");
        if (c->resume)
                return 0;
        if (c->argv && (c->n_words || c->all))
                return error_set(err, EINVAL, "sweep: a project and a command; expected one of them");
        if (c->argv && !c->argv[0])
                return error_set(err, EINVAL, "sweep: expected a command behind --: vigia sweep -j 4,2 -- make -j{j}");
        if (!c->argv && !c->n_words && !c->all)
                return error_set(err, EINVAL, "sweep: expected a project, --all, or a command: vigia sweep -j 4,2 -- "
                                              "make -j{j}");
        if (c->all && c->n_words)
                return error_set(err, EINVAL, "sweep: --all and %s; expected one of them", c->words[0]);
        return 0;
}

/* Splits at "--"; what is behind is the command. */
static int parse(const Command *self, SweepCommand *c, int argc, char **argv, Error *err)
{
        Option options[OWN_OPTIONS + RECORDING_OPTIONS];
        size_t n = all_options(c, options, ARRAY_LENGTH(options));
        int at = 1;

        while (at < argc && !text_equal(argv[at], "--"))
                at++;
        if (at < argc)
                c->argv = argv + at + 1;
        return options_parse(self, options, n, at, argv, false, &c->words, &c->n_words, err);
}

static int refuse(const SweepCommand *c, const Command *self, const Error *err)
{
        return recording_refuse(&c->recording, self, err);
}

static int run_resumed(const Command *self, SweepCommand *c)
{
        _cleanup_free_ char *path = NULL;
        Sweep sweep;
        Error err = {0};
        int code;

        sweep_init(&sweep);
        _cleanup_close_ int fd = open_again(c, &path, &sweep, &err);
        if (fd < 0) {
                log_error("%s", err.message);
                sweep_done(&sweep);
                return fd == -EBUSY ? EXIT_CANNOT : EXIT_USAGE;
        }
        if (recording_check(&c->recording, "sweep", false, &err) < 0 || apply_settings(c, &err) < 0)
                code = refuse(c, self, &err);
        else
                code = resume(c, path, fd, &sweep);
        sweep_done(&sweep);
        return code;
}

static int run_fresh(const Command *self, SweepCommand *c)
{
        Error err = {0};

        if (recording_check(&c->recording, "sweep", false, &err) < 0 || apply_settings(c, &err) < 0)
                return refuse(c, self, &err);
        if (c->list)
                return list_projects(c);
        return c->argv ? sweep_command(c) : sweep_projects(c);
}

static int run_sweep(const Command *self, int argc, char **argv)
{
        SweepCommand c = {0};
        Error err = {0};
        int code;

        recording_init(&c.recording);
        int r = parse(self, &c, argc, argv, &err);
        if (r == 0)
                r = check_words(&c, &err);
        if (r > 0)
                code = EXIT_FINE;
        else if (r < 0)
                code = usage_error(self, &err);
        else
                code = c.resume ? run_resumed(self, &c) : run_fresh(self, &c);
        recording_done(&c.recording);
        text_list_done(&c.jobs);
        free(c.words);
        return code;
}

const Command command_sweep = {
        .name = "sweep",
        .summary = "the same build at several -j, compared",
        .usage = "[OPTIONS] PROJECT… | --all | -- COMMAND with {j}…",
        .details = "Each build is recorded as vigia run would. {j} in the command stands for the\n"
                   "number; a PROJECT is one of the configuration's [[projects]] or of those that\n"
                   "vigia knows (--list). Ctrl-C leaves what is done whole; --resume goes on.\n"
                   "--verify-tree: exits 0 if nobody outside was seen at work for the build, else 1.\n"
                   "Exits 0 if all builds came through, 1 if one failed, 128 + N after signal N.",
        .run = run_sweep,
};
