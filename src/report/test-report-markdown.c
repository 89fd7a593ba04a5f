/* Markdown for a CI page: goldens, at most 60 lines, and nothing of a stranger's that is a mark. */
#include "report/test-report-world.h"

#include <unistd.h>

static char *markdown_of(Fixture *f)
{
        String out = {0};
        size_t lines = 0;

        assert_int_equal(report_write_markdown(&f->data, &out), 0);
        char *text = string_take(&out);
        for (const char *c = text; *c; c++)
                lines += *c == '\n';
        assert_true(lines <= 60);
        return text;
}

static void check_markdown(Fixture *f, const char *name)
{
        char *text = markdown_of(f);

        expect_golden(name, text);
        free(text);
}

static void test_build(void **state)
{
        Fixture f;

        make_build(&f);
        summarise(&f);
        check_markdown(&f, "report-build.md");
        fixture_done(&f);
}

static void add_failure(Fixture *f)
{
        add_process(f, 46, 45, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
                    "cc1plus -quiet src/lib/broken.cpp -o /tmp/cc.s", 60000, 61100, 90 * MIB, 1000, 1);
        add_process(f, 45, 1, "/usr/bin/x86_64-linux-gnu-g++-12", "g++ -c src/lib/broken.cpp", 60000,
                    61120, 2 * MIB, 10, 1);
        add_process(f, 47, 0, "/usr/bin/make", "make -j2", 0, 61900, 3 * MIB, 400, 2);
        batch_set_i64(f->processes, PROCESS_PID, 9001);
        f->info.exit_code = 2;
}

static void test_failed(void **state)
{
        static const char output[] =
                "g++ -c src/lib/part1.cpp\n[ 98%] Building\r[ 99%] Building\n"
                "src/lib/broken.cpp:7:12: error: \033[1m`x`\033[0m was not declared | <b>\n"
                "```\n</code></pre><script>alert(1)</script>\n\342\200\256gnp.exe\nmake: *** [all] Error 1\n";
        char folder[] = "/tmp/test-report-markdown-XXXXXX", path[64];
        Fixture f;

        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/output.log", folder);
        assert_int_equal(file_replace(AT_FDCWD, path, output, sizeof output - 1, false), 0);
        make_build(&f);
        add_failure(&f);
        f.info.lost_events = 1203;
        summarise(&f);
        f.data.path = folder;
        check_markdown(&f, "report-failed.md");
        fixture_done(&f);
        assert_int_equal(directory_remove(AT_FDCWD, folder), 0);
}

/* A run of nothing: no table, no figure, no host. */
static void test_nothing(void **state)
{
        Fixture f;

        fixture_init(&f, "/usr/bin/true", NULL);
        f.info.wall_ns = 2 * NS_PER_MS;
        f.info.processes = 1;
        f.info.host = f.info.id = NULL;
        f.info.command_cpu_us = f.info.own_cpu_us = f.info.own_private_bytes = RUN_UNKNOWN;
        summarise(&f);
        check_markdown(&f, "report-nothing.md");
        fixture_done(&f);
}

/* What a program may be called and be given: it stays in its cell and is no mark. */
static void test_hostile(void **state)
{
        static const char *const names[] = {
                "/tmp/a|b`c`",          "/tmp/<img src=x onerror=alert(1)>", "/tmp/**x** [a](javascript:b)",
                "/tmp/a\nb\r\n# title", "/tmp/\342\200\256fdp.sh",        "/tmp/\xff\xfe\033[2J",
        };
        char *line = malloc(128 << 10);
        Fixture f;

        assert_non_null(line);
        fixture_init(&f, "/tmp/**x**|`y`", "<script>alert(1)</script>\n# title");
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
                snprintf(line, 128 << 10, "%s | ``` <script>%0*d", names[i], i == 0 ? 120 << 10 : 9, 7);
                add_process(&f, i + 1, 0, names[i], line, 0, 100, (50 - i) * MIB, 10, 1);
        }
        f.info.exit_code = 1;
        summarise(&f);
        for (size_t i = 0; i < 20; i++)
                assert_int_equal(report_add_finding(&f.data, i % 2 ? "a" : "b", SEVERITY_WARNING, INT64_MIN,
                                                    "</b>\n- item | `x`", "*e*", "[a](b)"), 0);
        char *text = markdown_of(&f);
        for (const char *c = text; *c; c++)
                assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        assert_null(strstr(text, "<script"));
        assert_null(strstr(text, "<img"));
        assert_null(strstr(text, "](" ));
        assert_null(strstr(text, "\n# "));
        assert_null(strstr(text, "\xe2\x80\xae"));
        /* every row of a table has the bars of its head */
        size_t bars = 0;
        for (const char *at = text; *at; at = strchrnul(at, '\n') + 1) {
                size_t n = 0;
                for (const char *c = at; *c && *c != '\n'; c++)
                        n += *c == '|';
                if (*at != '|')
                        assert_int_equal(n, 0);
                else if (at == text || at[-2] == '\n')
                        bars = n;
                else
                        assert_int_equal(n, bars);
        }
        free(text);
        free(line);
        fixture_done(&f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_build), cmocka_unit_test(test_failed),
                                           cmocka_unit_test(test_nothing), cmocka_unit_test(test_hostile)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
