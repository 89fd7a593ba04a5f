/* The run directory exists, with a run.json that says "recording", before anything is recorded;
 * it is written again when the recording ends, with all figures. */
#include "app/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config-thresholds.h"
#include "app/report-page.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "host/cpu-model.h"
#include "host/proc-identity.h"
#include "report/report.h"
#include "report/run-facts.h"
#include "table/process-tables.h"

void recording_init(Recording *r)
{
        *r = (Recording){.directory_fd = -1, .ready_fd = -1, .output_fd = -1};
        run_info_init(&r->info);
}

void recording_done(Recording *r)
{
        live_findings_free(r->live);
        run_store_free(r->store);
        run_info_done(&r->info);
        host_free(r->host);
        regex_free(r->regex);
        regex_free(r->regex_new);
        labels_done(&r->labels);
        configuration_done(&r->configuration);
        configuration_options_done(&r->configured);
        fd_close(r->directory_fd);
        free(r->path);
        recording_init(r);
}

static int add_tables(Recording *r, Error *err)
{
        RunStoreOptions options = {
                .codec = PARQUET_ZSTD,
                .id = r->info.id,
                .host = r->info.host,
        };
        const struct {
                const Schema *schema;
                Sink **sink;
        } tables[] = {
                {&processes_schema, &r->processes},
                {&samples_schema, &r->samples},
                {&totals_schema, &r->totals},
                {&events_schema, &r->events},
        };

        if (r->compression)
                parquet_codec_parse(r->compression, &options.codec);
        int e = run_store_new(r->path, &options, &r->store, err);
        for (size_t i = 0; e == 0 && i < ARRAY_LENGTH(tables); i++)
                e = run_store_add_table(r->store, tables[i].schema, tables[i].sink, err);
        return e;
}

static void begin_looking(Recording *r)
{
        DetectContext context = {.facts = detect_facts(&r->info), .live = true};

        configuration_thresholds(&r->configuration, &context.thresholds);
        live_findings_new(&context, &r->live);
}

static Sink *look(Recording *r, const char *table, Sink *to)
{
        return r->live ? live_findings_tap(r->live, table, to) : to;
}

int recording_begin(Recording *r, Error *err)
{
        RunInfo *info = &r->info;
        int64_t now = (int64_t)clock_realtime_ns();

        int e = run_make_directory(r->output, r->label, now, &r->path, &info->id, err);
        if (e < 0)
                return e;
        if (r->background)
                run_register(r->path, &info->id);
        r->directory_fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r->directory_fd < 0)
                return error_set_errno(err, errno, "%s", r->path);
        e = run_info_fill_host(info);
        if (e < 0)
                return error_set_errno(err, e, "this machine's description");
        info->label = strdup(r->label);
        info->start_realtime_ns = now;
        info->start_monotonic_ns = clock_monotonic_ns();
        info->start_boottime_ns = clock_boottime_ns();
        info->interval_ns = r->options.interval_ns;
        info->recorder_pid = getpid();
        proc_start_read(r->host, getpid(), &info->recorder_start_ns);
        e = add_tables(r, err);
        if (e == 0)
                e = run_info_write(info, r->directory_fd, err);
        r->options.id = info->id;
        begin_looking(r);
        r->options.processes = look(r, "processes", r->processes);
        r->options.samples = look(r, "samples", r->samples);
        r->options.totals = look(r, "totals", r->totals);
        r->options.events = look(r, "events", r->events);
        return e;
}

int recording_open_output(const Recording *r)
{
        int fd = openat(r->directory_fd, "output.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                        0644);

        if (fd < 0)
                log_warning("output.log: %s; the output is not kept", strerror(errno));
        return fd;
}

static void on_ready(ProcessMonitor *monitor, void *data)
{
        Recording *r = data;

        r->monitor = monitor;
        run_store_set_live(r->processes, process_monitor_live, monitor);
        run_store_set_live_version(r->processes, process_monitor_live_version);
}

/* How it is recorded, for whoever looks at the run before its end or after our death. Once the
 * command runs: it does not wait for this. */
static void tell_source(Recording *r)
{
        char model[CPU_MODEL_MAX];

        if (cpu_model_read(r->host, model, sizeof model) == 0)
                r->info.cpu_model = strdup(model);
        r->info.capture_source = strdup(r->result.source);
        if (r->result.source_why.message[0] && !r->source)
                r->info.capture_why = strdup(r->result.source_why.message);
        r->info.partial = r->result.partial;
        run_info_write(&r->info, r->directory_fd, NULL);
}

/* To who watches, and into the events; what is found again afterwards has more to say. */
static void tell_finding(const Finding *f, bool hush, void *data)
{
        Recording *r = data;
        Tick at = {.now_ns = r->ticked_ns,
                   .realtime_ns = r->info.start_realtime_ns + (int64_t)(r->ticked_ns - r->info.start_monotonic_ns)};

        if (!hush)
                log_warning("%s: %s", severity_name(f->severity), f->title);
        if (r->monitor)
                process_monitor_event(r->monitor, &at, "finding", severity_name(f->severity), NULL, f->title);
}

/* A store in trouble is said once, and once when it is well again; the rows wait meanwhile. */
static void on_ticked(uint64_t now_ns, void *data)
{
        Recording *r = data;
        Error err = {0};
        int e = run_store_tick(r->store, now_ns, &err);

        r->ticked_ns = now_ns;
        if (r->live)
                live_findings_tell(r->live, now_ns, tell_finding, r);
        if (!r->info.capture_source)
                tell_source(r);
        if (e < 0 && e != r->store_error) {
                log_warning("%s; the command is not disturbed", err.message);
                if (r->store_error == 0)
                        run_info_add_warning(&r->info, "%s", err.message);
                r->store_error = e;
                r->store_sentence = err;
        }
}

/* A monitor of the machine found out or, at the end, told all: its line in run.json. The first line
 * is the processes' own. */
static void on_monitored(const Schedule *schedule, void *data)
{
        Recording *r = data;
        RunInfo *info = &r->info;
        size_t n = schedule_count(schedule);

        if (!info->monitors)
                info->monitors = calloc(n + 1, sizeof *info->monitors);
        if (!info->monitors)
                return;
        info->n_monitors = n + 1;
        text_copy(info->monitors[0].name, sizeof info->monitors[0].name, "process");
        info->monitors[0].interval_us = r->options.interval_ns / NS_PER_US;
        for (size_t i = 0; i < n; i++) {
                RunMonitor *to = &info->monitors[i + 1];
                ScheduleFigures figures;
                schedule_figures(schedule, i, &figures);
                *to = (RunMonitor){.interval_us = figures.interval_us,
                                   .rows = figures.rows,
                                   .errors = figures.errors,
                                   .late = figures.late,
                                   .absent = figures.absent};
                text_copy(to->name, sizeof to->name, figures.name);
                text_copy(to->why, sizeof to->why, figures.why.message);
        }
}

static int on_table(const Schema *schema, Sink **ret, void *data, Error *err)
{
        Recording *r = data;

        int e = run_store_add_small_table(r->store, schema, ret, err);

        if (e == 0)
                *ret = look(r, schema->table, *ret);
        return e;
}

static void take_own_cost(Recording *r)
{
        struct rusage usage;
        ProcSmaps smaps;

        getrusage(RUSAGE_SELF, &usage);
        r->info.own_cpu_us = clock_ns(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_US +
                             r->result.workload.relay_cpu_us;
        r->info.own_peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
        if (proc_smaps_rollup_read(r->host, getpid(), &smaps) == 0)
                r->info.own_private_bytes = smaps.private_clean_bytes + smaps.private_dirty_bytes;
        r->info.written_bytes = run_store_written_bytes(r->store);
}

static uint64_t timeval_us(struct timeval t)
{
        return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

static void take_workload(Recording *r)
{
        RunInfo *info = &r->info;
        const WorkloadResult *w = &r->result.workload;

        if (!r->options.workload.argv)
                return;
        info->exit_code = w->exit_code;
        if (w->exit_signal)
                info->exit_signal = w->exit_signal;
        info->timed_out = w->timed_out;
        info->command_cpu_us = timeval_us(w->usage.ru_utime) + timeval_us(w->usage.ru_stime);
        struct stat output;
        if (r->options.workload.output_fd >= 0)
                info->output_bytes = w->output_bytes;
        else if (r->output_fd >= 0 && fstat(r->output_fd, &output) == 0)
                info->output_bytes = (uint64_t)output.st_size;
        if (w->output_error < 0)
                run_info_add_warning(info, "output.log is cut short: %s", strerror(-w->output_error));
}

static void take_result(Recording *r)
{
        RunInfo *info = &r->info;
        const RecorderResult *result = &r->result;

        info->end_realtime_ns = result->end_realtime_ns;
        info->wall_ns = result->end_ns - (r->options.workload.argv ? result->release_ns : result->start_ns);
        info->processes = result->counts.processes;
        info->lost_events = result->counts.lost_events;
        info->peak_cgroup_bytes = result->cgroup_peak_bytes;
        if (result->cgroup[0])
                info->cgroup = strdup(result->cgroup);
        info->ticks = result->ticks;
        info->late_ticks = result->late_ticks;
        info->complete = true;
        labels_tell(&r->labels, info);
        take_workload(r);
        if (info->n_monitors > 0) {
                info->monitors[0].rows = result->counts.samples;
                info->monitors[0].late = result->late_ticks;
        }
}

/* Nothing ran: the directory that was made for it goes, too. */
static void drop(Recording *r)
{
        r->store = run_store_free(r->store);
        if (r->path && directory_remove(AT_FDCWD, r->path) < 0)
                log_debug("%s stays", r->path);
}

int recording_run(Recording *r, Error *err)
{
        Error store = {0};

        r->options.ready = on_ready;
        r->options.ticked = on_ticked;
        r->options.monitored = on_monitored;
        r->options.add_table = on_table;
        if (!r->options.looping)
                r->options.looping = recording_serve;
        r->options.run_fd = r->directory_fd;
        r->options.data = r;
        int e = recorder_run(&r->options, &r->result, err);
        r->control = control_free(r->control);
        r->monitor = NULL;
        if (r->background)
                run_unregister(r->path, r->info.id);
        if (e < 0 || r->result.workload.exec_failed) {
                drop(r);
                return e;
        }
        run_store_set_live(r->processes, NULL, NULL);
        take_result(r);
        e = run_store_finish(r->store, &store);
        if (e < 0)
                run_info_add_warning(&r->info, "%s", store.message);
        r->info.lost_rows = run_store_lost(r->store);
        take_own_cost(r);
        int w = run_info_write(&r->info, r->directory_fd, &store);
        if (e < 0 || w < 0)
                log_warning("%s; what was recorded is in %s", store.message, r->path);
        r->store = run_store_free(r->store);
        return 0;
}

static void write_summary_file(Recording *r, RunReader *reader, const ReportLabels *labels)
{
        ReportOptions plain = {0};
        _cleanup_string_ String text = {0};
        Error err = {0};

        if (report_text(reader, labels, &plain, &text, &err) == 0)
                file_replace(r->directory_fd, "summary.txt", string_get(&text), text.size, false);
}

void recording_report(Recording *r)
{
        _cleanup_(run_reader_freep) RunReader *reader = NULL;
        Thresholds thresholds;
        const ReportLabels labels = {.thresholds = &thresholds};
        Error err = {0};

        if (r->no_report && !r->html)
                return;
        configuration_thresholds(&r->configuration, &thresholds);
        int e = run_reader_open(r->path, &reader, &err);
        if (e == 0 && !r->quiet && !r->no_report)
                e = report_print(reader, &labels, stderr, &err);
        if (e < 0) {
                log_warning("no summary: %s", err.message);
                return;
        }
        if (!r->no_report)
                write_summary_file(r, reader, &labels);
        if (r->html && report_page_put(reader, &labels, "", &err) < 0)
                log_warning("no page: %s", err.message);
}
