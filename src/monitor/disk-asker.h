/*
 * How full a mount is whose server may be dead: asked by a thread of its own, so that nobody else
 * waits. What is told is the answer to the question of the sample before.
 */
#pragma once

#include <stdbool.h>
#include <sys/statvfs.h>

typedef struct DiskAsker DiskAsker;

/* On this machine, not on a recorded root. 0 or -errno. */
int disk_asker_new(const char *directory, DiskAsker **ret);
/* Never waits long; a hanging question is left behind. Takes NULL. */
DiskAsker *disk_asker_free(DiskAsker *asker);

enum { DISK_NOT_YET = 1 };
/* The answer to the last question, and asks the next. 0; DISK_NOT_YET the first time; -ETIMEDOUT:
 * still no answer; other -errno of statvfs(2), which a server that answers may say, too. */
int disk_asker_ask(DiskAsker *asker, struct statvfs *ret);
