/* States in one piece of memory; tables and columns are asked for together. */
#include "detect/detect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detectors.h"

/* Which detectors want it: they are many, and few of them want any one table. */
typedef struct Columns {
        const char *table;
        const char *names[DETECT_COLUMNS_MAX];
        size_t n;
        bool ahead; /* somebody asks for it so */
        struct {
                uint8_t detector; /* in detectors[] */
                bool ahead;
        } readers[DETECTORS_MAX];
        size_t n_readers;
} Columns;

struct Detect {
        DetectContext context;
        void **states; /* in the order of detectors[]; NULL: it is left out */
        size_t n_detectors;
        Columns tables[DETECT_TABLES_MAX];
        size_t n_tables;
        bool was_ahead; /* tables were read ahead: not once more */
        Findings findings;
};

static const Columns *find_columns(const Detect *d, const char *table)
{
        for (size_t i = 0; i < d->n_tables; i++)
                if (text_equal(d->tables[i].table, table))
                        return &d->tables[i];
        return NULL;
}

static Columns *columns_of(Detect *d, const char *table)
{
        const Columns *known = find_columns(d, table);

        if (known)
                return &d->tables[known - d->tables];
        if (d->n_tables >= DETECT_TABLES_MAX)
                return NULL;
        d->tables[d->n_tables] = (Columns){.table = table};
        return &d->tables[d->n_tables++];
}

static void add_columns(Detect *d, size_t detector, const DetectTable *table)
{
        Columns *to = columns_of(d, table->name);

        if (!to || to->n_readers >= DETECTORS_MAX)
                return;
        to->readers[to->n_readers].detector = (uint8_t)detector;
        to->readers[to->n_readers++].ahead = table->ahead;
        for (const char *const *c = table->columns; *c; c++) {
                size_t i = 0;
                while (i < to->n && !text_equal(to->names[i], *c))
                        i++;
                if (i == to->n && to->n + 1 < DETECT_COLUMNS_MAX)
                        to->names[to->n++] = *c;
        }
        to->ahead |= table->ahead;
}

int detect_new(const DetectContext *context, Detect **ret)
{
        _cleanup_(detect_freep) Detect *d = calloc(1, sizeof *d);

        if (!d)
                return -ENOMEM;
        d->context = *context;
        while (detectors[d->n_detectors])
                d->n_detectors++;
        d->states = calloc(d->n_detectors + 1, sizeof *d->states);
        if (!d->states)
                return -ENOMEM;
        for (size_t i = 0; i < d->n_detectors; i++) {
                if (context->live && detectors[i]->afterwards)
                        continue;
                d->states[i] = calloc(1, detectors[i]->state_size + 1);
                if (!d->states[i])
                        return -ENOMEM;
                for (const DetectTable *t = detectors[i]->tables; t && t->name; t++)
                        add_columns(d, i, t);
        }
        *ret = TAKE(d);
        return 0;
}

Detect *detect_free(Detect *d)
{
        if (!d)
                return NULL;
        for (size_t i = 0; d->states && i < d->n_detectors; i++) {
                if (d->states[i] && detectors[i]->done)
                        detectors[i]->done(d->states[i]);
                free(d->states[i]);
        }
        free(d->states);
        findings_done(&d->findings);
        free(d);
        return NULL;
}

const char *detect_table(const Detect *d, size_t i, bool *ret_ahead)
{
        if (i >= d->n_tables)
                return NULL;
        *ret_ahead = d->tables[i].ahead;
        return d->tables[i].table;
}

const char *const *detect_columns(const Detect *d, const char *table)
{
        const Columns *of = find_columns(d, table);

        return of ? of->names : NULL;
}

int detect_observe(Detect *d, const char *table, const Batch *rows, bool ahead)
{
        const Columns *of = find_columns(d, table);
        int r = 0;

        if (!of || batch_rows(rows) == 0)
                return 0;
        d->was_ahead |= ahead;
        for (size_t i = 0; r == 0 && i < of->n_readers; i++) {
                const size_t reader = of->readers[i].detector;
                const bool asked = of->readers[i].ahead;
                if (ahead ? asked : !(asked && d->was_ahead))
                        r = detectors[reader]->observe(d->states[reader], &d->context, of->table, rows, &d->findings);
        }
        return r;
}

bool detect_wants_output(const Detect *d)
{
        for (size_t i = 0; i < d->n_detectors; i++)
                if (d->states[i] && detectors[i]->output)
                        return true;
        return false;
}

void detect_output(Detect *d, const char *line, size_t size)
{
        for (size_t i = 0; i < d->n_detectors; i++)
                if (d->states[i] && detectors[i]->output)
                        detectors[i]->output(d->states[i], line, MIN(size, (size_t)FINDING_TEXT_MAX));
}

void detect_set_facts(Detect *d, const DetectFacts *facts)
{
        d->context.facts = *facts;
}

int detect_finish(Detect *d)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < d->n_detectors; i++)
                if (d->states[i] && detectors[i]->finish)
                        r = detectors[i]->finish(d->states[i], &d->context, &d->findings);
        findings_sort(&d->findings);
        return r == 0 && d->findings.failed ? -ENOMEM : r;
}

Findings *detect_findings(Detect *d)
{
        return &d->findings;
}
