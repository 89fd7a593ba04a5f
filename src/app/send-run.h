/* A run to where it is wanted: its archive and the newest report page (`vigia send`, `--send`). */
#pragma once

#include <stdbool.h>

#include "app/configuration.h"
#include "base/error.h"
#include "send/archive.h"
#include "send/send.h"
#include "store/run.h"
#include "sweep/sweep.h"

typedef struct SendRun {
        const char *to;       /* the destination */
        const char *output;   /* the archive's file or folder, which then stays; NULL: beside the run */
        ArchiveFormat format;
        bool quiet;           /* no progress */
        SendOptions options;
        /* told */
        char *archive;        /* owned: its path, while it is there; NULL: it is not */
        char *name;           /* owned */
        char *shown;          /* owned: the destination */
        SendFile files[2];    /* the archive and latest-report.html; paths are not valid any more */
        size_t n_files;       /* 1: no page */
        Error no_page;        /* why */
        uint64_t bytes;       /* of the archive */
} SendRun;

/* Takes what the configuration says of ssh and of times; what is set already stays. -EINVAL with a sentence. */
int send_run_take(SendRun *send, const Configuration *configuration, Error *err);

/* Only the destination and the words of ssh: 0, or -EINVAL with a sentence. */
int send_run_check(const SendRun *send, Error *err);

/* What is sent: a run, or a sweep. */
typedef struct SendSource {
        const char *id, *path;
        RunReader *reader;    /* NULL: … */
        const Sweep *sweep;   /* … this one */
} SendSource;

/* 0, or -errno with a sentence, as send_files; then the archive stays, if it could be made. */
int send_run(SendRun *send, const SendSource *source, Error *err);
void send_run_done(SendRun *send);

/* For people: one or two lines. */
void send_run_add_text(const SendRun *send, String *to);
