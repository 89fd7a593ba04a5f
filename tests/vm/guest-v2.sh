#!/bin/sh
# Debian 12's own kernel, 6.1: bpf with its flavours of the kernel's structs, cgroup v2 with
# memory.peak, and perf_event_paranoid 3 for an ordinary user.
. /vigia/guest.sh
MB=1048576

# --- bpf ---
vigia doctor --json >/tmp/doctor 2>&1
is $? 0
ok "doctor: something exact works"
is "$(jq -r .source /tmp/doctor)" bpf
ok "doctor: bpf works on $(uname -r)"
record forkstorm 200 2 fork /usr/bin/tiny >/tmp/out 2>&1
ok "a fork storm is run"
is "$(info .capture.source)" bpf
ok "by bpf"
is "$(info .capture.processes)" 203
ok "every process of it is recorded"
is "$(info .capture.lost_events)" 0
ok "no event lost"
is "$(processes 'select(.comm == "tiny") | .exit_code' | sort | uniq -c | tr -s ' ')" " 200 0"
ok "each with its exit code"
record burn 200 100 >/tmp/out 2>&1
cpu=$(processes 'select(.comm == "burn") | .user_us + .system_us' | awk '{ n += $1 } END { print n }')
truth=$(awk '{ print $1 + $2 }' /tmp/out)
between $((truth * 95 / 100)) "$cpu" $((truth * 130 / 100))
ok "CPU time of a process is what getrusage says"

# What the kernel calls the peak of a process, against what the run says.
record peak 20 90 40 >/tmp/out 2>&1
truth=$(sed -n 's/^[0-9]* \([0-9]*\)$/\1/p' /tmp/out)
peak=$(processes 'select(.comm == "peak" and .exec_ns != null) | .peak_rss_bytes')
between $((truth - 209715)) "${peak:-none}" $((truth + 209715))
ok "a process's peak is its VmHWM (rss_stat before 6.2)"
is "$(processes 'select(.comm == "peak" and .exec_ns != null) | .peak_source')" exact
ok "and called exact"

# --- cgroup v2 ---
info .cgroup | grep -q '^v2 /vigia-'
ok "the command had a v2 cgroup below the root"
between $((90 * MB)) "$(info .peak_cgroup_bytes)" $((130 * MB))
ok "memory.peak is in run.json"
is "$(folders)" 0
ok "no folder is left"
unit test-command-cgroup

mkdir -p /sys/fs/cgroup/jobs/one
echo +memory >/sys/fs/cgroup/jobs/cgroup.subtree_control
echo $$ >/sys/fs/cgroup/jobs/one/cgroup.procs
record sh -c 'cat /proc/self/cgroup' >/tmp/out 2>&1
grep -q '^0::/jobs/vigia-' /tmp/out
ok "in a nested cgroup: a sibling"
unit test-command-cgroup
# Killed like this, vigia cannot remove its folder; the next one does.
vigia run --no-report -q -o /tmp/killed -- sleep 4 >/dev/null 2>&1 &
recorder=$!
until pidof sleep >/dev/null; do usleep 100000; done
kill -KILL $recorder
wait $recorder
is "$(folders)" 1
ok "SIGKILL leaves a folder while the command lives"
while pidof sleep >/dev/null; do usleep 100000; done
record true
is "$(folders)" 0
ok "the next start removes it"
echo 600M >/sys/fs/cgroup/jobs/one/memory.max
record true
is "$(info .cgroup)" null
ok "none where a limit would be escaped"
echo $$ >/sys/fs/cgroup/cgroup.procs

# --- limits above: of the cgroup that the command's own is made in ---
root=/sys/fs/cgroup
echo '+memory +pids +cpu' >$root/cgroup.subtree_control
mkdir $root/above $root/above/run $root/above/other $root/beside
echo '+memory +pids +cpu' >$root/above/cgroup.subtree_control
# The recorder steps out, so that the limit holds up the command alone.
below() # COMMAND
{
        into above/run record sh -c "echo \$PPID >$root/cgroup.procs; $1" >/tmp/out 2>&1
}
told() # ID…: whether any of these was told of
{
        vigia report --json "$at" | jq -r '.findings[].id' >/tmp/why
        for id in "$@"; do grep -q "^$id\$" /tmp/why && return 0; done
        return 1
}
echo '20000 100000' >$root/above/cpu.max
below 'burn 1150 0'
info .cgroup | grep -q '^v2 /above/vigia-'
ok "the command's cgroup is below one with a quota"
is "$(first '"\(.id) \(.subject)"')" "cpu-quota /above"
ok "finding: that quota, first of all"
first .title >/tmp/why
grep -q "^a quota of 0\.20* CPUs on above, which the run is in, held the run back in .* % of its periods$" /tmp/why
ok "finding: how much, and where"
is "$(first .advice | sed -n 2p)" "echo 200000 100000 | sudo tee /sys/fs/cgroup/above/cpu.max"
ok "finding: it is raised there"
is "$(rows cgroup '.path' | sort -u | grep -c .) $(rows cgroups_above .path | sort -u)" "1 /above"
ok "the levels are in tables of their own"
# Who uses it up is somebody else, or on another branch: a run that sleeps is not held back.
echo '20000 100000' >$root/beside/cpu.max
echo 40M >$root/beside/memory.high
(echo 0 >$root/above/other/cgroup.procs && exec burn 60000 0) >/dev/null &
(echo 0 >$root/beside/cgroup.procs && exec peak 44) >/dev/null &
below 'sleep 7'
kill %1 %2
[ "$(rows cgroups_above '.cpu_throttled_periods' | tail -n 1)" -gt "$(rows cgroups_above '.cpu_throttled_periods' | head -n 1)" ]
ok "a neighbour used the quota up meanwhile"
told cpu-quota memory-high memory-max
is "$?" 1
ok "which is not told of a run that had none of it"
echo max >$root/above/cpu.max
below "echo \$((\$(cat $root/above/memory.current) + 40 * $MB)) >$root/above/memory.high; peak 42"
is "$(first '"\(.id) \(.subject) \(.sure)"')" "memory-high /above certain"
ok "finding: memory.high above held it up"
first .evidence >/tmp/why
grep -q '; tasks of the run waited for memory [1-9][0-9.]* % of that time$' /tmp/why
ok "finding: for how much of the time"
echo max >$root/above/memory.high
below "echo \$((\$(cat $root/above/pids.current) + 12)) >$root/above/pids.max; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 2 & done; wait"
is "$(first .id)" fork
ok "finding: pids.max above refused forks"
first '.title + .evidence + .advice' >/tmp/why
grep -q 'sudo tee /sys/fs/cgroup/above/pids.max' /tmp/why
ok "finding: it is raised there"
echo max >$root/above/pids.max
below "echo \$((\$(cat $root/above/memory.current) + 40 * $MB)) >$root/above/memory.max; peak 80; true"
is "$(first .id)" oom
ok "finding: out of memory by memory.max above"
first '.title + .evidence + .advice' >/tmp/why
grep -q 'cgroup /above' /tmp/why && grep -q 'sudo tee /sys/fs/cgroup/above/memory.max' /tmp/why
ok "finding: it is raised there"
echo max >$root/above/memory.max

# --- an ordinary user ---
is "$(cat /proc/sys/kernel/perf_event_paranoid)" 3
ok "perf_event_paranoid is 3, as Debian has it"
su nobody -c 'vigia doctor --json' >/tmp/doctor 2>&1
is $? 1
ok "doctor as nobody: only a partial source"
is "$(jq -r .source /tmp/doctor)" poll
ok "which is poll"
is "$(jq -r '.sources[1].run' /tmp/doctor)" "sudo sysctl kernel.perf_event_paranoid=2"
ok "it says which sysctl"
as_nobody sleep 0.3 >/tmp/out 2>&1
is "$(info .capture.partial)" true
ok "run as nobody is partial and says so"
eval "$(jq -r '.sources[1].run' /tmp/doctor | sed 's/^sudo sysctl \([^=]*\)=/sysctl -q -w \1=/')"
as_nobody forkstorm 100 1 fork /usr/bin/tiny >/tmp/out 2>&1
is "$(info .capture.source)" perf
ok "with that sysctl it is perf"
is "$(info .capture.processes)" 101
ok "which sees every process"
