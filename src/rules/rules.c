/* words → commands → rule → label; a cache in front. */
#include "rules/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "rules/explain.h"
#include "rules/label-cache.h"
#include "rules/label-table.h"
#include "rules/matcher.h"

/* Raised when the same rules would give other labels. */
enum { ENGINE_VERSION = 1, FULL_MAX = 16 << 10 };

/* What a rule gives. */
typedef struct Result {
        const Label *label;    /* of what has no $program in it, or when there are too many */
        const char *major, *category;
        bool made;
} Result;

struct Rules {
        RuleSet *set;
        Matcher *matcher;
        LabelTable *labels;
        LabelCache *cache;
        Wrappers *wrappers;
        Result *results; /* by rule of the set */
        bool parents;
        Buffer full;     /* a command line with what is in its response files */
};

static const Label other = {"Other", "Other_Other"};

static int make_result(Rules *rules, const Rule *rule, Result *ret)
{
        bool made = strstr(rule->category, "$program") != NULL;
        _cleanup_string_ String otherwise = {0};

        string_add_format(&otherwise, "%s_Other", rule->major);
        if (otherwise.failed)
                return -ENOMEM;
        const Label *label = label_table_get(rules->labels, rule->major,
                                             made ? string_get(&otherwise) : rule->category);
        *ret = (Result){label, rule->major, rule->category, made};
        return label ? 0 : -ENOMEM;
}

static int prepare(Rules *rules)
{
        size_t n = rule_set_size(rules->set);
        int r = matcher_new(rules->set, &rules->matcher);

        if (r == 0)
                r = label_table_new(&rules->labels);
        if (r == 0)
                r = label_cache_new(&rules->cache);
        if (r == 0)
                r = wrappers_new(&rules->wrappers);
        if (r == 0 && !(rules->results = calloc(n + 1, sizeof *rules->results)))
                r = -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; i++) {
                const Rule *rule = rule_set_at(rules->set, i);
                for (size_t c = 0; c < rule->n_conditions; c++)
                        rules->parents |= rule->conditions[c].subject == SUBJECT_PARENT;
                r = make_result(rules, rule, &rules->results[i]);
        }
        return r;
}

int rules_new(RuleSet *set, Rules **ret)
{
        _cleanup_(rules_freep) Rules *rules = calloc(1, sizeof *rules);

        if (!rules) {
                rule_set_free(set);
                return -ENOMEM;
        }
        rules->set = set;
        int r = prepare(rules);
        if (r == 0)
                *ret = TAKE(rules);
        return r;
}

int rules_load(const char *name, Rules **ret, Error *err)
{
        _cleanup_(rule_set_freep) RuleSet *set = NULL;
        int r = rule_set_read(name, &set);

        if (r == 0)
                r = rule_set_check(set, err);
        if (r == -EINVAL)
                return r;
        if (r == 0)
                r = rules_new(TAKE(set), ret);
        return r < 0 ? error_set(err, ENOMEM, "rules: out of memory") : 0;
}

Rules *rules_free(Rules *rules)
{
        if (rules) {
                matcher_free(rules->matcher);
                label_table_free(rules->labels);
                label_cache_free(rules->cache);
                wrappers_free(rules->wrappers);
                rule_set_free(rules->set);
                buffer_done(&rules->full);
                free(rules->results);
                free(rules);
        }
        return NULL;
}

RuleSet *rules_set(Rules *rules)
{
        return rules->set;
}

bool rules_use_parents(const Rules *rules)
{
        return rules->parents;
}

/* ---- labels ---- */

/* The command line, and what is in its response files. Without memory, only the line. */
static TextPart full_line(Rules *rules, const RunCommand *command, const char *response)
{
        TextPart line = command->line;
        size_t n = response ? strnlen(response, FULL_MAX - COMMAND_LINE_MAX - 1) : 0;

        buffer_clear(&rules->full);
        if (n == 0 || buffer_append(&rules->full, line.text, line.size) < 0 ||
            buffer_append_byte(&rules->full, ' ') < 0 || buffer_append(&rules->full, response, n) < 0)
                return line;
        return text_part((const char *)rules->full.data, rules->full.size);
}

/* The first rule for what the process may be; SIZE_MAX: none, and *ret is the process. `parent`, which
 * may be NULL, is set if that depends on the parent. */
static size_t decide(Rules *rules, const LabelWords *words, const RunCommands *commands, MatchInput *ret,
                     bool *parent)
{
        size_t found = SIZE_MAX;

        for (size_t i = 0; i < commands->n && found == SIZE_MAX; i++) {
                *ret = (MatchInput){
                        .command = &commands->items[i],
                        .full = full_line(rules, &commands->items[i], words->response),
                        .parent = words->parent,
                        .ret_parent = parent,
                };
                found = matcher_next(rules->matcher, ret, 0);
        }
        return found;
}

static const Label *result_label(Rules *rules, size_t found, const RunCommand *command)
{
        if (found == SIZE_MAX)
                return label_table_make(rules->labels, "Other", "Other_$program", command->program, &other);
        const Result *result = &rules->results[found];
        if (!result->made)
                return result->label;
        return label_table_make(rules->labels, result->major, result->category, command->program, result->label);
}

/* Where the parent does not matter, what is kept of one process is right for the same under any other. */
static const Label *cached_label(Rules *rules, const LabelWords *words, bool *ret_room, bool *ret_alone)
{
        *ret_room = label_cache_ask(rules->cache, words, false);
        const Label *label = *ret_room ? label_cache_get(rules->cache, ret_alone) : NULL;
        if (label && (*ret_alone || !words->parent))
                return label;
        *ret_alone = false;
        if (!words->parent || !rules->parents || !*ret_room)
                return NULL;
        *ret_room = label_cache_ask(rules->cache, words, true);
        return *ret_room ? label_cache_get(rules->cache, NULL) : NULL;
}

const Label *rules_label(const LabelWords *words, void *data)
{
        Rules *rules = data;
        bool room, parent = false, alone = false;
        const Label *label = cached_label(rules, words, &room, &alone);
        RunCommands commands;
        MatchInput input;

        if (!label) {
                run_commands_see(rules->wrappers, words, &commands);
                size_t found = decide(rules, words, &commands, &input, &parent);
                label = result_label(rules, found, input.command);
                alone = !parent;
                if (room && label_cache_ask(rules->cache, words, parent))
                        label_cache_put(rules->cache, label, alone);
        }
        if (words->ret_alone)
                *words->ret_alone = alone;
        return label;
}

void rules_explain(Rules *rules, const LabelWords *words, Explanation *ret)
{
        MatchInput input;

        *ret = (Explanation){0};
        run_commands_see(rules->wrappers, words, &ret->commands);
        size_t found = decide(rules, words, &ret->commands, &input, NULL);
        ret->asked = input.command;
        ret->label = result_label(rules, found, input.command);
        if (found == SIZE_MAX)
                return;
        ret->rule = rule_set_at(rules->set, found);
        while ((found = matcher_next(rules->matcher, &input, found + 1)) != SIZE_MAX) {
                if (ret->n_beaten < EXPLAIN_BEATEN_MAX)
                        ret->beaten[ret->n_beaten] = rule_set_at(rules->set, found);
                ret->n_beaten++;
        }
}

/* ---- fingerprint ---- */

/* FNV-1a: the same on every machine and in every process. */
static void mix(uint64_t *hash, const void *data, size_t size)
{
        const uint8_t *p = data;

        for (size_t i = 0; i < size; i++)
                *hash = (*hash ^ p[i]) * 0x100000001b3ull;
}

static void mix_text(uint64_t *hash, const char *text)
{
        mix(hash, text, strlen(text) + 1);
}

uint64_t rules_fingerprint(const Rules *rules)
{
        uint64_t hash = 0xcbf29ce484222325ull;
        uint8_t kinds[3] = {ENGINE_VERSION};

        mix(&hash, kinds, 1);
        for (size_t i = 0; i < rule_set_size(rules->set); i++) {
                const Rule *rule = rule_set_at(rules->set, i);
                mix_text(&hash, rule->major);
                mix_text(&hash, rule->category);
                for (size_t c = 0; c < rule->n_conditions; c++) {
                        const RuleCondition *condition = &rule->conditions[c];
                        kinds[0] = (uint8_t)condition->subject;
                        kinds[1] = condition->negated;
                        for (size_t p = 0; p < condition->n; p++) {
                                kinds[2] = (uint8_t)condition->patterns[p].match;
                                mix(&hash, kinds, sizeof kinds);
                                mix_text(&hash, condition->patterns[p].text);
                        }
                        mix_text(&hash, "");
                }
                mix_text(&hash, "");
        }
        return hash;
}
