/*
 * What a process runs in the end, as rules see it: wrappers are seen through, and what an interpreter
 * runs is a command, too. All parts are parts of the words handed in. Pure functions of them.
 */
#pragma once

#include <stdbool.h>

#include "base/text-part.h"
#include "rules/wrappers.h"
#include "table/label.h"

typedef struct RunCommand {
        TextPart name;    /* of the program, without its directory */
        TextPart program; /* normalised */
        TextPart line;    /* the command line; of an unknown one, the name */
        TextPart exe;     /* path of the file, if known */
        bool script;      /* asked only of rules that name a program */
        size_t depth;     /* how many wrappers were seen through to it */
} RunCommand;

enum {
        RUN_COMMANDS_MAX = 3,
        WRAPPERS_MAX = 16,
        COMMAND_LINE_MAX = 8192, /* bytes looked at */
};

/* What it may be, the most telling first; the last is no script. */
typedef struct RunCommands {
        RunCommand items[RUN_COMMANDS_MAX];
        size_t n; /* at least 1 */
        TextPart wrappers[WRAPPERS_MAX]; /* names of what was seen through, outermost first */
        size_t n_wrappers;
} RunCommands;

void run_commands_see(const Wrappers *wrappers, const LabelWords *words, RunCommands *ret);
