/* Text and JSON against goldens (tests/golden/report-*), and the rules behind them. To write
 * the goldens anew: VIGIA_UPDATE_GOLDEN=1 meson test report. */
#include "report/test-report-world.h"

#include <signal.h>

#include <jansson.h>

#include "report/shown-command.h"
#include "report/sparkline.h"

static char *text_of(Fixture *f, bool color, bool ascii)
{
        String out = {0};
        ReportOptions options = {.color = color, .ascii = ascii};

        assert_int_equal(report_write_text(&f->data, &options, &out), 0);
        return string_take(&out);
}

/* No line is wider than the page (paths, to be copied, apart), none has trailing blanks. */
static void check_shape(const char *text, size_t most_lines)
{
        size_t lines = 0;

        while (*text) {
                const char *end = strchrnul(text, '\n');
                char line[1024];
                assert_true((size_t)(end - text) < sizeof line);
                memcpy(line, text, (size_t)(end - text));
                line[end - text] = '\0';
                if (strncmp(line, "  run ", 6) != 0 && text_width(line) > 80)
                        fail_msg("%zu columns: %s", text_width(line), line);
                assert_false(end > text && end[-1] == ' ');
                lines++;
                text = *end ? end + 1 : end;
        }
        assert_true(lines <= most_lines);
}

static void check_text(Fixture *f, const char *name)
{
        char path[64];
        char *text = text_of(f, false, false);

        check_shape(text, 24);
        snprintf(path, sizeof path, "report-%s.txt", name);
        expect_golden(path, text);
        free(text);
}

static void test_build(void **state)
{
        Fixture f;
        char *text;
        String json = {0};

        make_build(&f);
        summarise(&f);
        check_text(&f, "build");
        text = text_of(&f, true, true);
        for (const char *c = text; *c; c++)
                assert_true((unsigned char)*c < 0x80);
        expect_golden("report-build-ascii-color.txt", text);
        free(text);
        assert_int_equal(report_write_json(&f.data, &json), 0);
        expect_golden("report-build.json", string_get(&json));
        string_done(&json);
        fixture_done(&f);
}

static void test_failed(void **state)
{
        Fixture f;

        make_build(&f);
        add_process(&f, 46, 45, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
                    "cc1plus -quiet src/lib/broken.cpp -o /tmp/cc.s", 60000, 61100, 90 * MIB, 1000, 1);
        add_process(&f, 45, 1, "/usr/bin/x86_64-linux-gnu-g++-12", "g++ -c src/lib/broken.cpp", 60000,
                    61120, 2 * MIB, 10, 1);
        add_process(&f, 47, 0, "/usr/bin/make", "make -j2", 0, 61900, 3 * MIB, 400, 2);
        batch_set_i64(f.processes, PROCESS_PID, 9001);
        f.info.exit_code = 2;
        f.info.lost_events = 1203;
        summarise(&f);
        check_text(&f, "failed");
        fixture_done(&f);
}

static void test_out_of_memory(void **state)
{
        Fixture f;

        make_build(&f);
        f.info.exit_code = 2;
        f.info.peak_cgroup_bytes = 1200 * MIB;
        for (int i = 0; i < 7; i++) {
                assert_int_equal(batch_add_row(f.events), 0);
                batch_set_i64(f.events, EVENT_T_NS, (58 + i) * (int64_t)NS_PER_SECOND);
                set_text(f.events, EVENT_KIND, "oom-kill");
                set_text(f.events, EVENT_SEVERITY, "critical");
                set_text(f.events, EVENT_TEXT, "the kernel killed ld (pid 9042, 870 MiB): out of memory");
        }
        summarise(&f);
        assert_int_equal(f.data.n_findings, 7);
        check_text(&f, "out-of-memory");
        fixture_done(&f);
}

static void test_polled(void **state)
{
        static char *warnings[] = {(char *)"output.log is cut: the disk is full", NULL};
        Fixture f;

        make_build(&f);
        f.info.capture_source = (char *)"poll";
        f.info.partial = true;
        f.info.capture_why = (char *)"bpf: needs root; perf: kernel.perf_event_paranoid is 3";
        f.info.lost_rows = 5120;
        f.info.warnings = warnings;
        summarise(&f);
        check_text(&f, "polled");
        fixture_done(&f);
}

static void verdict_is(Fixture *f, const char *expected)
{
        char *text = text_of(f, false, false), *end;

        check_shape(text, 24);
        end = strchr(text, '\n');
        *end = '\0';
        assert_string_equal(text, expected);
        free(text);
}

static void test_verdicts(void **state)
{
        Fixture f;

        make_build(&f);
        summarise(&f);
        verdict_is(&f, "make -j2 succeeded in 1m 02s");
        f.info.exit_code = 128 + SIGSEGV;
        f.info.exit_signal = SIGSEGV;
        verdict_is(&f, "make -j2 was killed by SIGSEGV after 1m 02s");
        f.info.timed_out = true;
        verdict_is(&f, "make -j2 was stopped after 1m 02s: over its time limit");
        f.info.timed_out = false;
        f.info.exit_signal = -1;
        f.info.exit_code = 127;
        verdict_is(&f, "make -j2 failed (exit 127: a command was not found) after 1m 02s");
        f.info.exit_code = -1;
        verdict_is(&f, "make -j2 ended after 1m 02s; how is not known");
        f.info.complete = false;
        verdict_is(&f, "make -j2: the recorder died after 1m 02s; outcome unknown");
        f.data.recording = true;
        f.info.wall_ns = RUN_UNKNOWN;
        verdict_is(&f, "make -j2 is running, 1m 02s so far");
        f.data.recording = false;
        f.info.complete = true;
        f.info.wall_ns = 90 * NS_PER_SECOND;
        f.info.command = NULL;
        f.info.scope = (char *)"-n python";
        verdict_is(&f, "watched -n python for 1m 30s");
        f.data.recording = true;
        verdict_is(&f, "watching -n python, 1m 30s so far");
        fixture_done(&f);
}

/* No tick, no process, no figure: still a page, and JSON with nulls. */
static void test_nothing(void **state)
{
        Fixture f;
        String json = {0};

        fixture_init(&f, "./nosuch", NULL);
        f.info.exit_code = 127;
        f.info.wall_ns = 2 * NS_PER_MS;
        f.info.own_cpu_us = f.info.own_private_bytes = f.info.own_peak_rss_bytes = RUN_UNKNOWN;
        f.info.command_cpu_us = f.info.written_bytes = f.info.memory_bytes = RUN_UNKNOWN;
        f.info.processes = 0;
        summarise(&f);
        check_text(&f, "nothing");
        verdict_is(&f, "nosuch could not be started: not found (exit 127)");
        assert_int_equal(report_write_json(&f.data, &json), 0);
        expect_golden("report-nothing.json", string_get(&json));
        string_done(&json);
        fixture_done(&f);
}

/* The longest figures there are still fit a line. */
static void test_wide_figures(void **state)
{
        Fixture f;
        char *text;

        make_build(&f);
        f.info.memory_bytes = 23ull << 30;
        f.info.wall_ns = 3723 * NS_PER_SECOND + NS_PER_SECOND / 2;
        f.info.own_cpu_us = 48123000;
        batch_set_u64(f.processes, PROCESS_USER_US, 4012 * (uint64_t)1000000);
        batch_set_u64(f.processes, PROCESS_SYSTEM_US, 3999 * (uint64_t)1000000);
        batch_set_u64(f.processes, PROCESS_CPU_US, 8011 * (uint64_t)1000000);
        uint64_t key = 42, bytes = 999 * MIB;
        add_tick(&f, 3661000, 8000000, &key, &bytes, 1);
        summarise(&f);
        text = text_of(&f, false, false);
        check_shape(text, 24);
        assert_non_null(strstr(text, "999 MiB of 23 GiB at 1h 01m"));
        assert_non_null(strstr(text, "user 1h 08m, system 1h 06m"));
        free(text);
        fixture_done(&f);
}

static void test_narrow(void **state)
{
        Fixture f;
        String out = {0};
        ReportOptions options = {.columns = 1};

        make_build(&f);
        summarise(&f);
        assert_int_equal(report_write_text(&f.data, &options, &out), 0);
        string_done(&out);
        fixture_done(&f);
}

static void p_is(const char *comm, const char *exe, const char *cmdline, const char *program,
                 const char *work)
{
        SummaryProcess p = {.comm = (char *)comm, .exe = (char *)exe, .cmdline = (char *)cmdline};
        String out = {0};

        shown_program(&p, &out);
        if (program)
                assert_string_equal(string_get(&out), program);
        string_clear(&out);
        shown_work(&p, &out);
        assert_string_equal(string_get(&out), work);
        string_done(&out);
}

static void work_is(const char *exe, const char *cmdline, const char *expected)
{
        p_is(NULL, exe, cmdline, NULL, expected);
}

static void test_work(void **state)
{
        work_is("/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "cc1 -quiet -I a.c.d x/y/z.c -o /tmp/c.s", "z.c");
        work_is("/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "cc1 ../src/a/json.c -dumpbase src_a_json.c.c "
                "-dumpbase-ext .c -MF x.d -o /tmp/c.s", "json.c");
        work_is("/usr/bin/x86_64-linux-gnu-gcc-12", "gcc -O2 -o thing main.o", "thing");
        work_is("/usr/bin/clang++-14", "clang++-14 -c a/b.cpp -ob.o", "b.cpp");
        work_is("/usr/bin/x86_64-linux-gnu-as", "as -o b/x.o /tmp/ccA.s", "x.o");
        work_is("/usr/bin/ld.lld", "ld.lld a.o -o out/chrome", "chrome");
        work_is("/usr/bin/rustc", "rustc --crate-name serde src/lib.rs", "serde");
        work_is("/usr/bin/ar", "ar rcs lib/libx.a a.o b.o", "libx.a");
        work_is("/bin/dash", "sh -c make all && echo done", "make all && echo done");
        work_is("/bin/bash", "bash -ec exit 3", "exit 3");
        work_is("/bin/bash", "/bin/bash ./configure --prefix=/usr", "configure --prefix=/usr");
        work_is("/bin/bash", "bash --norc", "--norc");
        work_is("/usr/bin/python3.11", "python3 -m pytest -q tests", "pytest -q tests");
        work_is("/usr/bin/python3.11", "python3 -u /a/b/run.py x", "run.py x");
        work_is("/usr/bin/java", "java -Xmx2g -jar app.jar", "app.jar");
        p_is("configure", "/usr/bin/dash", "/bin/sh ./configure --prefix=/usr", "configure",
             "--prefix=/usr");
        p_is("x86_64-linux-gn", "/usr/bin/x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu-gcc-12 -c a.c",
             "x86_64-linux-gnu-gcc-12", "a.c");
        work_is("/usr/bin/make", "make -C sub all", "-C sub all");
        work_is(NULL, "", "");
        work_is(NULL, NULL, "");
        work_is("", "   ", "");
}

static void test_sparkline(void **state)
{
        const double values[] = {0, 0.01, 0.5, 0.99, 1, 7, -1};
        String out = {0};

        string_add_sparkline(&out, values, 7, 1, false);
        assert_string_equal(string_get(&out), "▁▁▅███▁");
        string_clear(&out);
        string_add_sparkline(&out, values, 7, 1, true);
        assert_string_equal(string_get(&out), "__=###_");
        string_clear(&out);
        string_add_sparkline(&out, values, 2, 0, true);
        assert_string_equal(string_get(&out), "__");
        string_done(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_build),    cmocka_unit_test(test_failed),
                cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_polled),
                cmocka_unit_test(test_verdicts), cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_narrow),   cmocka_unit_test(test_work),
                cmocka_unit_test(test_wide_figures),
                cmocka_unit_test(test_sparkline),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
