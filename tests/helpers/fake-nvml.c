/*
 * A libnvidia-ml.so.1 with known answers. Its declarations are its own, so that a slip in ours
 * shows. FAKE_NVML chooses: three GPUs (default: one that supports all, one that supports little, one
 * that fell off the bus), "r535": processes in entries of 32 bytes, as drivers of 2023 write them,
 * "none": no GPU, "mismatch", "driver", "permission", "odd": it does not start, "many": more
 * processes than anybody asks for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
        int32_t index;
} Device;

static Device devices[3] = {{0}, {1}, {2}};
static int initialised;

enum { OK = 0, INVALID = 2, NOT_SUPPORTED = 3, TOO_SMALL = 7, NO_DRIVER = 9, LOST = 15, BLOCKED = 17,
       MISMATCH = 18, UNKNOWN = 999 };

static int mode(const char *name)
{
        const char *chosen = getenv("FAKE_NVML");

        return chosen && strcmp(chosen, name) == 0;
}

/* GPU 0 answers all, 1 does not support what is asked, 2 is lost. */
static int answer(const Device *device)
{
        if (!initialised || device < devices || device > devices + 2)
                return INVALID;
        return device->index == 0 ? OK : device->index == 1 ? NOT_SUPPORTED : LOST;
}

int nvmlInit_v2(void);
int nvmlInit_v2(void)
{
        initialised++;
        return mode("mismatch")     ? MISMATCH
               : mode("driver")     ? NO_DRIVER
               : mode("permission") ? BLOCKED
               : mode("odd")        ? UNKNOWN
                                    : OK;
}

int nvmlShutdown(void);
int nvmlShutdown(void)
{
        initialised--;
        return OK;
}

int nvmlDeviceGetCount_v2(uint32_t *count);
int nvmlDeviceGetCount_v2(uint32_t *count)
{
        *count = mode("none") ? 0 : 3;
        return OK;
}

int nvmlDeviceGetHandleByIndex_v2(uint32_t index, Device **device);
int nvmlDeviceGetHandleByIndex_v2(uint32_t index, Device **device)
{
        if (index > 2)
                return INVALID;
        *device = &devices[index];
        return OK;
}

int nvmlDeviceGetName(Device *device, char *name, uint32_t size);
int nvmlDeviceGetName(Device *device, char *name, uint32_t size)
{
        static const char *const names[] = {"NVIDIA Fake 4000 \"Ti\"", "Quadro Old", "Tesla Gone"};

        strncpy(name, names[device->index], size);
        return OK;
}

int nvmlDeviceGetUUID(Device *device, char *uuid, uint32_t size);
int nvmlDeviceGetUUID(Device *device, char *uuid, uint32_t size)
{
        strncpy(uuid, "GPU-00000000-1111-2222-3333-444444444444", size);
        uuid[4] = (char)('a' + device->index);
        return OK;
}

int nvmlDeviceGetPciInfo_v3(Device *device, uint8_t *pci);
int nvmlDeviceGetPciInfo_v3(Device *device, uint8_t *pci)
{
        const uint32_t numbers[5] = {0, 0x65 + (uint32_t)device->index, 0, 0x268410de, 0x16f110de};

        memset(pci, 0, 68);
        memcpy(pci, "0000:65:00.0", 12);
        memcpy(pci + 16, numbers, sizeof numbers);
        memcpy(pci + 36, "00000000:65:00.0", 16);
        return OK;
}

int nvmlDeviceGetTemperature(Device *device, int32_t sensor, uint32_t *celsius);
int nvmlDeviceGetTemperature(Device *device, int32_t sensor, uint32_t *celsius)
{
        *celsius = 71;
        return sensor != 0 ? INVALID : device->index == 1 ? OK : answer(device);
}

int nvmlDeviceGetTemperatureThreshold(Device *device, int32_t threshold, uint32_t *celsius);
int nvmlDeviceGetTemperatureThreshold(Device *device, int32_t threshold, uint32_t *celsius)
{
        *celsius = threshold == 1 ? 98 : 0;
        return answer(device);
}

int nvmlDeviceGetUtilizationRates(Device *device, uint32_t *rates);
int nvmlDeviceGetUtilizationRates(Device *device, uint32_t *rates)
{
        rates[0] = 97;
        rates[1] = 34;
        return answer(device);
}

int nvmlDeviceGetMemoryInfo(Device *device, uint64_t *memory);
int nvmlDeviceGetMemoryInfo(Device *device, uint64_t *memory)
{
        memory[0] = 16ull << 30;
        memory[1] = 10ull << 30;
        memory[2] = 6ull << 30;
        return device->index == 1 ? OK : answer(device);
}

/* version, total, reserved, free, used. */
int nvmlDeviceGetMemoryInfo_v2(Device *device, uint64_t *memory);
int nvmlDeviceGetMemoryInfo_v2(Device *device, uint64_t *memory)
{
        uint32_t version;

        memcpy(&version, memory, sizeof version);
        if (version != (40 | 2 << 24))
                return INVALID;
        if (answer(device) != OK)
                return answer(device);
        memory[1] = 16ull << 30;
        memory[2] = 512ull << 20;
        memory[3] = 10ull << 30;
        memory[4] = (16ull << 30) - (10ull << 30) - (512ull << 20);
        return OK;
}

int nvmlDeviceGetPowerUsage(Device *device, uint32_t *milliwatts);
int nvmlDeviceGetPowerUsage(Device *device, uint32_t *milliwatts)
{
        *milliwatts = 287450;
        return answer(device);
}

int nvmlDeviceGetEnforcedPowerLimit(Device *device, uint32_t *milliwatts);
int nvmlDeviceGetEnforcedPowerLimit(Device *device, uint32_t *milliwatts)
{
        *milliwatts = 320000;
        return answer(device);
}

int nvmlDeviceGetTotalEnergyConsumption(Device *device, uint64_t *millijoules);
int nvmlDeviceGetTotalEnergyConsumption(Device *device, uint64_t *millijoules)
{
        static uint64_t asked;

        *millijoules = 1000000 + asked++ * 287450;
        return answer(device);
}

int nvmlDeviceGetClockInfo(Device *device, int32_t type, uint32_t *mhz);
int nvmlDeviceGetClockInfo(Device *device, int32_t type, uint32_t *mhz)
{
        *mhz = type == 1 ? 2520 : type == 2 ? 10501 : 1;
        return answer(device);
}

int nvmlDeviceGetFanSpeed(Device *device, uint32_t *percent);
int nvmlDeviceGetFanSpeed(Device *device, uint32_t *percent)
{
        *percent = 43;
        return answer(device);
}

/* Idle, held by its power limit and by heat. */
int nvmlDeviceGetCurrentClocksThrottleReasons(Device *device, uint64_t *reasons);
int nvmlDeviceGetCurrentClocksThrottleReasons(Device *device, uint64_t *reasons)
{
        *reasons = 0x1 | 0x4 | 0x40;
        return answer(device);
}

/* Field id, scope, time stamp, latency, type, return value, value: 40 bytes. */
int nvmlDeviceGetFieldValues(Device *device, int32_t n, uint8_t *values);
int nvmlDeviceGetFieldValues(Device *device, int32_t n, uint8_t *values)
{
        uint32_t field, celsius = 82, result = (uint32_t)answer(device);

        memcpy(&field, values, sizeof field);
        if (n != 1 || field != 82)
                result = INVALID;
        memcpy(values + 28, &result, sizeof result);
        memcpy(values + 32, &celsius, sizeof celsius);
        return OK;
}

/* pid, memory, instances; in R535 the protected memory behind. */
static void put_process(uint8_t *at, size_t size, uint32_t pid, uint64_t memory)
{
        const uint32_t instances[2] = {UINT32_MAX, UINT32_MAX};

        memcpy(at, &pid, sizeof pid);
        memcpy(at + 8, &memory, sizeof memory);
        memcpy(at + 16, instances, sizeof instances);
        if (size == 32)
                memset(at + 24, 0, 8);
}

int nvmlDeviceGetComputeRunningProcesses_v3(Device *device, uint32_t *n, uint8_t *processes);
int nvmlDeviceGetComputeRunningProcesses_v3(Device *device, uint32_t *n, uint8_t *processes)
{
        size_t size = mode("r535") ? 32 : 24;
        uint32_t room = *n;

        if (answer(device) != OK)
                return answer(device);
        *n = mode("many") ? 5000 : 3;
        if (room < *n)
                return TOO_SMALL;
        put_process(processes, size, 4242, 3ull << 30);
        put_process(processes + size, size, 17, 256ull << 20);
        put_process(processes + 2 * size, size, 99, UINT64_MAX);
        return OK;
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(Device *device, uint32_t *n, uint8_t *processes);
int nvmlDeviceGetGraphicsRunningProcesses_v3(Device *device, uint32_t *n, uint8_t *processes)
{
        size_t size = mode("r535") ? 32 : 24;

        if (answer(device) != OK)
                return answer(device);
        *n = 2;
        put_process(processes, size, 1200, 48ull << 20);
        put_process(processes + size, size, 4242, 3ull << 30);
        return OK;
}
