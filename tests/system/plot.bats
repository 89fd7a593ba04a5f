# vigia plot: pictures of runs and sweeps, by what can be read in them.
load common

setup()
{
        export LC_ALL=C.UTF-8 TZ=UTC
        common_setup
}

# Texts of an SVG, one a line, as they are shown.
texts()
{
        sed -n 's/^<text[^>]*>\(.*\)<\/text>$/\1/p' "$1"
}

# A run of half a second in which two programs hold 24 and 8 MiB.
record_two()
{
        record "$@" -- sh -c 'hog private 1 24 400 & hog private 1 8 400; wait' || {
                cat "$DIR/summary"
                return 1
        }
}

has_png()
{
        "$VIGIA" plot "$RUN" -o "$DIR/probe.png" >/dev/null 2>"$DIR/probe"
}

@test "plot: memory by category as SVG: title, run, units, categories with what they held" {
        record_two -l two
        is "\"$("$VIGIA" plot "$RUN" --view detailed -o m.svg)\"" == '"m.svg"'
        texts m.svg >told
        grep -qx 'Memory by category: two' told
        grep -q '^sh -c hog private.* · peak [0-9.]* MiB at [0-9.]* ' told
        grep -qx 'memory (PSS)' told
        grep -qx 'Other_hog' told
        grep -qx '16 MiB' told
        grep -qx 'time since the start' told
        grep -q "^two · .* · $(date -u +%Y)-.* UTC · vigia [0-9.]*\$" <<<"$(sed "s/^$(jq -r .id "$RUN/run.json")/two/" told)"
        # Both together: 32 MiB of their own, and little more.
        peak=$(sed -n 's/.* · peak \([0-9.]*\) MiB .*/\1/p' told)
        within "$peak" 34 0.1 3
}

@test "plot: lines, views, one category, the others in one, a name that is none" {
        record_two
        "$VIGIA" plot "$RUN" --lines --category Other_hog -o one.svg >/dev/null
        texts one.svg >told
        grep -qx Other told
        ! grep -qx Scripting told
        "$VIGIA" plot "$RUN" --view other --top 1 -o top.svg >/dev/null
        texts top.svg >told
        grep -qx Other_hog told
        # However few places there are, a line has its highest value: 24 MiB of its own, and the program's.
        "$VIGIA" plot "$RUN" --lines --view detailed --resample 10s -o few.svg >/dev/null
        peak=$(texts few.svg | grep -x -A 1 Other_hog | sed -n '2s/^\([0-9.]*\) MiB$/\1/p')
        within "$peak" 33 0.1 3
        run "$VIGIA" plot "$RUN" --category Nobody -o none.svg
        [[ $status == 2 && $output == *"no process is of category Nobody; there are "*Other_hog* && ! -e none.svg ]]
}

@test "plot: CPU against the cores, processes, RSS" {
        record -- sh -c 'burn 300 & burn 300; wait'
        "$VIGIA" plot "$RUN" --kind cpu --view detailed -o c.svg >/dev/null
        texts c.svg >told
        grep -qx 'CPU, cores busy' told
        grep -qx Other_burn told
        grep -q 'peak [0-9.]* cores at' told
        "$VIGIA" plot "$RUN" --kind processes -o p.svg >/dev/null
        texts p.svg | grep -qx 'processes alive'
        "$VIGIA" plot "$RUN" --metric rss -o r.svg >/dev/null
        texts r.svg | grep -q '^memory (RSS'
}

@test "plot: any column of any table, in its unit, by its keys; a counter as a rate" {
        record -m memory,pressure,cpu -- sleep 1.2
        "$VIGIA" plot "$RUN" --table memory --column available_bytes --column free_bytes -o m.svg >/dev/null
        texts m.svg >told
        grep -qx 'memory.available_bytes, free_bytes: sleep' told
        grep -qx available_bytes told
        grep -q '^[0-9]* [MG]iB$' told
        "$VIGIA" plot "$RUN" --table cpu --column user_us --title 'All of it' -o c.svg >/dev/null
        texts c.svg >told
        grep -qx 'All of it' told
        grep -q ', of the time$' told
        "$VIGIA" plot "$RUN" --table totals --column processes -o t.svg >/dev/null
        texts t.svg | grep -qx 'processes alive in the run'
        # Of processes the heaviest, by name; a number that is a key has its name.
        "$VIGIA" plot "$RUN" --table samples --column rss_anon_bytes --key sleep -o s.svg >/dev/null
        texts s.svg | grep -q '^sleep, pid [0-9]*$'
        "$VIGIA" plot "$RUN" --table cpu --column user_us --key 'cpu 0' -o k.svg >/dev/null
        texts k.svg >told
        grep -qx 'cpu 0' told
        ! grep -qx all told
        for wrong in '--table memory' '--column x' '--table none --column x' '--table memory --column none' \
                '--table memory --column time' '--table processes --column cpu_us' \
                '--table memory --column free_bytes --column oom_kills' '--key x'; do
                # shellcheck disable=SC2086
                run "$VIGIA" plot "$RUN" $wrong -o wrong.svg
                [[ $status == 2 && $output == vigia:\ plot:\ * && $(wc -l <<<"$output") == 1 && ! -e wrong.svg ]] || {
                        echo "$wrong: $status, $output"
                        return 1
                }
        done
}

@test "plot: PNG has its size and is not blank, PDF has its words" {
        record_two -l two
        has_png || { grep -q 'expected SVG' probe && skip "$(<probe)"; }
        "$VIGIA" plot "$RUN" --size 600x338 --theme dark -o p.png >/dev/null
        is "\"$(head -c 24 p.png | od -An -tx1 | tr -d ' \n')\"" == '"89504e470d0a1a0a0000000d494844520000025800000152"'
        is "$(stat -c %s p.png)" '>' 8000
        "$VIGIA" plot "$RUN" -o p.pdf >/dev/null
        is "\"$(head -c 5 p.pdf)\"" == '"%PDF-"'
        command -v pdftotext >/dev/null || skip "no pdftotext"
        pdftotext -layout p.pdf p.txt
        grep -q 'Memory by category: two' p.txt
        grep -q '16 MiB' p.txt
        # The format that is named wins over the ending; - is standard output.
        "$VIGIA" plot "$RUN" --format svg -o - >out
        [[ $(head -c 5 out) == '<?xml' && $(tail -n 1 out) == '</svg>' ]]
}

@test "plot: a folder gets all there is; without -o the file is named for the run" {
        record_two
        "$VIGIA" plot "$RUN" --format svg -o all/ >list
        is "\"$(tr '\n' ' ' <list)\"" == '"all/memory.svg all/cpu.svg all/processes.svg "'
        [[ -s all/memory.svg && -s all/cpu.svg && -s all/processes.svg ]]
        "$VIGIA" plot "$RUN" --format svg >list
        is "\"$(<list)\"" == "\"$(jq -r .id "$RUN/run.json")-memory.svg\""
        [[ -s $(<list) ]]
}

@test "plot: runs over each other, dev dashed; folio migration with the difference in a box" {
        cat >m.toml <<END
[[monitor]]
name = "folio_migration"
help = "as the kernel would count it"
file = "$DIR/stats"
format = "key-value"
interval = "0.1s"
kind = "counter"
END
        for side in base dev; do
                printf 'success: 1000\nfail: 0\ntotal: 1000\n' >stats
                # What was there at the first look counts for nothing; then 100 calls, of which 90 or 80 go well.
                RUN="$DIR/$side" SIDE=$side record -c m.toml -l "my-$side" -- sh -c '
                        until [ -e "$RUN/folio_migration/000000.parquet" ]; do sleep 0.1; done
                        [ $SIDE = base ] && printf "success: 1090\nfail: 10\ntotal: 1100\n" >stats.new ||
                                printf "success: 1160\nfail: 40\ntotal: 1200\n" >stats.new
                        mv stats.new stats
                        sleep 0.5'
        done
        "$VIGIA" plot base dev -o both.svg >/dev/null
        texts both.svg >told
        grep -qx 'Memory: my-base, my-dev' told
        grep -q '^aligned at the start' told
        grep -q 'stroke-dasharray' both.svg
        "$VIGIA" plot base dev --kind migration -o mig.svg >/dev/null
        texts mig.svg >told
        for text in 'Cumulative success' 'Calls per minute' 'Success' 'dev against baseline' \
                'total calls: 100 to 200, +100 (+100.0 %)' 'success: 90.0 % to 80.0 %, -10.0 points'; do
                grep -qxF "$text" told || {
                        echo "no: $text"
                        cat told
                        return 1
                }
        done
        "$VIGIA" plot base -o folder --format svg | grep -qx folder/migration.svg
        run "$VIGIA" plot base dev --kind column --table memory
        [[ $status == 2 ]]
}

@test "plot: a sweep: peak and time against -j, categories, each -j by itself; --jobs" {
        "$VIGIA" sweep -j 2,1 --repeat 2 -l toy -o "$DIR/s" -- sh -c 'for i in $(seq {j}); do hog private 1 16 200 & done; wait' >/dev/null 2>&1
        "$VIGIA" plot s -o s.svg >/dev/null
        texts s.svg >told
        grep -qx 'Peak memory and time by -j: toy' told
        # Fewest jobs first.
        is "\"$(grep -xE -- '-j[0-9]+' told | tr '\n' ' ')\"" == '"-j1 -j2 "'
        grep -q 'medians of 2 repeats' told
        "$VIGIA" plot s --kind categories --view detailed -o c.svg >/dev/null
        texts c.svg | grep -qx Other_hog
        "$VIGIA" plot s --format svg -o all >list
        [[ -s all/sweep.svg && -s all/categories.svg && -s all/memory.svg && -s all/memory-j1.svg && -s all/cpu-j2.svg ]]
        "$VIGIA" plot s --jobs 2 --kind memory -o two.svg >/dev/null
        texts two.svg | grep -qx 'Memory by category: toy -j2'
        run "$VIGIA" plot s --jobs 7 --kind memory -o none.svg
        [[ $status == 2 && ! -e none.svg ]]
        run "$VIGIA" plot s s -o none.svg
        [[ $status == 2 && $output == *"a sweep is plotted by itself"* ]]
}

@test "plot: a run of nothing, a hostile label, what cannot be written" {
        record -l $'</svg><script>\x1b[31m\xff\xe2\x80\xae' -- true
        "$VIGIA" plot "$RUN" -o n.svg >/dev/null
        ! grep -q '<script' n.svg
        ! grep -qP '\x1b|\xe2\x80\xae' n.svg
        grep -q '&lt;script&gt;' n.svg
        "$VIGIA" plot "$RUN" --kind cpu -o c.svg >/dev/null
        # Nothing but what is to be ignored, in another run.
        RUN="$DIR/sleeper" record -- sleep 0.3
        "$VIGIA" plot sleeper --view detailed -o s.svg >/dev/null
        texts s.svg >told
        ! grep -qx 'no process was seen at a tick' told
        grep -q 'peak [0-9.]* [KM]iB at' told
        # No samples at all.
        rm -f "$RUN"/samples* "$RUN"/totals*
        "$VIGIA" plot "$RUN" -o e.svg >/dev/null
        texts e.svg | grep -qx 'no process was seen at a tick'
        run "$VIGIA" plot "$RUN" -o "$DIR/not/there.svg"
        [[ $status == 3 ]]
        [[ ! -L /dev/full && -c /dev/full ]] || skip "no /dev/full"
        run "$VIGIA" plot "$RUN" --format svg -o /dev/full
        [[ $status == 3 && $output == *"cannot write the plot"* ]]
}

@test "plot: bad usage is one line and says what was expected" {
        for wrong in '' '--kind x .' '--view x .' '--metric x .' '--theme x .' '--size 1x1 .' '--size big .' '--top 0 .' \
                '--format gif .' '--stacked --lines .' '--jobs x .' '--resample x .' 'no-such-run'; do
                # shellcheck disable=SC2086
                run "$VIGIA" plot $wrong
                [[ $status == 2 && $(wc -l <<<"$output") == 1 ]] || {
                        echo "$wrong: $status, $output"
                        return 1
                }
        done
}
