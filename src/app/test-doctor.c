/* Advice follows from facts; what a person reads fits and says the important thing first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "app/doctor.h"
#include "app/options.h"
#include "host/test-recorded-host.h"

/* An ordinary user on a plain Debian; sources as told. */
static Doctor machine(bool bpf, bool perf, bool poll)
{
        Doctor d = {
                .sources = {{.name = "bpf", .exact = true, .works = bpf, .open_us = 7000},
                            {.name = "perf", .exact = true, .works = perf, .open_us = 300},
                            {.name = "poll", .works = poll, .open_us = 10}},
                .release = "6.1.0-28-amd64",
                .machine = "x86_64",
                .executable = "/usr/local/bin/vigia",
                .uid = 1000,
                .capabilities_bound = UINT64_MAX,
                .btf = true,
                .psi = true,
                .perf_event_paranoid = 3,
                .lockdown = "none",
                .open_files = {1024, 1048576},
                .processes = {DOCTOR_UNLIMITED, DOCTOR_UNLIMITED},
                .locked_bytes = {8 << 20, 8 << 20},
                .pid_max = 4194304,
                .threads_max = 124859,
                .tasks = 412,
                .libraries = {{"bpf", "exact capture in the kernel", true},
                              {"zstd", "compression", true},
                              {"snappy", "compression", false}},
                .runs_writable = true,
                .runs_free_bytes = 80ull << 30,
                .runs_total_bytes = 252ull << 30,
        };

        for (size_t i = 0; i < DOCTOR_SOURCES; i++)
                if (!d.sources[i].works)
                        error_set(&d.sources[i].why, 1, "not permitted");
        error_set(&d.cgroup_why, 1, "no permission");
        return d;
}

static void test_advice(void **state)
{
        Doctor d = machine(false, false, true);

        doctor_advise(&d);
        assert_string_equal(
                d.sources[0].run,
                "sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace=ep /usr/local/bin/vigia");
        assert_string_equal(d.sources[1].run, "sudo sysctl kernel.perf_event_paranoid=2");
        text_copy(d.executable, sizeof d.executable, "/home/ana/a b/vigia");
        doctor_advise(&d);
        assert_non_null(strstr(d.sources[0].run, "=ep '/home/ana/a b/vigia'"));
        d = machine(false, false, true);
        text_copy(d.executable, sizeof d.executable, "/tmp/'; rm -rf x/vigia");
        doctor_advise(&d);
        assert_string_equal(d.sources[0].run, "");
        assert_non_null(strstr(d.sources[0].hint, "install-caps"));
        d = machine(false, false, true);
        d.executable_nosuid = true;
        doctor_advise(&d);
        assert_string_equal(d.sources[0].run, "");
        assert_non_null(strstr(d.sources[0].hint, "nosuid"));
}

static void test_advice_without(void **state)
{
        Doctor d = machine(false, true, true);

        d.libraries[0].present = false;
        doctor_advise(&d);
        assert_non_null(strstr(d.sources[0].hint, "build again"));
        assert_string_equal(d.sources[0].run, "");
        assert_string_equal(d.sources[1].run, "");
        d = machine(false, true, true);
        d.btf = false;
        doctor_advise(&d);
        assert_non_null(strstr(d.sources[0].hint, "CONFIG_DEBUG_INFO_BTF"));
        d = machine(false, false, true);
        d.uid = 0;
        d.capabilities_bound = 0xa80425fb; /* a container's */
        d.perf_event_paranoid = 2;
        d.seccomp = true;
        doctor_advise(&d);
        assert_non_null(strstr(d.sources[0].hint, "--cap-add BPF"));
        assert_non_null(strstr(d.sources[1].hint, "seccomp"));
        d.perf_event_paranoid = DOCTOR_UNKNOWN;
        doctor_advise(&d);
        assert_non_null(strstr(d.sources[1].hint, "CONFIG_PERF_EVENTS"));
}

static void expect_show(const Doctor *d, const char *first_line, int code)
{
        String text = {0};

        doctor_show(d, false, &text);
        assert_int_equal(strncmp(string_get(&text), first_line, strlen(first_line)), 0);
        assert_int_equal(doctor_exit_code(d), code);
        for (const char *line = string_get(&text); *line;) {
                size_t n = strcspn(line, "\n");
                String one = {0};
                string_add_bytes(&one, line, n);
                /* Commands to paste are not broken. */
                if (!strstr(string_get(&one), "sudo "))
                        assert_true(text_width(string_get(&one)) <= 80);
                string_done(&one);
                assert_int_equal(line[n], '\n');
                line += n + 1;
        }
        assert_null(strchr(string_get(&text), '\x1b'));
        string_done(&text);
}

static void test_show(void **state)
{
        Doctor d = machine(true, true, true);

        d.runs = (char *)"/var/lib/vigia/runs";
        doctor_advise(&d);
        expect_show(&d, "vigia can record everything here (bpf).\n\n  capture   bpf ", EXIT_FINE);
        d = machine(false, true, true);
        doctor_advise(&d);
        expect_show(&d,
                    "vigia can record every process here (perf); memory peaks are sampled.\n\n"
                    "For every process with exact figures, peaks included, run:\n\n"
                    "    sudo setcap ",
                    EXIT_FINE);
        d = machine(false, false, true);
        doctor_advise(&d);
        expect_show(&d, "Short processes will be missed here (poll).\n", EXIT_NO);
        d = machine(false, false, false);
        error_set(&d.sources[0].why, 1,
                  "a long reason that goes on and on, as the verifier's do, "
                  "with a \x1b[31m control byte, over more than one line");
        memset(d.cgroup_shown, 'x', sizeof d.cgroup_shown - 1);
        doctor_advise(&d);
        expect_show(&d, "vigia can record nothing here.\n", EXIT_CANNOT);
}

static void test_json(void **state)
{
        Doctor d = machine(false, true, true);

        doctor_advise(&d);
        text_copy(d.release, sizeof d.release, "6.1\xff");
        _cleanup_string_ String out = {0};
        doctor_json(&d, &out);
        json_t *root = json_loads(string_get(&out), 0, NULL);
        assert_non_null(root);
        assert_string_equal(json_string_value(json_object_get(json_object_get(root, "kernel"), "release")),
                            "6.1\xef\xbf\xbd");
        assert_string_equal(json_string_value(json_object_get(root, "source")), "perf");
        assert_string_equal(json_string_value(json_object_get(root, "verdict")), "exact");
        json_t *bpf = json_array_get(json_object_get(root, "sources"), 0);
        assert_true(json_is_false(json_object_get(bpf, "works")));
        assert_true(json_is_null(json_object_get(bpf, "open_us")));
        assert_string_equal(json_string_value(json_object_get(bpf, "run")), d.sources[0].run);
        json_t *limits = json_object_get(root, "limits");
        json_t *processes = json_object_get(limits, "processes");
        assert_string_equal(json_string_value(json_object_get(processes, "soft")), "unlimited");
        assert_int_equal(json_integer_value(json_object_get(limits, "threads")), 412);
        assert_true(json_is_null(json_object_get(json_object_get(root, "runs"), "path")));
        json_decref(root);
}

/* A recorded machine's limits. */
static Doctor doctor_of(const char *name, uid_t uid)
{
        _cleanup_(host_freep) Host *host = recorded_host(name);
        Doctor d = machine(true, true, true);

        d.uid = uid;
        doctor_examine_room(&d, host);
        return d;
}

static void assert_shows(const Doctor *d, const char *line)
{
        _cleanup_string_ String text = {0};

        doctor_show(d, false, &text);
        if (!strstr(string_get(&text), line))
                fail_msg("no \"%s\" in\n%s", line, string_get(&text));
}

/* The figures are those of the files there: 1913651200 is 1.78 GiB; 2147483648 - 1913651200 and the cache
 * of files, 98000896 + 95985664, are 408 MiB. */
static void test_room(void **state)
{
        Doctor d = doctor_of("container/1", 1000);

        expect_show(&d, "vigia can record everything here (bpf).\nA process of 512 MiB does not fit "
                        "here: memory.max of / leaves 408 MiB.\n", EXIT_FINE);
        d.tasks = 4120, d.threads_max = 1030412;
        assert_shows(&d, "\n  threads   488 of 512 used (pids.max of /); threads-max 1,030,412, pid_max\n"
                         "            4,194,304\n");
        assert_shows(&d, "\n  memory    1.78 GiB of 2 GiB used (memory.max of /); of the machine 91.7 GiB of\n"
                         "            126 GiB available; no swap\n");
        assert_shows(&d, "\n  commit    67.9 GiB promised; overcommit_memory 1 refuses nothing\n");
        _cleanup_string_ String json = {0};
        doctor_json(&d, &json);
        json_t *root = json_loads(string_get(&json), 0, NULL), *pids = json_object_get(json_object_get(root, "limits"), "pids");
        assert_int_equal(json_integer_value(json_object_get(pids, "max")), 512);
        assert_string_equal(json_string_value(json_object_get(json_object_get(root, "fork"), "limit")), "memory.max");
        json_decref(root);
        d = doctor_of("workstation/1", 1000);
        assert_shows(&d, "17.3 GiB of 51.4 GiB promised; the limit binds (overcommit_memory 2)\n");
        assert_shows(&d, "pids.max of\n"
                         "            /user.slice/user-1000.slice 169,243 (808 used), pid_max");
        d = doctor_of("server-v1/1", 1000);
        d.processes = (DoctorLimit){4096, 127482};
        assert_shows(&d, "\n  threads   61 of 64 used (pids.max of /system.slice/builder.service)");
        assert_shows(&d, "2,912,044 of 3,232,044 open in all");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_advice),
                cmocka_unit_test(test_advice_without),
                cmocka_unit_test(test_show),
                cmocka_unit_test(test_json),
                cmocka_unit_test(test_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
