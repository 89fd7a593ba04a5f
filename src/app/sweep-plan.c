/* --dry-run: what would be done, in its order. */
#include <stdio.h>
#include <string.h>

#include "app/sweep-command.h"
#include "base/text.h"

static void print_script(const char *what, const char *script)
{
        _cleanup_string_ String shown = {0};

        string_add_shown(&shown, script, 0, true);
        printf("  %-9s %s\n", what, string_get(&shown));
}

static void print_build(const Sweep *sweep, const SweepRun *run)
{
        _cleanup_string_ String words = {0};
        /* of a project, the template alone; else the words */
        char *const *word = sweep->project ? sweep->command + 2 : sweep->command;

        for (bool first = true; *word; word++, first = false) {
                string_add(&words, first ? "" : " ");
                sweep_fill_jobs(&words, *word, run->jobs);
        }
        if (run->build_cpus)
                string_add_format(&words, "   [CPUs %s, recorder %s]", run->build_cpus, run->recorder_cpus);
        print_script(run->path, string_get(&words));
}

void sweep_print_plan(const Sweep *sweep, const char *place)
{
        bool clean_now = false;
        _cleanup_string_ String label = {0};

        string_add_shown(&label, sweep->label, 0, true);
        printf("%s in %s", string_get(&label), sweep->dir);
        if (place)
                printf(", into %s", place);
        puts("");
        if (sweep->order == SWEEP_RANDOM)
                printf("  --seed %llu\n", (unsigned long long)sweep->seed);
        if (sweep->setup && !sweep->set_up)
                print_script("setup", sweep->setup);
        for (size_t i = 0; i < sweep->n_runs; i++) {
                const SweepRun *run = &sweep->runs[i];
                if (run->state == SWEEP_DONE)
                        continue;
                if (sweep->clean && sweep->pre_clean && !clean_now)
                        print_script("clean", sweep->clean);
                print_build(sweep, run);
                clean_now = sweep->clean && sweep->post_clean;
                if (clean_now)
                        print_script("clean", sweep->clean);
        }
}
