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

# Eight jobs of 100 ms and 30 MB, one that needs them all; a make in a make.
make_tree()
{
        cat >Makefile <<'END'
PARTS = $(addprefix part,1 2 3 4 5 6)
all: whole sub
$(PARTS): ; @hog private 1 30 100 >$@.tmp; mv $@.tmp $@
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
