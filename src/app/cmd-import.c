/* `vigia import FILE…`: logs of other tools become a run, which every other command reads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/log-files.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "store/run.h"

enum { TABLES = 4, MEMORY_BYTES = 64 << 20 };

typedef struct Import {
        const char *output, *label;
        MemoryLog log;
        String names;
        RunStore *store;
        Sink *sinks[TABLES]; /* of memory_log_schemas; made when the first row is there */
        char *path, *id;
        Error *err;
} Import;

static int write_rows(const char *table, const Batch *rows, void *data)
{
        Import *i = data;
        size_t at = 0;

        while (!text_equal(memory_log_schemas[at]->table, table))
                at++;
        int r = i->sinks[at] ? 0 : run_store_add_table(i->store, memory_log_schemas[at], &i->sinks[at], i->err);
        if (r == 0)
                r = sink_write(i->sinks[at], rows, i->err);
        return r < 0 ? r : run_store_sync(i->store, i->err);
}

/* What run.json says: of the machine that was watched nothing is known. */
static int write_info(const Import *i, Error *err)
{
        _cleanup_close_ int fd = open(i->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_string_ String scope = {0};
        RunInfo info;

        if (fd < 0)
                return error_set_errno(err, errno, "%s", i->path);
        string_add_format(&scope, "imported from %s", string_get(&i->names));
        run_info_init(&info);
        info.format = RUN_FORMAT;
        info.id = strdup(i->id);
        info.label = strdup(i->label);
        info.vigia_version = strdup(VIGIA_VERSION);
        info.scope = string_take(&scope);
        info.start_realtime_ns = memory_log_start_ns(&i->log);
        info.end_realtime_ns = memory_log_end_ns(&i->log);
        info.wall_ns = (uint64_t)(info.end_realtime_ns - info.start_realtime_ns);
        info.interval_ns = i->log.interval_ns;
        info.processes = i->log.n_processes;
        info.partial = true;
        info.complete = true;
        int r = 0;
        if (!info.id || !info.label || !info.vigia_version || !info.scope)
                r = error_set(err, ENOMEM, "out of memory");
        if (r == 0 && i->log.bad > 0)
                r = run_info_add_warning(&info, "%llu rows of the log could not be read", (unsigned long long)i->log.bad);
        if (r == 0)
                r = run_info_write(&info, fd, err);
        run_info_done(&info);
        return r;
}

static int make_run(Import *i, Error *err)
{
        RunStoreOptions options = {.codec = PARQUET_ZSTD, .memory_bytes = MEMORY_BYTES};
        int r = run_make_directory(i->output, i->label, memory_log_start_ns(&i->log), &i->path, &i->id, err);

        if (r < 0)
                return r;
        if (!parquet_codec_available(options.codec))
                options.codec = PARQUET_NONE;
        options.id = i->id;
        i->err = err;
        r = run_store_new(i->path, &options, &i->store, err);
        if (r == 0)
                r = memory_log_tables(&i->log, write_rows, i);
        if (r == 0)
                r = run_store_finish(i->store, err);
        return r < 0 ? r : write_info(i, err);
}

static int import(Import *i, char *const *words, size_t n)
{
        Error err = {0};
        char rows[FORMAT_MAX], processes[FORMAT_MAX];
        int r = log_files_read(words, n, &i->log, &i->names, &err), code = EXIT_USAGE;

        if (r == 0) {
                r = make_run(i, &err);
                code = EXIT_CANNOT;
                if (r == 0) {
                        log_info("%s rows of %s processes", format_count(rows, i->log.good),
                                 format_count(processes, i->log.n_processes));
                        printf("%s\n", i->path);
                }
                memory_log_done(&i->log);
        }
        if (r < 0)
                log_error("%s", err.message[0] ? err.message : strerror(-r));
        return r < 0 ? code : fflush(stdout) != 0 ? EXIT_CANNOT : EXIT_FINE;
}

static int run_import(const Command *command, int argc, char **argv)
{
        Import i = {.label = "import"};
        const Option options[] = {
                {'o', "output", "DIR", "the run directory", OPTION_TEXT, &i.output},
                {'l', "label", "TEXT", "name of the run (default: import)", OPTION_TEXT, &i.label},
        };
        _cleanup_free_ char **words = NULL;
        size_t n = 0;
        Error err = {0};
        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n, &err);

        if (r == 0 && n == 0)
                r = error_set(&err, EINVAL, "import: expected files, or a pattern of some");
        if (r != 0)
                return r > 0 ? EXIT_FINE : usage_error(command, &err);
        r = import(&i, words, n);
        run_store_free(i.store);
        string_done(&i.names);
        free(i.path);
        free(i.id);
        return r;
}

const Command command_import = {
        .name = "import",
        .summary = "make a run of other tools' logs",
        .usage = "[-o DIR] [-l TEXT] FILE…",
        .details = "Logs of memory as CSV: Timestamp,Process_ID,Memory_MB,CPU_%,Status; of the\n"
                   "machine: Timestamp,Total_MB,…,Available_MB,…; of threads: timestamp,pid,\n"
                   "thread_id,…,memory_mb,…. Several files become one run, whose path is printed.",
        .run = run_import,
};
