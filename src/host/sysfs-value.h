/*
 * Attributes of sysfs: a file that is one value on one line. The pure halves take text; the
 * others open through Host. Documentation/filesystems/sysfs.rst.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/host.h"

/* All of the text is the number, but for blanks around it. 0, -EINVAL or -ERANGE. */
int sysfs_parse_i64(const char *text, size_t size, int64_t *ret);
int sysfs_parse_u64(const char *text, size_t size, uint64_t *ret);
/* "0x1002", "1002": sixteen digits at most. */
int sysfs_parse_hex(const char *text, size_t size, uint64_t *ret);

/* Of the file at `path`, or -errno. *ret is untouched on failure. */
int sysfs_i64(const Host *host, const char *path, int64_t *ret);
int sysfs_u64(const Host *host, const char *path, uint64_t *ret);
int sysfs_hex(const Host *host, const char *path, uint64_t *ret);

/* The same of a kept descriptor. */
int sysfs_reread_i64(int fd, int64_t *ret);
int sysfs_reread_u64(int fd, uint64_t *ret);

/* Text without the blanks around it, cut to size - 1 bytes. Its length, or -errno. */
ssize_t sysfs_text(const Host *host, const char *path, char *buffer, size_t size);

/* The last part of what a link points to: of "device/driver", the driver's name. As above. */
ssize_t sysfs_link_name(const Host *host, const char *path, char *buffer, size_t size);
