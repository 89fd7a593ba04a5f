/* NVIDIA GPUs by NVML. Whatever a GPU does not support is unknown; a GPU that fell off the bus says
 * so in each answer, and is shown as lost. */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/sysfs-value.h"
#include "monitor/gpu.h"
#include "monitor/nvml.h"

/* nvmlProcessInfo_t has 24 bytes, in drivers of 2023 (R535) 32, under one and the same name: how
 * far the driver writes tells which. The functions without a suffix write 16. */
enum { ENTRY_OLD = 16, ENTRY = 24, ENTRY_LONG = 32, UNWRITTEN = 0xa5 };

typedef struct NvmlGpu {
        NvmlHandle handle;       /* NULL: it could not be had, and why is `result` */
        int result;
        char address[32], name[GPU_TEXT_MAX], uuid[GPU_TEXT_MAX];
        double limit_c;
} NvmlGpu;

struct Nvml {
        const Host *host;
        NvmlApi api;
        size_t n;
        NvmlGpu gpus[GPUS_MAX];
        unsigned char buffer[GPU_PROCESSES_MAX * ENTRY_LONG] __attribute__((aligned(8)));
};

/* In order of preference; the first of a name that the library has is taken. */
static const struct {
        const char *name;
        size_t offset;
} symbols[] = {
        {"nvmlInit_v2", offsetof(NvmlApi, init)},
        {"nvmlInit", offsetof(NvmlApi, init)},
        {"nvmlShutdown", offsetof(NvmlApi, shutdown)},
        {"nvmlDeviceGetCount_v2", offsetof(NvmlApi, count)},
        {"nvmlDeviceGetCount", offsetof(NvmlApi, count)},
        {"nvmlDeviceGetHandleByIndex_v2", offsetof(NvmlApi, handle)},
        {"nvmlDeviceGetHandleByIndex", offsetof(NvmlApi, handle)},
        {"nvmlDeviceGetPciInfo_v3", offsetof(NvmlApi, pci)},
        {"nvmlDeviceGetName", offsetof(NvmlApi, name)},
        {"nvmlDeviceGetUUID", offsetof(NvmlApi, uuid)},
        {"nvmlDeviceGetTemperature", offsetof(NvmlApi, temperature)},
        {"nvmlDeviceGetTemperatureThreshold", offsetof(NvmlApi, threshold)},
        {"nvmlDeviceGetUtilizationRates", offsetof(NvmlApi, utilization)},
        {"nvmlDeviceGetMemoryInfo", offsetof(NvmlApi, memory)},
        {"nvmlDeviceGetMemoryInfo_v2", offsetof(NvmlApi, memory2)},
        {"nvmlDeviceGetPowerUsage", offsetof(NvmlApi, power)},
        {"nvmlDeviceGetEnforcedPowerLimit", offsetof(NvmlApi, power_limit)},
        {"nvmlDeviceGetTotalEnergyConsumption", offsetof(NvmlApi, energy)},
        {"nvmlDeviceGetClockInfo", offsetof(NvmlApi, clock)},
        {"nvmlDeviceGetFanSpeed", offsetof(NvmlApi, fan)},
        {"nvmlDeviceGetCurrentClocksEventReasons", offsetof(NvmlApi, reasons)},
        {"nvmlDeviceGetCurrentClocksThrottleReasons", offsetof(NvmlApi, reasons)},
        {"nvmlDeviceGetFieldValues", offsetof(NvmlApi, fields)},
        {"nvmlDeviceGetComputeRunningProcesses_v3", offsetof(NvmlApi, compute)},
        {"nvmlDeviceGetComputeRunningProcesses_v2", offsetof(NvmlApi, compute)},
        {"nvmlDeviceGetComputeRunningProcesses", offsetof(NvmlApi, compute)},
        {"nvmlDeviceGetGraphicsRunningProcesses_v3", offsetof(NvmlApi, graphics)},
        {"nvmlDeviceGetGraphicsRunningProcesses_v2", offsetof(NvmlApi, graphics)},
        {"nvmlDeviceGetGraphicsRunningProcesses", offsetof(NvmlApi, graphics)},
};

/* Where the dynamic linker looks; NixOS; WSL. */
static const char *const places[] = {"libnvidia-ml.so.1", "/run/opengl-driver/lib/libnvidia-ml.so.1",
                                     "/usr/lib/wsl/lib/libnvidia-ml.so.1"};

static void *open_library(const char *library)
{
        void *handle = NULL;

        if (library)
                return dlopen(library, RTLD_NOW | RTLD_LOCAL);
        for (size_t i = 0; i < ARRAY_LENGTH(places) && !handle; i++)
                handle = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
        return handle;
}

static void take_symbols(NvmlApi *api, void *library)
{
        for (size_t i = 0; i < ARRAY_LENGTH(symbols); i++) {
                char *place = (char *)api + symbols[i].offset;
                void *taken, *symbol;
                memcpy(&taken, place, sizeof taken);
                if (taken || !(symbol = dlsym(library, symbols[i].name)))
                        continue;
                memcpy(place, &symbol, sizeof symbol);
                api->old_compute |= text_equal(symbols[i].name, "nvmlDeviceGetComputeRunningProcesses");
                api->old_graphics |= text_equal(symbols[i].name,
                                                "nvmlDeviceGetGraphicsRunningProcesses");
        }
}

/* NVML's words would be in nvmlErrorString; these say what to do about it. */
static int refused(int result, Error *why, Error *fix)
{
        if (result == NVML_LIBRARY_MISMATCH) {
                error_set(fix, EPROTO, "sudo reboot");
                return error_set(why, EOPNOTSUPP, "the NVIDIA driver that runs and its library are of "
                                                  "different versions, as after an upgrade");
        }
        if (result == NVML_DRIVER_NOT_LOADED) {
                error_set(fix, ENODEV, "sudo modprobe nvidia");
                return error_set(why, EOPNOTSUPP, "the NVIDIA driver is not loaded");
        }
        if (result == NVML_NO_PERMISSION || result == NVML_OPERATING_SYSTEM)
                return error_set(why, EACCES, "/dev/nvidiactl may not be used here (a container "
                                              "without the GPU, or its permissions)");
        return error_set(why, EOPNOTSUPP, "NVML does not start (error %d)", result);
}

static int not_there(const Host *host, const char *library, Error *why, Error *fix)
{
        char text[16];

        if (library)
                return error_set(why, EOPNOTSUPP, "%s cannot be loaded", library);
        if (host_read(host, "proc/driver/nvidia/version", text, sizeof text) > 0) {
                if (host_read(host, "etc/debian_version", text, sizeof text) > 0)
                        error_set(fix, ENOENT, "sudo apt-get install libnvidia-ml1");
                return error_set(why, EOPNOTSUPP, "the NVIDIA driver runs, but its library %s is not "
                                                  "there", places[0]);
        }
        return error_set(why, EOPNOTSUPP, "%s cannot be loaded", places[0]);
}

int nvml_new(const Host *host, const char *library, Nvml **ret, Error *why, Error *fix)
{
        void *handle = open_library(library);
        unsigned n = 0;

        if (!handle)
                return not_there(host, library, why, fix);
        Nvml *nvml = calloc(1, sizeof *nvml);
        if (!nvml)
                return error_set_errno(why, ENOMEM, "NVML");
        nvml->host = host;
        take_symbols(&nvml->api, handle);
        const NvmlApi *api = &nvml->api;
        if (!api->init || !api->shutdown || !api->count || !api->handle) {
                free(nvml);
                return error_set(why, EOPNOTSUPP, "%s is not NVML, or older than can be used",
                                 library ? library : places[0]);
        }
        int result = api->init();
        if (result == NVML_SUCCESS) {
                result = api->count(&n);
                if (result != NVML_SUCCESS)
                        api->shutdown();
        }
        if (result != NVML_SUCCESS) {
                free(nvml);
                return refused(result, why, fix);
        }
        nvml->n = n < GPUS_MAX ? n : GPUS_MAX;
        *ret = nvml;
        return 0;
}

Nvml *nvml_free(Nvml *nvml)
{
        if (nvml) {
                nvml->api.shutdown();
                free(nvml);
        }
        return NULL;
}

size_t nvml_count(const Nvml *nvml)
{
        return nvml->n;
}

/* NVML writes eight digits of domain where sysfs has four. */
static void take_address(NvmlGpu *gpu, const NvmlPci *pci)
{
        snprintf(gpu->address, sizeof gpu->address, "%04x:%02x:%02x.0", pci->domain,
                 pci->bus & 0xff, pci->device & 0x1f);
}

/* A library that does not know where to stop leaves no text that ends. */
static void end_text(char *text, size_t size, int result)
{
        text[result == NVML_SUCCESS ? size - 1 : 0] = '\0';
}

void nvml_find(Nvml *nvml)
{
        const NvmlApi *api = &nvml->api;

        for (size_t i = 0; i < nvml->n; i++) {
                NvmlGpu *gpu = &nvml->gpus[i];
                NvmlPci pci = {0};
                unsigned celsius;
                *gpu = (NvmlGpu){.limit_c = NAN};
                snprintf(gpu->address, sizeof gpu->address, "nvidia%zu", i);
                gpu->result = api->handle((unsigned)i, &gpu->handle);
                if (gpu->result != NVML_SUCCESS) {
                        gpu->handle = NULL;
                        continue;
                }
                if (api->pci && api->pci(gpu->handle, &pci) == NVML_SUCCESS)
                        take_address(gpu, &pci);
                if (api->name)
                        end_text(gpu->name, sizeof gpu->name,
                                 api->name(gpu->handle, gpu->name, sizeof gpu->name));
                if (api->uuid)
                        end_text(gpu->uuid, sizeof gpu->uuid,
                                 api->uuid(gpu->handle, gpu->uuid, sizeof gpu->uuid));
                if (api->threshold &&
                    api->threshold(gpu->handle, NVML_THRESHOLD_SLOWDOWN, &celsius) == NVML_SUCCESS)
                        gpu->limit_c = celsius;
        }
}

/* What holds the clocks down (nvmlClocksEventReasons); that nothing is asked of it does not count. */
static void name_reasons(unsigned long long reasons, char *buffer, size_t size)
{
        static const struct {
                unsigned long long bit;
                const char *name;
        } names[] = {
                {0x002, "clock setting"},    {0x004, "power cap"},        {0x008, "hardware slowdown"},
                {0x010, "sync boost"},       {0x020, "software thermal"}, {0x040, "hardware thermal"},
                {0x080, "power brake"},      {0x100, "display clocks"},
        };
        size_t used = 0;

        text_copy(buffer, size, "none");
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (reasons & names[i].bit && used < size)
                        used += (size_t)snprintf(buffer + used, size - used, "%s%s",
                                                 used ? ", " : "", names[i].name);
}

static void read_memory(const NvmlApi *api, NvmlHandle device, GpuFigures *ret)
{
        NvmlMemory2 memory2 = {.version = NVML_MEMORY_2};
        NvmlMemory memory = {0};

        if (api->memory2 && api->memory2(device, &memory2) == NVML_SUCCESS) {
                ret->memory_used_bytes = memory2.used;
                ret->memory_total_bytes = memory2.total;
        } else if (api->memory && api->memory(device, &memory) == NVML_SUCCESS) {
                ret->memory_used_bytes = memory.used;
                ret->memory_total_bytes = memory.total;
        }
}

static void read_temperature(const NvmlApi *api, NvmlHandle device, GpuFigures *ret)
{
        NvmlField field = {.field = NVML_FIELD_MEMORY_TEMPERATURE};
        unsigned celsius;

        if (api->temperature && api->temperature(device, NVML_TEMPERATURE_GPU, &celsius) == NVML_SUCCESS)
                ret->temperature_c = celsius;
        if (api->fields && api->fields(device, 1, &field) == NVML_SUCCESS &&
            field.result == NVML_SUCCESS && field.value.u > 0)
                ret->memory_temperature_c = field.value.u;
}

static void read_power(const NvmlApi *api, NvmlHandle device, GpuFigures *ret)
{
        unsigned long long millijoules;
        unsigned milliwatts;

        if (api->power && api->power(device, &milliwatts) == NVML_SUCCESS)
                ret->power_w = milliwatts / 1e3;
        if (api->power_limit && api->power_limit(device, &milliwatts) == NVML_SUCCESS)
                ret->power_limit_w = milliwatts / 1e3;
        if (api->energy && api->energy(device, &millijoules) == NVML_SUCCESS)
                ret->energy_uj = millijoules * 1000;
}

static void read_work(const NvmlApi *api, NvmlHandle device, GpuFigures *ret)
{
        unsigned long long reasons;
        unsigned mhz, percent;

        if (api->clock && api->clock(device, NVML_CLOCK_SM, &mhz) == NVML_SUCCESS)
                ret->clock_hz = mhz * 1000000ull;
        if (api->clock && api->clock(device, NVML_CLOCK_MEMORY, &mhz) == NVML_SUCCESS)
                ret->memory_clock_hz = mhz * 1000000ull;
        if (api->fan && api->fan(device, &percent) == NVML_SUCCESS)
                ret->fan_percent = percent;
        if (api->reasons && api->reasons(device, &reasons) == NVML_SUCCESS)
                name_reasons(reasons, ret->throttle, sizeof ret->throttle);
}

/* A laptop's GPU that is switched off would be switched on by being asked. */
static bool is_asleep(const Nvml *nvml, const NvmlGpu *gpu)
{
        char path[128], status[32];

        snprintf(path, sizeof path, "sys/bus/pci/devices/%s/power/runtime_status", gpu->address);
        return sysfs_text(nvml->host, path, status, sizeof status) > 0 &&
               text_starts_with(status, "suspend");
}

void nvml_read(Nvml *nvml, size_t i, GpuFigures *ret)
{
        const NvmlApi *api = &nvml->api;
        NvmlGpu *gpu = &nvml->gpus[i];
        NvmlUtilization use;
        int result = gpu->result;

        gpu_figures_clear(ret);
        text_copy(ret->address, sizeof ret->address, gpu->address);
        text_copy(ret->name, sizeof ret->name, gpu->name);
        text_copy(ret->uuid, sizeof ret->uuid, gpu->uuid);
        text_copy(ret->driver, sizeof ret->driver, "nvidia");
        ret->limit_c = gpu->limit_c;
        ret->state = "active";
        if (gpu->handle && is_asleep(nvml, gpu)) {
                ret->state = "asleep";
                return;
        }
        if (gpu->handle && api->utilization)
                result = api->utilization(gpu->handle, &use);
        if (gpu->handle && result == NVML_SUCCESS && api->utilization) {
                ret->use_percent = use.gpu;
                ret->memory_use_percent = use.memory;
        }
        if (!gpu->handle || result == NVML_GPU_IS_LOST || result == NVML_RESET_REQUIRED) {
                ret->state = result == NVML_GPU_IS_LOST      ? "lost"
                             : result == NVML_RESET_REQUIRED ? "needs a reset"
                                                             : "no answer";
                return;
        }
        read_memory(api, gpu->handle, ret);
        read_temperature(api, gpu->handle, ret);
        read_power(api, gpu->handle, ret);
        read_work(api, gpu->handle, ret);
}

/* The size of the n entries that begin the buffer, by how far it was written. */
static size_t entry_size(const Nvml *nvml, size_t n)
{
        size_t written = sizeof nvml->buffer;

        while (written > 0 && nvml->buffer[written - 1] == UNWRITTEN)
                written--;
        return written > n * ENTRY ? ENTRY_LONG : ENTRY;
}

static GpuProcess *find_process(GpuProcess *list, size_t n, uint32_t pid)
{
        for (size_t i = 0; i < n; i++)
                if (list[i].pid == pid)
                        return &list[i];
        return NULL;
}

/* Takes one list in. A process is in both when it computes and draws, its memory the same in each; on
 * a GPU in parts (MIG) it is in one list once for each part. */
static size_t take_processes(Nvml *nvml, size_t count, size_t size, bool graphics, GpuProcess *list,
                             size_t n, size_t max)
{
        for (size_t i = 0; i < count; i++) {
                NvmlProcess entry;
                memcpy(&entry, nvml->buffer + i * size, sizeof entry);
                uint64_t memory = entry.memory == NVML_NOT_AVAILABLE ? GPU_UNKNOWN : entry.memory;
                GpuProcess *process = find_process(list, n, entry.pid);
                if (!process) {
                        if (n == max)
                                break;
                        list[n++] = (GpuProcess){entry.pid, memory, !graphics, graphics};
                        continue;
                }
                bool again = graphics ? process->graphics : process->compute;
                if (process->memory_bytes == GPU_UNKNOWN)
                        process->memory_bytes = memory;
                else if (memory != GPU_UNKNOWN)
                        process->memory_bytes = again ? process->memory_bytes + memory
                                                      : MAX(process->memory_bytes, memory);
                process->compute |= !graphics;
                process->graphics |= graphics;
        }
        return n;
}

static size_t ask_processes(Nvml *nvml, NvmlHandle device, bool graphics, GpuProcess *list, size_t n,
                            size_t max)
{
        const NvmlApi *api = &nvml->api;
        int (*ask)(NvmlHandle, unsigned *, void *) = graphics ? api->graphics : api->compute;
        bool old = graphics ? api->old_graphics : api->old_compute;
        unsigned count = GPU_PROCESSES_MAX;

        if (!ask)
                return n;
        memset(nvml->buffer, UNWRITTEN, sizeof nvml->buffer);
        if (ask(device, &count, nvml->buffer) != NVML_SUCCESS || count > GPU_PROCESSES_MAX)
                return n;
        return take_processes(nvml, count, old ? ENTRY_OLD : entry_size(nvml, count), graphics, list,
                              n, max);
}

static int by_pid(const void *a, const void *b)
{
        const GpuProcess *x = a, *y = b;

        return (x->pid > y->pid) - (x->pid < y->pid);
}

size_t nvml_processes(Nvml *nvml, size_t i, GpuProcess *list, size_t max)
{
        NvmlHandle device = nvml->gpus[i].handle;

        if (!device || is_asleep(nvml, &nvml->gpus[i]))
                return 0;
        size_t n = ask_processes(nvml, device, false, list, 0, max);
        n = ask_processes(nvml, device, true, list, n, max);
        qsort(list, n, sizeof *list, by_pid);
        return n;
}
