# vigia compare: runs, groups, sweeps, monitors; what it says, and its exit codes.
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

# recorded LABEL COMMAND…: a run of that label, by its id in $ID.
recorded() # LABEL COMMAND…
{
        as_user "$VIGIA" run -q ${SOURCE:+--source "$SOURCE"} -l "$1" -o "$DIR/$1" -- "${@:2}" >/dev/null 2>&1
}

# A figure of the first comparison: value SECTION NAME STATISTIC KEY FILE.
value()
{
        jq -r --arg s "$1" --arg n "$2" --arg t "$3" \
                '.comparisons[0].figures[] | select(.section == $s and .name == $n and .statistic == $t)'" | $4" "$5"
}

@test "two runs: memory as it was, one run each, and the gate by the plain ratio" {
        recorded small hog private 1 40 400
        recorded big hog private 1 120 400
        "$VIGIA" compare "$DIR/small" "$DIR/big" >"$DIR/text"
        head -2 "$DIR/text" | tr '\n' ' ' | grep -q 'one run each: no spread known'
        (($(wc -L <"$DIR/text") <= 80))
        ! grep -q $'\033' "$DIR/text"
        "$VIGIA" compare "$DIR/small" "$DIR/big" --json >"$DIR/json"
        is "$(value run peak_rss value '.ratio' "$DIR/json")" '>' 2
        [[ $(value run wall value '.interval' "$DIR/json") == none ]]
        [[ $(value run peak_rss value '.verdict' "$DIR/json") == unsure ]]
        run -1 "$VIGIA" compare "$DIR/small" "$DIR/big" --fail-on-regression 50% --figures rss
        [[ $output == *'peak RSS'*'one run each'* ]]
        run -0 "$VIGIA" compare "$DIR/big" "$DIR/small" --fail-on-regression 50% --figures rss
        run -0 "$VIGIA" compare "$DIR/small" "$DIR/big" --fail-on-regression 1000% --figures rss
}

@test "groups: by option, with and without --, and by label and host are the same" {
        for i in 1 2; do
                recorded "a$i" hog private 1 30 300
                recorded "b$i-dev" hog private 1 90 300
        done
        cd "$DIR"
        "$VIGIA" compare --baseline a1 a2 -- --dev b1-dev b2-dev --json >one
        "$VIGIA" compare --baseline a1 a2 --dev b1-dev b2-dev --json >two
        "$VIGIA" compare --baseline a1 --dev=b1-dev --baseline=a2 --dev b2-dev --json >three
        "$VIGIA" compare --by host b1-dev a1 b2-dev a2 --json >four
        for form in one two three four; do
                jq -e '[.groups[] | .name] == ["baseline", "dev"]
                        and ([.groups[0].runs[].label] | sort) == ["a1", "a2"]
                        and ([.groups[1].runs[].label] | sort) == ["b1-dev", "b2-dev"]
                        and .comparisons[0].figures[0].interval == "welch"' "$form" || { echo "$form"; return 1; }
        done
        cmp one two
        # The same runs, the same interval to the last digit.
        [[ $(value run peak_rss value '.ratio_low' one) == "$(value run peak_rss value '.ratio_low' four)" ]]
        run -0 "$VIGIA" compare --by label a1 a2 a1
        [[ $output == *'given twice'* ]]
        jq -e '.groups | length == 2' <("$VIGIA" compare --by label a1 a2 --json)
}

@test "a run that failed is a regression, and is said on top" {
        recorded fine true
        recorded bad sh -c 'exit 3' || true
        run -1 "$VIGIA" compare "$DIR/fine" "$DIR/bad" --fail-on-regression 1000%
        [[ ${lines[0]} == 'bad failed, fine did not'* ]]
        run -0 "$VIGIA" compare "$DIR/fine" "$DIR/bad"
        [[ $output == *'exit code'*0*3* ]]
        run -0 "$VIGIA" compare "$DIR/bad" "$DIR/bad" --fail-on-regression 1000%
}

@test "counters of a declared monitor: the difference in calls and in success" {
        printf '%s\n' '[[monitor]]' 'name = "folio_migration"' "file = '$DIR/stats'" 'format = "key-value"' \
                'interval = "50ms"' 'kind = "counter"' >vigia.toml
        # Nothing changes before the first look is in the table. Each run ends when the last figures are in it: 100
        # calls more in base, 250 in dev.
        grow='n=0; while :; do printf "migrate_folio_calls %s\nmigrate_folio_success %s\n" $((1000 + n)) $((900 + n / 2)) >stats.tmp;
                mv stats.tmp stats; [ $n -ge $1 ] && break; n=$((n + 50)); sleep 0.15; done; sleep 0.4'
        for side in 'base 100' 'dev 250'; do
                printf 'migrate_folio_calls 1000\nmigrate_folio_success 900\n' >stats
                as_user "$VIGIA" run -q ${SOURCE:+--source "$SOURCE"} -c vigia.toml -l "${side% *}" -o "$DIR/${side% *}" -- \
                        sh -c "until [ -e '$DIR/${side% *}/folio_migration/000000.parquet' ]; do sleep 0.1; done; $grow" sh "${side#* }"
        done
        "$VIGIA" compare base dev --json >json
        [[ $(value monitor migrate_folio_calls total '.base.mean' json) == 100 ]]
        [[ $(value monitor migrate_folio_calls total '.other.mean' json) == 250 ]]
        [[ $(value monitor migrate_folio_calls total '.change' json) == 150 ]]
        [[ $(value monitor migrate_folio_success total '.change' json) == 75 ]]
        if "$VIGIA" compare base dev --html page.html >/dev/null; then
                [[ $(grep -o '"migration":{"table":"folio_migration"' page.html | wc -l) == 2 ]]
        fi
        "$VIGIA" compare base dev --all | grep -E 'folio_migration.*calls +100 +250 +\+150 %'
}

@test "sweeps: two at each -j, one by its -j" {
        for name in one two; do
                as_user "$VIGIA" sweep ${SOURCE:+--source "$SOURCE"} -j 2,1 --repeat 2 -l "$name" -o "$DIR/$name" -- sh -c 'sleep 0.0{j}' >/dev/null 2>&1
        done
        "$VIGIA" compare one two --json >json
        jq -e '[.comparisons[].jobs] | sort == [1, 2]' json
        jq -e '[.comparisons[].figures[] | select(.name == "wall") | .base.n, .other.n] == [2, 2, 2, 2]' json
        run -0 "$VIGIA" compare one two
        [[ $output != *'given twice'* && ${lines[0]} == 'two against one:'* && $output == *'-j1'* && $output == *'-j2'* ]]
        (($(wc -L <<<"$output") <= 80))
        jq -e '[.groups[].name] == ["-j2", "-j1"] and ([.groups[].runs | length] == [2, 2])' <("$VIGIA" compare one --json)
}

@test "wrong usage is exit 2 and one line that says what was expected" {
        recorded one true
        while IFS='|' read -r words said; do
                # shellcheck disable=SC2086
                run -2 --separate-stderr "$VIGIA" compare $words
                [[ -z $output && $stderr == *"$said"* && $(wc -l <<<"$stderr") == 1 ]] || {
                        echo "$words: $stderr"
                        return 1
                }
        done <<END
|expected two or more runs
$DIR/one|expected two or more
$DIR/one $DIR/nonesuch|nonesuch
--by speed $DIR/one $DIR/one|expected label or host
--by host $DIR/one $DIR/one|"dev"
--by label $DIR/one $DIR/one|the same label
--baseline $DIR/one|both --baseline
--by label --baseline $DIR/one --dev $DIR/one|exclude each other
$DIR/one --baseline $DIR/one --dev $DIR/one|in which group
--fail-on-regression five $DIR/one $DIR/one|expected a percentage
--fail-on-regression 5 --figures time $DIR/one $DIR/one|expected some of wall
--figures wall $DIR/one $DIR/one|goes with --fail-on-regression
--json --markdown $DIR/one $DIR/one|exclude each other
--dev-host x $DIR/one $DIR/one|goes with --by host
--json --html - $DIR/one $DIR/one|name a file
END
}

@test "what cannot be judged is exit 3, and a full disk, too" {
        recorded one true
        as_user "$VIGIA" run -q -o "$DIR/two" -- true
        jq 'del(.wall_ns) | .complete = false' two/run.json >new && cat new >two/run.json
        run -3 --separate-stderr "$VIGIA" compare one two --fail-on-regression 5
        [[ $stderr == *'could not be judged'* && $output == *'not finished'* ]]
        [[ -w /dev/full ]] || skip "no /dev/full"
        run -3 bash -c '"$VIGIA" compare one one >/dev/full'
}

@test "a page: beside the text, alone on standard output, or a clear refusal" {
        "$VIGIA" doctor --json >doctor || true
        grep -q '"page": *true' doctor || skip "this vigia was built without the page (npm)"
        recorded one hog private 1 20 200
        recorded two hog private 1 60 200
        run -0 "$VIGIA" compare one two --html page.html
        [[ $output == *'wall time'* ]]
        [[ $(grep -o '<script' page.html | wc -l) == 3 && $(stat -c %s page.html) -lt 5000000 ]]
        "$VIGIA" compare one two --html - >alone.html
        cmp page.html alone.html
        run -1 "$VIGIA" compare one two --html page.html --fail-on-regression 50% --figures rss
        run -3 --separate-stderr "$VIGIA" compare one two --html no/such/page.html
        [[ -z $output && $stderr == *'no/such/page.html'* && $(wc -l <<<"$stderr") == 1 ]]
}
