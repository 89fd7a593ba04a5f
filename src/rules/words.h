/* A command line as words between blanks, and the options in front of what is meant. */
#pragma once

#include "base/text-part.h"

/* Takes the next word off *rest; an empty one at the end. Tabs and newlines, of scripts, are blanks, too. */
TextPart word_next(TextPart *rest);

/* How a program's options are laid out. Lists have blanks between and around their words. */
typedef struct OptionShape {
        const char *names;   /* normalised names of the programs */
        const char *letters; /* options that take a value, "" none */
        const char *longs;   /* the same, with their dashes, where the value is a word of its own; "" none */
        const char *stops;   /* letters with which nothing else is run; "" none */
        const char *script;  /* letters and long options behind which a shell's script stands: " c --run " */
        const char *prefix;  /* words that must come first: "-E env"; "" none */
        unsigned operands;   /* words in front of the command */
        bool assignments;    /* NAME=VALUE may stand in front of it */
        bool plain;          /* whoever has options does something else */
        bool plus;           /* options may begin with a plus, too */
        bool at;             /* @FILE holds more options */
        bool attached;       /* what stands behind a letter of `script` may be its value */
} OptionShape;

typedef enum OptionsEnd {
        OPTIONS_NOTHING, /* nothing is run */
        OPTIONS_COMMAND, /* *rest is a command */
        OPTIONS_SCRIPT,  /* *rest is a shell's script */
} OptionsEnd;

/* Takes the options, operands and assignments off *rest, which begins behind the program's name. */
OptionsEnd options_skip(const OptionShape *shape, TextPart *rest);

/* Whether it is NAME=VALUE. */
bool word_is_assignment(TextPart word);
