/* The child that records one build: the same recorder as `vigia run`, in a process forked for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "track/redact.h"

/* What the command's own process does last: its CPUs, and output.log in place of our terminal, so that
 * nothing of ours stands between the build and its file. */
typedef struct Entry {
        const CpuSet *cpus; /* NULL: as they are */
        int input, output;  /* -1: as they are */
} Entry;

static int enter(void *data)
{
        const Entry *entry = data;

        if (entry->cpus) {
                int r = cpu_set_apply(entry->cpus);
                if (r < 0)
                        return r;
        }
        if (entry->output >= 0 && (dup2(entry->input, 0) < 0 || dup2(entry->output, 1) < 0 || dup2(entry->output, 2) < 0))
                return -errno;
        return 0;
}

static char **fill_words(char *const *words, unsigned jobs)
{
        size_t n = 0;

        while (words[n])
                n++;
        char **filled = calloc(n + 1, sizeof *filled);
        for (size_t i = 0; filled && i < n; i++) {
                String text = {0};
                sweep_fill_jobs(&text, words[i], jobs);
                filled[i] = string_take(&text);
                if (!filled[i])
                        return NULL;
        }
        return filled;
}

static int fail(const Error *err)
{
        log_error("%s", err->message);
        return EXIT_VIGIA;
}

/* What is on the run's own shoulders: label, directory, sets of CPUs. */
static int prepare(SweepWork *work, const SweepRun *run, char **words, Error *err)
{
        Recording *r = &work->command->recording;
        const Sweep *sweep = work->sweep;
        _cleanup_string_ String label = {0};
        _cleanup_string_ String output = {0};
        CpuSet recorder;

        string_add(&label, sweep->label);
        if (run->warm_up)
                string_add(&label, "-warm-up");
        else if (run->jobs > 0)
                string_add_format(&label, "-j%u", run->jobs);
        string_add_format(&output, "%s/%s", work->path, run->path);
        r->label = string_take(&label);
        r->output = string_take(&output);
        r->info.command = redact_vector(words);
        if (!r->label || !r->output || !r->info.command)
                return error_set(err, ENOMEM, "out of memory");
        int e = sweep_enter(sweep, err);
        if (e < 0)
                return e;
        if (run->recorder_cpus && cpu_set_parse(run->recorder_cpus, &recorder, NULL) == 0 &&
            (e = cpu_set_apply(&recorder)) < 0)
                return error_set_errno(err, e, "the recorder's CPUs %s", run->recorder_cpus);
        return recording_begin(r, err);
}

static int record(SweepWork *work, const SweepRun *run, char **words, uint64_t timeout_ns)
{
        SweepCommand *command = work->command;
        Recording *r = &command->recording;
        Error err = {0};
        CpuSet build;
        Entry entry = {.input = -1, .output = -1};

        if (prepare(work, run, words, &err) < 0)
                return fail(&err);
        int output = recording_open_output(r);
        if (run->build_cpus && cpu_set_parse(run->build_cpus, &build, NULL) == 0)
                entry.cpus = &build;
        bool shown = r->verbose > 0;
        if (!shown && output >= 0) {
                uid_t uid;
                gid_t gid;
                if (sweep_user(command, &uid, &gid) && fchown(output, uid, (gid_t)-1) < 0) {
                        /* then /dev/stdout cannot be opened again by name; all else works */
                }
                entry.input = open("/dev/null", O_RDONLY | O_CLOEXEC);
                entry.output = entry.input >= 0 ? output : -1;
                r->output_fd = output;
        }
        r->options.own_cgroup = !command->no_cgroup;
        r->options.workload = (WorkloadOptions){
                .argv = words,
                .user = command->user,
                .output_fd = shown ? output : -1,
                .timeout_ns = timeout_ns,
                .enter = enter,
                .enter_data = &entry,
        };
        int e = recording_run(r, &err);
        if (e < 0)
                return fail(&err);
        const WorkloadResult *w = &r->result.workload;
        if (w->exec_failed) {
                log_error("%s: %s", words[0], w->exit_code == 127 ? "command not found" : strerror(abs(w->exec_errno)));
                return w->exit_code;
        }
        return EXIT_FINE;
}

void sweep_record(SweepWork *work, const SweepRun *run, uint64_t timeout_ns)
{
        char **words = fill_words(work->sweep->run_command, run->jobs);

        sigprocmask(SIG_SETMASK, loop_original_mask(work->loop), NULL);
        int code = words ? record(work, run, words, timeout_ns) : EXIT_VIGIA;
        fflush(NULL);
        _exit(code);
}
