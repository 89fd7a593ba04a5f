#!/bin/sh
# Builds on two cores that nobody else has: one with a link at its end, one that waits for a slow disk, one that is
# well. What held each of them up is told first.
. /vigia/guest.sh
mkdir /tmp/bin
for name in cc1 ld; do
        cp "$(command -v burn)" /tmp/bin/$name
done
export PATH="/tmp/bin:$PATH"

# An emulated machine is slow: the recorder's own share must not be what the build leaves.
slowly()
{
        rm -rf "$at"
        vigia run --no-report -q -i 0.5 -o "$at" -- "$@"
}

slowly sh -c 'seq 40 | xargs -P 2 -n 1 sh -c "exec cc1 300 1"; ld 6000 1' >/tmp/out 2>&1
is "$(first '"\(.id) \(.severity)"')" "serial-tail info"
ok "a link at the end: first of all"
first .title >/tmp/why
grep -q '^the last .* s (.* of the run) kept 1.* of 2 cores busy$' /tmp/why
ok "a link at the end: how much of the run"
first .evidence >/tmp/why
grep -q '^it waited for ld [0-9.]* s; on all cores' /tmp/why
ok "a link at the end: whom all waited for"
first .advice >/tmp/why
grep -q 'mold, lld' /tmp/why
ok "a link at the end: what to do"

slowly sh -c 'seq 48 | xargs -P 2 -I "{}" sh -c "dd if=/dev/nvme0n1 of=/dev/null bs=64k count=40 skip={} iflag=direct; exec cc1 20 1"' >/tmp/out 2>&1
is "$(first '"\(.id) \(.severity)"')" "iowait warning"
ok "a slow disk: first of all"
first .title >/tmp/why
grep -q '^CPUs had nothing to do while tasks waited for I/O: up to .* % of their time$' /tmp/why
ok "a slow disk: how much"

slowly sh -c 'seq 80 | xargs -P 2 -n 1 sh -c "exec cc1 300 1"' >/tmp/out 2>&1
is "$(vigia report --json "$at" | jq -r '[.findings[].id | select(. != "late-ticks")] | join(" ")')" costly-commands
ok "a build that is well: only what cost most"
