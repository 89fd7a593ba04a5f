/* Advice in a few lines, for where people look anyway: the sentence about -j, and the settings worth most. */
#pragma once

#include "advise/advise.h"

enum { BRIEF_SETTINGS = 3 };

typedef struct AdviceBrief {
        const Advice *settings[BRIEF_SETTINGS]; /* most valuable first; borrowed */
        size_t n;
        const ForecastLevel *best, *recorded;   /* NULL: none fits; the recording's -j is not in the table */
} AdviceBrief;

/* After advise_plan, before the work: a sentence (static) why nothing will be told; NULL: nothing speaks against it. */
const char *advice_doubt(const Advise *a, bool *ret_worth);

/*
 * What is sure enough to be told unasked. After advise_finish. 0; 1: nothing is, and *ret_why is a sentence why
 * (static); `worth` is set if that is worth a line in a report: it is of a build, and nothing else says so there.
 */
int advice_brief(const Advise *a, AdviceBrief *ret, const char **ret_why, bool *ret_worth);

/* The sentence, with what the recording took beside it where another -j is advised. Appends. */
void advice_add_brief(const Advise *a, const AdviceBrief *brief, String *to);

bool advice_is_jobs(const Advice *advice); /* so many jobs at a time */

/* Of a setting the first line to paste, without what is not for the shell. Appends. */
void advice_add_command(const Advice *advice, String *to);
