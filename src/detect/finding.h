/*
 * What is wrong, or worth knowing, in a run (SPEC 8): an id, how severe, how sure, when; the sentence, what
 * it rests on, what it means, what to do. One finding for one thing (`id` and `subject` together): what
 * happens to it again makes it more severe or its words better, never a second one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

typedef enum Severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL } Severity;

const char *severity_name(Severity severity); /* "info", "warning", "critical" */

/* What a finding rests on. */
typedef enum Sureness {
        SURE_CERTAIN,  /* measured, or told by the kernel */
        SURE_LIKELY,   /* what was measured hardly allows anything else */
        SURE_POSSIBLE, /* other explanations fit, too */
} Sureness;

const char *sureness_name(Sureness sure); /* "certain", "likely", "possible" */

#define FINDING_NO_TIME INT64_MIN

enum {
        FINDING_SUBJECT_MAX = 256, /* bytes; longer ones are cut */
        FINDING_TEXT_MAX = 2048,   /* bytes of each sentence */
        FINDINGS_MAX = 256,        /* of a run … */
        FINDINGS_OF_ID_MAX = 64,   /* … and of one id; further ones are counted only */
};

typedef struct Finding {
        char id[32];
        char *subject; /* owned: a mount, a cgroup, a process's key; NULL: the run or the machine */
        Severity severity;
        bool cause; /* what ended, refused or delayed something: told before what was merely high */
        Sureness sure;
        int64_t t_ns;     /* since the run's start; FINDING_NO_TIME: of no one moment */
        int64_t until_ns; /* when it was over; FINDING_NO_TIME: a moment, or it lasted */
        uint64_t process; /* key of its image; 0 none */
        int32_t pid;      /* -1 none */
        /* Owned sentences without their full stop; all but the title may be NULL. Advice may hold lines
         * to be pasted, ended by '\n'. */
        char *title, *evidence, *meaning, *advice;
} Finding;

void finding_done(Finding *finding);

/* Replace a sentence, printf-like; bytes that are not UTF-8 and control characters are the shower's
 * business. NULL finding: nothing. Without memory it is as it was. */
void finding_title(Finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_evidence(Finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_meaning(Finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_advice(Finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Those of a run. All zero is empty. */
typedef struct Findings {
        Finding **items; /* in the order in which they were raised */
        size_t n;
        size_t left_out; /* beyond the bounds */
        bool failed;     /* for want of memory */
} Findings;

/* The finding of this id and subject (may be NULL), which is made if there is none; severity only rises,
 * the time is the first. NULL: out of bounds or of memory. Valid until findings_done. */
Finding *findings_raise(Findings *findings, const char *id, const char *subject, Severity severity,
                        Sureness sure, int64_t t_ns);
Finding *findings_find(const Findings *findings, const char *id, const char *subject);
/* What is told first: a cause that is no info before what was merely high, else the more severe. */
bool finding_outweighs(const Finding *a, const Finding *b);
/* In that order, then causes, then surest, then earliest; those of no one moment last. */
void findings_sort(Findings *findings);
void findings_done(Findings *findings);
