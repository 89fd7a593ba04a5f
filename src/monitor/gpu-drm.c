/* GPUs by the files of amdgpu, i915, xe and others: what a driver gives differs, so every file is
 * tried once and a card without a single one (a virtual one's) is none. Their documents:
 * Documentation/gpu/amdgpu/thermal.rst, Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/hwmon.h"
#include "host/sysfs-value.h"
#include "monitor/gpu.h"

#define DRM "sys/class/drm"

enum { CARDS_MAX = 16, PATH_SIZE = 512, TEMPERATURES_MAX = 8 };

typedef enum DrmFile {
        BUSY,
        MEMORY_BUSY,
        VRAM_USED,
        VRAM_TOTAL,
        GTT_USED,
        TEMPERATURE,
        MEMORY_TEMPERATURE,
        POWER_UW,
        POWER_CAP_UW,
        ENERGY_UJ,
        FAN_RPM,
        CLOCK_HZ,
        MEMORY_CLOCK_HZ,
        CLOCK_MHZ,
        N_FILES,
} DrmFile;

typedef struct Card {
        char folder[32]; /* card1 */
        char address[32], name[GPU_TEXT_MAX], uuid[GPU_TEXT_MAX], driver[32];
        double limit_c;
        int fds[N_FILES];
} Card;

struct DrmGpus {
        const Host *host;
        size_t n;
        Card cards[CARDS_MAX];
};

static int open_below(const Host *host, const char *folder, const char *file)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof path, DRM "/%s/%s", folder, file);
        return host_open(host, path);
}

/* The first of the names that is there, or -1. */
static int open_first(const Host *host, const char *folder, const char *const *files, size_t n)
{
        int fd = -1;

        for (size_t i = 0; i < n && fd < 0; i++)
                fd = open_below(host, folder, files[i]);
        return fd < 0 ? -1 : fd;
}

static ssize_t card_text(const Host *host, const char *folder, const char *file, char *buffer,
                         size_t size)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof path, DRM "/%s/%s", folder, file);
        return sysfs_text(host, path, buffer, size);
}

static uint64_t card_hex(const Host *host, const char *folder, const char *file)
{
        char path[PATH_SIZE];
        uint64_t value = 0;

        snprintf(path, sizeof path, DRM "/%s/%s", folder, file);
        sysfs_hex(host, path, &value);
        return value;
}

static void open_card(const Host *host, Card *card)
{
        static const char *const busy[] = {"device/gpu_busy_percent"};
        static const char *const memory_busy[] = {"device/mem_busy_percent"};
        static const char *const used[] = {"device/mem_info_vram_used"};
        static const char *const total[] = {"device/mem_info_vram_total"};
        static const char *const gtt[] = {"device/mem_info_gtt_used"};
        static const char *const mhz[] = {"gt_act_freq_mhz", "gt/gt0/rps_act_freq_mhz",
                                          "device/tile0/gt0/freq0/act_freq"};

        card->fds[BUSY] = open_first(host, card->folder, busy, 1);
        card->fds[MEMORY_BUSY] = open_first(host, card->folder, memory_busy, 1);
        card->fds[VRAM_USED] = open_first(host, card->folder, used, 1);
        card->fds[VRAM_TOTAL] = open_first(host, card->folder, total, 1);
        card->fds[GTT_USED] = open_first(host, card->folder, gtt, 1);
        card->fds[CLOCK_MHZ] = open_first(host, card->folder, mhz, ARRAY_LENGTH(mhz));
}

/* amdgpu labels its temperatures: edge, junction, mem. The first is the GPU's. */
static void open_temperatures(const Host *host, Card *card, const char *hwmon)
{
        char path[PATH_SIZE], file_name[160], label[32];
        int64_t value;

        for (int i = 1; i <= TEMPERATURES_MAX; i++) {
                snprintf(file_name, sizeof file_name, "%s/temp%d_label", hwmon, i);
                if (card_text(host, card->folder, file_name, label, sizeof label) < 0)
                        label[0] = '\0';
                bool memory = text_equal(label, "mem") || text_equal(label, "vram");
                DrmFile file = memory ? MEMORY_TEMPERATURE : TEMPERATURE;
                if (card->fds[file] >= 0)
                        continue;
                snprintf(file_name, sizeof file_name, "%s/temp%d_input", hwmon, i);
                int fd = open_below(host, card->folder, file_name);
                if (fd < 0)
                        continue;
                card->fds[file] = fd;
                snprintf(path, sizeof path, DRM "/%s/%s/temp%d_crit", card->folder, hwmon, i);
                if (!memory && sysfs_i64(host, path, &value) == 0)
                        card->limit_c = hwmon_degrees(value);
        }
}

typedef struct HwmonSearch {
        const Host *host;
        Card *card;
} HwmonSearch;

static int open_hwmon(const char *name, void *data)
{
        static const struct {
                DrmFile file;
                const char *name, *other;
        } files[] = {
                {POWER_UW, "power1_average", "power1_input"}, {POWER_CAP_UW, "power1_cap", "power1_max"},
                {ENERGY_UJ, "energy1_input", NULL},           {FAN_RPM, "fan1_input", NULL},
                {CLOCK_HZ, "freq1_input", NULL},              {MEMORY_CLOCK_HZ, "freq2_input", NULL},
        };
        HwmonSearch *s = data;
        char hwmon[96], first[160], second[160];

        if (!text_starts_with(name, "hwmon") || strlen(name) > 32)
                return 0;
        snprintf(hwmon, sizeof hwmon, "device/hwmon/%s", name);
        open_temperatures(s->host, s->card, hwmon);
        for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
                snprintf(first, sizeof first, "%s/%s", hwmon, files[i].name);
                snprintf(second, sizeof second, "%s/%s", hwmon,
                         files[i].other ? files[i].other : files[i].name);
                const char *const names[] = {first, second};
                s->card->fds[files[i].file] = open_first(s->host, s->card->folder, names, 2);
        }
        return 1;
}

static void close_card(Card *card)
{
        for (size_t i = 0; i < N_FILES; i++)
                card->fds[i] = fd_close(card->fds[i]);
}

static bool is_card(const char *name)
{
        size_t digits = text_starts_with(name, "card") ? strspn(name + 4, "0123456789") : 0;

        return digits > 0 && digits <= 4 && name[4 + digits] == '\0';
}

static void name_card(const Host *host, Card *card)
{
        char path[PATH_SIZE];
        uint64_t vendor = card_hex(host, card->folder, "device/vendor");
        uint64_t device = card_hex(host, card->folder, "device/device");

        snprintf(path, sizeof path, DRM "/%s/device", card->folder);
        if (sysfs_link_name(host, path, card->address, sizeof card->address) <= 0)
                text_copy(card->address, sizeof card->address, card->folder);
        if (card_text(host, card->folder, "device/product_name", card->name, sizeof card->name) <= 0 &&
            vendor)
                snprintf(card->name, sizeof card->name, "%s %04x:%04x",
                         vendor == 0x1002 ? "AMD" : vendor == 0x8086 ? "Intel" : "PCI",
                         (unsigned)vendor & 0xffff, (unsigned)device & 0xffff);
        if (card_text(host, card->folder, "device/unique_id", card->uuid, sizeof card->uuid) < 0)
                card->uuid[0] = '\0';
}

static int add_card(const char *folder, void *data)
{
        DrmGpus *gpus = data;
        char path[PATH_SIZE];
        bool any = false;

        if (!is_card(folder) || gpus->n == CARDS_MAX)
                return 0;
        Card *card = &gpus->cards[gpus->n];
        *card = (Card){.limit_c = NAN};
        for (size_t i = 0; i < N_FILES; i++)
                card->fds[i] = -1;
        text_copy(card->folder, sizeof card->folder, folder);
        snprintf(path, sizeof path, DRM "/%s/device/driver", folder);
        if (sysfs_link_name(gpus->host, path, card->driver, sizeof card->driver) < 0)
                card->driver[0] = '\0';
        if (text_equal(card->driver, "nvidia")) /* NVML's */
                return 0;
        open_card(gpus->host, card);
        HwmonSearch search = {gpus->host, card};
        snprintf(path, sizeof path, DRM "/%s/device/hwmon", folder);
        host_list(gpus->host, path, open_hwmon, &search);
        for (size_t i = 0; i < N_FILES; i++)
                any |= card->fds[i] >= 0;
        if (!any)
                return 0;
        name_card(gpus->host, card);
        gpus->n++;
        return 0;
}

int drm_gpus_new(const Host *host, DrmGpus **ret)
{
        DrmGpus *gpus = calloc(1, sizeof *gpus);

        if (!gpus)
                return -ENOMEM;
        gpus->host = host;
        host_list(host, DRM, add_card, gpus);
        *ret = gpus;
        return 0;
}

DrmGpus *drm_gpus_free(DrmGpus *gpus)
{
        if (gpus) {
                for (size_t i = 0; i < gpus->n; i++)
                        close_card(&gpus->cards[i]);
                free(gpus);
        }
        return NULL;
}

size_t drm_gpus_count(const DrmGpus *gpus)
{
        return gpus->n;
}

static uint64_t card_value(const Card *card, DrmFile file, uint64_t scale)
{
        uint64_t value;

        if (card->fds[file] < 0 || sysfs_reread_u64(card->fds[file], &value) < 0 ||
            __builtin_mul_overflow(value, scale, &value))
                return GPU_UNKNOWN;
        return value;
}

static double card_degrees(const Card *card, DrmFile file)
{
        int64_t value;

        return card->fds[file] >= 0 && sysfs_reread_i64(card->fds[file], &value) == 0
                       ? hwmon_degrees(value) : NAN;
}

static double card_watts(const Card *card, DrmFile file)
{
        uint64_t value = card_value(card, file, 1);

        return value == GPU_UNKNOWN ? NAN : (double)value / 1e6;
}

/* A card that is switched off would be switched on by the reading. */
static bool is_asleep(const DrmGpus *gpus, const Card *card)
{
        char status[32];

        return card_text(gpus->host, card->folder, "device/power/runtime_status", status,
                         sizeof status) > 0 && text_starts_with(status, "suspend");
}

void drm_gpus_read(DrmGpus *gpus, size_t i, GpuFigures *ret)
{
        const Card *card = &gpus->cards[i];

        gpu_figures_clear(ret);
        text_copy(ret->address, sizeof ret->address, card->address);
        text_copy(ret->name, sizeof ret->name, card->name);
        text_copy(ret->uuid, sizeof ret->uuid, card->uuid);
        text_copy(ret->driver, sizeof ret->driver, card->driver);
        ret->limit_c = card->limit_c;
        if (is_asleep(gpus, card)) {
                ret->state = "asleep";
                return;
        }
        ret->state = "active";
        ret->use_percent = card_value(card, BUSY, 1);
        ret->memory_use_percent = card_value(card, MEMORY_BUSY, 1);
        ret->memory_used_bytes = card_value(card, VRAM_USED, 1);
        ret->memory_total_bytes = card_value(card, VRAM_TOTAL, 1);
        ret->shared_used_bytes = card_value(card, GTT_USED, 1);
        ret->temperature_c = card_degrees(card, TEMPERATURE);
        ret->memory_temperature_c = card_degrees(card, MEMORY_TEMPERATURE);
        ret->power_w = card_watts(card, POWER_UW);
        ret->power_limit_w = card_watts(card, POWER_CAP_UW);
        ret->energy_uj = card_value(card, ENERGY_UJ, 1);
        ret->fan_rpm = card_value(card, FAN_RPM, 1);
        ret->clock_hz = card_value(card, CLOCK_HZ, 1);
        ret->memory_clock_hz = card_value(card, MEMORY_CLOCK_HZ, 1);
        if (ret->clock_hz == GPU_UNKNOWN)
                ret->clock_hz = card_value(card, CLOCK_MHZ, 1000000);
}
