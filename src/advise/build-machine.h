/* What the machine's monitors said around a build: limits, and how much of the CPUs others had. */
#pragma once

#include "advise/build-rows.h"

/* A counter over the recording. */
typedef struct BuildSpan {
        bool begun, broken;
        uint64_t first, last;
} BuildSpan;

typedef struct BuildMachineState {
        BuildSpan all, idle, iowait, steal, run;
        int64_t run_first_ns, run_last_ns;
        double cpu_limit_above; /* the lowest quota above the run's own cgroup; 0: none */
} BuildMachineState;

void build_machine_init(BuildMachine *machine, unsigned cpus);
const char *const *build_machine_columns(const char *table);
void build_machine_totals(BuildMachineState *state, const Batch *totals);
void build_machine_observe(BuildMachine *machine, BuildMachineState *state, const char *table, const Batch *rows);
void build_machine_finish(BuildMachine *machine, const BuildMachineState *state);
