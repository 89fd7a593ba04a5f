#!/bin/bash
# Runs every parser's libFuzzer target for FUZZ_SECONDS over tests/fuzz/NAME and what it finds new
# into build-fuzz/corpus/NAME. Exits non-zero on the first crash; the input is named.
set -euo pipefail

seconds=${FUZZ_SECONDS:-60}
command -v clang >/dev/null || { echo "fuzz: clang is missing; make deps" >&2; exit 1; }
CC=clang sh scripts/build.sh build-fuzz -Dfuzzers=true -Db_sanitize=address,undefined \
        -Db_lundef=false -Dbuildtype=debugoptimized -Dwerror=true
shopt -s nullglob
ran=0
for program in build-fuzz/tests/fuzz-*; do
        [[ -x $program && -f $program ]] || continue
        name=${program##*/fuzz-}
        mkdir -p "build-fuzz/corpus/$name"
        seeds=()
        [[ -d tests/fuzz/$name ]] && seeds=("tests/fuzz/$name")
        echo "fuzz-$name: $seconds s" >&2
        "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -verbosity=0 \
                -print_final_stats=1 -artifact_prefix="build-fuzz/crash-$name-" \
                "build-fuzz/corpus/$name" "${seeds[@]}" 2>&1 | tail -n 25
        ran=$((ran + 1))
done
((ran > 0)) || { echo "fuzz: no fuzzers in this tree" >&2; exit 1; }
echo "fuzz: $ran parsers, $seconds s each, no crash"
