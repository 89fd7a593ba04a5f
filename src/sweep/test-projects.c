/* [[projects]]: MyMonitor's shape and ours, what is wrong with them, and those that ship. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/regex.h"
#include "sweep/project.h"

static Settings *read_projects(const char *text)
{
        Settings *settings;

        assert_int_equal(settings_new(&settings), 0);
        assert_int_equal(settings_read_text(settings, LAYER_USER, "p.toml", text, strlen(text), SIZE_MAX), 0);
        assert_int_equal(settings_gather(settings, &sweep_project_list), 0);
        projects_check(settings);
        return settings;
}

/* The shape that MyMonitor's documents show, as it is. */
static void test_mymonitor(void **state)
{
        Settings *settings = read_projects("[[projects]]\n"
                                           "name = \"qemu\"\n"
                                           "dir = \"/host/qemu/build\"\n"
                                           "build_command_template = \"make -j<N>\"\n"
                                           "process_pattern = \"make|gcc|clang|ld|...\"\n"
                                           "clean_command_template = \"make clean\"\n"
                                           "[[projects]]\n"
                                           "name = \"other\"\n"
                                           "dir = \"/b\"\n"
                                           "setup_command_template = \"./configure\"\n"
                                           "build_command_template = \"make -j{j_level}\"\n");
        Project project;

        assert_int_equal(settings_n_notes(settings), 0);
        assert_int_equal(project_from_record(settings, project_find(settings, "qemu"), &project), 0);
        assert_string_equal(project.name, "qemu");
        assert_string_equal(project.dir, "/host/qemu/build");
        assert_string_equal(project.build, "make -j<N>");
        assert_string_equal(project.clean, "make clean");
        assert_string_equal(project.programs, "make|gcc|clang|ld|...");
        assert_null(project.setup);
        assert_int_equal(project.jobs.n, 0);
        assert_int_equal(project_from_record(settings, project_find(settings, "other"), &project), 0);
        assert_string_equal(project.setup, "./configure");
        assert_string_equal(project.build, "make -j{j_level}");
        assert_null(project_find(settings, "nothing"));
        settings_free(settings);
}

static void test_ours(void **state)
{
        Settings *settings = read_projects("[[projects]]\n"
                                           "name = \"p\"\n"
                                           "setup = \"\"\n"
                                           "build = \"ninja -j{j}\"\n"
                                           "clean = \"ninja clean\"\n"
                                           "match = 'nix-daemon'\n"
                                           "jobs = [8, 4]\n"
                                           "expected_exit = [0, 3]\n"
                                           "[projects.environment]\n"
                                           "CC = \"gcc-13\"\n"
                                           "LEVEL = 2\n"
                                           "EMPTY = \"\"\n"
                                           "[[projects]]\n"
                                           "name = \"q\"\n"
                                           "build = \"make\"\n"
                                           "jobs = \"2,1\"\n"
                                           "expected_exit = 7\n"
                                           "environment = [\"A=b c\", \"D=\"]\n");
        Project project;

        assert_int_equal(settings_n_notes(settings), 0);
        assert_int_equal(project_from_record(settings, project_find(settings, "p"), &project), 0);
        assert_string_equal(project.setup, "");
        assert_string_equal(project.match, "nix-daemon");
        assert_int_equal(project.jobs.n, 2);
        assert_int_equal(project.jobs.levels[1], 4);
        assert_int_equal(project.n_exits, 2);
        assert_int_equal(project.exits[1], 3);
        assert_int_equal(project.n_environment, 3);
        assert_string_equal(project.environment[0], "CC=gcc-13");
        assert_string_equal(project.environment[1], "LEVEL=2");
        assert_string_equal(project.environment[2], "EMPTY=");
        assert_int_equal(project_from_record(settings, project_find(settings, "q"), &project), 0);
        assert_int_equal(project.jobs.n, 2);
        assert_int_equal(project.n_exits, 1);
        assert_int_equal(project.exits[0], 7);
        assert_string_equal(project.environment[0], "A=b c");
        settings_free(settings);
}

static void test_wrong(void **state)
{
        static const struct {
                const char *text, *note;
        } cases[] = {
                {"[[projects]]\nbuild = \"make\"\n", "p.toml:1:3: projects without a name; expected name = …"},
                {"[[projects]]\nname = \"a\"\nbulid = \"x\"\n",
                 "p.toml:3:1: unknown key bulid of [[projects]]; did you mean build?"},
                {"[[projects]]\nname = \"a\"\nbuild = \"x\"\nbuild_command_template = \"y\"\n",
                 "p.toml:4:26: build_command_template is set beside build; expected one of them"},
                {"[[projects]]\nname = \"a\"\njobs = [4, 0]\n",
                 "p.toml:3:12: jobs is \"0\"; expected numbers from 1 to 65536, such as 8,4,2"},
                {"[[projects]]\nname = \"a\"\njobs = [4, 4]\n",
                 "p.toml:3:8: jobs has \"4\"; expected each number once; --repeat does one again"},
                {"[[projects]]\nname = \"a\"\njobs = true\n",
                 "p.toml:3:8: jobs is true or false; expected a number or a list of them"},
                {"[[projects]]\nname = \"a\"\nexpected_exit = 256\n",
                 "p.toml:3:17: expected_exit is \"256\"; expected exit codes from 0 to 255"},
                {"[[projects]]\nname = \"a\"\nenvironment = [\"=x\"]\n",
                 "p.toml:3:16: environment is \"=x\"; expected NAME=VALUE"},
                {"[[projects]]\nname = \"a\"\n[projects.environment]\nA = [1]\n",
                 "p.toml:4:5: environment is an array; expected a text"},
                {"[[projects]]\nname = \"a\"\n[[projects]]\nname = \"a\"\n",
                 "p.toml:3:3: a second projects named a; the first is in line 1"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                Settings *settings = read_projects(cases[i].text);
                assert_true(settings_n_notes(settings) > 0);
                assert_string_equal(settings_note_at(settings, 0)->sentence, cases[i].note);
                settings_free(settings);
        }
}

static void test_bad_pattern(void **state)
{
        Settings *settings = read_projects("[[projects]]\nname = \"a\"\nprocess_pattern = \"(\"\n");

        assert_int_equal(settings_n_notes(settings), 1);
        assert_non_null(strstr(settings_note_at(settings, 0)->sentence,
                               "p.toml:3:19: process_pattern is \"(\"; expected a regular expression; "));
        settings_free(settings);
}

static void test_shipped(void **state)
{
        static const char *const wanted[] = {"qemu", "aosp", "chromium", "linux", "gcc", "llvm", "redis", "git"};
        Error err = {0};

        for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
                Settings *settings = NULL;
                Project project;
                assert_int_equal(project_shipped(wanted[i], &settings, &project, &err), 0);
                assert_string_equal(project.name, wanted[i]);
                assert_true(sweep_has_jobs(project.build));
                assert_non_null(project.clean);
                assert_int_equal(settings_n_notes(settings), 0);
                settings_free(settings);
        }
        Settings *settings = NULL;
        Project project;
        assert_int_equal(project_shipped("nothing", &settings, &project, &err), -ENOENT);
        for (const ShippedProject *p = shipped_projects; p->name; p++)
                assert_true(p->help[0] != '\0');
}

static void test_programs(void **state)
{
        static const struct {
                const char *pattern, *cmdline;
                bool matches;
        } cases[] = {
                {"make|gcc|clang|ld|...", "gcc -c a.c", true},
                {"make|gcc|clang|ld|...", "/usr/bin/make -j4", true},
                {"make|gcc|clang|ld|...", "ld", true},
                {"make|gcc|clang|ld|...", "sed s/x/y/", false}, /* "..." is no three letters */
                {"make|gcc|clang|ld|...", "cmake ..", false},
                {"make|gcc|clang|ld|...", "vim gcc.c", false},
                {"make|gcc|clang|ld|...", "/home/ld/bin/nothing", false},
                {"cc1(plus)?|as", "/usr/lib/cc1plus -quiet", true},
                {"(?:a|b)c|[|]x", "bc", true},
                {"(?:a|b)c|[|]x", "|x y", true},
                {"(?:a|b)c|[|]x", "a", false},
                {"gcc-[0-9.]+", "x86_64-gcc-12", false},
                {"gcc\\|x", "gcc|x", true},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                String text = {0};
                Regex *regex;
                Error err = {0};
                assert_true(project_programs_regex(cases[i].pattern, &text));
                assert_int_equal(regex_new(string_get(&text), &regex, &err), 0);
                assert_int_equal(regex_match(regex, cases[i].cmdline, strlen(cases[i].cmdline)), cases[i].matches);
                regex_free(regex);
                string_done(&text);
        }
        static const char *const nothing[] = {"", "...", "..|.", "|"};
        for (size_t i = 0; i < ARRAY_LENGTH(nothing); i++) {
                String text = {0};
                assert_false(project_programs_regex(nothing[i], &text));
                string_done(&text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mymonitor), cmocka_unit_test(test_ours),    cmocka_unit_test(test_wrong),
                cmocka_unit_test(test_bad_pattern), cmocka_unit_test(test_shipped), cmocka_unit_test(test_programs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
