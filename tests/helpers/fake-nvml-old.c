/* NVML of ten years ago: functions of the first version only, processes in entries of 16 bytes, and
 * one GPU whose handle cannot be had. */
#include <stdint.h>
#include <string.h>

static int32_t device;

int nvmlInit(void);
int nvmlInit(void)
{
        return 0;
}

int nvmlShutdown(void);
int nvmlShutdown(void)
{
        return 0;
}

int nvmlDeviceGetCount(uint32_t *count);
int nvmlDeviceGetCount(uint32_t *count)
{
        *count = 2;
        return 0;
}

int nvmlDeviceGetHandleByIndex(uint32_t index, int32_t **ret);
int nvmlDeviceGetHandleByIndex(uint32_t index, int32_t **ret)
{
        *ret = &device;
        return index == 0 ? 0 : 999;
}

/* No end to it. */
int nvmlDeviceGetName(int32_t *of, char *name, uint32_t size);
int nvmlDeviceGetName(int32_t *of, char *name, uint32_t size)
{
        memset(name, 'K', size);
        return 0;
}

int nvmlDeviceGetMemoryInfo(int32_t *of, uint64_t *memory);
int nvmlDeviceGetMemoryInfo(int32_t *of, uint64_t *memory)
{
        memory[0] = 4ull << 30;
        memory[1] = 1ull << 30;
        memory[2] = 3ull << 30;
        return 0;
}

int nvmlDeviceGetComputeRunningProcesses(int32_t *of, uint32_t *n, uint64_t *processes);
int nvmlDeviceGetComputeRunningProcesses(int32_t *of, uint32_t *n, uint64_t *processes)
{
        *n = 2;
        processes[0] = 300;
        processes[1] = 1ull << 30;
        processes[2] = 200;
        processes[3] = 2ull << 30;
        return 0;
}
