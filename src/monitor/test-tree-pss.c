/* The tree's memory: what the kernel's count changes, and when it is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "monitor/tree-pss.h"

typedef struct Kernel {
        bool knows;
        uint64_t anon, shmem;
        unsigned asked;
} Kernel;

static bool ask(void *data, uint64_t *ret_anon, uint64_t *ret_shmem)
{
        Kernel *kernel = data;

        kernel->asked++;
        *ret_anon = kernel->anon;
        *ret_shmem = kernel->shmem;
        return kernel->knows;
}

static ProcessSums sums_of(uint64_t anon, uint64_t shmem, uint64_t file)
{
        return (ProcessSums){.processes = 2, .pss = anon + shmem + file, .pss_anon = anon, .pss_shmem = shmem};
}

static void test_sums(void **state)
{
        Kernel kernel = {.knows = true, .anon = 900, .shmem = 50};
        ProcessSums s = sums_of(1000, 100, 30);
        TreePss tree = {0};

        assert_int_equal(tree_pss_bytes(&tree, &s, 1, NULL, NULL), 1130);
        tree = (TreePss){0};
        assert_int_equal(tree_pss_bytes(&tree, &s, 1, ask, &kernel), 980);
        /* More anonymous pages than the processes are known to have; never more shared ones. */
        kernel = (Kernel){.knows = true, .anon = 1200, .shmem = 500};
        tree = (TreePss){0};
        assert_int_equal(tree_pss_bytes(&tree, &s, 1, ask, &kernel), 1330);
        kernel.knows = false;
        tree = (TreePss){0};
        assert_int_equal(tree_pss_bytes(&tree, &s, 1, ask, &kernel), 1130);
        /* Nobody is left: what the cgroup still counts is nobody's. */
        s = (ProcessSums){0};
        kernel = (Kernel){.knows = true, .anon = 70};
        assert_int_equal(tree_pss_bytes(&tree, &s, 2, ask, &kernel), 0);
        assert_int_equal(kernel.asked, 0);
}

static void test_asked_when_it_matters(void **state)
{
        Kernel kernel = {.knows = true, .anon = 990};
        ProcessSums peak = sums_of(1000, 0, 0), low = sums_of(500, 0, 0), high = sums_of(950, 0, 0);
        uint64_t now = NS_PER_SECOND;
        TreePss tree = {0};

        assert_int_equal(tree_pss_bytes(&tree, &peak, now, ask, &kernel), 990);
        assert_int_equal(kernel.asked, 1);
        /* Far below the peak, what was too much then still is. */
        assert_int_equal(tree_pss_bytes(&tree, &low, now += 50 * NS_PER_MS, ask, &kernel), 490);
        assert_int_equal(kernel.asked, 1);
        /* What may be a new peak is asked for, and is no peak where pages are shared. */
        kernel.anon = 600;
        assert_int_equal(tree_pss_bytes(&tree, &high, now += 50 * NS_PER_MS, ask, &kernel), 600);
        assert_int_equal(kernel.asked, 2);
        assert_int_equal(tree.highest_bytes, 990);
        /* The sums are far off: asked until they are not. */
        kernel.anon = 499;
        assert_int_equal(tree_pss_bytes(&tree, &low, now += 50 * NS_PER_MS, ask, &kernel), 499);
        assert_int_equal(kernel.asked, 3);
        assert_int_equal(tree_pss_bytes(&tree, &low, now += 50 * NS_PER_MS, ask, &kernel), 499);
        assert_int_equal(kernel.asked, 3);
        /* And once in a while. */
        kernel.anon = 480;
        assert_int_equal(tree_pss_bytes(&tree, &low, now += 200 * NS_PER_MS, ask, &kernel), 480);
        assert_int_equal(kernel.asked, 4);
        /* Shared pages that are gone are not taken away again. */
        tree = (TreePss){0};
        peak = sums_of(1000, 300, 0);
        kernel = (Kernel){.knows = true, .anon = 1000, .shmem = 100};
        assert_int_equal(tree_pss_bytes(&tree, &peak, now, ask, &kernel), 1100);
        low = sums_of(400, 50, 10);
        assert_int_equal(tree_pss_bytes(&tree, &low, now += NS_PER_MS, ask, &kernel), 410);
        assert_int_equal(kernel.asked, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sums),
                cmocka_unit_test(test_asked_when_it_matters),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
