/*
 * Which limit refused a fork. Certain where the kernel said it. Else a program said that it was refused, and the
 * limit that was within reach in the run is likely the one; where none was, or several were, it is said so.
 * fork(2) ERRORS: EAGAIN for tasks, ENOMEM for memory (and for a pid namespace without its init).
 */
#include <inttypes.h>
#include <string.h>

#include "detect/cgroup-advice.h"
#include "detect/fork.h"
#include "detect/things.h"

static bool run_failed(const DetectFacts *f)
{
        return f->exit_code > 0 || f->exit_signal > 0;
}

static const char *bound_name(ForkBound bound)
{
        static const char *const names[] = {
                [BOUND_USER] = "the user's limit on processes (RLIMIT_NPROC)",
                [BOUND_PIDS] = "a cgroup's limit on tasks (pids.max)",
                [BOUND_THREADS] = "the machine's limit on threads (kernel.threads-max)",
                [BOUND_PID_NUMBER] = "the process numbers that there are (kernel.pid_max)",
                [BOUND_COMMIT] = "the limit on promised memory (CommitLimit)",
                [BOUND_OVERCOMMIT] = "a process larger than memory and swap together (overcommit_memory 0)",
                [BOUND_CGROUP_MEMORY] = "a cgroup's limit on memory (memory.max)",
                [BOUND_MEMORY] = "want of memory in the machine",
        };

        return names[bound];
}

/* Tasks that lived between two looks are not in the monitor's figures, but in the run's own. */
static uint64_t most_used(const ForkState *s, ForkBound bound)
{
        const ForkReach *r = &s->reach[bound];
        uint64_t others = s->user_least;

        if (bound != BOUND_USER || others == FORK_NONE)
                return r->used;
        return MAX(r->used, MIN(others, UINT64_MAX / 2) + MIN(s->threads_most, UINT64_MAX / 2));
}

/* Near enough that some forks between two looks can have met it: a tenth, or sixteen tasks. */
static bool is_within_reach(const ForkState *s, ForkBound bound)
{
        const ForkReach *r = &s->reach[bound];
        uint64_t used = most_used(s, bound);

        if (!r->known)
                return false;
        uint64_t left = used < r->limit ? r->limit - used : 0;
        /* What a fork would promise at once is not among what was promised: a copy of all its parent has. */
        if (bound == BOUND_COMMIT)
                return left <= r->limit / 2;
        return left <= r->limit / 10 || (bound_is_tasks(bound) && left <= 16);
}

/* ---- words ---- */

static void add_figures(String *to, const ForkState *s, ForkBound bound)
{
        const ForkReach *r = &s->reach[bound];
        char used[FORMAT_MAX], limit[FORMAT_MAX], at[FORMAT_MAX], run[FORMAT_MAX];

        if (bound_is_tasks(bound))
                string_add_format(to, "%s of %s tasks", format_count(used, r->used), format_count(limit, r->limit));
        else
                string_add_format(to, "%s of %s", format_bytes(used, r->used), format_bytes(limit, r->limit));
        if (bound == BOUND_USER && s->uid != FORK_NONE)
                string_add_format(to, " of uid %" PRIu64, s->uid);
        if (r->path[0])
                string_add_format(to, " of the cgroup %s", r->path);
        string_add_format(to, " at %s, the nearest seen", format_moment(at, r->t_ns));
        if (bound == BOUND_USER && s->threads_most > 0)
                string_add_format(to, " (every 2 s; the run itself had up to %s)", format_count(run, s->threads_most));
}

static void add_line(String *to, const ForkState *s)
{
        uint64_t n = s->words[FORK_SAID_AGAIN] + s->words[FORK_SAID_NO_MEMORY] + s->words[FORK_SAID_FAILED];
        char count[FORMAT_MAX];

        if (n == 0)
                return;
        string_add_format(to, "%sthe output says \"%s\"", to->size > 0 ? "; " : "", s->line);
        if (n > 1)
                string_add_format(to, " and %s more like it", format_count(count, n - 1));
}

static void add_counter(String *to, const ForkState *s)
{
        char n[FORMAT_MAX];

        if (s->counted_rise > 0)
                string_add_format(to, "%spids.events counts %s refused fork%s", to->size > 0 ? "; " : "",
                                  format_count(n, s->counted_rise), s->counted_rise == 1 ? "" : "s");
}

static uint64_t doubled(uint64_t limit)
{
        return MAX(MIN(limit, UINT64_MAX / 4) * 2, (uint64_t)512);
}

static void add_user_advice(String *to, const ForkState *s, uint64_t limit)
{
        uint64_t more = doubled(limit);

        string_add(to, "run fewer jobs at once (-j; it counts all threads of the user, those of other sessions, too), or raise it, ");
        if (s->nproc_hard == FORK_NONE || s->nproc_hard >= more)
                string_add_format(to, "in the shell that starts the build:\nulimit -u %" PRIu64 "\n", more);
        else
                string_add_format(to, "as root, for its hard limit is %" PRIu64 ", in /etc/security/limits.conf:\n", s->nproc_hard);
        if (s->uid != FORK_NONE && s->nproc_hard != FORK_NONE && s->nproc_hard < more)
                string_add_format(to, ":%" PRIu64 " - nproc %" PRIu64 "\n", s->uid, more);
}

static void add_advice(String *to, const ForkState *s, bool v1, ForkBound bound, uint64_t limit, const char *path)
{
        switch (bound) {
        case BOUND_USER:
                add_user_advice(to, s, limit);
                return;
        case BOUND_PIDS:
                string_add(to, "run fewer jobs at once (-j), or raise it:\n");
                cgroup_advise(to, path, v1, CGROUP_KNOB_TASKS, limit == FORK_NONE ? 16384 : doubled(limit));
                return;
        case BOUND_THREADS:
                string_add_format(to, "run fewer jobs at once (-j), or raise it:\nsudo sysctl kernel.threads-max=%" PRIu64 "\n", doubled(limit));
                return;
        case BOUND_PID_NUMBER:
                string_add(to, "raise it:\nsudo sysctl kernel.pid_max=4194304\n");
                return;
        case BOUND_COMMIT:
                string_add(to, "promise more of memory, or (vm.overcommit_memory=0) do not count it:\nsudo sysctl vm.overcommit_ratio=100\n");
                return;
        case BOUND_OVERCOMMIT:
                string_add(to, "start children by posix_spawn or vfork, which copy nothing, or:\nsudo sysctl vm.overcommit_memory=1\n");
                return;
        case BOUND_CGROUP_MEMORY:
                string_add(to, "run fewer jobs at once (-j), or raise it:\n");
                cgroup_advise(to, path, v1, CGROUP_KNOB_MEMORY, (limit / 2 * 3 + (1 << 20)) >> 20 << 20);
                return;
        default:
                string_add(to, "run fewer jobs at once (-j), or add memory or swap");
        }
}

/* ---- told by the kernel ---- */

static bool is_below(const char *path, const char *above)
{
        size_t n = strlen(above);

        return n > 0 && strncmp(path, above, n) == 0 && (path[n] == '/' || path[n] == '\0' || text_equal(above, "/"));
}

/* Whether that cgroup has to do with the run's. */
static bool is_related(const ForkState *s, const char *path)
{
        return !s->cgroup[0] || !path[0] || is_below(path, s->cgroup) || is_below(s->cgroup, path) ||
               cgroup_paths_match(path, s->cgroup);
}

/* Kernels before 6.11 name the cgroup of the task that wanted to fork, later ones the limit's: the limit may be
 * further up. */
static const ForkReach *reach_of(const ForkState *s, const char *path)
{
        const ForkReach *r = &s->reach[BOUND_PIDS];

        return r->known && (is_below(path, r->path) || cgroup_paths_match(path, r->path)) ? r : NULL;
}

void fork_tell_rejected(const ForkState *s, const ForkRejected *rejected, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String evidence = {0}, advice = {0};
        char limit[FORMAT_MAX], at[FORMAT_MAX];
        const ForkReach *r = reach_of(s, rejected->path);
        const bool ours = is_related(s, rejected->path);
        const char *path = r && r->path[0] ? r->path : rejected->path;
        Finding *f = findings_raise(out, "fork", rejected->path, ours && run_failed(&context->facts) ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                                    SURE_CERTAIN, rejected->t_ns);

        if (!f)
                return;
        f->cause = true;
        if (r)
                finding_title(f, "forks were refused by a cgroup's limit of %s tasks (pids.max)", format_count(limit, r->limit));
        else
                finding_title(f, "forks were refused by a cgroup's limit on tasks (pids.max)");
        string_add_format(&evidence, "the kernel's log at %s: fork rejected in %s", format_moment(at, rejected->t_ns),
                          rejected->path[0] ? rejected->path : "a cgroup");
        if (r) {
                string_add(&evidence, "; ");
                add_figures(&evidence, s, BOUND_PIDS);
        }
        if (ours)
                add_counter(&evidence, s);
        if (ours)
                add_line(&evidence, s);
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "%s", ours ? "each process and each thread is a task; the next one was refused with \"Resource temporarily unavailable\""
                                      : "another part of the machine, not the run's own cgroup");
        add_advice(&advice, s, context->facts.cgroup_v1, BOUND_PIDS, r ? r->limit : FORK_NONE, path);
        finding_advice(f, "%s", string_get(&advice));
}

static void tell_counted(const ForkState *s, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String evidence = {0}, advice = {0};
        const ForkReach *r = &s->reach[BOUND_PIDS];
        char limit[FORMAT_MAX];
        Finding *f = findings_raise(out, "fork", s->cgroup, run_failed(&context->facts) ? SEVERITY_CRITICAL : SEVERITY_WARNING, SURE_CERTAIN,
                                    s->counted_ns);

        if (!f)
                return;
        f->cause = true;
        if (r->known)
                finding_title(f, "forks were refused by a cgroup's limit of %s tasks (pids.max)", format_count(limit, r->limit));
        else
                finding_title(f, "forks were refused by a cgroup's limit on tasks (pids.max)");
        add_counter(&evidence, s);
        if (r->known) {
                string_add(&evidence, "; ");
                add_figures(&evidence, s, BOUND_PIDS);
        }
        add_line(&evidence, s);
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "each process and each thread is a task; the next one was refused with \"Resource temporarily unavailable\"");
        add_advice(&advice, s, context->facts.cgroup_v1, BOUND_PIDS, r->known ? r->limit : FORK_NONE, r->known && r->path[0] ? r->path : s->cgroup);
        finding_advice(f, "%s", string_get(&advice));
}

/* ---- told by programs ---- */

/* The nearest of those that can have said it; BOUNDS: none. `ret_n`: how many were within reach. */
static ForkBound find_bound(const ForkState *s, bool tasks, bool memory, unsigned *ret_n)
{
        ForkBound best = BOUNDS;
        double least = 0;

        *ret_n = 0;
        for (ForkBound b = 0; b < BOUNDS; b++) {
                if (!(bound_is_tasks(b) ? tasks : memory) || !is_within_reach(s, b))
                        continue;
                double left = (double)s->reach[b].limit - (double)most_used(s, b);
                left = bound_is_tasks(b) ? left : left / (64 << 20);
                if (best == BOUNDS || left < least) {
                        best = b;
                        least = left;
                }
                (*ret_n)++;
        }
        return best;
}

/* The limits that could be, with how far they were. */
static void add_others(String *to, const ForkState *s, bool tasks, bool memory)
{
        bool any = false;

        for (ForkBound b = 0; b < BOUNDS; b++) {
                if (!s->reach[b].known || !(bound_is_tasks(b) ? tasks : memory))
                        continue;
                string_add_format(to, "%s %s: ", any ? ";" : "; what is recorded of limits:", bound_name(b));
                add_figures(to, s, b);
                any = true;
        }
        if (!any)
                string_add(to, "; no limit was recorded");
}

static void tell_bound(const ForkState *s, ForkBound bound, unsigned n, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String evidence = {0}, advice = {0};
        const ForkReach *r = &s->reach[bound];
        Finding *f = findings_raise(out, "fork", NULL, run_failed(&context->facts) ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                                    n == 1 ? SURE_LIKELY : SURE_POSSIBLE, r->t_ns);

        if (!f)
                return;
        f->cause = true;
        finding_title(f, "a fork was refused%s by %s", n == 1 ? "" : ", perhaps", bound_name(bound));
        add_line(&evidence, s);
        string_add(&evidence, "; ");
        add_figures(&evidence, s, bound);
        if (n > 1)
                add_others(&evidence, s, bound_is_tasks(bound), !bound_is_tasks(bound));
        finding_evidence(f, "%s", string_get(&evidence));
        if (n > 1)
                finding_meaning(f, "more than one limit was within reach; this one was nearest");
        else
                finding_meaning(f, "of the limits that make fork fail so, only this one was within reach");
        add_advice(&advice, s, context->facts.cgroup_v1, bound, r->limit, r->path);
        finding_advice(f, "%s", string_get(&advice));
}

static void tell_unbound(const ForkState *s, bool tasks, bool memory, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String evidence = {0};
        Finding *f = findings_raise(out, "fork", NULL, SEVERITY_CRITICAL, SURE_POSSIBLE, FINDING_NO_TIME);

        if (!f)
                return;
        f->cause = true;
        finding_title(f, "a program says that it could not start a process or thread");
        add_line(&evidence, s);
        add_others(&evidence, s, tasks, memory);
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "none of the limits that vigia reads was seen within reach; one that is set further in (ulimit -u in a script, a "
                           "container's) or met between two looks is not among them");
        finding_advice(f, "ask for them where the command runs (ulimit -u), and record again with a closer look, in vigia.toml:\n"
                          "[monitors.limits]\ninterval = \"100ms\"\n");
}

void fork_tell(ForkState *s, const DetectContext *context, Findings *out)
{
        const uint64_t n_again = s->words[FORK_SAID_AGAIN], n_memory = s->words[FORK_SAID_NO_MEMORY], n_failed = s->words[FORK_SAID_FAILED];
        bool told = false;
        unsigned n;

        for (size_t i = 0; i < s->n_rejected; i++) {
                fork_tell_rejected(s, &s->rejected[i], context, out);
                told |= is_related(s, s->rejected[i].path);
        }
        if (s->counted_rise > 0 && !told) {
                tell_counted(s, context, out);
                told = true;
        }
        if (told || n_again + n_memory + n_failed == 0)
                return;
        bool tasks = n_again > 0 || n_memory == 0, memory = n_again == 0;
        ForkBound bound = find_bound(s, tasks, memory, &n);
        if (bound != BOUNDS)
                tell_bound(s, bound, n, context, out);
        else if (run_failed(&context->facts)) /* a run that went well may test just that */
                tell_unbound(s, tasks, memory, context, out);
}
