/*
 * Which mounts are worth a look when disks fill: as df(1) shows them, one for each file system. Pure
 * decisions over mountinfo.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* How safe it is to ask a mount for its figures. */
typedef enum MountKind {
        MOUNT_LOCAL,  /* answers at once */
        MOUNT_REMOTE, /* may wait for ever, but a killed process gets out: nfs, cifs, 9p, ceph … */
        MOUNT_FUSE,   /* may wait for ever, and who waits cannot be killed either */
} MountKind;

typedef struct MountEntry {
        char *directory, *source, *type; /* owned, unescaped */
        MountKind kind;
        uint32_t major, minor;
        bool whole; /* its top is the file system's own */
} MountEntry;

enum { MOUNT_LIST_MAX = 512, MOUNT_PATH_MAX = 4096 };

typedef struct MountList {
        MountEntry *entries; /* owned; in mountinfo's order */
        size_t n, capacity;
        bool cut; /* there were more */
} MountList;

/* Reads the text of a mountinfo: real file systems, tmpfs outside of /run, /var/lib and their like, the
 * root whatever it is; of several mounts of one device the whole one, then the one with the shortest
 * path; what lies under a later mount of the same folder is not seen. 0 or -ENOMEM; *ret is then
 * untouched. */
int mount_list_read(const char *text, size_t size, MountList *ret);
void mount_list_done(MountList *list);
