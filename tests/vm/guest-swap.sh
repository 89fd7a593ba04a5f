#!/bin/sh
# A build whose memory is larger than the machine's: all of it lies in swap (zram) and is read back again and again.
. /vigia/guest.sh
total=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)

for name in zsmalloc lzo_compress lzo_decompress lzo-rle zram; do
        insmod "$(find /vigia/modules -name "$name.ko*")" 2>/dev/null
done
if [ ! -e /sys/block/zram0 ]; then
        echo "ok - swap # skip no zram in this kernel"
        exit 0
fi
echo $((total * 1024)) >/sys/block/zram0/disksize
mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
ok "there is swap"
record sh -c "thrash $((total / 1024 * 3 / 4)) 30000 & thrash $((total / 1024 / 2)) 30000 & wait" >/tmp/out 2>&1
is "$?" 0
ok "it goes on, slowly"
is "$(first '"\(.id) \(.severity)"')" "swap-thrash warning"
ok "finding: memory was read back from swap, first of all"
first .title >/tmp/why
grep -q '^memory was read back from swap: up to .* pages a second$' /tmp/why
ok "finding: how much"
is "$(vigia report --json "$at" | jq '[.findings[] | select(.id == "oom" or .id == "killed")] | length')" 0
ok "finding: nobody was killed"
