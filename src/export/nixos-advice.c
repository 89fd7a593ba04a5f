/* Each piece looks at one table, and is silent when it is not there. */
#include "export/nixos-advice.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "export/held-table.h"
#include "export/moments.h"

#define GIB 1073741824.0
#define FOREVER (UINT64_MAX / 4)
#define FULL_PERCENT 80.0
#define GROWTH_BYTES (10 * GIB)
#define STORE "/nix/store"

enum { STEP_S = 10 };

/* What is known at the end, of things that were ever told of. */
static int at_end(RunReader *run, const HeldSpec *spec, int64_t end_ns, HeldTable **table, const HeldThing *const **things,
                  size_t *n, Error *err)
{
        *n = 0;
        int r = held_table_new(run, spec, FOREVER, table, err);

        return r == -ENOENT ? 0 : r < 0 ? r : held_table_move(*table, end_ns, things, n, err);
}

/* ---- the store and its disk ---- */

/* The file system that has it: the longest mount that it begins with. */
static bool is_below(const char *path, const char *mount)
{
        size_t size = strlen(mount);

        return text_equal(mount, "/") || (text_starts_with(path, mount) && (path[size] == '/' || path[size] == '\0'));
}

typedef struct Store {
        double percent, left_bytes, grown_bytes; /* NAN: not known */
} Store;

static int look_at_disk(RunReader *run, int64_t end_ns, Store *store, Error *err)
{
        static const HeldSpec spec = {"disk", {"mount", NULL}, {"used_bytes", "available_bytes", NULL}, NULL};
        _cleanup_(held_table_freep) HeldTable *table = NULL;
        const HeldThing *const *things = NULL;
        size_t n, longest = 0;
        int r = at_end(run, &spec, end_ns, &table, &things, &n, err);

        for (size_t i = 0; r == 0 && i < n; i++) {
                const HeldThing *d = things[i];
                double all = d->values[0] + d->values[1];
                if (!*d->keys[0] || !is_below(STORE, d->keys[0]) || strlen(d->keys[0]) < longest || !(all > 0))
                        continue;
                longest = strlen(d->keys[0]);
                store->percent = 100 * d->values[0] / all;
                store->left_bytes = d->values[1];
        }
        return r;
}

/* From the first time that its size was known to the last. */
static int look_at_growth(RunReader *run, int64_t end_ns, Store *store, Error *err)
{
        static const HeldSpec spec = {"store", {"path", NULL}, {"complete", "bytes", "apparent_bytes", NULL}, NULL};
        _cleanup_(held_table_freep) HeldTable *table = NULL;
        Moments moments = moments_make(STEP_S * NS_PER_SECOND, end_ns);
        const HeldThing *const *things;
        double first = NAN;
        size_t n;
        int r = held_table_new(run, &spec, FOREVER, &table, err);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while (r == 0 && moments_next(&moments)) {
                r = held_table_move(table, moments.t_ns, &things, &n, err);
                for (size_t i = 0; r == 0 && i < n; i++) {
                        const HeldThing *t = things[i];
                        double bytes = isnan(t->values[1]) ? t->values[2] : t->values[1];
                        if (!text_equal(t->keys[0], STORE) || t->values[0] == 0 || isnan(bytes))
                                continue;
                        first = isnan(first) ? bytes : first;
                        store->grown_bytes = bytes - first;
                }
        }
        return r;
}

static int add_store(RunReader *run, int64_t end_ns, String *to, Error *err)
{
        Store store = {NAN, NAN, NAN};
        char left[FORMAT_MAX], grown[FORMAT_MAX];
        int r = look_at_disk(run, end_ns, &store, err);

        if (r == 0)
                r = look_at_growth(run, end_ns, &store, err);
        bool full = store.percent > FULL_PERCENT, growing = store.grown_bytes > GROWTH_BYTES;
        if (r < 0 || (!full && !growing))
                return r;
        if (full)
                string_add_format(to, "\n# The file system of " STORE " is %.0f %% full; %s are left.", store.percent,
                                  format_bytes(left, (uint64_t)store.left_bytes));
        if (growing)
                string_add_format(to, "\n# " STORE " grew by %s in this run.", format_bytes(grown, (uint64_t)store.grown_bytes));
        string_add(to, "\nnix.gc = {\n  automatic = true;\n  dates = \"daily\";\n  options = \"--delete-older-than 7d\";\n};\n"
                       "nix.optimise.automatic = true;\n");
        return 0;
}

/* ---- what kept processes from being forked ---- */

enum { LIMIT_BYTES, LIMIT_TASKS, USED_TASKS, LEFT_BYTES, LEFT_TASKS };

/* By the limit's name as the monitor `fork` has it; %llu is twice the limit. */
static const struct {
        const char *limit, *setting;
} task_limits[] = {
        {"threads-max", "boot.kernel.sysctl.\"kernel.threads-max\" = %llu;\n"},
        {"pid_max", "boot.kernel.sysctl.\"kernel.pid_max\" = %llu;\n"},
        {"pids.max", "systemd.services.nix-daemon.serviceConfig.TasksMax = %llu;\n"},
        {"RLIMIT_NPROC", "security.pam.loginLimits = [\n  { domain = \"*\"; type = \"-\"; item = \"nproc\"; value = \"%llu\"; }\n];\n"},
};

static void add_task_limit(const HeldThing *f, String *to)
{
        for (size_t i = 0; i < ARRAY_LENGTH(task_limits); i++) {
                if (!text_equal(f->keys[0], task_limits[i].limit) || !(f->values[LIMIT_TASKS] > 0) ||
                    f->values[LIMIT_TASKS] > 1e9)
                        continue;
                /* Of another service's cgroup there is nothing to say in nix-daemon's name. */
                if (text_equal(f->keys[0], "pids.max") && *f->text && !strstr(f->text, "nix-daemon"))
                        continue;
                unsigned long long twice = 2 * (unsigned long long)f->values[LIMIT_TASKS];
                if (text_equal(f->keys[0], "pid_max") && twice > 4194304) /* the kernel's own bound, PID_MAX_LIMIT */
                        continue;
                string_add_format(to, "\n# %s: %.0f of %.0f threads were in use, %s.\n", f->keys[0], f->values[USED_TASKS],
                                  f->values[LIMIT_TASKS],
                                  text_equal(f->keys[1], "no") ? "and none could be added" : "few could be added");
                string_add_format(to, task_limits[i].setting, twice);
        }
}

static double swap_total(RunReader *run, int64_t end_ns, Error *err)
{
        static const HeldSpec spec = {"memory", {NULL}, {"swap_total_bytes", NULL}, NULL};
        _cleanup_(held_table_freep) HeldTable *table = NULL;
        const HeldThing *const *things = NULL;
        size_t n;

        return at_end(run, &spec, end_ns, &table, &things, &n, err) == 0 && n > 0 ? things[0]->values[0] : NAN;
}

/* One piece for a limit: Nix takes no attribute twice. The worse verdict has it, of equals the first. */
static bool is_told_by_another(const HeldThing *const *things, size_t n, size_t i)
{
        const bool no = text_equal(things[i]->keys[1], "no");

        for (size_t k = 0; k < n; k++) {
                bool other_no = text_equal(things[k]->keys[1], "no");
                if (k != i && text_equal(things[k]->keys[0], things[i]->keys[0]) && !text_equal(things[k]->keys[1], "yes") &&
                    (other_no > no || (other_no == no && k < i)))
                        return true;
        }
        return false;
}

static int add_limits(RunReader *run, int64_t end_ns, uint64_t least_bytes, String *to, Error *err)
{
        static const HeldSpec spec = {
                "fork", {"limit", "verdict", NULL}, {"limit_bytes", "limit_tasks", "used_tasks", "left_bytes", "left_tasks", NULL},
                "path"};
        _cleanup_(held_table_freep) HeldTable *table = NULL;
        const HeldThing *const *things = NULL;
        char least[FORMAT_MAX];
        size_t n;
        bool memory = false;
        int r = at_end(run, &spec, end_ns, &table, &things, &n, err);

        for (size_t i = 0; r == 0 && i < n; i++) {
                const HeldThing *f = things[i];
                if (text_equal(f->keys[1], "yes") || is_told_by_another(things, n, i))
                        continue;
                if (text_equal(f->keys[0], "CommitLimit"))
                        string_add(to, "\n# vm.overcommit_memory is 2, and what was promised to processes reached the limit.\n"
                                       "boot.kernel.sysctl.\"vm.overcommit_memory\" = 0;\n");
                memory |= text_equal(f->keys[0], "MemAvailable");
                add_task_limit(f, to);
        }
        if (r == 0 && memory && least_bytes != RUN_UNKNOWN && swap_total(run, end_ns, err) == 0)
                string_add_format(to, "\n# At its lowest %s of memory were left, and there is no swap.\nzramSwap.enable = true;\n",
                                  format_bytes(least, least_bytes));
        return r;
}

int nixos_advice_add(RunReader *run, int64_t end_ns, uint64_t available_least_bytes, String *to, Error *err)
{
        _cleanup_string_ String pieces = {0};
        int r = add_limits(run, end_ns, available_least_bytes, &pieces, err);

        if (r == 0)
                r = add_store(run, end_ns, &pieces, err);
        if (r < 0 || pieces.size == 0)
                return r;
        string_add(to, "# For configuration.nix, from what this run shows; how many builds at once: vigia advise --for nix\n");
        string_add(to, string_get(&pieces));
        return pieces.failed || to->failed ? error_set(err, ENOMEM, "out of memory") : 0;
}
