/* One reading of the table of processes, keeping a short list in order. */
#include "app/plot-processes.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/macros.h"

static const char *const columns[] = {"process", "pid", "comm", "cmdline", "end_ns", "peak_rss_bytes", "peak_pss_bytes",
                                      NULL};
enum { PROCESS, PID, COMM, CMDLINE, END_NS, PEAK_RSS, PEAK_PSS };

static const char prefix[] = "process ";

bool plot_is_of_processes(const Schema *schema)
{
        int at = schema_find(schema, "process");

        return at >= 0 && schema->columns[at].role == ROLE_KEY && schema->columns[at].type == COLUMN_U64;
}

static bool has_key(const PlotRequest *request, const Batch *rows, size_t row, size_t column)
{
        size_t size;
        const char *text = batch_text(rows, column, row, &size);

        for (size_t i = 0; i < request->keys.n; i++)
                if (memmem(text, size, request->keys.items[i], strlen(request->keys.items[i])))
                        return true;
        return request->keys.n == 0;
}

static void keep(ShownProcesses *shown, size_t most, const ShownProcess *process)
{
        size_t at = MIN(shown->n, most);

        shown->matching++;
        while (at > 0 && shown->items[at - 1].peak_bytes < process->peak_bytes)
                at--;
        if (at >= most)
                return;
        shown->n = MIN(shown->n + 1, most);
        memmove(&shown->items[at + 1], &shown->items[at], (shown->n - at - 1) * sizeof *shown->items);
        shown->items[at] = *process;
}

typedef struct Choosing {
        const PlotRequest *request;
        ShownProcesses *shown;
} Choosing;

static int observe(const Batch *rows, void *data)
{
        const Choosing *c = data;

        for (size_t row = 0; row < batch_rows(rows); row++) {
                size_t size;
                if (batch_is_null(rows, PROCESS, row) ||
                    !(has_key(c->request, rows, row, COMM) || has_key(c->request, rows, row, CMDLINE)))
                        continue;
                ShownProcess p = {
                        .key = batch_u64(rows, PROCESS, row),
                        .peak_bytes = batch_u64(rows, batch_is_null(rows, PEAK_RSS, row) ? PEAK_PSS : PEAK_RSS, row),
                        .pid = (int32_t)batch_i64(rows, PID, row),
                        .end_ns = batch_is_null(rows, END_NS, row) ? INT64_MAX : batch_i64(rows, END_NS, row),
                };
                const char *comm = batch_text(rows, COMM, row, &size);
                size = MIN(size, sizeof p.name - 1);
                memcpy(p.name, comm, size);
                p.name[size] = '\0';
                keep(c->shown, MIN(c->request->top, (size_t)PLOT_TOP_MOST), &p);
        }
        return 0;
}

int plot_choose_processes(const PlotRequest *request, PlotRun *run, ShownProcesses *ret, Error *err)
{
        Choosing choosing = {request, ret};

        *ret = (ShownProcesses){0};
        return run_reader_each(run->reader, "processes", columns, observe, &choosing, err);
}

const ShownProcess *plot_process_of(const ShownProcesses *shown, const char *thing)
{
        const char *digits = thing + strlen(prefix);
        uint64_t key;

        if (!text_starts_with(thing, prefix) || parse_u64(digits, strspn(digits, "0123456789"), &key) < 0)
                return NULL;
        for (size_t i = 0; i < shown->n; i++)
                if (shown->items[i].key == key)
                        return &shown->items[i];
        return NULL;
}
