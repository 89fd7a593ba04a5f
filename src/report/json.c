/* SPEC 10's JSON: these keys in this order, null for what is not known. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report-data.h"
#include "report/shown-command.h"

enum { JSON_FORMAT = 1 };

typedef struct Json {
        String *out;
        unsigned depth;
        bool first; /* nothing yet at this depth */
} Json;

static void begin(Json *j, const char *key)
{
        if (j->depth > 0) {
                string_add(j->out, j->first ? "\n" : ",\n");
                for (unsigned i = 0; i < j->depth; i++)
                        string_add(j->out, "  ");
        }
        if (key)
                string_add_format(j->out, "\"%s\": ", key);
        j->first = false;
}

static void open_value(Json *j, const char *key, char bracket)
{
        begin(j, key);
        string_add_char(j->out, bracket);
        j->depth++;
        j->first = true;
}

static void close_value(Json *j, char bracket)
{
        bool empty = j->first;

        j->depth--;
        j->first = true;
        if (!empty) {
                string_add(j->out, "\n");
                for (unsigned i = 0; i < j->depth; i++)
                        string_add(j->out, "  ");
        }
        string_add_char(j->out, bracket);
        j->first = false;
}

static void add_text(Json *j, const char *key, const char *text)
{
        begin(j, key);
        if (!text) {
                string_add(j->out, "null");
                return;
        }
        string_add_char(j->out, '"');
        string_add_json(j->out, text, strlen(text));
        string_add_char(j->out, '"');
}

static void add_u64(Json *j, const char *key, uint64_t value)
{
        begin(j, key);
        if (value == SUMMARY_UNKNOWN)
                string_add(j->out, "null");
        else
                string_add_format(j->out, "%llu", (unsigned long long)value);
}

static void add_bool(Json *j, const char *key, bool value)
{
        begin(j, key);
        string_add(j->out, value ? "true" : "false");
}

/* Microseconds are as fine as anything here is known. */
static void add_double(Json *j, const char *key, double value, bool known)
{
        char digits[64];

        begin(j, key);
        if (!known || !isfinite(value)) {
                string_add(j->out, "null");
                return;
        }
        snprintf(digits, sizeof digits, "%.6f", value);
        size_t n = strlen(digits);
        while (n > 2 && digits[n - 1] == '0' && digits[n - 2] != '.')
                digits[--n] = '\0';
        string_add(j->out, digits);
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
                add_text(j, key, info->scope);
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
        add_text(j, key, string_get(&text));
}

static void add_run(Json *j, const ReportData *d)
{
        const RunInfo *info = d->info;

        open_value(j, "run", '{');
        add_text(j, "id", info->id);
        add_text(j, "label", info->label);
        add_command(j, "command", info);
        add_text(j, "host", info->host);
        add_ns(j, "wall_s", report_wall_ns(d));
        add_u64(j, "exit_code", info->exit_code < 0 ? SUMMARY_UNKNOWN : (uint64_t)info->exit_code);
        add_u64(j, "exit_signal", info->exit_signal <= 0 ? SUMMARY_UNKNOWN : (uint64_t)info->exit_signal);
        add_bool(j, "complete", info->complete);
        close_value(j, '}');
}

static void add_capture(Json *j, const ReportData *d)
{
        const RunInfo *info = d->info;
        uint64_t wall = report_wall_ns(d);

        open_value(j, "capture", '{');
        add_text(j, "source", report_source(d));
        add_u64(j, "processes", report_processes(d));
        add_u64(j, "lost_events", info->lost_events);
        add_bool(j, "partial", info->partial);
        close_value(j, '}');
        open_value(j, "own", '{');
        add_us(j, "cpu_s", info->own_cpu_us);
        add_double(j, "cpu_percent", (double)info->own_cpu_us * 1e5 / (double)wall,
                   info->own_cpu_us != RUN_UNKNOWN && wall != RUN_UNKNOWN && wall > 0);
        add_u64(j, "peak_rss_bytes", info->own_peak_rss_bytes);
        add_u64(j, "written_bytes", info->written_bytes);
        close_value(j, '}');
}

static void add_peak(Json *j, const ReportData *d)
{
        const Summary *s = d->summary;
        uint64_t cgroup = d->info->peak_cgroup_bytes;

        open_value(j, "peak", '{');
        add_u64(j, "pss_bytes", s->peak_pss_bytes);
        add_u64(j, "rss_bytes", s->peak_rss_bytes);
        add_u64(j, "cgroup_bytes", cgroup != RUN_UNKNOWN ? cgroup : s->peak_cgroup_bytes);
        add_double(j, "t_s", (double)s->peak_t_ns / 1e9, s->peak_known);
        close_value(j, '}');
        open_value(j, "cpu", '{');
        add_us(j, "user_s", s->user_us);
        add_us(j, "system_s", s->system_us);
        close_value(j, '}');
}

static void add_group(Json *j, const SummaryGroup *g)
{
        add_u64(j, "processes", g->processes);
        add_u64(j, "peak_pss_bytes", g->peak_bytes);
        add_u64(j, "largest_process_bytes", g->largest_bytes);
        add_us(j, "cpu_s", g->cpu_us);
}

static void add_categories(Json *j, const Summary *s)
{
        open_value(j, "categories", '[');
        for (size_t i = 0; i < s->n_groups; i++) {
                open_value(j, NULL, '{');
                add_text(j, "major", s->groups[i].major);
                add_text(j, "category", s->groups[i].name);
                add_group(j, &s->groups[i]);
                close_value(j, '}');
        }
        close_value(j, ']');
}

/* Beyond SPEC 10's keys, behind them. Their peaks are not the sums of their categories': those peak
 * at different times. */
static void add_majors(Json *j, const Summary *s)
{
        open_value(j, "majors", '[');
        for (size_t i = 0; i < s->n_majors; i++) {
                open_value(j, NULL, '{');
                add_text(j, "major", s->majors[i].name);
                add_group(j, &s->majors[i]);
                close_value(j, '}');
        }
        close_value(j, ']');
}

static void add_top(Json *j, const Summary *s)
{
        open_value(j, "top", '[');
        for (size_t i = 0; i < s->n_top; i++) {
                const SummaryProcess *p = &s->top[i];
                _cleanup_string_ String program = {0};
                shown_program(p, &program);
                open_value(j, NULL, '{');
                add_u64(j, "pid", p->pid > 0 ? (uint64_t)p->pid : SUMMARY_UNKNOWN);
                add_text(j, "cmdline", p->cmdline ? p->cmdline : p->comm);
                add_text(j, "category", p->category ? p->category : string_get(&program));
                add_u64(j, "peak_rss_bytes", p->peak_rss_bytes);
                add_u64(j, "peak_pss_bytes", p->peak_pss_bytes);
                add_us(j, "cpu_s", p->cpu_us);
                add_ns(j, "wall_s", p->wall_ns);
                close_value(j, '}');
        }
        close_value(j, ']');
}

static void add_findings(Json *j, const ReportData *d)
{
        open_value(j, "findings", '[');
        for (size_t i = 0; i < d->n_findings; i++) {
                const Finding *f = &d->findings[i];
                open_value(j, NULL, '{');
                add_text(j, "id", f->id);
                add_text(j, "severity", severity_name(f->severity));
                add_double(j, "t_s", (double)f->t_ns / 1e9, f->t_ns != INT64_MIN);
                add_text(j, "title", f->title);
                add_text(j, "evidence", f->evidence);
                add_text(j, "advice", f->advice);
                close_value(j, '}');
        }
        close_value(j, ']');
}

/* Beyond SPEC 10's keys, behind them: the machine around the run. */
static void add_machine(Json *j, const SummaryMachine *m)
{
        open_value(j, "machine", '{');
        add_u64(j, "available_least_bytes", m->available_least_bytes);
        add_double(j, "available_least_t_s", (double)m->available_least_t_ns / 1e9,
                   m->available_least_bytes != SUMMARY_UNKNOWN);
        add_u64(j, "swap_most_bytes", m->swap_most_bytes);
        add_double(j, "busy_ratio", m->busy_ratio, !isnan(m->busy_ratio));
        add_double(j, "iowait_ratio", m->iowait_ratio, !isnan(m->iowait_ratio));
        add_double(j, "waited_cpu_ratio", m->waited_ratio[PRESSURE_CPU],
                   !isnan(m->waited_ratio[PRESSURE_CPU]));
        add_double(j, "waited_memory_ratio", m->waited_ratio[PRESSURE_MEMORY],
                   !isnan(m->waited_ratio[PRESSURE_MEMORY]));
        add_double(j, "waited_io_ratio", m->waited_ratio[PRESSURE_IO],
                   !isnan(m->waited_ratio[PRESSURE_IO]));
        close_value(j, '}');
}

/* Likewise: who worked for it without being in it. */
static void add_outside(Json *j, const Outside *o)
{
        open_value(j, "outside", '[');
        for (size_t i = 0; o && i < o->n; i++) {
                const OutsideWorker *w = &o->workers[i];
                open_value(j, NULL, '{');
                add_text(j, "how", outside_how_name(w->how));
                add_text(j, "name", w->name);
                add_u64(j, "pid", w->pid > 0 ? (uint64_t)w->pid : SUMMARY_UNKNOWN);
                add_u64(j, "uid", w->uid >= 0 ? (uint64_t)w->uid : SUMMARY_UNKNOWN);
                add_text(j, "cmdline", w->cmdline);
                add_text(j, "address", w->address);
                add_text(j, "client", w->client);
                add_u64(j, "connections", w->connections);
                add_us(j, "cpu_s", w->cpu_us);
                add_u64(j, "rss_bytes", w->rss_bytes);
                add_text(j, "match", w->match);
                add_text(j, "note", w->note);
                close_value(j, '}');
        }
        close_value(j, ']');
        open_value(j, "matched", '{');
        add_u64(j, "processes", o ? o->matched_processes : SUMMARY_UNKNOWN);
        add_us(j, "cpu_s", o ? o->matched_cpu_us : SUMMARY_UNKNOWN);
        close_value(j, '}');
}

int report_write_json(const ReportData *data, String *out)
{
        Json j = {.out = out};

        open_value(&j, NULL, '{');
        add_u64(&j, "format", JSON_FORMAT);
        add_run(&j, data);
        add_capture(&j, data);
        add_peak(&j, data);
        add_categories(&j, data->summary);
        add_top(&j, data->summary);
        add_findings(&j, data);
        add_machine(&j, &data->summary->machine);
        add_majors(&j, data->summary);
        add_outside(&j, data->outside);
        close_value(&j, '}');
        string_add_char(out, '\n');
        return out->failed ? -ENOMEM : 0;
}
