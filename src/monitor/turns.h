/*
 * Who is looked at in this sample when there are too many for one: each thing has its turn once
 * in so many samples, by a hash of its key, so that nothing need be remembered about it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

/* Embedded, zeroed. */
typedef struct Turns {
        uint64_t most, seen, taken, rounds, round;
} Turns;

/* Begins a sample that should look at about `most` things, and never at twice as many. How many
 * there are is taken from the sample before. */
static inline void turns_begin(Turns *turns, uint64_t most)
{
        turns->most = most;
        turns->rounds = (turns->seen + most - 1) / most;
        if (turns->rounds == 0)
                turns->rounds = 1;
        turns->round = (turns->round + 1) % turns->rounds;
        turns->seen = turns->taken = 0;
}

/* To be asked about every thing of a sample, once. */
static inline bool turns_take(Turns *turns, uint64_t key)
{
        turns->seen++;
        if ((turns->rounds > 1 && hash_u64(key) % turns->rounds != turns->round) ||
            turns->taken >= 2 * turns->most)
                return false;
        turns->taken++;
        return true;
}
