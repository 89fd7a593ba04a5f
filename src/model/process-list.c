/* Bounded by letting go: of light processes when there are too many, of the middle of command lines, of
 * small changes of memory. What is let go is counted by whoever compares `n` with `seen`. */
#include "model/process-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/summary-builder.h"

enum {
        LEAST_BYTES = 64 << 10, /* a change in memory that may be told */
        LARGE = 16,             /* times that is told however much the process has */
        SHARE = 20,             /* else it must be a 20th of what was told */
        NAMES_MAX = 65535,
        TEXT_LEAST = 48,
};

const char *const process_list_columns[] = {
        "process", "pid", "parent", "comm", "exe", "cmdline", "start_ns", "exec_ns", "end_ns", "exit_code",
        "exit_signal", "cpu_us", "user_us", "system_us", "peak_rss_bytes", "peak_pss_bytes", NULL};
const char *const process_list_sample_columns[] = {"t_ns", "process", "rss_anon_bytes", "rss_file_bytes",
                                                   "rss_shmem_bytes", "pss_bytes", NULL};

int process_list_init(ProcessList *l, size_t most, size_t samples_most)
{
        *l = (ProcessList){.most = most ? most : PROCESS_LIST_MAX,
                           .sample_least = LEAST_BYTES,
                           .text_most = PROCESS_LIST_TEXT_MAX,
                           .samples_most = samples_most ? samples_most : PROCESS_LIST_SAMPLES};
        l->groups = calloc(SUMMARY_GROUPS, sizeof *l->groups);
        if (!l->groups || map_new(&l->by_key) < 0 || map_new(&l->by_name) < 0)
                return -ENOMEM;
        return 0;
}

void process_list_done(ProcessList *l)
{
        for (size_t i = 0; l->groups && i < SUMMARY_GROUPS; i++) {
                free(l->groups[i].major);
                free(l->groups[i].name);
        }
        for (size_t i = 0; i < l->n_names; i++)
                free(l->names[i]);
        free(l->names);
        free(l->groups);
        free(l->rows);
        free(l->texts);
        free(l->samples);
        map_free(l->by_key);
        map_free(l->by_name);
        *l = (ProcessList){0};
}

const char *process_list_cmdline(const ProcessList *l, const ListedProcess *p, size_t *ret_size)
{
        *ret_size = p->text_size;
        return p->text_size > 0 ? l->texts + p->text : "";
}

/* ---- letting go ---- */

/* How much there is to see of it: CPU time, memory (a GiB as a second), and how long it took. */
static double weight_of(const ListedProcess *p)
{
        double cpu = p->cpu_us == SUMMARY_UNKNOWN ? 0 : (double)p->cpu_us / 1e6;
        double bytes = p->peak_rss_bytes == SUMMARY_UNKNOWN ? 0 : (double)p->peak_rss_bytes / (1 << 30);
        double wall = p->end_ns == INT64_MAX ? 3600 : (double)(p->end_ns - p->start_ns) / 1e9;
        double weight = cpu + bytes + wall / 4;

        return p->exit_code > 0 || p->exit_signal > 0 ? weight * 4 + 0.01 : weight;
}

static int compare_weights(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* The texts of the rows that are left, each at most `most` bytes long, packed anew. */
static void repack(ProcessList *l, size_t most)
{
        size_t size = 0;

        for (size_t i = 0; i < l->n; i++) {
                ListedProcess *p = &l->rows[i];
                size_t wanted = MIN((size_t)p->text_size, most);
                memmove(l->texts + size, l->texts + p->text, wanted);
                p->text = size;
                p->text_size = (uint32_t)wanted;
                size += wanted;
        }
        l->texts_size = size;
        l->text_most = most;
}

/* The lightest go until `most` are left. Texts lie in the order of rows, which stays. */
static int let_go(ProcessList *l)
{
        double *weights;
        size_t kept = 0, heavier = 0;

        if (l->n <= l->most)
                return 0;
        weights = malloc(l->n * sizeof *weights);
        if (!weights)
                return -ENOMEM;
        for (size_t i = 0; i < l->n; i++)
                weights[i] = weight_of(&l->rows[i]);
        qsort(weights, l->n, sizeof *weights, compare_weights);
        double least = weights[l->n - l->most];
        free(weights);
        for (size_t i = 0; i < l->n; i++)
                heavier += weight_of(&l->rows[i]) > least;
        size_t equals = l->most - heavier;
        for (size_t i = 0; i < l->n; i++) {
                double weight = weight_of(&l->rows[i]);
                if (weight > least || (weight == least && equals > 0)) {
                        equals -= weight == least;
                        l->rows[kept++] = l->rows[i];
                }
        }
        l->n = kept;
        repack(l, l->text_most);
        return 0;
}

/* ---- processes ---- */

static int add_text(ProcessList *l, ListedProcess *p, const char *text, size_t size)
{
        static const char ellipsis[] = "\xe2\x80\xa6";
        size_t most = l->text_most, wanted = MIN(size, most);

        while (l->texts_size + wanted > PROCESS_LIST_TEXTS_BYTES && l->text_most > TEXT_LEAST) {
                repack(l, l->text_most / 2);
                most = l->text_most;
                wanted = MIN(size, most);
        }
        if (l->texts_size + wanted > PROCESS_LIST_TEXTS_BYTES)
                wanted = 0;
        if (l->texts_size + wanted > l->texts_capacity) {
                size_t capacity = MAX(l->texts_capacity * 2, (size_t)1 << 16);
                char *texts = realloc(l->texts, capacity);
                if (!texts)
                        return -ENOMEM;
                l->texts = texts;
                l->texts_capacity = capacity;
        }
        if (wanted == 0)
                return 0;
        p->text = l->texts_size;
        p->text_size = (uint32_t)wanted;
        char *to = l->texts + l->texts_size;
        if (wanted == size) {
                memcpy(to, text, wanted);
        } else if (wanted > sizeof ellipsis) { /* what ends a command line is often what it is about */
                size_t tail = wanted / 3, head = wanted - tail - (sizeof ellipsis - 1);
                memcpy(to, text, head);
                memcpy(to + head, ellipsis, sizeof ellipsis - 1);
                memcpy(to + wanted - tail, text + size - tail, tail);
        }
        l->texts_size += wanted;
        return 0;
}

static int name_of(ProcessList *l, const char *name, size_t size, uint32_t *ret)
{
        uint64_t hash = hash_bytes(name, size);
        uintptr_t at = (uintptr_t)map_get(l->by_name, hash);

        if (at == 0 && l->n_names >= NAMES_MAX) {
                *ret = NAMES_MAX - 1;
                return 0;
        }
        if (at == 0) {
                char **names = array_grow(l->names, &l->names_capacity, l->n_names, sizeof *names);
                if (!names)
                        return -ENOMEM;
                l->names = names;
                l->names[l->n_names] = strndup(name, size);
                if (!l->names[l->n_names])
                        return -ENOMEM;
                at = ++l->n_names;
                if (map_put(l->by_name, hash, (void *)at) < 0)
                        return -ENOMEM;
        }
        *ret = (uint32_t)(at - 1);
        return 0;
}

/* The summary's groups are known by then, and are renamed for nobody. */
static int group_of(ProcessList *l, const SummaryBuilder *b, uint64_t key, uint32_t *ret)
{
        const ProcessChunk *chunk = key / PROCESS_CHUNK < PROCESS_CHUNKS ? b->chunks[key / PROCESS_CHUNK] : NULL;
        uint16_t at = chunk ? chunk->group[key % PROCESS_CHUNK] : 0;

        *ret = at > 0 ? at - 1u : 0;
        if (at == 0 || at > b->n_groups || l->groups[at - 1].name)
                return 0;
        const SummaryGroup *shown = &b->groups[at - 1].shown;
        l->groups[at - 1].name = strdup(shown->name);
        l->groups[at - 1].major = shown->major ? strdup(shown->major) : NULL;
        l->n_groups = MAX(l->n_groups, (size_t)at);
        return l->groups[at - 1].name && !shown->major == !l->groups[at - 1].major ? 0 : -ENOMEM;
}

typedef struct ListCells {
        Cells process, pid, parent, comm, exe, cmdline, start, exec, end, code, signal, cpu, user, system, rss, pss;
} ListCells;

static ListCells find_cells(const Batch *rows)
{
        return (ListCells){
                .process = cells_find(rows, "process"),
                .pid = cells_find(rows, "pid"),
                .parent = cells_find(rows, "parent"),
                .comm = cells_find(rows, "comm"),
                .exe = cells_find(rows, "exe"),
                .cmdline = cells_find(rows, "cmdline"),
                .start = cells_find(rows, "start_ns"),
                .exec = cells_find(rows, "exec_ns"),
                .end = cells_find(rows, "end_ns"),
                .code = cells_find(rows, "exit_code"),
                .signal = cells_find(rows, "exit_signal"),
                .cpu = cells_find(rows, "cpu_us"),
                .user = cells_find(rows, "user_us"),
                .system = cells_find(rows, "system_us"),
                .rss = cells_find(rows, "peak_rss_bytes"),
                .pss = cells_find(rows, "peak_pss_bytes"),
        };
}

static const char *text_of(const Batch *rows, Cells c, size_t row, size_t *ret_size)
{
        uint64_t unused;

        *ret_size = 0;
        return cells_get(c, row, &unused) ? batch_text(rows, (size_t)c.column, row, ret_size) : "";
}

static int observe_process(ProcessList *l, const SummaryBuilder *b, const Batch *rows, const ListCells *c, size_t row)
{
        uint64_t cell, user, system;
        size_t comm_size, exe_size, size;
        const char *name = text_of(rows, c->comm, row, &comm_size);
        const char *exe = text_of(rows, c->exe, row, &exe_size);
        const char *cmdline = text_of(rows, c->cmdline, row, &size);
        ListedProcess p = {
                .key = cells_or(c->process, row, SUMMARY_UNKNOWN),
                .parent_key = cells_or(c->parent, row, SUMMARY_UNKNOWN),
                .start_ns = (int64_t)cells_or(c->start, row, 0),
                .end_ns = INT64_MAX,
                .cpu_us = cells_or(c->cpu, row, SUMMARY_UNKNOWN),
                .peak_rss_bytes = cells_or(c->rss, row, SUMMARY_UNKNOWN),
                .peak_pss_bytes = cells_or(c->pss, row, SUMMARY_UNKNOWN),
                .pid = (int32_t)cells_or(c->pid, row, 0),
                .exit_code = cells_get(c->code, row, &cell) ? (int32_t)cell : -1,
                .exit_signal = (int32_t)cells_or(c->signal, row, 0),
                .parent = -1,
        };

        if (!cells_get(c->start, row, &cell) && cells_get(c->exec, row, &cell))
                p.start_ns = (int64_t)cell;
        p.start_ns = batch_sane_ns((uint64_t)p.start_ns);
        if (cells_get(c->end, row, &cell))
                p.end_ns = MAX(batch_sane_ns(cell), p.start_ns);
        if (p.cpu_us == SUMMARY_UNKNOWN && cells_get(c->user, row, &user) && cells_get(c->system, row, &system))
                p.cpu_us = user + system;
        summary_program_name(&name, &comm_size, exe, exe_size);
        int r = name_of(l, name, comm_size, &p.name);
        if (r == 0)
                r = group_of(l, b, p.key, &p.group);
        if (r == 0)
                r = add_text(l, &p, cmdline, size);
        if (r == 0)
                l->rows[l->n++] = p;
        return r;
}

static int make_room(ProcessList *l)
{
        if (l->n >= 2 * l->most)
                return let_go(l);
        if (l->n < l->capacity)
                return 0;
        size_t capacity = MIN(MAX(l->capacity * 2, (size_t)1024), 2 * l->most);
        ListedProcess *rows = realloc(l->rows, capacity * sizeof *rows);
        if (!rows)
                return -ENOMEM;
        l->rows = rows;
        l->capacity = capacity;
        return 0;
}

static int observe_processes(ProcessList *l, const SummaryBuilder *b, const Batch *rows)
{
        const ListCells c = find_cells(rows);
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                l->seen++;
                r = make_room(l);
                if (r == 0)
                        r = observe_process(l, b, rows, &c, row);
        }
        return r;
}

/* ---- samples ---- */

static bool worth_telling(const ProcessList *l, uint64_t told, uint64_t bytes)
{
        uint64_t change = bytes > told ? bytes - told : told - bytes;

        return change >= l->sample_least * LARGE || (change >= l->sample_least && change >= told / SHARE);
}

/* Only larger changes from now on, and among those told already. */
static void thin(ProcessList *l)
{
        size_t kept = 0;

        l->sample_least *= 2;
        for (size_t i = 0; i < l->n; i++)
                l->rows[i].sampled = false;
        for (size_t i = 0; i < l->n_samples; i++) {
                ListedSample s = l->samples[i];
                ListedProcess *p = &l->rows[s.row];
                if (p->sampled && !worth_telling(l, p->told_bytes, s.bytes))
                        continue;
                p->sampled = true;
                p->told_bytes = s.bytes;
                l->samples[kept++] = s;
        }
        l->n_samples = kept;
}

static void tell_sample(ProcessList *l, ListedProcess *p, int64_t t_ns, uint64_t bytes)
{
        if (p->sampled && !worth_telling(l, p->told_bytes, bytes))
                return;
        for (int i = 0; l->n_samples == l->samples_most && i < 24; i++)
                thin(l);
        if (l->n_samples == l->samples_most)
                return; /* more processes than room for one sample each */
        l->samples[l->n_samples++] = (ListedSample){t_ns, bytes, (uint32_t)(p - l->rows)};
        p->sampled = true;
        p->told_bytes = bytes;
}

/* Processes are all there: where each lies. */
static int begin_samples(ProcessList *l)
{
        int r = let_go(l);

        if (r < 0)
                return r;
        l->samples = calloc(l->samples_most, sizeof *l->samples);
        if (!l->samples)
                return -ENOMEM;
        for (size_t i = 0; i < l->n; i++)
                if (map_put(l->by_key, l->rows[i].key, (void *)(uintptr_t)(i + 1)) < 0)
                        return -ENOMEM;
        return 0;
}

static int observe_samples(ProcessList *l, const Batch *rows)
{
        Cells t = cells_find(rows, "t_ns"), process = cells_find(rows, "process");
        Cells anon = cells_find(rows, "rss_anon_bytes"), file = cells_find(rows, "rss_file_bytes");
        Cells shmem = cells_find(rows, "rss_shmem_bytes"), pss = cells_find(rows, "pss_bytes");

        if (!l->samples) {
                int r = begin_samples(l);
                if (r < 0)
                        return r;
        }
        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t t_ns, key, bytes;
                if (!cells_get(t, row, &t_ns) || !cells_get(process, row, &key))
                        continue;
                l->sample_rows++;
                uintptr_t at = (uintptr_t)map_get(l->by_key, key);
                if (at == 0)
                        continue;
                if (!cells_get(pss, row, &bytes))
                        bytes = cells_or(anon, row, 0) + cells_or(file, row, 0) + cells_or(shmem, row, 0);
                tell_sample(l, &l->rows[at - 1], (int64_t)t_ns, bytes);
        }
        return 0;
}

int process_list_observe(ProcessList *l, const SummaryBuilder *b, const char *table, const Batch *rows)
{
        if (text_equal(table, "processes"))
                return observe_processes(l, b, rows);
        return text_equal(table, "samples") ? observe_samples(l, rows) : 0;
}

/* ---- the end ---- */

static int compare_starts(const void *a, const void *b)
{
        const ListedProcess *x = a, *y = b;

        if (x->start_ns != y->start_ns)
                return x->start_ns < y->start_ns ? -1 : 1;
        return x->key < y->key ? -1 : x->key > y->key;
}

/* Samples row by row: they are in the order of their times already. `to`: where each row's begin. */
static int order_samples(ProcessList *l, const uint32_t *new_row)
{
        size_t *to = calloc(l->n + 1, sizeof *to);
        ListedSample *ordered = calloc(l->n_samples + 1, sizeof *ordered);

        if (!to || !ordered) {
                free(to);
                free(ordered);
                return -ENOMEM;
        }
        for (size_t i = 0; i < l->n_samples; i++)
                to[new_row[l->samples[i].row] + 1]++;
        for (size_t i = 1; i <= l->n; i++)
                to[i] += to[i - 1];
        for (size_t i = 0; i < l->n_samples; i++) {
                ListedSample s = l->samples[i];
                s.row = new_row[s.row];
                ordered[to[s.row]++] = s;
        }
        free(l->samples);
        l->samples = ordered;
        free(to);
        return 0;
}

int process_list_finish(ProcessList *l)
{
        int r = let_go(l); /* unless there were samples */

        if (r < 0)
                return r;
        for (size_t i = 0; i < l->n; i++)
                l->rows[i].depth = (uint32_t)i; /* for a moment: where it was */
        if (l->n > 1)
                qsort(l->rows, l->n, sizeof *l->rows, compare_starts);
        uint32_t *new_row = calloc(l->n + 1, sizeof *new_row);
        if (!new_row)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < l->n; i++) {
                new_row[l->rows[i].depth] = (uint32_t)i;
                r = map_put(l->by_key, l->rows[i].key, (void *)(uintptr_t)(i + 1));
        }
        for (size_t i = 0; i < l->n; i++) {
                ListedProcess *p = &l->rows[i];
                uintptr_t at = p->parent_key == SUMMARY_UNKNOWN ? 0 : (uintptr_t)map_get(l->by_key, p->parent_key);
                p->parent = at > 0 && at <= i ? (int32_t)(at - 1) : -1;
                p->depth = p->parent >= 0 ? l->rows[p->parent].depth + 1 : 0;
        }
        if (r == 0 && l->samples)
                r = order_samples(l, new_row);
        free(new_row);
        return r;
}
