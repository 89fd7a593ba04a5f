#!/bin/sh
# docs/run-format.md's tables of columns, from the schemas themselves. run-format.sh: prints the
# document as it should be; run-format.sh --write: writes it; --check: fails where they differ.
set -eu
cd "$(dirname "$0")/.."

document=docs/run-format.md

render()
{
        awk '
        function field(text, n,    part, count, i, c, quoted, out) {
                # The nth argument of a macro call; commas inside quotes are text.
                count = 1
                for (i = 1; i <= length(text); i++) {
                        c = substr(text, i, 1)
                        if (c == "\"") { quoted = !quoted; continue }
                        if (c == "," && !quoted) { count++; continue }
                        if (count == n) out = out c
                }
                gsub(/^[ \t]+|[ \t]+$/, "", out)
                return out
        }
        function column(text,    kind, args, role) {
                kind = text
                sub(/\(.*/, "", kind)
                args = substr(text, length(kind) + 2)
                sub(/\)[^)]*$/, "", args)
                role = tolower(kind == "WORDS" ? "text" : kind)
                gsub(/\|/, "\\\\|", args)
                if (kind == "WORDS")
                        return "| `" field(args, 1) "` | TEXT | text | " field(args, 2) " |"
                return "| `" field(args, 1) "` | " field(args, 2) " | " role " | " field(args, 4) \
                        (field(args, 3) == "NONE" ? "" : " (" unit[field(args, 3)] ")") " |"
        }
        BEGIN {
                unit["BYTES"] = "bytes"; unit["US"] = "µs"; unit["NS"] = "ns"; unit["MS"] = "ms"
                unit["COUNT"] = "count"; unit["RATIO"] = "ratio"
        }
        FILENAME != ARGV[ARGC - 1] {
                if (match($0, /^static const Column [a-z_]+_columns\[/)) {
                        table = $4
                        sub(/_columns\[.*/, "", table)
                        next
                }
                if (/^};/) table = ""
                if (table == "") next
                if (/^ *\[[A-Z0-9_]+\] = /) { text = $0; sub(/^[^=]*= */, "", text) }
                else text = text " " $0
                if (text ~ /\),$/) { rows[table] = rows[table] column(text) "\n"; text = "" }
                next
        }
        /^<!-- columns of / {
                print
                if (!($4 in rows)) { print "no table " $4 > "/dev/stderr"; bad = 1 }
                print "\n| column | type | role | meaning |\n|---|---|---|---|"
                printf "%s", rows[$4]
                told[$4] = 1
                skipping = 1
                next
        }
        /^<!-- end -->/ { skipping = 0; print "" }
        !skipping { print }
        END {
                for (t in rows)
                        if (!(t in told)) { print "table " t " is not in the document" > "/dev/stderr"; bad = 1 }
                exit bad
        }' $(grep -lE '^static const Column [a-z_]+_columns\[' src/*/*.c | grep -vE '/test-|-fixture\.c$|^src/(monitor|export)/') "$document"
}

case ${1-} in
--write)
        text=$(render)
        printf '%s\n' "$text" >"$document"
        ;;
--check) render | diff -u "$document" - ;;
*) render ;;
esac
