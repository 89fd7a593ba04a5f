/* Every limit alone, at its edges, and which of several is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "monitor/fork-verdict.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* A machine with room for all. */
static ForkFacts roomy(void)
{
        return (ForkFacts){
                .size_bytes = 512 * MIB,
                .total_bytes = 32 * GIB,
                .available_bytes = 24 * GIB,
                .swap_total_bytes = 0,
                .swap_free_bytes = 0,
                .overcommit_mode = 0,
                .commit_limit_bytes = 16 * GIB,
                .committed_bytes = 20 * GIB,
                .admin_reserve_bytes = 8 * MIB,
                .user_reserve_bytes = 128 * MIB,
                .user_limit = 60000,
                .user_tasks = 400,
                .tasks = 1000,
                .threads_max = 120000,
                .pid_max = 4194304,
        };
}

static ForkVerdict expect(const ForkFacts *facts, ForkAnswer answer, ForkLimit limit)
{
        ForkVerdict verdict = fork_judge(facts);

        assert_true(verdict.known);
        assert_int_equal(verdict.answer, answer);
        assert_int_equal(verdict.limit, limit);
        return verdict;
}

static void test_roomy(void **state)
{
        ForkFacts f = roomy();
        ForkVerdict v = expect(&f, FORK_YES, FORK_MEMORY);

        assert_int_equal(v.most, 32 * GIB);
        assert_int_equal(v.used, 8 * GIB);
        assert_int_equal(v.left, 24 * GIB);
        assert_int_equal(v.fits, 48);
        assert_false(v.tasks);
}

/* The reference: below 1 GiB available a warning, below 512 MiB critical. */
static void test_memory(void **state)
{
        ForkFacts f = roomy();

        f.available_bytes = GIB;
        expect(&f, FORK_YES, FORK_MEMORY);
        f.available_bytes = GIB - 1;
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
        f.available_bytes = 512 * MIB;
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
        f.available_bytes = 512 * MIB - 1;
        expect(&f, FORK_NO, FORK_MEMORY);
        /* Swap makes room, at a price. */
        f.swap_total_bytes = f.swap_free_bytes = 8 * GIB;
        assert_int_equal(expect(&f, FORK_MARGINAL, FORK_MEMORY).fits, 0);
        f.swap_free_bytes = 0;
        expect(&f, FORK_NO, FORK_MEMORY);
        f.swap_free_bytes = FORK_UNKNOWN;
        expect(&f, FORK_NO, FORK_MEMORY);
        /* More available than there is: a container's files may lie. */
        f.available_bytes = 64 * GIB;
        assert_int_equal(expect(&f, FORK_YES, FORK_MEMORY).used, 0);
}

static void test_size(void **state)
{
        ForkFacts f = roomy();

        f.size_bytes = 1;
        assert_int_equal(expect(&f, FORK_YES, FORK_USER).fits, 59600);
        f.size_bytes = 16 * GIB;
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
        f.size_bytes = UINT64_MAX;
        expect(&f, FORK_NO, FORK_MEMORY);
}

static void test_overcommit(void **state)
{
        ForkFacts f = roomy();
        ForkVerdict v;

        /* Mode 0 is not bound by CommitLimit, which is long passed here. */
        expect(&f, FORK_YES, FORK_MEMORY);
        /* … but refuses what memory and swap together could never hold. */
        f.swap_total_bytes = 8 * GIB;
        f.swap_free_bytes = 8 * GIB;
        f.available_bytes = 33 * GIB;
        f.size_bytes = 40 * GIB;
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
        f.size_bytes = 40 * GIB + 1;
        v = expect(&f, FORK_NO, FORK_OVERCOMMIT);
        assert_int_equal(v.most, 40 * GIB);
        assert_true(v.used == FORK_UNKNOWN);
        /* Mode 1 refuses nothing. */
        f.overcommit_mode = 1;
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
        f.overcommit_mode = FORK_UNKNOWN;
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
}

static void test_commit_limit(void **state)
{
        ForkFacts f = roomy();
        ForkVerdict v;

        f.overcommit_mode = 2;
        v = expect(&f, FORK_NO, FORK_COMMIT);
        assert_int_equal(v.left, 0);
        assert_int_equal(v.used, 20 * GIB);
        /* 8 MiB are the administrator's, a 32nd of the process its user's. */
        f.committed_bytes = 16 * GIB - GIB - 8 * MIB - 16 * MIB;
        assert_int_equal(expect(&f, FORK_YES, FORK_COMMIT).left, GIB);
        f.committed_bytes++;
        expect(&f, FORK_MARGINAL, FORK_COMMIT);
        f.committed_bytes = 16 * GIB - 512 * MIB - 16 * MIB + 1;
        expect(&f, FORK_NO, FORK_COMMIT);
        f.root = true;
        f.committed_bytes--;
        expect(&f, FORK_MARGINAL, FORK_COMMIT);
        /* The user's reserve has a limit of its own. */
        f.root = false;
        f.size_bytes = 8 * GIB;
        f.committed_bytes = 16 * GIB - 8 * GIB - 8 * MIB - 128 * MIB;
        expect(&f, FORK_MARGINAL, FORK_COMMIT);
        f.committed_bytes++;
        expect(&f, FORK_NO, FORK_COMMIT);
        f.commit_limit_bytes = FORK_UNKNOWN;
        expect(&f, FORK_YES, FORK_MEMORY);
}

static void test_user(void **state)
{
        ForkFacts f = roomy();
        ForkVerdict v;

        f.user_tasks = f.user_limit;
        v = expect(&f, FORK_NO, FORK_USER);
        assert_true(v.tasks);
        assert_int_equal(v.left, 0);
        f.user_tasks = 70000; /* lowered below what runs */
        expect(&f, FORK_NO, FORK_USER);
        f.user_tasks = f.user_limit - 1;
        assert_int_equal(expect(&f, FORK_MARGINAL, FORK_USER).left, 1);
        f.user_tasks = 54000;
        expect(&f, FORK_YES, FORK_MEMORY);
        f.user_tasks = 54001;
        expect(&f, FORK_MARGINAL, FORK_USER);
        f.root = true; /* not bound by it */
        expect(&f, FORK_YES, FORK_MEMORY);
        f.root = false;
        f.user_limit = FORK_UNKNOWN;
        expect(&f, FORK_YES, FORK_MEMORY);
}

static void test_tasks(void **state)
{
        ForkFacts f = roomy();

        f.root = true; /* root is bound by these */
        f.tasks = 120000;
        expect(&f, FORK_NO, FORK_THREADS_MAX);
        f.threads_max = FORK_UNKNOWN;
        expect(&f, FORK_YES, FORK_MEMORY);
        /* 32768 numbers, of which 300 are kept back. */
        f.pid_max = 32768;
        f.tasks = 32467;
        assert_int_equal(expect(&f, FORK_MARGINAL, FORK_PID_MAX).left, 1);
        f.tasks = 32468;
        expect(&f, FORK_NO, FORK_PID_MAX);
        f.tasks = 30000 - 1;
        expect(&f, FORK_MARGINAL, FORK_PID_MAX);
        f.tasks = 29000;
        expect(&f, FORK_YES, FORK_MEMORY);
        f.pid_max = 100;
        expect(&f, FORK_NO, FORK_PID_MAX);
        f.tasks = FORK_UNKNOWN;
        expect(&f, FORK_YES, FORK_MEMORY);
}

static void test_cgroup_pids(void **state)
{
        ForkFacts f = roomy();
        ForkVerdict v;

        f.n_cgroups = 3;
        f.cgroups[0] = (ForkCgroup){.limit = 1000, .current = 10};
        f.cgroups[1] = (ForkCgroup){.limit = 64, .current = 61, .level = 2};
        f.cgroups[2] = (ForkCgroup){.limit = 40000, .current = 200};
        v = expect(&f, FORK_MARGINAL, FORK_CGROUP_PIDS);
        assert_int_equal(v.cgroup, 1);
        assert_int_equal(v.left, 3);
        f.cgroups[1].current = 48;
        expect(&f, FORK_YES, FORK_CGROUP_PIDS); /* 16 left: fewer than memory would hold */
        f.cgroups[1].current = 49;
        expect(&f, FORK_MARGINAL, FORK_CGROUP_PIDS);
        f.cgroups[2].current = 40000;
        assert_int_equal(expect(&f, FORK_NO, FORK_CGROUP_PIDS).cgroup, 2);
}

static void test_cgroup_memory(void **state)
{
        ForkFacts f = roomy();
        ForkVerdict v;

        f.n_cgroups = 1;
        f.cgroups[0] = (ForkCgroup){.memory = true,
                                    .limit = 2 * GIB,
                                    .current = 2 * GIB - 100 * MIB,
                                    .swap_left = FORK_UNKNOWN};
        v = expect(&f, FORK_NO, FORK_CGROUP_MEMORY);
        assert_int_equal(v.left, 100 * MIB);
        /* Page cache counts as used but can be dropped. */
        f.cgroups[0].reclaimable = 412 * MIB;
        assert_int_equal(expect(&f, FORK_MARGINAL, FORK_CGROUP_MEMORY).left, 512 * MIB);
        f.cgroups[0].reclaimable = UINT64_MAX;
        assert_int_equal(expect(&f, FORK_YES, FORK_CGROUP_MEMORY).left, 2 * GIB);
        /* Swap helps if both the machine and the cgroup have it. */
        f.cgroups[0].reclaimable = 0;
        f.swap_total_bytes = f.swap_free_bytes = 4 * GIB;
        expect(&f, FORK_MARGINAL, FORK_CGROUP_MEMORY);
        f.cgroups[0].swap_left = 412 * MIB;
        expect(&f, FORK_MARGINAL, FORK_CGROUP_MEMORY);
        f.cgroups[0].swap_left = 412 * MIB - 1;
        expect(&f, FORK_NO, FORK_CGROUP_MEMORY);
        f.cgroups[0].current = 3 * GIB; /* the limit was lowered */
        assert_int_equal(expect(&f, FORK_NO, FORK_CGROUP_MEMORY).left, 0);
}

/* The worst answer is named, and of equals the nearest. */
static void test_worst(void **state)
{
        ForkFacts f = roomy();

        f.available_bytes = 600 * MIB; /* marginal, 1 fits */
        f.user_tasks = f.user_limit - 3; /* marginal, 3 fit */
        expect(&f, FORK_MARGINAL, FORK_MEMORY);
        f.n_cgroups = 1;
        f.cgroups[0] = (ForkCgroup){.limit = 64, .current = 64};
        expect(&f, FORK_NO, FORK_CGROUP_PIDS);
        f.available_bytes = 0; /* none fits by either: the first */
        expect(&f, FORK_NO, FORK_MEMORY);
}

static void test_unknown(void **state)
{
        ForkFacts f = {
                .size_bytes = 1,
                .total_bytes = FORK_UNKNOWN,
                .available_bytes = FORK_UNKNOWN,
                .swap_total_bytes = FORK_UNKNOWN,
                .swap_free_bytes = FORK_UNKNOWN,
                .overcommit_mode = 2,
                .commit_limit_bytes = FORK_UNKNOWN,
                .committed_bytes = FORK_UNKNOWN,
                .user_limit = 5,
                .user_tasks = FORK_UNKNOWN,
                .tasks = FORK_UNKNOWN,
                .threads_max = 7,
                .pid_max = 7,
        };

        assert_false(fork_judge(&f).known);
        assert_string_equal(fork_answer_name(FORK_NO), "no");
        for (size_t i = 0; i < FORK_LIMITS; i++)
                assert_non_null(fork_limit_name((ForkLimit)i));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_roomy),        cmocka_unit_test(test_memory),
                cmocka_unit_test(test_size),         cmocka_unit_test(test_overcommit),
                cmocka_unit_test(test_commit_limit), cmocka_unit_test(test_user),
                cmocka_unit_test(test_tasks),        cmocka_unit_test(test_cgroup_pids),
                cmocka_unit_test(test_cgroup_memory), cmocka_unit_test(test_worst),
                cmocka_unit_test(test_unknown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
