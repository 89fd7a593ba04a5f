/*
 * As much of NVIDIA's management library as vigia asks for: declarations written from its public
 * documentation (NVML API Reference Guide), since the library is there only at run time.
 */
#pragma once

#include <stddef.h>

typedef struct NvmlDevice *NvmlHandle; /* nvmlDevice_t */

/* nvmlReturn_t, of type int here. */
enum {
        NVML_SUCCESS = 0,
        NVML_INVALID_ARGUMENT = 2,
        NVML_NOT_SUPPORTED = 3,
        NVML_NO_PERMISSION = 4,
        NVML_INSUFFICIENT_SIZE = 7,
        NVML_DRIVER_NOT_LOADED = 9,
        NVML_FUNCTION_NOT_FOUND = 13,
        NVML_GPU_IS_LOST = 15,
        NVML_RESET_REQUIRED = 16,
        NVML_OPERATING_SYSTEM = 17,
        NVML_LIBRARY_MISMATCH = 18,
};

/* nvmlClockType_t, nvmlTemperatureSensors_t, nvmlTemperatureThresholds_t. */
enum { NVML_CLOCK_SM = 1, NVML_CLOCK_MEMORY = 2 };
enum { NVML_TEMPERATURE_GPU = 0 };
enum { NVML_THRESHOLD_SLOWDOWN = 1 };

/* NVML_FI_DEV_MEMORY_TEMP of nvmlDeviceGetFieldValues, an unsigned int. */
enum { NVML_FIELD_MEMORY_TEMPERATURE = 82 };

#define NVML_NOT_AVAILABLE (~0ull) /* NVML_VALUE_NOT_AVAILABLE */

typedef struct NvmlMemory { /* nvmlMemory_t */
        unsigned long long total, free, used;
} NvmlMemory;

typedef struct NvmlMemory2 { /* nvmlMemory_v2_t: `used` is without what the driver keeps for itself */
        unsigned version;
        unsigned long long total, reserved, free, used;
} NvmlMemory2;
#define NVML_MEMORY_2 ((unsigned)sizeof(NvmlMemory2) | 2u << 24)

typedef struct NvmlUtilization { /* nvmlUtilization_t */
        unsigned gpu, memory;
} NvmlUtilization;

typedef struct NvmlPci { /* nvmlPciInfo_t */
        char short_address[16];
        unsigned domain, bus, device, device_id, subsystem_id;
        char address[32];
} NvmlPci;

typedef struct NvmlField { /* nvmlFieldValue_t */
        unsigned field, scope;
        long long timestamp, latency_us;
        unsigned type;
        int result;
        union {
                double d;
                unsigned u;
                unsigned long ul;
                unsigned long long ull;
                long long ll;
        } value;
} NvmlField;

/* What begins every nvmlProcessInfo_t; behind it the driver's version decides (see gpu-nvml.c). */
typedef struct NvmlProcess {
        unsigned pid;
        unsigned long long memory;
} NvmlProcess;

typedef struct NvmlApi {
        /* Needed. */
        int (*init)(void);
        int (*shutdown)(void);
        int (*count)(unsigned *count);
        int (*handle)(unsigned index, NvmlHandle *device);
        /* Where there is one; NULL else. */
        int (*pci)(NvmlHandle device, NvmlPci *pci);
        int (*name)(NvmlHandle device, char *name, unsigned size);
        int (*uuid)(NvmlHandle device, char *uuid, unsigned size);
        int (*temperature)(NvmlHandle device, int sensor, unsigned *celsius);
        int (*threshold)(NvmlHandle device, int threshold, unsigned *celsius);
        int (*utilization)(NvmlHandle device, NvmlUtilization *utilization);
        int (*memory)(NvmlHandle device, NvmlMemory *memory);
        int (*memory2)(NvmlHandle device, NvmlMemory2 *memory);
        int (*power)(NvmlHandle device, unsigned *milliwatts);
        int (*power_limit)(NvmlHandle device, unsigned *milliwatts);
        int (*energy)(NvmlHandle device, unsigned long long *millijoules);
        int (*clock)(NvmlHandle device, int type, unsigned *mhz);
        int (*fan)(NvmlHandle device, unsigned *percent);
        int (*reasons)(NvmlHandle device, unsigned long long *reasons);
        int (*fields)(NvmlHandle device, int n, NvmlField *values);
        /* Of the newest version there is; old: of the first, with entries of 16 bytes. */
        int (*compute)(NvmlHandle device, unsigned *n, void *processes);
        int (*graphics)(NvmlHandle device, unsigned *n, void *processes);
        int old_compute, old_graphics;
} NvmlApi;
