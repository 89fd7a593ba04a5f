/* `vigia rules test 'CMDLINE'`: the label of a command line, and why. With "-", those of stdin's lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/page.h"
#include "app/rules-show.h"
#include "base/cleanup.h"
#include "base/log.h"

enum { BEATEN_SHOWN = 8, LINE_MAX_BYTES = 64 << 10, CHUNK = 64 << 10 };

static void add_part(TextPart part, String *to)
{
        _cleanup_string_ String text = {0};

        string_add_bytes(&text, part.text ? part.text : "", part.size);
        string_add_shown(to, string_get(&text), 0, false);
}

/* ---- for a person ---- */

static void add_rule_line(Page *page, const Rule *rule, bool label)
{
        _cleanup_string_ String text = {0};
        char place[256];

        rule_place_format(rule, place, sizeof place);
        string_add_format(&text, "%s, priority %lld: ", place, (long long)rule->priority);
        if (label)
                string_add_format(&text, "%s / %s", rule->major, rule->category);
        else
                rules_show_conditions(rule, 200, &text);
        page_add_line(page, string_get(&text));
}

static void add_wrappers(Page *page, const RunCommands *commands, size_t n)
{
        _cleanup_string_ String text = {0};

        for (size_t i = 0; i < n; i++) {
                string_add(&text, i ? ", " : "");
                add_part(commands->wrappers[i], &text);
        }
        page->label = "through";
        if (n > 0)
                page_add_line(page, string_get(&text));
}

static void add_page(const Explanation *e, String *to)
{
        Page page = {.to = to, .colour = page_colour(), .indent = 12, .label = ""};
        _cleanup_string_ String label = {0}, program = {0}, line = {0};
        const RunCommand *asked = e->asked;

        string_add_shown(&label, e->label->major, 0, false);
        string_add(&label, " / ");
        string_add_shown(&label, e->label->category, 0, false);
        page_add_verdict(&page, STYLE_GREEN, string_get(&label));
        add_part(asked->program, &program);
        if (!text_part_equal(asked->program, asked->name)) {
                string_add(&program, " (");
                add_part(asked->name, &program);
                string_add_char(&program, ')');
        }
        page.label = "program";
        page_add_line(&page, string_get(&program));
        add_part(asked->line, &line);
        page.label = asked->script ? "script" : "command";
        page_add_line(&page, string_get(&line));
        add_wrappers(&page, &e->commands, asked->depth);
        page.label = "rule";
        if (e->rule)
                add_rule_line(&page, e->rule, false);
        else
                page_add_line(&page, "none matches");
        if (e->rule && e->rule->comment) {
                page.label = "comment";
                page_add_line(&page, e->rule->comment);
        }
        page.label = "beat";
        for (size_t i = 0; i < MIN(e->n_beaten, (size_t)BEATEN_SHOWN); i++)
                add_rule_line(&page, e->beaten[i], true);
        if (e->n_beaten > BEATEN_SHOWN) {
                char more[64];
                snprintf(more, sizeof more, "and %zu more", e->n_beaten - BEATEN_SHOWN);
                page_add_line(&page, more);
        }
}

/* ---- for programs ---- */

static void add_json_part(Json *j, const char *key, TextPart part)
{
        json_add_bytes(j, key, part.text ? part.text : "", part.size);
}

static void add_json(Json *j, const Explanation *e, const char *line)
{
        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "cmdline", line);
        json_add_text(j, "major", e->label->major);
        json_add_text(j, "category", e->label->category);
        add_json_part(j, "program", e->asked->program);
        add_json_part(j, "name", e->asked->name);
        add_json_part(j, "command", e->asked->line);
        json_add_bool(j, "script", e->asked->script);
        json_open_array(j, "through", JSON_ONE_LINE);
        for (size_t i = 0; i < e->asked->depth; i++)
                add_json_part(j, NULL, e->commands.wrappers[i]);
        json_close(j);
        if (e->rule)
                rules_show_json(j, "rule", e->rule);
        else
                json_add_null(j, "rule");
        json_open_array(j, "beaten", JSON_ONE_LINE);
        for (size_t i = 0; i < MIN(e->n_beaten, (size_t)EXPLAIN_BEATEN_MAX); i++)
                rules_show_json(j, NULL, e->beaten[i]);
        json_close(j);
        json_close(j);
}

/* A column of a line of text: no tabs, no control characters. */
static void add_fields(const Label *label, String *to)
{
        string_add_shown(to, label->major, 0, false);
        string_add_char(to, '\t');
        string_add_shown(to, label->category, 0, false);
        string_add_char(to, '\n');
}

/* ---- asking ---- */

typedef struct Asking {
        const RulesCommand *command;
        Rules *rules;
        Label parent;
        size_t n;
        String text;
        Json json; /* into the text */
} Asking;

static LabelWords words_of(const Asking *asking, const char *line)
{
        return (LabelWords){
                .comm = asking->command->comm,
                .exe = asking->command->exe,
                .cmdline = *line ? line : NULL,
                .response = asking->command->response,
                .parent = asking->command->parent ? &asking->parent : NULL,
        };
}

static void ask_one(Asking *asking, const char *line)
{
        const LabelWords words = words_of(asking, line);
        Explanation explanation;

        rules_explain(asking->rules, &words, &explanation);
        if (asking->command->json) {
                add_json(&asking->json, &explanation, line);
        } else {
                string_add(&asking->text, asking->n ? "\n" : "");
                add_page(&explanation, &asking->text);
        }
        asking->n++;
}

static int print(Asking *asking)
{
        int code = print_text(&asking->text);

        string_clear(&asking->text);
        return code;
}

static int ask_line(Asking *asking, const char *line)
{
        if (asking->command->json) {
                ask_one(asking, line);
        } else {
                const LabelWords words = words_of(asking, line);
                add_fields(rules_label(&words, asking->rules), &asking->text);
        }
        return asking->text.size > CHUNK ? print(asking) : 0;
}

/* What is longer than a command line can be is cut. */
static int ask_stdin(Asking *asking)
{
        _cleanup_free_ char *line = malloc(LINE_MAX_BYTES);
        size_t n = 0;
        int c, code = 0;

        if (!line) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        while (code == 0 && (c = getc_unlocked(stdin)) != EOF) {
                if (c != '\n') {
                        if (n + 1 < LINE_MAX_BYTES && c != '\0')
                                line[n++] = (char)c;
                        continue;
                }
                line[n] = '\0';
                n = 0;
                code = ask_line(asking, line);
        }
        if (code == 0 && n > 0) {
                line[n] = '\0';
                code = ask_line(asking, line);
        }
        if (code == 0 && ferror(stdin)) {
                log_error("standard input: %s", strerror(errno));
                code = EXIT_CANNOT;
        }
        return code;
}

int rules_test(const RulesCommand *command, char *const *words, size_t n)
{
        Asking asking = {.command = command, .parent = {command->parent, command->parent}};
        int code = rules_show_load(command->file, &asking.rules);

        asking.json.out = &asking.text;
        if (command->json)
                json_open_array(&asking.json, NULL, JSON_LINES);
        for (size_t i = 0; i < n && code == 0; i++) {
                if (text_equal(words[i], "-"))
                        code = ask_stdin(&asking);
                else
                        ask_one(&asking, words[i]);
        }
        if (code == 0 && n == 0)
                ask_one(&asking, "");
        if (command->json) {
                json_close(&asking.json);
                string_add_char(&asking.text, '\n');
        }
        if (code == 0)
                code = print(&asking);
        string_done(&asking.text);
        rules_free(asking.rules);
        return code;
}
