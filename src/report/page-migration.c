/* Folio migration of a run beside others: calls and successes since its first sample. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/migration-series.h"
#include "report/page-internal.h"

static const char *table_of(RunReader *reader)
{
        for (const char *const *usual = migration_tables; *usual; usual++)
                for (const char *const *name = run_reader_tables(reader); name && *name; name++)
                        if (text_equal(*name, *usual))
                                return *name;
        return NULL;
}

/* A table that is damaged is told as far as it can be read. */
static int read_table(RunReader *reader, const char *name, MigrationSeries *series)
{
        _cleanup_(run_cursor_freep) RunCursor *cursor = NULL;
        const Batch *rows;
        int r = run_cursor_new(reader, name, NULL, &cursor, NULL);

        while (r >= 0 && (r = run_cursor_next(cursor, &rows, NULL)) > 0)
                migration_series_observe(series, rows);
        return r == -ENOMEM ? r : 0;
}

/* So many of the points, evenly, the last one among them. */
static size_t pick(const MigrationSeries *s, size_t most, size_t nth)
{
        return s->n <= most ? nth : nth * (s->n - 1) / (most - 1);
}

static size_t add_column(PageMaker *page, const MigrationSeries *s, size_t n, size_t offset, double step, double *scratch)
{
        for (size_t i = 0; i < n; i++)
                memcpy(&scratch[i], (const char *)&s->points[pick(s, n, i)] + offset, sizeof *scratch);
        return page_sections_add(&page->sections, scratch, n, step);
}

static int write_points(PageMaker *page, const char *name, const MigrationSeries *s)
{
        size_t n = MIN(s->n, page->extent.buckets);
        _cleanup_free_ double *scratch = calloc(n + 1, sizeof *scratch);

        if (!scratch)
                return -ENOMEM;
        string_add(&page->json, "\"migration\":{\"table\":");
        page_add_text(&page->json, name);
        string_add_format(&page->json, ",\"t\":%zu", add_column(page, s, n, offsetof(MigrationPoint, t_s), 1e-6, scratch));
        string_add_format(&page->json, ",\"success\":%zu",
                          add_column(page, s, n, offsetof(MigrationPoint, success), 1, scratch));
        string_add_format(&page->json, ",\"calls\":%zu},", add_column(page, s, n, offsetof(MigrationPoint, calls), 1, scratch));
        return page->sections.error;
}

int page_write_migration(PageMaker *page)
{
        const char *name = table_of(page->reader);
        MigrationSeries series = {0};
        int r = 0;

        if (name && (!page->extent.table || page->extent.table(name, page->extent.data))) {
                r = migration_series_init(&series);
                if (r == 0)
                        r = read_table(page->reader, name, &series);
        }
        if (r == 0 && series.n >= 2 && series.calls > 0)
                r = write_points(page, name, &series);
        else
                string_add(&page->json, "\"migration\":null,");
        migration_series_done(&series);
        return r;
}
