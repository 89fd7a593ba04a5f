#!/bin/bash
# Runs the guest suites, each in a fresh virtual machine, and ends with "N passed, N failed,
# N skipped". check-vm.sh [SUITE…]: v2 v1 oom systemd. VIGIA_BUILD names another build than build/.
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 2
build="${VIGIA_BUILD:-build}"
passed=0 failed=0 skipped=0

count()
{
        local line
        while IFS= read -r line; do
                printf '%s\n' "  $line"
                case $line in
                'ok - '*' # skip'* | 'ok - '*' # SKIP'*) skipped=$((skipped + 1)) ;;
                'ok - '*) passed=$((passed + 1)) ;;
                'not ok - '*) failed=$((failed + 1)) ;;
                esac
        done < <(grep -aE '^((not )?ok - |#   )' "$1")
}

suite() # NAME ARGUMENTS-OF-run-vm…
{
        local name=$1 output status programs=() program
        shift
        for program in "$build"/tests/helpers/{burn,forkstorm,peak,tiny} \
                "$build"/tests/test-command-cgroup "$(command -v jq)"; do
                [[ -x $program ]] && programs+=(-p "$program")
        done
        output="$(mktemp)"
        printf '%s\n' "$name"
        bash tests/vm/run-vm.sh -b "$build" "$@" "${programs[@]}" "tests/vm/guest-$name.sh" \
                >"$output" 2>&1
        status=$?
        count "$output"
        if ((status == 3)); then
                printf '%s\n' "  skipped: $(tail -n 1 "$output")"
                skipped=$((skipped + 1))
        elif ((status != 0)); then
                printf '%s\n' "  not ok: the suite ended with $status"
                tail -n 20 "$output" | sed 's/^/  #   /'
                failed=$((failed + 1))
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
        for file in /lib/systemd/systemd /usr/bin/systemctl /usr/bin/systemd-run \
                /usr/bin/dbus-daemon /lib/systemd/system /usr/lib/systemd/user \
                /usr/share/dbus-1 "$(ldconfig -p | sed -n 's/.*libsystemd.so.0 .*=> //p' | head -n 1)"; do
                if [[ ! -e $file ]]; then
                        printf '%s\n' systemd "  skipped: no $file here"
                        skipped=$((skipped + 1))
                        return
                fi
                arguments+=(-f "$file")
        done
        suite systemd -m 1024 -t 400 "${arguments[@]}"
}

wanted v2 "$@" && suite v2 -m 1024
wanted v1 "$@" && suite v1 -m 768 -a vigia.cgroup=none
wanted oom "$@" && suite oom -m 512
wanted systemd "$@" && systemd
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
