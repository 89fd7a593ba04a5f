/* The innermost part of a path that is a unit's name says who made it. systemd.resource-control(5),
 * docker-update(1), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, scheduler/sched-bwc.rst. */
#include "detect/cgroup-advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128 };

/* Nothing that a shell would read otherwise. */
static bool is_plain(const char *path)
{
        return path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-@:")] == '\0';
}

static bool find_unit(const char *path, char unit[NAME_MAX_BYTES])
{
        static const char *const ends[] = {".service", ".scope", ".slice"};
        const char *end = path + strlen(path);

        while (end > path) {
                const char *begin = end;
                while (begin > path && begin[-1] != '/')
                        begin--;
                snprintf(unit, NAME_MAX_BYTES, "%.*s", (int)(end - begin), begin);
                for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
                        if (text_ends_with(unit, ends[i]))
                                return true;
                end = begin > path ? begin - 1 : path;
        }
        return false;
}

/* Below a user's own manager, which alone knows its units: "…/user@1000.service/app.slice/…". */
static bool is_of_user(const char *path)
{
        const char *manager = strstr(path, "/user@");

        return manager && strstr(manager, ".service/");
}

typedef struct Knob {
        const char *kubernetes, *kubernetes_end, *engine; /* NULL: it has none */
        const char *systemd, *file;
        const char *v1; /* controller and file; its quota is of the same period, 100 ms */
} Knob;

static const Knob knobs[CGROUP_KNOBS] = {
        [CGROUP_KNOB_MEMORY] = {"resources: {limits: {memory: ", "i}}", "memory", "MemoryMax", "memory.max", "memory%s/memory.limit_in_bytes"},
        [CGROUP_KNOB_TASKS] = {"podPidsLimit: ", "", "pids-limit", "TasksMax", "pids.max", "pids%s/pids.max"},
        [CGROUP_KNOB_HIGH] = {NULL, NULL, NULL, "MemoryHigh", "memory.high", NULL},
        [CGROUP_KNOB_CPU] = {"resources: {limits: {cpu: ", "}}", "cpus", "CPUQuota", "cpu.max", "cpu%s/cpu.cfs_quota_us"},
};

typedef struct Amount {
        char plain[32], engine[32], file[48]; /* 2G, 2g, 2G; 150%, 1.50, 150000 100000 */
} Amount;

static Amount amount_of(CgroupKnob knob, uint64_t value)
{
        const bool memory = knob == CGROUP_KNOB_MEMORY || knob == CGROUP_KNOB_HIGH, whole = value % (1ull << 30) == 0;
        Amount a;

        if (knob == CGROUP_KNOB_CPU) {
                snprintf(a.plain, sizeof a.plain, "%" PRIu64 "%%", value);
                snprintf(a.engine, sizeof a.engine, "%" PRIu64 ".%02" PRIu64, value / 100, value % 100);
                snprintf(a.file, sizeof a.file, "%" PRIu64 "000 100000", value);
                return a;
        }
        snprintf(a.plain, sizeof a.plain, "%" PRIu64 "%s", memory ? value >> (whole ? 30 : 20) : value, !memory ? "" : whole ? "G" : "M");
        snprintf(a.engine, sizeof a.engine, "%" PRIu64 "%s", memory ? value >> (whole ? 30 : 20) : value, !memory ? "" : whole ? "g" : "m");
        text_copy(a.file, sizeof a.file, a.plain);
        return a;
}

static void add_write(String *to, const char *path, bool v1, const Knob *k, const Amount *a)
{
        const char *slot = v1 && k->v1 ? strstr(k->v1, "%s") : NULL;

        if (slot)
                string_add_format(to, "echo %.*s | sudo tee /sys/fs/cgroup/%.*s%s%s\n", (int)strcspn(a->file, " "), a->file, (int)(slot - k->v1), k->v1,
                                  path, slot + 2);
        else
                string_add_format(to, "echo %s | sudo tee /sys/fs/cgroup%s/%s\n", a->file, path, k->file);
}

/* What only the side that made the container can raise. */
static void add_container(String *to, const Knob *k, const Amount *a)
{
        string_add(to, "# where this container was started:\n");
        if (k->engine)
                string_add_format(to, "docker update --%s=%s CONTAINER\n", k->engine, a->engine);
        else
                string_add_format(to, "systemctl set-property UNIT %s=%s\n", k->systemd, a->plain);
}

void cgroup_advise(String *to, const char *path, bool v1, CgroupKnob knob, uint64_t value)
{
        const Knob *k = &knobs[knob];
        const Amount a = amount_of(knob, value);
        char unit[NAME_MAX_BYTES];

        if (strstr(path, "kubepods") && k->kubernetes) {
                string_add_format(to, "%s%s%s\n", k->kubernetes, knob == CGROUP_KNOB_CPU ? a.engine : a.plain, k->kubernetes_end);
        } else if ((strstr(path, "docker") || strstr(path, "libpod")) && k->engine) {
                string_add_format(to, "%s update --%s=%s CONTAINER\n", strstr(path, "libpod") ? "podman" : "docker", k->engine, a.engine);
        } else if (text_equal(path, "/")) {
                add_container(to, k, &a);
        } else if (is_plain(path) && find_unit(path, unit)) {
                string_add_format(to, "systemctl %sset-property %s %s=%s\n", is_of_user(path) ? "--user " : "", unit, k->systemd, a.plain);
        } else if (is_plain(path) && path[0] == '/' && path[1]) {
                add_write(to, path, v1, k, &a);
        } else {
                string_add_format(to, "systemd-run --scope -p %s=%s COMMAND\n", k->systemd, a.plain);
        }
}

bool cgroup_paths_match(const char *a, const char *b)
{
        size_t n_a = strlen(a), n_b = strlen(b);

        if (n_a == 0 || n_b == 0)
                return false;
        if (text_equal(a, b))
                return true;
        const char *longer = n_a > n_b ? a : b, *shorter = n_a > n_b ? b : a;
        return shorter[0] == '/' && shorter[1] && text_ends_with(longer, shorter);
}
