/* `vigia rules list`, `test`, `check`: rule files, and what they say of a command line. */
#include <errno.h>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/rules-show.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/nearest.h"

typedef struct Verb {
        const char *name;
        int (*run)(const RulesCommand *command, char *const *words, size_t n);
        size_t most; /* words behind it */
} Verb;

static const Verb verbs[] = {
        {"list", rules_list, 1},
        {"test", rules_test, SIZE_MAX},
        {"check", rules_check, SIZE_MAX},
};

static int dispatch(const Command *command, const RulesCommand *rules, char **words, size_t n)
{
        Error err = {0};

        if (n == 0) {
                error_set(&err, EINVAL, "rules: expected list, test or check");
                return usage_error(command, &err);
        }
        Nearest nearest = nearest_to(words[0]);
        for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++) {
                nearest_offer(&nearest, verbs[i].name);
                if (!text_equal(words[0], verbs[i].name))
                        continue;
                if (n - 1 <= verbs[i].most)
                        return verbs[i].run(rules, words + 1, n - 1);
                error_set(&err, EINVAL, "rules list: expected one FILE at most");
                return usage_error(command, &err);
        }
        char hint[NEAREST_HINT_MAX];
        error_set(&err, EINVAL, "rules: no verb %s%s", words[0],
                  nearest.best ? nearest_hint(&nearest, "", hint) : "; expected list, test or check");
        return usage_error(command, &err);
}

/* Without a file, the rules are those that a recording would take. */
static int choose(Configuration *c, const ConfigurationOptions *options, const char *verb, RulesCommand *rules,
                  bool named)
{
        Error err = {0};

        if (rules->file || named)
                return 0;
        int r = configuration_load(c, options, NULL, 0, &err);
        if (r == 0) {
                rules->file = configuration_path(c, "run.rules");
                return 0;
        }
        log_error("%s; %s", err.message,
                  options->file && text_equal(verb, "test") ? "a command line to test is one word, in quotes"
                                                            : "vigia config check tells more");
        return r == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
}

static int run(const Command *command, int argc, char **argv)
{
        RulesCommand rules = {0};
        ConfigurationOptions configuration = {0};
        const Option options[] = {
                {'r', "rules", "FILE", "these rules instead of the configured ones", OPTION_TEXT, &rules.file},
                {0, "parent", "CATEGORY", "test: what the parent is", OPTION_TEXT, &rules.parent},
                {0, "exe", "PATH", "test: the path of the program's file", OPTION_TEXT, &rules.exe},
                {0, "comm", "NAME", "test: what the process calls itself", OPTION_TEXT, &rules.comm},
                {0, "response", "TEXT", "test: what its response files (@FILE) hold", OPTION_TEXT, &rules.response},
                {0, "json", NULL, "as JSON", OPTION_FLAG, &rules.json},
                {'c', "config", "FILE", "configuration instead of the user's", OPTION_TEXT, &configuration.file},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words = 0;
        Configuration c = {0};
        Error err = {0};
        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words, &n_words, &err);

        if (r != 0)
                return r > 0 ? EXIT_FINE : usage_error(command, &err);
        bool test = n_words > 0 && text_equal(words[0], "test");
        if (test && n_words == 1 && !rules.exe && !rules.comm) {
                error_set(&err, EINVAL, "rules test: expected 'CMDLINE', or - for lines of standard input");
                return usage_error(command, &err);
        }
        int code = choose(&c, &configuration, test ? words[0] : "", &rules, n_words == 0 || (n_words > 1 && !test));
        if (code == 0)
                code = dispatch(command, &rules, words, n_words);
        configuration_done(&c);
        return code;
}

const Command command_rules = {
        .name = "rules",
        .summary = "what each process is for: test, check and list the rules",
        .usage = "list [FILE] | test [OPTIONS] 'CMDLINE'… | check [FILE…]",
        .details = "test tells the category of a command line (in quotes: it is one word), the rule\n"
                   "that won and those it beat; with - it reads lines and prints major category,\n"
                   "tab, category. check tells what is wrong (exit 2) or doubtful (exit 1) with\n"
                   "files. A FILE is a path or \"builtin\"; without one, the rules are those of the\n"
                   "configuration.",
        .run = run,
};
