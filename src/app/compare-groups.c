/* Words → runs → groups → pairs, from each run's run.json alone. */
#include "app/compare-groups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sweep/sweep.h"

void compare_groups_done(CompareGroups *g)
{
        for (size_t i = 0; i < g->n_runs; i++) {
                free(g->runs[i].path);
                free(g->runs[i].label);
                free(g->runs[i].host);
        }
        for (size_t i = 0; i < g->n_words; i++) {
                free(g->words[i].sweep);
                free(g->words[i].sweep_id);
        }
        free(g->words);
        free(g->runs);
        regex_free(g->dev);
        *g = (CompareGroups){0};
}

/* ---- words ---- */

/* "--dev", "--dev=X", "--base" …: an option that names a group. */
static bool names_group(const char *word, bool *ret_dev)
{
        size_t size = strcspn(word, "=");

        if (size >= 4 && size <= strlen("--baseline") && strncmp(word, "--baseline", size) == 0) {
                *ret_dev = false;
                return true;
        }
        if (size == strlen("--dev") && strncmp(word, "--dev", size) == 0) {
                *ret_dev = true;
                return true;
        }
        return false;
}

int compare_groups_join(int argc, char **argv)
{
        bool dev;
        int n = 0;

        for (int i = 0; i < argc; i++)
                if (!text_equal(argv[i], "--") || i + 1 >= argc || !names_group(argv[i + 1], &dev))
                        argv[n++] = argv[i];
        argv[n] = NULL;
        return n;
}

static int add_word(CompareGroups *g, const char *text, bool dev, Error *err)
{
        GivenWord *words = realloc(g->words, (g->n_words + 1) * sizeof *words);

        if (!words)
                return error_set(err, ENOMEM, "out of memory");
        g->words = words;
        words[g->n_words++] = (GivenWord){.text = text, .dev = dev};
        return 0;
}

/* The option before the word that names a group; options_parse moved no text, only pointers. */
static bool group_before(int argc, char **argv, const char *word, bool *ret_dev)
{
        bool found = false, dev;

        for (int i = 0; i < argc && argv[i] != word; i++)
                if (names_group(argv[i], &dev)) {
                        *ret_dev = dev;
                        found = true;
                }
        return found;
}

int compare_groups_add_words(CompareGroups *g, int argc, char **argv, char **words, size_t n_words,
                             const TextList *baseline, const TextList *dev, Error *err)
{
        bool named = baseline->n + dev->n > 0, is_dev = false;
        int r = 0;

        if (named && (baseline->n == 0 || dev->n == 0))
                return error_set(err, EINVAL, "compare: expected both --baseline RUN… and --dev RUN…");
        if (named && g->by != COMPARE_EACH)
                return error_set(err, EINVAL, "compare: --by and --baseline exclude each other");
        for (size_t i = 0; r == 0 && i < baseline->n; i++)
                r = add_word(g, baseline->items[i], false, err);
        for (size_t i = 0; r == 0 && i < dev->n; i++)
                r = add_word(g, dev->items[i], true, err);
        for (size_t i = 0; r == 0 && i < n_words; i++) {
                if (named && !group_before(argc, argv, words[i], &is_dev))
                        r = error_set(err, EINVAL, "compare: %.80s stands before --baseline and --dev: in which "
                                                   "group is it?", words[i]);
                if (r == 0)
                        r = add_word(g, words[i], is_dev, err);
        }
        if (named)
                g->by = COMPARE_NAMED;
        if (r == 0 && g->n_words == 0)
                r = error_set(err, EINVAL, "compare: expected two or more runs, or sweeps");
        return r;
}

/* ---- runs ---- */

static int add_run(CompareGroups *g, size_t word, const char *path, unsigned jobs, bool expected_exit, Error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        GivenRun *runs;
        RunInfo info;

        if (g->n_runs >= COMPARE_RUNS_MAX)
                return error_set(err, E2BIG, "more than %d runs", COMPARE_RUNS_MAX);
        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        run_info_init(&info);
        int r = run_info_read(&info, fd, path, err);
        if (r < 0) {
                run_info_done(&info);
                return r;
        }
        runs = realloc(g->runs, (g->n_runs + 1) * sizeof *runs);
        if (runs) {
                g->runs = runs;
                runs[g->n_runs] = (GivenRun){
                        .path = strdup(path),
                        .label = TAKE(info.label),
                        .host = TAKE(info.host),
                        .jobs = jobs,
                        .expected_exit = expected_exit,
                        .word = word,
                };
                r = runs[g->n_runs++].path ? 0 : -ENOMEM;
        }
        run_info_done(&info);
        return runs && r == 0 ? 0 : error_set(err, ENOMEM, "out of memory");
}

static int add_sweep_runs(CompareGroups *g, size_t word, const char *path, const Sweep *sweep, Error *err)
{
        size_t before = g->n_runs;
        int r = 0;

        for (size_t i = 0; r == 0 && i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                char place[PATH_MAX];
                if (run->warm_up || !run->path || (run->state != SWEEP_DONE && run->state != SWEEP_FAILED &&
                                                   run->state != SWEEP_TIMED_OUT))
                        continue;
                if ((size_t)snprintf(place, sizeof place, "%s/%s", path, run->path) >= sizeof place)
                        return error_set(err, ENAMETOOLONG, "%s: the path is too long", path);
                r = add_run(g, word, place, run->jobs, run->state == SWEEP_DONE, err);
        }
        if (r == 0 && g->n_runs == before)
                r = error_set(err, EINVAL, "%s: no build of this sweep is over yet", path);
        return r;
}

static int add_sweep(CompareGroups *g, size_t word, const char *path, Error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        Sweep sweep;

        if (fd < 0)
                return error_set_errno(err, errno, "%s", path);
        sweep_init(&sweep);
        int r = sweep_read(&sweep, fd, path, err);
        if (r == 0) {
                GivenWord *w = &g->words[word];
                w->sweep = strdup(sweep.label ? sweep.label : "sweep");
                w->sweep_id = strdup(sweep.id ? sweep.id : path);
                r = w->sweep && w->sweep_id ? add_sweep_runs(g, word, path, &sweep, err)
                                            : error_set(err, ENOMEM, "out of memory");
        }
        sweep_done(&sweep);
        return r;
}

/* "last" is whichever of run and sweep is newer. */
static int find(CompareGroups *g, size_t word, Error *err)
{
        const char *text = g->words[word].text;
        _cleanup_free_ char *path = NULL, *sweep = NULL;

        if (text_equal(text, "last") && sweep_resolve(text, true, &sweep, NULL) == 0)
                return add_sweep(g, word, sweep, err);
        if (sweep_is_at(text))
                return add_sweep(g, word, text, err);
        int r = run_resolve(text, &path, err);
        if (r == -ENOENT && sweep_resolve(text, false, &sweep, NULL) == 0)
                return add_sweep(g, word, sweep, err);
        if (r < 0)
                return r;
        return sweep_is_at(path) ? add_sweep(g, word, path, err) : add_run(g, word, path, 0, false, err);
}

/* ---- groups ---- */

/* The group of that name, made if there is none. */
static int group_named(Comparison *c, const char *name, unsigned jobs, size_t *ret)
{
        for (size_t i = 0; i < c->n_groups; i++)
                if (text_equal(c->groups[i].name, name)) {
                        *ret = i;
                        return 0;
                }
        return comparison_add_group(c, name, jobs, ret);
}

static bool is_dev(const CompareGroups *g, const GivenRun *run)
{
        return (run->host && regex_match(g->dev, run->host, strlen(run->host))) ||
               (run->label && regex_match(g->dev, run->label, strlen(run->label)));
}

/* A label that no other word's run has tells it from them; else its number does. */
static int name_each(const CompareGroups *g, const GivenRun *run, String *to)
{
        const char *label = g->words[run->word].sweep ? g->words[run->word].sweep : run->label;

        for (size_t i = 0; i < g->n_runs; i++) {
                const GivenRun *other = &g->runs[i];
                const char *others = g->words[other->word].sweep ? g->words[other->word].sweep : other->label;
                if (!label || !*label || (other->word != run->word && others && text_equal(others, label))) {
                        string_add_format(to, "%s %zu", g->words[run->word].sweep ? "sweep" : "run", run->word + 1);
                        return 0;
                }
        }
        string_add(to, label);
        return 0;
}

static void group_name(const CompareGroups *g, const GivenRun *run, String *to)
{
        switch (g->by) {
        case COMPARE_NAMED:
                string_add(to, g->words[run->word].dev ? "dev" : "baseline");
                break;
        case COMPARE_HOST:
                string_add(to, is_dev(g, run) ? "dev" : "baseline");
                break;
        case COMPARE_LABEL:
                string_add(to, run->label && *run->label ? run->label : "(no label)");
                break;
        case COMPARE_EACH:
                if (g->n_words == 1 && run->jobs > 0)
                        string_add_format(to, "-j%u", run->jobs);
                else
                        name_each(g, run, to);
        }
}

/* Each word is a group by itself whatever it is called; else the name makes the group. */
static int group_of(CompareGroups *g, size_t at, Comparison *c, const char *name)
{
        GivenRun *run = &g->runs[at];

        if (g->by != COMPARE_EACH || g->n_words == 1)
                return group_named(c, name, g->n_words == 1 ? run->jobs : 0, &run->group);
        if (at == 0 || g->runs[at - 1].word != run->word)
                return comparison_add_group(c, name, 0, &run->group);
        run->group = g->runs[at - 1].group;
        return 0;
}

static int too_few(const CompareGroups *g, Error *err)
{
        static const char *const sentences[] = {
                [COMPARE_EACH] = "one run is nothing to compare; expected two or more",
                [COMPARE_LABEL] = "all runs have the same label, so there is nothing to compare",
                [COMPARE_HOST] = "no run is of the group \"dev\": no host and no label matches; see --dev-host",
                [COMPARE_NAMED] = "there is only one group of runs",
        };

        if (g->by == COMPARE_EACH && g->words[0].sweep)
                return error_set(err, EINVAL, "a sweep of one -j is nothing to compare; expected a second one, or a run");
        return error_set(err, EINVAL, "%s", sentences[g->by]);
}

static int make_groups(CompareGroups *g, Comparison *c, Error *err)
{
        size_t first = 0;
        int r = 0;

        /* The baseline is first whatever order they were given in. */
        if (g->by == COMPARE_NAMED || g->by == COMPARE_HOST)
                r = comparison_add_group(c, "baseline", 0, &first);
        for (size_t i = 0; r == 0 && i < g->n_runs; i++) {
                _cleanup_string_ String name = {0};
                group_name(g, &g->runs[i], &name);
                r = name.failed ? -ENOMEM : group_of(g, i, c, string_get(&name));
                if (r == 0)
                        c->groups[g->runs[i].group].n_runs++;
        }
        for (size_t i = 0; r == 0 && i < c->n_groups; i++)
                if (c->groups[i].n_runs == 0)
                        return error_set(err, EINVAL, "no run is of the group \"%s\": every host or label matches; see "
                                                      "--dev-host", c->groups[i].name);
        for (size_t i = 1; r == 0 && i < c->n_groups; i++)
                r = comparison_add_pair(c, 0, i);
        if (r == 0 && c->n_groups < 2)
                return too_few(g, err);
        for (size_t i = 0; i < c->n_groups; i++)
                c->groups[i].n_runs = 0; /* counted when they are read */
        return r < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

/* ---- two sweeps: at each -j that both have ---- */

static int make_level(CompareGroups *g, Comparison *c, unsigned jobs)
{
        size_t groups[2];
        bool any[2] = {false, false};
        const char *const names[] = {c->base_name, c->other_name};
        int r = 0;

        for (size_t i = 0; i < g->n_runs; i++)
                if (g->runs[i].jobs == jobs)
                        any[g->runs[i].word] = true;
        if (!any[0] || !any[1])
                return 0;
        for (size_t side = 0; r == 0 && side < 2; side++) {
                _cleanup_string_ String name = {0};
                string_add_format(&name, "%.60s -j%u", names[side], jobs);
                r = name.failed ? -ENOMEM : comparison_add_group(c, string_get(&name), jobs, &groups[side]);
        }
        for (size_t i = 0; r == 0 && i < g->n_runs; i++)
                if (g->runs[i].jobs == jobs)
                        g->runs[i].group = groups[g->runs[i].word];
        return r == 0 ? comparison_add_pair(c, groups[0], groups[1]) : r;
}

static int name_sweeps(const CompareGroups *g, Comparison *c)
{
        const GivenWord *a = &g->words[0], *b = &g->words[1];
        bool named = g->by == COMPARE_NAMED, alike = text_equal(a->sweep, b->sweep);
        _cleanup_string_ String note = {0};

        c->base_name = strdup(named ? "baseline" : alike ? "sweep 1" : a->sweep);
        c->other_name = strdup(named ? "dev" : alike ? "sweep 2" : b->sweep);
        if (!c->base_name || !c->other_name)
                return -ENOMEM;
        string_add_format(&note, "%.60s is %.100s, %.60s is %.100s", c->base_name, a->sweep_id, c->other_name,
                          b->sweep_id);
        return note.failed ? -ENOMEM : comparison_add_note(c, false, string_get(&note));
}

static int make_levels(CompareGroups *g, Comparison *c, Error *err)
{
        int r = name_sweeps(g, c);

        for (size_t i = 0; r == 0 && i < g->n_runs; i++) {
                bool done = false;
                for (size_t k = 0; k < i; k++)
                        done |= g->runs[k].jobs == g->runs[i].jobs;
                g->runs[i].group = done ? g->runs[i].group : SIZE_MAX;
                if (!done)
                        r = make_level(g, c, g->runs[i].jobs);
        }
        c->per_jobs = true;
        if (r < 0)
                return error_set(err, ENOMEM, "out of memory");
        if (c->n_pairs == 0)
                return error_set(err, EINVAL, "the sweeps have no -j in common");
        return 0;
}

int compare_groups_make(CompareGroups *g, Comparison *c, Error *err)
{
        for (size_t i = 0; i < g->n_words; i++) {
                int r = find(g, i, err);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < g->n_runs; i++)
                g->runs[i].group = SIZE_MAX;
        if (g->n_words == 2 && g->words[0].sweep && g->words[1].sweep && (g->by == COMPARE_EACH || g->by == COMPARE_NAMED))
                return make_levels(g, c, err);
        return make_groups(g, c, err);
}
