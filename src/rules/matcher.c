/* Three lists of candidates, in the order of asking, are walked together: by the name as it is, by the
 * normalised one, and those without a plain name. */
#include "rules/matcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rules/program-name.h"

/* The rules that ask for one name. */
typedef struct Bucket {
        const char *name; /* NULL: empty */
        uint32_t first;   /* where they begin in matcher->indices */
        uint16_t size;    /* of the name */
        uint16_t n;
} Bucket;

typedef struct Candidates {
        const uint16_t *rules;
        size_t n;
} Candidates;

struct Matcher {
        const RuleSet *set;
        const RuleCondition **found_by; /* of each rule: found_by() */
        Bucket *buckets; /* open addressing */
        size_t n_buckets; /* a power of two */
        uint16_t *indices;
        uint32_t others, n_others; /* rules with more than plain names, in indices */
};

bool rule_names_program(const Rule *rule)
{
        for (size_t i = 0; i < rule->n_conditions; i++)
                if (rule->conditions[i].subject <= SUBJECT_PROGRAM)
                        return true;
        return false;
}

static bool is_about_names(const RuleCondition *c)
{
        return c->subject <= SUBJECT_PROGRAM && !c->negated;
}

const RuleCondition *rule_plain_names(const Rule *rule)
{
        for (size_t i = 0; i < rule->n_conditions; i++)
                if (is_about_names(&rule->conditions[i]) && rule->conditions[i].n_equal == rule->conditions[i].n)
                        return &rule->conditions[i];
        return NULL;
}

/* The condition by whose plain names the rule is found; a rule is asked of every process, too, for the
 * patterns behind them. */
static const RuleCondition *found_by(const Rule *rule)
{
        const RuleCondition *plain = rule_plain_names(rule);

        for (size_t i = 0; i < rule->n_conditions && !plain; i++)
                if (is_about_names(&rule->conditions[i]) && rule->conditions[i].n_equal > 0)
                        plain = &rule->conditions[i];
        return plain;
}

/* ---- building ---- */

static Bucket *find(const Matcher *m, TextPart name)
{
        size_t i = hash_bytes(name.text ? name.text : "", name.size) & (m->n_buckets - 1);

        while (m->buckets[i].name && !text_part_equal(text_part(m->buckets[i].name, m->buckets[i].size), name))
                i = (i + 1) & (m->n_buckets - 1);
        return &m->buckets[i];
}

static Bucket *find_pattern(const Matcher *m, const RulePattern *pattern)
{
        Bucket *b = find(m, text_part(pattern->text, pattern->size));

        if (!b->name)
                *b = (Bucket){.name = pattern->text, .size = pattern->size};
        return b;
}

/* Adds a rule once, although two of its names may be the same. */
static void bucket_add(const Matcher *m, Bucket *b, size_t rule)
{
        uint16_t *rules = m->indices + b->first;

        if (b->n == 0 || rules[b->n - 1] != rule)
                rules[b->n++] = (uint16_t)rule;
}

static void count(Matcher *m, size_t *ret_names)
{
        for (size_t i = 0; i < rule_set_size(m->set); i++) {
                const RuleCondition *names = found_by(rule_set_at(m->set, i));
                if (names)
                        *ret_names += names->n_equal;
        }
}

/* First how long each list may become, then the lists themselves. A rule that has a name twice counts twice
 * at first: at most UINT16_MAX, as the patterns of a set. */
static void fill(Matcher *m)
{
        uint32_t at = 0;

        for (size_t i = 0; i < rule_set_size(m->set); i++) {
                const RuleCondition *names = m->found_by[i];
                for (size_t p = 0; names && p < names->n_equal; p++) {
                        Bucket *b = find_pattern(m, &names->patterns[p]);
                        b->n += b->n < UINT16_MAX;
                }
        }
        for (size_t i = 0; i < m->n_buckets; i++) {
                m->buckets[i].first = at;
                at += m->buckets[i].n;
                m->buckets[i].n = 0;
        }
        m->others = at;
        for (size_t i = 0; i < rule_set_size(m->set); i++) {
                const RuleCondition *names = m->found_by[i];
                for (size_t p = 0; names && p < names->n_equal; p++)
                        bucket_add(m, find_pattern(m, &names->patterns[p]), i);
                if (!names || names->n_equal < names->n)
                        m->indices[m->others + m->n_others++] = (uint16_t)i;
        }
}

int matcher_new(const RuleSet *set, Matcher **ret)
{
        _cleanup_(matcher_freep) Matcher *m = calloc(1, sizeof *m);
        size_t names = 0;

        if (!m)
                return -ENOMEM;
        m->set = set;
        count(m, &names);
        m->n_buckets = 16;
        while (m->n_buckets < names + names / 2)
                m->n_buckets *= 2;
        m->found_by = calloc(rule_set_size(set) + 1, sizeof(const RuleCondition *));
        m->buckets = calloc(m->n_buckets, sizeof *m->buckets);
        m->indices = calloc(names + rule_set_size(set) + 1, sizeof *m->indices);
        if (!m->found_by || !m->buckets || !m->indices)
                return -ENOMEM;
        for (size_t i = 0; i < rule_set_size(set); i++)
                m->found_by[i] = found_by(rule_set_at(set, i));
        fill(m);
        *ret = TAKE(m);
        return 0;
}

Matcher *matcher_free(Matcher *matcher)
{
        if (matcher) {
                free(matcher->found_by);
                free(matcher->buckets);
                free(matcher->indices);
                free(matcher);
        }
        return NULL;
}

/* ---- matching ---- */

/* '*' is any characters; what was matched last by one may be made longer. */
static bool glob_matches(TextPart glob, TextPart text)
{
        size_t g = 0, t = 0, star = SIZE_MAX, from = 0;

        while (t < text.size) {
                if (g < glob.size && glob.text[g] == '*') {
                        star = g++;
                        from = t;
                } else if (g < glob.size && glob.text[g] == text.text[t]) {
                        g++;
                        t++;
                } else if (star != SIZE_MAX) {
                        g = star + 1;
                        t = ++from;
                } else {
                        return false;
                }
        }
        while (g < glob.size && glob.text[g] == '*')
                g++;
        return g == glob.size;
}

static bool regex_holds(const RuleSet *set, const RulePattern *pattern, TextPart text)
{
        const RuleExpression *e = pattern->expression;

        if (e->literal_size > 1 && !memmem(text.text, text.size, e->literal, e->literal_size))
                return false;
        const Regex *regex = rule_pattern_regex(set, pattern);
        return regex && regex_match(regex, text.text ? text.text : "", text.size);
}

static bool pattern_matches(const RuleSet *set, const RulePattern *pattern, TextPart text)
{
        TextPart wanted = text_part(pattern->text, pattern->size);

        switch ((RuleMatch)pattern->match) {
        case MATCH_EQUAL:
                return text_part_equal(wanted, text);
        case MATCH_GLOB:
                return glob_matches(wanted, text);
        case MATCH_CONTAINS:
                return text.size >= wanted.size && memmem(text.text, text.size, wanted.text, wanted.size);
        case MATCH_REGEX:
                return regex_holds(set, pattern, text);
        }
        return false;
}

static TextPart text_of(const char *text)
{
        return text ? text_part(text, strlen(text)) : (TextPart){0};
}

/* The same, of the patterns from `from` on. */
static bool holds_from(const RuleSet *set, const RuleCondition *condition, size_t from, const MatchInput *input)
{
        const RunCommand *command = input->command;
        TextPart text = {0}, other = {0};
        bool two = false;

        switch (condition->subject) {
        case SUBJECT_PROGRAMS:
                text = command->program;
                other = command->name;
                two = true;
                break;
        case SUBJECT_NAME:
                text = command->name;
                break;
        case SUBJECT_PROGRAM:
                text = command->program;
                break;
        case SUBJECT_CMDLINE:
                text = input->full;
                break;
        case SUBJECT_EXE:
                if (!command->exe.text)
                        return condition->negated;
                text = command->exe;
                break;
        case SUBJECT_PARENT:
                if (input->ret_parent)
                        *input->ret_parent = true;
                if (!input->parent)
                        return condition->negated;
                text = text_of(input->parent->major);
                other = text_of(input->parent->category);
                two = true;
                break;
        }
        for (size_t i = from; i < condition->n; i++)
                if (pattern_matches(set, &condition->patterns[i], text) ||
                    (two && pattern_matches(set, &condition->patterns[i], other)))
                        return !condition->negated;
        return condition->negated;
}

bool matcher_holds(const RuleSet *set, const RuleCondition *condition, const MatchInput *input)
{
        return holds_from(set, condition, 0, input);
}

/* `by_name`: the rule was found by one of its plain names. Else none of them is the program's. */
static bool rule_holds(const Matcher *m, size_t index, const MatchInput *input, bool by_name)
{
        const RuleCondition *names = m->found_by[index];
        const Rule *rule = rule_set_at(m->set, index);

        for (size_t i = 0; i < rule->n_conditions; i++) {
                const RuleCondition *c = &rule->conditions[i];
                if (c == names && by_name && c->subject == SUBJECT_PROGRAMS)
                        continue;
                if (!holds_from(m->set, c, c == names && !by_name ? c->n_equal : 0, input))
                        return false;
        }
        return true;
}

static size_t head(const Candidates *c, size_t at)
{
        return at < c->n ? c->rules[at] : SIZE_MAX;
}

/* The first place in the list whose rule is `from` or later. */
static size_t start(const Candidates *c, size_t from)
{
        size_t low = 0, high = c->n;

        while (low < high) {
                size_t middle = (low + high) / 2;
                if (c->rules[middle] < from)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static Candidates candidates(const Matcher *m, TextPart name)
{
        const Bucket *b = find(m, name);

        return (Candidates){m->indices + b->first, b->n};
}

static size_t next_in(Candidates list, size_t from)
{
        return head(&list, start(&list, from));
}

size_t matcher_other(const Matcher *m, size_t from)
{
        return next_in((Candidates){m->indices + m->others, m->n_others}, from);
}

size_t matcher_candidate(const Matcher *m, TextPart name, size_t from)
{
        size_t by_name = next_in(candidates(m, name), from);
        size_t by_program = next_in(candidates(m, program_normalise(name)), from);

        size_t named = MIN(by_name, by_program), other = matcher_other(m, from);

        return MIN(named, other);
}

size_t matcher_next(const Matcher *m, const MatchInput *input, size_t from)
{
        const RunCommand *command = input->command;
        bool two = !text_part_equal(command->name, command->program);
        const Candidates lists[3] = {
                candidates(m, command->program),
                two ? candidates(m, command->name) : (Candidates){0},
                {m->indices + m->others, m->n_others},
        };
        size_t at[3];

        for (size_t i = 0; i < 3; i++)
                at[i] = start(&lists[i], from);
        for (;;) {
                size_t next = SIZE_MAX;
                for (size_t i = 0; i < 3; i++)
                        next = MIN(next, head(&lists[i], at[i]));
                if (next == SIZE_MAX)
                        return SIZE_MAX;
                bool by_name = head(&lists[0], at[0]) == next || head(&lists[1], at[1]) == next;
                for (size_t i = 0; i < 3; i++)
                        at[i] += head(&lists[i], at[i]) == next;
                const Rule *rule = rule_set_at(m->set, next);
                if ((!command->script || rule_names_program(rule)) && rule_holds(m, next, input, by_name))
                        return next;
        }
}
