#!/bin/sh
# The built-in rules as C: the bytes of each FILE.toml and its name. The first file includes the others.
# embed-rules.sh FILE… on standard output.
set -eu
export LC_ALL=C

printf '/* Written by scripts/embed-rules.sh from rules. */\n#include "rules/builtin-rules.h"\n\n'
n=0
for file; do
        printf 'static const char rules_%d[] = {\n' "$n"
        od -An -v -tu1 "$file" | sed 's/[0-9][0-9]*/&,/g'
        printf '0};\n\n'
        n=$((n + 1))
done
printf 'const BuiltinRules builtin_rules[] = {\n'
n=0
for file; do
        printf '        {"%s", rules_%d, sizeof rules_%d - 1},\n' "${file##*/}" "$n" "$n"
        n=$((n + 1))
done
printf '        {NULL, NULL, 0},\n};\n'
