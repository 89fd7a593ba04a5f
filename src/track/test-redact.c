/* What is masked, and what must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "track/redact.h"

#define CHECK(arguments, expected)                                                                 \
        do {                                                                                       \
                redact_arguments(&s, arguments, sizeof(arguments) - 1, false);                     \
                assert_string_equal(string_get(&s), expected);                                     \
        } while (0)

static void test_redact(void **state)
{
        String s = {0};

        CHECK("gcc\0-c\0cursor.c\0", "gcc -c cursor.c");
        CHECK("curl\0--password\0hunter2\0x\0", "curl --password *** x");
        CHECK("curl\0--token=abc\0", "curl --token=***");
        CHECK("env\0AWS_SECRET_ACCESS_KEY=abc\0make\0", "env AWS_SECRET_ACCESS_KEY=*** make");
        CHECK("x\0--api-key\0abc\0", "x --api-key ***");
        CHECK("git\0clone\0https://me:pw@host/x\0", "git clone https://me:***@host/x");
        CHECK("sh\0-c\0run --token abc  | tee x\0", "sh -c run --token ***  | tee x");
        CHECK("x\0--keyboard\0us\0--compass=n\0", "x --keyboard us --compass=n");
        CHECK("x\0--password\0--verbose\0", "x --password --verbose");
        CHECK("sort\0--key\0" "2\0", "sort --key 2");
        CHECK("gcc\0--pass-exit-codes\0a.c\0PWD=/x\0", "gcc --pass-exit-codes a.c PWD=/x");
        CHECK("one\0\0two\0", "one  two");
        redact_arguments(&s, "a\0b", 3, true);
        assert_string_equal(string_get(&s), "a b …");
        redact_arguments(&s, NULL, 0, false);
        assert_string_equal(string_get(&s), "");
        string_done(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_redact)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
