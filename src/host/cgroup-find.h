/*
 * A cgroup as people name it, and the processes in it. cgroups(7); systemd.slice(5).
 */
#pragma once

#include "base/error.h"
#include "host/cgroup.h"
#include "host/host.h"

/* NAME is a folder of a mounted hierarchy (/sys/fs/cgroup/…), a path in one (/system.slice/…, with or
 * without the first slash), or
 * the name of a folder anywhere below, such as a unit's: nginx.service, or nginx for short. Of
 * several the uppermost, first. The path in its hierarchy; -ENOENT with a sentence that names what is
 * near. */
int cgroup_find(const Host *host, const char *name, char ret[CGROUP_PATH_MAX], Error *err);

/* Its folder, of whatever hierarchy has it; absolute. -ENOENT: it is gone. */
int cgroup_find_folder(const Host *host, const char *path, char ret[CGROUP_PATH_MAX]);

/* Calls fn with each process in the folder and all below it, until it returns other than 0, which is
 * returned. What vanishes meanwhile is passed over. -ENOENT: the folder itself is gone. */
int cgroup_walk_pids(const Host *host, const char *folder, int (*fn)(pid_t pid, void *data),
                     void *data);
