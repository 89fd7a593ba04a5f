/* Rows of processes and samples into arrays: images of one process are one, parents are found, samples
 * lie with their process. */
#include "advise/build-rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advise/build-machine.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "model/cells.h"

struct BuildRowsState {
        Map *by_key;     /* of each image: index + 1 */
        Map *by_pid;     /* the latest process of that pid: index + 1 */
        Map *by_program; /* hash of the name: index + 1 */
        BuildMachineState machine;
};

const char *const build_rows_tables[] = {"processes", "samples", "totals", "cpu", "memory", "limits", "cgroup", "cgroups_above", NULL};

const char *const *build_rows_columns(const char *table)
{
        static const char *const processes[] = {"process", "image", "pid", "parent", "comm", "exe", "cmdline", "major",
                                                "start_ns", "end_ns", "exit_code", "cpu_us", "peak_rss_bytes", "exit_signal", NULL};
        static const char *const samples[] = {"t_ns", "process", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes", "swap_bytes", NULL};
        static const char *const totals[] = {"t_ns", "rss_bytes", "pss_bytes", "cpu_us", NULL};

        if (text_equal(table, "processes"))
                return processes;
        if (text_equal(table, "samples"))
                return samples;
        return text_equal(table, "totals") ? totals : build_machine_columns(table);
}

int build_rows_init(BuildRows *rows, unsigned cpus)
{
        *rows = (BuildRows){.last_ns = 0};
        build_machine_init(&rows->machine, cpus);
        rows->state = calloc(1, sizeof *rows->state);
        if (!rows->state || map_new(&rows->state->by_key) < 0 || map_new(&rows->state->by_pid) < 0 ||
            map_new(&rows->state->by_program) < 0) {
                build_rows_done(rows);
                return -ENOMEM;
        }
        return 0;
}

void build_rows_done(BuildRows *rows)
{
        for (size_t i = 0; i < rows->n_commands; i++)
                free(rows->commands[i]);
        for (size_t i = 0; i < rows->n_programs; i++)
                free(rows->programs[i]);
        if (rows->state) {
                map_free(rows->state->by_key);
                map_free(rows->state->by_pid);
                map_free(rows->state->by_program);
        }
        free(rows->state);
        free(rows->commands);
        free(rows->processes);
        free(rows->samples);
        free(rows->totals);
        *rows = (BuildRows){0};
}

static uint32_t find(const Map *map, uint64_t key)
{
        return (uint32_t)(uintptr_t)map_get(map, key) - 1; /* nothing: BUILD_NONE */
}

static int put(Map *map, uint64_t key, size_t index)
{
        return map_put(map, key, (void *)(uintptr_t)(index + 1)); /* an index, never followed */
}

uint32_t build_rows_find(const BuildRows *rows, uint64_t key)
{
        return find(rows->state->by_key, key);
}

/* Makes room for one more: 0 or -ENOMEM. */
static int grow(void **items, size_t n, size_t *capacity, size_t size)
{
        if (n < *capacity)
                return 0;
        size_t more = MAX(*capacity * 2, (size_t)256);
        void *grown = realloc(*items, more * size);
        if (!grown)
                return -ENOMEM;
        *items = grown;
        *capacity = more;
        return 0;
}

/* ---- processes ---- */

typedef struct ProcessCells {
        Cells process, image, pid, parent, comm, exe, cmdline, major, start, end, code, signal, cpu, peak;
} ProcessCells;

static ProcessCells process_cells(const Batch *b)
{
        return (ProcessCells){cells_find(b, "process"), cells_find(b, "image"), cells_find(b, "pid"),
                              cells_find(b, "parent"), cells_find(b, "comm"), cells_find(b, "exe"),
                              cells_find(b, "cmdline"), cells_find(b, "major"), cells_find(b, "start_ns"),
                              cells_find(b, "end_ns"), cells_find(b, "exit_code"), cells_find(b, "exit_signal"),
                              cells_find(b, "cpu_us"), cells_find(b, "peak_rss_bytes")};
}

/* The file's own name, as comm may be cut at 15 bytes or be what the program calls itself. */
static const char *program_name(const ProcessCells *c, size_t row, size_t *size)
{
        const char *exe = cells_text(c->exe, row, size);

        if (*size == 0)
                return cells_text(c->comm, row, size);
        const char *slash = memrchr(exe, '/', *size);
        if (!slash)
                return exe;
        *size -= (size_t)(slash + 1 - exe);
        return slash + 1;
}

static int program_of(BuildRows *rows, const char *name, size_t size, uint8_t *ret)
{
        uint64_t hash = hash_bytes(name, size);
        uint32_t known = find(rows->state->by_program, hash);

        if (known != BUILD_NONE) {
                *ret = (uint8_t)known;
                return 0;
        }
        if (rows->n_programs >= BUILD_PROGRAMS_MAX) {
                *ret = BUILD_PROGRAMS_MAX;
                return 0;
        }
        rows->programs[rows->n_programs] = strndup(name, MIN(size, (size_t)64));
        if (!rows->programs[rows->n_programs] || put(rows->state->by_program, hash, rows->n_programs) < 0)
                return -ENOMEM;
        *ret = (uint8_t)rows->n_programs++;
        return 0;
}

static int keep_command(BuildRows *rows, BuildProcess *p, const ProcessCells *c, size_t row)
{
        size_t size;
        const char *text = cells_text(c->cmdline, row, &size);
        char *copy = strndup(text, MIN(size, (size_t)BUILD_COMMAND_MAX));

        if (!copy)
                return -ENOMEM;
        if (p->command) {
                free(rows->commands[p->command - 1]);
                rows->commands[p->command - 1] = copy;
                return 0;
        }
        char **commands = realloc(rows->commands, (rows->n_commands + 1) * sizeof *commands);
        if (!commands) {
                free(copy);
                return -ENOMEM;
        }
        rows->commands = commands;
        rows->commands[rows->n_commands++] = copy;
        p->command = (uint32_t)rows->n_commands;
        return 0;
}

/* The image before it in the same process ended when this one began: exec. */
static int process_of_image(BuildRows *rows, const ProcessCells *c, size_t row, int64_t start, uint32_t *ret)
{
        uint64_t pid = cells_or(c->pid, row, 0), key = cells_or(c->process, row, 0);
        uint32_t i = cells_or(c->image, row, 0) > 0 ? find(rows->state->by_pid, pid) : BUILD_NONE;

        if (i != BUILD_NONE && rows->processes[i].end_ns == start) {
                *ret = i;
                return put(rows->state->by_key, key, i);
        }
        if (rows->n >= BUILD_PROCESSES_MAX) {
                rows->too_many = true;
                *ret = BUILD_NONE;
                return 0;
        }
        if (grow((void **)&rows->processes, rows->n, &rows->capacity, sizeof *rows->processes) < 0)
                return -ENOMEM;
        rows->processes[rows->n] = (BuildProcess){
                .key = key,
                .parent_key = cells_or(c->parent, row, BUILD_UNKNOWN),
                .start_ns = start,
                .parent = BUILD_NONE,
                .cpu_us = BUILD_UNKNOWN,
                .peak_bytes = BUILD_UNKNOWN,
                .pid = (int32_t)pid,
        };
        *ret = (uint32_t)rows->n;
        if (put(rows->state->by_key, key, rows->n) < 0 || put(rows->state->by_pid, pid, rows->n) < 0)
                return -ENOMEM;
        rows->n++;
        return 0;
}

static int observe_process(BuildRows *rows, const ProcessCells *c, size_t row)
{
        uint64_t cell;
        uint32_t i;
        size_t size, major_size;
        uint8_t program = 0;

        if (!cells_get(c->start, row, &cell))
                return 0;
        int r = process_of_image(rows, c, row, batch_sane_ns(cell), &i);
        if (r < 0 || i == BUILD_NONE)
                return r;
        BuildProcess *p = &rows->processes[i];
        p->end_ns = cells_get(c->end, row, &cell) ? batch_sane_ns(cell) : INT64_MAX;
        rows->last_ns = MAX(rows->last_ns, p->end_ns == INT64_MAX ? p->start_ns : p->end_ns);
        if (cells_get(c->cpu, row, &cell) && cell < INT64_MAX)
                p->cpu_us = (p->cpu_us == BUILD_UNKNOWN ? 0 : p->cpu_us) + cell;
        p->failed |= cells_or(c->code, row, 0) != 0 || cells_or(c->signal, row, 0) != 0;
        const char *name = program_name(c, row, &size);
        const char *major = cells_text(c->major, row, &major_size);
        p->tool = (uint8_t)build_tool_of(name, size);
        p->kind = (uint8_t)build_kind_of(name, size, major, major_size);
        r = program_of(rows, name, size, &program);
        uint64_t peak = cells_or(c->peak, row, BUILD_UNKNOWN);
        if (peak < INT64_MAX && (p->peak_bytes == BUILD_UNKNOWN || peak >= p->peak_bytes)) {
                p->peak_bytes = peak;
                p->program = program;
        }
        return r < 0 || p->tool == TOOL_NONE ? r : keep_command(rows, p, c, row);
}

/* ---- samples, totals ---- */

static int observe_samples(BuildRows *rows, const Batch *b)
{
        Cells t = cells_find(b, "t_ns"), process = cells_find(b, "process");
        Cells anon = cells_find(b, "rss_anon_bytes"), file = cells_find(b, "rss_file_bytes");
        Cells shmem = cells_find(b, "rss_shmem_bytes"), swap = cells_find(b, "swap_bytes");
        uint64_t t_ns, key, own, shared;

        for (size_t row = 0; row < batch_rows(b); row++) {
                if (!cells_get(t, row, &t_ns) || !cells_get(process, row, &key) || !cells_get(anon, row, &own) ||
                    !cells_get(file, row, &shared))
                        continue;
                uint32_t i = build_rows_find(rows, key);
                if (i == BUILD_NONE)
                        continue;
                if (rows->n_samples >= BUILD_SAMPLES_MAX) {
                        rows->samples_cut = true;
                        return 0;
                }
                if (grow((void **)&rows->samples, rows->n_samples, &rows->samples_capacity, sizeof *rows->samples) < 0)
                        return -ENOMEM;
                /* What was swapped out is needed all the same. */
                double all = (double)own + (double)cells_or(shmem, row, 0) + (double)cells_or(swap, row, 0);
                rows->samples[rows->n_samples++] = (BuildSample){batch_sane_ns(t_ns), i, (float)all, (float)shared};
                rows->last_ns = MAX(rows->last_ns, batch_sane_ns(t_ns));
        }
        return 0;
}

static int observe_totals(BuildRows *rows, const Batch *b)
{
        Cells t = cells_find(b, "t_ns"), rss = cells_find(b, "rss_bytes"), pss = cells_find(b, "pss_bytes");
        uint64_t t_ns, bytes;

        for (size_t row = 0; row < batch_rows(b); row++) {
                if (!cells_get(t, row, &t_ns))
                        continue;
                bool proportional = cells_get(pss, row, &bytes);
                if ((!proportional && !cells_get(rss, row, &bytes)) || rows->n_totals >= BUILD_SAMPLES_MAX)
                        continue;
                rows->pss |= proportional;
                if (grow((void **)&rows->totals, rows->n_totals, &rows->totals_capacity, sizeof *rows->totals) < 0)
                        return -ENOMEM;
                rows->totals[rows->n_totals++] = (BuildTotal){batch_sane_ns(t_ns), (double)bytes};
                rows->last_ns = MAX(rows->last_ns, batch_sane_ns(t_ns));
        }
        build_machine_totals(&rows->state->machine, b);
        return 0;
}

int build_rows_observe(BuildRows *rows, const char *table, const Batch *batch)
{
        int r = 0;

        if (text_equal(table, "samples"))
                return observe_samples(rows, batch);
        if (text_equal(table, "totals"))
                return observe_totals(rows, batch);
        if (!text_equal(table, "processes")) {
                build_machine_observe(&rows->machine, &rows->state->machine, table, batch);
                return 0;
        }
        const ProcessCells cells = process_cells(batch);
        for (size_t row = 0; r == 0 && row < batch_rows(batch); row++)
                r = observe_process(rows, &cells, row);
        return r;
}

/* ---- in order ---- */

static int by_start(const void *a, const void *b)
{
        const BuildProcess *x = a, *y = b;

        if (x->start_ns != y->start_ns)
                return x->start_ns < y->start_ns ? -1 : 1;
        return x->key < y->key ? -1 : x->key > y->key;
}

static int by_process(const void *a, const void *b)
{
        const BuildSample *x = a, *y = b;

        if (x->process != y->process)
                return x->process < y->process ? -1 : 1;
        return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

/* Parents by key; who claims one that began later has none. */
static void find_parents(BuildRows *rows)
{
        for (size_t i = 0; i < rows->n; i++) {
                BuildProcess *p = &rows->processes[i];
                uint32_t parent = p->parent_key == BUILD_UNKNOWN ? BUILD_NONE : build_rows_find(rows, p->parent_key);
                p->parent = parent < i ? parent : BUILD_NONE;
                if (p->end_ns < p->start_ns)
                        p->end_ns = p->start_ns;
        }
}

static void give_samples(BuildRows *rows)
{
        qsort(rows->samples, rows->n_samples, sizeof *rows->samples, by_process);
        for (size_t i = 0; i < rows->n_samples; i++) {
                BuildProcess *p = &rows->processes[rows->samples[i].process];
                if (p->n_samples++ == 0)
                        p->samples = (uint32_t)i;
        }
}

int build_rows_finish(BuildRows *rows)
{
        _cleanup_free_ uint32_t *moved = calloc(rows->n + 1, sizeof *moved);
        size_t position = 0;
        uint64_t key;
        void *value;

        if (!moved)
                return -ENOMEM;
        /* parent_key is not needed for a moment: the old index rides along in `parent`. */
        for (size_t i = 0; i < rows->n; i++)
                rows->processes[i].parent = (uint32_t)i;
        if (rows->n > 0)
                qsort(rows->processes, rows->n, sizeof *rows->processes, by_start);
        for (size_t i = 0; i < rows->n; i++)
                moved[rows->processes[i].parent] = (uint32_t)i;
        while (map_next(rows->state->by_key, &position, &key, &value))
                if (put(rows->state->by_key, key, moved[(uintptr_t)value - 1]) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < rows->n_samples; i++)
                rows->samples[i].process = moved[rows->samples[i].process];
        find_parents(rows);
        if (rows->n_samples > 0)
                give_samples(rows);
        build_machine_finish(&rows->machine, &rows->state->machine);
        return 0;
}
