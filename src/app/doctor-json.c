/* `vigia doctor --json`: keys are stable, see docs/doctor.schema.json; what is
 * unknown is null, no limit is "unlimited". */
#include "app/doctor.h"
#include "base/json.h"

static void add_number(Json *j, const char *key, uint64_t n)
{
        if (n == DOCTOR_UNLIMITED)
                json_add_text(j, key, "unlimited");
        else
                json_add_u64(j, key, n == DOCTOR_UNKNOWN ? UINT64_MAX : n);
}

static void add_text_or_null(Json *j, const char *key, const char *text)
{
        json_add_text(j, key, text && text[0] ? text : NULL);
}

static void add_limit(Json *j, const char *key, DoctorLimit l)
{
        json_open_object(j, key, JSON_LINES);
        add_number(j, "soft", l.soft);
        add_number(j, "hard", l.hard);
        json_close(j);
}

static void add_sources(Json *j, const Doctor *d)
{
        json_open_array(j, "sources", JSON_LINES);
        for (size_t i = 0; i < DOCTOR_SOURCES; i++) {
                const DoctorSource *s = &d->sources[i];
                json_open_object(j, NULL, JSON_LINES);
                json_add_text(j, "name", s->name);
                json_add_bool(j, "works", s->works);
                json_add_bool(j, "exact", s->exact);
                add_number(j, "open_us", s->works ? s->open_us : DOCTOR_UNKNOWN);
                add_text_or_null(j, "why", s->works ? "" : s->why.message);
                add_text_or_null(j, "run", s->run);
                add_text_or_null(j, "hint", s->hint);
                json_close(j);
        }
        json_close(j);
}

static void add_cgroup(Json *j, const Doctor *d)
{
        json_open_object(j, "cgroup", JSON_LINES);
        json_add_bool(j, "works", d->cgroup);
        add_text_or_null(j, "path", d->cgroup_shown);
        add_number(j, "took_us", d->cgroup ? d->cgroup_us : DOCTOR_UNKNOWN);
        add_text_or_null(j, "why", d->cgroup ? "" : d->cgroup_why.message);
        json_close(j);
}

static void add_kernel(Json *j, const Doctor *d)
{
        json_open_object(j, "kernel", JSON_LINES);
        json_add_text(j, "release", d->release);
        json_add_text(j, "machine", d->machine);
        json_add_bool(j, "btf", d->btf);
        json_add_bool(j, "psi", d->psi);
        add_number(j, "perf_event_paranoid", d->perf_event_paranoid);
        add_number(j, "unprivileged_bpf_disabled", d->unprivileged_bpf_disabled);
        add_text_or_null(j, "lockdown", d->lockdown);
        add_text_or_null(j, "hidepid", d->hidepid);
        json_close(j);
}

static void add_user(Json *j, const Doctor *d)
{
        uint64_t caps = d->capabilities;

        json_open_object(j, "user", JSON_LINES);
        json_add_u64(j, "uid", d->uid);
        json_add_bool(j, "cap_bpf", doctor_has(caps, DOCTOR_CAP_BPF));
        json_add_bool(j, "cap_perfmon", doctor_has(caps, DOCTOR_CAP_PERFMON));
        json_add_bool(j, "cap_sys_ptrace", doctor_has(caps, DOCTOR_CAP_SYS_PTRACE));
        json_add_bool(j, "cap_sys_admin", doctor_has(caps, DOCTOR_CAP_SYS_ADMIN));
        json_add_bool(j, "seccomp", d->seccomp);
        json_close(j);
}

static void add_limits(Json *j, const Doctor *d)
{
        const DoctorRoom *r = &d->room;

        json_open_object(j, "limits", JSON_LINES);
        add_limit(j, "open_files", d->open_files);
        add_limit(j, "processes", d->processes);
        add_limit(j, "locked_bytes", d->locked_bytes);
        add_number(j, "pid_max", d->pid_max);
        add_number(j, "threads_max", d->threads_max);
        add_number(j, "threads", d->tasks);
        add_number(j, "user_threads", r->user_tasks);
        add_number(j, "max_map_count", r->max_map_count);
        json_open_object(j, "files", JSON_LINES);
        add_number(j, "open", r->files_open);
        add_number(j, "max", r->files_max);
        json_close(j);
        json_open_object(j, "pids", JSON_LINES);
        add_text_or_null(j, "path", r->pids_path);
        add_number(j, "current", r->pids);
        add_number(j, "max", r->pids_max);
        json_close(j);
        json_close(j);
}

static void add_libraries(Json *j, const Doctor *d)
{
        json_open_object(j, "libraries", JSON_LINES);
        for (size_t i = 0; i < DOCTOR_LIBRARIES && d->libraries[i].name; i++)
                json_add_bool(j, d->libraries[i].name, d->libraries[i].present);
        json_close(j);
}

static void add_runs(Json *j, const Doctor *d)
{
        json_open_object(j, "runs", JSON_LINES);
        add_text_or_null(j, "path", d->runs);
        json_add_bool(j, "writable", d->runs_writable);
        add_number(j, "free_bytes", d->runs_free_bytes);
        add_number(j, "total_bytes", d->runs_total_bytes);
        json_close(j);
}

static void add_memory(Json *j, const DoctorRoom *r)
{
        json_open_object(j, "memory", JSON_LINES);
        add_number(j, "total_bytes", r->total_bytes);
        add_number(j, "available_bytes", r->available_bytes);
        add_number(j, "swap_total_bytes", r->swap_total_bytes);
        add_number(j, "swap_free_bytes", r->swap_free_bytes);
        json_open_object(j, "cgroup", JSON_LINES);
        add_text_or_null(j, "path", r->memory_path);
        add_number(j, "current_bytes", r->cgroup_bytes);
        add_number(j, "max_bytes", r->cgroup_max_bytes);
        json_close(j);
        json_open_object(j, "commit", JSON_LINES);
        add_number(j, "overcommit_memory", r->overcommit_mode);
        add_number(j, "limit_bytes", r->commit_limit_bytes);
        add_number(j, "committed_bytes", r->committed_bytes);
        json_close(j);
        json_close(j);
}

static void add_fork(Json *j, const DoctorRoom *r)
{
        json_open_object(j, "fork", JSON_LINES);
        add_number(j, "size_bytes", r->fork_bytes);
        add_text_or_null(j, "verdict", r->fork_verdict);
        add_text_or_null(j, "limit", r->fork_limit);
        add_text_or_null(j, "path", r->fork_path);
        add_number(j, "left_bytes", r->fork_left_bytes);
        add_number(j, "left_threads", r->fork_left_tasks);
        json_close(j);
}

static void add_monitors(Json *j, const Doctor *d)
{
        json_open_object(j, "monitors", JSON_LINES);
        json_add_u64(j, "default", d->monitors);
        json_add_u64(j, "work", d->monitors_work);
        json_open_array(j, "absent", JSON_LINES);
        for (size_t i = 0; d->monitors_absent[i]; i++)
                json_add_text(j, NULL, d->monitors_absent[i]);
        json_close(j);
        json_close(j);
}

void doctor_json(const Doctor *d, String *to)
{
        const DoctorSource *best = doctor_best(d);
        Json j = {.out = to};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_add_text(&j, "version", VIGIA_VERSION);
        json_add_text(&j, "source", best ? best->name : NULL);
        json_add_text(&j, "verdict", !best ? "none" : best->exact ? "exact" : "partial");
        add_sources(&j, d);
        add_cgroup(&j, d);
        add_kernel(&j, d);
        add_user(&j, d);
        add_limits(&j, d);
        add_libraries(&j, d);
        add_runs(&j, d);
        add_memory(&j, &d->room);
        add_fork(&j, &d->room);
        add_monitors(&j, d);
        json_close(&j);
        string_add_char(to, '\n');
}
