/* From options, configuration and a project to a plan. Everything that can be known to be wrong is
 * found here, before anything runs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"
#include "track/redact.h"

static char *copy(const char *text)
{
        return text ? strdup(text) : NULL;
}

static char **copy_texts(const char *const *texts, size_t n)
{
        char **to = calloc(n + 1, sizeof *to);

        for (size_t i = 0; to && i < n; i++) {
                to[i] = strdup(texts[i]);
                if (!to[i])
                        return NULL;
        }
        return to;
}

/* ---- settings ---- */

static bool setting(const SweepCommand *c, const char *key, bool initial)
{
        return configuration_number(&c->recording.configuration, key, initial);
}

static int take_jobs(const SweepCommand *c, const Project *project, Sweep *to, Error *err)
{
        const SettingValue *configured = settings_get(c->recording.configuration.settings, "sweep.jobs");
        Error why = {0};

        for (size_t i = 0; i < c->jobs.n; i++)
                if (sweep_jobs_add(&to->jobs, c->jobs.items[i], &why) < 0)
                        return error_set(err, EINVAL, "sweep: -j %s: expected %s", c->jobs.items[i], why.message);
        if (to->jobs.n == 0 && project && project->jobs.n > 0)
                to->jobs = project->jobs;
        for (size_t i = 0; to->jobs.n == 0 && configured && i < configured->n_texts; i++) {
                /* the list as a whole: one of its numbers may be there twice */
                for (size_t k = 0; k < configured->n_texts; k++)
                        sweep_jobs_add(&to->jobs, configured->texts[k], &why);
        }
        if (to->jobs.n == 0)
                sweep_jobs_default(&to->jobs, to->usable_cpus);
        return 0;
}

static bool words_have_jobs(char *const *words)
{
        for (; *words; words++)
                if (sweep_has_jobs(*words))
                        return true;
        return false;
}

/* A command that does not know the number is built as it is, once a round. */
static int check_jobs(const SweepCommand *c, const Project *project, Sweep *to, Error *err)
{
        bool asked = c->jobs.n > 0 || (project && project->jobs.n > 0);

        if (words_have_jobs(to->run_command))
                return 0;
        if (asked)
                return error_set(err, EINVAL,
                                 "sweep: the %s has no {j}, so -j would change nothing; write for instance make -j{j}",
                                 project ? "build command" : "command");
        to->jobs.n = 0;
        return 0;
}

static int take_cpus(const SweepCommand *c, const char *key, char **ret)
{
        const SettingValue *v = settings_get(c->recording.configuration.settings, key);
        _cleanup_string_ String text = {0};

        for (size_t i = 0; v && i < v->n_texts; i++)
                string_add_format(&text, "%s%s", i ? "," : "", v->texts[i]);
        *ret = text.size > 0 ? string_take(&text) : NULL;
        return text.failed ? -ENOMEM : 0;
}

static int check_cpus(const char *shown, const char *text, const CpuSet *all, CpuSet *ret, Error *err)
{
        _cleanup_string_ String ours = {0};

        if (!text || cpu_set_parse(text, ret, NULL) < 0)
                return 0;
        if (cpu_set_within(ret, all))
                return 0;
        cpu_set_add_text(&ours, all);
        return error_set(err, EINVAL, "%s: %s has CPUs that are not ours; expected some of %s", shown, text,
                         string_get(&ours));
}

static char *cpus_text(const CpuSet *set)
{
        String text = {0};

        cpu_set_add_text(&text, set);
        return string_take(&text);
}

/* The sets of each -j, and what is to be said about them once. */
static int plan_cpus(const SweepCommand *c, Sweep *to, const CpuSet *all, Error *err)
{
        uint64_t preferred = configuration_number(&c->recording.configuration, "sweep.recorder_cpu", SIZE_MAX);
        CpuPlan given = {0};

        int r = check_cpus("sweep.build_cpus", to->build_cpus, all, &given.build, err);
        if (r == 0)
                r = check_cpus("sweep.recorder_cpus", to->recorder_cpus, all, &given.recorder, err);
        for (size_t i = 0; i < to->n_runs && r == 0 && to->policy != CPUS_OFF; i++) {
                SweepRun *run = &to->runs[i];
                CpuPlan plan = given;
                cpu_plan(to->policy, all, MAX(run->jobs, 1u), preferred, &plan);
                run->build_cpus = cpus_text(&plan.build);
                run->recorder_cpus = cpus_text(&plan.recorder);
                if (!run->build_cpus || !run->recorder_cpus)
                        return error_set(err, ENOMEM, "out of memory");
                if (run->repeat > 1 || run->warm_up)
                        continue;
                if (plan.few)
                        log_warning("-j%u: the build has %u CPUs, fewer than its jobs", run->jobs,
                                    cpu_set_count(&plan.build));
                if (plan.shared)
                        log_warning("-j%u: no CPU is left for the recorder; it shares those of the build", run->jobs);
        }
        return r;
}

static int take_scheduling(const SweepCommand *c, Sweep *to, Error *err)
{
        const Configuration *configured = &c->recording.configuration;
        const char *name = configuration_text(configured, "sweep.scheduling", "off");

        if (!setting(c, "sweep.affinity", true) && !c->scheduling)
                name = "off";
        to->policy = text_equal(name, "adaptive") ? CPUS_ADAPTIVE : text_equal(name, "manual") ? CPUS_MANUAL : CPUS_OFF;
        if (to->policy != CPUS_MANUAL)
                return 0;
        if (take_cpus(c, "sweep.build_cpus", &to->build_cpus) < 0 ||
            take_cpus(c, "sweep.recorder_cpus", &to->recorder_cpus) < 0)
                return error_set(err, ENOMEM, "out of memory");
        if (!to->build_cpus && !to->recorder_cpus)
                return error_set(err, EINVAL,
                                 "sweep: --scheduling manual without CPUs; expected sweep.build_cpus or "
                                 "sweep.recorder_cpus in the configuration");
        return 0;
}

static int take_order(const SweepCommand *c, Sweep *to, Error *err)
{
        const char *order = configuration_text(&c->recording.configuration, "sweep.order", "given");

        to->order = text_equal(order, "random") ? SWEEP_RANDOM : SWEEP_AS_GIVEN;
        if (!c->seed_text) {
                if (to->order == SWEEP_RANDOM && getrandom(&to->seed, sizeof to->seed, GRND_NONBLOCK) < 0)
                        to->seed = clock_realtime_ns();
                to->seed %= 1000000; /* short enough to be typed */
                return 0;
        }
        if (to->order != SWEEP_RANDOM || parse_u64z(c->seed_text, &to->seed) < 0)
                return error_set(err, EINVAL, "sweep: --seed %s: expected a whole number, and --order random",
                                 c->seed_text);
        return 0;
}

static int take_settings(const SweepCommand *c, Sweep *to, Error *err)
{
        const Configuration *configured = &c->recording.configuration;

        to->repeat = (unsigned)configuration_number(configured, "sweep.repeat", 1);
        to->pre_clean = setting(c, "sweep.pre_clean", true);
        to->post_clean = setting(c, "sweep.post_clean", true);
        to->warm_up = setting(c, "sweep.warm_up", false);
        to->keep_going = setting(c, "sweep.keep_going", false);
        to->timeout_ns = c->timeout_ns;
        to->limit_ns = c->limit_ns;
        int r = take_order(c, to, err);
        return r < 0 ? r : take_scheduling(c, to, err);
}

/* ---- the machine ---- */

static int take_machine(Sweep *to, CpuSet *all, Error *err)
{
        RunInfo info;

        run_info_init(&info);
        int r = run_info_fill_host(&info);
        if (r == 0)
                r = cpu_set_own(all);
        if (r < 0) {
                run_info_done(&info);
                return error_set_errno(err, r, "this machine's description");
        }
        to->vigia_version = TAKE(info.vigia_version);
        to->host = TAKE(info.host);
        to->kernel = TAKE(info.kernel);
        to->machine = TAKE(info.machine);
        to->user = TAKE(info.user);
        to->cpus = info.cpus;
        to->usable_cpus = cpu_set_count(all);
        to->memory_bytes = info.memory_bytes;
        run_info_done(&info);
        return 0;
}

static int take_directory(const char *dir, const SettingSource *source, Sweep *to, Error *err)
{
        _cleanup_string_ String place = {0};
        struct stat st;

        if (source && source->place.line > 0) {
                setting_source_add(&place, source);
                string_add(&place, ": ");
        }
        to->dir = realpath(dir, NULL);
        if (!to->dir)
                return error_set_errno(err, errno, "%sthe directory %s", string_get(&place), dir);
        if (stat(to->dir, &st) < 0 || !S_ISDIR(st.st_mode))
                return error_set(err, ENOTDIR, "%s%s is no directory", string_get(&place), dir);
        if (access(to->dir, X_OK) < 0)
                return error_set_errno(err, errno, "%s%s", string_get(&place), dir);
        return 0;
}

/* ---- what is kept ---- */

static bool is_utf8(const char *text)
{
        json_t *value = json_string(text);
        bool fine = value != NULL;

        json_decref(value);
        return fine;
}

/* Masks what sweep.json is not to hold, and notes what it could not give back as it is. */
static int mask_texts(char *const *texts, char ***ret, bool *redacted)
{
        if (!texts)
                return 0;
        *ret = redact_vector(texts);
        for (size_t i = 0; *ret && texts[i]; i++) {
                if (!(*ret)[i])
                        return -ENOMEM;
                *redacted |= !text_equal((*ret)[i], texts[i]) || !is_utf8(texts[i]);
        }
        return *ret ? 0 : -ENOMEM;
}

static int mask_script(const char *script, char **ret, bool *redacted)
{
        String masked = {0};

        if (!script)
                return 0;
        redact_arguments(&masked, script, strlen(script), false);
        *redacted |= !text_equal(string_get(&masked), script) || !is_utf8(script);
        *ret = string_take(&masked);
        return *ret ? 0 : -ENOMEM;
}

static int mask_all(Sweep *to)
{
        int r = mask_texts(to->run_command, &to->command, &to->redacted);

        if (r == 0)
                r = mask_texts(to->run_environment, &to->environment, &to->redacted);
        if (r == 0)
                r = mask_script(to->run_setup, &to->setup, &to->redacted);
        return r < 0 ? r : mask_script(to->run_clean, &to->clean, &to->redacted);
}

/* ---- plans ---- */

static int finish(const SweepCommand *c, const Project *project, Sweep *to, const CpuSet *all, Error *err)
{
        if (!to->label || !to->run_command || mask_all(to) < 0)
                return error_set(err, ENOMEM, "out of memory");
        int r = take_jobs(c, project, to, err);
        if (r == 0)
                r = check_jobs(c, project, to, err);
        if (r == 0)
                r = take_settings(c, to, err);
        if (r == 0)
                r = sweep_plan(to, err);
        if (r == 0)
                r = plan_cpus(c, to, all, err);
        if (r == 0 && sweep_keep_options(c, to) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        return r;
}

static int from_project(SweepCommand *c, const Project *project, const char *dir, Sweep *to, Error *err)
{
        const char *const words[] = {"sh", "-c", project->build};
        CpuSet all;

        int r = take_machine(to, &all, err);
        if (r == 0)
                r = take_directory(dir, c->dir ? NULL : project->source, to, err);
        if (r < 0)
                return r;
        to->project = copy(project->name);
        to->label = copy(c->recording.label ? c->recording.label : project->name);
        to->run_command = copy_texts(words, ARRAY_LENGTH(words));
        to->run_setup = project->setup && project->setup[0] ? copy(project->setup) : NULL;
        to->run_clean = project->clean && project->clean[0] ? copy(project->clean) : NULL;
        if (!c->tree_only) {
                to->match = copy(project->match);
                to->programs = project->programs && project->programs[0] ? copy(project->programs) : NULL;
        }
        if (project->n_environment > 0)
                to->run_environment = copy_texts(project->environment, project->n_environment);
        memcpy(to->exits, project->exits, sizeof to->exits);
        to->n_exits = project->n_exits;
        return finish(c, project, to, &all, err);
}

static int unknown_project(const SweepCommand *c, const char *name, Error *err)
{
        Nearest nearest = nearest_to(name);
        char hint[NEAREST_HINT_MAX];
        _cleanup_free_ char **names = NULL;
        size_t n = 0;

        if (sweep_project_names(c, &names) == 0)
                for (; names[n]; n++)
                        nearest_offer(&nearest, names[n]);
        for (const ShippedProject *p = shipped_projects; p->name; p++)
                nearest_offer(&nearest, p->name);
        nearest_hint(&nearest, "", hint);
        return error_set(err, EINVAL, "no project %s%s", name,
                         hint[0] ? hint : "; expected one of vigia sweep --list, or a command behind --");
}

/* What the configuration leaves out, as long as it does not say how to build, is as it ships. */
static void complete(Project *project, const Project *shipped)
{
        if (project->build)
                return;
        project->build = shipped->build;
        project->setup = project->setup ? project->setup : shipped->setup;
        project->clean = project->clean ? project->clean : shipped->clean;
        if (project->n_environment == 0) {
                project->environment = shipped->environment;
                project->n_environment = shipped->n_environment;
        }
}

int sweep_make_project(SweepCommand *c, const char *name, Sweep *ret, Error *err)
{
        Settings *settings = c->recording.configuration.settings;
        _cleanup_(settings_freep) Settings *own = NULL;
        const SettingRecord *record = project_find(settings, name);
        Project project = {0}, shipped = {0};

        if (record && project_from_record(settings, record, &project) < 0)
                return settings_check(settings, err);
        int r = project_shipped(name, &own, &shipped, err);
        if (r < 0 && r != -ENOENT)
                return r;
        if (!record && r == -ENOENT)
                return unknown_project(c, name, err);
        if (!record) {
                project = shipped;
                project.source = NULL;
        } else if (r == 0) {
                complete(&project, &shipped);
        }
        if (!project.build) {
                _cleanup_string_ String place = {0};
                setting_source_add(&place, project.source);
                return error_set(err, EINVAL, "%s: project %s has nothing to build with; expected build = \"make -j{j}\"",
                                 string_get(&place), name);
        }
        const char *dir = c->dir ? c->dir : project.dir ? project.dir : ".";
        return from_project(c, &project, dir, ret, err);
}

int sweep_make_command(SweepCommand *c, Sweep *to, Error *err)
{
        const char *slash = strrchr(c->argv[0], '/');
        size_t n = 0;
        CpuSet all;

        while (c->argv[n])
                n++;
        int r = take_machine(to, &all, err);
        if (r == 0)
                r = take_directory(c->dir ? c->dir : ".", NULL, to, err);
        if (r < 0)
                return r;
        to->label = copy(c->recording.label ? c->recording.label : slash && slash[1] ? slash + 1 : c->argv[0]);
        to->run_command = copy_texts((const char *const *)c->argv, n);
        return finish(c, NULL, to, &all, err);
}

int sweep_project_names(const SweepCommand *c, char ***ret)
{
        const Settings *settings = c->recording.configuration.settings;
        size_t n = settings_n_records(settings), used = 0;
        char **names = calloc(n + 1, sizeof *names);

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const SettingRecord *record = settings_record(settings, i);
                if (record->list == &sweep_project_list)
                        names[used++] = (char *)(uintptr_t)record->values[record->list->identity]->texts[0];
        }
        *ret = names;
        return 0;
}
