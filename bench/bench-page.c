/*
 * A run of any size for whoever measures the report page: a build of many short compilers, some long
 * links and a make around them, sampled at every tick, with its totals and two monitors.
 *   bench-page DIR [PROCESSES [SAMPLES [SECONDS]]]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "store/run.h"
#include "table/columns.h"
#include "table/process-tables.h"

enum { ROWS = 4096, SLOTS = 64 };

#define MIB (1ull << 20)
#define START_REALTIME_NS 1795000000000000000
#define WARNINGS                                                                                     \
        "-I. -I.. -I../include -Isrc/base.p -I/usr/include/glib-2.0 -D_FILE_OFFSET_BITS=64 -Wall " \
        "-Wextra -std=gnu17 -O2 -g -Wmissing-prototypes -Wstrict-prototypes -Wshadow "

typedef struct Kind {
        const char *program, *major, *line; /* two numbers in it */
        unsigned share;                     /* of a hundred */
        double seconds, mib;                /* on average */
} Kind;

static const Kind kinds[] = {
        {"/usr/bin/dash", "BuildSystem", "/bin/sh -c gcc " WARNINGS "-MD -MF dep/a%zu.d -o src/a%zu.o", 22, 0.8, 1.6},
        {"/usr/bin/gcc-12", "CPP_Compile", "gcc " WARNINGS "-MD -MF dep/a%zu.d -o a.o -c ../src/part%zu.c", 22, 0.8, 3},
        {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "CPP_Compile", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet " WARNINGS
         "-imultiarch x86_64-linux-gnu ../src/part%zu.c -dumpbase a.c -mtune=generic -o /tmp/cc%zu.s", 22, 0.75, 90},
        {"/usr/bin/x86_64-linux-gnu-as", "CPP_Compile", "as -I . --gdwarf-5 --64 -o src/a%zu.o /tmp/cc%zu.s", 22, 0.06, 12},
        {"/usr/bin/x86_64-linux-gnu-ld.bfd", "CPP_Link", "/usr/bin/ld --build-id --eh-frame-hdr -m elf_x86_64 -o prog%zu "
         "crt1.o crti.o a%zu.o -lgcc -lc", 2, 2.5, 300},
        {"/usr/bin/python3.11", "Scripting", "/usr/bin/python3 tools/generate.py --seed %zu --out gen/table%zu.c", 4, 0.4, 28},
        {"/usr/bin/sed", "Utilities", "sed -e s/@NUMBER@/%zu/ -e 1d in%zu.txt", 6, 0.003, 1},
};

typedef struct Living {
        const Kind *kind;
        uint64_t key, started_us, ends_us, cpu_us, bytes, most, told_ns;
} Living;

typedef struct Made {
        RunStore *store;
        Sink *processes, *samples, *totals, *memory;
        Batch *rows[4];
        Living slots[SLOTS];
        uint64_t random, key, seconds, ticks, n_processes, n_samples, cpu_us, samples_left, every;
} Made;

static double uniform(Made *m)
{
        m->random = m->random * 6364136223846793005ull + 1442695040888963407ull;
        return (double)(m->random >> 11) / 0x1p53;
}

static void die(const char *what, const Error *err)
{
        fprintf(stderr, "bench-page: %s: %s\n", what, err->message);
        exit(3);
}

static void flush(Sink *sink, Batch *rows)
{
        Error err = {0};

        if (sink_write(sink, rows, &err) < 0)
                die("writing", &err);
        batch_clear(rows);
}

static Batch *row_of(Sink *sink, Batch *rows)
{
        if (batch_add_row(rows) < 0) {
                flush(sink, rows);
                batch_add_row(rows);
        }
        return rows;
}

static void set_text(Batch *b, size_t column, const char *text)
{
        batch_set_text(b, column, text, strlen(text));
}

static void add_process(Made *m, const Living *l, uint64_t parent, bool ended)
{
        Batch *b = row_of(m->processes, m->rows[0]);
        const char *slash = strrchr(l->kind->program, '/') + 1;
        char line[1024];

        if (batch_text_bytes(b) > 3 << 20) {
                batch_truncate(b, batch_rows(b) - 1);
                flush(m->processes, b);
                batch_add_row(b);
        }
        snprintf(line, sizeof line, l->kind->line, (size_t)l->key, (size_t)l->key * 7 % 99991);
        batch_set_u64(b, PROCESS_PROCESS, l->key);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)(1000 + l->key % 4000000));
        batch_set_i64(b, PROCESS_PPID, 1001);
        if (parent)
                batch_set_u64(b, PROCESS_PARENT, parent);
        set_text(b, PROCESS_COMM, slash);
        set_text(b, PROCESS_EXE, l->kind->program);
        set_text(b, PROCESS_CMDLINE, line);
        set_text(b, PROCESS_MAJOR, l->kind->major);
        set_text(b, PROCESS_CATEGORY, slash);
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(l->started_us * NS_PER_US));
        batch_set_i64(b, PROCESS_EXEC_NS, (int64_t)(l->started_us * NS_PER_US));
        if (ended)
                batch_set_i64(b, PROCESS_END_NS, (int64_t)(l->ends_us * NS_PER_US));
        batch_set_i64(b, PROCESS_EXIT_CODE, l->key % 997 == 0 ? 1 : 0);
        batch_set_u64(b, PROCESS_CPU_US, l->cpu_us);
        batch_set_u64(b, PROCESS_USER_US, l->cpu_us - l->cpu_us / 8);
        batch_set_u64(b, PROCESS_SYSTEM_US, l->cpu_us / 8);
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, l->most);
        batch_set_u64(b, PROCESS_PEAK_PSS_BYTES, l->most - l->most / 20);
        set_text(b, PROCESS_PEAK_SOURCE, "exact");
        set_text(b, PROCESS_SOURCE, "bpf");
}

static void begin(Made *m, Living *l, uint64_t now_us, uint64_t length_us)
{
        unsigned at = (unsigned)(uniform(m) * 100), i = 0;

        for (; i + 1 < ARRAY_LENGTH(kinds) && at >= kinds[i].share; i++)
                at -= kinds[i].share;
        uint64_t takes = (uint64_t)((0.2 + 1.6 * uniform(m)) * (double)length_us * kinds[i].seconds / 0.62) + 500;
        *l = (Living){.kind = &kinds[i], .key = ++m->key, .started_us = now_us, .ends_us = now_us + takes};
        l->most = (uint64_t)(kinds[i].mib * (0.3 + 1.4 * uniform(m)) * (double)MIB) & ~4095ull;
}

/* Memory grows as a compiler's does: fast, then slowly, with steps. */
static void add_sample(Made *m, Living *l, uint64_t t_ns)
{
        double part = (double)(t_ns / 1000 - l->started_us) / (double)(l->ends_us - l->started_us + 1);
        uint64_t bytes = (uint64_t)((double)l->most * part * (2 - part) * (0.97 + 0.03 * uniform(m))) & ~4095ull;
        Batch *b = row_of(m->samples, m->rows[1]);

        l->bytes = MIN(bytes, l->most);
        l->cpu_us = (uint64_t)((double)(t_ns / 1000 - l->started_us) * 0.93);
        batch_set_i64(b, SAMPLE_T_NS, (int64_t)t_ns);
        batch_set_u64(b, SAMPLE_PROCESS, l->key);
        batch_set_u64(b, SAMPLE_RSS_ANON_BYTES, l->bytes * 7 / 8 & ~4095ull);
        batch_set_u64(b, SAMPLE_RSS_FILE_BYTES, l->bytes / 8 & ~4095ull);
        batch_set_u64(b, SAMPLE_RSS_SHMEM_BYTES, 0);
        batch_set_u64(b, SAMPLE_PSS_BYTES, (l->bytes - l->bytes / 20) & ~1023ull);
        batch_set_u64(b, SAMPLE_PSS_AGE_MS, 0);
        batch_set_u64(b, SAMPLE_USER_US, l->cpu_us - l->cpu_us / 8);
        batch_set_u64(b, SAMPLE_SYSTEM_US, l->cpu_us / 8);
        m->samples_left--;
}

static void add_totals(Made *m, uint64_t t_ns, uint64_t bytes, unsigned alive)
{
        Batch *b = row_of(m->totals, m->rows[2]);

        batch_set_i64(b, TOTAL_TIME, (int64_t)(START_REALTIME_NS + t_ns));
        batch_set_i64(b, TOTAL_T_NS, (int64_t)t_ns);
        batch_set_u64(b, TOTAL_PROCESSES, alive);
        batch_set_u64(b, TOTAL_THREADS, alive + 1);
        batch_set_u64(b, TOTAL_RSS_BYTES, bytes);
        batch_set_u64(b, TOTAL_PSS_BYTES, (bytes - bytes / 20) & ~1023ull);
        batch_set_u64(b, TOTAL_CPU_US, m->cpu_us);
}

static void add_memory(Made *m, uint64_t t_ns, uint64_t bytes)
{
        Batch *b = row_of(m->memory, m->rows[3]);

        batch_set_i64(b, 0, (int64_t)(START_REALTIME_NS + t_ns));
        batch_set_i64(b, 1, (int64_t)t_ns);
        batch_set_u64(b, 2, 32ull << 30);
        batch_set_u64(b, 3, ((32ull << 30) - bytes - (uint64_t)(uniform(m) * 64 * MIB)) & ~4095ull);
        batch_set_u64(b, 4, (uint64_t)(t_ns / 1000 * 900 + uniform(m) * 1e6));
}

/* One tick: who ends, who begins in its place, what all have. `jobs` slots are at work. */
static void tick(Made *m, uint64_t i, size_t jobs)
{
        uint64_t step_us = m->seconds * 1000000 / m->ticks, t_us = (i + 1) * step_us, bytes = 0;
        uint64_t length_us = m->seconds * 1000000 * jobs / m->n_processes;
        unsigned alive = 0;

        for (size_t k = 0; k < jobs; k++) {
                Living *l = &m->slots[k];
                while ((!l->kind || l->ends_us < t_us) && m->key < m->n_processes) {
                        uint64_t now = l->kind ? l->ends_us + 200 : (uint64_t)(uniform(m) * 5e4);
                        if (l->kind) {
                                l->cpu_us = (uint64_t)((double)(l->ends_us - l->started_us) * 0.93);
                                add_process(m, l, 1, true);
                        }
                        begin(m, l, now, length_us);
                }
                if (!l->kind || l->ends_us < t_us || l->started_us > t_us)
                        continue;
                if (m->samples_left > 0 && (i + l->key) % m->every == 0) /* the last row holds */
                        add_sample(m, l, t_us * 1000);
                bytes += l->bytes;
                alive++;
        }
        m->cpu_us += (uint64_t)((double)step_us * 0.93 * alive);
        add_totals(m, t_us * 1000, bytes, alive + 1);
        if (i % 20 == 0)
                add_memory(m, t_us * 1000, bytes);
}

static const Column memory_columns[] = {
        KEY("time", TIME, NONE, "wall-clock time"),
        KEY("t_ns", I64, NS, "time of the tick"),
        GAUGE("total_bytes", U64, BYTES, "memory of the machine"),
        GAUGE("available_bytes", U64, BYTES, "left for programs"),
        COUNTER("faulted_bytes", U64, BYTES, "paged in"),
};
static const Schema memory_schema = {"memory", memory_columns, ARRAY_LENGTH(memory_columns)};

static void open_run(Made *m, const char *path)
{
        const RunStoreOptions options = {.codec = PARQUET_ZSTD, .memory_bytes = 256 << 20, .id = "20261118-090640-bench", .host = "alder"};
        Sink **sinks[] = {&m->processes, &m->samples, &m->totals, &m->memory};
        const Schema *schemas[] = {&processes_schema, &samples_schema, &totals_schema, &memory_schema};
        Error err = {0};

        if (directory_make(path, 0755) < 0 || run_store_new(path, &options, &m->store, &err) < 0)
                die(path, &err);
        for (size_t i = 0; i < ARRAY_LENGTH(sinks); i++)
                if (run_store_add_table(m->store, schemas[i], sinks[i], &err) < 0 ||
                    batch_new(schemas[i], ROWS, 4 << 20, &m->rows[i]) < 0)
                        die(path, &err);
}

static void write_info(const Made *m, const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char *command[] = {(char *)"make", (char *)"-j64", NULL};
        RunMonitor monitor = {.name = "memory", .interval_us = 1000000};
        RunInfo info;
        Error err = {0};

        run_info_init(&info);
        info.format = RUN_FORMAT;
        info.id = (char *)"20261118-090640-bench";
        info.label = (char *)"bench";
        info.vigia_version = (char *)VIGIA_VERSION;
        info.host = (char *)"alder";
        info.kernel = (char *)"6.12.0";
        info.machine = (char *)"x86_64";
        info.cpus = 64;
        info.memory_bytes = 32ull << 30;
        info.command = command;
        info.start_realtime_ns = START_REALTIME_NS;
        info.end_realtime_ns = START_REALTIME_NS + (int64_t)(m->seconds * NS_PER_SECOND);
        info.wall_ns = m->seconds * NS_PER_SECOND;
        info.exit_code = 0;
        info.complete = true;
        info.interval_ns = m->seconds * NS_PER_SECOND / m->ticks;
        info.capture_source = (char *)"bpf";
        info.processes = m->key;
        info.rules = (char *)"builtin";
        info.monitors = &monitor;
        info.n_monitors = 1;
        if (run_info_write(&info, fd, &err) < 0)
                die(path, &err);
}

static void make_run(Made *m, const char *path)
{
        static const Kind make = {"/usr/bin/make", "BuildSystem", "make -j64 all V=%zu%zu", 0, 0, 4};
        const size_t jobs = m->n_processes > 1000 ? 50 : 4;
        Living root = {.kind = &make, .key = 1, .ends_us = m->seconds * 1000000, .cpu_us = 900000, .most = 4 * MIB};
        Error err = {0};

        m->key = 1;
        m->ticks = MIN(MAX(m->n_samples / jobs * 26 / 25, m->seconds), m->seconds * 20);
        m->every = MAX(m->ticks * jobs * 9 / 10 / m->n_samples, (uint64_t)1);
        open_run(m, path);
        for (uint64_t i = 0; i < m->ticks; i++) {
                tick(m, i, jobs);
                if (run_store_tick(m->store, i * NS_PER_SECOND, &err) < 0)
                        die(path, &err);
        }
        for (size_t k = 0; k < SLOTS; k++)
                if (m->slots[k].kind) {
                        m->slots[k].ends_us = MIN(m->slots[k].ends_us, m->seconds * 1000000 - 1);
                        m->slots[k].started_us = MIN(m->slots[k].started_us, m->slots[k].ends_us);
                        add_process(m, &m->slots[k], 1, true);
                }
        add_process(m, &root, 0, true);
        Sink *sinks[] = {m->processes, m->samples, m->totals, m->memory};
        for (size_t i = 0; i < ARRAY_LENGTH(sinks); i++) {
                flush(sinks[i], m->rows[i]);
                m->rows[i] = batch_free(m->rows[i]);
        }
        if (run_store_finish(m->store, &err) < 0)
                die(path, &err);
        write_info(m, path);
        m->store = run_store_free(m->store);
}

static uint64_t number(const char *text)
{
        uint64_t value;

        if (parse_u64z(text, &value) == 0 && value > 0)
                return value;
        fprintf(stderr, "bench-page: %s: expected a number of at least 1\n", text);
        exit(2);
}

int main(int argc, char **argv)
{
        static Made made = {.random = 42};

        if (argc < 2 || argc > 5) {
                fprintf(stderr, "usage: bench-page DIR [PROCESSES [SAMPLES [SECONDS]]]\n");
                return 2;
        }
        made.n_processes = argc > 2 ? number(argv[2]) : 50000;
        made.n_samples = made.samples_left = argc > 3 ? number(argv[3]) : 1000000;
        made.seconds = argc > 4 ? number(argv[4]) : 1800;
        make_run(&made, argv[1]);
        printf("{\"processes\": %llu, \"samples\": %llu, \"ticks\": %llu, \"seconds\": %llu}\n",
               (unsigned long long)made.key, (unsigned long long)(made.n_samples - made.samples_left),
               (unsigned long long)made.ticks, (unsigned long long)made.seconds);
        return 0;
}
