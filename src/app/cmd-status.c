/* `vigia status`: what is being recorded, by whom, since when, and whether it goes well. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/page.h"
#include "app/print.h"
#include "app/running.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum { INDENT = 12 };

static uint64_t number_of(const json_t *status, const char *key)
{
        json_int_t n = json_integer_value(json_object_get(status, key));

        return n > 0 ? (uint64_t)n : 0;
}

static const char *text_of(const json_t *status, const char *key)
{
        const char *text = json_string_value(json_object_get(status, key));

        return text ? text : "";
}

static void add_line(Page *page, const char *label, const String *text)
{
        page->label = label;
        page_add_line(page, string_get(text));
}

static void add_processes(Page *page, const json_t *status)
{
        char seen[FORMAT_MAX], alive[FORMAT_MAX], lost[FORMAT_MAX];
        _cleanup_string_ String text = {0};
        uint64_t lost_events = number_of(status, "lost_events");
        uint64_t lost_rows = number_of(status, "lost_rows");

        string_add_format(&text, "%s seen, %s alive",
                          format_count(seen, number_of(status, "processes")),
                          format_count(alive, number_of(status, "alive")));
        if (lost_events)
                string_add_format(&text, "; %s events lost", format_count(lost, lost_events));
        if (lost_rows)
                string_add_format(&text, "; %s rows lost", format_count(lost, lost_rows));
        if (!lost_events && !lost_rows)
                string_add(&text, "; nothing lost");
        add_line(page, "processes", &text);
}

static void add_tables(Page *page, const json_t *status)
{
        _cleanup_string_ String text = {0};
        char rows[FORMAT_MAX];
        size_t i;
        json_t *table;

        json_array_foreach(json_object_get(status, "tables"), i, table)
                string_add_format(&text, "%s%s %s", i ? ", " : "", text_of(table, "name"),
                                  format_count(rows, number_of(table, "rows")));
        add_line(page, "rows", &text);
}

static void add_trouble(Page *page, const json_t *status)
{
        const char *label = "trouble";
        size_t i;
        json_t *monitor;

        if (*text_of(status, "error")) {
                page->label = label;
                page_add_line(page, text_of(status, "error"));
                label = "";
        }
        json_array_foreach(json_object_get(status, "monitors"), i, monitor) {
                _cleanup_string_ String text = {0};
                char times[FORMAT_MAX];
                uint64_t errors = number_of(monitor, "errors");
                if (errors == 0)
                        continue;
                string_add_format(&text, "monitor %s failed %s time%s, last: %s",
                                  text_of(monitor, "name"), format_count(times, errors),
                                  errors == 1 ? "" : "s", text_of(monitor, "why"));
                add_line(page, label, &text);
                label = "";
        }
}

/* Without an answer run.json still says who and since when. */
static void show(Page *page, const Running *running, const json_t *status, const Error *why)
{
        const RunInfo *info = &running->info;
        char wall[FORMAT_MAX], size[FORMAT_MAX];
        _cleanup_string_ String text = {0};
        uint64_t up_ns = clock_monotonic_ns() - info->start_monotonic_ns;

        string_add_format(&text, "%s: recording for %s", info->id, format_duration(wall, up_ns));
        page_add_verdict(page, STYLE_GREEN, string_get(&text));
        string_clear(&text);
        string_add_format(&text, "pid %d", (int)info->recorder_pid);
        if (status)
                string_add_format(&text, ", %s, %.1f %% of a core", text_of(status, "source"),
                                  (double)number_of(status, "own_cpu_us") * 1e5 / (double)MAX(up_ns, 1u));
        if (info->scope)
                string_add_format(&text, "; watches %s", info->scope);
        else if (info->command && info->command[0])
                string_add_format(&text, "; records %s", info->command[0]);
        add_line(page, "recorder", &text);
        if (!status) {
                page->label = "trouble";
                page_add_line(page, why->message);
                return;
        }
        add_processes(page, status);
        add_tables(page, status);
        string_clear(&text);
        string_add_format(&text, "%s written", format_bytes(size, number_of(status, "written_bytes")));
        add_line(page, "size", &text);
        add_trouble(page, status);
        page->label = "run";
        page_add_line(page, running->path);
}

static json_t *as_json(const Running *running, json_t *status, const Error *why)
{
        json_t *all = status ? status : json_pack("{s:s, s:i, s:s}", "id", running->info.id, "pid",
                                                  (int)running->info.recorder_pid, "error", why->message);

        json_object_set_new(all, "path", json_string(running->path));
        json_object_set_new(all, "scope", running->info.scope ? json_string(running->info.scope)
                                                              : json_null());
        return all;
}

static int tell(Running *list, size_t n, bool json)
{
        json_t *all = json_array();
        _cleanup_string_ String text = {0};
        Page page = {.to = &text, .colour = page_colour(), .indent = INDENT, .label = ""};

        for (size_t i = 0; i < n; i++) {
                json_t *status = NULL;
                Error why = {0};
                (void)running_ask(&list[i], "status", &status, &why);
                if (json) {
                        json_array_append_new(all, as_json(&list[i], status, &why));
                        continue;
                }
                string_add(&text, i ? "\n" : "");
                show(&page, &list[i], status, &why);
                json_decref(status);
        }
        if (json) {
                _cleanup_free_ char *dumped = json_dumps(all, JSON_INDENT(2));
                text.failed |= !dumped;
                string_add_format(&text, "%s\n", dumped ? dumped : "");
        }
        json_decref(all);
        return print_text(&text);
}

static int tell_all(bool json)
{
        Running *list;
        size_t n;
        int r = running_list(&list, &n);

        if (r < 0) {
                log_error("the place for runs: %s", strerror(-r));
                return EXIT_CANNOT;
        }
        int code = n > 0 || json ? tell(list, n, json) : EXIT_FINE;
        running_list_free(list, n);
        if (n == 0 && !json)
                puts("nothing is being recorded here");
        return n == 0 ? EXIT_NO : code;
}

static int run_status(const Command *command, int argc, char **argv)
{
        bool json = false;
        const Option options[] = {
                {0, "json", NULL, "a list of recordings as JSON", OPTION_FLAG, &json},
        };
        _cleanup_free_ char **words = NULL;
        size_t n = 0;
        Error err = {0};
        Running running;
        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n,
                              &err);

        if (r > 0)
                return EXIT_FINE;
        if (r == 0 && n > 1)
                r = error_set(&err, EINVAL, "status: one run at a time, or all without a name");
        if (r < 0)
                return usage_error(command, &err);
        if (n == 0)
                return tell_all(json);
        r = running_find(words[0], &running, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return r == -EINVAL ? EXIT_USAGE : EXIT_NO;
        }
        int code = tell(&running, 1, json);
        running_done(&running);
        return code;
}

const Command command_status = {
        .name = "status",
        .summary = "what is being recorded now",
        .usage = "[--json] [RUN]",
        .details = "Exits 1 if nothing is. Runs begun with -o are known by their path.",
        .run = run_status,
};
