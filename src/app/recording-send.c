/* When all is recorded, shown and written: nothing waits for this but the exit, and that for so long at most. */
#include "app/recording.h"

#include <stdio.h>

#include "app/send-run.h"
#include "base/clock.h"
#include "base/log.h"

enum { TIMEOUT_S = 600 };

void recording_send_option(Recording *r, Option *to)
{
        *to = (Option){0, "send", "DEST", "send the run there at the end: vigia send --help", OPTION_TEXT, &r->send};
}

void recording_send(Recording *r)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        SendRun send = {.to = r->send, .format = archive_best(), .quiet = r->quiet};
        _cleanup_string_ String text = {0};
        Error err = {0};

        if (!r->send)
                return;
        send.options.deadline_ns =
                clock_monotonic_ns() + configuration_number(&r->configuration, "send.timeout", TIMEOUT_S * NS_PER_SECOND);
        int e = send_run_take(&send, &r->configuration, &err);
        if (e == 0)
                e = run_reader_open(r->path, &reader, &err);
        if (e == 0)
                e = send_run(&send, reader, &err);
        if (e < 0 && send.archive)
                log_warning("not sent: %s; the archive is %s", err.message, send.archive);
        else if (e < 0)
                log_warning("not sent: %s; the run is in %s", err.message, r->path);
        else if (!r->quiet) {
                send_run_add_text(&send, &text);
                fputs(string_get(&text), stderr);
        }
        send_run_done(&send);
}
