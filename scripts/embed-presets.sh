#!/bin/sh
# Presets as C: the bytes of each NAME.toml, its name, and its first comment as what it is for.
# embed-presets.sh FILE… on standard output.
set -eu
export LC_ALL=C

printf '/* Written by scripts/embed-presets.sh from rules/presets. */\n#include "config/presets.h"\n\n'
n=0
for file; do
        printf 'static const char preset_%d[] = {\n' "$n"
        od -An -v -tu1 "$file" | sed 's/[0-9][0-9]*/&,/g'
        printf '0};\n\n'
        n=$((n + 1))
done
printf 'const Preset presets[] = {\n'
n=0
for file; do
        name=${file##*/}
        # Quoted for C; the comment has no line of its own end.
        help=$(sed -n 's/^# *//; s/\.$//; s/[\\"]/\\&/g; 1p' "$file")
        printf '        {"%s", preset_%d, sizeof preset_%d - 1, "%s"},\n' "${name%.toml}" "$n" "$n" "$help"
        n=$((n + 1))
done
printf '        {NULL, NULL, 0, NULL},\n};\n'
