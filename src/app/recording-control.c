/* What a recorder at work answers to status, flush and stop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/recording.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

static void add_number(String *to, const char *key, uint64_t value)
{
        string_add_format(to, "%s\"%s\": ", to->size > 1 ? ", " : "", key);
        if (value == UINT64_MAX)
                string_add(to, "null");
        else
                string_add_format(to, "%llu", (unsigned long long)value);
}

static void add_text(String *to, const char *key, const char *text)
{
        string_add_format(to, "%s\"%s\": ", to->size > 1 ? ", " : "", key);
        if (!text) {
                string_add(to, "null");
                return;
        }
        string_add_char(to, '"');
        string_add_json(to, text, strlen(text));
        string_add_char(to, '"');
}

static void add_tables(String *to, const RunStore *store)
{
        const char *name;
        uint64_t rows;

        string_add(to, ", \"tables\": [");
        for (size_t i = 0; run_store_table(store, i, &name, &rows); i++) {
                string_add(to, i ? ", {\"name\": \"" : "{\"name\": \"");
                string_add_json(to, name, strlen(name));
                string_add_format(to, "\", \"rows\": %llu}", (unsigned long long)rows);
        }
        string_add_char(to, ']');
}

static void add_monitors(String *to, const Schedule *schedule, bool sentences)
{
        string_add(to, ", \"monitors\": [");
        for (size_t i = 0; i < schedule_count(schedule); i++) {
                ScheduleFigures f;
                _cleanup_string_ String one = {0};
                schedule_figures(schedule, i, &f);
                string_add_char(&one, '{');
                add_text(&one, "name", f.name);
                add_number(&one, "interval_us", f.interval_us);
                add_number(&one, "rows", f.rows);
                add_number(&one, "errors", f.errors);
                add_number(&one, "late", f.late);
                string_add(&one, f.absent ? ", \"absent\": true" : ", \"absent\": false");
                add_text(&one, "why", sentences && f.why.message[0] ? f.why.message : NULL);
                string_add(to, i ? ", " : "");
                string_add(to, string_get(&one));
                string_add_char(to, '}');
        }
        string_add_char(to, ']');
}

/* How much is told: as much as goes into an answer. */
typedef enum Detail { DETAIL_FIGURES, DETAIL_MONITORS, DETAIL_ALL } Detail;

static void add_status(const Recording *r, Detail detail, String *to)
{
        ProcessMonitorCounts counts;

        process_monitor_counts(r->monitor, &counts);
        string_add_char(to, '{');
        add_text(to, "id", r->info.id);
        add_number(to, "pid", (uint64_t)getpid());
        add_number(to, "uptime_ms", (clock_monotonic_ns() - r->info.start_monotonic_ns) / NS_PER_MS);
        add_text(to, "source", r->result.source);
        add_number(to, "processes", counts.processes);
        add_number(to, "alive", counts.alive);
        add_number(to, "lost_events", counts.lost_events);
        add_number(to, "lost_rows", run_store_lost(r->store));
        add_number(to, "ticks", r->result.ticks);
        add_number(to, "late_ticks", r->result.late_ticks);
        add_number(to, "written_bytes", run_store_written_bytes(r->store));
        add_number(to, "pending_bytes", run_store_pending(r->store));
        add_number(to, "own_cpu_us", clock_ns(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_US);
        add_text(to, "error", r->store_error < 0 ? r->store_sentence.message : NULL);
        if (detail >= DETAIL_MONITORS) {
                add_tables(to, r->store);
                add_monitors(to, r->schedule, detail >= DETAIL_ALL);
        }
        string_add_char(to, '}');
}

static int answer(const char *request, String *to, void *data)
{
        Recording *r = data;

        if (text_equal(request, "status")) {
                add_status(r, DETAIL_ALL, to);
                for (Detail d = DETAIL_ALL; to->size > CONTROL_ANSWER_MAX && d > DETAIL_FIGURES;) {
                        string_clear(to);
                        add_status(r, --d, to);
                }
        } else if (text_equal(request, "flush")) { /* what there is, without waiting for the disk */
                run_store_flush(r->store);
                string_add_char(to, '{');
                add_number(to, "pending_bytes", run_store_pending(r->store));
                string_add_char(to, '}');
        } else if (text_equal(request, "stop") && r->options.workload.argv) {
                string_add(to, "{\"error\": \"it records a command, and ends with it\"}");
        } else if (text_equal(request, "stop")) {
                loop_stop(r->loop);
                string_add(to, "{\"stopping\": true}");
        } else {
                return -EINVAL;
        }
        return 0;
}

int recording_serve(Loop *loop, const Schedule *schedule, void *data)
{
        Recording *r = data;
        ControlOps ops = {answer, r};

        r->loop = loop;
        r->schedule = schedule;
        int e = control_new(r->directory_fd, loop, &ops, &r->control);
        if (e < 0)
                log_info("status, snapshot and stop cannot ask this recording: %s", strerror(-e));
        if (r->ready_fd >= 0) {
                _cleanup_string_ String line = {0};
                string_add_format(&line, "%s\n%s\n", r->info.id, r->path);
                (void)!write(r->ready_fd, string_get(&line), line.size);
                close(r->ready_fd);
                r->ready_fd = -1;
        }
        return 0;
}
