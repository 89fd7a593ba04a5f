/* How a limit of a cgroup is raised, by who made it: systemd's unit, a container's engine, or by hand. */
#pragma once

#include "base/text.h"

/* The values are bytes, tasks, bytes, percent of one CPU. */
typedef enum CgroupKnob { CGROUP_KNOB_MEMORY, CGROUP_KNOB_TASKS, CGROUP_KNOB_HIGH, CGROUP_KNOB_CPU, CGROUP_KNOBS } CgroupKnob;

/* Appends a line to be pasted, with its '\n'. `path` is a stranger's: only a plain one is pasted. v1: of cgroups of
 * version 1, whose files have other names and places. */
void cgroup_advise(String *to, const char *path, bool v1, CgroupKnob knob, uint64_t value);

/* Whether they are one cgroup, seen from namespaces that may differ: one path ends as the other. */
bool cgroup_paths_match(const char *a, const char *b);
