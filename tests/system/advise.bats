# vigia advise: a real make, what is said about it, its exit codes. What is right is held against known truth in
# src/advise/test-advise.c, and against real sweeps in the bench.
load common

setup()
{
        export LC_ALL=C.UTF-8
        common_setup
        command -v jq >/dev/null || skip "no jq"
        command -v make >/dev/null || skip "no make"
}

teardown()
{
        common_teardown
}

# Eight jobs of 100 ms (or as long as asked for) and 30 MB, one that needs them all; a make in a make.
make_tree() # [MS]
{
        sed "s/MS/${1:-100}/" >Makefile <<'END'
PARTS = $(addprefix part,1 2 3 4 5 6)
all: whole sub
$(PARTS): ; @hog private 1 30 MS >$@.tmp; mv $@.tmp $@
whole: $(PARTS) ; @cat $(PARTS) >$@
sub: ; @$(MAKE) -f $(CURDIR)/sub.mk
END
        cat >sub.mk <<'END'
all: one two
one two: ; @hog private 1 30 100 >$@
END
        ! [[ $USER_NAME == nobody ]] || chown nobody .
}

advice()
{
        jq -e "$1" "$DIR/json" >/dev/null || {
                jq "$1" "$DIR/json"
                cat "$DIR/json"
                return 1
        }
}

@test "a make at -j2: jobs, levels, settings for make alone" {
        make_tree
        record make -j2
        "$VIGIA" advise "$RUN" --memory 8G >"$DIR/text"
        (($(wc -L <"$DIR/text") <= 80)) || { wc -L "$DIR/text"; cat "$DIR/text"; return 1; }
        ! grep -q $'\033' "$DIR/text"
        "$VIGIA" advise "$RUN" --memory 8G --json >"$DIR/json"
        advice '.format == 1 and .build.tool == "make"'
        # What is polled may lack a job that is short, and a command line.
        [[ $(info .capture.partial) == true ]] || {
                advice '.build.jobs >= 9 and .build.recorded_jobs == 2'
                advice '[.levels[] | select(.recorded).jobs] == [2]'
        }
        advice '.levels | map(.jobs) | contains([1, 2, 3, 4])'
        advice 'all(.levels[]; .wall_s.low <= .wall_s.expected and .wall_s.expected <= .wall_s.high and .fits)'
        advice '.best <= .largest_that_fits and (.verdict | contains("fits 8 GiB"))'
        advice '[.advice[].tool] | index("make") != null and index("ninja") == null and index("cargo") == null'
        advice '.best as $j | .advice[] | select(.id == "make-jobs").snippet | startswith("make -j\($j)\n")'
        "$VIGIA" advise "$RUN" --memory 8G --for ninja --json >"$DIR/json"
        advice '.advice == []'
}

@test "memory, CPUs and levels as asked for" {
        make_tree
        record make -j2
        "$VIGIA" advise "$RUN" --memory 1M -j 1,2 --json >"$DIR/json"
        advice '.best == null and (.levels | map(.jobs)) == [1, 2] and all(.levels[]; .fits | not) and .machine.limit_of == "given"'
        advice '.verdict | startswith("not even -j1")'
        "$VIGIA" advise "$RUN" --cores 16 --json >"$DIR/json"
        advice '.machine.cpus_supposed == 16 and (.levels | map(.jobs) | max) == 32'
        "$VIGIA" advise "$RUN" --links 1 >/dev/null
}

@test "no build: exit 1, and it is said; wrong usage: exit 2" {
        record true
        run -1 "$VIGIA" advise "$RUN"
        [[ $output == *"nothing can be said about -j"* ]]
        run -1 "$VIGIA" advise "$RUN" --json
        jq -e '.build == null and .levels == [] and .verdict == null' <<<"$output"
        run -2 "$VIGIA" advise
        run -2 "$VIGIA" advise "$RUN" "$RUN"
        run -2 "$VIGIA" advise "$RUN" --for mak
        [[ $output == *"make"* ]]
        run -2 "$VIGIA" advise "$RUN" --memory lots
        run -2 "$VIGIA" advise "$RUN" -j 0
        run -2 "$VIGIA" advise "$RUN" --cores none
        run -2 "$VIGIA" advise "$RUN" --cores 0
        run -2 "$VIGIA" advise nowhere
        run -0 "$VIGIA" advise --help
        (($(wc -L <<<"$output") <= 80))
}

@test "a failed make, one without a slot limit, a recording that was cut" {
        make_tree
        echo 'bad: part1 ; @false' >>Makefile
        record make -j2 bad || true
        "$VIGIA" advise "$RUN" | grep -q 'the build failed'
        RUN=$DIR/unlimited
        rm -f part* whole one two
        record make -j all
        "$VIGIA" advise "$RUN" --json >"$DIR/json"
        advice '.build.recorded_jobs == null and ([.levels[] | select(.recorded)] == [])'
        RUN=$DIR/cut
        cp -r "$DIR/unlimited" "$RUN"
        rm -f "$RUN/samples.parquet" "$RUN/totals.parquet" "$RUN/cpu.parquet"
        "$VIGIA" advise "$RUN" | grep -q 'there are no samples'
        : >"$RUN/processes.parquet"
        run ! "$VIGIA" advise "$RUN"
}

# Whether a replay is near enough to be told unasked depends on how busy the machine is: then it is said why not.
@test "the report, in all its forms, and why tell it in short, or why they do not" {
        make_tree 400
        record make -j2
        "$VIGIA" report "$RUN" >"$DIR/text"
        grep -q '^  next run  ' "$DIR/text"
        (($(grep -v '^  run ' "$DIR/text" | wc -L) <= 80)) || { cat "$DIR/text"; return 1; }
        "$VIGIA" why "$RUN" | grep -q '^  next run  '
        "$VIGIA" report "$RUN" --json >"$DIR/json"
        advice '.next_run | .build and (.refusal == null) == (.verdict != null) and (.levels == []) == (.verdict == null)'
        "$VIGIA" why "$RUN" --json | jq -e --slurpfile report "$DIR/json" '.next_run == $report[0].next_run'
        "$VIGIA" report "$RUN" --markdown >"$DIR/markdown"
        (($(wc -l <"$DIR/markdown") <= 60))
        if jq -e '.next_run.verdict != null' "$DIR/json"; then
                grep -q '^Next run: ' "$DIR/markdown"
                advice '[.next_run.levels[] | select(.recorded).jobs] == [2]'
                "$VIGIA" advise "$RUN" --json >"$DIR/whole"
                jq -e --slurpfile whole "$DIR/whole" '(.next_run.levels | map([.jobs, .wall_s.expected])) == ($whole[0].levels | map([.jobs, .wall_s.expected]))' "$DIR/json"
        else
                ! grep -q '^Next run: ' "$DIR/markdown"
        fi
}

@test "what is no build, or not all of one: one sentence, and nothing in a report that did not ask" {
        make_tree
        record sh -c 'sleep 0.1; true'
        "$VIGIA" report "$RUN" >"$DIR/text"
        ! grep -q 'next run' "$DIR/text"
        "$VIGIA" report "$RUN" --json >"$DIR/json"
        advice '.next_run | .verdict == null and (.refusal | type) == "string" and (.build | not) and .settings == []'
        RUN=$DIR/attached
        sleep 1 &
        "$VIGIA" attach -q -p $! -d 0.2 -o "$RUN"
        run -1 "$VIGIA" advise "$RUN"
        [[ $output == *"(attach)"* && ${#lines[@]} -le 3 ]]
        RUN=$DIR/build
        record make -j2
        cp -r "$RUN" "$DIR/day"
        jq '.wall_ns = 86400000000000' "$RUN/run.json" >"$DIR/day/run.json"
        run -1 "$VIGIA" advise "$DIR/day"
        [[ $output == *"took a day"* ]]
        cp -r "$RUN" "$DIR/partly"
        jq '.complete = false' "$RUN/run.json" >"$DIR/partly/run.json"
        run -1 "$VIGIA" advise "$DIR/partly" --json
        jq -e '.build == null and (.refusal | contains("incomplete"))' <<<"$output"
        "$VIGIA" report "$DIR/partly" >"$DIR/text"
        ! grep -q 'next run' "$DIR/text"
}
