/* run.json: what is written is what is read; strangers' bytes and files do no harm. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/file.h"
#include "store/run-info-json.h"

typedef struct Place {
        char path[64];
        int fd;
} Place;

static int set_up(void **state)
{
        Place *p = calloc(1, sizeof *p);

        strncpy(p->path, "/tmp/vigia-test-XXXXXX", sizeof p->path - 1);
        if (!mkdtemp(p->path))
                return -1;
        p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = p;
        return 0;
}

static int tear_down(void **state)
{
        Place *p = *state;

        close(p->fd);
        directory_remove(AT_FDCWD, p->path);
        free(p);
        return 0;
}

static char **list(const char *const *texts, size_t n)
{
        char **copy = calloc(n + 1, sizeof *copy);

        for (size_t i = 0; i < n; i++)
                copy[i] = strdup(texts[i]);
        return copy;
}

/* A run in which every field differs from its unknown value. */
static void fill(RunInfo *info)
{
        static const char *const argv[] = {"make", "-j16", "CFLAGS=-O2 \"x\"\n\t\\", "", "naïve ▁"};

        run_info_init(info);
        assert_int_equal(run_info_fill_host(info), 0);
        info->id = strdup("20261120-101502-make");
        info->label = strdup("make");
        info->command = list(argv, 5);
        info->scope = strdup("-n python");
        info->start_realtime_ns = 1795169702123456789;
        info->start_monotonic_ns = 12345678901234;
        info->start_boottime_ns = 22345678901234;
        info->end_realtime_ns = 1795169954123456789;
        info->wall_ns = 252000000000;
        info->exit_code = 2;
        info->exit_signal = 9;
        info->timed_out = info->complete = info->partial = true;
        info->recorder_died = strdup("it died");
        info->interval_ns = 50000000;
        info->capture_source = strdup("bpf");
        info->capture_why = strdup("why");
        info->processes = 14203;
        info->lost_events = 0;
        info->lost_rows = 3;
        info->command_cpu_us = INT64_MAX;
        info->peak_cgroup_bytes = 33 * 1024ull * 1024 * 1024;
        info->cgroup = strdup("v1 /vigia");
        info->ticks = 5040;
        info->late_ticks = 1;
        info->own_cpu_us = 1000000;
        info->own_peak_rss_bytes = 9 << 20;
        info->own_private_bytes = 5 << 20;
        info->written_bytes = 123456;
        info->output_bytes = 0;
        info->monitors = calloc(2, sizeof *info->monitors);
        info->n_monitors = 2;
        info->monitors[0] = (RunMonitor){"process", 50000, 123, 0, 1};
        info->monitors[1] = (RunMonitor){"memory", 250000, 45, 6, 0};
        assert_int_equal(run_info_add_warning(info, "%d things", 2), 0);
        assert_int_equal(run_info_add_warning(info, "%d things", 2), 0); /* said once */
        assert_int_equal(run_info_add_warning(info, "another"), 0);
}

static void test_round_trip(void **state)
{
        Place *p = *state;
        RunInfo info, again;
        String first = {0}, second = {0};
        Error err = {0};

        fill(&info);
        assert_int_equal(run_info_write(&info, p->fd, &err), 0);
        assert_int_equal(faccessat(p->fd, "run.json.tmp", F_OK, 0), -1);
        run_info_init(&again);
        assert_int_equal(run_info_read(&again, p->fd, p->path, &err), 0);
        assert_string_equal(again.command[2], "CFLAGS=-O2 \"x\"\n\t\\");
        assert_string_equal(again.command[4], "naïve ▁");
        assert_null(again.command[5]);
        assert_string_equal(again.warnings[1], "another");
        assert_null(again.warnings[2]);
        assert_int_equal(again.n_monitors, 2);
        assert_int_equal(again.monitors[1].errors, 6);
        assert_int_equal(again.recorder_pid, getpid());
        assert_true(again.start_realtime_ns == info.start_realtime_ns);
        assert_true(again.command_cpu_us == INT64_MAX);
        assert_string_equal(again.host, info.host);
        run_info_to_json(&info, &first);
        run_info_to_json(&again, &second);
        assert_string_equal(string_get(&first), string_get(&second));
        assert_non_null(strstr(string_get(&first), "\"start\": \"2026-11-20T"));
        string_done(&first);
        string_done(&second);
        run_info_done(&info);
        run_info_done(&again);
}

static void test_unknown_stays_unknown(void **state)
{
        Place *p = *state;
        RunInfo info, again;
        Error err = {0};

        run_info_init(&info);
        info.id = strdup("x");
        info.start_realtime_ns = 0;
        assert_int_equal(run_info_write(&info, p->fd, &err), 0);
        run_info_init(&again);
        assert_int_equal(run_info_read(&again, p->fd, p->path, &err), 0);
        assert_true(again.wall_ns == RUN_UNKNOWN && again.output_bytes == RUN_UNKNOWN);
        assert_true(again.exit_code == -1 && again.end_realtime_ns == -1 && !again.complete);
        assert_true(again.recorder_pid == -1 && again.lost_events == RUN_UNKNOWN);
        assert_null(again.command);
        assert_null(again.cwd);
        run_info_done(&info);
        run_info_done(&again);
}

/* argv is bytes: any of them, any number. */
static void test_hostile_texts(void **state)
{
        Place *p = *state;
        RunInfo info, again;
        char every[256], *huge = malloc(1 << 20);
        const char *argv[] = {every, "\xff\xfe", "\xed\xa0\x80", huge, "behind"};
        Buffer text = {0};
        Error err = {0};

        for (int i = 1; i < 256; i++)
                every[i - 1] = (char)i;
        every[255] = '\0';
        memset(huge, '\1', (1 << 20) - 1);
        huge[(1 << 20) - 1] = '\0';
        run_info_init(&info);
        info.id = strdup("\x80id");
        info.cwd = strdup("/tmp/\xc3\x28\n");
        info.label = strndup(huge, 100000);
        info.start_realtime_ns = 1;
        info.command = list(argv, 5);
        assert_int_equal(run_info_write(&info, p->fd, &err), 0);
        assert_int_equal(file_read_path(p->fd, "run.json", 1 << 20, &text, &err), 0);
        json_error_t where;
        json_t *root = json_loadb((char *)text.data, text.size, JSON_REJECT_DUPLICATES, &where);
        assert_non_null(root); /* valid JSON, valid UTF-8 */
        json_decref(root);
        run_info_init(&again);
        assert_int_equal(run_info_read(&again, p->fd, p->path, &err), 0);
        assert_string_equal(again.command[1], "\xef\xbf\xbd\xef\xbf\xbd");
        assert_memory_equal(again.command[0], every, 127);
        assert_string_equal(again.command[3], "…"); /* longer than is kept */
        assert_null(again.command[4]);
        assert_int_equal(strlen(again.label), RUN_JSON_TEXT_MAX);
        buffer_done(&text);
        run_info_done(&info);
        run_info_done(&again);
        free(huge);
}

static void expect_refused(const char *text, int code, const char *part)
{
        RunInfo info;
        Error err = {0};

        run_info_init(&info);
        info.id = strdup("kept");
        int r = run_info_from_json(&info, text, strlen(text), "run.json", &err);
        if (r != code || !strstr(err.message, part))
                fail_msg("%s: %d, %s", text, r, err.message);
        assert_string_equal(info.id, "kept"); /* untouched */
        run_info_done(&info);
}

static void test_refused(void **state)
{
        char deep[10000];

        expect_refused("", -EBADMSG, "run.json:1:");
        expect_refused("{\n \"format\": 1,\n oops }", -EBADMSG, "run.json:3:");
        expect_refused("[]", -EBADMSG, "expected an object");
        expect_refused("{}", -EBADMSG, "\"format\"");
        expect_refused("{\"format\": 2}", -EOPNOTSUPP, "newer");
        expect_refused("{\"format\": 1}", -EBADMSG, "\"id\"");
        expect_refused("{\"format\": 1, \"id\": \"x\"}", -EBADMSG, "start_realtime_ns");
        expect_refused("{\"format\": 1, \"id\": 7}", -EBADMSG, "\"id\": expected a text");
        expect_refused("{\"format\": 1, \"id\": \"a\", \"id\": \"b\"}", -EBADMSG, "duplicate");
        expect_refused("{\"format\": 1, \"exit_code\": 1e3}", -EBADMSG, "exit_code");
        expect_refused("{\"format\": 1, \"exit_code\": -2}", -EBADMSG, "exit_code");
        expect_refused("{\"format\": 1, \"exit_code\": 4294967296}", -EBADMSG, "exit_code");
        expect_refused("{\"format\": 1, \"wall_ns\": 99999999999999999999}", -EBADMSG, "too big");
        expect_refused("{\"format\": 1, \"complete\": \"yes\"}", -EBADMSG, "complete");
        expect_refused("{\"format\": 1, \"capture\": [1]}", -EBADMSG, "capture");
        expect_refused("{\"format\": 1, \"command\": {\"a\": 1}}", -EBADMSG, "command");
        expect_refused("{\"format\": 1, \"command\": [\"a\", 1]}", -EBADMSG, "command");
        expect_refused("{\"format\": 1, \"monitors\": [{\"rows\": 1}]}", -EBADMSG, "monitors");
        expect_refused("{\"format\": 1, \"monitors\": [{\"name\": \"x\", \"rows\": -1}]}", -EBADMSG,
                       "rows");
        expect_refused("{\"format\": 1, \"id\": \"a\\u0000b\"}", -EBADMSG, "run.json:1:");
        expect_refused("{\"format\": 1, \"id\": \"\xff\"}", -EBADMSG, "run.json:1:");
        memset(deep, '[', sizeof deep - 1);
        deep[sizeof deep - 1] = '\0';
        expect_refused(deep, -EBADMSG, "run.json:1:");
}

static void test_bounds_of_files(void **state)
{
        Place *p = *state;
        RunInfo info;
        Error err = {0};

        run_info_init(&info);
        assert_int_equal(run_info_read(&info, p->fd, "RUN", &err), -ENOENT);
        assert_non_null(strstr(err.message, "RUN/run.json"));
        assert_int_equal(mkfifoat(p->fd, "run.json", 0600), 0);
        assert_int_equal(run_info_read(&info, p->fd, "RUN", &err), -EBADMSG); /* and does not wait */
        assert_int_equal(unlinkat(p->fd, "run.json", 0), 0);
        int fd = openat(p->fd, "run.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(ftruncate(fd, RUN_JSON_MAX + 1), 0);
        close(fd);
        assert_int_equal(run_info_read(&info, p->fd, "RUN", &err), -EBADMSG);
        assert_non_null(strstr(err.message, "larger"));
}

static void test_identity(void **state)
{
        RunInfo info;
        uint64_t start = 0, again = 0;

        assert_int_equal(run_process_start_ns(getpid(), &start), 0);
        assert_int_equal(run_process_start_ns(getpid(), &again), 0);
        assert_true(start > 0 && start == again);
        assert_int_equal(run_process_start_ns(0x7ffffff0, &start), -ESRCH);
        pid_t ended = fork(); /* and not waited for, as where pid 1 waits for nobody */
        if (ended == 0)
                _exit(0);
        siginfo_t how;
        assert_int_equal(waitid(P_PID, (id_t)ended, &how, WEXITED | WNOWAIT), 0);
        assert_int_equal(run_process_start_ns(ended, &start), -ESRCH);
        assert_int_equal(waitpid(ended, NULL, 0), ended);
        run_info_init(&info);
        assert_false(run_info_recorder_alive(&info));
        assert_int_equal(run_info_fill_host(&info), 0);
        assert_true(info.cpus > 0 && info.memory_bytes > 1 << 20 && info.page_bytes >= 4096);
        assert_true(run_info_recorder_alive(&info));
        info.recorder_start_ns++; /* the same pid, another process */
        assert_false(run_info_recorder_alive(&info));
        info.recorder_start_ns--;
        info.boot_id[0] ^= 1; /* another boot */
        assert_false(run_info_recorder_alive(&info));
        run_info_done(&info);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unknown_stays_unknown, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_hostile_texts, set_up, tear_down),
                cmocka_unit_test(test_refused),
                cmocka_unit_test_setup_teardown(test_bounds_of_files, set_up, tear_down),
                cmocka_unit_test(test_identity),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
