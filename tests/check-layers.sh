#!/bin/sh
# Reads the table in ARCHITECTURE.md and fails on an include that runs up or sideways, and on a
# folder the table does not name. check-layers.sh [ROOT]; prints "fine" when it is.
set -eu

cd "${1:-$(dirname "$0")/..}"
[ -f ARCHITECTURE.md ] && [ -d src ] || { echo "check-layers: no ARCHITECTURE.md and src/ here" >&2; exit 2; }

find src -type f \( -name '*.c' -o -name '*.h' \) -print | LC_ALL=C sort | awk '
function wrong(text) { print text; n_wrong++ }

# | folder | what it is | may include |
function read_table(    line, cell, words, n, i, in_table) {
        while ((getline line < "ARCHITECTURE.md") > 0) {
                if (line ~ /^\| *folder *\|/) { in_table = 1; continue }
                if (!in_table || line ~ /^\|[- |]*$/) continue
                if (line !~ /^\|/) break
                split(line, cell, "|")
                gsub(/^ +| +$/, "", cell[2])
                known[cell[2]] = 1
                n = split(cell[4], words, " ")
                for (i = 1; i <= n; i++) may[cell[2], words[i]] = 1
        }
        for (line in known) n_known++
        if (!n_known) wrong("ARCHITECTURE.md: no table of folders found")
        for (line in may) {
                split(line, words, SUBSEP)
                if (words[2] != "*" && !(words[2] in known))
                        wrong("ARCHITECTURE.md: " words[1] " may include " words[2] ", which is no row")
        }
}

function exists(path,    line, r) { r = (getline line < path); close(path); return r >= 0 }

function check(path,    part, n, folder, line, at, name, target, same) {
        n = split(path, part, "/")
        if (n < 3) { wrong(path ": sources belong into a folder of src/"); return }
        folder = part[2]
        if (!(folder in known)) {
                if (!(folder in told)) wrong("src/" folder ": ARCHITECTURE.md has no row for this folder")
                told[folder] = 1
                return
        }
        n_files++
        at = 0
        while ((getline line < path) > 0) {
                at++
                if (line !~ /^[ \t]*#[ \t]*include[ \t]*"/) continue
                name = line
                sub(/^[^"]*"/, "", name)
                sub(/".*/, "", name)
                n_includes++
                if (name ~ /\.\./) { wrong(path ":" at ": include \"" name "\" climbs; write \"layer/file.h\""); continue }
                if (name !~ /\//) {
                        # Generated skeletons have no folder; anything else lies beside.
                        same = path
                        sub(/[^\/]*$/, name, same)
                        if (name !~ /\.skel\.h$/ && !exists(same))
                                wrong(path ":" at ": include \"" name "\"; write \"layer/file.h\"")
                        continue
                }
                target = name
                sub(/\/.*/, "", target)
                if (target == folder || target == "base") continue
                if (!(target in known)) {
                        # Libraries keep their headers in folders too, but not by our names.
                        if (!exists("src/" name)) continue
                        wrong(path ":" at ": include \"" name "\" of unknown folder " target)
                        continue
                }
                if (!((folder, "*") in may) && !((folder, target) in may))
                        wrong(path ":" at ": " folder " may not include " target " (\"" name "\")")
        }
        close(path)
}

BEGIN { read_table() }
{ check($0) }
END {
        if (!n_files && !n_wrong) wrong("no sources found under src/")
        if (n_wrong) { printf "check-layers: %d wrong\n", n_wrong; exit 1 }
        printf "check-layers: fine (%d files, %d includes)\n", n_files, n_includes
}'
