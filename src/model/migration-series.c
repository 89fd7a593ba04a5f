/* Sums are kept row by row, so that leaving rows out costs steps of time, and no call. */
#include "model/migration-series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *const migration_tables[] = {"folio_migration", "migrate", NULL};

int migration_series_init(MigrationSeries *s)
{
        *s = (MigrationSeries){.every = 1};
        s->points = calloc(MIGRATION_POINTS_MAX, sizeof *s->points);
        return s->points ? 0 : -ENOMEM;
}

void migration_series_done(MigrationSeries *s)
{
        free(s->points);
        *s = (MigrationSeries){0};
}

/* Under headings a table has a column of the name for each; they add up. */
static double sum_of(const Batch *rows, size_t row, const char *name)
{
        const Schema *schema = batch_schema(rows);
        double sum = NAN;
        size_t size = strlen(name);

        for (size_t i = 0; i < schema->n_columns; i++) {
                const char *column = schema->columns[i].name;
                size_t length = strlen(column);
                bool is = text_equal(column, name) ||
                          (length > size && column[length - size - 1] == '_' && text_equal(column + length - size, name));
                if (is && schema->columns[i].role != ROLE_KEY && schema->columns[i].type != COLUMN_TEXT &&
                    !batch_is_null(rows, i, row))
                        sum = (isnan(sum) ? 0 : sum) + batch_f64(rows, i, row);
        }
        return sum;
}

static double growth(double before, double now)
{
        return now >= before ? now - before : now;
}

static void thin_out(MigrationSeries *s)
{
        for (size_t i = 0; i < s->n / 2; i++)
                s->points[i] = s->points[2 * i];
        s->n /= 2;
        s->every *= 2;
}

static void take(MigrationSeries *s, MigrationPoint now)
{
        if (s->any) {
                s->success += growth(s->last.success, now.success);
                s->calls += growth(s->last.calls, now.calls);
        }
        s->last = now;
        s->any = true;
        if (s->seen++ % s->every != 0)
                return;
        if (s->n == MIGRATION_POINTS_MAX)
                thin_out(s);
        s->points[s->n++] = (MigrationPoint){now.t_s, s->success, s->calls};
}

void migration_series_observe(MigrationSeries *s, const Batch *rows)
{
        int t = schema_find(batch_schema(rows), "t_ns");

        for (size_t row = 0; t >= 0 && row < batch_rows(rows); row++) {
                if (batch_is_null(rows, (size_t)t, row))
                        continue;
                MigrationPoint p = {batch_f64(rows, (size_t)t, row) / 1e9, sum_of(rows, row, "success"),
                                    sum_of(rows, row, "total")};
                if (isnan(p.calls))
                        p.calls = sum_of(rows, row, "calls");
                if (isnan(p.calls))
                        p.calls = p.success + sum_of(rows, row, "fail");
                if (!isnan(p.success) && !isnan(p.calls) && !(s->any && p.t_s <= s->last.t_s))
                        take(s, p);
        }
}
