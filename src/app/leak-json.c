/* The answer for programs. What is unknown is null: the class of what was too short to tell, too. */
#include <math.h>

#include "app/leak-command.h"
#include "base/clock.h"
#include "base/json.h"
#include "detect/leak-images.h"

static void add_class(Json *j, const LeakVerdict *v)
{
        json_add_text(j, "class", v->class == LEAK_UNKNOWN ? NULL : leak_class_name(v->class));
        json_add_text(j, "shape", leak_shape_name(v->shape));
}

static void add_judged(Json *j, const LeakVerdict *v)
{
        json_add_fixed(j, "minutes", v->minutes, 2);
        json_add_fixed(j, "warm_up_minutes", v->warm_up_minutes, 2);
        json_add_bool(j, "late", v->late);
        json_add_number(j, "p", v->p, 3);
        json_add_fixed(j, "n_effective", v->n_effective, 1);
}

static void add_exhaustion(Json *j, const LeakExhaustion *e)
{
        if (isnan(e->minutes)) {
                json_add_null(j, "exhaustion");
                return;
        }
        json_open_object(j, "exhaustion", JSON_ONE_LINE);
        json_add_fixed(j, "minutes", e->minutes, 1);
        json_add_fixed(j, "soonest", e->soonest, 1);
        json_add_fixed(j, "latest", e->latest, 1);
        json_close(j);
}

static void add_count(Json *j, const char *key, const LeakVerdict *v)
{
        if (isnan(v->highest)) {
                json_add_null(j, key);
                return;
        }
        json_open_object(j, key, JSON_ONE_LINE);
        json_add_fixed(j, "per_min", v->rate, 4);
        json_add_fixed(j, "low", v->low, 4);
        json_add_fixed(j, "high", v->high, 4);
        add_class(j, v);
        json_add_fixed(j, "first", v->first, 1);
        json_add_fixed(j, "last", v->last, 1);
        json_add_fixed(j, "highest", v->highest, 1);
        json_close(j);
}

static void add_bytes(Json *j, const char *key, uint64_t bytes)
{
        if (bytes == LEAK_NO_BYTES)
                json_add_null(j, key);
        else
                json_add_u64(j, key, bytes);
}

static void add_mb(Json *j, const char *key, double mb)
{
        if (isfinite(mb))
                json_add_u64(j, key, (uint64_t)MAX(mb * 1e6, 0.0));
        else
                json_add_null(j, key);
}

static void add_process(Json *j, const LeakProcess *p)
{
        const LeakVerdict *v = &p->memory;

        json_open_object(j, NULL, JSON_LINES);
        json_add_i64(j, "pid", p->pid);
        json_add_u64(j, "process", p->key);
        json_add_text(j, "comm", p->comm);
        json_add_text(j, "cmdline", p->cmdline);
        json_add_fixed(j, "start_s", (double)p->start_ns / 1e9, 3);
        json_add_fixed(j, "end_s", p->end_ns == LEAK_ALIVE ? NAN : (double)p->end_ns / 1e9, 3);
        json_add_fixed(j, "mb_per_min", v->rate, 4);
        json_add_fixed(j, "low", v->low, 4);
        json_add_fixed(j, "high", v->high, 4);
        add_class(j, v);
        add_judged(j, v);
        add_bytes(j, "memory_bytes", p->memory_bytes);
        add_bytes(j, "pss_bytes", p->pss_bytes);
        json_add_bool(j, "estimate", p->is_estimate);
        add_mb(j, "first_bytes", v->first);
        add_mb(j, "last_bytes", v->last);
        add_mb(j, "highest_bytes", v->highest);
        json_add_u64(j, "jumps", v->steps);
        json_add_u64(j, "troughs", v->troughs);
        json_add_u64(j, "peaks", v->peaks);
        json_add_u64(j, "peaks_kept", v->peaks_kept);
        add_exhaustion(j, &p->exhaustion);
        add_count(j, "fds", &p->fds);
        add_count(j, "threads", &p->threads);
        json_add_bool(j, "step", p->step);
        json_add_bool(j, "orphan", p->orphan);
        json_close(j);
}

void leak_json(const LeakAsked *asked, const LeakSource *source, const LeakReport *report, String *out)
{
        static const char *const rooms[] = {NULL, "machine", "cgroup"};
        Json j = {.out = out};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_add_text(&j, source->is_log ? "log" : "run", string_get(&source->name));
        json_add_fixed(&j, "minutes", report->minutes, 2);
        json_open_object(&j, "thresholds", JSON_ONE_LINE);
        json_add_number(&j, "slow_mb_per_min", asked->options.memory.slow, 6);
        json_add_number(&j, "leak_mb_per_min", asked->options.memory.leak, 6);
        json_add_number(&j, "least_minutes", asked->options.memory.least_minutes, 6);
        json_close(&j);
        json_add_u64(&j, "seen", report->seen);
        json_add_u64(&j, "judged", report->n - report->n_short);
        json_add_u64(&j, "too_short", report->n_short);
        json_add_u64(&j, "unwatched", report->unwatched);
        json_add_u64(&j, "left_out", report->left_out);
        json_add_u64(&j, "bad_rows", source->bad_rows);
        json_add_bool(&j, "partial", source->partial);
        json_add_text(&j, "room", rooms[report->room]);
        add_bytes(&j, "room_bytes", report->room_bytes);
        json_add_fixed(&j, "mb_per_min", report->mb_per_min, 4);
        add_exhaustion(&j, &report->exhaustion);
        json_open_array(&j, "processes", JSON_LINES);
        for (size_t i = 0; i < report->n; i++)
                add_process(&j, &report->processes[i]);
        json_close(&j);
        if (source->threads)
                leak_json_threads(report, source->groups, source->n_groups, &j);
        json_close(&j);
        string_add_char(out, '\n');
}
