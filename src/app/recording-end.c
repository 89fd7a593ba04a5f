/* When all is recorded, shown and written: what the run is made into, and where it goes. Nothing waits for this but the
 * exit, and that for so long at most; what fails is a warning. */
#include "app/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/export-nixos-csv.h"
#include "app/export-run.h"
#include "app/export-summary-log.h"
#include "app/send-run.h"
#include "base/clock.h"
#include "base/log.h"

enum { TIMEOUT_S = 600 };

typedef struct EndFormat {
        const char *name, *file; /* in the run's folder */
        int (*write)(RunReader *reader, const char *path, Error *err);
} EndFormat;

static int write_nixos(RunReader *reader, const char *path, Error *err)
{
        return export_nixos_csv(reader, path, 0, err);
}

static int write_memory_log(RunReader *reader, const char *path, Error *err)
{
        return export_memory_log(reader, path, 0, err);
}

static int write_folded(RunReader *reader, const char *path, Error *err)
{
        return export_folded(reader, FOLDED_CPU, path, err);
}

static const EndFormat formats[] = {
        {"nixos-csv", "nixos-csv", write_nixos},        {"memory-log", "memory-log.csv", write_memory_log},
        {"perfetto", "trace.json", export_perfetto},    {"folded", "folded.txt", write_folded},
        {"summary.log", "summary.log", export_summary_log},
};

static const EndFormat *find_format(const char *name)
{
        for (size_t i = 0; i < ARRAY_LENGTH(formats); i++)
                if (text_equal(formats[i].name, name))
                        return &formats[i];
        return NULL;
}

int recording_check_export(const char *name, Error *expected)
{
        return find_format(name) ? 0 : error_set(expected, EINVAL, "nixos-csv, memory-log, perfetto, folded or summary.log");
}

size_t recording_end_options(Recording *r, Option *to)
{
        const Option options[RECORDING_END_OPTIONS] = {
                {0, "export", "LIST", "made in the run at its end: nixos-csv, memory-log …", OPTION_TEXT, &r->export},
                {0, "send", "DEST", "send the run there at the end: vigia send --help", OPTION_TEXT, &r->send},
        };

        memcpy(to, options, sizeof options);
        return RECORDING_END_OPTIONS;
}

static void export_all(Recording *r, const SettingValue *list)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        Error err = {0};
        int e = run_reader_open(r->path, &reader, &err);

        for (size_t i = 0; e == 0 && i < list->n_texts; i++) {
                const EndFormat *format = find_format(list->texts[i]);
                _cleanup_string_ String path = {0};
                string_add_format(&path, "%s/%s", r->path, format ? format->file : "");
                e = path.failed ? error_set(&err, ENOMEM, "out of memory")
                    : format    ? format->write(reader, string_get(&path), &err)
                                : 0;
        }
        if (e < 0)
                log_warning("not exported: %s", err.message);
}

static void send_all(Recording *r)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        SendRun send = {.to = r->send, .format = archive_best(), .quiet = r->quiet};
        _cleanup_string_ String text = {0};
        Error err = {0};

        send.options.deadline_ns =
                clock_monotonic_ns() + configuration_number(&r->configuration, "send.timeout", TIMEOUT_S * NS_PER_SECOND);
        int e = send_run_take(&send, &r->configuration, &err);
        if (e == 0)
                e = run_reader_open(r->path, &reader, &err);
        if (e == 0)
                e = send_run(&send, &(SendSource){run_reader_info(reader)->id, run_reader_path(reader), reader, NULL}, &err);
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

void recording_end(Recording *r)
{
        const SettingValue *list = settings_get(r->configuration.settings, "run.export");

        if (list)
                export_all(r, list);
        if (r->send)
                send_all(r);
}
