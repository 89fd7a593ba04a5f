/* One [[rules]] table: each field is read by its line in a table; all mistakes are told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/nearest.h"
#include "base/text.h"
#include "rules/rule-set-internal.h"

enum { COMMENT_MAX = 4096, PRIORITY_MAX = 1000000000 };

typedef enum FieldKind {
        FIELD_LABEL,
        FIELD_COMMENT,
        FIELD_PRIORITY,
        FIELD_CONDITION,   /* patterns by themselves */
        FIELD_MATCH_FIELD, /* these belong together */
        FIELD_MATCH_TYPE,
        FIELD_PATTERNS,
} FieldKind;

typedef struct Field {
        const char *name;
        FieldKind kind;
        RuleSubject subject;
        RuleMatch match;
        bool negated;
} Field;

static const Field fields[] = {
        {"major_category", FIELD_LABEL},
        {"category", FIELD_LABEL},
        {"priority", FIELD_PRIORITY},
        {"comment", FIELD_COMMENT},
        {"programs", FIELD_CONDITION, SUBJECT_PROGRAMS, MATCH_GLOB},
        {"cmdline", FIELD_CONDITION, SUBJECT_CMDLINE, MATCH_REGEX},
        {"not_cmdline", FIELD_CONDITION, SUBJECT_CMDLINE, MATCH_REGEX, true},
        {"exe", FIELD_CONDITION, SUBJECT_EXE, MATCH_REGEX},
        {"parent", FIELD_CONDITION, SUBJECT_PARENT, MATCH_EQUAL},
        {"match_field", FIELD_MATCH_FIELD},
        {"match_type", FIELD_MATCH_TYPE},
        {"pattern", FIELD_PATTERNS},
        {"patterns", FIELD_PATTERNS},
};

typedef struct Word {
        const char *name;
        int value;
} Word;

static const Word subjects[] = {
        {"current_cmd_name", SUBJECT_NAME}, {"current_cmd_full", SUBJECT_CMDLINE},
        {"name", SUBJECT_NAME},             {"program", SUBJECT_PROGRAM},
        {"cmdline", SUBJECT_CMDLINE},       {"exe", SUBJECT_EXE},
};

static const Word matches[] = {
        {"exact", MATCH_EQUAL}, {"in_list", MATCH_EQUAL}, {"contains", MATCH_CONTAINS}, {"regex", MATCH_REGEX},
};

/* A rule while it is read. */
typedef struct Reader {
        const RuleReading *reading;
        Rule *rule;
        const TomlValue *match_field, *match_type, *patterns;
        TomlPlace place;
} Reader;

static int wrong_kind(const Reader *r, const TomlValue *value, const char *name, const char *expected)
{
        return rule_set_problem(r->reading->set, r->reading->file, toml_place(value),
                                "%s is %s; expected %s", name, toml_kind_name(toml_kind(value)), expected);
}

static int read_text(const Reader *r, const TomlValue *value, const char *name, size_t most, const char **ret)
{
        RuleSet *set = r->reading->set;
        TomlText text;

        if (!toml_get_string(value, &text))
                return wrong_kind(r, value, name, "a text in quotes");
        if (text.size > most)
                return rule_set_problem(set, r->reading->file, toml_place(value),
                                        "%s has %zu bytes; expected at most %zu", name, text.size, most);
        *ret = arena_copy(&set->memory, text.bytes, text.size);
        return *ret ? 0 : -ENOMEM;
}

static int read_label(const Reader *r, const TomlValue *value, const char *name, const char **ret)
{
        int code = read_text(r, value, name, RULE_LABEL_BYTES_MAX, ret);

        if (code < 0)
                return code;
        TomlText text;
        bool wrong = toml_get_string(value, &text) && text.size == 0;
        for (size_t i = 0; i < text.size; i++)
                wrong |= (unsigned char)text.bytes[i] < ' ' || text.bytes[i] == 0x7f;
        if (!wrong)
                return 0;
        return rule_set_problem(r->reading->set, r->reading->file, toml_place(value),
                                "%s is %s; expected a name", name,
                                text.size ? "a text with control characters" : "an empty text");
}

static int read_priority(const Reader *r, const TomlValue *value)
{
        int64_t number;

        if (!toml_get_integer(value, &number))
                return wrong_kind(r, value, "priority", "a whole number");
        if (number > PRIORITY_MAX || number < -PRIORITY_MAX)
                return rule_set_problem(r->reading->set, r->reading->file, toml_place(value),
                                        "priority is %lld; expected a number from -%d to %d",
                                        (long long)number, PRIORITY_MAX, PRIORITY_MAX);
        r->rule->priority = number;
        r->rule->has_priority = true;
        return 0;
}

/* Those of MATCH_EQUAL to the front, each part in its order. Returns how many they are. */
static size_t sort_patterns(RuleSet *set, RulePattern *patterns, size_t n)
{
        RulePattern *others = NULL;
        size_t n_equal = 0, n_others = 0;

        for (size_t i = 0; i < n; i++)
                n_others += patterns[i].match != MATCH_EQUAL;
        if (n_others == 0 || n_others == n)
                return n - n_others;
        others = arena_allocate(&set->memory, n_others * sizeof *others);
        if (!others)
                return SIZE_MAX;
        n_others = 0;
        for (size_t i = 0; i < n; i++)
                if (patterns[i].match == MATCH_EQUAL)
                        patterns[n_equal++] = patterns[i];
                else
                        others[n_others++] = patterns[i];
        memcpy(patterns + n_equal, others, n_others * sizeof *others);
        return n_equal;
}

/* A condition with one text or a list of them. */
static int add_condition(const Reader *r, const TomlValue *value, const char *key, RuleSubject subject,
                         RuleMatch match, bool negated)
{
        RuleSet *set = r->reading->set;
        bool list = toml_kind(value) == TOML_ARRAY;
        size_t n = list ? toml_count(value) : 1;
        Rule *rule = r->rule;
        int result = 0;

        if (!list && toml_kind(value) != TOML_STRING)
                return wrong_kind(r, value, key, "a text in quotes, or a list of them");
        if (n == 0)
                return rule_set_problem(set, r->reading->file, toml_place(value),
                                        "%s is an empty list; expected one text at least", key);
        if (n > RULE_PATTERNS_MAX)
                return rule_set_problem(set, r->reading->file, toml_place(value),
                                        "%s has %zu texts; expected at most %d", key, n, RULE_PATTERNS_MAX);
        RulePattern *patterns = arena_allocate(&set->memory, n * sizeof *patterns);
        if (!patterns)
                return -ENOMEM;
        const TomlValue *at = list ? toml_first(value) : value;
        for (size_t i = 0; i < n; i++, at = toml_next(at)) {
                int code = rule_pattern_read(r->reading, at, match, &patterns[i]);
                if (code == -ENOMEM)
                        return code;
                result = code < 0 ? code : result;
        }
        size_t n_equal = result == 0 ? sort_patterns(set, patterns, n) : 0;
        if (n_equal == SIZE_MAX)
                return -ENOMEM;
        if (result == 0)
                rule->conditions[rule->n_conditions++] =
                        (RuleCondition){key, subject, negated, patterns, n, n_equal};
        return result;
}

/* ---- match_field, match_type, pattern or patterns ---- */

/* A word of a list; -EINVAL with what was meant, or what there is. */
static int read_word(const Reader *r, const TomlValue *value, const char *name, const Word *words, size_t n,
                     const char *expected, int *ret)
{
        TomlText text;
        char hint[NEAREST_HINT_MAX];

        if (!toml_get_string(value, &text))
                return wrong_kind(r, value, name, "a text in quotes");
        Nearest nearest = nearest_to(text.bytes);
        for (size_t i = 0; i < n; i++) {
                if (text_equal(words[i].name, text.bytes)) {
                        *ret = words[i].value;
                        return 0;
                }
                nearest_offer(&nearest, words[i].name);
        }
        nearest_hint(&nearest, "", hint);
        if (hint[0])
                return rule_set_problem(r->reading->set, r->reading->file, toml_place(value),
                                        "unknown %s '%.60s'%s", name, text.bytes, hint);
        return rule_set_problem(r->reading->set, r->reading->file, toml_place(value),
                                "unknown %s '%.60s'; expected %s", name, text.bytes, expected);
}

static int missing(const Reader *r, const char *what, const char *expected)
{
        return rule_set_problem(r->reading->set, r->reading->file, r->place, "a rule without %s; expected %s",
                                what, expected);
}

static int read_match(const Reader *r)
{
        int subject = 0, match = 0, result = 0, code;

        if (!r->match_field && !r->match_type && !r->patterns)
                return 0;
        if (!r->match_field)
                return missing(r, "a match_field", "match_field = \"current_cmd_name\" or \"current_cmd_full\"");
        if (!r->match_type)
                return missing(r, "a match_type", "match_type = \"exact\", \"in_list\", \"contains\" or \"regex\"");
        if (!r->patterns)
                return missing(r, "patterns", "pattern = \"…\" or patterns = [\"…\"]");
        code = read_word(r, r->match_field, "match_field", subjects, ARRAY_LENGTH(subjects),
                         "current_cmd_name, current_cmd_full, name, program, cmdline or exe", &subject);
        result = code < 0 ? code : result;
        code = read_word(r, r->match_type, "match_type", matches, ARRAY_LENGTH(matches),
                         "exact, in_list, contains or regex", &match);
        result = code < 0 ? code : result;
        if (result < 0)
                return result;
        return add_condition(r, r->patterns, "pattern", (RuleSubject)subject, (RuleMatch)match, false);
}

/* ---- the table ---- */

static int tell_unknown(const Reader *r, const TomlValue *value)
{
        TomlText key = toml_key(value);
        Nearest nearest = nearest_to(key.bytes);
        char hint[NEAREST_HINT_MAX];

        for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
                nearest_offer(&nearest, fields[i].name);
        nearest_hint(&nearest, "", hint);
        return rule_set_problem(r->reading->set, r->reading->file, toml_key_place(value),
                                "unknown field %.60s of a rule%s", key.bytes,
                                hint[0] ? hint : "; expected major_category, category, priority, programs, cmdline, "
                                "not_cmdline, exe, parent, match_field, match_type, pattern, patterns or comment");
}

static int read_field(Reader *r, const Field *field, const TomlValue *value)
{
        switch (field->kind) {
        case FIELD_LABEL:
                return read_label(r, value, field->name,
                                  field == fields ? &r->rule->major : &r->rule->category);
        case FIELD_COMMENT:
                return read_text(r, value, field->name, COMMENT_MAX, &r->rule->comment);
        case FIELD_PRIORITY:
                return read_priority(r, value);
        case FIELD_CONDITION:
                return add_condition(r, value, field->name, field->subject, field->match, field->negated);
        case FIELD_MATCH_FIELD:
                r->match_field = value;
                return 0;
        case FIELD_MATCH_TYPE:
                r->match_type = value;
                return 0;
        case FIELD_PATTERNS:
                if (r->patterns)
                        return rule_set_problem(r->reading->set, r->reading->file, toml_key_place(value),
                                                "a rule with both pattern and patterns; expected one of them");
                r->patterns = value;
                return 0;
        }
        return -EINVAL;
}

static int read_fields(Reader *r, const TomlValue *table)
{
        int result = 0;

        for (const TomlValue *v = toml_first(table); v; v = toml_next(v)) {
                size_t i = 0;
                while (i < ARRAY_LENGTH(fields) && !text_equal(fields[i].name, toml_key(v).bytes))
                        i++;
                int code = i < ARRAY_LENGTH(fields) ? read_field(r, &fields[i], v) : tell_unknown(r, v);
                if (code == -ENOMEM)
                        return code;
                result = code < 0 ? code : result;
        }
        return result;
}

static int check_whole(const Reader *r, const TomlValue *table)
{
        bool major = toml_table_get(r->reading->document, table, "major_category") != NULL;
        bool category = toml_table_get(r->reading->document, table, "category") != NULL;

        if (!major)
                return missing(r, "a major_category", "major_category = \"…\"");
        if (!category)
                return missing(r, "a category", "category = \"…\"");
        return 0;
}

int rule_read(const RuleReading *reading, const TomlValue *table)
{
        RuleSet *set = reading->set;
        Rule *rule = arena_allocate(&set->memory, sizeof *rule);
        Reader r = {.reading = reading, .rule = rule, .place = toml_place(table)};

        if (!rule)
                return -ENOMEM;
        *rule = (Rule){.priority = RULE_PRIORITY_DEFAULT, .file = reading->file, .place = r.place};
        int result = read_fields(&r, table), code = result == -ENOMEM ? result : read_match(&r);
        result = code < 0 ? code : result;
        code = result == -ENOMEM ? result : check_whole(&r, table);
        result = code < 0 ? code : result;
        if (result == 0 && rule->n_conditions == 0)
                result = missing(&r, "a condition", "programs, cmdline, not_cmdline, exe, parent, or match_field "
                                 "with match_type and pattern");
        if (result < 0)
                return result;
        rule->sequence = set->n_rules;
        set->rules[set->n_rules++] = rule;
        return 0;
}
