/*
 * What stands in response files (`gcc @objects.rsp`), for labelling: part of the command line as far as
 * it can be read while the process lives. A thread of its own reads them, with the rights of vigia's
 * user, so that a dead server's mount hangs nothing else; it begins with the first such command line.
 * Nothing of them is stored.
 */
#pragma once

#include <stdint.h>

#include "base/macros.h"

enum {
        RESPONSE_FILE_MAX = 32 << 10, /* bytes; of a larger one nothing is taken */
        RESPONSE_FILES_MAX = 4,       /* of one command line */
        RESPONSE_ASKED_MAX = 256,     /* processes at a time */
};

typedef struct ResponseFiles ResponseFiles;

int response_files_new(ResponseFiles **ret); /* 0 or -ENOMEM */
ResponseFiles *response_files_free(ResponseFiles *files);
DEFINE_CLEANUP(ResponseFiles, response_files)

/* Asks for those of a command line (arguments joined with blanks), of the process image with that key.
 * Relative names need its working directory, which may be NULL. */
void response_files_ask(ResponseFiles *files, uint64_t key, const char *cmdline, const char *cwd);

/* Contents joined with blanks, NUL-terminated, owned by the caller; NULL: none, or not read yet. */
char *response_files_peek(ResponseFiles *files, uint64_t key);
/* The same for the last time. */
char *response_files_take(ResponseFiles *files, uint64_t key);
