/*
 * The place to go on from is a cursor at the newest entry of all, taken before the units narrow the
 * view: from the tail itself sd-journal finds nothing that comes later when no entry of the units
 * is there yet.
 */
#include "host/journal-reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "base/text.h"

typedef struct Api {
        __typeof__(&sd_journal_open) open;
        __typeof__(&sd_journal_open_directory) open_directory;
        __typeof__(&sd_journal_close) close;
        __typeof__(&sd_journal_add_match) add_match;
        __typeof__(&sd_journal_add_disjunction) add_disjunction;
        __typeof__(&sd_journal_seek_head) seek_head;
        __typeof__(&sd_journal_seek_tail) seek_tail;
        __typeof__(&sd_journal_seek_cursor) seek_cursor;
        __typeof__(&sd_journal_get_cursor) get_cursor;
        __typeof__(&sd_journal_test_cursor) test_cursor;
        __typeof__(&sd_journal_previous) previous;
        __typeof__(&sd_journal_next) next;
        __typeof__(&sd_journal_get_data) get_data;
        __typeof__(&sd_journal_set_data_threshold) set_data_threshold;
        __typeof__(&sd_journal_get_realtime_usec) get_realtime_usec;
        __typeof__(&sd_journal_get_monotonic_usec) get_monotonic_usec;
        __typeof__(&sd_journal_get_fd) get_fd;
        __typeof__(&sd_journal_process) process;
        __typeof__(&sd_journal_has_runtime_files) has_runtime_files;
        __typeof__(&sd_journal_has_persistent_files) has_persistent_files;
} Api;

static const LibrarySymbol symbols[] = {
        {"sd_journal_open", offsetof(Api, open)},
        {"sd_journal_open_directory", offsetof(Api, open_directory)},
        {"sd_journal_close", offsetof(Api, close)},
        {"sd_journal_add_match", offsetof(Api, add_match)},
        {"sd_journal_add_disjunction", offsetof(Api, add_disjunction)},
        {"sd_journal_seek_head", offsetof(Api, seek_head)},
        {"sd_journal_seek_tail", offsetof(Api, seek_tail)},
        {"sd_journal_seek_cursor", offsetof(Api, seek_cursor)},
        {"sd_journal_get_cursor", offsetof(Api, get_cursor)},
        {"sd_journal_test_cursor", offsetof(Api, test_cursor)},
        {"sd_journal_previous", offsetof(Api, previous)},
        {"sd_journal_next", offsetof(Api, next)},
        {"sd_journal_get_data", offsetof(Api, get_data)},
        {"sd_journal_set_data_threshold", offsetof(Api, set_data_threshold)},
        {"sd_journal_get_realtime_usec", offsetof(Api, get_realtime_usec)},
        {"sd_journal_get_monotonic_usec", offsetof(Api, get_monotonic_usec)},
        {"sd_journal_get_fd", offsetof(Api, get_fd)},
        {"sd_journal_process", offsetof(Api, process)},
        {"sd_journal_has_runtime_files", offsetof(Api, has_runtime_files)},
        {"sd_journal_has_persistent_files", offsetof(Api, has_persistent_files)},
};

struct JournalReader {
        Api api;
        sd_journal *journal;
        char *cursor; /* of the entry that is not to be told again; NULL: none */
};

/* It stays loaded. */
static int load(Api *api, Error *why)
{
        void *handle;

        return library_load("libsystemd.so.0", symbols, ARRAY_LENGTH(symbols), api, &handle, why);
}

static int open_journal(const Api *api, const char *directory, sd_journal **ret, Error *err)
{
        int r = directory ? api->open_directory(ret, directory, 0)
                          : api->open(ret, SD_JOURNAL_LOCAL_ONLY);

        if (r < 0)
                return error_set_errno(err, r, "the journal%s%s", directory ? " in " : "",
                                       directory ? directory : "");
        return 0;
}

static int explain_none(Error *why, Error *fix)
{
        bool folder = access("/run/log/journal", F_OK) == 0 || access("/var/log/journal", F_OK) == 0;

        if (!folder || geteuid() == 0)
                return error_set(why, ENOENT, "no systemd journal here");
        error_set(fix, 0, "sudo usermod -aG systemd-journal \"$USER\"");
        return error_set(why, EACCES, "no journal that this user may read");
}

int journal_reader_probe(const char *directory, Error *why, Error *fix)
{
        sd_journal *journal = NULL;
        Api api;
        int r = load(&api, why);

        if (r == 0)
                r = open_journal(&api, directory, &journal, why);
        if (r < 0)
                return r;
        if (!directory && api.has_runtime_files(journal) <= 0 && api.has_persistent_files(journal) <= 0)
                r = explain_none(why, fix);
        api.close(journal);
        return r;
}

/* Adds "FIELD=value"; and, where there is one, a second that must hold too. */
static int add_match(const JournalReader *reader, const char *field, const char *unit,
                     const char *also)
{
        char match[JOURNAL_NAME_MAX + 32];
        int r = reader->api.add_disjunction(reader->journal);

        snprintf(match, sizeof match, "%s=%s", field, unit);
        if (r >= 0)
                r = reader->api.add_match(reader->journal, match, 0);
        if (r >= 0 && also)
                r = reader->api.add_match(reader->journal, also, 0);
        return r < 0 ? r : 0;
}

/* What the unit's processes wrote, and what the managers said of it: a field without '_' anybody
 * can set, so who set it has to be a manager (as journalctl -u does). */
static int add_unit(const JournalReader *reader, const char *unit)
{
        static const struct {
                const char *field, *also;
        } ways[] = {
                {"_SYSTEMD_UNIT", NULL},
                {"_SYSTEMD_USER_UNIT", NULL},
                {"UNIT", "_PID=1"},
                {"USER_UNIT", "_COMM=systemd"},
                {"COREDUMP_UNIT", "_UID=0"},
        };
        char name[JOURNAL_NAME_MAX];
        int r = 0;

        snprintf(name, sizeof name, "%s%s", unit, strchr(unit, '.') ? "" : ".service");
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(ways); i++)
                r = add_match(reader, ways[i].field, name, ways[i].also);
        if (r == 0 && text_ends_with(name, ".slice"))
                r = add_match(reader, "_SYSTEMD_SLICE", name, NULL);
        return r;
}

static int go_to_end(JournalReader *reader)
{
        int r = reader->api.seek_tail(reader->journal);

        if (r >= 0)
                r = reader->api.previous(reader->journal);
        if (r > 0)
                r = reader->api.get_cursor(reader->journal, &reader->cursor);
        return r < 0 ? r : 0;
}

static int narrow(const JournalReader *reader, const char *const *units, size_t n)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++)
                r = add_unit(reader, units[i]);
        if (r == 0)
                r = reader->cursor ? reader->api.seek_cursor(reader->journal, reader->cursor)
                                   : reader->api.seek_head(reader->journal);
        return r < 0 ? r : 0;
}

int journal_reader_new(const char *directory, const char *const *units, size_t n,
                       JournalReader **ret, Error *err)
{
        _cleanup_(journal_reader_freep) JournalReader *reader = NULL;

        if (n == 0 || n > JOURNAL_UNITS_MAX)
                return error_set(err, EINVAL, "1 to %d units can be watched", JOURNAL_UNITS_MAX);
        for (size_t i = 0; i < n; i++)
                if (!units[i][0] || strlen(units[i]) >= JOURNAL_NAME_MAX - sizeof ".service")
                        return error_set(err, EINVAL, "not the name of a unit: '%.40s'", units[i]);
        reader = calloc(1, sizeof *reader);
        if (!reader)
                return error_set_errno(err, -ENOMEM, "the journal");
        int r = load(&reader->api, err);
        if (r == 0)
                r = open_journal(&reader->api, directory, &reader->journal, err);
        if (r < 0)
                return r;
        reader->api.set_data_threshold(reader->journal, JOURNAL_MESSAGE_MAX);
        /* The watch first: what comes between it and the look at the end wakes us at least. */
        r = reader->api.get_fd(reader->journal);
        if (r >= 0)
                r = go_to_end(reader);
        if (r >= 0)
                r = narrow(reader, units, n);
        if (r < 0)
                return error_set_errno(err, r, "the journal");
        *ret = TAKE(reader);
        return 0;
}

JournalReader *journal_reader_free(JournalReader *reader)
{
        if (reader) {
                if (reader->journal)
                        reader->api.close(reader->journal);
                free(reader->cursor);
                free(reader);
        }
        return NULL;
}

int journal_reader_fd(JournalReader *reader)
{
        return reader->api.get_fd(reader->journal);
}

int journal_reader_process(JournalReader *reader)
{
        int r = reader->api.process(reader->journal);

        return r < 0 ? r : 0;
}

/* The value of a field, not terminated; NULL: the entry has none. */
static const char *get_field(const JournalReader *reader, const char *field, size_t *ret_size)
{
        size_t prefix = strlen(field) + 1, size;
        const void *data;

        if (reader->api.get_data(reader->journal, field, &data, &size) < 0 || size < prefix)
                return NULL;
        *ret_size = size - prefix;
        return (const char *)data + prefix;
}

static size_t copy_field(const JournalReader *reader, const char *field, char *to, size_t max)
{
        size_t size;
        const char *value = get_field(reader, field, &size);

        if (!value)
                size = 0;
        size = MIN(size, max - 1);
        if (size > 0)
                memcpy(to, value, size);
        to[size] = '\0';
        return size;
}

static bool get_number(const JournalReader *reader, const char *field, uint64_t max, uint64_t *ret)
{
        size_t size;
        const char *value = get_field(reader, field, &size);

        return value && parse_u64(value, size, ret) == 0 && *ret <= max;
}

/* Of what a manager says the unit is the one it says it of. */
static void read_who(const JournalReader *reader, JournalEntry *entry)
{
        uint64_t pid = 0;
        bool known = get_number(reader, "_PID", INT32_MAX, &pid);

        entry->pid = known ? (pid_t)pid : 0;
        if (copy_field(reader, "COREDUMP_UNIT", entry->unit, JOURNAL_NAME_MAX) > 0 ||
            copy_field(reader, "USER_UNIT", entry->unit, JOURNAL_NAME_MAX) > 0 ||
            (entry->pid == 1 && copy_field(reader, "UNIT", entry->unit, JOURNAL_NAME_MAX) > 0))
                entry->pid = 0;
        else if (copy_field(reader, "_SYSTEMD_USER_UNIT", entry->unit, JOURNAL_NAME_MAX) == 0)
                copy_field(reader, "_SYSTEMD_UNIT", entry->unit, JOURNAL_NAME_MAX);
        if (copy_field(reader, "SYSLOG_IDENTIFIER", entry->identifier, sizeof entry->identifier) == 0)
                copy_field(reader, "_COMM", entry->identifier, sizeof entry->identifier);
}

/* False: damaged, or nothing is said. */
static bool read_entry(const JournalReader *reader, JournalEntry *entry)
{
        uint64_t number;

        entry->size = copy_field(reader, "MESSAGE", entry->message, sizeof entry->message);
        if (entry->size == 0 ||
            reader->api.get_realtime_usec(reader->journal, &entry->realtime_us) < 0)
                return false;
        if (reader->api.get_monotonic_usec(reader->journal, &entry->monotonic_us, NULL) < 0)
                entry->monotonic_us = 0; /* -ESTALE: another boot */
        entry->priority = get_number(reader, "PRIORITY", 7, &number) ? (int)number : -1;
        read_who(reader, entry);
        return true;
}

/* The entry that the cursor is at was there before; it is met at most once. */
static bool is_old(JournalReader *reader)
{
        if (!reader->cursor)
                return false;
        bool old = reader->api.test_cursor(reader->journal, reader->cursor) > 0;
        free(reader->cursor);
        reader->cursor = NULL;
        return old;
}

int journal_reader_next(JournalReader *reader, JournalEntry *ret)
{
        for (;;) {
                int r = reader->api.next(reader->journal);
                if (r < 0)
                        return r == -EBADMSG ? -ENOENT : r;
                if (r == 0)
                        return -ENOENT;
                if (!is_old(reader) && read_entry(reader, ret))
                        return 0;
        }
}
