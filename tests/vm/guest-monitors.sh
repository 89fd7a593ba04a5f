#!/bin/sh
# What the monitors say where a kernel really does it: a cgroup's peak and its OOM kill, forks that
# pids.max refuses, pressure, the kernel's log, compaction; and what an ordinary user is told on a
# machine with perf_event_paranoid 3 and dmesg_restrict. Short: it is part of `make check`.
. /vigia/guest.sh
MB=1048576
root=/sys/fs/cgroup
echo '+memory +pids +cpu +io' >$root/cgroup.subtree_control

# The last count of each way, summed up.
events_of() # EVENT
{
        rows fragmentation "select(.event == \"$1\") | \"\([.mode, .alloc_order, .fallback_order,
                .alloc_migratetype, .fallback_migratetype, .claimed] | @csv) \(.events)\"" |
                awk '{ last[$1] = $2 } END { for (way in last) n += last[way]; print n + 0 }'
}

# --- pids.max: the fork monitor foresees it, the kernel says it ---
mkdir $root/small $root/tight
echo 40 >$root/small/pids.max
# The last of the sleepers closes the fifo; until then no further process can be had there.
mkfifo /tmp/fifo
cat >/tmp/fill <<'END'
while :; do sleep 15 & done
END
into small record sh -c 'sh /tmp/fill 4>/tmp/fifo & read x </tmp/fifo; true' >/tmp/out 2>&1
is "$?" 0
ok "a recording goes on where nothing more can be forked"
grep -q "can't fork" /tmp/out
ok "the command could not fork"
is "$(info .complete)" true
ok "its run is complete"
is "$(rows events 'select(.kind == "kernel-fork-rejected") | .text')" \
        "cgroup: fork rejected by pids controller in /small"
ok "kernel: the refusal is an event"
is "$(rows fork 'select(.verdict == "no") | .limit' | sort -u)" pids.max
ok "fork: no, for pids.max"
is "$(rows fork 'select(.verdict == "no") | .path' | sort -u)" /small
ok "and of which cgroup"
is "$(rows limits '.pids_max' | sort -u)" 40
ok "limits: pids.max"
# Seen every two seconds, while the sleepers come and, on a slow machine, the first of them go.
between 30 "$(rows limits '.pids_current' | sort -n | tail -n 1)" 40
ok "limits: all of it used"
is "$(first .title)" "forks were refused by a cgroup's limit of 40 tasks (pids.max)"
ok "finding: which limit"
first .evidence | grep -q "fork rejected in /small; .* of 40 tasks of the cgroup /small at "
ok "finding: whose"
is "$(first .advice | sed -n 2p)" "echo 512 | sudo tee /sys/fs/cgroup/small/pids.max"
ok "finding: what to do"

# --- more than the kernel's ring holds, while the recorder does not run ---
echo on >/proc/sys/kernel/printk_devkmsg
cat >/tmp/flood <<'END'
recorder=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$PPID/status) # our parent is its relay
cat /proc/$recorder/comm
kill -STOP $recorder
i=0
while [ $i -lt 6000 ]; do echo "a program's line that is none of the kernel's $i"; i=$((i + 1)); done >/dev/kmsg
kill -CONT $recorder
sleep 1
END
record sh /tmp/flood >/tmp/out 2>&1
is "$(cat /tmp/out)" vigia
ok "the recorder was stopped"
is "$(rows events 'select(.kind == "kernel-lost") | .severity' | sort -u)" warning
ok "kernel: lines that were overwritten are said to be lost"
is "$(rows events 'select(.kind == "kernel") | .text' | grep -c 'a program')" 0
ok "what programs write there is not the kernel's word"
is "$(info .complete)" true
ok "the recording went on"

# --- memory.max: an OOM kill of the cgroup ---
echo 80M >$root/tight/memory.max
into tight record sh -c 'peak 300; echo $?' >/tmp/out 2>&1
is "$(tail -n 1 /tmp/out)" 137
ok "a child was killed at memory.max"
killed=$(processes 'select(.comm == "peak" and .exec_ns != null) | .pid')
is "$(rows events 'select(.kind == "kernel-oom") | .pid')" "$killed"
ok "kernel: one event for the kill, with its pid"
rows events 'select(.kind == "kernel-oom") | .text' | grep -q '^Memory cgroup out of memory: Killed process .* (peak) '
ok "in the kernel's words"
is "$(rows events 'select(.kind == "kernel-oom") | .severity')" critical
ok "critical"
is "$(rows events 'select(.kind == "oom-kill") | .pid')" "$killed"
ok "bpf told the same kill once"
is "$(rows cgroup '.path' | sort -u)" /tight
ok "cgroup: the limited one"
is "$(rows cgroup '.memory_max_bytes' | sort -u)" $((80 * MB))
ok "its memory.max"
between $((60 * MB)) "$(rows cgroup '.memory_peak_bytes' | sort -n | tail -n 1)" $((80 * MB))
ok "its memory.peak"
is "$(rows cgroup '.oom_kills' | tail -n 1)" 1
ok "its memory.events: one oom_kill"
is "$(first '"\(.id) \(.severity)"')" "oom critical"
ok "finding: out of memory, first of all"
first .title | grep -q "^out of memory: the kernel killed peak (.* MiB) at .*, by a cgroup's limit of 80 MiB$"
ok "finding: by the cgroup's limit"
first .evidence | grep -q "; cgroup /tight, memory.max 80 MiB"
ok "finding: its path"
is "$(rows cgroup 'select(.max_events > 0) | "some"' | sort -u)" some
ok "and max"
is "$(rows memory '.oom_kills' | sort -un | wc -l)" 2
ok "memory: the machine's oom_kill rose"

# --- memory.high and cpu.max: nothing is killed, it takes longer ---
mkdir $root/slow $root/half
echo 60M >$root/slow/memory.high
# The command alone is in it: it would hold the recorder up, too.
record_in() # CGROUP COMMAND
{
        printf '[monitors.cgroup]\npath = ["/%s"]\n' "$1" >/tmp/in.toml
        rm -rf "$at"
        vigia run --no-report -q -c /tmp/in.toml -o "$at" -- sh -c "echo \$\$ >/sys/fs/cgroup/$1/cgroup.procs; $2" >/tmp/out 2>&1
}
record_in slow 'peak 66'
is "$(first '"\(.id) \(.severity)"')" "memory-high warning"
ok "finding: memory.high held it up"
first .title >/tmp/why
grep -q "^a cgroup's memory.high of 60 MiB slowed the run down$" /tmp/why
ok "finding: and how much it is"
echo '20000 100000' >$root/half/cpu.max
record_in half 'burn 1150 0'
is "$(first '"\(.id) \(.severity)"')" "cpu-quota warning"
ok "finding: a CPU quota held it back"
first .title >/tmp/why
grep -q "^a quota of 0\.20* CPUs held the run back in .* % of its periods$" /tmp/why
ok "finding: which"
is "$(first .advice | sed -n 2p)" "echo 200000 100000 | sudo tee /sys/fs/cgroup/half/cpu.max"
ok "finding: what to do"

# --- pressure ---
record sh -c 'burn 1500 & burn 1500 & burn 1500 & burn 1500 & burn 1500 & burn 1500 & wait' >/tmp/out 2>&1
is "$(rows pressure '.resource' | sort -u | tr '\n' ' ')" "cpu io memory "
ok "pressure: cpu, io, memory"
first=$(rows pressure 'select(.resource == "cpu") | .some_us' | head -n 1)
last=$(rows pressure 'select(.resource == "cpu") | .some_us' | tail -n 1)
[ "${last:-0}" -gt "${first:-0}" ]
ok "six that want two CPUs wait for them"
info .cgroup | grep -q '^v2 /vigia-'
ok "the command had a cgroup of its own"
between $((100 * 1000)) "$(rows cgroup '.cpu_us' | tail -n 1)" $((60 * 1000000))
ok "whose CPU time is there"

# --- free memory in pieces: what the kernel's tracer counts, we count ---
tracing=/sys/kernel/tracing
cat >/tmp/fragment <<'END'
echo 1 >/sys/kernel/tracing/events/compaction/mm_compaction_begin/enable
echo 1 >/sys/kernel/tracing/events/kmem/mm_page_alloc_extfrag/enable
for i in 1 2 3; do echo 1 >/proc/sys/vm/compact_memory; done
mkdir /tmp/many # inodes, which are of another migrate type than most of what is free
i=0
while [ $i -lt 20000 ]; do : >/tmp/many/$i; i=$((i + 1)); done
echo 0 >/sys/kernel/tracing/events/enable
END
rm -rf "$at"
vigia run --no-report -q -o "$at" -m fragmentation,buddy -- sh /tmp/fragment >/tmp/out 2>&1
traced=$(grep -c mm_compaction_begin: $tracing/trace)
between "$traced" "$(events_of compaction-begin)" 100000
ok "fragmentation: every compaction is counted"
between 3 "$traced" 100000
ok "and there were some"
traced=$(grep -c mm_page_alloc_extfrag: $tracing/trace)
between "$traced" "$(events_of fallback)" 100000
ok "every fallback to another migrate type is counted"
between 1 "$traced" 100000
ok "and there were some"
is "$(rows buddy 'select(.zone == "DMA32" and .migratetype == null) | .node' | sort -u)" 0
ok "buddy: the zone"
rows buddy '.migratetype' | grep -q '^Movable$'
ok "by migrate type"

# --- an ordinary user, as Debian has it ---
is "$(cat /proc/sys/kernel/perf_event_paranoid) $(cat /proc/sys/kernel/dmesg_restrict)" "3 1"
ok "perf_event_paranoid 3, dmesg_restrict 1"
as_nobody sleep 0.3 >/tmp/out 2>&1
is "$(info '"\(.capture.source) \(.capture.partial)"')" "poll true"
ok "nobody: polled, and said to be partial"
is "$(su nobody -c 'vigia doctor --json' | jq -r '.sources[1].run')" "sudo sysctl kernel.perf_event_paranoid=2"
ok "doctor knows the sysctl"
probe kernel
is "$(jq -r .run /tmp/probe)" "sudo sysctl kernel.dmesg_restrict=0"
ok "the kernel monitor knows its own"
echo 0 >/proc/sys/kernel/dmesg_restrict
probe kernel
is "$(jq -r .works /tmp/probe)" true
ok "which helps"
as_nobody sh -c "'kill -SEGV \$\$'" >/tmp/out 2>&1
is "$(info .complete)" true
ok "nobody's recording with the kernel's log is complete"
