#!/bin/sh
# cgroup v1, as on older servers: the memory and cpuacct controllers each in a hierarchy.
. /vigia/guest.sh
MB=1048576

mount -t tmpfs cgroup /sys/fs/cgroup
mkdir /sys/fs/cgroup/memory /sys/fs/cgroup/cpuacct
mount -t cgroup -o memory memory /sys/fs/cgroup/memory
mount -t cgroup -o cpuacct cpuacct /sys/fs/cgroup/cpuacct
ok "v1 hierarchies are there"
unit test-command-cgroup
mkdir /sys/fs/cgroup/memory/job
echo $$ >/sys/fs/cgroup/memory/job/cgroup.procs
record peak 90 >/tmp/out 2>&1
info .cgroup | grep -q '^v1 /job/vigia-'
ok "the command had a v1 cgroup below ours"
between $((90 * MB)) "$(info .peak_cgroup_bytes)" $((130 * MB))
ok "its peak is in run.json"
is "$(folders)" 0
ok "no folder is left"
umount /sys/fs/cgroup/memory /sys/fs/cgroup/cpuacct
mount -t tmpfs -o ro none /sys/fs/cgroup
record true
is "$(info .cgroup)" null
ok "without any cgroup it records all the same"
is "$(info .capture.processes)" 1
ok "and knows its process"
