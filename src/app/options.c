/* The one option parser; help is printed from the same table that is parsed. */
#include "app/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"

void text_list_done(TextList *list)
{
        free(list->items);
        *list = (TextList){0};
}

static int unknown(const Command *command, const Option *options, size_t n, const char *word,
                   const char *name, Error *err)
{
        Nearest nearest = nearest_to(name ? name : "");
        char hint[NEAREST_HINT_MAX];

        for (size_t i = 0; i < n; i++)
                if (options[i].name)
                        nearest_offer(&nearest, options[i].name);
        return error_set(err, EINVAL, "%s: unknown option %s%s", command->name, word,
                         nearest_hint(&nearest, "--", hint));
}

static int store(const Command *command, const Option *o, const char *shown, const char *value,
                 Error *err)
{
        switch (o->kind) {
        case OPTION_FLAG:
                *(bool *)o->target = true;
                return 0;
        case OPTION_COUNT:
                ++*(unsigned *)o->target;
                return 0;
        case OPTION_TEXT:
        case OPTION_PLACE:
                *(const char **)o->target = value;
                return 0;
        case OPTION_LIST: {
                TextList *list = o->target;
                const char **items = realloc(list->items, (list->n + 2) * sizeof *items);
                if (!items)
                        return error_set(err, ENOMEM, "out of memory");
                items[list->n++] = value;
                items[list->n] = NULL;
                list->items = items;
                return 0;
        }
        case OPTION_DURATION:
                if (parse_duration(value, o->target) < 0)
                        return error_set(err, EINVAL,
                                         "%s: %s %s: expected a time such as 50ms, 90s, 1h30m",
                                         command->name, shown, value);
                return 0;
        case OPTION_NUMBER:
                if (parse_u64z(value, o->target) < 0)
                        return error_set(err, EINVAL, "%s: %s %s: expected a whole number",
                                         command->name, shown, value);
                return 0;
        }
        return -EINVAL;
}

static bool takes_value(const Option *o)
{
        return o->kind != OPTION_FLAG && o->kind != OPTION_COUNT;
}

static void print_help(const Command *command, const Option *options, size_t n)
{
        printf("Usage: vigia %s %s\n\n%s\n", command->name, command->usage, command->summary);
        if (n > 0)
                printf("\nOptions:\n");
        for (size_t i = 0; i < n; i++) {
                const Option *o = &options[i];
                char left[64], letter[4] = "   ";
                if (o->letter)
                        snprintf(letter, sizeof letter, "-%c%c", o->letter, o->name ? ',' : ' ');
                snprintf(left, sizeof left, "  %s %s%s%s%s", letter, o->name ? "--" : "",
                         o->name ? o->name : "", o->argument ? " " : "",
                         o->argument ? o->argument : "");
                printf("%-28s %s\n", left, o->help);
        }
        printf("  -h, --help                 show this\n");
        if (command->details)
                printf("\n%s\n", command->details);
}

/* A long option by exact name or unique prefix. 0 found, -ENOENT, -ENOTUNIQ. */
static int find_long(const Option *options, size_t n, const char *name, size_t size,
                     const Option **ret)
{
        const Option *found = NULL;
        size_t n_found = 0;

        for (size_t i = 0; i < n; i++) {
                if (!options[i].name || strncmp(options[i].name, name, size) != 0)
                        continue;
                if (strlen(options[i].name) == size) {
                        *ret = &options[i];
                        return 0;
                }
                found = &options[i];
                n_found++;
        }
        if (n_found != 1)
                return n_found ? -ENOTUNIQ : -ENOENT;
        *ret = found;
        return 0;
}

typedef struct Parse {
        const Command *command;
        const Option *options;
        size_t n_options;
        int argc, at;
        char **argv;
} Parse;

static int parse_long(Parse *p, const char *word, Error *err)
{
        const char *name = word + 2, *equals = strchr(name, '=');
        size_t size = equals ? (size_t)(equals - name) : strlen(name);
        const Option *o = NULL;
        char shown[64];

        if (size == 4 && memcmp(name, "help", 4) == 0)
                return 1;
        snprintf(shown, sizeof shown, "--%.*s", (int)MIN(size, (size_t)60), name);
        int r = find_long(p->options, p->n_options, name, size, &o);
        if (r == -ENOTUNIQ)
                return error_set(err, EINVAL, "%s: option %s is ambiguous", p->command->name, shown);
        if (r < 0)
                return unknown(p->command, p->options, p->n_options, shown, shown + 2, err);
        if (!takes_value(o)) {
                if (equals)
                        return error_set(err, EINVAL, "%s: option %s takes no value",
                                         p->command->name, shown);
                return store(p->command, o, shown, NULL, err);
        }
        if (equals)
                return store(p->command, o, shown, equals + 1, err);
        if (o->kind == OPTION_PLACE && (p->at >= p->argc || (p->argv[p->at][0] == '-' && p->argv[p->at][1])))
                return store(p->command, o, shown, "", err);
        if (p->at >= p->argc)
                return error_set(err, EINVAL, "%s: option %s needs a value: %s", p->command->name,
                                 shown, o->argument ? o->argument : "TEXT");
        return store(p->command, o, shown, p->argv[p->at++], err);
}

static int parse_letters(Parse *p, const char *word, Error *err)
{
        for (const char *letter = word + 1; *letter; letter++) {
                char shown[3] = {'-', *letter, 0};
                const Option *o = NULL;
                if (*letter == 'h')
                        return 1;
                for (size_t i = 0; i < p->n_options && !o; i++)
                        if (p->options[i].letter == *letter)
                                o = &p->options[i];
                if (!o)
                        return unknown(p->command, p->options, p->n_options, shown, NULL, err);
                const char *value = NULL;
                if (takes_value(o)) {
                        if (letter[1])
                                value = letter + 1;
                        else if (p->at < p->argc)
                                value = p->argv[p->at++];
                        else
                                return error_set(err, EINVAL, "%s: option %s needs a value: %s",
                                                 p->command->name, shown,
                                                 o->argument ? o->argument : "TEXT");
                }
                int r = store(p->command, o, shown, value, err);
                if (r < 0 || value)
                        return r;
        }
        return 0;
}

int options_parse(const Command *command, const Option *options, size_t n_options, int argc,
                  char **argv, bool stop_at_word, char ***ret_words, size_t *ret_n_words,
                  Error *err)
{
        Parse p = {command, options, n_options, argc, 1, argv};
        char **words = calloc((size_t)argc + 1, sizeof *words);
        size_t n = 0;
        int r = 0;

        if (!words)
                return error_set(err, ENOMEM, "out of memory");
        while (p.at < argc && r == 0) {
                char *word = argv[p.at++];
                if (text_equal(word, "--")) {
                        while (p.at < argc)
                                words[n++] = argv[p.at++];
                } else if (text_starts_with(word, "--")) {
                        r = parse_long(&p, word, err);
                } else if (word[0] == '-' && word[1]) {
                        r = parse_letters(&p, word, err);
                } else {
                        words[n++] = word;
                        while (stop_at_word && p.at < argc)
                                words[n++] = argv[p.at++];
                }
        }
        if (r != 0) {
                free(words);
                if (r == 1)
                        print_help(command, options, n_options);
                return r;
        }
        *ret_words = words;
        *ret_n_words = n;
        return 0;
}

int usage_error(const Command *command, const Error *err)
{
        log_error("%s; see vigia %s --help", err->message, command->name);
        return EXIT_USAGE;
}
