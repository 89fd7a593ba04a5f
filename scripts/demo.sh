#!/bin/sh
# Records a real build: vigia itself, compiled from scratch into a directory of its own.
set -eu

vigia="$PWD/${1:-build}/vigia"
place=$(mktemp -d "${TMPDIR:-/tmp}/vigia-demo.XXXXXX")
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM

meson setup "$place/build" >"$place/setup.log" 2>&1 || { cat "$place/setup.log" >&2; exit 1; }
"$vigia" run --label vigia-demo -- ninja -C "$place/build" -j2
echo
echo "The run lies in $("$vigia" runs --json 2>/dev/null | sed -n 's/.*"path": *"\([^"]*\)".*/\1/p' | tail -n 1)"
echo "Look again:  $vigia report last"
