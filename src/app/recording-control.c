/* What a recorder at work answers to status, flush and stop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/recording.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

static void add_tables(Json *j, const RunStore *store)
{
        const char *name;
        uint64_t rows;

        json_open_array(j, "tables", JSON_ONE_LINE);
        for (size_t i = 0; run_store_table(store, i, &name, &rows); i++) {
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "name", name);
                json_add_u64(j, "rows", rows);
                json_close(j);
        }
        json_close(j);
}

static void add_monitors(Json *j, const Schedule *schedule, bool sentences)
{
        json_open_array(j, "monitors", JSON_ONE_LINE);
        for (size_t i = 0; i < schedule_count(schedule); i++) {
                ScheduleFigures f;
                schedule_figures(schedule, i, &f);
                json_open_object(j, NULL, JSON_ONE_LINE);
                json_add_text(j, "name", f.name);
                json_add_u64(j, "interval_us", f.interval_us);
                json_add_u64(j, "rows", f.rows);
                json_add_u64(j, "errors", f.errors);
                json_add_u64(j, "late", f.late);
                json_add_bool(j, "absent", f.absent);
                json_add_text(j, "why", sentences && f.why.message[0] ? f.why.message : NULL);
                json_close(j);
        }
        json_close(j);
}

/* How much is told: as much as goes into an answer. */
typedef enum Detail { DETAIL_FIGURES, DETAIL_MONITORS, DETAIL_ALL } Detail;

static void add_status(const Recording *r, Detail detail, String *to)
{
        ProcessMonitorCounts counts;
        Json json = {.out = to}, *j = &json;

        process_monitor_counts(r->monitor, &counts);
        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "id", r->info.id);
        json_add_u64(j, "pid", (uint64_t)getpid());
        json_add_u64(j, "uptime_ms", (clock_monotonic_ns() - r->info.start_monotonic_ns) / NS_PER_MS);
        json_add_text(j, "source", r->result.source);
        json_add_u64(j, "processes", counts.processes);
        json_add_u64(j, "alive", counts.alive);
        json_add_u64(j, "lost_events", counts.lost_events);
        json_add_u64(j, "lost_rows", run_store_lost(r->store));
        json_add_u64(j, "ticks", r->result.ticks);
        json_add_u64(j, "late_ticks", r->result.late_ticks);
        json_add_u64(j, "written_bytes", run_store_written_bytes(r->store));
        json_add_u64(j, "pending_bytes", run_store_pending(r->store));
        json_add_u64(j, "own_cpu_us", clock_ns(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_US);
        json_add_text(j, "error", r->store_error < 0 ? r->store_sentence.message : NULL);
        if (detail >= DETAIL_MONITORS) {
                add_tables(j, r->store);
                add_monitors(j, r->schedule, detail >= DETAIL_ALL);
        }
        json_close(j);
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
                Json j = {.out = to};
                json_open_object(&j, NULL, JSON_ONE_LINE);
                json_add_u64(&j, "pending_bytes", run_store_pending(r->store));
                json_close(&j);
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
