/* How much room a command has: one sample of the monitors that record the same during a run, so that
 * doctor and runs cannot disagree; and the monitors themselves, tried. */
#include <stdlib.h>
#include <string.h>

#include "app/doctor.h"
#include "app/monitors.h"
#include "base/cleanup.h"
#include "host/proc-limits.h"

enum { ROWS_MAX = 4, TEXT_MAX = 8192 };

/* The first row that a monitor of the registry gives; NULL: it gives none here. */
static Batch *sample_once(const char *name, const Host *host, uid_t uid)
{
        const Monitor *m = monitor_find(name);
        const MonitorContext context = {.host = host, .monitor = m, .uid = uid, .all = true,
                                        .interval_us = 1000000, .run_fd = -1};
        const MonitorTick tick = {0};
        Batch *rows = NULL;

        if (!m || !m->schema || m->probe(&context, NULL, NULL) < 0)
                return NULL;
        _cleanup_free_ void *state = calloc(1, m->state_size + 1);
        if (!state || m->start(state, &context, NULL) < 0)
                return NULL;
        int r = batch_new(m->schema, ROWS_MAX, TEXT_MAX, &rows);
        if (r == 0)
                r = m->sample(state, &tick, rows, NULL);
        if (m->stop)
                m->stop(state);
        if (r >= 0 && batch_rows(rows) > 0)
                return rows;
        return batch_free(rows);
}

static uint64_t number(const Batch *rows, const char *column)
{
        int c = rows ? schema_find(batch_schema(rows), column) : -1;

        return c < 0 || batch_is_null(rows, (size_t)c, 0) ? DOCTOR_UNKNOWN
                                                          : batch_u64(rows, (size_t)c, 0);
}

static void text(const Batch *rows, const char *column, char *to, size_t size)
{
        int c = rows ? schema_find(batch_schema(rows), column) : -1;
        size_t n = 0;
        const char *from = c < 0 ? "" : batch_text(rows, (size_t)c, 0, &n);

        n = MIN(n, size - 1);
        memcpy(to, from, n);
        to[n] = '\0';
}

static void examine_limits(DoctorRoom *room, const Host *host, uid_t uid)
{
        _cleanup_(batch_freep) Batch *rows = sample_once("limits", host, uid);

        room->user_tasks = number(rows, "user_tasks");
        room->pids = number(rows, "pids_current");
        room->pids_max = number(rows, "pids_max");
        text(rows, "pids_path", room->pids_path, sizeof room->pids_path);
        room->cgroup_bytes = number(rows, "memory_current_bytes");
        room->cgroup_max_bytes = number(rows, "memory_max_bytes");
        text(rows, "memory_path", room->memory_path, sizeof room->memory_path);
        room->overcommit_mode = number(rows, "overcommit_memory");
        room->commit_limit_bytes = number(rows, "commit_limit_bytes");
        room->committed_bytes = number(rows, "committed_bytes");
        room->max_map_count = number(rows, "max_map_count");
        room->files_max = number(rows, "file_max");
}

static void examine_memory(DoctorRoom *room, const Host *host, uid_t uid)
{
        _cleanup_(batch_freep) Batch *rows = sample_once("memory", host, uid);

        room->total_bytes = number(rows, "total_bytes");
        room->available_bytes = number(rows, "available_bytes");
        room->swap_total_bytes = number(rows, "swap_total_bytes");
        room->swap_free_bytes = number(rows, "swap_free_bytes");
}

static void examine_fork(DoctorRoom *room, const Host *host, uid_t uid)
{
        _cleanup_(batch_freep) Batch *rows = sample_once("fork", host, uid);

        room->fork_bytes = number(rows, "size_bytes");
        text(rows, "verdict", room->fork_verdict, sizeof room->fork_verdict);
        text(rows, "limit", room->fork_limit, sizeof room->fork_limit);
        text(rows, "path", room->fork_path, sizeof room->fork_path);
        room->fork_left_bytes = number(rows, "left_bytes");
        room->fork_left_tasks = number(rows, "left_tasks");
}

void doctor_examine_room(Doctor *doctor, const Host *host)
{
        DoctorRoom *room = &doctor->room;
        char files[64];
        uint64_t numbers[1];

        examine_limits(room, host, doctor->uid);
        examine_memory(room, host, doctor->uid);
        examine_fork(room, host, doctor->uid);
        ssize_t n = host_read(host, "proc/sys/fs/file-nr", files, sizeof files);
        room->files_open =
                n > 0 && sysctl_parse(files, (size_t)n, numbers, 1) == 0 ? numbers[0] : DOCTOR_UNKNOWN;
        /* LONG_MAX: "as many as fit into memory". */
        if (room->files_max != DOCTOR_UNKNOWN && room->files_max >= INT64_MAX)
                room->files_max = DOCTOR_UNLIMITED;
}

void doctor_examine_monitors(Doctor *doctor, const Host *host)
{
        _cleanup_(monitor_trials_done) MonitorTrials trials = {0};
        size_t n = 0;

        if (monitor_trials_init(&trials, NULL) < 0)
                return;
        monitor_trials_try(&trials, host, NULL, 0);
        doctor->monitors = monitor_trials_count(&trials, true, false);
        doctor->monitors_work = monitor_trials_count(&trials, true, true);
        for (size_t i = 0; i < trials.n && n < DOCTOR_ABSENT_MAX; i++)
                if (trials.items[i].enabled && !trials.items[i].works)
                        doctor->monitors_absent[n++] = trials.items[i].monitor->name;
}
