/* Patterns: checked, with the place inside the expression where it goes wrong, and what stands in all
 * texts that it can match. */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "rules/rule-set-internal.h"

/* ---- places ---- */

/* Where line and column of a place are in the text. */
static const char *find_place(const RuleReading *reading, TomlPlace place)
{
        const char *p = reading->text, *end = p + reading->size;

        for (uint32_t line = 1; line < place.line && p < end; line++) {
                const char *newline = memchr(p, '\n', (size_t)(end - p));
                p = newline ? newline + 1 : end;
        }
        for (uint32_t column = 1; column < place.column && p < end; column++) {
                p++;
                while (p < end && ((unsigned char)*p & 0xc0) == 0x80)
                        p++;
        }
        return p;
}

/* How many bytes an escape makes, and how many characters it has behind the backslash. */
static size_t escape_size(char c, size_t *ret_characters)
{
        *ret_characters = c == 'u' ? 5 : c == 'U' ? 9 : 1;
        return 1; /* more for non-ASCII ones: the column is then a little early */
}

TomlPlace rule_text_place(const RuleReading *reading, const TomlValue *value, size_t n)
{
        TomlPlace place = toml_place(value);
        const char *p = find_place(reading, place), *end = reading->text + reading->size;

        if (p >= end || (*p != '"' && *p != '\'') || (end - p > 2 && p[1] == *p && p[2] == *p))
                return place; /* of many lines */
        bool escapes = *p++ == '"';
        uint32_t column = place.column + 1;
        for (size_t i = 0; i < n && p < end && *p != '\n'; column++) {
                size_t characters = 0;
                if (escapes && *p == '\\' && p + 1 < end) {
                        i += escape_size(p[1], &characters);
                        p += MIN(1 + characters, (size_t)(end - p));
                        column += (uint32_t)characters;
                        continue;
                }
                do {
                        p++;
                        i++;
                } while (p < end && ((unsigned char)*p & 0xc0) == 0x80);
        }
        return (TomlPlace){place.line, column};
}

/* ---- what must be there ---- */

static bool is_special(char c)
{
        return strchr("\\^$.|?*+()[]{}", c) != NULL;
}

/* Behind the class or group that begins at p; NULL: it is not closed. */
static const char *skip_class(const char *p, const char *end)
{
        p++;
        if (p < end && *p == '^')
                p++;
        if (p < end && *p == ']')
                p++;
        while (p < end && *p != ']') {
                if (*p == '[' && p + 1 < end && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
                        const char closing[] = {p[1], ']'};
                        const char *close = memmem(p + 2, (size_t)(end - p - 2), closing, 2);
                        if (!close)
                                return NULL;
                        p = close + 2;
                        continue;
                }
                p += *p == '\\' ? 2 : 1;
        }
        return p < end ? p + 1 : NULL;
}

static const char *skip_group(const char *p, const char *end)
{
        unsigned depth = 0;

        while (p < end) {
                if (*p == '\\') {
                        p += 2;
                } else if (*p == '[') {
                        p = skip_class(p, end);
                        if (!p)
                                return NULL;
                } else {
                        depth += *p == '(';
                        if (*p++ == ')' && --depth == 0)
                                return p;
                }
        }
        return NULL;
}

static bool is_alphanumeric(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool may_be_missing(const char *p, const char *end)
{
        return p < end && (*p == '?' || *p == '*' || *p == '{');
}

/* The run of plain characters at p; the last is not in it if it may be missing. */
static TextPart plain_run(const char *p, const char *end)
{
        const char *begin = p;

        while (p < end && !is_special(*p))
                p++;
        if (p > begin && may_be_missing(p, end))
                p--;
        return text_part(begin, (size_t)(p - begin));
}

/* Only what is plain: a pattern with options, comments, alternatives at its top, quoting or verbs is
 * not looked into. Groups and classes are passed over. */
TextPart rule_pattern_literal(TextPart pattern)
{
        const char *p = pattern.text, *end = p + pattern.size;
        TextPart best = {0};

        for (const char *q = p; q + 2 < end; q++)
                if (q[0] == '(' && ((q[1] == '?' && !strchr(":=!<", q[2])) || q[1] == '*'))
                        return best;
        while (p && p < end) {
                if (*p == '|' || (*p == '\\' && p + 1 < end && strchr("QEK", p[1])))
                        return (TextPart){0};
                if (*p == '[') {
                        p = skip_class(p, end);
                } else if (*p == '(') {
                        p = skip_group(p, end);
                } else if (*p == '\\') {
                        /* \x41, \p{L}, \k<name> …: what belongs to it cannot be told from a literal */
                        if (p + 1 < end && is_alphanumeric(p[1]) && !strchr("sSdDwWbBAzZhHvVR", p[1]))
                                return (TextPart){0};
                        p += 2;
                } else if (*p == '{') {
                        p++;
                        while (p < end && ((*p >= '0' && *p <= '9') || *p == ','))
                                p++;
                        if (p++ == end || p[-1] != '}')
                                return (TextPart){0};
                } else if (is_special(*p)) {
                        p++;
                } else {
                        TextPart run = plain_run(p, end);
                        if (run.size > best.size)
                                best = run;
                        p += MAX(run.size, (size_t)1);
                }
        }
        return p ? best : (TextPart){0};
}

/* ---- reading ---- */

static int read_regex(const RuleReading *reading, const TomlValue *value, RulePattern *pattern)
{
        size_t offset = 0;
        Regex *regex = NULL;
        Error why = {0};
        TextPart literal = rule_pattern_literal(text_part(pattern->text, pattern->size));

        pattern->expression = arena_allocate(&reading->set->memory, sizeof *pattern->expression);
        if (!pattern->expression)
                return -ENOMEM;
        pattern->expression->literal = literal.text;
        pattern->expression->literal_size = literal.size;
        if (reading->file->builtin)
                return 0; /* compiled when it is needed; that it can be is a test's concern */
        int r = regex_new_in(reading->set->room, pattern->text, &regex, &offset, &why);
        regex_free(regex);
        size_t character = 1;
        for (size_t i = 0; i < offset; i++)
                character += ((unsigned char)pattern->text[i] & 0xc0) != 0x80;
        if (r == -EINVAL)
                rule_set_problem(reading->set, reading->file, rule_text_place(reading, value, offset),
                                 "regular expression, at character %zu: %s; expected one of PCRE2",
                                 character, why.message);
        return r;
}

int rule_pattern_read(const RuleReading *reading, const TomlValue *value, RuleMatch match, RulePattern *ret)
{
        RuleSet *set = reading->set;
        TomlText text;

        if (!toml_get_string(value, &text))
                return rule_set_problem(set, reading->file, toml_place(value), "%s; expected a text in quotes",
                                        toml_kind_name(toml_kind(value)));
        if (text.size == 0)
                return rule_set_problem(set, reading->file, toml_place(value),
                                        "an empty text; expected one that something can match");
        if (text.size > RULE_PATTERN_BYTES_MAX || memchr(text.bytes, '\0', text.size))
                return rule_set_problem(set, reading->file, toml_place(value),
                                        "a text of %zu bytes%s; expected at most %d, and no NUL", text.size,
                                        memchr(text.bytes, '\0', text.size) ? " with a NUL byte" : "",
                                        RULE_PATTERN_BYTES_MAX);
        if (++set->n_patterns > RULE_PATTERNS_MAX) {
                if (!set->full)
                        rule_set_problem(set, reading->file, toml_place(value),
                                         "too many patterns; expected at most %d in all files",
                                         RULE_PATTERNS_MAX);
                set->full = true;
                return -EINVAL;
        }
        *ret = (RulePattern){
                .text = arena_copy(&set->memory, text.bytes, text.size),
                .size = (uint16_t)text.size,
                .match = (uint16_t)match,
                .place = toml_place(value),
        };
        if (!ret->text)
                return -ENOMEM;
        if (match == MATCH_GLOB && !memchr(text.bytes, '*', text.size))
                ret->match = MATCH_EQUAL;
        return match == MATCH_REGEX ? read_regex(reading, value, ret) : 0;
}
