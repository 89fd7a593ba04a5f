/* A run's tables, in the order in which the finder wants them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/leak-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/run.h"

static bool is_wanted(int32_t pid, const char *comm, const char *cmdline, void *data)
{
        const LeakAsked *asked = data;
        const char *text = cmdline && *cmdline ? cmdline : comm ? comm : "";

        for (size_t i = 0; i < asked->n_numbers; i++)
                if (asked->numbers[i] == pid)
                        return true;
        return asked->regex && regex_match(asked->regex, text, strlen(text));
}

int leak_filter_init(LeakAsked *asked, Error *err)
{
        _cleanup_string_ String joined = {0};

        if (asked->names.n + asked->pids.n == 0)
                return 0;
        asked->numbers = calloc(asked->pids.n + 1, sizeof *asked->numbers);
        if (!asked->numbers)
                return error_set(err, ENOMEM, "out of memory");
        for (size_t i = 0; i < asked->pids.n; i++) {
                uint64_t pid;
                if (parse_u64z(asked->pids.items[i], &pid) < 0 || pid == 0 || pid > INT32_MAX)
                        return error_set(err, EINVAL, "leak: -p %s: expected a process number", asked->pids.items[i]);
                asked->numbers[asked->n_numbers++] = (int32_t)pid;
        }
        for (size_t i = 0; i < asked->names.n; i++)
                string_add_format(&joined, "%s(?:%s)", i ? "|" : "", asked->names.items[i]);
        if (joined.failed)
                return error_set(err, ENOMEM, "out of memory");
        if (asked->names.n > 0 && regex_new(string_get(&joined), &asked->regex, err) < 0)
                return error_prefix(err, -EINVAL, "leak: -n");
        asked->options.wanted = is_wanted;
        asked->options.data = asked;
        return 0;
}

void leak_asked_done(LeakAsked *asked)
{
        text_list_done(&asked->names);
        text_list_done(&asked->pids);
        free(asked->numbers);
        asked->regex = regex_free(asked->regex);
}

int leak_source_finish(LeakSource *source)
{
        return source->threads ? leak_threads_finish(source->threads, &source->groups, &source->n_groups) : 0;
}

void leak_source_done(LeakSource *source)
{
        source->threads = leak_threads_free(source->threads);
        string_done(&source->name);
}

typedef struct Reading {
        LeakFinder *finder;
        const char *table;
} Reading;

static int observe(const Batch *rows, void *data)
{
        const Reading *reading = data;

        return leak_finder_observe(reading->finder, reading->table, rows) < 0 ? -ENOMEM : 0;
}

static int observe_threads(const Batch *rows, void *threads)
{
        return leak_threads_observe(threads, rows) < 0 ? -ENOMEM : 0;
}

int leak_read_run(const char *name, LeakAsked *asked, LeakSource *source, LeakFinder **ret, Error *err)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        _cleanup_(leak_finder_freep) LeakFinder *finder = NULL;
        int r = run_reader_open_named(name, &reader, err);

        if (r < 0)
                return r;
        const RunInfo *info = run_reader_info(reader);
        asked->options.hold_ns = leak_hold_ns(info->interval_ns);
        asked->options.of_command = info->command != NULL;
        if (leak_finder_new(&asked->options, &finder) < 0)
                return error_set(err, ENOMEM, "out of memory");
        for (const char *const *table = leak_finder_tables; r == 0 && *table; table++) {
                Reading reading = {finder, *table};
                r = run_reader_each(reader, *table, leak_finder_columns(*table), observe, &reading, err);
                if (r < 0 && !text_equal(*table, "processes") && !text_equal(*table, "samples") && r != -ENOMEM) {
                        log_warning("%s", err->message); /* how much room there is, is not known then */
                        r = 0;
                }
        }
        if (r == 0 && run_reader_has(reader, "threads")) {
                r = leak_threads_new(&source->threads);
                r = r < 0 ? error_set(err, r, "out of memory")
                          : run_reader_each(reader, "threads", leak_thread_columns, observe_threads, source->threads, err);
        }
        if (r < 0)
                return r;
        string_add(&source->name, info->id ? info->id : name);
        source->recording = run_reader_recording(reader);
        source->partial = info->partial;
        source->end_ns = info->wall_ns == RUN_UNKNOWN ? INT64_MIN : (int64_t)MIN(info->wall_ns, (uint64_t)INT64_MAX / 4);
        *ret = TAKE(finder);
        return 0;
}
