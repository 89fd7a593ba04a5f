/*
 * /proc/stat and /proc/loadavg: what the CPUs did since the kernel started, and how many tasks
 * there are. Pure functions on text. proc(5), Documentation/filesystems/proc.rst, fs/proc/stat.c,
 * fs/proc/loadavg.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_STAT_UNKNOWN UINT64_MAX

/* In the order of a line; guest is a part of user, guest_nice of nice. */
typedef enum CpuTime {
        CPU_USER,
        CPU_NICE,
        CPU_SYSTEM,
        CPU_IDLE,
        CPU_IOWAIT,
        CPU_IRQ,
        CPU_SOFTIRQ,
        CPU_STEAL,
        CPU_GUEST,
        CPU_GUEST_NICE,
        CPU_TIMES,
} CpuTime;

/* Ticks of sysconf(_SC_CLK_TCK); KERNEL_STAT_UNKNOWN where an older kernel has no such figure. */
typedef struct CpuTimes {
        uint64_t ticks[CPU_TIMES];
} CpuTimes;

/* Each KERNEL_STAT_UNKNOWN where its line is missing. */
typedef struct KernelStat {
        CpuTimes total; /* of all CPUs, offline ones too */
        uint64_t interrupts, softirqs, context_switches, forks;
        uint64_t running, blocked; /* tasks that run or could; that wait for I/O */
} KernelStat;

/* 0, or -EBADMSG without a line "cpu" of all CPUs. */
int kernel_stat_parse(const char *text, size_t size, KernelStat *ret);

/* Takes the next line of one CPU off *text; they stand at the beginning, in rising order,
 * offline ones left out. False at their end. */
bool kernel_stat_next_cpu(const char **text, const char *end, uint32_t *ret_cpu, CpuTimes *ret);

/* tasks are all threads of the machine, whatever pid namespace asks; running those of them that
 * run or could. 0 or -EBADMSG. */
typedef struct LoadAverage {
        double load_1m, load_5m, load_15m;
        uint64_t running, tasks;
} LoadAverage;

int load_average_parse(const char *text, size_t size, LoadAverage *ret);
