#!/bin/bash
# Runs the guest suites, each in a fresh virtual machine, and ends with "N passed, N failed,
# N skipped". check-vm.sh [--tap] [SUITE…]: v2 v1 oom swap build monitors systemd. --tap: results for a reader of
# TAP. VIGIA_BUILD names another build than build/.
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 2
build="${VIGIA_BUILD:-build}"
passed=0 failed=0 skipped=0 tap=false suite=
if [[ ${1-} == --tap ]]; then
        tap=true
        shift
fi

# One line of a result: "ok - NAME", "not ok - NAME", "ok - NAME # skip WHY".
count()
{
        case $1 in
        'ok - '*' # skip '*) skipped=$((skipped + 1)) ;;
        'ok - '*) passed=$((passed + 1)) ;;
        'not ok - '*) failed=$((failed + 1)) ;;
        esac
        if ! $tap; then
                printf '  %s\n' "$1"
        elif [[ $1 == *'ok - '* ]]; then
                printf '%s %d - %s: %s\n' "${1%%ok - *}ok" $((passed + failed + skipped)) "$suite" "${1#*ok - }"
        else
                printf '%s\n' "$1"
        fi
}

count_all() # FILE
{
        local line
        while IFS= read -r line; do
                count "$line"
        done < <(grep -aE '^((not )?ok - |#   )' "$1")
}

suite() # NAME ARGUMENTS-OF-run-vm…
{
        local output status programs=() program
        suite=$1
        shift
        for program in "$build"/tests/helpers/{burn,forkstorm,peak,spike,thrash,tiny} \
                "$build"/tests/test-command-cgroup "$(command -v jq)"; do
                [[ -x $program ]] && programs+=(-p "$program")
        done
        output="$(mktemp)"
        $tap || printf '%s\n' "$suite"
        bash tests/vm/run-vm.sh -b "$build" "$@" "${programs[@]}" "tests/vm/guest-$suite.sh" \
                >"$output" 2>&1
        status=$?
        count_all "$output"
        if ((status == 3)); then
                count "ok - the machine # skip $(tail -n 1 "$output" | sed 's/^run-vm.sh: //')"
        elif ((status != 0)); then
                count "not ok - the suite ended with $status"
                tail -n 20 "$output" | sed 's/^/  #   /'
        fi
        rm -f "$output"
}

wanted()
{
        local word
        (($# == 1)) && return 0
        for word in "${@:2}"; do
                [[ $word == "$1" ]] && return 0
        done
        return 1
}

# This machine's own systemd and bus in the guest, with units made for the test.
systemd()
{
        local file arguments=()
        for file in /lib/systemd/systemd /lib/systemd/systemd-journald /usr/bin/systemctl /usr/bin/systemd-run \
                /usr/bin/dbus-daemon /lib/systemd/system /usr/lib/systemd/user \
                /usr/share/dbus-1 "$(ldconfig -p | sed -n 's/.*libsystemd.so.0 .*=> //p' | head -n 1)"; do
                if [[ ! -e $file ]]; then
                        suite=systemd
                        count "ok - the machine # skip no $file here"
                        return
                fi
                arguments+=(-f "$file")
        done
        suite systemd -m 1024 -t 400 "${arguments[@]}"
}

# With Debian's earlyoom, unpacked beside the kernel and not installed: a daemon that kills has no place on this machine.
oom()
{
        local folder=build/vm program=build/vm/root/usr/bin/earlyoom
        mkdir -p "$folder"
        [[ -x $program ]] || (cd "$folder" && timeout 60 apt-get -q download earlyoom && dpkg-deb -x earlyoom_*.deb root && rm -f earlyoom_*.deb) >/dev/null 2>&1
        [[ -x $program ]] || program=
        suite oom -m 512 ${program:+-p "$program"}
}

wanted v2 "$@" && suite v2 -m 1024
wanted v1 "$@" && suite v1 -m 768 -a vigia.cgroup=none
wanted oom "$@" && oom
wanted swap "$@" && suite swap -m 512 -k zsmalloc -k lzo_compress -k lzo_decompress -k lzo-rle -k zram
wanted build "$@" && suite build -m 512 -d 100
wanted monitors "$@" && suite monitors -m 768
wanted systemd "$@" && systemd
$tap || printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
