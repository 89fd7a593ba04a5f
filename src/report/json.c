/* SPEC 10's JSON: these keys in this order, null for what is not known. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "report/next-run.h"
#include "report/report-data.h"
#include "report/report-json.h"
#include "report/report-words.h"
#include "report/shown-command.h"
#include "report/text-verdict.h"

enum { JSON_FORMAT = 1, VERDICT_COLUMNS = 240 };

/* Microseconds are as fine as anything here is known. */
static void add_double(Json *j, const char *key, double value, bool known)
{
        json_add_fixed(j, key, known ? value : NAN, 6);
}

static void add_us(Json *j, const char *key, uint64_t us)
{
        add_double(j, key, (double)us / 1e6, us != SUMMARY_UNKNOWN);
}

static void add_ns(Json *j, const char *key, uint64_t ns)
{
        add_double(j, key, (double)ns / 1e9, ns != SUMMARY_UNKNOWN);
}

/* Arguments in one text, quoted as a shell would need where they hold blanks. */
static void add_command(Json *j, const char *key, const RunInfo *info)
{
        _cleanup_string_ String text = {0};

        if (!info->command) {
                json_add_text(j, key, info->scope);
                return;
        }
        for (char **word = info->command; *word; word++) {
                if (word != info->command)
                        string_add_char(&text, ' ');
                if (**word && !strpbrk(*word, " \t\n'\"\\$`*?;&|<>()[]{}~#!")) {
                        string_add(&text, *word);
                        continue;
                }
                string_add_char(&text, '\'');
                for (const char *c = *word; *c; c++)
                        if (*c == '\'')
                                string_add(&text, "'\\''");
                        else
                                string_add_char(&text, *c);
                string_add_char(&text, '\'');
        }
        if (text.failed)
                j->out->failed = true;
        json_add_text(j, key, string_get(&text));
}

static void add_run(Json *j, const ReportData *d)
{
        const RunInfo *info = d->info;

        json_open_object(j, "run", JSON_LINES);
        json_add_text(j, "id", info->id);
        json_add_text(j, "label", info->label);
        add_command(j, "command", info);
        json_add_text(j, "host", info->host);
        add_ns(j, "wall_s", report_wall_ns(d));
        json_add_u64(j, "exit_code", info->exit_code < 0 ? SUMMARY_UNKNOWN : (uint64_t)info->exit_code);
        json_add_u64(j, "exit_signal", info->exit_signal <= 0 ? SUMMARY_UNKNOWN : (uint64_t)info->exit_signal);
        json_add_bool(j, "complete", info->complete);
        json_add_bool(j, "recording", d->recording);
        json_add_bool(j, "timed_out", info->timed_out);
        json_add_text(j, "snapshot_of", info->snapshot_of);
        add_double(j, "start_realtime_s", (double)info->start_realtime_ns / 1e9, info->start_realtime_ns > 0);
        json_add_text(j, "kernel", info->kernel);
        json_add_text(j, "vigia_version", info->vigia_version);
        json_close(j);
}

static void add_capture(Json *j, const ReportData *d)
{
        const RunInfo *info = d->info;
        uint64_t wall = report_wall_ns(d);

        json_open_object(j, "capture", JSON_LINES);
        json_add_text(j, "source", report_source(d));
        json_add_u64(j, "processes", report_processes(d));
        json_add_u64(j, "lost_events", info->lost_events);
        json_add_bool(j, "partial", info->partial);
        json_add_text(j, "why", info->capture_why);
        json_add_u64(j, "programs", d->summary->executed);
        json_add_u64(j, "alive_at_end", d->summary->alive);
        json_add_u64(j, "most_at_once", d->summary->most_processes);
        json_add_u64(j, "ticks", d->summary->ticks);
        json_add_u64(j, "late_ticks", d->summary->late_ticks);
        json_close(j);
        json_open_object(j, "own", JSON_LINES);
        add_us(j, "cpu_s", info->own_cpu_us);
        add_double(j, "cpu_percent", (double)info->own_cpu_us * 1e5 / (double)wall,
                   info->own_cpu_us != RUN_UNKNOWN && wall != RUN_UNKNOWN && wall > 0);
        json_add_u64(j, "peak_rss_bytes", info->own_peak_rss_bytes);
        json_add_u64(j, "written_bytes", info->written_bytes);
        json_close(j);
}

static void add_peak(Json *j, const ReportData *d)
{
        const Summary *s = d->summary;
        uint64_t cgroup = d->info->peak_cgroup_bytes, wall = report_wall_ns(d);

        json_open_object(j, "peak", JSON_LINES);
        json_add_u64(j, "pss_bytes", s->peak_pss_bytes);
        json_add_u64(j, "rss_bytes", s->peak_rss_bytes);
        json_add_u64(j, "cgroup_bytes", cgroup != RUN_UNKNOWN ? cgroup : s->peak_cgroup_bytes);
        add_double(j, "t_s", (double)s->peak_t_ns / 1e9, s->peak_known);
        json_close(j);
        json_open_object(j, "cpu", JSON_LINES);
        add_us(j, "user_s", s->user_us);
        add_us(j, "system_s", s->system_us);
        add_us(j, "total_s", report_cpu_us(d));
        add_double(j, "cores_busy", (double)report_cpu_us(d) * 1e3 / (double)wall,
                   report_cpu_us(d) != SUMMARY_UNKNOWN && wall != RUN_UNKNOWN && wall > 0);
        json_close(j);
}

static void add_group(Json *j, const SummaryGroup *g)
{
        json_add_u64(j, "processes", g->processes);
        json_add_u64(j, "peak_pss_bytes", g->peak_bytes);
        json_add_u64(j, "largest_process_bytes", g->largest_bytes);
        add_us(j, "cpu_s", g->cpu_us);
        json_add_u64(j, "at_peak_bytes", g->at_peak_bytes);
        json_add_u64(j, "at_peak_processes", g->at_peak_processes);
}

static void add_categories(Json *j, const Summary *s)
{
        json_open_array(j, "categories", JSON_LINES);
        for (size_t i = 0; i < s->n_groups; i++) {
                json_open_object(j, NULL, JSON_LINES);
                json_add_text(j, "major", s->groups[i].major);
                json_add_text(j, "category", s->groups[i].name);
                add_group(j, &s->groups[i]);
                json_close(j);
        }
        json_close(j);
}

/* Beyond SPEC 10's keys, behind them. Their peaks are not the sums of their categories': those peak
 * at different times. */
static void add_majors(Json *j, const Summary *s)
{
        json_open_array(j, "majors", JSON_LINES);
        for (size_t i = 0; i < s->n_majors; i++) {
                json_open_object(j, NULL, JSON_LINES);
                json_add_text(j, "major", s->majors[i].name);
                add_group(j, &s->majors[i]);
                json_close(j);
        }
        json_close(j);
}

static void add_top(Json *j, const Summary *s)
{
        json_open_array(j, "top", JSON_LINES);
        for (size_t i = 0; i < s->n_top; i++) {
                const SummaryProcess *p = &s->top[i];
                _cleanup_string_ String program = {0};
                shown_program(p, &program);
                json_open_object(j, NULL, JSON_LINES);
                json_add_u64(j, "pid", p->pid > 0 ? (uint64_t)p->pid : SUMMARY_UNKNOWN);
                json_add_text(j, "cmdline", p->cmdline ? p->cmdline : p->comm);
                json_add_text(j, "category", p->category ? p->category : string_get(&program));
                json_add_u64(j, "peak_rss_bytes", p->peak_rss_bytes);
                json_add_u64(j, "peak_pss_bytes", p->peak_pss_bytes);
                add_us(j, "cpu_s", p->cpu_us);
                add_ns(j, "wall_s", p->wall_ns);
                json_close(j);
        }
        json_close(j);
}

void report_add_findings_json(Json *j, const ReportData *d)
{
        json_open_array(j, "findings", JSON_LINES);
        for (size_t i = 0; i < d->n_findings; i++) {
                const Finding *f = &d->findings[i];
                json_open_object(j, NULL, JSON_LINES);
                json_add_text(j, "id", f->id);
                json_add_text(j, "severity", severity_name(f->severity));
                add_double(j, "t_s", (double)f->t_ns / 1e9, f->t_ns != INT64_MIN);
                json_add_text(j, "title", f->title);
                json_add_text(j, "evidence", f->evidence);
                json_add_text(j, "advice", f->advice);
                add_double(j, "until_s", (double)f->until_ns / 1e9, f->until_ns != FINDING_NO_TIME);
                json_add_text(j, "sure", sureness_name(f->sure));
                json_add_text(j, "meaning", f->meaning);
                json_add_text(j, "subject", f->subject);
                json_add_u64(j, "pid", f->pid >= 0 ? (uint64_t)f->pid : SUMMARY_UNKNOWN);
                json_close(j);
        }
        json_close(j);
}

/* Beyond SPEC 10's keys, behind them: the machine around the run. */
static void add_machine(Json *j, const RunInfo *info, const SummaryMachine *m)
{
        json_open_object(j, "machine", JSON_LINES);
        json_add_u64(j, "cpus", info->cpus > 0 ? info->cpus : SUMMARY_UNKNOWN);
        json_add_text(j, "cpu_model", info->cpu_model);
        json_add_u64(j, "memory_bytes", info->memory_bytes);
        json_add_u64(j, "available_least_bytes", m->available_least_bytes);
        add_double(j, "available_least_t_s", (double)m->available_least_t_ns / 1e9,
                   m->available_least_bytes != SUMMARY_UNKNOWN);
        json_add_u64(j, "swap_most_bytes", m->swap_most_bytes);
        add_double(j, "busy_ratio", m->busy_ratio, !isnan(m->busy_ratio));
        add_double(j, "iowait_ratio", m->iowait_ratio, !isnan(m->iowait_ratio));
        add_double(j, "waited_cpu_ratio", m->waited_ratio[PRESSURE_CPU],
                   !isnan(m->waited_ratio[PRESSURE_CPU]));
        add_double(j, "waited_memory_ratio", m->waited_ratio[PRESSURE_MEMORY],
                   !isnan(m->waited_ratio[PRESSURE_MEMORY]));
        add_double(j, "waited_io_ratio", m->waited_ratio[PRESSURE_IO],
                   !isnan(m->waited_ratio[PRESSURE_IO]));
        json_close(j);
}

/* Likewise: who worked for it without being in it. */
static void add_outside(Json *j, const Outside *o)
{
        json_open_array(j, "outside", JSON_LINES);
        for (size_t i = 0; o && i < o->n; i++) {
                const OutsideWorker *w = &o->workers[i];
                json_open_object(j, NULL, JSON_LINES);
                json_add_text(j, "how", outside_how_name(w->how));
                json_add_text(j, "name", w->name);
                json_add_u64(j, "pid", w->pid > 0 ? (uint64_t)w->pid : SUMMARY_UNKNOWN);
                json_add_u64(j, "uid", w->uid >= 0 ? (uint64_t)w->uid : SUMMARY_UNKNOWN);
                json_add_text(j, "cmdline", w->cmdline);
                json_add_text(j, "address", w->address);
                json_add_text(j, "client", w->client);
                json_add_u64(j, "connections", w->connections);
                add_us(j, "cpu_s", w->cpu_us);
                json_add_u64(j, "rss_bytes", w->rss_bytes);
                json_add_text(j, "match", w->match);
                json_add_text(j, "note", w->note);
                json_close(j);
        }
        json_close(j);
        json_open_object(j, "matched", JSON_LINES);
        json_add_u64(j, "processes", o ? o->matched_processes : SUMMARY_UNKNOWN);
        add_us(j, "cpu_s", o ? o->matched_cpu_us : SUMMARY_UNKNOWN);
        json_close(j);
}

/* Likewise: how the text begins, and what it blames. */
static void add_verdict(Json *j, const ReportData *d)
{
        static const char *const moods[] = {
                [PAGE_PLAIN] = "plain", [PAGE_DIM] = "plain", [PAGE_GREEN] = "fine", [PAGE_YELLOW] = "warning", [PAGE_RED] = "failed"};
        const SummaryProcess *culprit = report_culprit(d);
        _cleanup_string_ String text = {0};

        PageStyle style = text_verdict(d, VERDICT_COLUMNS, false, &text);
        json_open_object(j, "verdict", JSON_LINES);
        json_add_text(j, "mood", moods[style]);
        json_add_text(j, "text", string_get(&text));
        json_close(j);
        j->out->failed |= text.failed;
        if (!culprit) {
                json_add_null(j, "failure");
                return;
        }
        json_open_object(j, "failure", JSON_LINES);
        json_add_u64(j, "pid", culprit->pid > 0 ? (uint64_t)culprit->pid : SUMMARY_UNKNOWN);
        json_add_text(j, "cmdline", culprit->cmdline ? culprit->cmdline : culprit->comm);
        json_add_text(j, "category", culprit->category);
        json_add_u64(j, "exit_code", culprit->exit_code < 0 ? SUMMARY_UNKNOWN : (uint64_t)culprit->exit_code);
        json_add_u64(j, "exit_signal", culprit->exit_signal <= 0 ? SUMMARY_UNKNOWN : (uint64_t)culprit->exit_signal);
        add_double(j, "t_s", (double)culprit->end_ns / 1e9, culprit->end_ns != INT64_MAX);
        json_close(j);
}

int report_write_json(const ReportData *data, String *out)
{
        Json j = {.out = out};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", JSON_FORMAT);
        add_run(&j, data);
        add_capture(&j, data);
        add_peak(&j, data);
        add_categories(&j, data->summary);
        add_top(&j, data->summary);
        report_add_findings_json(&j, data);
        add_machine(&j, data->info, &data->summary->machine);
        add_majors(&j, data->summary);
        add_outside(&j, data->outside);
        add_verdict(&j, data);
        next_run_add_json(&j, data);
        json_close(&j);
        string_add_char(out, '\n');
        return out->failed ? -ENOMEM : 0;
}
