/*
 * The run's own cgroup and those above it: rows of the tables `cgroup` and `cgroups_above`, a state for each
 * by its path, so that no two of them are added or mixed up.
 */
#pragma once

#include "detect/things.h"

/* The state of the cgroup that the row is about; begins with a CgroupLevel. Of a path that is too long its end
 * counts, which is not the same as that of one above. NULL: too many, or no memory. */
typedef struct CgroupLevel {
        bool above; /* the run's own is below it, and others' may be */
        bool v1;    /* of version 1 */
} CgroupLevel;

void *cgroup_level_get(Things *levels, const Batch *rows, const char *table, size_t row, bool own_v1, size_t state_size);

/* " on user.slice, which the run is in,": which one it is, for a title; nothing of the run's own. */
void cgroup_level_add_where(String *to, const CgroupLevel *level, const char *path);
