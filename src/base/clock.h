/* Clocks in nanoseconds (clock_gettime(2)). Who may read them: DESIGN says record/schedule. */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS     1000000ull
#define NS_PER_US     1000ull

static inline uint64_t clock_ns(clockid_t id)
{
        struct timespec t;

        clock_gettime(id, &t);
        return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_monotonic_ns(void)
{
        return clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t clock_realtime_ns(void)
{
        return clock_ns(CLOCK_REALTIME);
}

static inline uint64_t clock_boottime_ns(void)
{
        return clock_ns(CLOCK_BOOTTIME);
}
