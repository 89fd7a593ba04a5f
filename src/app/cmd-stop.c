/* `vigia stop`: ends a recording in the background, and says what it saw. `vigia kill`: drops it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/config-thresholds.h"
#include "app/running.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "report/report.h"

static int signal_pidfd(int pidfd, int number)
{
        return syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) < 0 ? -errno : 0;
}

/* By its socket; where the file system had none, by the signal that Ctrl-C is. */
static int ask_to_end(const Running *running, int pidfd, Error *err)
{
        json_t *answer = NULL;
        int r = running_ask(running, "stop", &answer, err);

        json_decref(answer);
        if (running_is_silent(r) && !running->info.command)
                r = signal_pidfd(pidfd, SIGINT); /* one that is ending already does not mind */
        if (r == -ESRCH)
                r = 0;
        return r;
}

static int show(const char *path, bool quiet, Error *err)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        Thresholds thresholds;
        const ReportLabels labels = {.thresholds = &thresholds};
        int r = quiet ? 0 : thresholds_load(NULL, &thresholds, err);

        if (r == 0)
                r = run_reader_open(path, &reader, err);
        return r == 0 && !quiet ? report_print(reader, &labels, stdout, err) : r;
}

static int stop(const char *name, uint64_t timeout_ns, bool quiet, Error *err)
{
        Running running;
        int r = running_find(name, &running, err);

        if (r < 0)
                return r;
        _cleanup_close_ int pidfd = running_pidfd(&running, err);
        r = pidfd < 0 ? pidfd : ask_to_end(&running, pidfd, err);
        if (r == 0)
                r = running_wait(pidfd, timeout_ns);
        if (r == -ETIMEDOUT)
                error_set(err, ETIMEDOUT, "%s has not ended yet; it was asked to", running.info.id);
        else if (r == 0)
                r = show(running.path, quiet, err);
        running_done(&running);
        return r;
}

static int run_stop(const Command *command, int argc, char **argv)
{
        uint64_t timeout_ns = 60 * NS_PER_SECOND;
        bool quiet = false;
        const Option options[] = {
                {0, "timeout", "TIME", "wait so long for its end (default 60 s)", OPTION_DURATION,
                 &timeout_ns},
                {'q', "quiet", NULL, "no summary", OPTION_FLAG, &quiet},
        };
        const char *name = NULL;
        Error err = {0};
        int r = running_parse(command, options, ARRAY_LENGTH(options), argc, argv, &name, &err);

        if (r > 0)
                return EXIT_FINE;
        if (r < 0)
                return usage_error(command, &err);
        r = stop(name, timeout_ns, quiet, &err);
        return r < 0 ? running_failed(r, &err) : EXIT_FINE;
}

const Command command_stop = {
        .name = "stop",
        .summary = "end a recording in the background",
        .usage = "[OPTIONS] [RUN]",
        .details = "Without RUN the only one that is being recorded. Prints the summary when all is\n"
                   "written. A recorded command is not stopped: it ends by itself.",
        .run = run_stop,
};

/* ---- kill ---- */

static int end_and_remove(const char *name, Error *err)
{
        Running running;
        int r = running_find(name, &running, err);

        if (r < 0)
                return r;
        _cleanup_close_ int pidfd = -1;
        if (running.info.command)
                r = error_set(err, EPERM, "%s records a command, which would go on; stop that",
                              running.info.id);
        if (r == 0)
                r = pidfd = running_pidfd(&running, err);
        if (r >= 0) {
                r = signal_pidfd(pidfd, SIGKILL);
                if (r < 0)
                        error_set_errno(err, r, "%s: its recorder", running.info.id);
        }
        if (r == 0)
                r = running_wait(pidfd, 60 * NS_PER_SECOND);
        if (r == 0) {
                run_unregister(running.path, running.info.id);
                r = directory_remove(AT_FDCWD, running.path);
                if (r < 0)
                        error_set_errno(err, r, "%s", running.path);
        }
        running_done(&running);
        return r;
}

static int run_kill(const Command *command, int argc, char **argv)
{
        const char *name = NULL;
        Error err = {0};
        int r = running_parse(command, NULL, 0, argc, argv, &name, &err);

        if (r > 0)
                return EXIT_FINE;
        if (r < 0)
                return usage_error(command, &err);
        r = end_and_remove(name, &err);
        return r < 0 ? running_failed(r, &err) : EXIT_FINE;
}

const Command command_kill = {
        .name = "kill",
        .summary = "end a recording in the background and remove it",
        .usage = "[RUN]",
        .details = "Without RUN the only one that is being recorded. Nothing of it is kept.",
        .run = run_kill,
};
