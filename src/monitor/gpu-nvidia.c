/* What the kernel says of NVIDIA GPUs without their library: to start NVML may run nvidia-modprobe,
 * and wakes every GPU, so that is done where the driver runs and a GPU is awake. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/sysfs-value.h"
#include "monitor/gpu.h"

#define GPUS "proc/driver/nvidia/gpus"
#define PCI  "sys/bus/pci/devices"

enum { NVIDIA = 0x10de, DISPLAY = 0x03 };

bool nvidia_driver_runs(const Host *host)
{
        _cleanup_close_ int driver = host_open(host, "proc/driver/nvidia/version");
        /* In WSL the driver is the host's, and only this tells. */
        _cleanup_close_ int wsl = host_open(host, "usr/lib/wsl/lib/libnvidia-ml.so.1");

        return driver >= 0 || wsl >= 0;
}

typedef struct Search {
        const Host *host;
        NvidiaAddress *list;
        size_t n, max;
        bool awake;
} Search;

static int see_gpu(const char *address, void *data)
{
        Search *s = data;
        char path[160], status[32];

        if (strlen(address) >= sizeof s->list->text)
                return 0;
        snprintf(path, sizeof path, PCI "/%s/power/runtime_status", address);
        if (sysfs_text(s->host, path, status, sizeof status) <= 0 ||
            !text_starts_with(status, "suspended")) {
                s->awake = true;
                return 1;
        }
        if (s->n < s->max)
                text_copy(s->list[s->n++].text, sizeof s->list->text, address);
        return 0;
}

size_t nvidia_all_asleep(const Host *host, NvidiaAddress *list, size_t max)
{
        Search search = {.host = host, .list = list, .max = max};

        host_list(host, GPUS, see_gpu, &search);
        return search.awake ? 0 : search.n;
}

static int see_device(const char *address, void *data)
{
        Search *s = data;
        char path[160];
        uint64_t vendor, class;

        if (strlen(address) >= sizeof s->list->text)
                return 0;
        snprintf(path, sizeof path, PCI "/%s/vendor", address);
        if (sysfs_hex(s->host, path, &vendor) < 0 || vendor != NVIDIA)
                return 0;
        snprintf(path, sizeof path, PCI "/%s/class", address);
        if (sysfs_hex(s->host, path, &class) < 0 || class >> 16 != DISPLAY)
                return 0;
        text_copy(s->list[s->n++].text, sizeof s->list->text, address);
        return 1;
}

bool nvidia_find_card(const Host *host, NvidiaAddress *ret)
{
        Search search = {.host = host, .list = ret, .max = 1};

        host_list(host, PCI, see_device, &search);
        return search.n > 0;
}
