#!/bin/sh
# A machine with too little memory: a real OOM kill inside the command, which vigia outlives.
. /vigia/guest.sh

echo 1 >/proc/sys/vm/overcommit_memory # so that the OOM killer says no, not mmap(2)
total=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
record sh -c "peak $((total / 1024 * 2)); echo \$?" >/tmp/out 2>/tmp/err
is "$?" 0
ok "the recording survives"
is "$(tail -n 1 /tmp/out)" 137
ok "the command's child was killed"
dmesg | grep -q 'Killed process .*(peak)'
ok "by the OOM killer, and not vigia"
is "$(info .complete)" true
ok "the run is complete"
between $((total * 512)) "$(info .peak_cgroup_bytes)" $((total * 1024))
ok "the peak is most of the machine"
is "$(processes 'select(.comm == "peak" and .exec_ns != null) | .exit_signal')" 9
ok "its row says signal 9"
is "$(processes 'select(.comm == "peak" and .exec_ns != null) | .signal_by')" kernel
ok "and that it was the kernel"
killed=$(processes 'select(.comm == "peak" and .exec_ns != null) | .pid')
is "$(rows events 'select(.kind == "kernel-oom") | .pid')" "$killed"
ok "the kernel's log has it as one event, with its pid"
rows events 'select(.kind == "kernel-oom") | .text' | grep -q '^Out of memory: Killed process '
ok "as a kill for the whole machine"
is "$(rows events 'select(.kind == "oom-kill") | .pid')" "$killed"
ok "bpf told it, too, once"
rows events '.text' | grep -q '^Mem-Info:'
is $? 1
ok "without the fifty lines of its details"
is "$(first '"\(.id) \(.severity)"')" "oom critical"
ok "finding: out of memory, first of all"
first .title | grep -q '^out of memory: the kernel killed peak (.* MiB) at .* for want of memory in the machine$'
ok "finding: whom, and by which limit"
first .evidence | grep -q "^pid $killed, .* told by bpf and the kernel's log$"
ok "finding: told once, by both"
is "$(vigia report --json "$at" | jq '[.findings[] | select(.id == "oom")] | length')" 1
ok "finding: one for the kill"
record peak $((total / 1024 * 2)) >/tmp/out 2>/tmp/err
is $? 137
ok "exit code 137 where the command itself was killed"
# An ordinary user has no bpf; the kernel's log is what tells.
echo 0 >/proc/sys/kernel/dmesg_restrict
rm -rf "$at"
su nobody -c "vigia run -o $at -- sh -c 'peak $((total / 1024 * 2)); exit 3'" >/tmp/out 2>/tmp/err
is "$(rows events 'select(.kind == "oom-kill") | .pid')" ""
ok "nobody: bpf tells nothing"
is "$(info .capture.source)" poll
ok "the source is poll"
grep -q 'exit 3.*: out of memory$' /tmp/err
ok "the verdict is out of memory all the same"
is "$(first '"\(.id) \(.severity)"')" "oom critical"
ok "the finding, too"
record sh -c 'sleep 100 & sleep 3; kill -KILL $!; wait $!'
is "$(first '"\(.id) \(.sure)"')" "killed certain"
ok "a SIGKILL from somebody is not taken for it"
first .title >/tmp/why
grep -q '^sh (pid [0-9]*) sent SIGKILL to [a-z]* at ' /tmp/why
ok "from whom"

# --- a daemon that kills before the kernel has to, and whose log vigia does not hear ---
if command -v earlyoom >/dev/null; then
        earlyoom -m 40,30 -s 100 -r 0 >/tmp/earlyoom 2>&1 &
        record sh -c "spike $((total / 1024 * 3 / 4)) 60000 1" >/tmp/out 2>&1
        kill $!
        first '"\(.id) \(.severity) \(.sure): \(.title)"' >/tmp/why
        grep -q '^oom-daemon critical certain: out of memory: earlyoom killed spike at ' /tmp/why
        ok "earlyoom: named, and for sure"
else
        echo "ok - earlyoom # skip no package earlyoom here"
fi

# --- nobody, and the kernel's log is kept from him: its counter tells, and samples who held what ---
echo 1 >/proc/sys/kernel/dmesg_restrict
rm -rf "$at"
su nobody -c "vigia run --no-report -q -o $at -- sh -c 'spike 40 60000 1 & peak $((total / 1024 * 2)); kill \$!; exit 3'" >/tmp/out 2>/tmp/err
is "$(rows events 'select(.kind == "kernel-oom" or .kind == "oom-kill") | .pid')" ""
ok "counted: nobody told of it"
is "$(first '"\(.id) \(.severity)"')" "oom critical"
ok "counted: the finding is first all the same"
vigia why --json "$at" | jq -r .verdict | grep -q 'exit 3.*: out of memory$'
ok "counted: the verdict is out of memory"
first .title >/tmp/why
grep -q '^out of memory: the kernel killed peak at .*, probably for want of memory in the machine$' /tmp/why
ok "counted: whom"
first .evidence >/tmp/why
grep -q '^pid [0-9]*, .*; the machine had .* left at .*; the run.s [0-9]* processes held .*, the heaviest peak (pid [0-9]*) .*, spike (pid [0-9]*) 4.*; told by the kernel.s counter' /tmp/why
ok "counted: who lived then, and what each held"

# --- a daemon's child, which is no process of the run ---
mkfifo /tmp/go
(
        read -r _ </tmp/go
        peak $((total / 1024 * 2))
        touch /tmp/gone
) >/dev/null 2>&1 &
record sh -c 'echo >/tmp/go; until [ -e /tmp/gone ]; do sleep 0.2; done; exit 1' >/tmp/out 2>&1
wait
is "$(first '"\(.id) \(.severity)"')" "oom warning"
ok "a daemon's child: told as a warning"
first .meaning >/tmp/why
grep -q "^it was none of the run's recorded processes" /tmp/why
ok "and that it was none of the run's"

# --- what may be promised is bounded ---
echo 2 >/proc/sys/vm/overcommit_memory
record peak "$((total / 1024 * 2))" >/tmp/out 2>&1
echo 1 >/proc/sys/vm/overcommit_memory
is "$(first '"\(.id) \(.severity) \(.sure)"')" "memory-refused critical certain"
ok "overcommit_memory 2: memory was refused"
first .title >/tmp/why
grep -q "by the limit on what may be promised (CommitLimit)" /tmp/why
ok "by which limit"

# --- the limit of a cgroup above the run's, and a file system that was full before ---
echo "+memory" >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/outer
echo "+memory" >/sys/fs/cgroup/outer/cgroup.subtree_control
mkdir /sys/fs/cgroup/outer/job /tmp/full
echo 60M >/sys/fs/cgroup/outer/memory.max
mount -t tmpfs -o size=1m none /tmp/full
into outer/job record sh -c 'dd if=/dev/zero of=/tmp/full/a bs=64k; sleep 1; peak 100; exit 1' >/tmp/out 2>&1
is "$(first '"\(.id) \(.severity) \(.sure)"')" "oom critical certain"
ok "a cgroup above: out of memory is first, a full disk before it is not"
first .title >/tmp/why
grep -q 'by a cgroup.s limit of 60 MiB$' /tmp/why
ok "a cgroup above: which limit"
first .advice >/tmp/why
grep -q '^echo 90M | sudo tee /sys/fs/cgroup/outer/memory.max$' /tmp/why
ok "a cgroup above: it is that one's that is raised"
is "$(vigia report --json "$at" | jq -r '[.findings[] | select(.id == "disk-full" and .severity == "critical")] | length')" 1
ok "a full disk: told, too"
into outer/job record sh -c 'peak 100 || peak 20' >/tmp/out 2>&1
vigia why --json "$at" | jq -r .verdict | grep -q 'succeeded in .*, but a process was killed: out of memory$'
ok "tried again, and well: said in the verdict all the same"
