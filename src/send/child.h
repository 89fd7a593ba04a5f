/*
 * A program of the system's (ssh, rsync) with what goes into it and what it says: bounded in time and in
 * bytes, ended when we are told to end, and never one that outlives us. Its stdin is a socket, so that one who
 * hangs up is an error and no SIGPIPE.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

typedef struct SendChild {
        const char *const *argv; /* searched for in PATH */
        const char *input;       /* goes in first; NULL: nothing */
        int fd;                  /* then this file from `from` on; -1: none */
        off_t from;
        uint64_t deadline_ns;    /* CLOCK_MONOTONIC; 0: none */
        uint64_t quiet_ns;       /* nothing goes in or comes out for so long: it hangs, and is ended; 0: it may */
        void (*progress)(uint64_t sent, void *data); /* bytes of the file so far; may be NULL */
        void (*heard)(const char *text, size_t size, void *data); /* of stdout, as it comes; may be NULL */
        void *progress_data; /* for both */
        /* told */
        String out, err;         /* the first 64 KiB of stdout, the last 4 KiB of stderr */
        uint64_t sent;           /* bytes of the file */
        bool timed_out, hung, interrupted;
        int exit_code;           /* 128 + N: signal N; 127: not found */
} SendChild;

/* 0 when it has ended, however it did; or -errno with a sentence: it could not be started. */
int send_child_run(SendChild *child, Error *err);
void send_child_done(SendChild *child);
