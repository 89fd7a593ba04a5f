#!/bin/bash
# `make check`: builds with sanitizers and with both compilers, runs every suite this machine can,
# says what it skipped and why, and ends with one line that sums all up. `check.sh quick`: unit
# tests and the layers, in the plain build. Every suite reports TAP; the counts are read from it.
set -uo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1:-all}
logs=build-logs
passed=0 failed=0 skipped=0
failures=() skips=()
declare -A asides
jobs=$(nproc 2>/dev/null || echo 2)

say()
{
        printf '\n== %s\n' "$*"
}

pass()
{
        passed=$((passed + 1))
        printf 'ok      %s\n' "$1"
}

fail() # NAME [LOG]
{
        failed=$((failed + 1))
        failures+=("$1")
        printf 'FAILED  %s\n' "$1"
        [[ -n ${2-} && -f ${2-} ]] || return 0
        # The lines of a build that name what is wrong come first in what is shown.
        grep -nE -A 4 '(error|warning|undefined reference)[: ]' "$2" | head -n 40 | cut -c 1-200 | sed 's/^/        /'
        echo '        …'
        tail -n 30 "$2" | cut -c 1-200 | sed 's/^/        /'
}

skip() # NAME WHY
{
        skipped=$((skipped + 1))
        skips+=("$1: $2")
        printf 'skipped %s: %s\n' "$1" "$2"
}

# One test: NAME COMMAND…; what it prints is kept, and shown when it fails.
check()
{
        local log="$logs/${1//[^A-Za-z0-9]/-}.log"
        if "${@:2}" >"$log" 2>&1; then
                pass "$1"
        else
                fail "$1" "$log"
                return 1
        fi
}

# Adds up the top-level lines of a TAP file: SUITE FILE EXIT_STATUS. A suite that fails without
# naming a test, or ran none at all, is a failure itself.
count_tap()
{
        local suite=$1 file=$2 status=$3 p=0 f=0 s=0 line
        while IFS= read -r line; do
                if [[ $line =~ ^(not\ )?ok\ [0-9]+\ *-?\ *(.*)$ ]]; then
                        local bad=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]}
                        shopt -s nocasematch
                        if [[ $name =~ ^(.*)\#\ *skip[a-z]*:?\ *(.*)$ ]]; then
                                s=$((s + 1))
                                skips+=("$suite: ${BASH_REMATCH[1]% }: ${BASH_REMATCH[2]:-no reason given}")
                        elif [[ -n $bad ]]; then
                                f=$((f + 1))
                                failures+=("$suite: $name")
                        else
                                p=$((p + 1))
                        fi
                        shopt -u nocasematch
                fi
        done <"$file"
        if ((status != 0 && f == 0)); then
                f=1
                failures+=("$suite: ended with $status")
                tail -n 60 "$file" | sed 's/^/        /'
        elif ((p + f + s == 0)); then
                f=1
                failures+=("$suite: no test ran")
        elif ((f > 0)); then
                grep -A 25 '^not ok' "$file" | head -n 200 | sed 's/^/        /'
        fi
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        printf '%-7s %s: %d passed, %d failed, %d skipped\n' \
                "$( ((f)) && echo FAILED || echo ok)" "$suite" $p $f $s
}

# Every unit test program by itself: Meson knows them, we count their cases.
unit_tests() # BUILD
{
        local list name program environment settings tap status
        list=$(meson introspect --tests "$1" | python3 -c '
import json, sys
for t in json.load(sys.stdin):
    env = [k + "=" + v for k, v in (t["env"] or {}).items()]
    print("\t".join([t["name"], t["cmd"][0], *env]))') || { fail "unit tests: meson introspect"; return; }
        [[ -n $list ]] || { skip "unit tests" "no cmocka (libcmocka-dev)"; return; }
        while IFS=$'\t' read -r name program environment; do
                IFS=$'\t' read -ra settings <<<"$environment"
                tap="$logs/unit-$name.tap"
                # From the build directory, as Meson does.
                (cd "$1" && exec env "${settings[@]}" timeout 300 "$program" </dev/null) >"$tap" 2>"$tap.err"
                status=$?
                ((status == 0)) || cat "$tap.err" >>"$tap"
                count_tap "unit $name" "$tap" $status
        done <<<"$list"
}

one_suite() # NAME FILE
{
        local tap="$logs/${1//[^A-Za-z0-9.-]/-}.tap" status
        timeout 900 bats --formatter tap "$2" </dev/null >"$tap" 2>&1
        status=$?
        count_tap "$1" "$tap" $status
}

# Most of the time these wait, so two at a time run beside those that are repeated; who is through with what it had
# takes the next, so that nobody waits for the others: a folder can be made once.
single_suites()
{
        local file
        for file in tests/system/*.bats; do
                [[ -f $file && $file != */capture.bats && $file != */background.bats ]] || continue
                mkdir "$logs/taken/${file##*/}" 2>/dev/null && one_suite "${file##*/}" "$file"
        done
}

# capture.bats once for each source and each kind of user, background.bats for each kind of user.
repeated_suites()
{
        local source user users=("$(id -un)")
        if [[ $(id -u) != 0 ]]; then
                skip "capture as root" "make check runs as an ordinary user"
        elif command -v setpriv >/dev/null && id nobody >/dev/null 2>&1; then
                users+=(nobody)
        else
                skip "capture as an ordinary user" "no setpriv (util-linux) or no user nobody"
        fi
        for user in "${users[@]}"; do
                CAPTURE_USER=$user one_suite "background.bats ($user)" tests/system/background.bats
                for source in bpf perf poll; do
                        CAPTURE_SOURCE=$source CAPTURE_USER=$user \
                                one_suite "capture.bats ($source, $user)" tests/system/capture.bats
                done
        done
}

node_suites()
{
        local file status
        if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
                skip "tables, reports and exports as others read them" "no nodejs and npm"
                return
        fi
        [[ -f tests/package.json ]] || { skip "tables, reports and exports as others read them" "no tests/package.json"; return; }
        if ! (cd tests && npm ci --no-audit --no-fund) >"$logs/npm.log" 2>&1 </dev/null; then
                tail -n 5 "$logs/npm.log"
                skip "tables, reports and exports as others read them" "npm ci failed (is there a network?)"
                return
        fi
        for file in tests/*.test.mjs tests/*/*.test.mjs; do
                [[ -f $file && $file != */node_modules/* ]] || continue
                timeout 900 node --test --test-reporter=tap "$file" </dev/null >"$logs/${file##*/}.tap.raw" 2>&1
                status=$?
                # Subtests are indented below their file or suite: the leaves are what counts.
                node tests/tap-leaves.mjs <"$logs/${file##*/}.tap.raw" >"$logs/${file##*/}.tap"
                count_tap "${file##*/}" "$logs/${file##*/}.tap" $status
        done
}

# Leak detection needs ptrace, which some containers refuse: then the rest still runs.
sanitizer_options()
{
        local probe="$logs/leak-probe"
        export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
        export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
        printf 'int main(void){return 0;}\n' >"$probe.c"
        if ! gcc -fsanitize=address -o "$probe" "$probe.c" 2>"$probe.log"; then
                skip "sanitizers" "gcc cannot link with AddressSanitizer here"
                return 1
        fi
        if ! "$probe" >"$probe.log" 2>&1; then
                skip "leak detection" "refused here (no ptrace): $(head -n 1 "$probe.log")"
                ASAN_OPTIONS=detect_leaks=0:abort_on_error=0
        fi
        return 0
}

compile() # NAME COMPILER DIRECTORY
{
        command -v "$2" >/dev/null || { skip "$1" "no $2"; return; }
        CC=$2 JOBS=$jobs check "$1" sh scripts/build.sh "$3" -Dwerror=true
}

# clang compiles everything with its own warnings, the fuzzers included where it has libFuzzer.
clang_build()
{
        fuzzing=false
        printf 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n){return n && d[0];}\n' >"$logs/fuzz-probe.c"
        if ! clang -w -fsanitize=fuzzer,address -o "$logs/fuzz-probe" "$logs/fuzz-probe.c" >"$logs/fuzz-probe.log" 2>&1; then
                skip "fuzzers" "no clang with libFuzzer (clang, libclang-rt-dev)"
                compile "clang, warnings are errors" clang build-clang
                return
        fi
        CC=clang JOBS=$jobs check "clang with fuzzers, warnings are errors" sh scripts/build.sh build-fuzz \
                -Dfuzzers=true -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized \
                -Dwerror=true && fuzzing=true
}

# The seeds, and a fixed walk from them: the same inputs every time.
fuzz_replays()
{
        local program name seeds
        for program in build-fuzz/tests/fuzz-*; do
                [[ -f $program && -x $program ]] || continue
                name=${program##*/fuzz-} seeds=()
                [[ -d tests/fuzz/$name ]] && seeds=("tests/fuzz/$name")
                # libFuzzer writes what it finds into the first folder it is given.
                rm -rf "$logs/walk" && mkdir "$logs/walk"
                ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=8" check "fuzz $name" timeout 300 "$program" -seed=1 \
                        -runs=20000 -timeout=20 -artifact_prefix="$logs/crash-$name-" "$logs/walk" "${seeds[@]}"
        done
}

# Real kernel behaviour, in a machine of its own: the short suites. `make check-vm` runs all.
vm_suites()
{
        local tap="$logs/vm.tap" status
        VIGIA_BUILD=build-gcc timeout 900 bash tests/vm/check-vm.sh --tap oom monitors </dev/null >"$tap" 2>&1
        status=$?
        count_tap "virtual machines" "$tap" $status
}

# Runs beside what comes next, for suites that are not about time; `join_aside` prints and counts it.
aside() # NAME COMMAND…
{
        local name=$1
        (
                passed=0 failed=0 skipped=0 failures=() skips=()
                "${@:2}" >"$logs/aside-$name.txt" 2>&1
                printf '%s\n' "${failures[@]}" >"$logs/aside-$name.failures"
                printf '%s\n' "${skips[@]}" >"$logs/aside-$name.skips"
                echo "$passed $failed $skipped" >"$logs/aside-$name.counts"
        ) &
        asides[$name]=$!
}

join_aside() # NAME
{
        local p f s line
        wait "${asides[$1]}"
        cat "$logs/aside-$1.txt"
        read -r p f s <"$logs/aside-$1.counts" || { fail "what ran aside ($1) ended early"; return; }
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        while IFS= read -r line; do
                [[ -n $line ]] && failures+=("$line")
        done <"$logs/aside-$1.failures"
        while IFS= read -r line; do
                [[ -n $line ]] && skips+=("$line")
        done <"$logs/aside-$1.skips"
}

static_checks()
{
        say "layers and limits"
        check "layers: nothing includes up or sideways" sh tests/check-layers.sh
        check "style: lengths and paths" sh tests/check-style.sh
        check "docs/run-format.md says what the tables hold" sh scripts/run-format.sh --check
}

# What the monitors make of the recorded machines, and what the documents say of the monitors.
monitor_checks() # BUILD
{
        local tap="$logs/goldens.tap" status
        bash tests/goldens.sh "$1" >"$tap" 2>&1 </dev/null
        status=$?
        count_tap "monitors over recorded machines" "$tap" $status
        check "docs/monitors.md and HACKING.md say what the monitors hold" sh scripts/monitor-docs.sh "$1" --check
}

finish()
{
        if ((${#skips[@]})); then
                say "skipped"
                printf '%s\n' "${skips[@]}"
        fi
        if ((${#failures[@]})); then
                say "failed"
                printf '%s\n' "${failures[@]}"
        fi
        printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
        ((failed == 0 && passed > 0))
        exit
}

mkdir -p "$logs"
if [[ $mode == quick ]]; then
        static_checks
        say "unit tests"
        unit_tests build
        monitor_checks build
        finish
fi

# At -O1 with line numbers alone it takes half the time; gcc's other warnings are the next build's.
sanitize=-Db_sanitize=address,undefined
sanitizer_options || sanitize=-Db_sanitize=none
static_checks

say "builds"
JOBS=$jobs check "sanitized build, warnings are errors" sh scripts/build.sh build-check "$sanitize" \
        -Db_lundef=false -Dwerror=true -Dbuildtype=debugoptimized -Doptimization=1 -Dc_args=-g1 || finish
compile "gcc, warnings are errors" gcc build-gcc
clang_build

# The system suites run the sanitized program; VIGIA_BUILD names another.
export VIGIA_BUILD=${VIGIA_BUILD:-$PWD/build-check}
rm -f "$logs"/aside*
aside node node_suites

say "unit tests"
unit_tests build-check
monitor_checks build-check

if $fuzzing; then
        say "parsers over hostile input"
        fuzz_replays
fi

say "tables, reports and exports as other readers see them; the page in a browser"
join_aside node

say "the command, system by system"
if command -v bats >/dev/null; then
        rm -rf "$logs/taken" && mkdir "$logs/taken"
        aside first single_suites
        aside second single_suites
        repeated_suites
else
        skip "tests of the command line" "no bats"
fi

say "what a kernel really does"
if [[ -x build-gcc/vigia ]]; then
        vm_suites
else
        skip "virtual machines" "no plain build"
fi

if command -v bats >/dev/null; then
        say "the command, what is left of it"
        single_suites
        join_aside first
        join_aside second
fi
finish
