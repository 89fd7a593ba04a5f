/* Memory, notes and order. */
#include "rules/rule-set.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/rule-set-internal.h"

enum { SENTENCE_MAX = 512, SHOWN_FILE_MAX = 200 };

/* ---- notes ---- */

static void note(RuleSet *set, bool problem, const RuleFile *file, TomlPlace place, const char *format,
                 va_list arguments)
{
        char what[SENTENCE_MAX], where[SHOWN_FILE_MAX + 32];
        _cleanup_string_ String sentence = {0}, name = {0};

        set->n_problems += problem;
        set->n_warnings += !problem;
        if (set->n_notes == RULE_NOTES_MAX)
                return;
        vsnprintf(what, sizeof what, format, arguments);
        string_add_shown(&name, file->name, SHOWN_FILE_MAX, true);
        if (place.line > 0)
                snprintf(where, sizeof where, ":%u:%u", place.line, place.column);
        else
                where[0] = '\0';
        string_add(&sentence, string_get(&name));
        string_add_format(&sentence, "%s:", where);
        size_t n = sentence.size;
        string_add_char(&sentence, ' ');
        string_add_shown(&sentence, what, 0, false);
        const char *kept = sentence.failed ? NULL : arena_copy(&set->memory, string_get(&sentence), sentence.size);
        set->notes[set->n_notes++] = (RuleNote){
                .problem = problem,
                .file = file->name,
                .place = place,
                .sentence = kept ? kept : "out of memory",
                .where = kept ? n : 0,
        };
}

int rule_set_problem(RuleSet *set, const RuleFile *file, TomlPlace place, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        note(set, true, file, place, format, arguments);
        va_end(arguments);
        return -EINVAL;
}

void rule_set_warn(RuleSet *set, const RuleFile *file, TomlPlace place, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        note(set, false, file, place, format, arguments);
        va_end(arguments);
}

size_t rule_set_n_notes(const RuleSet *set)
{
        return set->n_notes;
}

const RuleNote *rule_set_note(const RuleSet *set, size_t i)
{
        return &set->notes[i];
}

size_t rule_set_n_problems(const RuleSet *set)
{
        return set->n_problems;
}

size_t rule_set_n_warnings(const RuleSet *set)
{
        return set->n_warnings;
}

int rule_set_check(const RuleSet *set, Error *err)
{
        const char *first = "more than can be told";

        if (set->n_problems == 0)
                return 0;
        for (size_t i = set->n_notes; i-- > 0;)
                if (set->notes[i].problem)
                        first = set->notes[i].sentence;
        if (set->n_problems == 1)
                return error_set(err, EINVAL, "%s", first);
        return error_set(err, EINVAL, "%s (and %zu more)", first, set->n_problems - 1);
}

/* ---- the set ---- */

/* Higher priorities first; equal ones as they stand. */
static int compare(const void *a, const void *b)
{
        const Rule *x = *(const Rule *const *)a, *y = *(const Rule *const *)b;

        if (x->priority != y->priority)
                return x->priority > y->priority ? -1 : 1;
        return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static int set_new(RuleSet **ret)
{
        RuleSet *set = calloc(1, sizeof *set);

        if (!set)
                return -ENOMEM;
        if (regex_room_new(&set->room) < 0) {
                rule_set_free(set);
                return -ENOMEM;
        }
        *ret = set;
        return 0;
}

static int finish(int r, RuleSet *set, RuleSet **ret)
{
        if (r < 0) {
                rule_set_free(set);
                return r;
        }
        if (set->n_rules > 0)
                qsort(set->rules, set->n_rules, sizeof(Rule *), compare);
        *ret = set;
        return 0;
}

int rule_set_read(const char *name, RuleSet **ret)
{
        RuleSet *set = NULL;
        int r = set_new(&set);

        if (r < 0)
                return r;
        return finish(rule_file_read(set, name ? name : "builtin"), set, ret);
}

int rule_set_read_text(const char *name, const char *text, size_t size, RuleSet **ret)
{
        RuleSet *set = NULL;
        int r = set_new(&set);

        if (r < 0)
                return r;
        return finish(rule_file_read_text(set, name, text, size), set, ret);
}

static void expression_done(RuleExpression *expression)
{
        if (expression)
                expression->regex = regex_free(expression->regex);
}

RuleSet *rule_set_free(RuleSet *set)
{
        if (!set)
                return NULL;
        for (size_t i = 0; i < set->n_rules; i++)
                for (size_t c = 0; c < set->rules[i]->n_conditions; c++)
                        for (size_t p = 0; p < set->rules[i]->conditions[c].n; p++)
                                expression_done(set->rules[i]->conditions[c].patterns[p].expression);
        regex_room_free(set->room);
        free(set->rules);
        arena_done(&set->memory);
        free(set);
        return NULL;
}

size_t rule_set_size(const RuleSet *set)
{
        return set->n_rules;
}

Rule *rule_set_at(const RuleSet *set, size_t i)
{
        return set->rules[i];
}

RegexRoom *rule_set_room(const RuleSet *set)
{
        return set->room;
}

/* Most expressions of a set are never asked for in a run. To machine code at once: what a match may cost
 * is counted in its steps, so that no label depends on what was asked before. */
Regex *rule_pattern_regex(const RuleSet *set, const RulePattern *pattern)
{
        RuleExpression *e = pattern->expression;

        if (!e->regex && regex_new_in(set->room, pattern->text, &e->regex, NULL, NULL) == 0)
                regex_hasten(e->regex);
        return e->regex;
}

void rule_place_format(const Rule *rule, char *to, size_t size)
{
        snprintf(to, size, "%s:%u", rule->file->name, rule->place.line);
}
