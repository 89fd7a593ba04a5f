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
