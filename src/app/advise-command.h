/* The files of cmd-advise: what is shown, and how. */
#pragma once

#include "advise/advise.h"
#include "store/run.h"

typedef struct AdviseShown {
        const Advise *advise;
        const RunInfo *info;
        const char *tool; /* --for; NULL: all */
} AdviseShown;

/* Each appends, lines ended by '\n'. 0 or -ENOMEM. */
int advise_show_text(const AdviseShown *shown, unsigned columns, bool color, bool ascii, String *to);
int advise_show_json(const AdviseShown *shown, String *to);
