/*
 * A figure that is watched for being too high (or too low): when it first was, how bad it got and when, and
 * for how long in all. Pure; rows come in order of time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "detect/finding.h"

typedef enum EpisodeLevel { EPISODE_FINE, EPISODE_TOLD, EPISODE_WARNING, EPISODE_CRITICAL } EpisodeLevel;

/* All zero at the beginning. */
typedef struct Episode {
        EpisodeLevel now, worst_level;
        bool any;            /* a row was seen */
        bool from_the_start; /* it was so at the first row */
        double worst;        /* of what was not fine */
        int64_t first_ns, worst_ns, last_ns;
        uint64_t total_ns;   /* not fine, from row to row */
} Episode;

/* What one row says. `higher_is_worse`: of `value`. True when it is the first that is not fine, or the first
 * of a worse level: time to raise a finding. */
bool episode_note(Episode *episode, int64_t t_ns, double value, EpisodeLevel level, bool higher_is_worse);

/* EPISODE_TOLD is an info; not for EPISODE_FINE. */
Severity episode_severity(const Episode *episode);

/* "for 42 s", "from the start, for 42 s", "" where it was only one row. */
void episode_duration(const Episode *episode, String *to);
