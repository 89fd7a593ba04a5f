/*
 * Whether a run holds all that worked for it: how much of the work its command's own tree did, how much
 * what --match took in, and who was seen at work outside. "No" is certain, "yes" only means that nobody
 * else was seen.
 */
#pragma once

#include "report/report-data.h"

typedef struct TreeCover {
        uint64_t run_cpu_us;     /* of the run; SUMMARY_UNKNOWN */
        uint64_t matched_cpu_us; /* of it by what --match took in */
        uint64_t outside_cpu_us; /* used beside it by those it was connected to */
        bool known;              /* somebody looked */
        bool covered;
} TreeCover;

void tree_cover_judge(const ReportData *data, TreeCover *ret);

/* Appends the verdict about `name` in words, or as JSON. 0 or -ENOMEM. */
int tree_cover_text(const ReportData *data, const char *name, const ReportOptions *options, String *out);
int tree_cover_json(const ReportData *data, const char *name, String *out);
