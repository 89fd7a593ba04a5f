# vigia leak: programs that leak at known rates, and some that do not; runs, and runs being recorded.
bats_require_minimum_version 1.5.0

setup_file()
{
        load common
        # One recording for most of the tests: all at once, for as long as it takes to tell them apart.
        export LEAK_DIR="$SUITE_DIR/leak"
        mkdir -p "$LEAK_DIR"
        cat >"$LEAK_DIR/all" <<'END'
leak steady 2000 9 & leak flat 0 9 & leak steps 3000 9 & leak teeth 0 9 & leak teeth-leak 2000 9 &
leak warm 8000 9 & leak fds 40 9 & leak threads 20 9 &
wait
END
        VIGIA_DIR="$LEAK_DIR" "$VIGIA" run -q --threads -o "$LEAK_DIR/run" -- sh "$LEAK_DIR/all"
        VIGIA_DIR="$LEAK_DIR" "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s --json >"$LEAK_DIR/json"
}

load common

setup()
{
        export LC_ALL=C.UTF-8
        common_setup
        command -v jq >/dev/null || skip "no jq"
}

teardown()
{
        common_teardown
}

# A figure of one process of the recording: of KIND JQ.
of()
{
        jq -e -r ".processes[] | select(.cmdline | test(\"leak $1 \")) | $2" "$LEAK_DIR/json"
}

@test "leak: rates are those of the programs, within their intervals" {
        [[ $(of steady .class) == leak && $(of steps .class) == leak && $(of teeth-leak .class) == leak ]]
        is "$(of steady .mb_per_min)" '>' 110
        is "$(of steady .mb_per_min)" '<' 130
        is "$(of steps .mb_per_min)" '>' 140
        is "$(of steps .mb_per_min)" '<' 220
        is "$(of teeth-leak .mb_per_min)" '>' 90
        is "$(of teeth-leak .mb_per_min)" '<' 150
        of steady '.low <= .mb_per_min and .mb_per_min <= .high'
}

@test "leak: what does not leak is not said to" {
        [[ $(of flat .class) == normal ]]
        [[ $(of teeth .class) == normal ]]
        [[ $(of warm .class) == normal ]]
        [[ $(of fds .class) == normal ]]
}

@test "leak: open files and threads, too" {
        [[ $(of threads .threads.class) == leak ]]
        is "$(of threads .threads.per_min)" '>' 900
        is "$(of threads .threads.per_min)" '<' 1400
        [[ $(of steady .threads.class) == normal ]]
        [[ $(of fds .fds) == null ]] || [[ $(of fds .fds.class) == leak ]]
}

@test "leak: what threads did" {
        # The main thread starts the others, which wait for ever.
        pid=$(of threads .pid)
        jq -e --argjson pid "$pid" '.threads[] | select(.pid == $pid) | .threads > 100 and .idle > 100 and .never_ran > 100
                and .busy == 0 and (.alerts | index("mostly-idle") != null)' "$LEAK_DIR/json"
        "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s | grep -qE "^  threads +leak \($pid\): [0-9]+ threads, [0-9]+ idle \([0-9]+ %\)"
}

@test "leak: exhaustion is what is left over the rate" {
        of steady '.exhaustion.soonest <= .exhaustion.minutes and .exhaustion.minutes <= .exhaustion.latest'
        jq -e '(.processes[0].exhaustion.minutes * .processes[0].mb_per_min * 1e6 / .room_bytes - 1) | fabs < 0.02' "$LEAK_DIR/json"
        jq -e '[.processes[].class] | index("leak") == 0' "$LEAK_DIR/json"
}

@test "leak: text is 80 columns wide, the worst first, the others counted" {
        "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s >"$DIR/text"
        (($(wc -L <"$DIR/text") <= 80))
        head -1 "$DIR/text" | grep -qE '^leak \([0-9]+\) leaks [0-9]+ MB a minute \([0-9]+ to [0-9]+\); [0-9]+ more$'
        grep -q 'thr/min' "$DIR/text"
        grep -qE '^  others +[0-9]+ do not grow' "$DIR/text"
        ! grep -q 'leak flat' "$DIR/text"
        "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s --all -n 'leak flat' >"$DIR/one"
        grep -qx 'nothing leaks' "$DIR/one"
        grep -qE '^  fine +0.00 ' "$DIR/one"
}

@test "leak: too short is said, and no class" {
        "$VIGIA" leak "$LEAK_DIR/run" >"$DIR/text"
        grep -q '^too short to tell: ' "$DIR/text"
        "$VIGIA" leak "$LEAK_DIR/run" --json | jq -e 'all(.processes[]; .class == null) and .judged == 0'
}

@test "leak: filters, times, thresholds, exit codes" {
        pid=$(of steady .pid)
        "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s --json -p "$pid" | jq -e "[.processes[].pid] == [$pid]"
        "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s --json -n 'leak (flat|warm)' | jq -e '.processes | length == 2'
        "$VIGIA" leak "$LEAK_DIR/run" --at-least 1s --since 2s --until 6s --json | jq -e '.minutes * 60 | . > 3.5 and . < 4.5'
        run -1 "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s --fail-on leak
        run -0 "$VIGIA" leak "$LEAK_DIR/run" --at-least 4s --fail-on slow -n 'leak (flat|teeth) '
        printf '[findings]\nleak_mb_per_min = 1000\nleak_slow_mb_per_min = 1\nleak_time = "4s"\n' >"$DIR/own.toml"
        "$VIGIA" leak "$LEAK_DIR/run" -c "$DIR/own.toml" --json | jq -e 'any(.processes[]; .class == "slow") and all(.processes[]; .class != "leak")'
        run -2 "$VIGIA" leak
        run -2 "$VIGIA" leak "$DIR/nothing"
        run -2 "$VIGIA" leak "$LEAK_DIR/run" --fail-on much
        run -2 "$VIGIA" leak "$LEAK_DIR/run" -p x
        run -2 "$VIGIA" leak "$LEAK_DIR/run" -n '('
        run -2 "$VIGIA" leak "$LEAK_DIR/run" --since 5s --until 3s
}

@test "leak: a run that is still being recorded; one without samples" {
        LIMIT=none as_user "$VIGIA" run -q -o "$RUN" -- leak steady 3000 60 &
        recorder=$!
        # As soon as there is enough of it to say so.
        for ((i = 0; i < 300; i++)); do
                "$VIGIA" leak "$RUN" --at-least 2s --json >"$DIR/json" 2>/dev/null &&
                        jq -e 'any(.processes[]; .class == "leak")' "$DIR/json" >/dev/null && break
                sleep 0.1
        done
        jq -e 'any(.processes[]; .class == "leak" and (.cmdline | test("leak steady")))' "$DIR/json"
        "$VIGIA" leak "$RUN" | grep -q 'still recording'
        kill -TERM "$recorder"
        wait "$recorder" || true
        "$VIGIA" run -q -o "$DIR/short" -- true
        "$VIGIA" leak "$DIR/short" >"$DIR/text"
        head -1 "$DIR/text" | grep -qE '^(no process was sampled|too short to tell)'
        "$VIGIA" leak "$DIR/short" --json | jq -e '.judged == 0'
}

# A log of the memory guide: 4711 grows by 2 MB (2^20 bytes) a minute, 4712 does not.
make_log()
{
        awk -v from="$1" -v to="$2" 'BEGIN {
                print "Timestamp,Process_ID,Memory_MB,CPU_%,Status"
                for (i = from; i < to; i++) {
                        printf "%d,4711,%.2f,1.0,running\n", 1700000000 + 5 * i, 100 + i / 6 + i % 3 / 10
                        printf "%d,4712,%.2f,0.0,sleeping\n", 1700000000 + 5 * i, 300 + i % 5 / 10
                }
        }'
}

@test "leak: logs of the memory guide, whole patterns of them; bad rows are counted" {
        make_log 0 120 >"$DIR/mem-1.csv"
        make_log 120 240 >"$DIR/mem-2.csv"
        echo 'no row' >>"$DIR/mem-2.csv"
        "$VIGIA" leak "$DIR/mem-*.csv" --json >"$DIR/json" 2>"$DIR/err"
        grep -q '1 of 481 rows left out; the first: .*mem-2.csv:242:1: expected a time' "$DIR/err"
        jq -e '[.processes[].pid] == [4711, 4712] and [.processes[].class] == ["leak", "normal"] and .bad_rows == 1' "$DIR/json"
        jq -e '.processes[0] | .mb_per_min > 2.05 and .mb_per_min < 2.15 and .estimate' "$DIR/json"
        "$VIGIA" leak "$DIR/mem-1.csv" "$DIR/mem-2.csv" 2>/dev/null >"$DIR/text"
        grep -q '^process (4711) leaks 2.1[0-9] MB a minute' "$DIR/text"
        (($(wc -L <"$DIR/text") <= 80))
        run -2 "$VIGIA" leak "$DIR/none-*.csv"
        echo 'a,b' >"$DIR/other.csv"
        run -2 "$VIGIA" leak "$DIR/other.csv"
        [[ $output == *other.csv:1:1:* ]]
        run -2 "$VIGIA" leak "$LEAK_DIR/run" "$DIR/mem-1.csv"
}

@test "import: a log becomes a run, which other commands read" {
        make_log 0 240 >"$DIR/mem.csv"
        printf 'Timestamp,Total_MB,Used_MB,Free_MB,Available_MB,Python_Processes,Python_Memory_MB\n1700000000,16000,8000,4000,7900,2,400\n' >"$DIR/system.csv"
        path=$("$VIGIA" import "$DIR"/*.csv -l guide)
        [[ -s $path/run.json && $path == */*-guide ]]
        [[ $(rows samples "$path" | wc -l) == 480 ]]
        rows memory "$path" | jq -e '.available_bytes == 7900 * 1048576'
        "$VIGIA" leak "$path" --json | jq -e '.processes[0].pid == 4711 and .processes[0].class == "leak" and .room == "machine"'
        "$VIGIA" report "$path" | grep -q 'imported from'
        "$VIGIA" runs --json >/dev/null
        run -2 "$VIGIA" import
        run -2 "$VIGIA" import "$DIR/none.csv"
        run -3 "$VIGIA" import "$DIR/mem.csv" -o "$path"
}

@test "leak --valgrind: what memcheck finds, by place; the command's exit code" {
        command -v valgrind >/dev/null || skip "no valgrind"
        "$VIGIA" leak --valgrind -- true 2>"$DIR/err" >/dev/null || { grep -q expat "$DIR/err" && skip "built without expat"; }
        run -3 --separate-stderr "$VIGIA" leak --valgrind --json -- lose
        jq -e '.valgrind | .exit_code == 3 and .definitely_bytes == 1048 and .indirectly_bytes == 192 and .reachable_bytes == 77' <<<"$output"
        jq -e '.valgrind.places[0] | .definitely_bytes == 1000 and .definitely_blocks == 10' <<<"$output"
        jq -e '.valgrind.places[0].stack | any(.function == "main")' <<<"$output"
        run -3 --separate-stderr "$VIGIA" leak --valgrind -- lose
        [[ ${lines[0]} == "lose lost 1.21 KiB with 11 blocks" ]]
        run -1 "$VIGIA" leak --valgrind --fail-on leak -- sh -c 'lose; exit 0'
        run -0 "$VIGIA" leak --valgrind --fail-on leak -- true
        run -2 "$VIGIA" leak --valgrind
        # What cannot be run, or be looked at, lost nothing only as far as is known.
        run -127 --separate-stderr "$VIGIA" leak --valgrind -- "$DIR/none"
        [[ -z $output && $stderr == *"valgrind could not run $DIR/none"* ]]
        run -126 --separate-stderr "$VIGIA" leak --valgrind --json -- /etc/passwd
        [[ -z $output ]]
        cp "$(command -v lose)" "$DIR"/$'lo<se>\x1b[31m&'
        run -3 --separate-stderr "$VIGIA" leak --valgrind --json -- "$DIR"/$'lo<se>\x1b[31m&'
        jq -e '.valgrind | .cut_off == 0 and .definitely_bytes == 1048 and (.static | not)' <<<"$output"
        [[ -z $(find /tmp -maxdepth 1 -name 'vigia-memcheck-*' -newer "$LEAK_DIR/json" -user "$(id -un)") ]]
}

@test "leak --heap: places that keep memory, of a command and of a process" {
        [[ $(id -u) == 0 ]] || skip "root is needed"
        run --separate-stderr "$VIGIA" leak --heap --json -- lose 100 1000 1000
        [[ $stderr != *'no uprobes'* && $stderr != *'without libbpf'* && $stderr != *'cannot be loaded'* && $stderr != *'a probe on'* ]] ||
                skip "$stderr"
        [[ $status == 3 ]]
        # 100 blocks a second of 1000 bytes, from two places, of which one gives them back.
        jq -e '.heap | .missed == 0 and .one_in == 1 and .calls >= 2 * .places[0].held_blocks' <<<"$output"
        jq -e '.heap.places[0] | .held_blocks > 20 and .held_blocks <= 100 and .held_bytes == 1000 * .held_blocks and .taken_blocks == .held_blocks' <<<"$output"
        jq -e 'any(.heap.places[]; .held_blocks <= 1 and .taken_blocks > 20)' <<<"$output"
        # It has no frame pointers, but tables to unwind by.
        if [[ $(uname -m) == x86_64 ]] && "$VIGIA" doctor --json | jq -e '.libraries.elfutils' >/dev/null; then
                jq -e 'any(.heap.places[]; .taken_blocks > 10 and .whole and any(.stack[]; .function == "main"))' <<<"$output"
        fi
        if "$VIGIA" doctor --json | jq -e '.libraries.elfutils' >/dev/null; then
                jq -e '.heap.places[0].stack[0] | .function == "lose_block" and (.file | endswith("lose.c")) and .line > 0' <<<"$output"
        fi
        lose 100 1000 60000 &
        pid=$!
        "$VIGIA" leak --heap -d 1s "$pid" >"$DIR/text"
        kill "$pid"
        grep -qE "^process \($pid\) took [0-9.]+ KiB in [0-9.]+ s that it did not give back" "$DIR/text"
        grep -q 'held *blocks *MB/min *where' "$DIR/text"
        (($(wc -L <"$DIR/text") <= 80))
        # What it was before it became another program is forgotten, with its files.
        run -3 --separate-stderr "$VIGIA" leak --heap --json -- bash -c 'for i in {1..100}; do x=$(printf %s "$i"); done; exec lose 100 1000 1500'
        jq -e 'any(.heap.places[]; .held_blocks > 10 and .held_bytes == 1000 * .held_blocks)' <<<"$output"
        run -127 --separate-stderr "$VIGIA" leak --heap -- "$DIR/none"
        [[ -z $output && $stderr == *"$DIR/none: No such file"* ]]
        run -3 "$VIGIA" leak --heap 2147483647
        run -2 "$VIGIA" leak --heap
        run -2 "$VIGIA" leak --heap --valgrind -- true
}

# An hour of memory, without waiting for it: rows as a recorder writes them, a sample every ten seconds.
# forge PATH [JQ-ASSIGNMENT…]: of run.json.
forge()
{
        mkdir -p "$1"
        # Numbers as they are: jq would round them.
        sed "s/ID/$(basename "$1")/g" >"$1/run.json" <<'END'
{"format": 1, "id": "ID", "label": "ID", "complete": true, "exit_code": 0, "exit_signal": null, "wall_ns": 3600000000000,
 "interval_ns": 1000000000, "start_realtime_ns": 1700000000000000000, "start_monotonic_ns": 1000000000000,
 "start_boottime_ns": 1000000000000, "memory_bytes": 8000000000, "command": ["serve"],
 "capture": {"source": "bpf", "partial": false, "processes": 13, "lost_events": 0, "lost_rows": 0}}
END
        awk -v where="$1" '
        function process(key, pid, parent, name, major, from, to, code) {
                printf "{\"process\":%d,\"image\":0,\"pid\":%d,\"ppid\":1,\"parent\":%s,\"comm\":\"%s\",\"cmdline\":\"%s --port 80\",\"major\":%s,", key, pid,
                        parent ? parent : "null", name, name, major >processes
                printf "\"start_ns\":%.0f,\"end_ns\":%s,\"exit_code\":%s}\n", from * 1e9, to < 0 ? "null" : sprintf("%.0f", to * 1e9), code >processes
        }
        function sample(key, t, mb, fds, threads) {
                random = (random * 16807) % 2147483647
                printf "{\"t_ns\":%.0f,\"process\":%d,\"rss_anon_bytes\":%d,\"rss_file_bytes\":4096,\"swap_bytes\":0,\"fds\":%d,\"threads\":%d}\n",
                        t * 1e9, key, (mb + random / 2147483647 / 2) * 1e6, fds, threads >samples
        }
        BEGIN {
                processes = where "/processes.json"; samples = where "/samples.json"; random = 42
                process(1, 101, 0, "steady", "\"Other\"", 1, -1, "null")
                process(2, 102, 0, "slow", "\"Other\"", 1, -1, "null")
                process(3, 103, 0, "stepped", "\"Other\"", 1, -1, "null")
                process(4, 104, 0, "teeth-leak", "\"Other\"", 1, -1, "null")
                process(5, 105, 0, "warm", "\"Other\"", 1, -1, "null")
                process(6, 106, 0, "teeth", "\"Other\"", 1, -1, "null")
                process(7, 107, 0, "files", "\"Other\"", 1, -1, "null")
                process(8, 108, 0, "threads", "\"Other\"", 1, -1, "null")
                process(9, 109, 0, "cc1plus", "\"CPP_Compile\"", 1, -1, "null")
                process(10, 110, 0, "job", "\"Testing\"", 1, 1200, "0")
                process(11, 111, 0, "peaks", "\"Other\"", 1, -1, "null")
                process(12, 112, 0, "launcher", "\"Other\"", 1, 60, "0")
                process(13, 113, 12, "stays", "\"Other\"", 30, -1, "null")
                for (t = 10; t <= 3590; t += 10) {
                        m = t / 60
                        sample(1, t, 50 + 3 * m, 5, 1)
                        sample(2, t, 50 + 0.4 * m, 5, 1)
                        sample(3, t, 50 + 20 * int(m / 5 + 0.3 * sin(m)), 5, 1)
                        sample(4, t, 50 + 2 * m + 30 * (m * 0.7 - int(m * 0.7)), 5, 1)
                        sample(5, t, 50 + (m < 8 ? 20 * m : 160), 5, 1)
                        sample(6, t, 50 + 60 * (m * 0.7 - int(m * 0.7)), 5, 1)
                        sample(7, t, 50, 5 + 12 * m, 1)
                        sample(8, t, 50, 5, 1 + 2 * m)
                        sample(9, t, 50 + 40 * m, 5, 1)
                        if (t < 1200) sample(10, t, 50 + 5 * m, 5, 1)
                        sample(11, t, m < 10 ? 100 : m < 12 ? 900 : m < 40 ? 600 : m < 42 ? 1400 : 1100, 5, 1)
                        sample(13, t, 30, 5, 1)
                }
        }'
        printf '{"t_ns":%s,"total_bytes":8000000000,"available_bytes":%s,"swap_total_bytes":0,"swap_free_bytes":0}\n' 1000000000 7000000000 3590000000000 \
                "${2:-6000000000}" >"$1/memory.json"
        for table in processes samples memory; do
                "$VIGIA" convert "$1/$table.json" "$1/$table.parquet" 2>/dev/null
                rm "$1/$table.json"
        done
}

# found RUN JQ: of the findings of why.
found()
{
        "$VIGIA" why --json "$1" | jq -e ".findings | $2"
}

@test "leak: why: who leaks is a finding, with its slope, its interval and what to do; who does not is none" {
        forge "$DIR/hour"
        found "$DIR/hour" '[.[] | select(.id == "leak" and .severity == "warning") | .pid] | sort == [101, 103, 104]'
        found "$DIR/hour" '.[] | select(.id == "leak" and .pid == 101) | (.title | test("^steady \\(pid 101\\) leaks (2.9|3.0)[0-9] MB a minute$"))
                and (.evidence | test("^private memory from .* steadily; .* a minute.*95 %")) and (.advice | test("\nvigia leak --heap 101\n"))'
        found "$DIR/hour" '.[] | select(.pid == 103) | .evidence | test("in [0-9]+ jumps; between 3.[0-9]+ and 4.[0-9]+ MB a minute")'
        found "$DIR/hour" '[.[] | select(.id == "leak" and .severity == "info") | .pid] | sort == [102, 110]'
        found "$DIR/hour" '[.[] | select(.id == "leak-files") | .pid] == [107]'
        found "$DIR/hour" '[.[] | select(.id == "leak-threads") | .pid] == [108]'
        found "$DIR/hour" '[.[] | select(.id == "peaks-kept") | .pid] == [111]'
        found "$DIR/hour" '[.[] | select(.id == "orphan") | .pid] == [113]'
        # Warmed up, a saw-tooth, a compiler: of these nothing.
        found "$DIR/hour" 'all(.[]; .pid != 105 and .pid != 106 and .pid != 109)'
        "$VIGIA" why "$DIR/hour" >"$DIR/text"
        (($(wc -L <"$DIR/text") <= 80))
        "$VIGIA" report "$DIR/hour" --json | jq -e '[.findings[] | select(.id == "leak")] | length == 5'
        "$VIGIA" report "$DIR/hour" --html "$DIR/page.html"
        grep -q 'leaks 3.0' "$DIR/page.html"
        "$VIGIA" report "$DIR/hour" --markdown | grep -q 'leaks 3.0'
}

@test "leak: why and vigia leak say the same; thresholds are the configuration's; little memory left is critical" {
        forge "$DIR/hour"
        "$VIGIA" leak --json "$DIR/hour" | jq -c '[.processes[] | select((.class == "leak" or .class == "slow") and (.step | not)) | .pid] | sort' >"$DIR/listed"
        "$VIGIA" why --json "$DIR/hour" | jq -c '[.findings[] | select(.id == "leak") | .pid] | sort' | cmp - "$DIR/listed"
        run -1 "$VIGIA" why --fail-on warning "$DIR/hour"
        run -0 "$VIGIA" why --fail-on critical "$DIR/hour"
        printf '[findings]\nleak_mb_per_min = 10\nleak_slow_mb_per_min = 3.5\nleak_count_per_min = 100\nleak_slow_count_per_min = 50\n' >"$DIR/own.toml"
        "$VIGIA" why -c "$DIR/own.toml" --json "$DIR/hour" | jq -e '[.findings[] | select(.id | test("^leak")) | [.pid, .severity]] | sort == [[103, "info"], [110, "info"]]'
        printf '[findings]\nleak_mb_per_min = 1\nleak_slow_mb_per_min = 2\n' >"$DIR/own.toml"
        run -2 "$VIGIA" why -c "$DIR/own.toml" "$DIR/hour"
        [[ $output == *"expected at most leak_mb_per_min"* ]]
        forge "$DIR/full" 100000000
        run -1 "$VIGIA" why --fail-on critical "$DIR/full"
        found "$DIR/full" '.[0] | .severity == "critical" and .id == "leak" and (.meaning | test("95.4 MiB the machine has left last (24|25)m"))'
}

@test "leak: why: of programs that leak for real; vigia leak has the same" {
        printf '[findings]\nleak_time = "4s"\nleak_growth = "1 MB"\n' >"$DIR/own.toml"
        "$VIGIA" why -c "$DIR/own.toml" --json "$LEAK_DIR/run" >"$DIR/why"
        for kind in steady steps teeth-leak; do
                jq -e --argjson pid "$(of $kind .pid)" '[.findings[] | select(.id == "leak" and .pid == $pid)] | length == 1 and (.[0].severity != "info")' "$DIR/why"
        done
        for kind in flat warm teeth; do
                jq -e --argjson pid "$(of $kind .pid)" 'all(.findings[]; .pid != $pid or (.id | test("^leak") | not))' "$DIR/why"
        done
        jq -e --argjson pid "$(of threads .pid)" 'any(.findings[]; .id == "leak-threads" and .pid == $pid)' "$DIR/why"
        [[ $(of fds .fds) == null ]] || jq -e --argjson pid "$(of fds .pid)" 'any(.findings[]; .id == "leak-files" and .pid == $pid)' "$DIR/why"
        # Without that, nine seconds are too short for anything.
        "$VIGIA" why --json "$LEAK_DIR/run" | jq -e 'all(.findings[]; .id | test("^leak|orphan|peaks") | not)'
}

@test "leak: why: zombies, and the parent that does not wait for them" {
        printf '[findings]\nzombie_time = "5s"\n' >"$DIR/own.toml"
        printf '[findings]\nzombie_time = "1h"\n' >"$DIR/long.toml"
        # A shell that becomes a program which knows of no children; polling keeps them otherwise than the best source.
        for source in auto poll; do
                LIMIT=none as_user "$VIGIA" run -q -i 0.2 --source $source -o "$RUN-$source" -- sh -c '(exec sleep 1) & (exec sleep 1) & exec sleep 300' &
                recorders+=($!)
        done
        for source in auto poll; do
                until_true eval 'rows events "$RUN-$source" 2>/dev/null | jq -s -e "[.[] | select(.kind == \"zombie\")] | length == 2"'
        done
        kill -TERM "${recorders[@]}"
        wait "${recorders[@]}" || true
        for source in auto poll; do
                "$VIGIA" why -c "$DIR/long.toml" --json "$RUN-$source" | jq -e 'all(.findings[]; .id != "zombies")'
                "$VIGIA" why -c "$DIR/own.toml" --json "$RUN-$source" | jq -e '[.findings[] | select(.id == "zombies")] | length == 1 and (.[0] | .severity == "info"
                        and (.title | test("^sleep \\(pid [0-9]+\\) does not wait for its children: 2 ended")) and (.evidence | test(": sleep \\(pid [0-9]+\\)$")))'
        done
}
