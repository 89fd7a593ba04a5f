/* Whom a run failed of: shells, make, who was stopped on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "model/culprit.h"

#define SHELL ENDING_SHELL
#define TOOL  ENDING_TOOL
#define OTHER ENDING_OTHER

typedef struct Case {
        Ending endings[5];
        int32_t wanted; /* pid; 0: none */
} Case;

static void test_cases(void **state)
{
        static const Case cases[] = {
                /* make: the last that failed, not one that did not matter */
                {{{20, 10, 100, 1, 0, TOOL}, {21, 10, 300, 4, 0, TOOL}, {10, 5, 400, 2, 0, TOOL}}, 21},
                /* a server that was stopped when its test had failed */
                {{{20, 10, 100, 1, 0, TOOL}, {21, 10, 300, -1, 15, TOOL}, {10, 5, 400, 1, 0, SHELL}}, 20},
                {{{20, 10, 100, 1, 0, TOOL}, {21, 10, 300, -1, 15, TOOL}, {10, 5, 400, 2, 0, TOOL}}, 20},
                /* but one that was passed on */
                {{{20, 10, 100, 1, 0, TOOL}, {21, 10, 300, -1, 15, TOOL}, {10, 5, 400, 143, 0, SHELL}}, 21},
                /* grep, and then what the script ended with */
                {{{20, 10, 100, 7, 0, TOOL}, {21, 10, 300, 1, 0, TOOL}, {10, 5, 400, 7, 0, SHELL}}, 20},
                /* the same, where all have 1: the last */
                {{{20, 10, 100, 1, 0, TOOL}, {21, 10, 300, -1, 9, TOOL}, {10, 5, 400, 1, 0, SHELL}}, 21},
                /* "cc x || exit 3" */
                {{{20, 10, 100, 1, 0, TOOL}, {10, 5, 400, 3, 0, SHELL}}, 20},
                /* "yes | head; false" is the shell's own */
                {{{20, 10, 100, -1, 13, TOOL}, {10, 5, 400, 1, 0, SHELL}}, 10},
                /* make's only one was asked to end */
                {{{20, 10, 100, -1, 15, TOOL}, {10, 5, 400, 2, 0, TOOL}}, 20},
                /* a worker was killed, so its pool stopped the others */
                {{{20, 10, 100, -1, 9, TOOL}, {21, 10, 300, -1, 15, TOOL}, {10, 5, 400, 1, 0, TOOL}}, 20},
                /* pip asks for rustc, and fails of something else much later */
                {{{20, 10, 100, 1, 0, OTHER}, {10, 5, 4000000000, 1, 0, OTHER}}, 10},
                {{{20, 10, 3999000000, 1, 0, OTHER}, {10, 5, 4000000000, 1, 0, OTHER}}, 20},
                /* make -k goes on for long */
                {{{20, 10, 100, 1, 0, OTHER}, {10, 5, 4000000000, 2, 0, TOOL}}, 20},
                /* Ctrl-C */
                {{{21, 20, 100, -1, 2, TOOL}, {20, 10, 110, -1, 2, TOOL}, {10, 5, 120, 130, 0, SHELL}}, 20},
                /* the command is asked to end, and ends what it runs */
                {{{20, 10, 100, -1, 15, TOOL}, {10, 5, 120, -1, 15, TOOL}}, 10},
                /* a crash that a wrapper repeats */
                {{{20, 10, 100, -1, 11, TOOL}, {10, 5, 120, -1, 11, TOOL}}, 20},
                /* a child was killed long before the command was; a wrapper that ends as its child did */
                {{{20, 10, 100, -1, 9, TOOL}, {10, 5, 1300000000, -1, 9, SHELL}}, 10},
                {{{20, 10, 100, -1, 9, TOOL}, {10, 5, 9000000, -1, 9, OTHER}}, 20},
                /* Ctrl-C, and make ended behind its shell */
                {{{22, 10, 90, 1, 0, SHELL}, {21, 10, 130, -1, 2, TOOL}, {10, 5, 120, -1, 2, SHELL}}, 10},
                {{{22, 10, 90, 1, 0, TOOL}, {10, 5, 120, -1, 15, TOOL}}, 10},
                /* the command is not among them */
                {{{20, 10, 100, 1, 0, TOOL}}, 0},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                size_t n = 0;
                while (n < 5 && cases[i].endings[n].pid > 0)
                        n++;
                size_t found = culprit_find(cases[i].endings, n, 10);
                if ((found == CULPRIT_NONE ? 0 : cases[i].endings[found].pid) != cases[i].wanted)
                        fail_msg("case %zu", i);
        }
}

/* Rows that name each other as parents end. */
static void test_circle(void **state)
{
        static const Ending endings[] = {{10, 20, 100, 1, 0, TOOL}, {20, 10, 100, 1, 0, TOOL}};

        assert_int_not_equal(culprit_find(endings, 2, 10), CULPRIT_NONE);
}

static void test_kinds(void **state)
{
        assert_int_equal(culprit_kind("bash", 4), ENDING_SHELL);
        assert_int_equal(culprit_kind("bashful", 7), ENDING_OTHER);
        assert_int_equal(culprit_kind("", 0), ENDING_OTHER);
        assert_int_equal(culprit_kind("aarch64-linux-gnu-gcc", 21), ENDING_TOOL);
        assert_int_equal(culprit_kind("make", 4), ENDING_TOOL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_circle), cmocka_unit_test(test_kinds)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
