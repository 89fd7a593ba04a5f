#!/bin/sh
# A machine that systemd runs: the command gets a transient scope, from the system's manager as
# root and from the user's manager as an ordinary user.
. /vigia/guest.sh
MB=1048576
# An emulated machine is 20 times slower than one that 50 ms are meant for.
export VIGIA_CGROUP_WAIT=10s

systemctl --version | sed -n 's/^systemd/# systemd/p'
record sh -c 'cat /proc/self/cgroup; peak 60' >/tmp/out 2>&1
info .cgroup | grep -q '^systemd /.*/vigia-[0-9]*-.*\.scope$'
ok "root: a scope of the system's manager"
grep -q '^0::/.*/vigia-.*\.scope$' /tmp/out
ok "with the command in it before it execs"
between $((60 * MB)) "$(info .peak_cgroup_bytes)" $((100 * MB))
ok "its peak is in run.json"
is "$(info .capture.source)" bpf
ok "by bpf"
systemctl list-units --all --no-legend 'vigia-*.scope' >/tmp/why
[ ! -s /tmp/why ]
ok "no scope is left"

# A daemon that stays: so does its scope, and it keeps running.
record sh -c 'sleep 30 >/dev/null 2>&1 & echo $!' >/tmp/out 2>&1
daemon=$(tail -n 1 /tmp/out)
kill -0 "$daemon" && grep -q 'vigia-.*\.scope' "/proc/$daemon/cgroup"
ok "a daemon left behind lives on in its scope"
kill "$daemon"

record sh -c 'systemctl show -p TasksMax -p MemoryMax "$(sed -n "s,^0::.*/,,p" /proc/self/cgroup)"' >/tmp/out 2>&1
is "$(sort /tmp/out | tr '\n' ' ')" "MemoryMax=infinity TasksMax=infinity "
ok "the scope has no limit of its own"

# --- a quota of a slice above: which unit it is raised of ---
systemctl set-property --runtime ci.slice CPUQuota=20%
rm -rf "$at"
# The recorder steps out, so that the quota holds up the command alone.
systemd-run --quiet --scope --slice=ci-job.slice vigia run --no-report -q -o "$at" -- \
        sh -c 'echo $PPID >/sys/fs/cgroup/cgroup.procs; burn 1150 0' >/tmp/out 2>&1
cp /tmp/out /tmp/why
info .cgroup | grep -q '^systemd /ci.slice/ci-job.slice/vigia-'
ok "the command's scope is below the slice it was started in"
is "$(first '"\(.id) \(.subject)"')" "cpu-quota /ci.slice"
ok "finding: the quota of the slice above, first of all"
is "$(first .advice | sed -n 2p)" "systemctl set-property ci.slice CPUQuota=200%"
ok "finding: which unit it is raised of"
systemctl set-property --runtime ci.slice CPUQuota=

# --- what journald has of a unit ---
systemctl start systemd-journald.service
cat >/tmp/journal.toml <<'END'
[monitors.journal]
enabled = true
units = ["demo"]
END
systemd-run --quiet --wait --unit=demo -p DefaultDependencies=no echo before the recording
rm -rf "$at"
vigia run --no-report -q -c /tmp/journal.toml -o "$at" -- sh -c 'for unit in demo other; do
        systemd-run --quiet --wait --unit=$unit -p DefaultDependencies=no \
                sh -c "echo hello from $unit; echo \"<3>it is bad\"; sleep 1"
        done' >/tmp/out 2>&1
is "$(rows events 'select(.kind == "journal" and (.text | endswith("hello from demo"))) | .severity')" info
ok "journal: a line of the unit is one event"
is "$(rows events 'select(.kind == "journal" and .severity == "warning") | .text')" "demo.service: it is bad"
ok "with its priority"
grep -q ' demo.service sh\[[0-9]*\]: hello from demo$' "$at/journal.log"
ok "and a line of journal.log"
is "$(grep -cE 'other|before the recording' "$at/journal.log")" 0
ok "nothing of another unit, nothing from before"

# --- an ordinary user, in a session beside the user's manager, as logind has it ---
session()
{
        systemd-run --quiet --scope --slice=user-65534.slice su nobody -c "$1"
}
export XDG_RUNTIME_DIR=/run/user/65534
rm -rf "$at"
session "vigia run --no-report -q -o $at -- sh -c 'cat /proc/self/cgroup; peak 40'" >/tmp/out 2>&1
cp /tmp/out /tmp/why
info .cgroup | grep -q '^systemd /user.slice/user-65534.slice/user@65534.service/.*/vigia-.*\.scope$'
ok "nobody: a scope of the user's manager"
between $((40 * MB)) "$(info .peak_cgroup_bytes)" $((80 * MB))
ok "its peak is in run.json"
is "$(cat /sys/fs/cgroup/user.slice/user-65534.slice/user@65534.service/app.slice/vigia-*/cgroup.procs 2>/dev/null)" ""
ok "no scope is left"

unset XDG_RUNTIME_DIR
session "vigia doctor --json" >/tmp/doctor 2>/dev/null
is "$(jq -r .cgroup.works /tmp/doctor)" true
ok "doctor says so, without XDG_RUNTIME_DIR too"
systemctl stop user@65534.service
export XDG_RUNTIME_DIR=/run/user/65534
session "vigia doctor --json" >/tmp/doctor 2>/dev/null
is "$(jq -r .cgroup.works /tmp/doctor)" false
ok "without the user's manager: none"
jq -r .cgroup.why /tmp/doctor | grep -q 'bus'
ok "and doctor says why"
