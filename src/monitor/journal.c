/*
 * What the systemd journal says of the units that a recording names: lines become events of the
 * table `events`, and all of them text in journal.log beside the run's tables. Only what is written
 * while the recording runs. sd-journal(3), systemd.journal-fields(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "host/journal-reader.h"
#include "monitor/event-gate.h"
#include "table/process-tables.h"

enum { ENTRIES_MAX = 500 }; /* a sample: a storm must not hold the recorder up */

#define LOG_BYTES (64ull << 20)

static const MonitorKey journal_keys[] = {
        {"units", MONITOR_KEY_TEXTS, "units whose journal is recorded: \"nix-daemon.service\" (none)"},
        {"log_bytes", MONITOR_KEY_BYTES, "most that journal.log may take (64 MiB); 0: no such file"},
        {"directory", MONITOR_KEY_TEXTS, "journal files of that folder instead of this machine's"},
        {NULL, 0, NULL},
};

typedef struct JournalState {
        JournalReader *reader;
        EventGate gate;
        const MonitorScope *scope;
        int log_fd; /* -1: none (any more) */
        uint64_t log_left;
        String line;
        bool held; /* `entry` is in the log, but not yet a row */
        JournalEntry entry;
} JournalState;

static const char *directory_of(const MonitorContext *context)
{
        const MonitorSetting *s = monitor_setting(context, "directory");

        return s && s->n_texts > 0 ? s->texts[0] : NULL;
}

static int journal_probe(const MonitorContext *context, Error *why, Error *fix)
{
        const char *directory = directory_of(context);

        if (!directory && !host_is_live(context->host))
                return error_set(why, EOPNOTSUPP, "a recorded machine has no journal");
        return journal_reader_probe(directory, why, fix);
}

static void journal_stop(void *state)
{
        JournalState *s = state;

        event_gate_done(&s->gate);
        s->reader = journal_reader_free(s->reader);
        s->log_fd = fd_close(s->log_fd);
        string_done(&s->line);
}

static int open_log(JournalState *s, const MonitorContext *context, Error *err)
{
        const MonitorSetting *bytes = monitor_setting(context, "log_bytes");

        s->log_left = bytes ? bytes->number : LOG_BYTES;
        if (context->run_fd < 0 || s->log_left == 0)
                return 0;
        s->log_fd = openat(context->run_fd, "journal.log",
                           O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
        return s->log_fd < 0 ? error_set_errno(err, -errno, "journal.log") : 0;
}

static int journal_start(void *state, const MonitorContext *context, Error *err)
{
        const MonitorSetting *units = monitor_setting(context, "units");
        JournalState *s = state;

        if (!units || units->n_texts == 0)
                return error_set(err, EINVAL, "no units are set: units = [\"NAME.service\"]");
        s->gate = (EventGate){.epoll_fd = -1, .timer_fd = -1};
        s->log_fd = -1;
        s->scope = context->scope;
        int r = journal_reader_new(directory_of(context), units->texts, units->n_texts, &s->reader,
                                   err);
        if (r == 0) {
                r = event_gate_init(&s->gate, journal_reader_fd(s->reader));
                if (r < 0)
                        error_set_errno(err, r, "the journal");
        }
        if (r == 0)
                r = open_log(s, context, err);
        if (r < 0)
                journal_stop(s);
        return r;
}

static int journal_fd(void *state)
{
        JournalState *s = state;

        return s->gate.epoll_fd;
}

static void add_message(String *line, const JournalEntry *entry)
{
        for (size_t i = 0; i < entry->size; i++) {
                char c = entry->message[i];
                if (c == '\n')
                        string_add(line, "\n    ");
                else
                        string_add_char(line, (unsigned char)c < 0x20 && c != '\t' ? '?' : c);
        }
        string_add_char(line, '\n');
}

/* "2026-11-21T09:03:24.123456Z nix-daemon.service nix-daemon[812]: text", as near to
 * `journalctl -o short-iso-precise` as one can be who knows the unit. */
static void make_line(JournalState *s)
{
        const JournalEntry *e = &s->entry;
        time_t seconds = (time_t)(e->realtime_us / 1000000);
        struct tm tm = {0};
        char time[64] = "";

        if (gmtime_r(&seconds, &tm))
                strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &tm);
        string_clear(&s->line);
        string_add_format(&s->line, "%s.%06uZ %s %s", time, (unsigned)(e->realtime_us % 1000000),
                          e->unit[0] ? e->unit : "-", e->identifier);
        if (e->pid > 0)
                string_add_format(&s->line, "[%d]", (int)e->pid);
        string_add(&s->line, ": ");
        add_message(&s->line, e);
}

static int add_plain(Batch *rows, const MonitorTick *tick, const char *kind, const char *text)
{
        EventRow row = {.kind = kind, .severity = "warning", .text = text, .size = strlen(text)};

        return event_row_add(rows, tick, &row);
}

static int close_log(JournalState *s, const MonitorTick *tick, Batch *rows, const char *why)
{
        char text[160];

        s->log_fd = fd_close(s->log_fd);
        snprintf(text, sizeof text, "journal.log ends here: %s", why);
        return add_plain(rows, tick, "journal-left-out", text);
}

/* The whole line or none. */
static int write_line(JournalState *s, const MonitorTick *tick, Batch *rows)
{
        if (s->log_fd < 0)
                return 0;
        make_line(s);
        if (s->line.failed || s->line.size > s->log_left)
                return close_log(s, tick, rows, "it has reached log_bytes");
        int r = file_write_all(s->log_fd, s->line.text, s->line.size);
        if (r < 0)
                return close_log(s, tick, rows, strerror(-r));
        s->log_left -= s->line.size;
        return 0;
}

static uint64_t entry_ago_ns(const JournalEntry *entry, const MonitorTick *tick)
{
        uint64_t now_us = entry->monotonic_us > 0 ? tick->now_ns / NS_PER_US
                                                  : (uint64_t)tick->realtime_ns / NS_PER_US;
        uint64_t then_us = entry->monotonic_us > 0 ? entry->monotonic_us : entry->realtime_us;

        return then_us < now_us ? (now_us - then_us) * NS_PER_US : 0;
}

/* syslog(3); what has no priority is information. */
static const char *severity_of(int priority)
{
        if (priority < 0 || priority > 4)
                return "info";
        return priority <= 2 ? "critical" : "warning";
}

static int add_entry(JournalState *s, const MonitorTick *tick, Batch *rows)
{
        const JournalEntry *e = &s->entry;
        const char *severity = severity_of(e->priority);

        if (!event_gate_pass(&s->gate, tick->now_ns, text_equal(severity, "critical")))
                return 0;
        string_clear(&s->line);
        if (e->unit[0])
                string_add_format(&s->line, "%s: ", e->unit);
        string_add_bytes(&s->line, e->message, e->size);
        if (s->line.failed)
                return -ENOMEM;
        EventRow row = {
                .ago_ns = entry_ago_ns(e, tick),
                .kind = "journal",
                .severity = severity,
                .pid = e->pid,
                .text = s->line.text,
                .size = s->line.size,
        };
        row.in_run = event_find_process(s->scope, row.pid, &row.process);
        return event_row_add(rows, tick, &row);
}

/* 1: there is no more. */
static int take_entry(JournalState *s, const MonitorTick *tick, Batch *rows)
{
        int r = 0;

        if (!s->held) {
                r = journal_reader_next(s->reader, &s->entry);
                if (r < 0)
                        return r == -ENOENT ? 1 : r;
                s->held = true;
                r = write_line(s, tick, rows);
        }
        if (r == 0)
                r = add_entry(s, tick, rows);
        s->held = r < 0;
        return r;
}

static int add_left_out(JournalState *s, const MonitorTick *tick, Batch *rows)
{
        uint64_t n = event_gate_take(&s->gate, tick->now_ns);
        char number[FORMAT_MAX], text[128];

        if (n == 0)
                return 0;
        snprintf(text, sizeof text, "%s more journal lines within a second are left out here%s",
                 format_count(number, n), s->log_fd >= 0 ? "; journal.log has them" : "");
        return add_plain(rows, tick, "journal-left-out", text);
}

static int journal_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        JournalState *s = state;
        int r = journal_reader_process(s->reader);

        for (size_t i = 0; r == 0 && i < ENTRIES_MAX; i++)
                r = take_entry(s, tick, rows);
        bool more = r == 0 || r == -ENOBUFS;
        if (r >= 0)
                r = add_left_out(s, tick, rows);
        if (more || r == -ENOBUFS)
                event_gate_wake(&s->gate);
        return r < 0 && r != -ENOBUFS ? error_set_errno(err, r, "the journal") : r;
}

const Monitor monitor_journal = {
        .name = "journal",
        .what = "what the systemd journal says of given units",
        .schema = &events_schema,
        .off = true,
        .state_size = sizeof(JournalState),
        .keys = journal_keys,
        .probe = journal_probe,
        .start = journal_start,
        .fd = journal_fd,
        .sample = journal_sample,
        .stop = journal_stop,
};
