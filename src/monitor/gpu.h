/*
 * What is known about one GPU at one moment, from two sources: NVML, NVIDIA's library, loaded at
 * run time, and the files of the kernel's own drivers (DRM). Both may wait: for a thread of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"

#define GPU_UNKNOWN UINT64_MAX

enum { GPU_TEXT_MAX = 96, GPUS_MAX = 64, GPU_PROCESSES_MAX = 1024 };

typedef struct GpuFigures {
        char address[32];           /* "0000:01:00.0"; "nvidia0" where that is not told */
        char name[GPU_TEXT_MAX], uuid[GPU_TEXT_MAX], driver[32]; /* "": unknown, and so below */
        const char *state;          /* "active", "asleep", "lost", "needs a reset", "no answer"; static */
        char throttle[128];         /* what holds its clocks down, "none" */
        double temperature_c, limit_c, memory_temperature_c, power_w, power_limit_w; /* NAN */
        uint64_t use_percent, memory_use_percent;                                     /* GPU_UNKNOWN */
        uint64_t memory_used_bytes, memory_total_bytes;
        uint64_t shared_used_bytes; /* of the machine's memory */
        uint64_t energy_uj, clock_hz, memory_clock_hz, fan_percent, fan_rpm;
} GpuFigures;

void gpu_figures_clear(GpuFigures *figures);

typedef struct GpuProcess {
        uint32_t pid;
        uint64_t memory_bytes; /* GPU_UNKNOWN */
        bool compute, graphics;
} GpuProcess;

/* NVML. A library of that name, or NULL for the usual places. -EOPNOTSUPP with a sentence: it is not
 * there, or does not work; `fix` as in Monitor.probe. */
typedef struct Nvml Nvml;
int nvml_new(const Host *host, const char *library, Nvml **ret, Error *why, Error *fix);
Nvml *nvml_free(Nvml *nvml);
DEFINE_CLEANUP(Nvml, nvml)

/* How many GPUs the driver has; 0 is possible. */
size_t nvml_count(const Nvml *nvml);
/* Takes hold of them: may take seconds where the driver sleeps without persistence mode. */
void nvml_find(Nvml *nvml);
void nvml_read(Nvml *nvml, size_t i, GpuFigures *ret);
/* Who has memory on it: how many, at most max. Sorted by pid. */
size_t nvml_processes(Nvml *nvml, size_t i, GpuProcess *list, size_t max);

/* NVIDIA's GPUs as the kernel knows them. */
typedef struct NvidiaAddress {
        char text[32]; /* "0000:01:00.0" */
} NvidiaAddress;
bool nvidia_driver_runs(const Host *host);
/* How many there are if all of them are switched off to save power; 0: one is awake, or none is known. */
size_t nvidia_all_asleep(const Host *host, NvidiaAddress *list, size_t max);
/* The first on the bus, with a driver or without. */
bool nvidia_find_card(const Host *host, NvidiaAddress *ret);

/* GPUs of the kernel's own drivers. */
typedef struct DrmGpus DrmGpus;
int drm_gpus_new(const Host *host, DrmGpus **ret); /* 0 or -ENOMEM; there may be none */
DrmGpus *drm_gpus_free(DrmGpus *gpus);
DEFINE_CLEANUP(DrmGpus, drm_gpus)
size_t drm_gpus_count(const DrmGpus *gpus);
void drm_gpus_read(DrmGpus *gpus, size_t i, GpuFigures *ret);
