/* A thread of vigia's own: a stack of known size, and no signal reaches it, since those are the loop's. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct ThreadOptions {
        const char *name; /* at most 15 bytes, else it has none; NULL: none */
        size_t stack_bytes;
        bool detached;    /* nobody joins it; it must not end before thread_start returns, which names it */
        void *(*run)(void *data);
        void *data;
} ThreadOptions;

int thread_start(const ThreadOptions *options, pthread_t *ret); /* 0 or -errno */
