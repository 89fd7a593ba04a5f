/*
 * Findings while it is being recorded: detectors see rows on their way to the store, and what they raise
 * is told once, and again if it gets worse. The report finds the same afterwards, with all there is to say.
 */
#pragma once

#include "detect/detect.h"
#include "table/sink.h"

typedef struct LiveFindings LiveFindings;

int live_findings_new(const DetectContext *context, LiveFindings **ret); /* 0 or -ENOMEM */
LiveFindings *live_findings_free(LiveFindings *live);
DEFINE_CLEANUP(LiveFindings, live_findings)

/* What to write the rows of this table to instead of `to`: `to` itself where no detector wants them.
 * Lives as long as `live`. */
Sink *live_findings_tap(LiveFindings *live, const char *table, Sink *to);

/* Warnings and criticals that are new, or worse than when they were told. `hush`: too many of late, for a
 * person; they are still to be written down. */
typedef void (*LiveFindingFn)(const Finding *finding, bool hush, void *data);
void live_findings_tell(LiveFindings *live, uint64_t now_ns, LiveFindingFn fn, void *data);
