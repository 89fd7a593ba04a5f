/* `vigia advise --json`: docs/advise.schema.json. */
#include <errno.h>
#include <math.h>

#include "advise/advice-json.h"
#include "app/advise-command.h"
#include "base/json.h"

enum { DIGITS = 6 };

static void add_level(Json *j, const char *key, const Forecast *f, size_t i)
{
        if (i < f->n)
                json_add_u64(j, key, f->levels[i].jobs);
        else
                json_add_null(j, key);
}

static void add_build(Json *j, const Advise *a)
{
        const Plan *p = a->plan;
        const Forecast *f = &a->forecast;

        if (!p) {
                json_add_null(j, "build");
                advice_add_levels_json(j, f);
                add_level(j, "best", f, SIZE_MAX);
                add_level(j, "largest_that_fits", f, SIZE_MAX);
                add_level(j, "enough", f, SIZE_MAX);
                return;
        }
        json_open_object(j, "build", JSON_LINES);
        json_add_text(j, "tool", build_tool_name(p->main_tool));
        json_add_u64(j, "jobs", p->n_jobs);
        json_add_u64(j, "links", p->n_links);
        json_add_u64(j, "recorded_jobs", p->unlimited ? UINT64_MAX : p->width);
        json_add_number(j, "wall_s", p->wall_s, DIGITS);
        json_add_number(j, "cpu_s", p->cpu_s, DIGITS);
        json_add_number(j, "peak_bytes", p->peak_bytes == BUILD_UNKNOWN ? NAN : (double)p->peak_bytes, 15);
        json_add_number(j, "chain_s", f->chain_s, DIGITS);
        json_add_number(j, "cpu_floor_s", f->cpu_floor_s, DIGITS);
        json_add_number(j, "replay_ratio", f->replay_ratio, 4);
        json_add_number(j, "waits_known_ratio", p->wait_known, 4);
        json_close(j);
        advice_add_levels_json(j, f);
        add_level(j, "best", f, f->best);
        add_level(j, "largest_that_fits", f, f->fits);
        add_level(j, "enough", f, f->knee);
}

static int add_note(const char *sentence, void *data)
{
        json_add_text(data, NULL, sentence);
        return 0;
}

static void add_machine(Json *j, const Advise *a)
{
        const BuildMachine *m = &a->rows.machine;
        const Forecast *f = &a->forecast;

        json_open_object(j, "machine", JSON_LINES);
        json_add_u64(j, "cpus", m->cpus);
        json_add_number(j, "cpus_supposed", a->plan ? f->cpus : NAN, 4);
        json_add_number(j, "outside_cpus", m->outside_cpus, 4);
        json_add_u64(j, "memory_bytes", m->memory_bytes);
        json_add_u64(j, "limit_bytes", a->plan ? f->limit_bytes : BUILD_UNKNOWN);
        json_add_text(j, "limit_of", !a->plan || f->limit_bytes == BUILD_UNKNOWN ? NULL
                                     : f->room_given                             ? "given"
                                     : f->limit_is_cgroup                        ? "cgroup"
                                                                                 : "machine");
        json_add_u64(j, "room_bytes", a->plan ? f->room_bytes : BUILD_UNKNOWN);
        json_close(j);
}

int advise_show_json(const AdviseShown *shown, String *to)
{
        const Advise *a = shown->advise;
        Json j = {.out = to};
        _cleanup_string_ String verdict = {0};

        advice_add_verdict(&a->forecast, &verdict);
        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_add_text(&j, "run", shown->info->id);
        json_add_text(&j, "verdict", verdict.size > 0 ? string_get(&verdict) : NULL);
        json_add_text(&j, "refusal", advise_refusal(a));
        add_machine(&j, a);
        add_build(&j, a);
        json_open_array(&j, "advice", JSON_LINES);
        for (size_t i = 0; i < a->list.n; i++)
                advice_add_setting_json(&j, &a->list.items[i]);
        json_close(&j);
        json_open_array(&j, "notes", JSON_LINES);
        advise_notes(a, add_note, &j);
        json_close(&j);
        json_close(&j);
        string_add_char(to, '\n');
        return to->failed || verdict.failed ? -ENOMEM : 0;
}
