/*
 * What to change: settings that can be pasted, each with its reason and the figures behind it. Nothing is
 * advised that the recording does not support; for tools that are not in it there is nothing.
 */
#pragma once

#include "advise/forecast.h"
#include "base/text.h"

/* One setting. Texts are owned and end in no newline; none is NULL. */
typedef struct Advice {
        const char *id;   /* "make-jobs", "link-pool", …; not owned: stable, for programs */
        const char *tool; /* what it is a setting of: "make", "systemd", …; not owned */
        char *title;      /* a short sentence */
        char *reason;     /* why, in a sentence */
        char *snippet;    /* to paste: one or more lines */
        char *evidence;   /* figures */
} Advice;

typedef struct AdviceList {
        Advice *items;
        size_t n;
} AdviceList;

void advice_list_done(AdviceList *list);

/* What advice is made from. All borrowed. */
typedef struct AdviceFacts {
        const BuildRows *rows;
        const Plan *plan;         /* NULL: no build tool ran jobs */
        const Forecast *forecast; /* NULL with it */
        uint64_t oom_kills;       /* in the run */
        bool partial;             /* short processes were missed */
} AdviceFacts;

/* tool: only settings of this one ("make", "systemd", …); NULL: all there is something to say of. 0 or -ENOMEM. */
int advice_make(const AdviceFacts *facts, const char *tool, AdviceList *ret);

/* Names of tools for which there may be settings, NULL-terminated. */
extern const char *const advice_tools[];

/* The one sentence: what -j, how long, how much memory. Appends; nothing where there is no forecast. */
void advice_add_verdict(const Forecast *forecast, String *to);

/* A range of times or bytes in words: "3m 10s … 3m 40s". Appends. */
void advice_add_times(const Range *seconds, String *to);
void advice_add_bytes(const Range *bytes, String *to);

/* ---- pieces, each a file ---- */

/* title, reason, snippet and evidence by format; empty strings make it nothing. 0 or -ENOMEM. */
typedef struct AdviceText {
        String title, reason, snippet, evidence;
} AdviceText;

void advice_text_done(AdviceText *text);
/* Takes the texts, which are empty then. */
int advice_add(AdviceList *list, const char *id, const char *tool, AdviceText *text);

int advice_build_tools(const AdviceFacts *facts, const char *tool, AdviceList *list); /* -j, pools, ccache */
int advice_system(const AdviceFacts *facts, const char *tool, AdviceList *list);      /* limits, swap, sysctl */

static inline bool advice_wanted(const char *tool, const char *name)
{
        return !tool || text_equal(tool, name);
}
