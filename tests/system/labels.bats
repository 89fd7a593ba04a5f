# What each process is for: labels given while recording, and again by other rules.
load common

setup()
{
        common_setup
        cat >mine.toml <<'END'
[[rules]]
major_category = "Work"
category = "tiny_of_sh"
programs = ["tiny"]
parent = ["Scripts"]

[[rules]]
major_category = "Work"
category = "tiny_alone"
programs = ["tiny"]

[[rules]]
major_category = "Work"
category = "marked"
cmdline = 'MARK'

[[rules]]
major_category = "Scripts"
category = "shell"
programs = ["sh", "dash", "bash"]
END
        # A script: of `sh -c 'tiny; tiny'` the shell would count as what it runs.
        echo 'tiny; tiny & wait' >two
}

categories() # vigia report's, without figures that may differ
{
        "$VIGIA" report "$@" --json | jq -c '[.categories[] | {major, category, processes}] | sort'
}

@test "labels: every process has one, by the rules that were named" {
        echo 'forkstorm 3 1 fork "$(command -v tiny)"' >>two
        record -r mine.toml -- sh two
        rows processes | jq -s -e 'all(.major != null and .category != null)'
        is "$(figure processes 'map(select(.category == "tiny_of_sh" and .major == "Work")) | length')" == 2
        is "$(figure processes 'map(select(.category == "tiny_alone")) | length')" == 3
        is "$(figure processes 'map(select(.category == "Other_forkstorm" and .major == "Other")) | length')" '>=' 1
        is "$(info '.rules.name == "mine.toml"')" == true
        "$VIGIA" report "$RUN" --json |
                jq -e '(.majors | map(.processes) | add) == (.categories | map(.processes) | add) and
                       (.categories | map(.major) | unique) == (.majors | map(.major) | unique)'
}

@test "labels: report --rules labels an old run anew, parents and all, and changes nothing else" {
        record -- sh two
        categories "$RUN" >before
        categories "$RUN" --rules builtin | cmp - before
        categories "$RUN" --rules mine.toml >after
        jq -e 'map(select(.category == "tiny_of_sh" and .major == "Work" and .processes == 2)) | length == 1' after
        jq -e 'map(select(.category == "shell")) | length == 1' after
        "$VIGIA" report "$RUN" --json | jq 'del(.categories, .majors, .top)' >a
        "$VIGIA" report "$RUN" --rules mine.toml --json | jq 'del(.categories, .majors, .top)' | cmp - a
        categories "$RUN" | cmp - before
}

@test "labels: a run recorded without any gets the built-in ones" {
        record -- sh -c 'tiny; tiny'
        categories "$RUN" >before
        jq 'del(.rules)' "$RUN/run.json" >x && cp x "$RUN/run.json"
        "$VIGIA" convert "$RUN/processes.parquet" p.json
        jq -c 'del(.major, .category)' p.json >q.json
        "$VIGIA" convert q.json "$RUN/processes.parquet" --force 2>/dev/null ||
                { rm "$RUN/processes.parquet" && "$VIGIA" convert q.json "$RUN/processes.parquet"; }
        categories "$RUN" | cmp - before
}

@test "labels: a bad rules file is refused with its place, before anything runs" {
        printf '[[rules]]\nmajor_category = "A"\ncategory = "b"\ncmdline = "("\n' >bad.toml
        run -2 "$VIGIA" report -r bad.toml "$DIR/nothing"
        run -125 "$VIGIA" run -o "$RUN" -r bad.toml -- touch ran
        [[ $output == *"bad.toml:4:"* ]]
        [[ ! -e ran && ! -e $RUN ]]
        run -125 "$VIGIA" run -o "$RUN" -r nowhere.toml -- touch ran
        [[ $output == *"nowhere.toml"* && ! -e ran ]]
        printf '[run]\nrules = "bad.toml"\n' >vigia.toml
        run -125 "$VIGIA" run -o "$RUN" -- touch ran
        [[ $output == *"bad.toml:4:"* && ! -e ran ]]
        rm vigia.toml
        record -- true
        run -2 "$VIGIA" report -r bad.toml "$RUN"
        [[ $output == *"bad.toml:4:"* ]]
}

@test "labels: a response file counts as its contents while the process lives" {
        printf 'one\nMARK\n' >args.rsp
        printf '#!/bin/sh\nsleep 0.5\n' >slow
        chmod 755 slow
        mkfifo pipe
        record -r mine.toml -- sh -c './slow @args.rsp; ./slow @nowhere; ./slow @pipe; ./slow @/etc/shadow'
        is "$(figure processes 'map(select(.category == "marked")) | map(.cmdline | endswith("@args.rsp")) | all and length >= 1')" == true
        [[ ! $(cat "$RUN"/*.parquet) == *MARK* ]]
}

@test "labels: the end of a recording tells where the time went, by kind" {
        record -r mine.toml -- sh -c 'burn 200 1; tiny; x=0; while [ $x -lt 40000 ]; do x=$((x+1)); done'
        grep -E '^  work +Other [0-9]+ % of CPU' summary
        grep -E '^  programs .* burn' summary # not Other_burn
}
