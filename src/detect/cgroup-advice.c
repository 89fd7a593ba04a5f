/* The innermost part of a path that is a unit's name says who made it. systemd.resource-control(5),
 * docker-update(1), Documentation/admin-guide/cgroup-v2.rst. */
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

void cgroup_advise(String *to, const char *path, CgroupKnob knob, uint64_t value)
{
        bool memory = knob == CGROUP_KNOB_MEMORY;
        bool whole = value % (1ull << 30) == 0;
        char unit[NAME_MAX_BYTES], amount[32], lower[32];

        snprintf(amount, sizeof amount, "%" PRIu64 "%s", memory ? value >> (whole ? 30 : 20) : value,
                 !memory ? "" : whole ? "G" : "M");
        snprintf(lower, sizeof lower, "%" PRIu64 "%s", value >> (whole ? 30 : 20), whole ? "g" : "m");
        if (strstr(path, "kubepods")) {
                string_add_format(to, memory ? "resources: {limits: {memory: %si}}\n" : "podPidsLimit: %s\n", amount);
        } else if (strstr(path, "docker") || strstr(path, "libpod")) {
                string_add_format(to, "%s update --%s=%s CONTAINER\n", strstr(path, "libpod") ? "podman" : "docker",
                                  memory ? "memory" : "pids-limit", memory ? lower : amount);
        } else if (is_plain(path) && find_unit(path, unit)) {
                string_add_format(to, "systemctl set-property %s %s=%s\n", unit, memory ? "MemoryMax" : "TasksMax", amount);
        } else if (is_plain(path) && path[0] == '/' && path[1]) {
                string_add_format(to, "echo %s | sudo tee /sys/fs/cgroup%s/%s\n", amount, path,
                                  memory ? "memory.max" : "pids.max");
        } else {
                string_add_format(to, "systemd-run --scope -p %s=%s COMMAND\n", memory ? "MemoryMax" : "TasksMax", amount);
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
