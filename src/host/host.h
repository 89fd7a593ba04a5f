/*
 * The machine as text. Host is the only opener of kernel files (/proc, /sys, cgroups); it has
 * a root, "/" or a recorded one under tests/roots/. Every parser is a pure function on text
 * beside its one opener.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"

typedef struct Host Host;

int host_new(const char *root, Host **ret); /* NULL or "/" is this machine; -errno */
Host *host_free(Host *host);
DEFINE_CLEANUP(Host, host)

/* Opens a path relative to the root, "proc/meminfo", O_RDONLY|O_CLOEXEC. fd or -errno. */
int host_open(const Host *host, const char *path);

/* Reads at most size - 1 bytes and terminates; the length, or -errno. For kernel files that
 * fit; a longer one is cut. */
ssize_t host_read(const Host *host, const char *path, char *buffer, size_t size);

/* pread at 0 on a kept descriptor, the same contract. */
ssize_t host_reread(int fd, char *buffer, size_t size);

/* readlinkat(2) below the root: NUL-terminated, cut to size - 1 bytes. The length, or -errno. */
int host_readlink(const Host *host, const char *path, char *buffer, size_t size);
