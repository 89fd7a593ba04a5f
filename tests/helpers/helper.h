/*
 * What the helpers share: checked numbers, memory that is really touched, and time. Header only,
 * so that each helper stays one small static program. Any failure ends it with 99, which no
 * test expects.
 */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HELPER_FAILED = 99 };

static inline _Noreturn void helper_die(const char *what)
{
        dprintf(2, "%s: %s\n", what, strerror(errno));
        _exit(HELPER_FAILED);
}

static inline uint64_t helper_number(const char *text)
{
        uint64_t value = 0;

        if (!text || !*text)
                helper_die("a number is missing");
        for (; *text; text++) {
                if (*text < '0' || *text > '9' || value > UINT64_MAX / 100)
                        helper_die("not a number");
                value = value * 10 + (uint64_t)(*text - '0');
        }
        return value;
}

static inline void helper_sleep_ms(uint64_t ms)
{
        struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

        while (nanosleep(&left, &left) < 0 && errno == EINTR)
                ;
}

static inline uint64_t helper_now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One changing byte a page, through volatile: a compiler turns malloc and memset into calloc, and
 * pages of zeros into one. */
static inline void helper_touch(void *memory, size_t size, unsigned seed)
{
        volatile unsigned char *page = memory;

        for (size_t at = 0; at < size; at += 4096)
                page[at] = (unsigned char)(at / 4096 + seed + 1);
}

/* Private or shared anonymous memory, all of it resident; huge pages are refused so that what is
 * resident is what was touched. */
static inline void *helper_memory(size_t size, int flags)
{
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                helper_die("mmap");
        madvise(memory, size, MADV_NOHUGEPAGE);
        helper_touch(memory, size, 0);
        return memory;
}

static inline uint64_t helper_us(struct timeval time)
{
        return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* Waits for every child; the number of those that did not end with 0. */
static inline unsigned helper_wait_all(void)
{
        unsigned bad = 0;
        int status;

        for (;;) {
                pid_t pid = wait(&status);
                if (pid < 0 && errno == EINTR)
                        continue;
                if (pid < 0)
                        return bad;
                bad += status != 0;
        }
}
