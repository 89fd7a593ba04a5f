#!/bin/bash
# The same work under vigia and under the tools that Debian packages, in one session: wall ratio
# and own CPU over a real build, processes seen of 3,000, the peak reported of a tree of 400 MiB,
# own CPU over 500 idle processes. BENCH_PAIRS (default 5). A tool that is absent is said to be.
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"

PAIRS=${BENCH_PAIRS:-5}
SHORT=3000
OUT=$PLACE/out
mkdir -p "$OUT"

# The shell command that does COMMAND under TOOL, its data in $OUT.
under() # TOOL COMMAND
{
        case $1 in
        vigia) printf 'vigia run -q -o %q -- sh -c %q' "$OUT/run" "$2" ;;
        runlim) printf 'runlim -o %q sh -c %q' "$OUT/runlim" "$2" ;;
        mprof) printf '/usr/bin/python3 -m mprof run --include-children --interval 0.05 --output %q sh -c %q' "$OUT/mprof" "$2" ;;
        pidstat) beside "pidstat -r -u -h -H 1" INT "$2" ;;
        atop) beside "atop -w $OUT/atop 1" USR2 "$2" ;;
        forkstat) beside "forkstat -e fork,exec,exit" INT "$2" ;;
        esac
}

# A recorder of the whole machine runs beside the command, from before it to after it.
beside() # RECORDER SIGNAL COMMAND
{
        printf '%s >%q 2>&1 & p=$!; sleep 0.2; sh -c %q; sleep 0.2; kill -%s $p; wait $p 2>/dev/null; true' \
                "$1" "$OUT/beside" "$3" "$2"
}

there()
{
        case $1 in
        vigia) true ;;
        mprof) /usr/bin/python3 -c 'import mprof' 2>/dev/null ;;
        *) command -v "$1" >/dev/null ;;
        esac
}

# The tool's own CPU seconds over COMMAND: all that was waited for, less the command's own.
own_cpu() # TOOL COMMAND
{
        rm -rf "${OUT:?}"/*
        truth "$PLACE/total.json" sh -c "$(under "$1" "truth $PLACE/inner.json sh -c '$2'")" >/dev/null 2>&1 || true
        jq -n --slurpfile total "$PLACE/total.json" --slurpfile inner "$PLACE/inner.json" \
                '($total[0] | .user_us + .system_us) - ($inner[0] | .user_us + .system_us) | . / 1000000'
}

processes_seen() # TOOL
{
        case $1 in
        vigia) rows processes "$OUT/run" | jq -s 'map(select(.comm == "true")) | length' ;;
        runlim) echo "no list" ;;
        mprof) echo "no list" ;;
        pidstat) awk '$NF == "true" { seen[$4] = 1 } END { n = 0; for (p in seen) n++; print n }' "$OUT/beside" ;;
        atop) atop -r "$OUT/atop" -P PRG 2>/dev/null | awk '$8 == "(true)" { seen[$7] = 1 } END { n = 0; for (p in seen) n++; print n }' ;;
        forkstat) awk '$2 == "exec" && $NF ~ /true$/ { n++ } END { print n + 0 }' "$OUT/beside" ;;
        esac
}

# MiB of the whole tree, as the tool tells it.
peak_reported() # TOOL
{
        case $1 in
        vigia) rows totals "$OUT/run" | jq -s 'map(.pss_bytes // 0) | max / 1048576 | . * 10 | round / 10' ;;
        runlim) sed -n 's/.*space:[^0-9]*\([0-9.]*\) MB/\1/p' "$OUT/runlim" | tail -n 1 ;;
        mprof) awk '$1 == "MEM" && $2 > max { max = $2 } END { printf "%.1f\n", max }' "$OUT/mprof" ;;
        pidstat) awk '$NF == "hog" { sum[$1] += $13 } END { for (t in sum) if (sum[t] > max) max = sum[t]; printf "%.1f\n", max / 1024 }' "$OUT/beside" ;;
        atop) atop -r "$OUT/atop" -P PRM 2>/dev/null | awk '$8 == "(hog)" { sum[$3] += $12 } END { for (t in sum) if (sum[t] > max) max = sum[t]; printf "%.1f\n", max / 1024 }' ;;
        forkstat) echo none ;;
        esac
}

measure() # TOOL
{
        local build json ratio cpu seen peak idle
        if ! there "$1"; then
                printf '%-9s not installed\n' "$1"
                return
        fi
        note "$1"
        build="ninja -C $PLACE/tree/build -j2"
        json=$(pairs -n "$PAIRS" -p "$build -t clean; rm -rf $OUT; mkdir $OUT" "sh -c '$build'" "$(under "$1" "$build")" 2>/dev/null) ||
                json='{"ratio": null}'
        ratio=$(of "$json" 'if .ratio then .ratio * 10000 | round / 10000 else "failed" end')
        $build -t clean >/dev/null
        cpu=$(own_cpu "$1" "$build")
        cpu=$(calc "$cpu / ($(jq .wall_ns "$PLACE/inner.json") / 1e9) * 100" %.2f)
        idle=$(own_cpu "$1" "sleepers 500 10000")
        idle=$(calc "$idle / 10 * 100" %.2f)
        own_cpu "$1" "forkstorm $SHORT 1 fork /bin/true" >/dev/null
        seen=$(processes_seen "$1")
        own_cpu "$1" "hog private 4 100 2500" >/dev/null
        peak=$(peak_reported "$1")
        printf '%-9s %12s %14s %14s %16s %18s\n' "$1" "$ratio" "$cpu" "$seen" "$peak" "$idle"
}

make_tree
printf '%-9s %12s %14s %14s %16s %18s\n' "" "wall ratio" "own CPU, %" "seen" "peak, MiB" "own CPU, %, over" \
        "" "of a build" "of one core" "of $SHORT" "of 400 touched" "500 idle processes"
for tool in vigia runlim atop pidstat forkstat mprof; do
        [[ -z ${BENCH_ONLY-} || " $BENCH_ONLY " == *" $tool "* ]] || continue
        measure "$tool"
done
echo
echo "$PAIRS pairs each; atop and pidstat sample once a second, mprof every 50 ms, as vigia does; runlim as it comes."
