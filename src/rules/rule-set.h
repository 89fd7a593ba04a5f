/*
 * Rule files as they were read: rules in the order in which they are asked, and notes about all that is
 * wrong. docs/rules.md is the format. The set owns everything; texts have a NUL byte behind them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/regex.h"
#include "config/toml.h"

enum {
        RULE_FILE_BYTES_MAX = 1 << 20,
        RULE_FILES_MAX = 64,
        RULE_DEPTH_MAX = 8,       /* includes within one another */
        RULES_MAX = 4096,         /* of all files */
        RULE_PATTERNS_MAX = 65536, /* of all files */
        RULE_PATTERN_BYTES_MAX = 4096,
        RULE_LABEL_BYTES_MAX = 100,
        RULE_CONDITIONS_MAX = 6,
        RULE_NOTES_MAX = 100,     /* kept; all are counted */
        RULE_PRIORITY_DEFAULT = 1000,
};

typedef enum RuleSubject {
        SUBJECT_PROGRAMS, /* the name as it is, or normalised */
        SUBJECT_NAME,
        SUBJECT_PROGRAM,
        SUBJECT_CMDLINE,
        SUBJECT_EXE,
        SUBJECT_PARENT,   /* major or category of the parent */
} RuleSubject;

typedef enum RuleMatch {
        MATCH_EQUAL,
        MATCH_GLOB, /* '*' stands for any characters */
        MATCH_CONTAINS,
        MATCH_REGEX,
} RuleMatch;

typedef struct RuleExpression {
        /* What must stand in all that it matches; size 0: unknown. */
        const char *literal;
        size_t literal_size;
        Regex *regex;   /* owned; once it was needed */
} RuleExpression;

/* There may be thousands: small. */
typedef struct RulePattern {
        const char *text;
        uint16_t size;
        uint16_t match; /* a RuleMatch */
        TomlPlace place;
        RuleExpression *expression; /* of MATCH_REGEX; else NULL */
} RulePattern;

/* Holds if one of the patterns matches the subject; `negated`: if none does. */
typedef struct RuleCondition {
        const char *key; /* as it is called in the file */
        RuleSubject subject;
        bool negated;
        RulePattern *patterns; /* first those of MATCH_EQUAL */
        size_t n, n_equal;
} RuleCondition;

typedef struct RuleFile {
        const char *name;    /* as shown */
        bool builtin;
        uint64_t device, inode; /* of a file that is not built in */
        size_t depth;        /* of includes; the first file: 0 */
        const struct RuleFile *parent; /* who included it */
} RuleFile;

typedef struct Rule {
        const char *major, *category;
        const char *comment; /* NULL: none */
        int64_t priority;
        bool has_priority;
        const RuleFile *file;
        TomlPlace place;
        RuleCondition conditions[RULE_CONDITIONS_MAX];
        size_t n_conditions;
        size_t sequence; /* place among all */
} Rule;

typedef struct RuleNote {
        bool problem;         /* else a warning: the file can be used */
        const char *file;
        TomlPlace place;      /* 0, 0: none */
        const char *sentence; /* whole: "FILE:LINE:COL: what is wrong; what was expected" */
        size_t where;         /* how much of it is the place, with its colon */
} RuleNote;

typedef struct RuleSet RuleSet;

/* Reads "builtin" (or NULL) or a path. All that is wrong is a note; 0 all the same, or -ENOMEM. */
int rule_set_read(const char *name, RuleSet **ret);
/* The same for a text that includes at most what is built in. */
int rule_set_read_text(const char *name, const char *text, size_t size, RuleSet **ret);
RuleSet *rule_set_free(RuleSet *set);
DEFINE_CLEANUP(RuleSet, rule_set)

size_t rule_set_size(const RuleSet *set);
Rule *rule_set_at(const RuleSet *set, size_t i); /* in the order of asking */

size_t rule_set_n_notes(const RuleSet *set);
const RuleNote *rule_set_note(const RuleSet *set, size_t i);
size_t rule_set_n_problems(const RuleSet *set); /* all, kept or not */
size_t rule_set_n_warnings(const RuleSet *set);
/* -EINVAL with the first problem's sentence and how many more there are, or 0. */
int rule_set_check(const RuleSet *set, Error *err);

/* Adds a warning at a place of a file. */
void rule_set_warn(RuleSet *set, const RuleFile *file, TomlPlace place, const char *format, ...) _printf_(4, 5);

/* For matching: lives as long as the set. */
RegexRoom *rule_set_room(const RuleSet *set);
/* Compiles the pattern's expression, if that was not done yet. NULL: it cannot be. */
Regex *rule_pattern_regex(const RuleSet *set, const RulePattern *pattern);

/* "FILE:LINE" of a rule. */
void rule_place_format(const Rule *rule, char *to, size_t size);
