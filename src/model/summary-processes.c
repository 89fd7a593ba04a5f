/* Process rows: sums, groups, the heaviest, the failed, and the index that samples need. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/summary-builder.h"

const char *const summary_process_columns[] = {
        "process",  "image",      "pid",       "ppid",        "parent", "comm",   "exe",
        "cmdline",  "major",      "category",  "start_ns",    "exec_ns",        "end_ns",
        "cpu_us",   "user_us",    "system_us", "exit_code",   "exit_signal",    "peak_rss_bytes",
        "peak_pss_bytes", "peak_source", "source", NULL};

typedef struct ProcessColumns {
        Cells process, image, pid, ppid, comm, exe, cmdline, category;
        Cells start_ns, exec_ns, end_ns, cpu_us, user_us, system_us, exit_code, exit_signal;
        Cells peak_rss_bytes, peak_pss_bytes, peak_source, source;
        GroupCells group;
        LabelCells label;
        CommandRootCells root;
} ProcessColumns;

static ProcessColumns find_columns(const Batch *rows)
{
        return (ProcessColumns){
                .process = cells_find(rows, "process"),
                .image = cells_find(rows, "image"),
                .pid = cells_find(rows, "pid"),
                .ppid = cells_find(rows, "ppid"),
                .comm = cells_find(rows, "comm"),
                .exe = cells_find(rows, "exe"),
                .cmdline = cells_find(rows, "cmdline"),
                .category = cells_find(rows, "category"),
                .start_ns = cells_find(rows, "start_ns"),
                .exec_ns = cells_find(rows, "exec_ns"),
                .end_ns = cells_find(rows, "end_ns"),
                .cpu_us = cells_find(rows, "cpu_us"),
                .user_us = cells_find(rows, "user_us"),
                .system_us = cells_find(rows, "system_us"),
                .exit_code = cells_find(rows, "exit_code"),
                .exit_signal = cells_find(rows, "exit_signal"),
                .peak_rss_bytes = cells_find(rows, "peak_rss_bytes"),
                .peak_pss_bytes = cells_find(rows, "peak_pss_bytes"),
                .peak_source = cells_find(rows, "peak_source"),
                .source = cells_find(rows, "source"),
                .group = group_cells_find(rows),
                .label = label_cells_find(rows),
                .root = command_root_cells(rows),
        };
}

GroupCells group_cells_find(const Batch *rows)
{
        return (GroupCells){cells_find(rows, "comm"), cells_find(rows, "exe"), cells_find(rows, "major"),
                            cells_find(rows, "category")};
}

/* Category, else the name the program was called by, which is comm unless that is cut: people
 * say ld, sh and configure, not x86_64-linux-gnu-ld.bfd and dash. */
int summary_group_of(SummaryBuilder *b, const Batch *rows, const GroupCells *c, size_t row,
                     const Label *label, uint16_t *ret)
{
        const char *name = "", *major = NULL, *file = NULL;
        size_t size = 0, major_size = 0, file_size = 0;
        uint64_t unused;

        if (label)
                return summary_group(b, label->category, strlen(label->category), label->major,
                                     strlen(label->major), ret);
        if (cells_get(c->category, row, &unused)) {
                name = batch_text(rows, (size_t)c->category.column, row, &size);
                if (cells_get(c->major, row, &unused))
                        major = batch_text(rows, (size_t)c->major.column, row, &major_size);
                return summary_group(b, name, size, major, major_size, ret);
        }
        if (cells_get(c->comm, row, &unused))
                name = batch_text(rows, (size_t)c->comm.column, row, &size);
        if (cells_get(c->exe, row, &unused))
                file = batch_text(rows, (size_t)c->exe.column, row, &file_size);
        summary_program_name(&name, &size, file, file_size);
        return summary_group(b, name, size, NULL, 0, ret);
}

static int index_process(SummaryBuilder *b, uint64_t key, uint16_t group, uint64_t end_ns, bool ended)
{
        ProcessChunk **chunk;

        if (key / PROCESS_CHUNK >= PROCESS_CHUNKS)
                return 0;
        chunk = &b->chunks[key / PROCESS_CHUNK];
        if (!*chunk) {
                *chunk = calloc(1, sizeof **chunk);
                if (!*chunk)
                        return -ENOMEM;
        }
        uint64_t end_ms = (int64_t)end_ns > 0 ? end_ns / NS_PER_MS : 0;
        (*chunk)->group[key % PROCESS_CHUNK] = (uint16_t)(group + 1);
        (*chunk)->end_ms[key % PROCESS_CHUNK] =
                ended ? (uint32_t)MIN(end_ms, (uint64_t)END_ALIVE - 1) : END_ALIVE;
        return 0;
}

static int copy_process(const Batch *rows, const ProcessColumns *c, size_t row, const Label *label,
                        uint64_t cpu_us, SummaryProcess *to)
{
        uint64_t end_ns, start_ns;
        bool ended = cells_get(c->end_ns, row, &end_ns);
        SummaryProcess p = {
                .process = cells_or(c->process, row, 0),
                .pid = (int32_t)cells_or(c->pid, row, 0),
                .ppid = (int32_t)cells_or(c->ppid, row, 0),
                .peak_rss_bytes = cells_or(c->peak_rss_bytes, row, SUMMARY_UNKNOWN),
                .peak_pss_bytes = cells_or(c->peak_pss_bytes, row, SUMMARY_UNKNOWN),
                .cpu_us = cpu_us,
                .wall_ns = SUMMARY_UNKNOWN,
                .end_ns = ended ? (int64_t)end_ns : INT64_MAX,
                .exit_code = (int32_t)cells_or(c->exit_code, row, UINT64_MAX),
                .exit_signal = (int32_t)cells_or(c->exit_signal, row, 0),
        };
        /* since its exec: the command itself is held before it until the recorder is ready */
        bool begun = cells_get(c->exec_ns, row, &start_ns) || cells_get(c->start_ns, row, &start_ns);
        if (ended && begun && (int64_t)end_ns >= (int64_t)start_ns)
                p.wall_ns = end_ns - start_ns;
        int r = cells_copy_text(rows, c->comm, row, &p.comm);
        if (r == 0)
                r = cells_copy_text(rows, c->exe, row, &p.exe);
        if (r == 0)
                r = cells_copy_text(rows, c->cmdline, row, &p.cmdline);
        if (r == 0 && !label)
                r = cells_copy_text(rows, c->category, row, &p.category);
        if (label && !(p.category = strdup(label->category)))
                r = -ENOMEM;
        free(to->comm);
        free(to->exe);
        free(to->cmdline);
        free(to->category);
        *to = p;
        return r;
}

/* Ranks by RSS, which every source knows for every process; PSS stands in where it is all
 * there is. Of equals the first stays. */
static int keep_top(SummaryBuilder *b, const Batch *rows, const ProcessColumns *c, size_t row,
                    const Label *label, uint64_t peak, uint64_t cpu_us)
{
        Summary *s = b->summary;
        size_t least = 0;

        if (s->n_top < SUMMARY_TOP)
                return copy_process(rows, c, row, label, cpu_us, &s->top[s->n_top++]);
        uint64_t least_peak = UINT64_MAX, least_cpu = UINT64_MAX;
        for (size_t i = 0; i < s->n_top; i++) {
                const SummaryProcess *p = &s->top[i];
                uint64_t bytes = p->peak_rss_bytes != SUMMARY_UNKNOWN ? p->peak_rss_bytes
                                 : p->peak_pss_bytes != SUMMARY_UNKNOWN ? p->peak_pss_bytes : 0;
                uint64_t cpu = p->cpu_us == SUMMARY_UNKNOWN ? 0 : p->cpu_us;
                if (bytes < least_peak || (bytes == least_peak && cpu <= least_cpu)) {
                        least_peak = bytes;
                        least_cpu = cpu;
                        least = i;
                }
        }
        uint64_t cpu = cpu_us == SUMMARY_UNKNOWN ? 0 : cpu_us;
        if (peak < least_peak || (peak == least_peak && cpu <= least_cpu))
                return 0;
        return copy_process(rows, c, row, label, cpu_us, &s->top[least]);
}

static int keep_failure(SummaryBuilder *b, const Batch *rows, const ProcessColumns *c, size_t row,
                        const Label *label, uint64_t cpu_us)
{
        Summary *s = b->summary;

        if (s->n_failures == SUMMARY_FAILURES) {
                SummaryProcess oldest = s->failures[0];
                memmove(s->failures, s->failures + 1, (SUMMARY_FAILURES - 1) * sizeof *s->failures);
                s->failures[--s->n_failures] = oldest; /* its texts are freed by the copy */
        }
        return copy_process(rows, c, row, label, cpu_us, &s->failures[s->n_failures++]);
}

static void add_known(uint64_t *sum, uint64_t value)
{
        *sum = (*sum == SUMMARY_UNKNOWN ? 0 : *sum) + value;
}

/* The process's CPU time, or unknown. */
static uint64_t add_cpu(SummaryBuilder *b, const ProcessColumns *c, size_t row)
{
        Summary *s = b->summary;
        uint64_t cpu_us = SUMMARY_UNKNOWN, user_us = 0, system_us = 0;
        bool split = cells_get(c->user_us, row, &user_us);

        split = cells_get(c->system_us, row, &system_us) && split;
        if (!cells_get(c->cpu_us, row, &cpu_us) && split)
                cpu_us = user_us + system_us;
        if (cpu_us == SUMMARY_UNKNOWN)
                return cpu_us;
        add_known(&s->cpu_us, cpu_us);
        if (split) {
                add_known(&s->user_us, user_us);
                add_known(&s->system_us, system_us);
        } else if (cpu_us > 0) {
                b->split_unknown = true;
        }
        return cpu_us;
}

static void count_source(Summary *s, const Batch *rows, Cells c, size_t row)
{
        uint64_t unused;
        size_t size;

        if (!cells_get(c, row, &unused))
                return;
        const char *text = batch_text(rows, (size_t)c.column, row, &size);
        s->peaks_exact += size == 5 && memcmp(text, "exact", 5) == 0;
        s->peaks_sampled += size == 7 && memcmp(text, "sampled", 7) == 0;
        s->peaks_estimated += size == 9 && memcmp(text, "estimated", 9) == 0;
}

static void count_in(SummaryGroup *g, uint64_t peak, uint64_t cpu_us)
{
        g->processes++;
        g->cpu_us += cpu_us == SUMMARY_UNKNOWN ? 0 : cpu_us;
        if (peak != SUMMARY_UNKNOWN && (g->largest_bytes == SUMMARY_UNKNOWN || peak > g->largest_bytes))
                g->largest_bytes = peak;
}

static int observe_row(SummaryBuilder *b, const Batch *rows, const ProcessColumns *c, size_t row)
{
        Summary *s = b->summary;
        uint64_t value, end_ns = 0, code = 0, signal = 0;
        uint16_t group;
        bool ended = cells_get(c->end_ns, row, &end_ns);
        const Label *label = summary_label(b, rows, &c->label, row);
        int r = summary_group_of(b, rows, &c->group, row, label, &group);

        if (r < 0)
                return r;
        s->images++;
        s->processes += cells_or(c->image, row, 0) == 0;
        s->executed += cells_get(c->exec_ns, row, &value);
        s->alive += !ended;
        if (ended && (int64_t)end_ns > s->last_ns)
                s->last_ns = (int64_t)end_ns;
        uint64_t cpu_us = add_cpu(b, c, row);
        uint64_t peak = cells_or(c->peak_rss_bytes, row, SUMMARY_UNKNOWN);
        if (peak == SUMMARY_UNKNOWN)
                peak = cells_or(c->peak_pss_bytes, row, SUMMARY_UNKNOWN);
        count_source(s, rows, c->peak_source, row);

        count_in(&b->groups[group].shown, peak, cpu_us);
        if (b->groups[group].major != NO_MAJOR)
                count_in(&b->majors[b->groups[group].major].shown, peak, cpu_us);
        command_root_observe(&b->root, &c->root, row);
        r = keep_top(b, rows, c, row, label, peak == SUMMARY_UNKNOWN ? 0 : peak, cpu_us);
        bool failed = (cells_get(c->exit_code, row, &code) && code != 0) ||
                      (cells_get(c->exit_signal, row, &signal) && signal != 0);
        if (r == 0 && failed)
                r = keep_failure(b, rows, c, row, label, cpu_us);
        if (r == 0 && cells_get(c->process, row, &value))
                r = index_process(b, value, group, end_ns, ended);
        return r;
}

int summary_observe_processes(SummaryBuilder *b, const Batch *rows)
{
        ProcessColumns c = find_columns(rows);
        uint64_t unused;
        size_t size;
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++)
                r = observe_row(b, rows, &c, row);
        if (cells_get(c.source, batch_rows(rows) - 1, &unused)) {
                const char *text = batch_text(rows, (size_t)c.source.column, batch_rows(rows) - 1, &size);
                if (size < sizeof b->summary->source) {
                        memcpy(b->summary->source, text, size);
                        b->summary->source[size] = '\0';
                }
        }
        return r;
}
