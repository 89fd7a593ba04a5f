/*
 * Command-line options, declared once per command: parsed, checked and shown by --help from
 * the same table. As getopt_long(3) users expect: -ofile, -o file, --output=file, --output
 * file, unique prefixes of long names, "--" ends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef enum OptionKind {
        OPTION_FLAG,     /* bool *: set true */
        OPTION_COUNT,    /* unsigned *: how often it was given */
        OPTION_TEXT,     /* const char ** */
        OPTION_LIST,     /* TextList *: each use appends */
        OPTION_DURATION, /* uint64_t * in ns: 50ms, 1.5h, bare seconds */
        OPTION_NUMBER,   /* uint64_t * */
        OPTION_PLACE,    /* const char **: as OPTION_TEXT, but "" where nothing or an option follows */
} OptionKind;

typedef struct TextList {
        const char **items; /* borrowed texts in an owned array */
        size_t n;
} TextList;

void text_list_done(TextList *list);

typedef struct Option {
        char letter;          /* 0: none */
        const char *name;     /* without dashes; NULL: none */
        const char *argument; /* shown in help: "DIR"; NULL for flags */
        const char *help;
        OptionKind kind;
        void *target;
} Option;

typedef struct Command {
        const char *name;
        const char *summary; /* one line, for `vigia --help` */
        const char *usage;   /* behind "vigia NAME ": "[OPTIONS] -- COMMAND…" */
        const char *details; /* paragraphs shown below the options; may be NULL */
        int (*run)(const struct Command *command, int argc, char **argv); /* → exit code */
} Command;

enum {
        EXIT_FINE = 0,
        EXIT_NO = 1,        /* the answer is "no" */
        EXIT_USAGE = 2,     /* bad usage or bad input file */
        EXIT_CANNOT = 3,    /* could not do it */
        EXIT_VIGIA = 125,   /* `run`: vigia itself failed */
};

/* Parses argv[1..]; words that are no options are moved to the front of *ret_words (an array of
 * pointers into argv, NULL-terminated, owned by the caller: free). With `stop_at_word` the first
 * such word ends the options (run's COMMAND). -h/--help prints to stdout and returns 1.
 * -EINVAL with one clear sentence that names the nearest option for a misspelt one. */
int options_parse(const Command *command, const Option *options, size_t n_options, int argc,
                  char **argv, bool stop_at_word, char ***ret_words, size_t *ret_n_words,
                  Error *err);

/* "vigia: SENTENCE" and a hint at --help on stderr; returns EXIT_USAGE. */
int usage_error(const Command *command, const Error *err);
