/*
 * Small, whole-file and descriptor helpers that survive EINTR and short counts. Kernel files
 * (/proc, /sys, /dev) are host/'s and are not opened with these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

int file_write_all(int fd, const void *data, size_t size); /* 0 or -errno */
int file_read_all(int fd, Buffer *to, size_t max);         /* appends; 0, -EFBIG over max, -errno */

/* Reads a whole file of at most max bytes (appended to `to`, a NUL byte kept behind it). */
int file_read_path(int dirfd, const char *path, size_t max, Buffer *to, Error *err);

/* Writes path.tmp beside it, flushes if durable, renames over: readers see old or new, whole. */
int file_replace(int dirfd, const char *path, const void *data, size_t size, bool durable);

/* mkdir -p with the given mode for what is missing. 0 or -errno. */
int directory_make(const char *path, mode_t mode);

/* Removes a folder and what is in it, never following links. 0 or the first -errno. */
int directory_remove(int dirfd, const char *name);
