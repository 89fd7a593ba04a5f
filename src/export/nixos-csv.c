/* One table for what is in which file; a function a file says how its row is made of what is known at a moment. */
#include "export/nixos-csv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "export/csv-file.h"
#include "export/held-processes.h"
#include "export/moments.h"
#include "export/nixos-programs.h"

#define MIB 1048576.0
#define GIB 1073741824.0

const NixosFile nixos_files[NIXOS_FILES] = {
        {"memory", "timestamp,total_mb,used_mb,free_mb,available_mb,swap_used_mb,swap_free_mb", 1},
        {"cpu", "timestamp,cpu_percent,load_1min,load_5min,load_15min", 1},
        {"processes", "timestamp,process_name,count,total_mem_mb", 1},
        {"disk", "timestamp,mount_point,total_gb,used_gb,available_gb,use_percent", 2},
        {"nix-store", "timestamp,nix_store_gb,tmp_gb,build_dirs_count", 5},
        {"network", "timestamp,rx_mb,tx_mb,rx_packets,tx_packets", 2},
        {"file-descriptors", "timestamp,total_fds,nix_daemon_fds,nix_build_fds", 2},
        {"temperature", "timestamp,cpu_temp,gpu_temp,nvme_temp", 5},
        {"process-limits", "timestamp,max_processes,current_processes,max_threads,current_threads", 5},
        {"fork-analysis", "timestamp,available_mem_mb,min_free_kb,fork_possible", 1},
};

enum { TABLES = 2 };

#define LAST_NS ((int64_t)(2 * NS_PER_SECOND))

/* What is known at the moment. */
typedef struct Known {
        const HeldThing *const *things;
        size_t n;
} Known;

typedef struct Job {
        CsvFile csv;
        int64_t second; /* of the moment, since 1970 */
        Known known[TABLES];
        HeldProcess *const *alive;
        size_t n_alive;
        HeldProcesses *processes;
        double idle, total; /* cpu: as they were at the moment before; NAN: there was none */
} Job;

typedef struct Maker {
        HeldSpec tables[TABLES];
        bool processes;
        int (*write)(Job *job, Error *err);
} Maker;

/* ---- a row ---- */

static void begin(Job *job)
{
        csv_file_add_i64(&job->csv, job->second);
}

static int end(Job *job, Error *err)
{
        return csv_file_end_row(&job->csv, err);
}

/* The thing with such a first key; NULL: none. */
static const HeldThing *find(const Job *job, size_t table, const char *key)
{
        for (size_t i = 0; i < job->known[table].n; i++)
                if (text_equal(job->known[table].things[i]->keys[0], key))
                        return job->known[table].things[i];
        return NULL;
}

static double value(const HeldThing *thing, size_t column)
{
        return thing ? thing->values[column] : NAN;
}

static int write_memory(Job *job, Error *err)
{
        enum { TOTAL, FREE, AVAILABLE, SWAP, SWAP_FREE };
        const HeldThing *m = find(job, 0, "");

        begin(job);
        csv_file_add_number(&job->csv, value(m, TOTAL) / MIB, 0);
        csv_file_add_number(&job->csv, (value(m, TOTAL) - value(m, AVAILABLE)) / MIB, 0);
        csv_file_add_number(&job->csv, value(m, FREE) / MIB, 0);
        csv_file_add_number(&job->csv, value(m, AVAILABLE) / MIB, 0);
        csv_file_add_number(&job->csv, (value(m, SWAP) - value(m, SWAP_FREE)) / MIB, 0);
        csv_file_add_number(&job->csv, value(m, SWAP_FREE) / MIB, 0);
        return end(job, err);
}

/* Of the time since the moment before; guests are a part of user and nice. */
static int write_cpu(Job *job, Error *err)
{
        enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, LOAD };
        const HeldThing *c = find(job, 0, "");
        double idle = value(c, IDLE) + value(c, IOWAIT), total = 0;

        for (size_t i = USER; i <= STEAL; i++)
                total += isnan(value(c, i)) && i >= IRQ ? 0 : value(c, i);
        double span = total - job->total;
        begin(job);
        csv_file_add_number(&job->csv, span > 0 ? 100 * (1 - (idle - job->idle) / span) : NAN, 1);
        for (size_t i = 0; i < 3; i++)
                csv_file_add_number(&job->csv, value(c, LOAD + i), 2);
        job->idle = idle;
        job->total = total;
        return end(job, err);
}

static int write_processes(Job *job, Error *err)
{
        int r = 0;

        for (size_t k = 0; r == 0 && nixos_programs[k]; k++) {
                uint64_t count = 0, bytes = 0, known = 0;
                for (size_t i = 0; i < job->n_alive; i++) {
                        if (!nixos_is_program(job->alive[i]->name, nixos_programs[k]))
                                continue;
                        count++;
                        if (job->alive[i]->rss_bytes == HELD_UNKNOWN)
                                continue;
                        bytes += job->alive[i]->rss_bytes;
                        known++;
                }
                begin(job);
                csv_file_add_text(&job->csv, nixos_programs[k]);
                csv_file_add_i64(&job->csv, (int64_t)count);
                csv_file_add_number(&job->csv, count > 0 && known == 0 ? NAN : (double)bytes / MIB, 1);
                r = end(job, err);
        }
        return r;
}

static int write_disk(Job *job, Error *err)
{
        enum { SIZE, USED, AVAILABLE };
        int r = 0;

        for (size_t i = 0; r == 0 && i < job->known[0].n; i++) {
                const HeldThing *d = job->known[0].things[i];
                double all = d->values[USED] + d->values[AVAILABLE];
                if (!*d->keys[0] || !(d->values[SIZE] > 0)) /* a block device; proc and its like */
                        continue;
                begin(job);
                csv_file_add_text(&job->csv, d->keys[0]);
                csv_file_add_number(&job->csv, d->values[SIZE] / GIB, 2);
                csv_file_add_number(&job->csv, d->values[USED] / GIB, 2);
                csv_file_add_number(&job->csv, d->values[AVAILABLE] / GIB, 2);
                csv_file_add_number(&job->csv, all > 0 ? ceil(100 * d->values[USED] / all) : NAN, 0); /* as df(1) */
                r = end(job, err);
        }
        return r;
}

/* A size is one only when the tree was walked to its end. */
static double size_of(const HeldThing *tree)
{
        enum { COMPLETE, BYTES, APPARENT };

        if (!tree || tree->values[COMPLETE] == 0)
                return NAN;
        return isnan(tree->values[BYTES]) ? tree->values[APPARENT] : tree->values[BYTES];
}

static int write_store(Job *job, Error *err)
{
        begin(job);
        csv_file_add_number(&job->csv, size_of(find(job, 0, "/nix/store")) / GIB, 3);
        csv_file_add_number(&job->csv, size_of(find(job, 0, "/tmp")) / GIB, 3);
        csv_file_add_number(&job->csv, value(find(job, 1, ""), 0), 0);
        return end(job, err);
}

/* What they carry is counted at the interface behind them, too. */
static bool is_inner(const char *interface)
{
        static const char *const inner[] = {"lo", "veth", "docker", "br-", "virbr", "vnet", "tap", "ifb", "dummy", "cni", "flannel"};

        for (size_t i = 0; i < ARRAY_LENGTH(inner); i++)
                if (i == 0 ? text_equal(interface, inner[i]) : text_starts_with(interface, inner[i]))
                        return true;
        return false;
}

/* Since the machine's start, as /proc/net/dev has it. */
static int write_network(Job *job, Error *err)
{
        double sums[4] = {NAN, NAN, NAN, NAN};

        for (size_t i = 0; i < job->known[0].n; i++) {
                const HeldThing *n = job->known[0].things[i];
                if (is_inner(n->keys[0]))
                        continue;
                for (size_t k = 0; k < ARRAY_LENGTH(sums); k++)
                        if (!isnan(n->values[k]))
                                sums[k] = isnan(sums[k]) ? n->values[k] : sums[k] + n->values[k];
        }
        begin(job);
        csv_file_add_number(&job->csv, sums[0] / MIB, 2);
        csv_file_add_number(&job->csv, sums[1] / MIB, 2);
        csv_file_add_number(&job->csv, sums[2], 0);
        csv_file_add_number(&job->csv, sums[3], 0);
        return end(job, err);
}

/* Of the run's processes of that name that are alive; 0: there is none. */
static double fds_of(const Job *job, const char *program)
{
        double sum = 0;

        for (size_t i = 0; i < job->n_alive; i++) {
                char key[24];
                if (!nixos_is_program(job->alive[i]->name, program))
                        continue;
                snprintf(key, sizeof key, "%llu", (unsigned long long)job->alive[i]->key);
                sum += value(find(job, 0, key), 1);
        }
        return sum;
}

static int write_fds(Job *job, Error *err)
{
        begin(job);
        csv_file_add_number(&job->csv, value(find(job, 0, ""), 0), 0);
        csv_file_add_number(&job->csv, fds_of(job, "nix-daemon"), 0);
        csv_file_add_number(&job->csv, fds_of(job, "nix-build"), 0);
        return end(job, err);
}

static bool starts_with_one(const char *text, const char *const *list)
{
        for (; *list; list++)
                if (text_starts_with(text, *list))
                        return true;
        return false;
}

/* The warmest of the sensors of such chips. */
static double warmest(const Job *job, const char *const *chips)
{
        double most = NAN;

        for (size_t i = 0; i < job->known[0].n; i++) {
                const HeldThing *s = job->known[0].things[i];
                if (text_equal(s->keys[2], "temperature") && starts_with_one(s->keys[0], chips))
                        most = fmax(most, s->values[0]);
        }
        return most;
}

static int write_temperature(Job *job, Error *err)
{
        static const char *const cpus[] = {"coretemp", "k10temp", "k8temp", "zenpower", "cpu", "x86_pkg_temp", "soc", NULL};
        static const char *const gpus[] = {"amdgpu", "nouveau", "radeon", "gpu", NULL};
        static const char *const drives[] = {"nvme", NULL};
        double gpu = warmest(job, gpus);

        for (size_t i = 0; i < job->known[1].n; i++)
                if (!*job->known[1].things[i]->keys[1]) /* of the GPU, not of a process on it */
                        gpu = fmax(gpu, job->known[1].things[i]->values[0]);
        begin(job);
        csv_file_add_number(&job->csv, warmest(job, cpus), 1);
        csv_file_add_number(&job->csv, gpu, 1);
        csv_file_add_number(&job->csv, warmest(job, drives), 1);
        return end(job, err);
}

static int write_limits(Job *job, Error *err)
{
        enum { PID_MAX, THREADS_MAX, TASKS };
        const HeldThing *l = find(job, 0, "");

        begin(job);
        csv_file_add_number(&job->csv, value(l, PID_MAX), 0);
        csv_file_add_number(&job->csv, value(find(job, 1, ""), 0), 0);
        csv_file_add_number(&job->csv, value(l, THREADS_MAX), 0);
        csv_file_add_number(&job->csv, value(l, TASKS), 0);
        return end(job, err);
}

/* The reference's thresholds of memory, and whatever other limit the monitor `fork` found to bind. */
static int write_fork(Job *job, Error *err)
{
        const HeldThing *f = find(job, 0, "");
        double available = value(f, 0) / MIB;
        const char *verdict = "N/A";

        if (f && text_equal(f->text, "no"))
                verdict = "NO";
        else if (!isnan(available))
                verdict = available < 512                                       ? "NO"
                          : available < 1024 || text_equal(f->text, "marginal") ? "marginal"
                                                                                : "yes";
        begin(job);
        csv_file_add_number(&job->csv, available, 0);
        csv_file_add_number(&job->csv, value(f, 1) / 1024, 0);
        csv_file_add_text(&job->csv, verdict);
        return end(job, err);
}

/* In the order of nixos_files. */
static const Maker makers[NIXOS_FILES] = {
        {.tables = {{"memory",
                     {NULL},
                     {"total_bytes", "free_bytes", "available_bytes", "swap_total_bytes", "swap_free_bytes", NULL},
                     NULL}},
         .write = write_memory},
        {.tables = {{"cpu",
                     {"cpu", NULL},
                     {"user_us", "nice_us", "system_us", "idle_us", "iowait_us", "irq_us", "softirq_us", "steal_us", "load_1m",
                      "load_5m", "load_15m", NULL},
                     NULL}},
         .write = write_cpu},
        {.processes = true, .write = write_processes},
        {.tables = {{"disk", {"mount", NULL}, {"size_bytes", "used_bytes", "available_bytes", NULL}, NULL}}, .write = write_disk},
        {.tables = {{"store", {"path", NULL}, {"complete", "bytes", "apparent_bytes", NULL}, NULL},
                    {"nix", {NULL}, {"build_dirs", NULL}, NULL}},
         .write = write_store},
        {.tables = {{"network", {"interface", NULL}, {"rx_bytes", "tx_bytes", "rx_packets", "tx_packets", NULL}, NULL}},
         .write = write_network},
        {.tables = {{"files", {"process", NULL}, {"open_files", "fds", NULL}, NULL}}, .processes = true, .write = write_fds},
        {.tables = {{"temperature", {"chip", "sensor", "kind", NULL}, {"value_c", NULL}, NULL},
                    {"gpu", {"gpu", "pid", NULL}, {"temperature_c", NULL}, NULL}},
         .write = write_temperature},
        {.tables = {{"limits", {NULL}, {"pid_max", "threads_max", "tasks", NULL}, NULL},
                    {"nix", {NULL}, {"processes", NULL}, NULL}},
         .write = write_limits},
        {.tables = {{"fork", {NULL}, {"available_bytes", "min_free_bytes", NULL}, "verdict"}}, .write = write_fork},
};

/* ---- a file ---- */

static int open_tables(RunReader *run, const Maker *maker, HeldTable *tables[TABLES], Error *err)
{
        for (size_t i = 0; i < TABLES && maker->tables[i].table; i++) {
                const char *name = maker->tables[i].table;
                uint64_t hold = 3 * held_interval_ns(run_reader_info(run), name);
                int r = held_table_new(run, &maker->tables[i], MAX(hold, 25 * NS_PER_SECOND), &tables[i], err);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return 0;
}

static int go_through(Job *job, const Maker *maker, HeldTable *tables[TABLES], Moments moments, int64_t start_ns, Error *err)
{
        int r = 0;

        while (r == 0) {
                const bool first = moments.first_ns > 0;
                if (!moments_next(&moments))
                        break;
                job->second = (start_ns + moments.t_ns) / (int64_t)NS_PER_SECOND;
                /* At the end all that there still is: the last samples are made one after another. */
                int64_t until_ns = moments.t_ns + (moments.ended && !job->processes ? LAST_NS : 0);
                for (size_t i = 0; r == 0 && i < TABLES; i++)
                        if (tables[i])
                                r = held_table_move(tables[i], until_ns, &job->known[i].things, &job->known[i].n, err);
                if (r == 0 && job->processes)
                        r = held_processes_move(job->processes, moments.t_ns, &job->alive, &job->n_alive, err);
                /* Of the beginning only what was known then. */
                if (r == 0 && !(first && maker->tables[0].table && job->known[0].n == 0))
                        r = maker->write(job, err);
        }
        return r;
}

static int write_file(RunReader *run, size_t which, const char *folder, Moments moments, Error *err)
{
        const Maker *maker = &makers[which];
        HeldTable *tables[TABLES] = {NULL};
        Job job = {.idle = NAN, .total = NAN};
        _cleanup_string_ String path = {0};

        string_add_format(&path, "%s/%s.csv", folder, nixos_files[which].name);
        int r = path.failed ? error_set(err, ENOMEM, "out of memory") : 0;
        if (r == 0)
                r = open_tables(run, maker, tables, err);
        if (r == 0 && maker->processes)
                r = held_processes_new(run, &job.processes, err);
        if (r == 0)
                r = csv_file_open(&job.csv, string_get(&path), nixos_files[which].header, err);
        if (r == 0)
                r = go_through(&job, maker, tables, moments, run_reader_info(run)->start_realtime_ns, err);
        if (r == 0)
                r = csv_file_commit(&job.csv, err);
        csv_file_done(&job.csv);
        held_processes_free(job.processes);
        for (size_t i = 0; i < TABLES; i++)
                held_table_free(tables[i]);
        return r;
}

int nixos_csv_write(RunReader *run, const char *folder, uint64_t interval_ns, int64_t end_ns, int64_t last_ns, Error *err)
{
        uint64_t step = interval_ns ? interval_ns : NIXOS_INTERVAL_S * NS_PER_SECOND;
        int r = 0;

        for (size_t i = 0; r == 0 && i < NIXOS_FILES; i++)
                r = write_file(run, i, folder,
                               moments_make_with_first(step * nixos_files[i].every, makers[i].processes ? end_ns : last_ns), err);
        return r;
}
