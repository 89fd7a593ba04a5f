/* Which derivation failed, by the words of several versions of Nix; a daemon that does not answer; a run that went well. */
#include <string.h>

#include "detect/test-world.h"

#define HASH "/nix/store/lypj26fkab40g08l61md8yb9smw3jfvm-"

static void test_failed(void **state)
{
        static const struct {
                const char *lines[3], *title, *evidence;
        } known[] = {
                {{"error: builder for '" HASH "hello-2.12.drv' failed with exit code 3;", "       last 1 log lines:"},
                 "the build of hello-2.12 failed with exit code 3", "Nix says so of " HASH "hello-2.12.drv"},
                {{"builder for '" HASH "a.drv' failed with exit code 1", "error: builder for '" HASH "b.drv' failed due to signal 9 (Killed)"},
                 "the build of a failed with exit code 1", "Nix says so of " HASH "a.drv, and of 1 more"},
                {{"error: Cannot build '" HASH "a.drv'.", "       Reason: builder failed with exit code 2."},
                 "the build of a failed with exit code 2", "Nix says so of " HASH "a.drv"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
                World w;
                world_begin_ended(&w, 1);
                for (const char *const *line = known[i].lines; *line; line++)
                        world_say(&w, *line);
                world_finish(&w);
                const Finding *f = world_find(&w, "nix-build", NULL);
                assert_non_null(f);
                assert_true(f->cause);
                assert_string_equal(f->title, known[i].title);
                assert_string_equal(f->evidence, known[i].evidence);
                assert_non_null(strstr(f->advice, "nix-store --read-log " HASH));
                world_end(&w);
        }
}

/* Why a builder failed is told before that it did. */
static void test_reason(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        world_say(&w, "configure: error: cannot create x: No space left on device");
        world_say(&w, "error: builder for '" HASH "a.drv' failed with exit code 3;");
        world_finish(&w);
        assert_int_equal(world_find(&w, "disk-full", NULL)->severity, SEVERITY_CRITICAL);
        assert_int_equal(world_find(&w, "nix-build", NULL)->severity, SEVERITY_WARNING);
        world_end(&w);
}

static void test_silent(void **state)
{
        static const char *const lines[] = {
                "error: builder for '/nix/store/$(reboot).drv' failed with exit code 3;",
                "the builder for '" HASH "a' failed with exit code 3",
                "       Reason: builder failed with exit code 2.",
                "error: Cannot build '" HASH "a.drv'.",
                "       Reason: 1 dependency failed.",
                "       Reason: builder failed with exit code 2.",
        };
        World w;

        world_begin_ended(&w, 1);
        for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
                world_say(&w, lines[i]);
        world_finish(&w);
        assert_null(world_find(&w, "nix-build", NULL));
        world_end(&w);
        world_begin_ended(&w, 0);
        world_say(&w, "error: builder for '" HASH "a.drv' failed with exit code 3;");
        world_finish(&w);
        assert_null(world_find(&w, "nix-build", NULL));
        world_end(&w);
}

static void test_daemon(void **state)
{
        World w;

        world_begin_ended(&w, 1);
        world_say(&w, "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused");
        world_finish(&w);
        const Finding *f = world_find(&w, "nix-daemon", NULL);
        assert_non_null(f);
        assert_string_equal(f->title, "nix-daemon did not answer");
        assert_non_null(strstr(f->evidence, "Connection refused"));
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_failed),
                cmocka_unit_test(test_reason),
                cmocka_unit_test(test_silent),
                cmocka_unit_test(test_daemon),
        };

        return cmocka_run_group_tests_name("detect-nix", tests, NULL, NULL);
}
