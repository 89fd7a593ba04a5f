/* Runs as reports see them, and goldens under tests/golden to hold what they say against. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/test-source.h"
#include "report/next-run.h"
#include "report/report-data.h"
#include "table/process-tables.h"

#define MIB (1ull << 20)

typedef struct Fixture {
        Batch *processes, *totals, *samples, *events;
        RunInfo info;
        char *command[8];
        bool machine; /* its monitors ran */
        ReportData data;
} Fixture;

static inline void set_text(Batch *b, size_t column, const char *text)
{
        assert_int_equal(batch_set_text(b, column, text, strlen(text)), 0);
}

/* As rules would, for some programs; others stay without. */
static inline void set_label(Batch *b, const char *program)
{
        static const char *const labels[][3] = {
                {"make", "BuildSystem", "make"},     {"cc1", "CPP_Compile", "cc1"},
                {"cc1plus", "CPP_Compile", "cc1plus"}, {"x86_64-linux-gnu-ld.bfd", "CPP_Link", "ld"},
                {"python3.11", "Other", "Other_generate.py"},
        };

        for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
                if (strcmp(program, labels[i][0]) == 0) {
                        set_text(b, PROCESS_MAJOR, labels[i][1]);
                        set_text(b, PROCESS_CATEGORY, labels[i][2]);
                }
}

static inline void add_process(Fixture *f, uint64_t key, uint64_t ppid, const char *exe, const char *cmdline,
                        uint64_t start_ms, uint64_t end_ms, uint64_t peak, uint64_t cpu_ms, int code)
{
        Batch *b = f->processes;

        assert_int_equal(batch_add_row(b), 0);
        batch_set_u64(b, PROCESS_PROCESS, key);
        batch_set_u64(b, PROCESS_IMAGE, 0);
        batch_set_i64(b, PROCESS_PID, (int64_t)(9000 + key));
        batch_set_i64(b, PROCESS_PPID, (int64_t)(9000 + ppid));
        if (ppid > 0)
                batch_set_u64(b, PROCESS_PARENT, ppid);
        set_text(b, PROCESS_EXE, exe);
        size_t first = strcspn(cmdline, " "); /* comm: what it was called by */
        const char *base = memrchr(cmdline, '/', first);
        base = base ? base + 1 : cmdline;
        assert_int_equal(batch_set_text(b, PROCESS_COMM, base, (size_t)(cmdline + first - base)), 0);
        set_label(b, strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe);
        set_text(b, PROCESS_CMDLINE, cmdline);
        batch_set_i64(b, PROCESS_START_NS, (int64_t)(start_ms * NS_PER_MS));
        batch_set_i64(b, PROCESS_EXEC_NS, (int64_t)(start_ms * NS_PER_MS));
        batch_set_i64(b, PROCESS_END_NS, (int64_t)(end_ms * NS_PER_MS));
        batch_set_u64(b, PROCESS_PEAK_RSS_BYTES, peak);
        batch_set_u64(b, PROCESS_PEAK_PSS_BYTES, peak - peak / 16);
        set_text(b, PROCESS_PEAK_SOURCE, "exact");
        batch_set_u64(b, PROCESS_USER_US, cpu_ms * 900);
        batch_set_u64(b, PROCESS_SYSTEM_US, cpu_ms * 100);
        batch_set_u64(b, PROCESS_CPU_US, cpu_ms * 1000);
        batch_set_i64(b, PROCESS_EXIT_CODE, code);
}

static inline void add_tick(Fixture *f, uint64_t t_ms, uint64_t cpu_ms, const uint64_t *keys,
                     const uint64_t *bytes, size_t n)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < n; i++) {
                assert_int_equal(batch_add_row(f->samples), 0);
                batch_set_i64(f->samples, SAMPLE_T_NS, (int64_t)(t_ms * NS_PER_MS));
                batch_set_u64(f->samples, SAMPLE_PROCESS, keys[i]);
                batch_set_u64(f->samples, SAMPLE_PSS_BYTES, bytes[i]);
                batch_set_u64(f->samples, SAMPLE_PSS_AGE_MS, 0);
                sum += bytes[i];
        }
        assert_int_equal(batch_add_row(f->totals), 0);
        batch_set_i64(f->totals, TOTAL_T_NS, (int64_t)(t_ms * NS_PER_MS));
        batch_set_u64(f->totals, TOTAL_PSS_BYTES, sum);
        batch_set_u64(f->totals, TOTAL_RSS_BYTES, sum + sum / 8);
        batch_set_u64(f->totals, TOTAL_CPU_US, cpu_ms * 1000);
}

static inline void fixture_init(Fixture *f, const char *program, const char *argument)
{
        *f = (Fixture){0};
        assert_int_equal(batch_new(&processes_schema, 4096, 1 << 20, &f->processes), 0);
        assert_int_equal(batch_new(&totals_schema, 4096, 1 << 20, &f->totals), 0);
        assert_int_equal(batch_new(&samples_schema, 4096, 1 << 20, &f->samples), 0);
        assert_int_equal(batch_new(&events_schema, 4096, 1 << 20, &f->events), 0);
        f->command[0] = (char *)program;
        f->command[1] = (char *)argument;
        RunInfo *i = &f->info;
        i->id = (char *)"20261120-101502-make";
        i->label = (char *)"make";
        i->host = (char *)"alder";
        i->command = f->command;
        i->cpus = 4;
        i->memory_bytes = 8ull << 30;
        i->wall_ns = 62 * NS_PER_SECOND;
        i->exit_code = 0;
        i->exit_signal = -1;
        i->complete = true;
        i->interval_ns = 50 * NS_PER_MS;
        i->capture_source = (char *)"bpf";
        i->processes = 14203;
        i->command_cpu_us = 120000000;
        i->peak_cgroup_bytes = RUN_UNKNOWN;
        i->own_cpu_us = 248000;
        i->own_private_bytes = 5 * MIB;
        i->own_peak_rss_bytes = 7 * MIB;
        i->written_bytes = 3 * MIB;
}

/* The machine was its own: what the CPUs did, from begin to end. */
static inline void add_cpus(Fixture *f)
{
        static const Column columns[] = {{.name = "cpu", .type = COLUMN_U32, .role = ROLE_KEY},
                                         {.name = "user_us", .type = COLUMN_U64, .role = ROLE_COUNTER},
                                         {.name = "idle_us", .type = COLUMN_U64, .role = ROLE_COUNTER}};
        static const Schema schema = {.table = "cpu", .columns = columns, .n_columns = 3};
        uint64_t all = f->info.wall_ns / 1000 * f->info.cpus, user = MIN(f->info.command_cpu_us, all);
        Batch *cpu;

        assert_int_equal(batch_new(&schema, 4, 0, &cpu), 0);
        for (uint64_t i = 0; i < 2; i++) {
                assert_int_equal(batch_add_row(cpu), 0);
                batch_set_u64(cpu, 1, i * user);
                batch_set_u64(cpu, 2, i * (all - user));
        }
        assert_int_equal(next_run_observe(&f->data, "cpu", cpu), 0);
        batch_free(cpu);
}

static inline void summarise(Fixture *f)
{
        SummaryBuilder *builder;

        assert_int_equal(summary_new(&builder), 0);
        assert_int_equal(summary_observe(builder, "processes", f->processes), 0);
        assert_int_equal(summary_observe(builder, "totals", f->totals), 0);
        assert_int_equal(summary_observe(builder, "events", f->events), 0);
        assert_int_equal(summary_observe(builder, "samples", f->samples), 0);
        f->data = (ReportData){.info = &f->info};
        assert_int_equal(summary_finish(builder, &f->data.summary), 0);
        summary_builder_free(builder);
        if (f->machine)
                f->data.summary->machine = (SummaryMachine){
                        .available_least_bytes = 5 * 1024 * MIB + 700 * MIB,
                        .available_least_t_ns = 60500 * (int64_t)NS_PER_MS,
                        .total_bytes = 8ull << 30,
                        .swap_most_bytes = 0,
                        .busy_ratio = 0.463,
                        .iowait_ratio = 0.02,
                        .waited_ratio = {0.31, 0.002, 0.045},
                };
        assert_int_equal(report_find(&f->data, &(Findings){0}), 0);
        assert_int_equal(next_run_begin(&f->data), 0);
        assert_int_equal(next_run_observe(&f->data, "processes", f->processes), 0);
        assert_int_equal(next_run_observe(&f->data, "samples", f->samples), 0);
        assert_int_equal(next_run_observe(&f->data, "totals", f->totals), 0);
        assert_int_equal(next_run_observe(&f->data, "events", f->events), 0);
        if (f->machine)
                add_cpus(f);
        assert_int_equal(next_run_finish(&f->data, NULL), 0);
        f->data.path = "/var/lib/vigia/runs/20261120-101502-make";
}

static inline void fixture_done(Fixture *f)
{
        report_data_done(&f->data);
        batch_free(f->processes);
        batch_free(f->totals);
        batch_free(f->samples);
        batch_free(f->events);
}

/* A build of 62 s: 40 compilers in pairs, two links, a shell with hostile words. */
static inline void make_build(Fixture *f)
{
        uint64_t key = 1, cpu = 0;

        fixture_init(f, "/usr/bin/make", "-j2");
        for (uint64_t i = 0; i < 40; i++) {
                char line[256];
                snprintf(line, sizeof line,
                         "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus -quiet -I. src/lib/part%u.cpp -o "
                         "/tmp/ccx.s", (unsigned)i);
                uint64_t start = i / 2 * 2500, peak = (150 + i * 7 % 90) * MIB;
                add_process(f, ++key, 1, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", line, start,
                            start + 2400, peak, 2300, 0);
        }
        add_process(f, 42, 1, "/usr/bin/x86_64-linux-gnu-ld.bfd",
                    "/usr/bin/ld -dynamic-linker /lib64/ld.so -o build/bin/thing crt1.o a.o", 50000,
                    61000, 900 * MIB, 10500, 0);
        add_process(f, 43, 1, "/usr/bin/dash", "sh -c printf '\033[31m' && ./gen \xff\xfe x", 100, 200,
                    260 * MIB, 2, 0);
        add_process(f, 44, 1, "/usr/bin/python3.11", "/usr/bin/python3 -u /srv/src/tools/generate.py --all",
                    200, 900, 30 * MIB, 600, 0);
        add_process(f, 1, 0, "/usr/bin/make", "make -j2", 0, 61900, 3 * MIB, 400, 0);
        for (uint64_t t = 0; t < 62000; t += 250) {
                uint64_t keys[3] = {1}, bytes[3] = {3 * MIB};
                size_t n = 1;
                for (uint64_t k = 0; t < 50000 && k < 2 && t % 2500 < 2400; k++) {
                        keys[n] = 2 + t / 2500 * 2 + k;
                        bytes[n++] = (20 + t % 2500 / 25) * MIB;
                }
                if (t >= 50000 && t < 61000) {
                        keys[n] = 42;
                        bytes[n++] = (100 + (t - 50000) / 14) * MIB;
                }
                cpu += t < 50000 ? 480 : 245;
                add_tick(f, t, cpu, keys, bytes, n);
        }
        f->info.command_cpu_us = 103800000;
        f->machine = true;
}
