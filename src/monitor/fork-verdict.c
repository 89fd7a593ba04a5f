/* Every limit is judged alone; the worst answer wins, and of equals the limit that the fewest
 * such processes would reach. */
#include "monitor/fork-verdict.h"

#include "base/macros.h"

/* kernel/pid.c keeps the first 300 numbers for its own daemons once they have wrapped. */
enum { RESERVED_PIDS = 300, FEW_TASKS = 16, TENTH = 10, USER_RESERVE_PART = 32 };

static uint64_t minus(uint64_t a, uint64_t b)
{
        return a > b ? a - b : 0;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void consider(ForkVerdict *best, ForkVerdict one)
{
        one.known = true;
        if (!best->known || one.answer > best->answer ||
            (one.answer == best->answer && one.fits < best->fits))
                *best = one;
}

/* left: without swapping; swap: what that would add. */
static void consider_bytes(ForkVerdict *best, uint64_t size, ForkVerdict one, uint64_t swap)
{
        if (plus(one.left, swap) < size)
                one.answer = FORK_NO;
        else
                one.answer = one.left / 2 < size ? FORK_MARGINAL : FORK_YES;
        one.fits = one.left / size;
        consider(best, one);
}

static void consider_tasks(ForkVerdict *best, ForkVerdict one)
{
        one.tasks = true;
        one.fits = one.left;
        if (one.left == 0)
                one.answer = FORK_NO;
        else
                one.answer = one.left < MAX((uint64_t)FEW_TASKS, one.most / TENTH) ? FORK_MARGINAL
                                                                                   : FORK_YES;
        consider(best, one);
}

static void judge_memory(const ForkFacts *f, ForkVerdict *best)
{
        uint64_t swap = f->swap_free_bytes == FORK_UNKNOWN ? 0 : f->swap_free_bytes;

        if (f->available_bytes == FORK_UNKNOWN || f->total_bytes == FORK_UNKNOWN)
                return;
        consider_bytes(best, f->size_bytes,
                       (ForkVerdict){.limit = FORK_MEMORY,
                                     .most = f->total_bytes,
                                     .used = minus(f->total_bytes, f->available_bytes),
                                     .left = f->available_bytes},
                       swap);
}

static void judge_overcommit(const ForkFacts *f, ForkVerdict *best)
{
        if (f->overcommit_mode == 0 && f->total_bytes != FORK_UNKNOWN &&
            f->swap_total_bytes != FORK_UNKNOWN) {
                uint64_t most = plus(f->total_bytes, f->swap_total_bytes);
                /* No level that fills: it only refuses what is absurd. */
                if (f->size_bytes > most)
                        consider(best, (ForkVerdict){.answer = FORK_NO,
                                                     .limit = FORK_OVERCOMMIT,
                                                     .most = most,
                                                     .used = FORK_UNKNOWN,
                                                     .left = most});
        }
        if (f->overcommit_mode == 2 && f->commit_limit_bytes != FORK_UNKNOWN &&
            f->committed_bytes != FORK_UNKNOWN) {
                uint64_t reserve = 0;
                if (!f->root && f->admin_reserve_bytes != FORK_UNKNOWN)
                        reserve = f->admin_reserve_bytes;
                if (f->user_reserve_bytes != FORK_UNKNOWN)
                        reserve = plus(reserve, MIN(f->user_reserve_bytes,
                                                    f->size_bytes / USER_RESERVE_PART));
                uint64_t left = minus(minus(f->commit_limit_bytes, reserve), f->committed_bytes);
                consider_bytes(best, f->size_bytes,
                               (ForkVerdict){.limit = FORK_COMMIT,
                                             .most = f->commit_limit_bytes,
                                             .used = f->committed_bytes,
                                             .left = left},
                               0);
        }
}

static void judge_cgroup(const ForkFacts *f, size_t i, ForkVerdict *best)
{
        const ForkCgroup *c = &f->cgroups[i];
        ForkVerdict one = {.most = c->limit, .used = c->current, .cgroup = i};

        if (!c->memory) {
                one.limit = FORK_CGROUP_PIDS;
                one.left = minus(c->limit, c->current);
                consider_tasks(best, one);
                return;
        }
        uint64_t swap = f->swap_free_bytes == FORK_UNKNOWN ? 0 : f->swap_free_bytes;
        one.limit = FORK_CGROUP_MEMORY;
        one.left = MIN(c->limit, plus(minus(c->limit, c->current), c->reclaimable));
        consider_bytes(best, f->size_bytes, one, MIN(swap, c->swap_left));
}

static void judge_tasks(const ForkFacts *f, ForkVerdict *best)
{
        if (!f->root && f->user_limit != FORK_UNKNOWN && f->user_tasks != FORK_UNKNOWN)
                consider_tasks(best, (ForkVerdict){.limit = FORK_USER,
                                                   .most = f->user_limit,
                                                   .used = f->user_tasks,
                                                   .left = minus(f->user_limit, f->user_tasks)});
        if (f->tasks == FORK_UNKNOWN)
                return;
        if (f->threads_max != FORK_UNKNOWN)
                consider_tasks(best, (ForkVerdict){.limit = FORK_THREADS_MAX,
                                                   .most = f->threads_max,
                                                   .used = f->tasks,
                                                   .left = minus(f->threads_max, f->tasks)});
        if (f->pid_max != FORK_UNKNOWN)
                consider_tasks(best, (ForkVerdict){.limit = FORK_PID_MAX,
                                                   .most = f->pid_max,
                                                   .used = f->tasks,
                                                   .left = minus(minus(f->pid_max, RESERVED_PIDS),
                                                                 f->tasks)});
}

ForkVerdict fork_judge(const ForkFacts *facts)
{
        ForkVerdict best = {.answer = FORK_YES};

        judge_memory(facts, &best);
        judge_overcommit(facts, &best);
        for (size_t i = 0; i < facts->n_cgroups; i++)
                judge_cgroup(facts, i, &best);
        judge_tasks(facts, &best);
        return best;
}

const char *fork_answer_name(ForkAnswer answer)
{
        static const char *const names[] = {"yes", "marginal", "no"};

        return names[answer];
}

const char *fork_limit_name(ForkLimit limit)
{
        static const char *const names[FORK_LIMITS] = {
                [FORK_MEMORY] = "MemAvailable",      [FORK_OVERCOMMIT] = "overcommit_memory",
                [FORK_COMMIT] = "CommitLimit",       [FORK_CGROUP_MEMORY] = "memory.max",
                [FORK_CGROUP_PIDS] = "pids.max",     [FORK_USER] = "RLIMIT_NPROC",
                [FORK_THREADS_MAX] = "threads-max",  [FORK_PID_MAX] = "pid_max",
        };

        return names[limit];
}
