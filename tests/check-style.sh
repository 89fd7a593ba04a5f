#!/bin/sh
# The limits of HACKING.md that a program can read: files of at most 600 lines, functions of at
# most 60, unless the comment above gives the reason with the words "Longer than"; and no
# tracked file names a place of one machine. check-style.sh [ROOT].
set -eu

cd "${1:-$(dirname "$0")/..}"
wrong=0

sources()
{
        find src tests bench -name node_modules -prune -o -type f \( -name '*.c' -o -name '*.h' \) -print |
                LC_ALL=C sort
}

sources | awk '
function wrong(text) { print text; n_wrong++ }
function read_file(path,    line, n, head, comment, start, in_body, reason) {
        while ((getline line < path) > 0) {
                n++
                if (n <= 12 && line ~ /Longer than/) head = 1
                if (in_body) {
                        if (line ~ /^}/) {
                                in_body = 0
                                if (n - start + 1 > 60 && !reason)
                                        wrong(path ":" start ": function of " (n - start + 1) " lines; at most 60, or say why (\"Longer than\")")
                                comment = 0
                        }
                        continue
                }
                if (line ~ /Longer than/ && line !~ /^[^\/ *]/) comment = 1
                if (line ~ /^$/) comment = 0
                if (line ~ /^{/) { in_body = 1; start = n; reason = comment; n_functions++ }
        }
        close(path)
        if (n > 600 && !head)
                wrong(path ": " n " lines; at most 600, or say why at its top (\"Longer than\")")
        n_files++
}
{ read_file($0) }
END {
        if (!n_files) wrong("no sources found")
        if (n_wrong) exit 1
        printf "check-style: fine (%d files, %d functions)\n", n_files, n_functions
}' || wrong=1

# Only where git knows what is tracked; an archive has nothing else in it.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        here=$(pwd -P)
        if [ "${#here}" -gt 8 ] && git grep -nIF -e "$here" -- .; then
                echo "check-style: the lines above name this very checkout's path"
                wrong=1
        fi
        if git grep -nIE -e '(^|[^A-Za-z0-9_./-])/(wor[k]|wor[k]space|User[s])/' -e '/home/[a-z]+/(src|git|projects)/' -- .; then
                echo "check-style: the lines above name a place of one machine"
                wrong=1
        fi
        if git ls-files | grep -v '^tests/roots/' | grep -E '(^|/)(node_modules|build[^/]*)/|\.(o|orig|rej|swp)$'; then
                echo "check-style: the files above do not belong into the repository"
                wrong=1
        fi
fi
exit $wrong
