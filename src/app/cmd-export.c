/* `vigia export RUN`: a run as files that other programs read: its tables, or one of it all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/compression.h"
#include "app/export-folio-migration.h"
#include "app/export-nixos-csv.h"
#include "app/export-run.h"
#include "app/export-summary-log.h"
#include "app/progress.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "export/table-copy.h"

#define FORMATS "csv, json, parquet, perfetto, folded, nixos-csv, memory-log, folio-migration or summary.log"

typedef enum ExportKind {
        EXPORT_TABLES,
        EXPORT_FOLIO_MIGRATION, /* the text of kdevops' monitor: one table, no table's format */
        EXPORT_SUMMARY_LOG,     /* of MyMonitor, and these: of the run, not of a table */
        EXPORT_PERFETTO,
        EXPORT_FOLDED,
        EXPORT_NIXOS_CSV,  /* monitor-rebuild's files */
        EXPORT_MEMORY_LOG, /* the memory guide's */
} ExportKind;

typedef struct Export {
        const Command *command;
        RunReader *reader;
        const char *output;
        TextList tables;
        TableCopy copy;
        ExportKind kind;
        FoldedWeight weight;
        uint64_t interval_ns; /* 0: the format's own */
        ParquetKeyValue metadata[2];
} Export;

static int check_tables(Export *e, Error *err)
{
        for (size_t i = 0; i < e->tables.n; i++) {
                _cleanup_string_ String there = {0};
                if (run_reader_has(e->reader, e->tables.items[i]))
                        continue;
                for (const char *const *t = run_reader_tables(e->reader); t && *t; t++)
                        string_add_format(&there, "%s%s", there.size ? ", " : "", *t);
                return error_set(err, ENOENT, "the run has no table %s; it has %s", e->tables.items[i],
                                 there.size ? string_get(&there) : "none");
        }
        return 0;
}

static int export_table(Export *e, const char *table, const char *path, Error *err)
{
        _cleanup_(table_reader_freep) TableReader *from = NULL;
        Progress progress;
        int r = run_table_reader_new(e->reader, table, &from, err);

        if (r < 0)
                return r;
        progress_begin(&progress, table);
        e->copy.progress = progress_rows;
        e->copy.progress_data = &progress;
        r = table_copy(&e->copy, from, path, err);
        progress_end(&progress);
        return r;
}

static int export_folder(Export *e, const char *const *tables, size_t n, Error *err)
{
        int r = directory_make(e->output, 0755);

        if (r < 0)
                return error_set_errno(err, r, "%s", e->output);
        for (size_t i = 0; r == 0 && i < n; i++) {
                _cleanup_string_ String path = {0};
                string_add_format(&path, "%s/%s%s", e->output, tables[i],
                                  table_format_extension(e->copy.format));
                if (path.failed)
                        return error_set(err, ENOMEM, "out of memory");
                r = export_table(e, tables[i], string_get(&path), err);
        }
        return r;
}

/* One table goes to a file or to stdout, more than one to a folder. */
static int export_all(Export *e, Error *err)
{
        const char *const *tables = e->tables.n ? e->tables.items : run_reader_tables(e->reader);
        struct stat st;
        TableFormat unused;
        size_t n = 0;

        while (tables && tables[n])
                n++;
        bool folder = e->output && !text_equal(e->output, "-") &&
                      ((stat(e->output, &st) == 0 && S_ISDIR(st.st_mode)) || e->tables.n != 1 ||
                       table_format_of_path(e->output, &unused) < 0);
        if (folder)
                return export_folder(e, tables, n, err);
        if (e->tables.n != 1)
                return error_set(err, EINVAL,
                                 "export: more than one table; expected -o FOLDER, or one --table");
        if (!e->output && e->copy.format == FORMAT_PARQUET && isatty(STDOUT_FILENO))
                return error_set(err, EINVAL, "export: parquet is not for a terminal; expected -o FILE");
        return export_table(e, tables[0], e->output ? e->output : "-", err);
}

static int export_as_asked(Export *e, Error *err)
{
        const char *named = e->tables.n ? e->tables.items[0] : NULL;

        switch (e->kind) {
        case EXPORT_SUMMARY_LOG:
                return export_summary_log(e->reader, e->output, err);
        case EXPORT_PERFETTO:
                return export_perfetto(e->reader, e->output, err);
        case EXPORT_FOLDED:
                return export_folded(e->reader, e->weight, e->output, err);
        case EXPORT_NIXOS_CSV:
                return export_nixos_csv(e->reader, e->output, e->interval_ns, err);
        case EXPORT_MEMORY_LOG:
                return export_memory_log(e->reader, e->output, e->interval_ns, err);
        case EXPORT_FOLIO_MIGRATION:
                return export_folio_migration(e->reader, export_folio_migration_table(e->reader, named, err),
                                              e->output, err);
        default:
                return export_all(e, err);
        }
}

static int open_and_export(Export *e, const char *name)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        Error err = {0};
        int r = run_reader_open_named(name, &reader, &err);

        if (r == 0) {
                e->reader = reader;
                r = check_tables(e, &err);
                if (r == 0 && e->kind == EXPORT_FOLIO_MIGRATION && e->tables.n == 0 &&
                    !export_folio_migration_table(reader, NULL, &err))
                        r = -ENOENT;
        }
        if (r < 0) {
                log_error("%s", err.message);
                return EXIT_USAGE;
        }
        const RunInfo *info = run_reader_info(reader);
        if (info->id)
                e->metadata[e->copy.parquet.n_metadata++] = (ParquetKeyValue){"vigia.run", info->id};
        if (info->host)
                e->metadata[e->copy.parquet.n_metadata++] = (ParquetKeyValue){"vigia.host", info->host};
        e->copy.parquet.metadata = e->metadata;
        r = export_as_asked(e, &err);
        if (r == -EINVAL && !e->copy.output_failed)
                return usage_error(e->command, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return r == -EBADMSG && !e->copy.output_failed ? EXIT_USAGE : EXIT_CANNOT;
        }
        return EXIT_FINE;
}

/* What can be said of a format before a run is opened. */
static int parse_format(Export *e, const char *to, Error *err)
{
        static const struct {
                const char *name;
                ExportKind kind;
        } kinds[] = {{"folio-migration", EXPORT_FOLIO_MIGRATION},
                     {"summary.log", EXPORT_SUMMARY_LOG},
                     {"summary-log", EXPORT_SUMMARY_LOG},
                     {"perfetto", EXPORT_PERFETTO},
                     {"chrome", EXPORT_PERFETTO},
                     {"folded", EXPORT_FOLDED},
                     {"nixos-csv", EXPORT_NIXOS_CSV},
                     {"memory-log", EXPORT_MEMORY_LOG}};

        if (!to)
                return error_set(err, EINVAL, "export: expected --to " FORMATS);
        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
                if (text_equal(to, kinds[i].name))
                        e->kind = kinds[i].kind;
        if (e->kind == EXPORT_TABLES && table_format_parse(to, &e->copy.format) < 0)
                return error_set(err, EINVAL, "export: --to %s: expected " FORMATS, to);
        if (e->kind == EXPORT_FOLIO_MIGRATION && e->tables.n > 1)
                return error_set(err, EINVAL, "export: folio-migration is one table; expected one --table");
        if (e->kind > EXPORT_FOLIO_MIGRATION && e->tables.n > 0)
                return error_set(err, EINVAL, "export: %s is of the whole run; expected no --table", to);
        if (e->kind == EXPORT_NIXOS_CSV && (!e->output || text_equal(e->output, "-")))
                return error_set(err, EINVAL, "export: nixos-csv is many files; expected -o FOLDER");
        if (e->interval_ns > 0 && e->kind != EXPORT_NIXOS_CSV && e->kind != EXPORT_MEMORY_LOG)
                return error_set(err, EINVAL, "export: --interval goes with --to nixos-csv and --to memory-log");
        if (e->interval_ns > 0 && e->interval_ns < 10 * NS_PER_MS)
                return error_set(err, EINVAL, "export: --interval: expected 10ms or more");
        return 0;
}

static int parse_weight(Export *e, const char *by, Error *err)
{
        if (!by)
                return 0;
        if (e->kind != EXPORT_FOLDED)
                return error_set(err, EINVAL, "export: --by goes with --to folded");
        if (!text_equal(by, "cpu") && !text_equal(by, "memory"))
                return error_set(err, EINVAL, "export: --by %s: expected cpu or memory", by);
        e->weight = text_equal(by, "memory") ? FOLDED_MEMORY : FOLDED_CPU;
        return 0;
}

static int run_export(const Command *command, int argc, char **argv)
{
        Export e = {.command = command};
        const char *to = NULL, *compression = NULL, *by = NULL;
        const Option options[] = {
                {0, "to", "FORMAT", "csv, json, parquet; perfetto, folded; see below", OPTION_TEXT, &to},
                {'o', "output", "PATH", "a folder; of one table or the run a file, or -",
                 OPTION_TEXT, &e.output},
                {0, "table", "NAME", "only this table; may be given again", OPTION_LIST, &e.tables},
                {0, "by", "WHAT", "folded: cpu (the default) or memory", OPTION_TEXT, &by},
                {'i', "interval", "TIME", "of nixos-csv (2s) and memory-log (5s): a row", OPTION_DURATION, &e.interval_ns},
                {0, "compression", "NAME", COMPRESSION_HELP, OPTION_TEXT, &compression},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words,
                              &n_words, &err);
        if (r == 0 && n_words != 1)
                r = error_set(&err, EINVAL, "export: expected one RUN: a path, an id, or last");
        if (r == 0)
                r = parse_format(&e, to, &err);
        if (r == 0)
                r = parse_weight(&e, by, &err);
        if (r == 0)
                r = compression_parse("export", compression, e.copy.format, &e.copy.parquet, &err);
        int code = r > 0   ? EXIT_FINE
                   : r < 0 ? usage_error(command, &err)
                           : open_and_export(&e, words[0]);
        text_list_done(&e.tables);
        return code;
}

const Command command_export = {
        .name = "export",
        .summary = "write a run as csv, json, parquet, a trace or folded stacks",
        .usage = "RUN --to FORMAT [-o PATH] [--table NAME]…",
        .details = "RUN is a path, an id, the unique beginning of an id, or \"last\". All tables go\n"
                   "into a folder; one table goes to a file or to stdout:\n\n"
                   "  vigia export last --to csv -o tables\n"
                   "  vigia export last --to json --table processes | head -n 1\n\n"
                   "Of the whole run, to a file or to stdout:\n\n"
                   "  perfetto         Chrome trace events for ui.perfetto.dev: processes, counters,\n"
                   "                   events, findings\n"
                   "  folded           folded stacks for flame graphs: the tree of processes by CPU\n"
                   "                   time in microseconds; --by memory: by their peaks in bytes\n"
                   "  nixos-csv        monitor-rebuild's ten CSV files and its logs: -o FOLDER\n"
                   "  memory-log       the memory guide's CSV: memory and CPU of each process\n"
                   "  folio-migration  the text that kdevops keeps, of every sample\n"
                   "  summary.log      MyMonitor's: duration, peak, and the peak of each category",
        .run = run_export,
};
