/*
 * The lines of /proc/PID/mountinfo, and the paths in them. Pure functions on text that whoever may
 * mount can shape: bounded, no allocation. proc(5) mountinfo, fs/proc_namespace.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statvfs.h>

#include "base/text-part.h"

/* Fields are parts of the text, still escaped. */
typedef struct MountLine {
        uint32_t major, minor;  /* st_dev of what is in it */
        TextPart root;        /* which part of the file system is seen: "/" but for binds */
        TextPart directory;   /* where */
        TextPart options;     /* of the mount: "rw,relatime" */
        TextPart type;        /* "ext4", "fuse.sshfs" */
        TextPart source;      /* "/dev/sda1", "tmpfs", "server:/export"; may be empty */
        TextPart super_options;
} MountLine;

/* Takes the next well-formed line off *text; false at the end. */
bool mount_line_next(const char **text, const char *end, MountLine *ret);

/* The field with \040 and its like made bytes again, terminated. The length; -ENAMETOOLONG where it
 * does not fit, -EINVAL where a NUL would be in it. *ret is undefined then. */
int mount_field_unescape(TextPart field, char *ret, size_t size);

/* How a recorded root tells what statvfs(2) said there: lines "mount f_bsize f_blocks f_bfree
 * f_bavail f_files f_ffree", the mount escaped as in mountinfo. -ENOENT: it does not say. */
int statvfs_parse(const char *text, size_t size, const char *directory, struct statvfs *ret);
