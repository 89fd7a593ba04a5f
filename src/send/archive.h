/*
 * A run's directory as one file: tar, compressed by zstd or gzip, made by libarchive. The same run makes
 * the same bytes each time (names in order, no times but the files', no owners), so that a
 * transfer that was cut short goes on where it was when it is tried again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

typedef enum ArchiveFormat { ARCHIVE_TAR_ZST, ARCHIVE_TAR_GZ } ArchiveFormat;

const char *archive_extension(ArchiveFormat format); /* ".tar.zst", ".tar.gz" */

/* Whether libarchive is there, with zstd where that is asked for. -EOPNOTSUPP: else `why` says what is missing. */
int archive_available(ArchiveFormat format, Error *why);

/* zstd where it is there, else gzip. */
static inline ArchiveFormat archive_best(void)
{
        return archive_available(ARCHIVE_TAR_ZST, NULL) == 0 ? ARCHIVE_TAR_ZST : ARCHIVE_TAR_GZ;
}

/* A file that is not in the folder. */
typedef struct ArchiveExtra {
        const char *name; /* in the folder; NULL: none */
        const String *text;
} ArchiveExtra;

typedef struct ArchiveTold {
        size_t files, left_out; /* left out: what is no regular file, or cannot be read */
} ArchiveTold;

/* Writes the regular files below `directory` to fd (from its beginning), as NAME/…; names that end in ".tmp" are left
 * out. `extra` takes the place of a file of its name. 0, -EOPNOTSUPP, or -errno with a sentence. */
int archive_write(int fd, ArchiveFormat format, const char *directory, const char *name, const ArchiveExtra *extra,
                  ArchiveTold *ret, Error *err);
