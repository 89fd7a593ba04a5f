/* GPUs: a row for each, and one for each process that holds memory on it. */
#include "monitor/gpu.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "monitor/monitor.h"

enum {
        GPU = MONITOR_FIRST,
        PID,
        NAME,
        UUID,
        DRIVER,
        STATE,
        USE_PERCENT,
        MEMORY_USE_PERCENT,
        MEMORY_USED_BYTES,
        MEMORY_TOTAL_BYTES,
        SHARED_USED_BYTES,
        PROCESS_MEMORY_BYTES,
        PROCESS_USE,
        TEMPERATURE_C,
        MEMORY_TEMPERATURE_C,
        LIMIT_C,
        POWER_W,
        POWER_LIMIT_W,
        ENERGY_UJ,
        CLOCK_HZ,
        MEMORY_CLOCK_HZ,
        FAN_PERCENT,
        FAN_RPM,
        THROTTLE,
        N_COLUMNS,
};

#define LEVEL (16.0 * 1024 * 1024)

static const Column gpu_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [GPU] = KEY("gpu", TEXT, NONE, "its PCI address"),
        [PID] = KEY("pid", U32, NONE, "null: the row is about the GPU, else about a process on it"),
        [NAME] = WORDS("name", "what the maker calls it"),
        [UUID] = WORDS("uuid", "of this very one"),
        [DRIVER] = WORDS("driver", "nvidia, amdgpu, i915, xe …"),
        [STATE] = WORDS("state", "active, asleep (not woken), lost (fell off the bus), needs a reset …"),
        [USE_PERCENT] = GAUGE_NOISY("use_percent", U32, PERCENT, 5, "of the time, it worked"),
        [MEMORY_USE_PERCENT] = GAUGE_NOISY("memory_use_percent", U32, PERCENT, 10,
                                           "of the time, its memory was read or written"),
        [MEMORY_USED_BYTES] = GAUGE_NOISY("memory_used_bytes", U64, BYTES, LEVEL, "of its own memory"),
        [MEMORY_TOTAL_BYTES] = GAUGE("memory_total_bytes", U64, BYTES, "its own memory"),
        [SHARED_USED_BYTES] = GAUGE_NOISY("shared_used_bytes", U64, BYTES, LEVEL,
                                          "of the machine's memory, mapped for the GPU"),
        [PROCESS_MEMORY_BYTES] = GAUGE_NOISY("process_memory_bytes", U64, BYTES, LEVEL,
                                             "of its memory, held by this process"),
        [PROCESS_USE] = WORDS("process_use", "compute, graphics or both"),
        [TEMPERATURE_C] = GAUGE_NOISY("temperature_c", F64, CELSIUS, 2, "of the GPU"),
        [MEMORY_TEMPERATURE_C] = GAUGE_NOISY("memory_temperature_c", F64, CELSIUS, 2, "of its memory"),
        [LIMIT_C] = GAUGE("limit_c", F64, CELSIUS, "where it slows down, or calls it critical"),
        [POWER_W] = GAUGE_NOISY("power_w", F64, WATTS, 5, "power drawn"),
        [POWER_LIMIT_W] = GAUGE("power_limit_w", F64, WATTS, "the most it is allowed"),
        [ENERGY_UJ] = COUNTER_NOISY("energy_uj", U64, MICROJOULES, NOISE_ANY,
                                    "energy used since the driver was loaded"),
        [CLOCK_HZ] = GAUGE_NOISY("clock_hz", U64, HERTZ, 300e6, "of its processors"),
        [MEMORY_CLOCK_HZ] = GAUGE_NOISY("memory_clock_hz", U64, HERTZ, 500e6, "of its memory"),
        [FAN_PERCENT] = GAUGE_NOISY("fan_percent", U32, PERCENT, 5, "of the fan's full speed"),
        [FAN_RPM] = GAUGE_NOISY("fan_rpm", U32, RPM, 150, "speed of the fan"),
        [THROTTLE] = WORDS("throttle", "what holds its clocks down: none, power cap, hardware thermal …"),
};

static const Schema gpu_schema = {"gpu", gpu_columns, N_COLUMNS};

static const MonitorKey gpu_keys[] = {
        {"library", MONITOR_KEY_TEXTS, "NVML's library (default: libnvidia-ml.so.1 where it usually is)"},
        {NULL, 0, NULL},
};

/* Cards come (with a dock) and go; a driver may be loaded late. */
enum { LOOK_AGAIN = 60, SLEEPERS_MAX = 16 };

typedef struct GpuState {
        const Host *host;
        char library[512]; /* "": the usual places */
        Nvml *nvml;        /* NULL: none */
        DrmGpus *drm;
        uint64_t samples;
        NvidiaAddress asleep[SLEEPERS_MAX]; /* while NVML is not started for their sake */
        size_t n_asleep;
        GpuProcess processes[GPU_PROCESSES_MAX];
} GpuState;

void gpu_figures_clear(GpuFigures *figures)
{
        *figures = (GpuFigures){
                .state = "no answer", .temperature_c = NAN, .limit_c = NAN,
                .memory_temperature_c = NAN, .power_w = NAN, .power_limit_w = NAN,
                .use_percent = GPU_UNKNOWN, .memory_use_percent = GPU_UNKNOWN,
                .memory_used_bytes = GPU_UNKNOWN, .memory_total_bytes = GPU_UNKNOWN,
                .shared_used_bytes = GPU_UNKNOWN,
                .energy_uj = GPU_UNKNOWN, .clock_hz = GPU_UNKNOWN, .memory_clock_hz = GPU_UNKNOWN,
                .fan_percent = GPU_UNKNOWN, .fan_rpm = GPU_UNKNOWN,
        };
}

static const char *library_of(const MonitorContext *context)
{
        const MonitorSetting *s = monitor_setting(context, "library");

        return s && s->n_texts > 0 && s->texts[0][0] ? s->texts[0] : NULL;
}

/* NVML tells of this machine only: a recorded root has none, unless it is named. */
static int open_nvml(const Host *host, const char *library, Nvml **ret, Error *why, Error *fix)
{
        if (!library && !host_is_live(host))
                return error_set(why, EOPNOTSUPP, "NVML is not asked about a recorded machine");
        if (!library && !nvidia_driver_runs(host))
                return error_set(why, EOPNOTSUPP, "the NVIDIA driver is not loaded");
        return nvml_new(host, library, ret, why, fix);
}

/* Nothing was found: the most telling reason. */
static int say_absent(const MonitorContext *context, int r, const Error *nvml_why, Error *why, Error *fix)
{
        NvidiaAddress card;

        /* What NVML says is news only where it is expected to work. */
        if (r < 0 && (library_of(context) || nvidia_driver_runs(context->host)))
                return error_set(why, r, "%s", nvml_why->message);
        if (nvidia_find_card(context->host, &card)) {
                error_set(fix, ENODEV, "sudo modprobe nvidia");
                return error_set(why, EOPNOTSUPP, "there is an NVIDIA GPU at %s, but its driver is not "
                                                  "loaded", card.text);
        }
        if (fix)
                fix->message[0] = '\0';
        return error_set(why, EOPNOTSUPP, "no GPU here: none in /sys/class/drm that tells anything, "
                                          "no NVIDIA driver");
}

static int gpu_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_(drm_gpus_freep) DrmGpus *drm = NULL;
        _cleanup_(nvml_freep) Nvml *nvml = NULL;
        NvidiaAddress asleep[SLEEPERS_MAX];
        Error nvml_why = {0};

        if (drm_gpus_new(context->host, &drm) < 0)
                return error_set_errno(why, ENOMEM, "gpu");
        if (drm_gpus_count(drm) > 0 || nvidia_all_asleep(context->host, asleep, SLEEPERS_MAX) > 0)
                return 0;
        int r = open_nvml(context->host, library_of(context), &nvml, &nvml_why, fix);
        if (r == 0 && nvml_count(nvml) > 0)
                return 0;
        return say_absent(context, r, &nvml_why, why, fix);
}

static int gpu_start(void *state, const MonitorContext *context, Error *err)
{
        GpuState *s = state;
        const char *library = library_of(context);

        s->host = context->host;
        if (library && !text_copy(s->library, sizeof s->library, library))
                return error_set(err, ENAMETOOLONG, "gpu: the name of the library is too long");
        return 0;
}

static void set_text(Batch *rows, size_t column, const char *text)
{
        if (text[0])
                batch_set_textz(rows, column, text);
}

static int gpu_row(const GpuFigures *f, const MonitorTick *tick, Batch *rows)
{
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        set_text(rows, GPU, f->address);
        set_text(rows, NAME, f->name);
        set_text(rows, UUID, f->uuid);
        set_text(rows, DRIVER, f->driver);
        set_text(rows, STATE, f->state);
        set_text(rows, THROTTLE, f->throttle);
        batch_set_known(rows, USE_PERCENT, f->use_percent);
        batch_set_known(rows, MEMORY_USE_PERCENT, f->memory_use_percent);
        batch_set_known(rows, MEMORY_USED_BYTES, f->memory_used_bytes);
        batch_set_known(rows, MEMORY_TOTAL_BYTES, f->memory_total_bytes);
        batch_set_known(rows, SHARED_USED_BYTES, f->shared_used_bytes);
        batch_set_known(rows, ENERGY_UJ, f->energy_uj);
        batch_set_known(rows, CLOCK_HZ, f->clock_hz);
        batch_set_known(rows, MEMORY_CLOCK_HZ, f->memory_clock_hz);
        batch_set_known(rows, FAN_PERCENT, f->fan_percent);
        batch_set_known(rows, FAN_RPM, f->fan_rpm);
        batch_set_f64(rows, TEMPERATURE_C, f->temperature_c);
        batch_set_f64(rows, MEMORY_TEMPERATURE_C, f->memory_temperature_c);
        batch_set_f64(rows, LIMIT_C, f->limit_c);
        batch_set_f64(rows, POWER_W, f->power_w);
        batch_set_f64(rows, POWER_LIMIT_W, f->power_limit_w);
        return 0;
}

static int process_row(const GpuProcess *process, const char *gpu, const MonitorTick *tick, Batch *rows)
{
        int r = monitor_row(rows, tick);

        if (r < 0)
                return r;
        set_text(rows, GPU, gpu);
        batch_set_u64(rows, PID, process->pid);
        batch_set_known(rows, PROCESS_MEMORY_BYTES, process->memory_bytes);
        set_text(rows, PROCESS_USE, !process->graphics  ? "compute"
                                    : !process->compute ? "graphics"
                                                        : "compute, graphics");
        return 0;
}

static int nvml_rows(GpuState *s, const MonitorTick *tick, Batch *rows)
{
        GpuFigures figures;
        int r = 0;

        for (size_t i = 0; s->nvml && r == 0 && i < nvml_count(s->nvml); i++) {
                nvml_read(s->nvml, i, &figures);
                r = gpu_row(&figures, tick, rows);
                size_t n = nvml_processes(s->nvml, i, s->processes, GPU_PROCESSES_MAX);
                for (size_t j = 0; r == 0 && j < n; j++)
                        r = process_row(&s->processes[j], figures.address, tick, rows);
        }
        return r;
}

/* Not while all are asleep: that would wake them, and keep them awake. */
static void look_for_nvml(GpuState *s)
{
        const char *library = s->library[0] ? s->library : NULL;

        s->n_asleep = nvidia_all_asleep(s->host, s->asleep, SLEEPERS_MAX);
        if (s->n_asleep == 0 && open_nvml(s->host, library, &s->nvml, NULL, NULL) == 0)
                nvml_find(s->nvml);
}

static void look(GpuState *s)
{
        bool again = s->samples++ % LOOK_AGAIN == 0;

        if (again) {
                s->drm = drm_gpus_free(s->drm);
                drm_gpus_new(s->host, &s->drm);
        }
        if (!s->nvml && (again || s->n_asleep > 0))
                look_for_nvml(s);
}

static int asleep_rows(const GpuState *s, const MonitorTick *tick, Batch *rows)
{
        GpuFigures figures;
        int r = 0;

        for (size_t i = 0; r == 0 && i < s->n_asleep; i++) {
                gpu_figures_clear(&figures);
                text_copy(figures.address, sizeof figures.address, s->asleep[i].text);
                text_copy(figures.driver, sizeof figures.driver, "nvidia");
                figures.state = "asleep";
                r = gpu_row(&figures, tick, rows);
        }
        return r;
}

static int gpu_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        GpuState *s = state;
        GpuFigures figures;

        look(s);
        int r = nvml_rows(s, tick, rows);
        if (r == 0)
                r = asleep_rows(s, tick, rows);
        for (size_t i = 0; s->drm && r == 0 && i < drm_gpus_count(s->drm); i++) {
                drm_gpus_read(s->drm, i, &figures);
                r = gpu_row(&figures, tick, rows);
        }
        return r;
}

static void gpu_stop(void *state)
{
        GpuState *s = state;

        s->nvml = nvml_free(s->nvml);
        s->drm = drm_gpus_free(s->drm);
}

const Monitor monitor_gpu = {
        .name = "gpu",
        .what = "GPUs: use, memory, heat, power, memory per process",
        .schema = &gpu_schema,
        .interval_us = 1000000,
        .blocking = true, /* a driver may take its time, seconds on the first question */
        .state_size = sizeof(GpuState),
        .keys = gpu_keys,
        .probe = gpu_probe,
        .start = gpu_start,
        .sample = gpu_sample,
        .stop = gpu_stop,
};
