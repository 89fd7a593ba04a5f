/* `vigia snapshot`: a finished copy of a run that goes on. The recorder hands what it has to its
 * writer; all else is done here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/running.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum { FLUSH_MS = 10000, LOOK_MS = 10 };

static bool is_pending(const json_t *answer)
{
        return json_integer_value(json_object_get(answer, "pending_bytes")) > 0;
}

/* What was handed over is waited for, but not for ever: a snapshot of a second ago is one, too. */
static int flush(const Running *running, Error *err)
{
        json_t *answer = NULL;
        int r = running_ask(running, "flush", &answer, err);

        for (unsigned waited = 0; r == 0 && is_pending(answer) && waited < FLUSH_MS; waited += LOOK_MS) {
                json_decref(answer);
                answer = NULL;
                usleep(LOOK_MS * 1000);
                r = running_ask(running, "status", &answer, err);
        }
        if (r == 0 && is_pending(answer))
                log_warning("%s: the disk is slow; the newest rows are missing", running->info.id);
        json_decref(answer);
        return r;
}

static int snapshot(const char *name, const char *output, char **ret, Error *err)
{
        Running running;
        int r = running_find(name, &running, err);

        if (r < 0)
                return r;
        r = flush(&running, err);
        if (running_is_silent(r)) { /* it has no socket, or is ending: what it wrote by itself */
                log_info("%s; taken as it stands on disk", err->message);
                r = 0;
        }
        if (r == 0)
                r = run_snapshot(running.path, output, ret, err);
        running_done(&running);
        return r;
}

static int run_snapshot_command(const Command *command, int argc, char **argv)
{
        const char *output = NULL;
        const Option options[] = {
                {'o', "output", "DIR", "the copy (default: beside the other runs)", OPTION_TEXT, &output},
        };
        _cleanup_free_ char *path = NULL;
        const char *name = NULL;
        Error err = {0};
        int r = running_parse(command, options, ARRAY_LENGTH(options), argc, argv, &name, &err);

        if (r > 0)
                return EXIT_FINE;
        if (r < 0)
                return usage_error(command, &err);
        r = snapshot(name, output, &path, &err);
        if (r < 0)
                return running_failed(r, &err);
        puts(path);
        return EXIT_FINE;
}

const Command command_snapshot = {
        .name = "snapshot",
        .summary = "a readable copy of a recording so far",
        .usage = "[-o DIR] [RUN]",
        .details = "Without RUN the only one that is being recorded, which goes on without a gap.\n"
                   "Prints where the copy is: a run like any other, for report and export.",
        .run = run_snapshot_command,
};
