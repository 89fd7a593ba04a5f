/* From a run's table to the text of kdevops' monitor. */
#include "app/export-folio-migration.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/macros.h"
#include "base/text.h"
#include "export/folio-migration.h"
#include "export/held-table.h"
#include "export/output-file.h"
#include "export/table-copy.h"

const char *export_folio_migration_table(RunReader *reader, const char *named, Error *err)
{
        static const char *const usual[] = {"folio_migration", "migrate"};

        if (named)
                return named;
        for (size_t i = 0; i < ARRAY_LENGTH(usual); i++)
                if (run_reader_has(reader, usual[i]))
                        return usual[i];
        error_set(err, ENOENT, "the run has no table folio_migration or migrate; record one with "
                               "--preset kdevops or -m migrate, or name another with --table");
        return NULL;
}

static int name_file(RunReader *reader, const char *output, String *path, Error *err)
{
        struct stat st;
        bool there = stat(output, &st) == 0;

        string_add(path, output);
        if (there ? S_ISDIR(st.st_mode) : !text_ends_with(output, ".txt") && !text_equal(output, "-")) {
                int r = directory_make(output, 0755);
                if (r < 0)
                        return error_set_errno(err, r, "%s", output);
                if (!text_ends_with(output, "/"))
                        string_add_char(path, '/');
                folio_migration_file_name(run_reader_info(reader)->host, path);
        }
        return path->failed ? error_set(err, ENOMEM, "out of memory") : 0;
}

static int copy(TableReader *from, Sink *to, Error *err)
{
        const Batch *rows;
        int r;

        while ((r = table_reader_next(from, &rows, err)) > 0) {
                r = sink_write(to, rows, err);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sink_flush(to, err);
}

int export_folio_migration(RunReader *reader, const char *table, const char *output, Error *err)
{
        _cleanup_(table_reader_freep) TableReader *from = NULL;
        _cleanup_(output_file_done) OutputFile file = {.fd = -1};
        _cleanup_(sink_freep) Sink *to = NULL;
        _cleanup_string_ String path = {0};
        int r = name_file(reader, output ? output : "-", &path, err);

        if (r == 0)
                r = run_table_reader_new(reader, table, &from, err);
        if (r == 0)
                r = output_file_open(&file, string_get(&path), err);
        if (r == 0)
                r = folio_migration_writer_new(file.fd, table_reader_schema(from),
                                               held_interval_ns(run_reader_info(reader), table), &to, err);
        if (r == 0)
                r = copy(from, to, err);
        return r < 0 ? r : output_file_commit(&file, err);
}
