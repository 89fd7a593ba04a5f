#!/bin/sh
# What docs and code say twice, from the code: the tables of docs/monitors.md are printed by
# BUILD/tests/helpers/monitor-docs, the example of HACKING.md is docs/example-monitor.c.
# monitor-docs.sh BUILD --write writes both documents; --check fails where they differ.
set -eu
cd "$(dirname "$0")/.."

build=${1:?usage: monitor-docs.sh BUILD --write|--check}

# The lines between <!-- NAME --> and <!-- end --> of a document, replaced by standard input.
splice() # DOCUMENT NAME
{
        awk -v name="<!-- $2 -->" '
        FILENAME == "-" { text = text $0 "\n"; next }
        $0 == name { print; printf "%s\n", text; skipping = found = 1 }
        /^<!-- end -->/ { skipping = 0 }
        !skipping { print }
        END { if (!found) { print "no " name > "/dev/stderr"; exit 1 } }' - "$1"
}

monitors()
{
        "$build/tests/helpers/monitor-docs" | splice docs/monitors.md monitors
}

hacking()
{
        { printf '\n```c\n'; cat docs/example-monitor.c; printf '```\n'; } | splice HACKING.md "an example monitor"
}

# Through a variable: an output that failed half way replaces nothing.
renew() # DOCUMENT TEXT
{
        case $2 in
        '') exit 1 ;;
        esac
        case $mode in
        --write) printf '%s\n' "$2" >"$1" ;;
        --check) printf '%s\n' "$2" | diff -u "$1" - ;;
        *) printf '%s\n' "$2" ;;
        esac
}

mode=${2-}
text=$(monitors)
renew docs/monitors.md "$text"
text=$(hacking)
renew HACKING.md "$text"
