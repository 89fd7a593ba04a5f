/* `vigia doctor --json`: keys are stable, see docs/doctor.schema.json; what is
 * unknown is null, no limit is "unlimited". */
#include "app/doctor.h"

#include <jansson.h>

static json_t *number(uint64_t n)
{
        if (n == DOCTOR_UNKNOWN)
                return json_null();
        return n == DOCTOR_UNLIMITED ? json_string("unlimited") : json_integer((json_int_t)n);
}

/* Text of the machine's, which need not be UTF-8. */
static json_t *text(const char *s)
{
        json_t *value = json_string(s);

        return value ? value : json_string("?");
}

static json_t *text_or_null(const char *s)
{
        return s && s[0] ? text(s) : json_null();
}

static json_t *limit(DoctorLimit l)
{
        return json_pack("{s:o, s:o}", "soft", number(l.soft), "hard", number(l.hard));
}

static json_t *sources(const Doctor *d)
{
        json_t *array = json_array();

        for (size_t i = 0; i < DOCTOR_SOURCES; i++) {
                const DoctorSource *s = &d->sources[i];
                json_array_append_new(
                        array, json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "name", s->name,
                                         "works", s->works, "exact", s->exact, "open_us",
                                         s->works ? number(s->open_us) : json_null(), "why",
                                         text_or_null(s->works ? "" : s->why.message), "run",
                                         text_or_null(s->run), "hint", text_or_null(s->hint)));
        }
        return array;
}

static json_t *kernel(const Doctor *d)
{
        return json_pack("{s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "release", text(d->release),
                         "machine", text(d->machine), "btf", d->btf, "psi", d->psi,
                         "perf_event_paranoid", number(d->perf_event_paranoid),
                         "unprivileged_bpf_disabled", number(d->unprivileged_bpf_disabled),
                         "lockdown", text_or_null(d->lockdown), "hidepid",
                         text_or_null(d->hidepid));
}

static json_t *user(const Doctor *d)
{
        uint64_t caps = d->capabilities;

        return json_pack("{s:I, s:b, s:b, s:b, s:b, s:b}", "uid", (json_int_t)d->uid, "cap_bpf",
                         doctor_has(caps, DOCTOR_CAP_BPF), "cap_perfmon",
                         doctor_has(caps, DOCTOR_CAP_PERFMON), "cap_sys_ptrace",
                         doctor_has(caps, DOCTOR_CAP_SYS_PTRACE), "cap_sys_admin",
                         doctor_has(caps, DOCTOR_CAP_SYS_ADMIN), "seccomp", d->seccomp);
}

static json_t *cgroup(const Doctor *d)
{
        return json_pack("{s:b, s:o, s:o, s:o}", "works", d->cgroup, "path",
                         text_or_null(d->cgroup_shown), "took_us",
                         d->cgroup ? number(d->cgroup_us) : json_null(), "why",
                         text_or_null(d->cgroup ? "" : d->cgroup_why.message));
}

static json_t *limits(const Doctor *d)
{
        const DoctorRoom *r = &d->room;
        json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "open_files", limit(d->open_files),
                              "processes", limit(d->processes), "locked_bytes",
                              limit(d->locked_bytes), "pid_max", number(d->pid_max), "threads_max",
                              number(d->threads_max), "threads", number(d->tasks));

        json_object_set_new(o, "user_threads", number(r->user_tasks));
        json_object_set_new(o, "max_map_count", number(r->max_map_count));
        json_object_set_new(o, "files",
                            json_pack("{s:o, s:o}", "open", number(r->files_open), "max",
                                      number(r->files_max)));
        json_object_set_new(o, "pids",
                            json_pack("{s:o, s:o, s:o}", "path", text_or_null(r->pids_path),
                                      "current", number(r->pids), "max", number(r->pids_max)));
        return o;
}

static json_t *memory(const DoctorRoom *r)
{
        json_t *cgroup = json_pack("{s:o, s:o, s:o}", "path", text_or_null(r->memory_path),
                                   "current_bytes", number(r->cgroup_bytes), "max_bytes",
                                   number(r->cgroup_max_bytes));
        json_t *commit = json_pack("{s:o, s:o, s:o}", "overcommit_memory",
                                   number(r->overcommit_mode), "limit_bytes",
                                   number(r->commit_limit_bytes), "committed_bytes",
                                   number(r->committed_bytes));

        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "total_bytes", number(r->total_bytes),
                         "available_bytes", number(r->available_bytes), "swap_total_bytes",
                         number(r->swap_total_bytes), "swap_free_bytes",
                         number(r->swap_free_bytes), "cgroup", cgroup, "commit", commit);
}

static json_t *fork_of(const DoctorRoom *r)
{
        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "size_bytes", number(r->fork_bytes),
                         "verdict", text_or_null(r->fork_verdict), "limit",
                         text_or_null(r->fork_limit), "path", text_or_null(r->fork_path),
                         "left_bytes", number(r->fork_left_bytes), "left_threads",
                         number(r->fork_left_tasks));
}

static json_t *monitors_of(const Doctor *d)
{
        json_t *absent = json_array();

        for (size_t i = 0; d->monitors_absent[i]; i++)
                json_array_append_new(absent, text(d->monitors_absent[i]));
        return json_pack("{s:I, s:I, s:o}", "default", (json_int_t)d->monitors, "work",
                         (json_int_t)d->monitors_work, "absent", absent);
}

static json_t *libraries(const Doctor *d)
{
        json_t *object = json_object();

        for (size_t i = 0; i < DOCTOR_LIBRARIES && d->libraries[i].name; i++)
                json_object_set_new(object, d->libraries[i].name,
                                    json_boolean(d->libraries[i].present));
        return object;
}

static json_t *runs(const Doctor *d)
{
        return json_pack("{s:o, s:b, s:o, s:o}", "path", text_or_null(d->runs), "writable",
                         d->runs_writable, "free_bytes", number(d->runs_free_bytes), "total_bytes",
                         number(d->runs_total_bytes));
}

char *doctor_json(const Doctor *d)
{
        const DoctorSource *best = doctor_best(d);
        json_t *root = json_pack(
                "{s:i, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                "format", 1, "version",
                VIGIA_VERSION, "source", text_or_null(best ? best->name : ""), "verdict",
                !best         ? "none"
                : best->exact ? "exact"
                              : "partial",
                "sources", sources(d), "cgroup", cgroup(d), "kernel", kernel(d), "user", user(d),
                "limits", limits(d), "libraries", libraries(d), "runs", runs(d),
                "memory", memory(&d->room), "fork", fork_of(&d->room), "monitors", monitors_of(d));
        char *out = root ? json_dumps(root, JSON_INDENT(2)) : NULL;

        json_decref(root);
        return out;
}
