# The other commands: runs, report, export, convert, attach, doctor, help.

load common

setup()
{
        # Widths are counted in characters.
        export LC_ALL=C.UTF-8
        common_setup
}

@test "--version and --help, on every command" {
        [[ $("$VIGIA" --version) =~ ^vigia\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
        "$VIGIA" --help >"$DIR/help"
        n=0
        while read -r verb _; do
                "$VIGIA" "$verb" --help >"$DIR/$verb.help" 2>"$DIR/$verb.err"
                grep -q "^Usage: vigia $verb" "$DIR/$verb.help"
                [[ ! -s "$DIR/$verb.err" ]]
                # No line of the help is wider than a terminal.
                (($(wc -L <"$DIR/$verb.help") <= 80))
                n=$((n + 1))
        done < <(sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p' "$DIR/help")
        ((n >= 8))
}

@test "runs: newest last, one line each; an empty list is fine" {
        run -0 "$VIGIA" runs
        "$VIGIA" run -q -l first -- true
        "$VIGIA" run -q -l second -- sh -c 'exit 4' || true
        "$VIGIA" runs >"$DIR/list"
        [[ $(grep -nE 'first' "$DIR/list" | cut -d: -f1) -lt $(grep -nE 'second' "$DIR/list" | cut -d: -f1) ]]
        "$VIGIA" runs --json | jq -s -e 'flatten | length == 2'
}

@test "report --json has the shape of the specification" {
        record -l shape -- sh -c 'peak 30; burn 100 20; exit 3' >/dev/null || true
        "$VIGIA" report "$RUN" --json >"$DIR/report.json"
        jq -e '.format == 1
                and .run.label == "shape" and (.run.command | type) != "null" and .run.exit_code == 3 and .run.exit_signal == null
                and .run.complete == true and .run.wall_s > 0.1 and (.run.host | length) > 0
                and (.capture | has("source") and has("processes") and has("lost_events") and has("partial"))
                and (.own | has("cpu_s") and has("cpu_percent") and has("peak_rss_bytes") and has("written_bytes"))
                and (.peak | has("pss_bytes") and has("rss_bytes") and has("cgroup_bytes") and has("t_s"))
                and .cpu.user_s > 0.09 and (.cpu | has("system_s"))
                and (.categories | length > 0 and all(has("major") and has("category") and has("processes")
                        and has("peak_pss_bytes") and has("largest_process_bytes") and has("cpu_s")))
                and (.top | length > 0 and all(has("pid") and has("cmdline") and has("category")
                        and has("peak_rss_bytes") and has("peak_pss_bytes") and has("cpu_s") and has("wall_s")))
                and (.findings | type == "array")' "$DIR/report.json"
}

@test "the summary is one screen of 80 columns, and report says the same" {
        record -- sh -c 'forkstorm 200; peak 60; burn 300 50; exit 2' >/dev/null || true
        (($(wc -l <"$DIR/summary") <= 24))
        (($(wc -L <"$DIR/summary") <= 80))
        grep -q 'exit 2' "$DIR/summary"
        "$VIGIA" report "$RUN" >"$DIR/report"
        grep -q 'exit 2' "$DIR/report"
        [[ -s "$RUN/summary.txt" ]]
}

@test "export: every table to csv in a folder, and one table to stdout" {
        record -q -- sh -c 'forkstorm 20'
        "$VIGIA" export "$RUN" --to csv -o "$DIR/csv"
        for table in processes samples totals; do
                [[ -s "$DIR/csv/$table.csv" ]]
                [[ -s "$RUN/$table.parquet" ]]
        done
        "$VIGIA" export "$RUN" --to csv --table processes -o - | diff - "$DIR/csv/processes.csv"
        is "$(wc -l <"$DIR/csv/processes.csv")" == "$(($(figure processes length) + 1))"
}

@test "convert: parquet, csv and json lines, there and back, in every compression" {
        record -q -- sh -c 'forkstorm 20'
        "$VIGIA" convert "$RUN/processes.parquet" "$DIR/p.csv"
        "$VIGIA" convert "$RUN/processes.parquet" "$DIR/p.json"
        is "$(jq -s length "$DIR/p.json")" == 22
        for codec in zstd snappy gzip brotli lz4 none; do
                "$VIGIA" convert --compression "$codec" "$RUN/processes.parquet" "$DIR/$codec.parquet"
                "$VIGIA" convert "$DIR/$codec.parquet" "$DIR/$codec.csv"
                cmp "$DIR/p.csv" "$DIR/$codec.csv"
        done
        "$VIGIA" convert "$DIR/p.csv" "$DIR/back.parquet"
        "$VIGIA" convert "$DIR/back.parquet" "$DIR/back.csv"
        cmp "$DIR/p.csv" "$DIR/back.csv"
        "$VIGIA" convert --recursive "$RUN" "$DIR/all" --to csv
        cmp "$DIR/p.csv" "$DIR/all/processes.csv"
}

@test "attach -p: a process that runs, and what it starts, until it ends" {
        sh -c 'sleep 0.7; forkstorm 30; sleep 0.7' &
        pid=$!
        timeout 30 "$VIGIA" attach -q -p "$pid" -o "$RUN"
        is "$(info .complete)" == true
        is "$(figure processes "map(select(.pid == $pid)) | length")" '>=' 1
        if [[ $(info .capture.partial) == false ]]; then
                is "$(figure processes 'map(select(.comm == "true")) | length')" == 30
        fi
}

@test "attach -n: by command line, never vigia itself; -d ends it" {
        sh -c 'exec -a needle-in-hay sleep 20' 2>/dev/null || bash -c 'exec -a needle-in-hay sleep 20' &
        pid=$!
        until_true pgrep -f '^needle-in-hay' >/dev/null
        timeout 30 "$VIGIA" attach -q -n needle-in-hay -d 1 -o "$RUN"
        is "$(figure processes length)" == 1
        is "$(figure processes '.[0].comm')" == '"sleep"' || [[ $(figure processes '.[0].comm') == sleep ]]
        kill -0 "$pid"
}

@test "attach -a: the whole machine" {
        [[ $(id -u) == 0 ]] || skip "needs root"
        sleepers 40 >"$DIR/ready" &
        until_true grep -q ready "$DIR/ready"
        timeout 30 "$VIGIA" attach -q -a -i 0.2 -d 1.5 -o "$RUN"
        is "$(figure processes 'map(select(.comm == "sleepers")) | length')" == 41
        is "$(figure processes 'map(select(.pid == 1)) | length')" == 1
}

@test "attach: a pid that is not there; nothing to attach to" {
        run "$VIGIA" attach -p 4194300 -d 1 -o "$RUN"
        [[ $status -ne 0 && $output == *4194300* ]]
        run "$VIGIA" attach -o "$RUN"
        is "$status" == 2
}

@test "doctor says what works, why not, and what to do" {
        run "$VIGIA" doctor
        [[ $status -eq 0 || $status -eq 1 ]]
        for word in bpf perf poll; do
                grep -q "$word" <<<"$output"
        done
        for word in monitors threads memory files; do
                grep -qE "^  $word +[0-9a-z]" <<<"$output"
        done
        "$VIGIA" doctor --json >"$DIR/doctor.json"
        jq -e '.monitors.work <= .monitors.default and .monitors.work > 0' "$DIR/doctor.json"
        jq -e '(.limits | .threads > 0 and .threads < .pid_max) and .memory.available_bytes <= .memory.total_bytes' "$DIR/doctor.json"
        jq -e '.fork | .verdict == "yes" or .verdict == "marginal" or .verdict == "no"' "$DIR/doctor.json"
}

@test "the manual page is valid and tells of every command" {
        page="$BATS_TEST_DIRNAME/../../docs/vigia.1"
        "$VIGIA" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p' | while read -r verb; do
                grep -qE "^\.(It|Ss|B|SS|TP).*\b$verb\b|vigia $verb" "$page" || { echo "no $verb"; exit 1; }
        done
        command -v man >/dev/null || skip "no man"
        out=$(MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l "$page" 2>&1 >/dev/null)
        [[ -z $out ]]
}

@test "the manual knows each command and option, and no other" {
        repo="$BATS_TEST_DIRNAME/../.."
        commands=$("$VIGIA" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p')
        [[ $commands == *run* && $commands == *doctor* ]]
        for command in $commands; do
                grep -qx "\.Ss vigia $command" "$repo/docs/vigia.1"
                "$VIGIA" "$command" --help | sed -nE 's/^  (-.,|   ) --([a-z-]+) .*/\2/p'
        done | sort -u >"$DIR/options"
        [[ $(wc -l <"$DIR/options") -gt 10 ]]
        # .It Fl x , -long Ar argument, and .Fl -long in running text
        sed -nE 's/^\.(It|Op) Fl (. , )?-([a-z-]+).*/\3/p; s/^\.Fl -([a-z-]+)( .*)?$/\1/p' \
                "$repo/docs/vigia.1" | grep -vxE 'password|token' | sort -u >"$DIR/manual"
        diff "$DIR/options" "$DIR/manual"
}
