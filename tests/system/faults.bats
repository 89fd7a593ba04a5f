# Bad input and broken surroundings: one clear line, the right exit code, nothing half-written,
# and the command never pays for it.

load common

setup()
{
        mounts=()
        common_setup
}

teardown()
{
        local place
        for place in "${mounts[@]}"; do
                umount "$place"
        done
        common_teardown
}

# One line on stderr that holds TEXT, nothing on stdout: says TEXT COMMAND…
says() # EXIT TEXT COMMAND…
{
        local want=$1 text=$2
        shift 2
        run --separate-stderr "$@"
        echo "exit $status, stdout: $output, stderr: $stderr"
        [[ $status -eq $want ]]
        [[ -z $output ]]
        [[ $stderr == *"$text"* ]]
        [[ $(wc -l <<<"$stderr") -eq 1 ]]
}

@test "an unknown command, no command" {
        says 2 nonsense "$VIGIA" nonsense
        run --separate-stderr "$VIGIA"
        is "$status" == 2
}

@test "unknown options are named, with the nearest one" {
        says 125 --intervall "$VIGIA" run --intervall 1 -- true
        [[ $stderr == *"--interval"* ]]
        says 2 --jsn "$VIGIA" report --jsn last
        says 2 -Z "$VIGIA" runs -Z
}

@test "run without a command; values that are none" {
        says 125 "" "$VIGIA" run
        says 125 "" "$VIGIA" run --
        says 125 banana "$VIGIA" run -i banana -- true
        says 125 "" "$VIGIA" run --source nonsense -- true
        says 125 "" "$VIGIA" run -i -- true
}

@test "the interval is within 1 ms and an hour" {
        says 125 "" "$VIGIA" run -i 0 -- true
        says 125 "" "$VIGIA" run -i 0.0001 -- true
        says 125 "" "$VIGIA" run -i 2h -- true
        [[ -z $(ls -A "$VIGIA_DIR") ]]
}

@test "an output that cannot be: exit 125, and the command does not run" {
        : >"$DIR/file"
        says 125 "$DIR/file" "$VIGIA" run -o "$DIR/file/run" -- sh -c "touch '$DIR/ran'"
        says 125 "$DIR/file" "$VIGIA" run -o "$DIR/file" -- sh -c "touch '$DIR/ran'"
        mkdir "$DIR/full"
        : >"$DIR/full/precious"
        says 125 "$DIR/full" "$VIGIA" run -o "$DIR/full" -- sh -c "touch '$DIR/ran'"
        [[ ! -e "$DIR/ran" && -e "$DIR/full/precious" ]]
        [[ $(ls "$DIR/full") == precious ]]
}

@test "a run that does not exist, an empty list, an ambiguous prefix" {
        says 2 last "$VIGIA" report last
        says 2 20990101 "$VIGIA" report 20990101
        "$VIGIA" run -q -l one -- true
        "$VIGIA" run -q -l two -- true
        says 2 "ambiguous" "$VIGIA" report "$(ls "$VIGIA_DIR" | head -n 1 | cut -c 1-4)"
        "$VIGIA" report last --json | jq -e '.run.label == "two"'
        "$VIGIA" report "$(ls "$VIGIA_DIR" | head -n 1)" --json | jq -e '.run.label == "one"'
}

@test "what is no run is refused" {
        mkdir "$DIR/empty"
        says 2 "$DIR/empty" "$VIGIA" report "$DIR/empty"
        : >"$DIR/x"
        says 2 "$DIR/x" "$VIGIA" report "$DIR/x"
}

@test "a damaged run.json and damaged tables: an error, no crash" {
        record -q -- sh -c 'true; true'
        cp -r "$RUN" "$RUN-cut"
        size=$(stat -c %s "$RUN/processes.parquet")
        truncate -s $((size / 2)) "$RUN-cut/processes.parquet"
        run "$VIGIA" export "$RUN-cut" --to csv --table processes -o -
        [[ $status -eq 2 || $status -eq 3 ]]
        [[ $output == *processes.parquet* ]]
        cp -r "$RUN" "$RUN-json"
        echo '{"format": ' >"$RUN-json/run.json"
        run "$VIGIA" report "$RUN-json"
        [[ $status -eq 2 && $output == *run.json* ]]
        echo '{"format": 99}' >"$RUN-json/run.json"
        run "$VIGIA" report "$RUN-json"
        [[ $status -eq 2 ]]
}

@test "disk full while recording: the command is not disturbed, the loss is told, the run is readable" {
        [[ $(id -u) == 0 ]] || skip "needs root to mount a small tmpfs"
        mkdir "$DIR/small"
        mount -t tmpfs -o size=192k tmpfs "$DIR/small" 2>/dev/null || skip "no tmpfs may be mounted here"
        mounts+=("$DIR/small")
        want=$(chatty 2000000 | md5sum)
        got=$("$VIGIA" run -o "$DIR/small/run" -- sh -c 'chatty 2000000; forkstorm 2000 >&2; sleep 2; exit 5' 2>"$DIR/summary" |
                md5sum; exit "${PIPESTATUS[0]}") || code=$?
        is "${code-0}" == 5
        [[ $got == "$want" ]]
        grep -qiE 'full|no space' "$DIR/summary"
        "$VIGIA" report "$DIR/small/run" >"$DIR/report"
        "$VIGIA" export "$DIR/small/run" --to json --table processes -o - | jq -s -e 'length > 0'
}

@test "a disk that is full from the start: exit 125 before the command runs, or a whole run told to be lossy" {
        [[ $(id -u) == 0 ]] || skip "needs root to mount a small tmpfs"
        mkdir "$DIR/small"
        mount -t tmpfs -o size=16k tmpfs "$DIR/small" 2>/dev/null || skip "no tmpfs may be mounted here"
        mounts+=("$DIR/small")
        head -c 100000 /dev/zero >"$DIR/small/filler" 2>/dev/null || true
        run "$VIGIA" run -o "$DIR/small/run" -- sh -c 'exit 6'
        [[ $status -eq 125 || $status -eq 6 ]]
        [[ $output == *[Ss]pace* || $output == *full* ]]
}

@test "recover: a run whose recorder died becomes whole; a living one is left alone" {
        "$VIGIA" run -q -o "$RUN" -- sh -c 'forkstorm 20; sleep 4; :' &
        pid=$!
        until_true test -s "$RUN/processes/000000.parquet"
        run "$VIGIA" recover "$RUN"
        [[ $status -ne 0 && $output == *record* ]]
        sleep 1.5
        kill -KILL "$pid"
        wait "$pid" || true
        : >"$RUN/processes/000099.parquet.tmp"
        "$VIGIA" recover "$RUN"
        [[ -s "$RUN/processes.parquet" && ! -e "$RUN/processes" ]]
        is "$(info .complete)" == false
        is "$(figure processes 'map(select(.comm == "true")) | length')" == 20
        "$VIGIA" recover "$RUN"
}

@test "a place for runs that cannot be written: one line" {
        [[ $(id -u) == 0 ]] || skip "this test becomes nobody, which needs root"
        USER_NAME=nobody
        mkdir "$DIR/closed"
        VIGIA_DIR="$DIR/closed/runs" says 125 "$DIR/closed" as_user "$VIGIA" run -- true
}

@test "no perf, no bpf: the ladder goes down and says why" {
        [[ $(id -u) == 0 ]] || skip "this test becomes nobody, which needs root"
        USER_NAME=nobody
        chown -R nobody "$DIR"
        as_user "$VIGIA" run -o "$RUN" -- true 2>"$DIR/summary"
        [[ $(info .capture.source) != bpf ]]
        [[ $(info '.capture.why // ""') == *bpf* ]]
}

@test "an unwritable stdout of a report is an error, not silence" {
        record -q -- true
        run --separate-stderr bash -c '"$VIGIA" report "$0" >/dev/full' "$RUN"
        is "$status" == 3
        [[ $stderr == *space* ]]
}
