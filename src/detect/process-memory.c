/* Processes with much of the machine's memory: the heaviest, and how many more. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/things.h"

static const char *const process_columns[] = {"process", "pid", "comm", "cmdline", "category", "start_ns", "peak_rss_bytes",
                                              "peak_pss_bytes", NULL};
static const char *const sample_columns[] = {"t_ns", "process", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes", NULL};

static const DetectTable tables[] = {
        {"processes", process_columns, false},
        {"samples", sample_columns, false},
        {NULL},
};

enum { HEAVY_MAX = 4, SEEN_MAX = 64, COMMAND_MAX = 160 };

typedef struct Heavy {
        uint64_t key, bytes;
        int64_t start_ns;
        int32_t pid;
        char *command; /* owned; may be NULL */
        char name[32];
} Heavy;

typedef struct Seen { /* in samples: when most */
        uint64_t key, bytes;
        int64_t t_ns;
} Seen;

typedef struct ProcessMemory {
        Heavy heavy[HEAVY_MAX]; /* the heaviest first */
        size_t n_heavy, n_over;
        Seen seen[SEEN_MAX];
        size_t n_seen;
} ProcessMemory;

/* ---- rows ---- */

static uint64_t threshold_bytes(const DetectContext *context)
{
        return context->facts.memory_bytes == DETECT_UNKNOWN || context->facts.memory_bytes == 0
                       ? UINT64_MAX
                       : (uint64_t)((double)context->facts.memory_bytes * context->thresholds.process_memory_ratio);
}

static int keep(ProcessMemory *m, const Heavy *heavy, const char *command, size_t size)
{
        size_t k = m->n_heavy;

        while (k > 0 && m->heavy[k - 1].bytes < heavy->bytes)
                k--;
        if (k == HEAVY_MAX)
                return 0;
        char *copy = size > 0 ? strndup(command, MIN(size, (size_t)COMMAND_MAX)) : NULL;
        if (size > 0 && !copy)
                return -ENOMEM;
        if (m->n_heavy == HEAVY_MAX)
                free(m->heavy[--m->n_heavy].command);
        memmove(&m->heavy[k + 1], &m->heavy[k], (m->n_heavy - k) * sizeof *m->heavy);
        m->heavy[k] = *heavy;
        m->heavy[k].command = copy;
        m->n_heavy++;
        return 0;
}

static int observe_processes(ProcessMemory *m, uint64_t least, const Batch *rows)
{
        Cells key = cells_find(rows, "process"), pid = cells_find(rows, "pid"), comm = cells_find(rows, "comm"),
              cmdline = cells_find(rows, "cmdline"), start = cells_find(rows, "start_ns"),
              rss = cells_find(rows, "peak_rss_bytes"), pss = cells_find(rows, "peak_pss_bytes");
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                Heavy h = {.pid = -1, .start_ns = FINDING_NO_TIME};
                double n;
                if ((!cells_get(rss, row, &h.bytes) && !cells_get(pss, row, &h.bytes)) || h.bytes <= least)
                        continue;
                m->n_over++;
                h.key = cells_or(key, row, 0);
                if (row_number(rows, pid, row, &n) && n > 0 && n <= INT32_MAX)
                        h.pid = (int32_t)n;
                row_time(rows, start, row, &h.start_ns);
                size_t size, name_size;
                const char *name = row_text(rows, comm, row, &name_size), *command = row_text(rows, cmdline, row, &size);
                memcpy(h.name, name, MIN(name_size, sizeof h.name - 1));
                r = keep(m, &h, command, size);
        }
        return r;
}

static void observe_samples(ProcessMemory *m, uint64_t least, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), key = cells_find(rows, "process"), anon = cells_find(rows, "rss_anon_bytes"),
              file = cells_find(rows, "rss_file_bytes"), shmem = cells_find(rows, "rss_shmem_bytes");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t process, bytes = cells_or(anon, row, 0);
                int64_t t_ns;
                if (__builtin_add_overflow(bytes, cells_or(file, row, 0), &bytes) ||
                    __builtin_add_overflow(bytes, cells_or(shmem, row, 0), &bytes) || bytes <= least / 2 ||
                    !cells_get(key, row, &process) || !row_time(rows, at, row, &t_ns))
                        continue;
                size_t i = 0, lightest = 0;
                for (; i < m->n_seen && m->seen[i].key != process; i++)
                        if (m->seen[i].bytes < m->seen[lightest].bytes)
                                lightest = i;
                if (i == m->n_seen && m->n_seen < SEEN_MAX)
                        m->seen[m->n_seen++] = (Seen){process, bytes, t_ns};
                else if (i == m->n_seen && m->seen[lightest].bytes < bytes)
                        m->seen[lightest] = (Seen){process, bytes, t_ns};
                else if (i < m->n_seen && m->seen[i].bytes < bytes)
                        m->seen[i] = (Seen){process, bytes, t_ns};
        }
}

static int process_memory_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        uint64_t least = threshold_bytes(context);

        if (text_equal(table, "processes"))
                return observe_processes(state, least, rows);
        observe_samples(state, least, rows);
        return 0;
}

/* ---- words ---- */

static int64_t when(const ProcessMemory *m, const Heavy *h)
{
        for (size_t i = 0; h->key != 0 && i < m->n_seen; i++)
                if (m->seen[i].key == h->key && m->seen[i].bytes >= h->bytes / 2)
                        return m->seen[i].t_ns;
        return FINDING_NO_TIME;
}

static const char *name_of(const Heavy *h)
{
        return h->name[0] ? h->name : "a process";
}

static int process_memory_finish(void *state, const DetectContext *context, Findings *out)
{
        const ProcessMemory *m = state;
        const Heavy *h = &m->heavy[0];
        char bytes[FORMAT_MAX], all[FORMAT_MAX], share[FORMAT_MAX], n[FORMAT_MAX];
        _cleanup_string_ String evidence = {0};

        if (m->n_heavy == 0)
                return 0;
        Finding *f = findings_raise(out, "process-memory", NULL, SEVERITY_INFO, SURE_CERTAIN, when(m, h));
        if (!f)
                return 0;
        f->process = h->key;
        f->pid = h->pid;
        finding_title(f, "one process, %s, took %s of memory: %s", name_of(h),
                      format_percent(share, (double)h->bytes / (double)context->facts.memory_bytes), format_bytes(bytes, h->bytes));
        string_add_format(&evidence, "of %s; pid %d", format_bytes(all, context->facts.memory_bytes), h->pid);
        if (h->command)
                string_add_format(&evidence, ": %s", h->command);
        for (size_t i = 1; i < m->n_heavy; i++)
                string_add_format(&evidence, "%s%s %s", i == 1 ? "; then " : ", ", name_of(&m->heavy[i]),
                                  format_bytes(bytes, m->heavy[i].bytes));
        if (m->n_over > m->n_heavy)
                string_add_format(&evidence, " and %s more over %s", format_count(n, m->n_over - m->n_heavy),
                                  format_percent(share, context->thresholds.process_memory_ratio));
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "so much at once bounds how many such jobs fit beside each other");
        return evidence.failed ? -ENOMEM : 0;
}

static void process_memory_done(void *state)
{
        ProcessMemory *m = state;

        for (size_t i = 0; i < m->n_heavy; i++)
                free(m->heavy[i].command);
}

const Detector detector_process_memory = {
        .name = "process-memory",
        .tables = tables,
        .state_size = sizeof(ProcessMemory),
        .observe = process_memory_observe,
        .finish = process_memory_finish,
        .done = process_memory_done,
};
