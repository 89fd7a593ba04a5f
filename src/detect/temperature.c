/* Heat: a processor's and a GPU's by our thresholds, drives' and others' by their own limits; and what
 * costs time, clocks that were held down for it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"

static const char *const temperature_columns[] = {"t_ns", "chip", "sensor", "kind", "value_c", "max_c", "critical_c", "throttles",
                                                  "throttled_ms", "core_throttles", "core_throttled_ms", NULL};
static const char *const gpu_columns[] = {"t_ns", "gpu", "pid", "name", "temperature_c", "limit_c", "throttle", NULL};

static const DetectTable tables[] = {
        {"temperature", temperature_columns, false},
        {"gpu", gpu_columns, false},
        {NULL},
};

/* Sensors that are not connected say such things. */
#define SANE_LEAST_C 1.0
#define SANE_MOST_C  126.0
#define LIMIT_LEAST_C 40.0
#define HELD_MATTERS 0.01 /* of the run */

typedef enum Part { PART_CPU, PART_DRIVE, PART_OTHER, PART_GPU } Part;

typedef struct Sensor {
        Part part;
        Episode hot;
        double limit_c; /* that it was over, when worst */
        double first_c;
        bool any, moved; /* one that always says the same is not believed */
        bool offset;     /* AMD: "Tdie" is the truth, and "Tctl" lies above it */
        char name[64];   /* sensor, or the GPU's name */
        Episode slow;    /* of a GPU: held down by heat */
} Sensor;

typedef struct Held { /* clocks held down, since boot */
        bool any;
        double ms, first_ms, core_ms, first_core_ms, times, first_times, core_times, first_core_times;
        int64_t first_ns, grown_ns, last_ns; /* grown: when it first was more than before */
        bool grown;
} Held;

typedef struct Temperature {
        Things chips, gpus, held;
} Temperature;

/* ---- words ---- */

static const char *part_words(Part part)
{
        static const char *const words[] = {[PART_CPU] = "the processor", [PART_DRIVE] = "the drive",
                                            [PART_OTHER] = "the sensor", [PART_GPU] = "the GPU"};

        return words[part];
}

static void tell_hot(const char *name, const Sensor *s, Findings *out)
{
        char at[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "hot", name, episode_severity(&s->hot), SURE_CERTAIN, s->hot.first_ns);

        if (!f)
                return;
        episode_duration(&s->hot, &length);
        if (s->part == PART_CPU || s->part == PART_GPU)
                finding_title(f, "%s reached %.0f °C", part_words(s->part), s->hot.worst);
        else
                finding_title(f, "%s %s reached %.0f °C", part_words(s->part), name, s->hot.worst);
        finding_evidence(f, "%s, %s, at %s; over %.0f °C %s", name, s->name[0] ? s->name : "unnamed", format_moment(at, s->hot.worst_ns),
                         s->limit_c, length.size > 0 ? string_get(&length) : "at one reading");
        finding_meaning(f, s->part == PART_CPU || s->part == PART_GPU
                                   ? "close to where clocks are held down to protect it: then everything takes longer"
                                   : "over the limit that its maker set: it slows down to protect itself, or ages");
        finding_advice(f, "look after fans, dust and air; for comparisons let it cool down between runs");
}

static void tell_held(const char *name, const Held *h, uint64_t wall_ns, Findings *out)
{
        double package_ms = h->ms - h->first_ms, core_ms = h->core_ms - h->first_core_ms;
        double times = h->times - h->first_times + h->core_times - h->first_core_times;
        double ms = package_ms > 0 ? package_ms : core_ms;
        double wall_ms = wall_ns == DETECT_UNKNOWN ? 0 : (double)wall_ns / 1e6;
        char length[FORMAT_MAX], share[FORMAT_MAX], n[FORMAT_MAX];
        bool matters = ms >= 1000 && wall_ms > 0 && ms >= HELD_MATTERS * wall_ms;
        Finding *f = findings_raise(out, "heat-throttled", name, matters ? SEVERITY_WARNING : SEVERITY_INFO, SURE_CERTAIN, h->grown_ns);

        if (!f)
                return;
        if (ms > 0)
                finding_title(f, "heat held the processor's clocks down for %s%s%s%s",
                              format_duration(length, (uint64_t)(MIN(ms, 9e12) * 1e6)), wall_ms > 0 && package_ms > 0 ? " (" : "",
                              wall_ms > 0 && package_ms > 0 ? format_percent(share, MIN(ms / wall_ms, 1.0)) : "",
                              wall_ms > 0 && package_ms > 0 ? " of the run)" : "");
        else
                finding_title(f, "heat held the processor's clocks down %s times", format_count(n, (uint64_t)times));
        finding_evidence(f, "counted by the kernel, %s times%s", format_count(n, (uint64_t)times),
                         package_ms > 0 || ms <= 0 ? "" : "; the time is that of all its cores together");
        finding_meaning(f, "it ran below its speed then: a run that is cooler is faster, and two such runs can hardly be compared");
        finding_advice(f, "look after fans, dust and air; fewer jobs at once make less heat");
}

static void tell_slow_gpu(const char *name, const Sensor *s, Findings *out)
{
        char at[FORMAT_MAX];
        _cleanup_string_ String length = {0};
        Finding *f = findings_raise(out, "gpu-heat-throttled", name, SEVERITY_WARNING, SURE_CERTAIN, s->slow.first_ns);

        episode_duration(&s->slow, &length);
        finding_title(f, "heat held the GPU's clocks down%s%s", length.size > 0 ? " " : "", string_get(&length));
        finding_evidence(f, "%s %s: its driver says so, first at %s", name, s->name, format_moment(at, s->slow.first_ns));
        finding_meaning(f, "it ran below its speed then");
        finding_advice(f, "look after fans, dust and air");
}

/* ---- rows ---- */

static bool begins(const char *text, size_t size, const char *with)
{
        return size >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static Part part_of(const char *chip, size_t size)
{
        static const char *const cpus[] = {"coretemp", "k10temp", "k8temp", "zenpower", "x86_pkg_temp", "cpu", "via_cputemp",
                                           "fam15h_power", "soc_thermal"};

        for (size_t i = 0; i < ARRAY_LENGTH(cpus); i++)
                if (begins(chip, size, cpus[i]))
                        return PART_CPU;
        return begins(chip, size, "nvme") || begins(chip, size, "drivetemp") ? PART_DRIVE : PART_OTHER;
}

static void keep_name(char to[64], const char *text, size_t size)
{
        size = MIN(size, (size_t)63);
        memcpy(to, text, size);
        to[size] = '\0';
}

static bool sane_limit(double c)
{
        return c >= LIMIT_LEAST_C && c < SANE_MOST_C;
}

typedef struct Reading {
        int64_t t_ns;
        double value, max_c, critical_c; /* limits 0 where it has none */
        const char *sensor;
        size_t sensor_size;
} Reading;

/* *limit: the one that it is over. */
static EpisodeLevel level_of(const Sensor *s, const Thresholds *t, const Reading *r, double *limit)
{
        const double value = r->value, max_c = r->max_c, critical_c = r->critical_c;

        double warning = s->part == PART_CPU   ? t->cpu_warning_c
                         : s->part == PART_GPU ? t->gpu_warning_c
                         : sane_limit(max_c)   ? max_c
                                               : 0;
        double critical = s->part == PART_CPU        ? t->cpu_critical_c
                          : sane_limit(critical_c) ? critical_c
                                                     : 0;

        *limit = critical > 0 && value > critical ? critical : warning;
        if (critical > 0 && value > critical)
                return EPISODE_CRITICAL;
        return warning > 0 && value > warning ? EPISODE_WARNING : EPISODE_FINE;
}

static bool is_sensor(const Reading *r, const char *name)
{
        return r->sensor_size == strlen(name) && memcmp(r->sensor, name, r->sensor_size) == 0;
}

static void note_heat(Sensor *s, const char *thing, const Reading *r, const Thresholds *t, Findings *out)
{
        double limit;

        if (r->value < SANE_LEAST_C || r->value >= SANE_MOST_C)
                return;
        s->offset |= is_sensor(r, "Tdie");
        if (is_sensor(r, "Tctl") && (s->offset || !s->any)) { /* whether there is a Tdie is known after the first look */
                s->any = true;
                s->first_c = r->value;
                return;
        }
        s->moved |= s->any && r->value != s->first_c;
        if (!s->any)
                s->first_c = r->value;
        s->any = true;
        EpisodeLevel level = level_of(s, t, r, &limit);
        if (s->part == PART_OTHER && !s->moved)
                level = EPISODE_FINE;
        bool worse = level != EPISODE_FINE && (s->hot.worst_level == EPISODE_FINE || r->value > s->hot.worst);
        bool news = episode_note(&s->hot, r->t_ns, r->value, level, true);
        if (worse) {
                s->limit_c = limit;
                keep_name(s->name, r->sensor, r->sensor_size);
        }
        if (news)
                tell_hot(thing, s, out);
}

static void note_held(Held *h, const char *name, int64_t t_ns, const Batch *rows, size_t row, const Cells counters[4],
                      const DetectContext *context, Findings *out)
{
        double v[4] = {0};
        bool any = false;

        for (size_t i = 0; i < 4; i++)
                any |= row_number(rows, counters[i], row, &v[i]);
        if (!any)
                return;
        if (!h->any || v[0] < h->times || v[1] < h->ms || v[2] < h->core_times || v[3] < h->core_ms)
                *h = (Held){.any = true, .first_times = v[0], .first_ms = v[1], .first_core_times = v[2], .first_core_ms = v[3],
                            .first_ns = t_ns, .grown = h->grown, .grown_ns = h->grown_ns};
        h->times = v[0];
        h->ms = v[1];
        h->core_times = v[2];
        h->core_ms = v[3];
        h->last_ns = t_ns;
        if (!h->grown && (v[0] > h->first_times || v[2] > h->first_core_times)) {
                h->grown = true;
                h->grown_ns = t_ns;
                tell_held(name, h, context->facts.wall_ns, out);
        }
}

static void thing_text(char to[THING_NAME_MAX + 1], const char *text, size_t size)
{
        size = MIN(size, (size_t)THING_NAME_MAX);
        memcpy(to, text, size);
        to[size] = '\0';
}

static void observe_temperature(Temperature *m, const DetectContext *context, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), chip = cells_find(rows, "chip"), sensor = cells_find(rows, "sensor"),
              kind = cells_find(rows, "kind"), value = cells_find(rows, "value_c"), most = cells_find(rows, "max_c"),
              critical = cells_find(rows, "critical_c");
        const Cells counters[4] = {cells_find(rows, "throttles"), cells_find(rows, "throttled_ms"),
                                   cells_find(rows, "core_throttles"), cells_find(rows, "core_throttled_ms")};

        for (size_t row = 0; row < batch_rows(rows); row++) {
                char thing[THING_NAME_MAX + 1];
                size_t chip_size, size;
                double c, max_c = 0, critical_c = 0;
                int64_t t_ns;
                const char *name = row_text(rows, chip, row, &chip_size), *label = row_text(rows, sensor, row, &size);
                if (!row_time(rows, at, row, &t_ns) || chip_size == 0)
                        continue;
                thing_text(thing, name, chip_size);
                if (row_text_is(rows, kind, row, "throttle")) {
                        Held *h = things_get(&m->held, label, size, sizeof *h);
                        thing_text(thing, label, size);
                        if (h)
                                note_held(h, thing, t_ns, rows, row, counters, context, out);
                        continue;
                }
                if (!row_text_is(rows, kind, row, "temperature") || !row_number(rows, value, row, &c))
                        continue;
                row_number(rows, most, row, &max_c);
                row_number(rows, critical, row, &critical_c);
                Sensor *s = things_get(&m->chips, name, chip_size, sizeof *s);
                if (!s)
                        continue;
                s->part = part_of(name, chip_size);
                note_heat(s, thing, &(Reading){t_ns, c, max_c, critical_c, label, size}, &context->thresholds, out);
        }
}

static bool holds_heat(const char *text, size_t size)
{
        return memmem(text, size, "thermal", strlen("thermal")) != NULL;
}

static void observe_gpu(Temperature *m, const DetectContext *context, const Batch *rows, Findings *out)
{
        Cells at = cells_find(rows, "t_ns"), gpu = cells_find(rows, "gpu"), pid = cells_find(rows, "pid"),
              name = cells_find(rows, "name"), value = cells_find(rows, "temperature_c"), limit = cells_find(rows, "limit_c"),
              throttle = cells_find(rows, "throttle");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                char thing[THING_NAME_MAX + 1];
                uint64_t unused;
                size_t id_size, size, why_size;
                double c, limit_c = 0;
                int64_t t_ns;
                const char *id = row_text(rows, gpu, row, &id_size), *label = row_text(rows, name, row, &size),
                           *why = row_text(rows, throttle, row, &why_size);
                if (cells_get(pid, row, &unused) || id_size == 0 || !row_time(rows, at, row, &t_ns))
                        continue;
                Sensor *s = things_get(&m->gpus, id, id_size, sizeof *s);
                if (!s)
                        continue;
                s->part = PART_GPU;
                thing_text(thing, id, id_size);
                if (!s->name[0])
                        keep_name(s->name, label, size);
                if (episode_note(&s->slow, t_ns, 1, holds_heat(why, why_size) ? EPISODE_WARNING : EPISODE_FINE, true))
                        tell_slow_gpu(thing, s, out);
                row_number(rows, limit, row, &limit_c);
                if (row_number(rows, value, row, &c))
                        note_heat(s, thing, &(Reading){t_ns, c, 0, limit_c, label, size}, &context->thresholds, out);
        }
}

static int temperature_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        if (text_equal(table, "gpu"))
                observe_gpu(state, context, rows, out);
        else
                observe_temperature(state, context, rows, out);
        return 0;
}

/* With the worst that there was. */
static int temperature_finish(void *state, const DetectContext *context, Findings *out)
{
        const Temperature *m = state;
        const Things *hot[] = {&m->chips, &m->gpus};

        for (size_t k = 0; k < ARRAY_LENGTH(hot); k++)
                for (size_t i = 0; i < hot[k]->n; i++) {
                        const Sensor *s = hot[k]->items[i].state;
                        if (s->hot.worst_level != EPISODE_FINE)
                                tell_hot(hot[k]->items[i].name, s, out);
                        if (s->slow.worst_level != EPISODE_FINE)
                                tell_slow_gpu(hot[k]->items[i].name, s, out);
                }
        for (size_t i = 0; i < m->held.n; i++) {
                const Held *h = m->held.items[i].state;
                if (h->grown && (h->times > h->first_times || h->core_times > h->first_core_times))
                        tell_held(m->held.items[i].name, h, context->facts.wall_ns, out);
        }
        return 0;
}

static void temperature_done(void *state)
{
        Temperature *m = state;

        things_done(&m->chips);
        things_done(&m->gpus);
        things_done(&m->held);
}

const Detector detector_temperature = {
        .name = "temperature",
        .tables = tables,
        .state_size = sizeof(Temperature),
        .observe = temperature_observe,
        .finish = temperature_finish,
        .done = temperature_done,
};
