/* A text of any bytes through a declaration that the first bytes pick: columns are found, then the
 * text, and the text without its first line, are sampled. Names must be safe whatever comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/declared-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const DeclaredColumn some[] = {
        {.name = "name", .kind = DECLARED_KEY},
        {.name = "value", .unit = "ms"},
        {.name = "total_bytes", .source = "MemTotal", .type = DECLARED_U64},
};

static const DeclaredMonitor declarations[] = {
        {.name = "a", .format = DECLARED_KEY_VALUE},
        {.name = "b", .format = DECLARED_KEY_VALUE, .kind = DECLARED_COUNTER, .separator = "|", .skip = 1},
        {.name = "c", .format = DECLARED_NUMBER, .scale = 0.001},
        {.name = "d", .format = DECLARED_TABLE},
        {.name = "e", .format = DECLARED_TABLE, .separator = ",", .key = "name"},
        {.name = "f", .format = DECLARED_TABLE, .no_header = true, .columns = some, .n_columns = 3},
        {.name = "g", .format = DECLARED_REGEX, .pattern = "^(?<name>\\w+)\\W+(?<value>[\\d.]+)",
         .columns = some, .n_columns = 2},
        {.name = "h", .format = DECLARED_REGEX, .pattern = "(?<x>\\d*)(?<y>k?B)?"},
        {.name = "i", .format = DECLARED_KEY_VALUE, .columns = some + 1, .n_columns = 2},
};

static int row(void *data)
{
        return 0;
}

static int cell(void *data, const DeclaredCell *c)
{
        DeclaredColumns *columns = data;
        size_t index = declared_columns_of(columns, c);
        Figure figure;

        if (index >= columns->n || (index > 0 && index < MONITOR_FIRST))
                abort();
        figure_parse(c->value, c->size, &figure);
        if (index > 0)
                figure_convert(&figure, columns->columns[index].unit, columns->places[index].scale);
        return 0;
}

static void check_names(const DeclaredColumns *columns)
{
        for (size_t i = 0; i < columns->n; i++) {
                const char *name = columns->columns[i].name;
                size_t length = strlen(name);
                if (length == 0 || length >= DECLARED_NAME_MAX || name[0] < 'a' || name[0] > 'z' ||
                    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
                        abort();
                for (size_t k = 0; k < i; k++)
                        if (strcmp(columns->columns[k].name, name) == 0)
                                abort();
        }
}

static void sample(const DeclaredMonitor *d, const Regex *regex, const char *text, size_t size)
{
        DeclaredParser parser = {d, regex, d->n_columns > 0};
        _cleanup_(declared_columns_freep) DeclaredColumns *columns = NULL;
        Error err = {0};
        bool cut;

        if (declared_columns_new(&parser, text, size, &columns, &err) < 0)
                return;
        check_names(columns);
        const DeclaredListener listener = {row, cell, columns};
        declared_parse(&parser, text, size, &listener, &cut, &err);
        const char *second = memchr(text, '\n', size);
        if (second)
                declared_parse(&parser, second, size - (size_t)(second - text), &listener, &cut, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static Regex *regexes[ARRAY_LENGTH(declarations)];
        char *text;

        if (size == 0)
                return 0;
        size_t which = data[0] % ARRAY_LENGTH(declarations);
        const DeclaredMonitor *d = &declarations[which];
        if (d->pattern && !regexes[which] && regex_new_lines(d->pattern, &regexes[which], NULL) < 0)
                abort();
        text = malloc(size - 1 ? size - 1 : 1);
        if (!text)
                return 0;
        memcpy(text, data + 1, size - 1);
        sample(d, regexes[which], text, size - 1);
        free(text);
        return 0;
}
