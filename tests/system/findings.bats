# What is told of a run that went wrong: vigia why, and findings as exit codes.

load common

setup()
{
        common_setup
}

teardown()
{
        common_teardown
}

@test "findings: why: a command that failed by itself is not blamed on the machine; its last words are shown" {
        run -3 "$VIGIA" run -q -o "$RUN" -- sh -c 'echo one; printf "a\033[31mred\033[0m %0200d\n" 7; echo "error: no" >&2; exit 3'
        run -0 "$VIGIA" why "$RUN"
        [[ ${lines[0]} == *"failed (exit 3)"* ]]
        [[ $output == *"Nothing around the command explains it"* && $output == *"The last it wrote:"* ]]
        [[ $output == *"  error: no"* && $output != *$'\033'* ]]
        for line in "${lines[@]}"; do ((${#line} <= 80)) || false; done
        run -0 "$VIGIA" why "$RUN" --json
        jq -e '.findings == [] and .output[-1] == "error: no" and (.verdict | test("exit 3"))' <<<"$output"
}

@test "findings: why: nothing to say of a run that went well; one that could not start says so" {
        "$VIGIA" run -q -o "$RUN" -- true
        run -0 "$VIGIA" why "$RUN"
        [[ $output == *"Nothing stood out."* && $output != *"last it wrote"* ]]
        run -2 --separate-stderr "$VIGIA" why
        [[ $stderr == *"expected one RUN"* ]]
        run -2 --separate-stderr "$VIGIA" why no-such-run
        [[ ${#stderr_lines[@]} == 1 ]]
        run -2 --separate-stderr "$VIGIA" why --fail-on bad "$RUN"
        [[ $stderr == *"expected info, warning or critical"* ]]
}

@test "findings: --fail-on: findings of that level or worse are exit code 1, a failure keeps its own" {
        run -0 "$VIGIA" run -q -o "$RUN" --fail-on warning -- true
        run -0 "$VIGIA" why --fail-on info "$RUN"
        # poll says "partial", which is a warning
        run -1 --separate-stderr "$VIGIA" run -q -o "$RUN-2" --source poll --fail-on warning -- true
        [[ $stderr == *"--fail-on warning: see vigia why"* ]]
        run -0 "$VIGIA" run -q -o "$RUN-3" --source poll --fail-on critical -- true
        run -5 "$VIGIA" run -q -o "$RUN-4" --source poll --fail-on warning -- sh -c 'exit 5'
        run -1 "$VIGIA" why --fail-on warning "$RUN-2"
        run -1 "$VIGIA" why --fail-on info "$RUN-2"
        run -0 "$VIGIA" why --fail-on critical "$RUN-2"
        [[ $output == *"warning"*"partial"* ]]
        run -125 "$VIGIA" run --fail-on sometimes -- true
}

@test "findings: what is found while it is recorded is found afterwards; thresholds are the configuration's" {
        printf '[findings]\nmemory_used_warning = 0\n' >low.toml
        "$VIGIA" run --no-report -c low.toml -o "$RUN" -- sleep 1.5 2>told
        grep -q '^vigia: warning: memory ran low: ' told
        (($(grep -c '^vigia: ' told) == 1))
        [[ $(figure events 'map(select(.kind == "finding") | .severity) | join(" ")') == warning ]]
        "$VIGIA" report --json "$RUN" >default.json
        jq -e '[.findings[] | select(.id == "memory-low" or .id == "finding")] == []' default.json
        "$VIGIA" report -c low.toml --json "$RUN" >low.json
        jq -e '[.findings[] | select(.id == "memory-low")] | length == 1 and .[0].severity == "warning"' low.json
        run -1 "$VIGIA" why -c low.toml --fail-on warning "$RUN"
        [[ $output == *"memory ran low"* && $output == *evidence* && $output == *means* ]]
        run -1 "$VIGIA" run -q -c low.toml -o "$RUN-2" --fail-on warning -- sleep 0.3
}

@test "findings: what the recording itself lacks is told, with what to do: lost events, a partial source, failed monitors" {
        "$VIGIA" run -q --source poll -o "$RUN" -- sleep 0.3
        # A monitor of one's own that fails is no business of the machine's: the numbers are put in.
        sed -i 's/"lost_events": 0/"lost_events": 1234/; 0,/"errors": 0/s//"errors": 3/' "$RUN/run.json"
        run -0 "$VIGIA" why "$RUN"
        [[ $output == *"1,234 events were lost"* && $output == *"partial: processes shorter than"* && $output == *"failed 3 times"* ]]
        [[ $output == *"-i 0.02"* && $output == *"vigia doctor"* && $output == *"vigia monitors says"* ]]
        for id in lost-events partial monitor-errors; do
                "$VIGIA" why --json "$RUN" | jq -e --arg id $id '[.findings[] | select(.id == $id)] | length == 1 and .[0].advice != null'
                "$VIGIA" report --json "$RUN" | jq -e --arg id $id 'any(.findings[]; .id == $id)'
        done
        "$VIGIA" report --markdown "$RUN" >report.md
        grep -q '1,234 events were lost' report.md
        grep -q 'partial: ' report.md
        run -1 "$VIGIA" why --fail-on warning "$RUN"
}
