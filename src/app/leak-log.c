/* Logs of other tools as a source: no run is made of them. */
#include <errno.h>

#include "app/leak-command.h"
#include "app/log-files.h"

typedef struct LeakLogRows {
        LeakFinder *finder;
        LeakThreads *threads;
} LeakLogRows;

static int observe(const char *table, const Batch *rows, void *data)
{
        const LeakLogRows *to = data;

        if (text_equal(table, "threads"))
                return leak_threads_observe(to->threads, rows);
        return leak_finder_observe(to->finder, table, rows);
}

int leak_read_logs(char *const *words, size_t n, LeakAsked *asked, LeakSource *source, LeakFinder **ret, Error *err)
{
        _cleanup_(leak_finder_freep) LeakFinder *finder = NULL;
        MemoryLog log;
        int r = log_files_read(words, n, &log, &source->name, err);

        if (r < 0)
                return r;
        asked->options.hold_ns = 0; /* each row is what was seen then */
        if (leak_finder_new(&asked->options, &finder) < 0 || leak_threads_new(&source->threads) < 0 ||
            memory_log_tables(&log, observe, &(LeakLogRows){finder, source->threads}) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        source->is_log = true;
        source->bad_rows = log.bad;
        source->end_ns = memory_log_end_ns(&log) - memory_log_start_ns(&log);
        memory_log_done(&log);
        if (r == 0)
                *ret = TAKE(finder);
        return r;
}
