/* Proofs: implication between conditions for rules that never win; samples for rules that disagree and
 * for expressions that take their time. */
#include "rules/rule-check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/matcher.h"
#include "rules/program-name.h"
#include "rules/regex-sample.h"
#include "rules/rule-set-internal.h"

enum {
        PAIRS_MAX = 100000,      /* of rules for which a command line is looked for that both match */
        SLOW_TEXT = 1000,        /* characters of a text that is tried */
        SLOW_STEPS = 100000,     /* on it: a hundred for each character */
        NAMES_SHOWN = 3,
};

static TextPart text_of(const RulePattern *p)
{
        return text_part(p->text, p->size);
}

static bool same_pattern(const RulePattern *a, const RulePattern *b)
{
        return a->match == b->match && text_part_equal(text_of(a), text_of(b));
}

/* ---- implication ---- */

/* Whether a text that is all we know of the subject satisfies the pattern. */
static bool text_satisfies(const RuleSet *set, RulePattern *pattern, RuleSubject subject, TextPart text)
{
        RuleCondition condition = {.subject = subject, .patterns = pattern, .n = 1};
        RunCommand command = {.name = text, .program = text, .line = text, .exe = text};
        MatchInput input = {.command = &command, .full = text};

        if (subject == SUBJECT_PARENT)
                return pattern->match == MATCH_EQUAL && text_part_equal(text_of(pattern), text);
        return matcher_holds(set, &condition, &input);
}

/* Whether what satisfies pattern b of subject `from` satisfies pattern a of subject `to`. */
static bool pattern_implies(const RuleSet *set, RuleSubject from, const RulePattern *b, RuleSubject to,
                            RulePattern *a)
{
        if (from == to || (to == SUBJECT_PROGRAMS && (from == SUBJECT_NAME || from == SUBJECT_PROGRAM))) {
                if (same_pattern(a, b))
                        return true;
                if (b->match == MATCH_EQUAL)
                        return text_satisfies(set, a, to, text_of(b));
                return b->match == MATCH_CONTAINS && a->match == MATCH_CONTAINS &&
                       memmem(b->text, b->size, a->text, a->size);
        }
        /* A name determines the normalised one. */
        if (from == SUBJECT_NAME && to == SUBJECT_PROGRAM && b->match == MATCH_EQUAL)
                return text_satisfies(set, a, to, program_normalise(text_of(b)));
        return false;
}

/* Whether condition a holds whenever b does; of b only pattern `only`, SIZE_MAX: all. */
static bool condition_implies(const RuleSet *set, const RuleCondition *b, size_t only, const RuleCondition *a)
{
        if (a->negated != b->negated)
                return false;
        if (a->negated) { /* none of b's matches: then none of a's, if each of them is one of b's */
                if (a->subject != b->subject)
                        return false;
                for (size_t i = 0; i < a->n; i++) {
                        bool found = false;
                        for (size_t k = 0; k < b->n && !found; k++)
                                found = same_pattern(&a->patterns[i], &b->patterns[k]);
                        if (!found)
                                return false;
                }
                return true;
        }
        for (size_t k = 0; k < b->n; k++) {
                bool found = only != SIZE_MAX && k != only;
                for (size_t i = 0; i < a->n && !found; i++)
                        found = pattern_implies(set, b->subject, &b->patterns[k], a->subject, &a->patterns[i]);
                if (!found)
                        return false;
        }
        return true;
}

/* Whether a matches whenever b does, of whose condition `names` only one pattern is looked at. */
static bool rule_covers(const RuleSet *set, const Rule *a, const Rule *b, const RuleCondition *names, size_t only)
{
        if (!rule_names_program(a) && rule_names_program(b))
                return false; /* scripts ask b, but not a */
        for (size_t i = 0; i < a->n_conditions; i++) {
                bool found = false;
                for (size_t k = 0; k < b->n_conditions && !found; k++) {
                        const RuleCondition *of = &b->conditions[k];
                        found = condition_implies(set, of, of == names ? only : SIZE_MAX, &a->conditions[i]);
                }
                if (!found)
                        return false;
        }
        return true;
}

static bool same_label(const Rule *a, const Rule *b)
{
        return text_equal(a->major, b->major) && text_equal(a->category, b->category);
}

/* ---- rules that never win ---- */

typedef struct Doubts {
        RuleSet *set;
        Matcher *matcher;
        size_t pairs;
        size_t band; /* the first rule of the priority that is looked at */
} Doubts;

typedef struct Names {
        String shown;
        size_t n;
        const Rule *first; /* who takes the first of them */
} Names;

static void tell_never(RuleSet *set, const Rule *rule, const Rule *by)
{
        char place[512];

        rule_place_format(by, place, sizeof place);
        if (same_label(rule, by))
                rule_set_warn(set, rule->file, rule->place, "never wins: %s, of the same category, matches all "
                              "that it matches; remove one of them", place);
        else
                rule_set_warn(set, rule->file, rule->place, "never wins: %s (%.40s / %.40s) is asked first and matches "
                              "all that it matches; expected a higher priority, or more conditions there", place,
                              by->major, by->category);
}

/* The next rule that may match what `rule` does: with this name; NULL: with its first plain one, if any. */
static size_t next_rival(const Doubts *d, const Rule *rule, const RulePattern *name, size_t from)
{
        const RuleCondition *names = rule_plain_names(rule);

        if (!name && names)
                name = &names->patterns[0];
        return name ? matcher_candidate(d->matcher, text_of(name), from) : matcher_other(d->matcher, from);
}

/* The earlier rule that takes all with this name; `only` SIZE_MAX: all at all. */
static const Rule *find_taker(const Doubts *d, size_t at, const RuleCondition *names, size_t only)
{
        const Rule *rule = rule_set_at(d->set, at);
        const RulePattern *name = names ? &names->patterns[only] : NULL;

        for (size_t i = next_rival(d, rule, name, 0); i < at; i = next_rival(d, rule, name, i + 1))
                if (rule_covers(d->set, rule_set_at(d->set, i), rule, names, only))
                        return rule_set_at(d->set, i);
        return NULL;
}

static void find_dead_names(const Doubts *d, size_t at, const RuleCondition *names, Names *dead)
{
        for (size_t i = 0; i < names->n; i++) {
                const Rule *by = find_taker(d, at, names, i);
                if (!by)
                        continue;
                if (dead->n++ < NAMES_SHOWN)
                        string_add_format(&dead->shown, "%s%.40s", dead->n > 1 ? ", " : "", names->patterns[i].text);
                if (!dead->first)
                        dead->first = by;
        }
}

/* Whether there was something to tell. */
static bool doubt_wins(const Doubts *d, size_t at)
{
        RuleSet *set = d->set;
        const Rule *rule = rule_set_at(set, at), *by = find_taker(d, at, NULL, SIZE_MAX);
        const RuleCondition *names = rule_plain_names(rule);
        Names dead = {0};
        char place[512];

        if (by) {
                tell_never(set, rule, by);
                return true;
        }
        if (!names || names->n > 1024)
                return false;
        find_dead_names(d, at, names, &dead);
        if (dead.n > 0) {
                rule_place_format(dead.first, place, sizeof place);
                if (dead.n == names->n)
                        rule_set_warn(set, rule->file, rule->place, "never wins: each of its names is taken by a rule "
                                      "that is asked first, %s by %s", names->patterns[0].text, place);
                else
                        rule_set_warn(set, rule->file, names->patterns[0].place, "%s%s never wins here: %s is asked first",
                                      string_get(&dead.shown), dead.n > NAMES_SHOWN ? ", …" : "", place);
        }
        string_done(&dead.shown);
        return dead.n > 0;
}

/* ---- rules that disagree ---- */

/* What the pattern may match, appended. */
static void add_sample(const RulePattern *p, String *to)
{
        if (p->match == MATCH_REGEX)
                regex_sample(text_of(p), to);
        else if (p->match == MATCH_GLOB)
                for (size_t i = 0; i < p->size; i++)
                        string_add_char(to, p->text[i] == '*' ? 'x' : p->text[i]);
        else
                string_add_bytes(to, p->text, p->size);
}

static const RuleCondition *condition_of(const Rule *rule, RuleSubject from, RuleSubject to)
{
        for (size_t i = 0; i < rule->n_conditions; i++)
                if (rule->conditions[i].subject >= from && rule->conditions[i].subject <= to &&
                    !rule->conditions[i].negated)
                        return &rule->conditions[i];
        return NULL;
}

static void add_line(const Rule *rule, String *to)
{
        const RuleCondition *c = condition_of(rule, SUBJECT_CMDLINE, SUBJECT_CMDLINE);

        if (!c)
                return;
        if (to->size > 0)
                string_add_char(to, ' ');
        add_sample(&c->patterns[0], to);
}

static bool all_hold(const RuleSet *set, const Rule *rule, const MatchInput *input)
{
        for (size_t i = 0; i < rule->n_conditions; i++)
                if (!matcher_holds(set, &rule->conditions[i], input))
                        return false;
        return true;
}

/* Whether a command of this name, and of the two rules' samples in this order, is matched by both. `named`:
 * the samples come with the name. */
static bool try_order(const RuleSet *set, const Rule *a, const Rule *b, const char *name, const Rule *first,
                      const Rule *second, bool named, String *witness)
{
        _cleanup_string_ String exe = {0};
        const RuleCondition *path = condition_of(a, SUBJECT_EXE, SUBJECT_EXE);
        const RuleCondition *parent = condition_of(a, SUBJECT_PARENT, SUBJECT_PARENT);

        path = path ? path : condition_of(b, SUBJECT_EXE, SUBJECT_EXE);
        parent = parent ? parent : condition_of(b, SUBJECT_PARENT, SUBJECT_PARENT);
        string_clear(witness);
        string_add(witness, named ? "" : name);
        add_line(first, witness);
        add_line(second, witness);
        if (witness->size == 0)
                string_add(witness, name);
        if (path)
                add_sample(&path->patterns[0], &exe);
        TextPart base = text_part(name, strlen(name));
        RunCommand command = {
                .name = base,
                .program = program_normalise(base),
                .line = text_part(string_get(witness), witness->size),
                .exe = text_part(string_get(&exe), exe.size),
        };
        Label label = {parent ? parent->patterns[0].text : "", ""};
        MatchInput input = {.command = &command, .full = command.line, .parent = &label};
        return command.program.size > 0 && all_hold(set, a, &input) && all_hold(set, b, &input);
}

static bool try_witness(const RuleSet *set, const Rule *a, const Rule *b, const char *name, String *witness)
{
        return try_order(set, a, b, name, a, b, false, witness) || try_order(set, a, b, name, b, a, false, witness) ||
               try_order(set, a, b, name, a, b, true, witness) || try_order(set, a, b, name, b, a, true, witness);
}

static bool find_witness(const RuleSet *set, const Rule *a, const Rule *b, String *witness)
{
        const Rule *rules[2] = {a, b};

        for (size_t r = 0; r < 2; r++) {
                const RuleCondition *names = condition_of(rules[r], SUBJECT_PROGRAMS, SUBJECT_PROGRAM);
                size_t n = names ? MIN(names->n, (size_t)512) : 1;
                for (size_t i = 0; i < n; i++) {
                        _cleanup_string_ String name = {0};
                        if (names)
                                add_sample(&names->patterns[i], &name);
                        const char *text = string_get(&name);
                        if (strpbrk(text, "/ ") || (!names && r == 0))
                                continue;
                        if (try_witness(set, a, b, text, witness))
                                return true;
                }
        }
        return !condition_of(a, SUBJECT_PROGRAMS, SUBJECT_PROGRAM) &&
               !condition_of(b, SUBJECT_PROGRAMS, SUBJECT_PROGRAM) &&
               try_witness(set, a, b, "x", witness);
}

/* Whether the two are of one author, who gave both the same priority, and disagree. */
static bool may_disagree(const Rule *earlier, const Rule *rule)
{
        return earlier->has_priority && rule->has_priority && earlier->priority == rule->priority &&
               (earlier->file == rule->file || (earlier->file->builtin && rule->file->builtin)) &&
               !same_label(earlier, rule);
}

static bool doubt_pair(Doubts *d, const Rule *earlier, const Rule *rule)
{
        _cleanup_string_ String witness = {0};
        char place[512];

        if (!may_disagree(earlier, rule) || ++d->pairs > PAIRS_MAX || rule_covers(d->set, earlier, rule, NULL, SIZE_MAX) ||
            !find_witness(d->set, earlier, rule, &witness))
                return false;
        rule_place_format(earlier, place, sizeof place);
        rule_set_warn(d->set, rule->file, rule->place, "same priority as %s (%.40s / %.40s), and both match '%.80s'; "
                      "expected different priorities where the categories differ", place, earlier->major,
                      earlier->category, string_get(&witness));
        return true;
}

/* An earlier rule of the same priority and another label that matches something that this one matches,
 * too. The first is enough. */
static void doubt_order(Doubts *d, size_t at)
{
        const Rule *rule = rule_set_at(d->set, at);
        const RuleCondition *names = rule_plain_names(rule);

        if (!names) {
                for (size_t i = d->band; i < at; i++)
                        if (doubt_pair(d, rule_set_at(d->set, i), rule))
                                return;
                return;
        }
        for (size_t p = 0; p < names->n; p++) {
                const RulePattern *name = &names->patterns[p];
                for (size_t i = next_rival(d, rule, name, d->band); i < at; i = next_rival(d, rule, name, i + 1))
                        if (doubt_pair(d, rule_set_at(d->set, i), rule))
                                return;
        }
}

/* ---- expressions ---- */

/* Most of the text is the piece. */
static bool is_slow(const RulePattern *p, const char *before, const char *piece, const char *behind)
{
        _cleanup_string_ String text = {0};

        string_add(&text, before);
        while (text.size < SLOW_TEXT && !text.failed)
                string_add(&text, piece);
        string_add(&text, behind);
        string_add_char(&text, '\x01'); /* nothing asks for that */
        return regex_steps(p->text, string_get(&text), text.size, SLOW_STEPS) >= SLOW_STEPS;
}

/* The sample, its mirror image and its last character: what an expression needs, where it does not want it. */
static const char *piece_at(size_t i, const String *sample, String *piece)
{
        static const char *const pieces[] = {"a", " ", "0", "-", "/", "a ", "-a ", "/a", ".o ", "a.a", "_a0", "="};
        size_t n = sample->size;

        if (i < ARRAY_LENGTH(pieces))
                return pieces[i];
        string_clear(piece);
        if (n > 0 && i == ARRAY_LENGTH(pieces))
                string_add(piece, sample->text);
        else if (n > 0 && i == ARRAY_LENGTH(pieces) + 1)
                while (n > 0)
                        string_add_char(piece, sample->text[--n]);
        else if (n > 0 && i == ARRAY_LENGTH(pieces) + 2)
                string_add_char(piece, sample->text[n - 1]);
        else if (i >= ARRAY_LENGTH(pieces) + 3)
                return NULL;
        return string_get(piece);
}

static void doubt_speed(RuleSet *set, const Rule *rule, const RulePattern *p)
{
        _cleanup_string_ String sample = {0}, kept = {0};
        const char *piece;

        add_sample(p, &sample);
        const char *needs = string_get(&sample);
        for (size_t i = 0; (piece = piece_at(i, &sample, &kept)) != NULL; i++) {
                if (!*piece || (!is_slow(p, "", piece, "") && !is_slow(p, needs, piece, "") &&
                                !is_slow(p, "", piece, needs) && !is_slow(p, needs, piece, needs)))
                        continue;
                rule_set_warn(set, rule->file, p->place, "slow: more than %d steps for %d characters of '%.20s…'; expected no "
                              "repeat inside a repeat, and none in front", SLOW_STEPS, SLOW_TEXT, piece);
                return;
        }
}

static int doubt_pattern(RuleSet *set, const Rule *rule, const RuleCondition *c, RulePattern *p)
{
        size_t offset = 0;
        Error why = {0};

        if (p->match == MATCH_REGEX) {
                Regex *regex = NULL;
                int r = regex_new_in(rule_set_room(set), p->text, &regex, &offset, &why);
                regex_free(regex);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        rule_set_problem(set, rule->file, p->place, "regular expression, at byte %zu: %s; "
                                         "expected one of PCRE2", offset + 1, why.message);
                else
                        doubt_speed(set, rule, p);
        } else if (c->subject <= SUBJECT_PROGRAM && p->match == MATCH_EQUAL && strpbrk(p->text, "/ ")) {
                rule_set_warn(set, rule->file, p->place, "'%.60s' matches no program; expected a name without '/' and "
                              "blanks", p->text);
        } else if (c->subject == SUBJECT_PROGRAM && p->match == MATCH_EQUAL &&
                   !text_part_equal(program_normalise(text_of(p)), text_of(p))) {
                rule_set_warn(set, rule->file, p->place, "'%.60s' matches no program; expected a normalised name",
                              p->text);
        }
        return 0;
}

static int doubt_rule(Doubts *d, size_t at)
{
        const Rule *rule = rule_set_at(d->set, at);

        if (strstr(rule->major, "$program"))
                rule_set_warn(d->set, rule->file, rule->place, "$program is not replaced in major_category");
        for (size_t c = 0; c < rule->n_conditions; c++)
                for (size_t p = 0; p < rule->conditions[c].n; p++)
                        if (doubt_pattern(d->set, rule, &rule->conditions[c], &rule->conditions[c].patterns[p]) < 0)
                                return -ENOMEM;
        if (rule->priority != rule_set_at(d->set, d->band)->priority)
                d->band = at;
        if (!doubt_wins(d, at))
                doubt_order(d, at);
        return 0;
}

int rule_set_doubt(RuleSet *set)
{
        Doubts d = {.set = set};
        int r = matcher_new(set, &d.matcher);

        for (size_t i = 0; r == 0 && i < rule_set_size(set); i++)
                r = doubt_rule(&d, i);
        matcher_free(d.matcher);
        return r;
}
