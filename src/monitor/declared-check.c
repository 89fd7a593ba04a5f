/* Whether a declaration makes sense, and its mistakes in words, each with the key it is in. Nothing
 * here looks at the machine: a file may come later. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/regex.h"
#include "base/text.h"

const char *const declared_format_words[] = {"key-value", "number", "table", "regex", NULL};
const char *const declared_kind_words[] = {"default", "gauge", "counter", "key", "text", NULL};
const char *const declared_type_words[] = {"auto", "u64", "i64", "f64", "text", NULL};

/* Where one looks for what is wrong, and what to say of it. */
typedef struct Check {
        const DeclaredMonitor *d;
        DeclaredFault *fault;
        size_t column; /* SIZE_MAX: of the monitor */
        Error *err;
} Check;

static int wrong(const Check *c, const char *key, const char *format, ...) _printf_(3, 4);

static int wrong(const Check *c, const char *key, const char *format, ...)
{
        char text[400];
        va_list list;

        va_start(list, format);
        vsnprintf(text, sizeof text, format, list);
        va_end(list);
        if (c->fault)
                *c->fault = (DeclaredFault){key, c->column};
        if (c->d->name && c->d->name[0])
                return error_set(c->err, EINVAL, "monitor %.80s: %s", c->d->name, text);
        return error_set(c->err, EINVAL, "monitor: %s", text);
}

static bool filled(const char *text)
{
        return text && text[0];
}

bool declared_unit_of(const char *word, Unit *ret)
{
        for (int unit = UNIT_NONE; unit <= UNIT_LAST; unit++) {
                if (!text_equal(word, unit_name((Unit)unit)))
                        continue;
                *ret = (Unit)unit;
                return true;
        }
        return false;
}

static int check_unit(const Check *c, const char *unit)
{
        String known = {0};
        Unit ignored;

        if (!filled(unit) || declared_unit_of(unit, &ignored))
                return 0;
        for (int u = UNIT_NONE + 1; u <= UNIT_LAST; u++)
                string_add_format(&known, "%s%s", known.size ? ", " : "", unit_name((Unit)u));
        int r = wrong(c, "unit", "unit '%.40s' is not known; expected %s", unit, string_get(&known));
        string_done(&known);
        return r;
}

static int check_name(const Check *c)
{
        const char *name = c->d->name;

        if (!filled(name))
                return wrong(c, NULL, "it has no name; expected name = \"…\"");
        if (strlen(name) >= DECLARED_NAME_MAX)
                return wrong(c, "name", "the name is too long; expected fewer than %d letters",
                             DECLARED_NAME_MAX);
        for (const char *p = name; *p; p++) {
                bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
                bool more = (*p >= '0' && *p <= '9') || *p == '_' || *p == '-';
                if (!letter && (p == name || !more))
                        return wrong(c, "name", "a name is a letter, then letters, digits, _ and -");
        }
        return 0;
}

static int check_command(const Check *c)
{
        const DeclaredMonitor *d = c->d;

        if (d->command && !filled(d->command[0]))
                return wrong(c, "command", "the command is empty; expected a program and its arguments");
        if (d->shell && !filled(d->shell))
                return wrong(c, "command", "the command is empty; expected a text for /bin/sh");
        if (filled(d->host_prefix))
                return wrong(c, "host_prefix", "host_prefix is for files; a command sees what vigia sees");
        for (size_t i = 0; d->environment && d->environment[i]; i++)
                if (!strchr(d->environment[i], '=') || d->environment[i][0] == '=')
                        return wrong(c, "environment", "'%.60s' is no variable; expected NAME=value",
                                     d->environment[i]);
        return 0;
}

static int check_place(const Check *c)
{
        const DeclaredMonitor *d = c->d;
        int n = !!d->file + !!d->command + !!d->shell;

        if (n == 0)
                return wrong(c, NULL, "nothing says where its figures are; expected file or command");
        if (n > 1)
                return wrong(c, "command", "it has a file and a command; expected one of them");
        if (!d->file)
                return check_command(c);
        if (d->file[0] != '/')
                return wrong(c, "file", "'%.100s' is no absolute path; expected one from /", d->file);
        if (filled(d->host_prefix) && d->host_prefix[0] != '/')
                return wrong(c, "host_prefix", "'%.100s' is no absolute path; expected one from /",
                             d->host_prefix);
        if (d->timeout_us)
                return wrong(c, "timeout", "timeout is for commands");
        if (d->environment && d->environment[0])
                return wrong(c, "environment", "environment is for commands");
        return 0;
}

static int check_numbers(const Check *c, double scale, double noise)
{
        if (!isfinite(scale))
                return wrong(c, "scale", "scale is no number");
        if (isnan(noise))
                return wrong(c, "noise", "noise is no number");
        return 0;
}

static int check_column(const Check *c, const DeclaredColumn *column)
{
        bool table = c->d->format == DECLARED_TABLE;
        bool rows = table || c->d->format == DECLARED_REGEX;
        bool text = column->type == DECLARED_TEXT;

        if (!filled(column->name))
                return wrong(c, "name", "a column has no name");
        if (strlen(column->name) >= DECLARED_NAME_MAX)
                return wrong(c, "name", "column %.40s…: the name is too long; expected fewer than %d "
                             "letters", column->name, DECLARED_NAME_MAX);
        if (column->field && !table)
                return wrong(c, "field", "column %s: field is for tables", column->name);
        if (column->field > DECLARED_COLUMNS_MAX)
                return wrong(c, "field", "column %s: a line has at most %d fields", column->name,
                             DECLARED_COLUMNS_MAX);
        if (column->kind == DECLARED_KEY && !rows)
                return wrong(c, "kind", "column %s: only tables and regular expressions have keys",
                             column->name);
        if (column->kind == DECLARED_WORDS && column->type != DECLARED_TYPE_AUTO && !text)
                return wrong(c, "type", "column %s: what is text is of type text", column->name);
        if (text && (column->kind == DECLARED_GAUGE || column->kind == DECLARED_COUNTER))
                return wrong(c, "kind", "column %s: text is no %s", column->name,
                             declared_kind_words[column->kind]);
        int r = check_unit(c, column->unit);
        return r < 0 ? r : check_numbers(c, column->scale, column->noise);
}

static int check_columns(Check *c)
{
        const DeclaredMonitor *d = c->d;

        if (d->n_columns > DECLARED_COLUMNS_MAX - MONITOR_FIRST - 1)
                return wrong(c, "columns", "%zu columns; expected at most %d", d->n_columns,
                             DECLARED_COLUMNS_MAX - MONITOR_FIRST - 1);
        if (d->format == DECLARED_NUMBER && d->n_columns > 1)
                return wrong(c, "columns", "a number is one column");
        for (size_t i = 0; i < d->n_columns; i++) {
                c->column = i;
                int r = check_column(c, &d->columns[i]);
                if (r < 0)
                        return r;
                for (size_t k = 0; k < i; k++)
                        if (text_equal(d->columns[k].name, d->columns[i].name))
                                return wrong(c, "name", "column %s is there twice",
                                             d->columns[i].name);
        }
        c->column = SIZE_MAX;
        return 0;
}

static int check_table(const Check *c)
{
        const DeclaredMonitor *d = c->d;

        if (d->format != DECLARED_TABLE) {
                if (d->key)
                        return wrong(c, "key", "key is for tables");
                if (d->no_header)
                        return wrong(c, "header", "header is for tables");
        } else if (d->no_header && d->n_columns == 0) {
                return wrong(c, "columns", "a table without a header needs its columns declared");
        } else if (d->no_header && d->key) {
                return wrong(c, "key", "a table without a header has no headings; expected a column "
                                       "with kind = \"key\"");
        }
        if (!d->separator)
                return 0;
        if (d->format != DECLARED_TABLE && d->format != DECLARED_KEY_VALUE)
                return wrong(c, "separator", "separator is for tables and key-value");
        if (strlen(d->separator) != 1 || d->separator[0] == '\n' || d->separator[0] == '"')
                return wrong(c, "separator", "separator is one character");
        return 0;
}

/* Every column declared must be a group of the pattern; without any, the groups are the columns. */
static int check_groups(Check *c, const Regex *regex)
{
        const DeclaredMonitor *d = c->d;
        bool any = false;

        for (size_t g = 1; g <= regex_groups(regex); g++)
                any = any || regex_group_name(regex, g);
        if (!any)
                return wrong(c, "pattern", "the pattern has no named group; expected (?<name>…)");
        for (size_t i = 0; i < d->n_columns; i++) {
                const char *source = d->columns[i].source ? d->columns[i].source : d->columns[i].name;
                bool found = false;
                for (size_t g = 1; g <= regex_groups(regex); g++)
                        found = found || text_equal(regex_group_name(regex, g), source);
                c->column = i;
                if (!found)
                        return wrong(c, d->columns[i].source ? "source" : "name",
                                     "the pattern has no group (?<%s>…)", source);
        }
        c->column = SIZE_MAX;
        return 0;
}

static int check_pattern(Check *c)
{
        _cleanup_(regex_freep) Regex *regex = NULL;
        Error why = {0};

        if (c->d->format != DECLARED_REGEX)
                return c->d->pattern ? wrong(c, "pattern", "pattern is for format = \"regex\"") : 0;
        if (!filled(c->d->pattern))
                return wrong(c, NULL, "format = \"regex\" needs a pattern");
        if (regex_new_lines(c->d->pattern, &regex, &why) < 0)
                return wrong(c, "pattern", "%s", why.message);
        return check_groups(c, regex);
}

int declared_monitor_check(const DeclaredMonitor *declaration, DeclaredFault *fault, Error *err)
{
        Check c = {declaration, fault, SIZE_MAX, err};
        int r = check_name(&c);

        if (r == 0)
                r = check_place(&c);
        if (r == 0 && declaration->kind > DECLARED_COUNTER)
                r = wrong(&c, "kind", "a monitor's kind is gauge or counter");
        if (r == 0)
                r = check_unit(&c, declaration->unit);
        if (r == 0)
                r = check_numbers(&c, declaration->scale, declaration->noise);
        if (r == 0)
                r = check_columns(&c);
        if (r == 0)
                r = check_table(&c);
        if (r == 0)
                r = check_pattern(&c);
        return r;
}
