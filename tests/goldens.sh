#!/bin/bash
# What every monitor says about the recorded machines, compared byte by byte with what it said when a
# person looked: tests/golden/monitors/MACHINE.MONITOR[.VARIANT].jsonl is the output of
#
#         monitor-rows tests/roots/MACHINE MONITOR [KEY=TEXT]…
#
# where the words KEY=TEXT are the lines of a file beside it, .settings instead of .jsonl. TAP on
# stdout. goldens.sh BUILD compares; goldens.sh BUILD --write writes those that there are (a new one:
# make it empty first). A monitor that is on by default and has none is a failure.
set -uo pipefail
export LC_ALL=C.UTF-8 TZ=UTC
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${1:?usage: goldens.sh BUILD [--write]}
mode=${2:-}
goldens=tests/golden/monitors
rows=$build/tests/helpers/monitor-rows
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT
n=0 failed=0

result() # NAME STATUS [WHY-SKIPPED]
{
        n=$((n + 1))
        if (($2)); then
                failed=$((failed + 1))
                echo "not ok $n - $1"
        else
                echo "ok $n - $1${3:+ # skip $3}"
        fi
}

# A row's cells on lines of their own: a difference then names its column.
by_cell()
{
        sed -e 's/^{/{\n  /' -e 's/,"/,\n  "/g' "$1"
}

show_difference() # GOLDEN ACTUAL
{
        diff -u --label "$1" --label "what it says now" <(by_cell "$1") <(by_cell "$2") | head -n 80 | sed 's/^/# /'
}

# The name is MACHINE.MONITOR or MACHINE.MONITOR.VARIANT.
one() # GOLDEN
{
        local golden=$1 name machine monitor settings=() status
        name=$(basename "$golden" .jsonl)
        IFS=. read -r machine monitor _ <<<"$name"
        [[ -f ${golden%.jsonl}.settings ]] && mapfile -t settings <"${golden%.jsonl}.settings"
        if [[ ! -d tests/roots/$machine/1 ]]; then
                result "$name" 1
                echo "# there is no tests/roots/$machine/1"
                return
        fi
        timeout 60 "$rows" "tests/roots/$machine" "$monitor" "${settings[@]}" \
                >"$place/actual" 2>"$place/errors" </dev/null
        status=$?
        if ((status)); then
                result "$name" 1
                echo "# monitor-rows tests/roots/$machine $monitor ${settings[*]} ended with $status"
                head -n 40 "$place/errors" | sed 's/^/# /'
        elif [[ $mode == --write ]]; then
                cmp -s "$place/actual" "$golden" || { cp "$place/actual" "$golden" && echo "wrote $golden"; }
        elif cmp -s "$golden" "$place/actual"; then
                result "$name" 0
        elif grep -q '^{"absent": "built without ' "$place/actual" && ! grep -q 'built without' "$golden"; then
                result "$name" 0 "$(sed -E 's/^\{"absent": "([^"]*)".*/\1/' "$place/actual")"
        else
                result "$name" 1
                show_difference "$golden" "$place/actual"
        fi
}

# Of every monitor that is on by default: whether anybody ever looked at it.
each_has_one()
{
        local name enabled
        while read -r name enabled; do
                [[ $enabled == on ]] || continue
                compgen -G "$goldens/*.$name.jsonl" >/dev/null || compgen -G "$goldens/*.$name.*.jsonl" >/dev/null
                result "$name has a golden" $?
        done < <("$build/tests/helpers/monitor-docs" names)
}

[[ -x $rows ]] || { echo "goldens.sh: no $rows; build first" >&2; exit 1; }
for golden in "$goldens"/*.jsonl; do
        one "$golden"
done
if [[ $mode == --write ]]; then
        exit "$failed"
fi
each_has_one
echo "1..$n"
((failed == 0 && n > 0))
