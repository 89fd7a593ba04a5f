/* A file that appears whole or not at all: written as PATH.tmp beside it, then renamed. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

typedef struct OutputFile {
        int fd;
        char *path, *temporary; /* owned; NULL: written in place (a terminal, a pipe, "-") */
} OutputFile;

/* "-" is stdout; what exists and is no regular file (/dev/null, a FIFO) is written in place.
 * 0, or -errno with a sentence. */
int output_file_open(OutputFile *file, const char *path, Error *err);

/* The file takes its name. On failure it is gone, and what had the name before is still there. */
int output_file_commit(OutputFile *file, Error *err);

/* Without commit: nothing is left behind. Safe on a zeroed or committed file. */
void output_file_done(OutputFile *file);
