/*
 * The machine as text. Host is the only opener of kernel files (/proc, /sys, cgroups); it has
 * a root, "/" or a recorded one under tests/roots/. Every parser is a pure function on text
 * beside its one opener.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/macros.h"

typedef struct Host Host;

int host_new(const char *root, Host **ret); /* NULL or "/" is this machine; -errno */
int host_dup(const Host *host, Host **ret);  /* the same root, an owner of its own; -errno */
Host *host_free(Host *host);
DEFINE_CLEANUP(Host, host)

/* Opens a path relative to the root, "proc/meminfo", O_RDONLY|O_CLOEXEC. fd or -errno. */
int host_open(const Host *host, const char *path);

/* The same for a file that a user names: only if it is a regular one (kernel files are), without
 * waiting for it, and without opening anything else: opening a device can be to use it.
 * -EOPNOTSUPP: it is something else; *ret_mode is its st_mode then. */
int host_open_regular(const Host *host, const char *path, mode_t *ret_mode);

int host_stat(const Host *host, const char *path, struct stat *ret); /* stat(2); 0 or -errno */

/* Reads at most size - 1 bytes and terminates; the length, or -errno. For kernel files that
 * fit; a longer one is cut. */
ssize_t host_read(const Host *host, const char *path, char *buffer, size_t size);

/* pread at 0 on a kept descriptor, the same contract. */
ssize_t host_reread(int fd, char *buffer, size_t size);

/* readlinkat(2) below the root: NUL-terminated, cut to size - 1 bytes. The length, or -errno. */
int host_readlink(const Host *host, const char *path, char *buffer, size_t size);

/* Whether this is the machine itself, not a recorded root: what is no file of a root (a library
 * that asks the kernel, a system call) says nothing about a recorded one. */
bool host_is_live(const Host *host);

/* Calls fn with the name of everything in a folder but "." and "..", in the order of
 * strverscmp(3) (hwmon2 before hwmon10), until it returns other than 0, which is returned. At
 * most HOST_LIST_MAX names are looked at, which of more is the kernel's choice. Allocates: for start
 * and for what comes and goes, not for every tick. -errno, and fn was not called then. */
enum { HOST_LIST_MAX = 4096 };
typedef int (*HostListFn)(const char *name, void *data);
int host_list(const Host *host, const char *path, HostListFn fn, void *data);

/* statvfs(2) of an absolute path, as mountinfo tells it. A recorded root says it in its file
 * `statvfs` (see statvfs_parse in host/mount-text.h); what that does not list is -ENOENT. May
 * wait for ever for a dead server's mount. 0 or -errno; *ret is untouched then. */
int host_statvfs(const Host *host, const char *path, struct statvfs *ret);
