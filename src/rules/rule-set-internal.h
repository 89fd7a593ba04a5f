/* What the files of rule sets share. */
#pragma once

#include "base/arena.h"
#include "rules/rule-set.h"
#include "base/text-part.h"

struct RuleSet {
        Rule **rules;
        size_t n_rules, n_patterns;
        RuleFile *files[RULE_FILES_MAX];
        size_t n_files;
        RuleNote notes[RULE_NOTES_MAX];
        size_t n_notes, n_problems, n_warnings;
        RegexRoom *room;
        Arena memory; /* all that is handed out */
        bool full;         /* a bound was met and told of */
};

/* A file while it is read. */
typedef struct RuleReading {
        RuleSet *set;
        const RuleFile *file;
        const char *text; /* the file's */
        size_t size;
        const TomlDocument *document;
        bool no_files; /* only what is built in may be included */
} RuleReading;

/* A problem at a place. Returns -EINVAL. */
int rule_set_problem(RuleSet *set, const RuleFile *file, TomlPlace place, const char *format, ...) _printf_(4, 5);

/* rule-fields.c: one [[rules]] table. 0, -EINVAL with notes, -ENOMEM. */
int rule_read(const RuleReading *reading, const TomlValue *table);

/* rule-pattern.c: a text as a pattern of a rule. 0, -EINVAL with a note, -ENOMEM. */
int rule_pattern_read(const RuleReading *reading, const TomlValue *value, RuleMatch match, RulePattern *ret);
/* Where the n-th byte of a text stands in the file; the text's own place where that cannot be told. */
TomlPlace rule_text_place(const RuleReading *reading, const TomlValue *value, size_t n);
/* The longest text that must be in all that an expression matches; size 0: unknown. */
TextPart rule_pattern_literal(TextPart pattern);

/* rule-file.c: a file and what it includes. 0 or -ENOMEM. */
int rule_file_read(RuleSet *set, const char *name);
int rule_file_read_text(RuleSet *set, const char *name, const char *text, size_t size);
