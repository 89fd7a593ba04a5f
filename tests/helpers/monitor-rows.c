/*
 * What a monitor says about a recorded root: monitor-rows ROOT MONITOR [KEY=TEXT]….
 *
 * ROOT holds 1/, a whole root (proc, sys, …), and 2/, 3/ … with what differs in later ticks, a
 * second apart; a file REMOVED in those lists paths that are gone. The monitor runs on a copy that
 * is changed in place, so that descriptors it keeps see what a kernel file would show. ROOT "/" is
 * this machine, looked at twice. Rows are printed as JSON lines; a failed sample as {"error": …}, an
 * absent monitor as {"absent": …, "fix": …}. Beside those of vigia it knows docs/example-monitor.c.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "export/format.h"
#include "monitor/monitor.h"

extern const Monitor monitor_dentries;

enum { SETTINGS_MAX = 16, ROWS_MAX = 4096, TEXT_MAX = 1 << 20 };

static int run(const char *program, const char *option, const char *a, const char *b)
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                execlp(program, program, option, a, b, (char *)NULL);
                _exit(127);
        }
        return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static void remove_gone(const char *from, const char *to)
{
        _cleanup_string_ String list = {0}, path = {0};
        char line[512];

        string_add_format(&list, "%s/REMOVED", from);
        FILE *file = fopen(string_get(&list), "re");
        if (!file)
                return;
        while (fgets(line, sizeof line, file)) {
                line[strcspn(line, "\n")] = '\0';
                string_clear(&path);
                string_add_format(&path, "%s/%s", to, line);
                run("rm", "-rf", string_get(&path), NULL);
        }
        fclose(file);
}

/* False: there is no such tick. */
static bool lay_out(const char *root, unsigned number, const char *to)
{
        _cleanup_string_ String from = {0}, all = {0};
        struct stat st;

        string_add_format(&from, "%s/%u", root, number);
        string_add_format(&all, "%s/.", string_get(&from));
        if (stat(string_get(&from), &st) < 0)
                return false;
        if (run("cp", "-r", string_get(&all), to) < 0)
                exit(2);
        remove_gone(string_get(&from), to);
        return true;
}

static void print_text(const char *key, const char *text, const char *end)
{
        _cleanup_string_ String s = {0};

        string_add_json(&s, text, strlen(text));
        printf("\"%s\": \"%s\"%s", key, string_get(&s), end);
}

static int print_rows(const Schema *schema, const Batch *rows)
{
        _cleanup_(sink_freep) Sink *sink = NULL;
        Error err = {0};

        fflush(stdout);
        int r = json_writer_new(STDOUT_FILENO, schema, &sink, &err);
        if (r == 0)
                r = sink_write(sink, rows, &err);
        if (r == 0)
                r = sink_flush(sink, &err);
        if (r < 0)
                fprintf(stderr, "monitor-rows: %s\n", err.message);
        return r;
}

static int sample(const Monitor *monitor, void *state, const Schema *schema, unsigned number)
{
        MonitorTick tick = {
                .now_ns = number * NS_PER_SECOND,
                .realtime_ns = 1704067200 * (int64_t)NS_PER_SECOND + number * (int64_t)NS_PER_SECOND,
                .t_ns = number * (int64_t)NS_PER_SECOND,
        };
        _cleanup_(batch_freep) Batch *rows = NULL;
        Error err = {0};

        if (batch_new(schema, ROWS_MAX, TEXT_MAX, &rows) < 0)
                return -ENOMEM;
        int r = monitor->sample(state, &tick, rows, &err);
        if (r < 0 && r != -ENOBUFS) {
                putchar('{');
                print_text("error", err.message, "}\n");
                return 0;
        }
        return print_rows(schema, rows);
}

static int sample_all(const Monitor *monitor, void *state, const char *root, const char *place)
{
        const Schema *schema = monitor->table ? monitor->table(state) : monitor->schema;
        int r = sample(monitor, state, schema, 1);

        for (unsigned i = 2; r == 0 && i < 100; i++) {
                if (root ? !lay_out(root, i, place) : i > 2)
                        break;
                if (!root)
                        sleep(1);
                r = sample(monitor, state, schema, i);
        }
        return r;
}

static int watch(const Monitor *monitor, const MonitorContext *context, const char *root,
                 const char *place)
{
        Error err = {0}, fix = {0};
        int r = monitor->probe(context, &err, &fix);

        if (r < 0) {
                putchar('{');
                print_text("absent", err.message, ", ");
                print_text("fix", fix.message, "}\n");
                return 0;
        }
        void *state = calloc(1, monitor->state_size + 1);
        r = monitor->start(state, context, &err);
        if (r < 0) {
                putchar('{');
                print_text("error", err.message, "}\n");
        } else {
                r = sample_all(monitor, state, root, place);
                if (monitor->stop)
                        monitor->stop(state);
        }
        free(state);
        return r;
}

static const Monitor *find(const char *name)
{
        return text_equal(name, monitor_dentries.name) ? &monitor_dentries : monitor_find(name);
}

int main(int argc, char **argv)
{
        char place[] = "/tmp/vigia-root.XXXXXX";
        MonitorSetting settings[SETTINGS_MAX];
        const Monitor *monitor = argc >= 3 ? find(argv[2]) : NULL;
        bool live = argc >= 2 && text_equal(argv[1], "/");
        _cleanup_(host_freep) Host *host = NULL;
        size_t n = 0;

        if (!monitor) {
                fprintf(stderr, "usage: monitor-rows ROOT MONITOR [KEY=TEXT]…\n");
                return 2;
        }
        for (int i = 3; i < argc && n < SETTINGS_MAX; i++) {
                char *equals = strchr(argv[i], '=');
                if (!equals)
                        return 2;
                *equals = '\0';
                const char **text = calloc(1, sizeof *text);
                *text = equals + 1;
                settings[n] = (MonitorSetting){monitor->name, argv[i], text, 1, 0};
                parse_u64z(*text, &settings[n++].number);
        }
        if (!live && (!mkdtemp(place) || !lay_out(argv[1], 1, place)))
                return 2;
        if (host_new(live ? NULL : place, &host) < 0)
                return 2;
        MonitorContext context = {
                .host = host,
                .monitor = monitor,
                .interval_us = monitor->interval_us,
                .uid = live ? getuid() : 1000,
                .all = true,
                .settings = settings,
                .n_settings = n,
                .run_fd = -1,
        };
        int r = watch(monitor, &context, live ? NULL : argv[1], place);
        if (!live)
                run("rm", "-rf", place, NULL);
        for (size_t i = 0; i < n; i++)
                free((void *)settings[i].texts);
        return r < 0;
}
