# vigia sweep: builds at several -j, as runs of one directory.
load common

setup()
{
        common_setup
        need_source
        command -v make >/dev/null || skip "no make"
        S="$DIR/s"
        mkdir src
        # Six objects of 0.2 s and 8 MiB each, all of them at once at the highest -j.
        cat >src/Makefile <<MAKE
OBJECTS := \$(foreach i,1 2 3 4 5 6,\$(i).o)
all: \$(OBJECTS)
.PHONY: all clean broken
\$(OBJECTS): %.o:
	@echo making \$@ for \$(WHO)
	@hog private 1 8 200
	@touch \$@
clean:
	rm -f *.o
	@echo cleaned >>cleaned
broken:
	@echo no good; exit 3
MAKE
        cat >toy.toml <<TOML
[[projects]]
name = "toy"
dir = "$DIR/src"
setup_command_template = "echo set up >>set-up"
build_command_template = "make -j<N>"
clean_command_template = "make clean"
process_pattern = "make|gcc|clang|ld|..."

[projects.environment]
WHO = "them"
TOML
        [[ $USER_NAME == "$(id -un)" ]] || chown -R "$USER_NAME" "$DIR"
}

sweep()
{
        as_user "$VIGIA" sweep ${SOURCE:+--source "$SOURCE"} "$@"
}

state()
{
        jq -r "$1" "$S/sweep.json"
}

@test "sweep: a project of MyMonitor's shape: set up once, cleaned between, each build a run" {
        sweep --projects toy.toml toy -j 6,2 --repeat 2 -o "$S" >out 2>err
        [[ $(head -n 1 out) == "toy: -j6 is fastest: "* ]]
        [[ $(state '[.runs[] | .path, .state] | join(" ")') == "j6-1 done j2-1 done j6-2 done j2-2 done" ]]
        (($(wc -l <src/set-up) == 1 && $(wc -l <src/cleaned) == 5))
        for run in j6-1 j2-1 j6-2 j2-2; do
                [[ $("$VIGIA" report "$S/$run" --json | jq -r .run.label) == "toy-${run%-*}" ]]
                [[ $(jq -r '[.complete, .exit_code, .cwd] | map(tostring) | join(" ")' "$S/$run/run.json") == "true 0 $DIR/src" ]]
                [[ -s $S/$run/summary.txt && -s $S/$run/samples.parquet ]]
                (($(grep -c 'making .*for them' "$S/$run/output.log") == 6))
        done
        grep -q 'cleaned\|rm -f' "$S/sweep.log"
        ! grep -q making "$S/sweep.log"
        # A line for each run, no line that redraws, and none of what the builds say.
        (($(grep -c '^[1-4] of 4: toy -j[62], [12] of 2: ' err) == 4)) && ! grep -q $'\r\|making' err out
        cmp out "$S/summary.txt"
        diff out <("$VIGIA" report "$S")
}

@test "sweep: the figures are those of the runs and of the builds" {
        sweep --projects toy.toml toy -j 6,1 -o "$S" >out 2>err
        for j in 6 1; do
                level=".levels[] | select(.jobs == $j)"
                run="$S/j$j-1"
                # six, or one, of 8 MiB at a time; make and its shells beside them
                within "$(state "$level | .peak_bytes.median")" "$((j * 8 * 1048576))" 0.05 "$((3 * 1048576 + j * 524288))"
                is "$(state "$level | .wall_s.median")" '>=' "$(((6 / j) * 200))/1000"
                within "$(state "$level | .wall_s.median")" "$(jq .wall_ns/1e9 "$run/run.json")" 0 0.000001
                within "$(state "$level | .cpu_s.median")" "$(jq .command_cpu_us/1e6 "$run/run.json")" 0.05 0.02
                is "$(state "$level | .categories[] | select(.category == \"Other_hog\") | .peak_bytes.median")" '>=' "$((j * 8 * 1000000))"
        done
        grep -q 'one run each: no spread known' out
        [[ $(state '.levels[] | select(.best) | .jobs') == 6 ]]
}

@test "sweep: a command: words are filled in without a shell, jobs by default" {
        sweep -C src -o "$S" -- env 'A=$HOME {j}' make 'WHO=$(shell echo {j})' -j{j} >out 2>err
        cpus=$(nproc)
        [[ $(state '.jobs | last') == "$cpus" && $(state '.jobs[0]') == 1 ]]
        [[ $(jq -c '.command' "$S/j1-1/run.json") == '["env","A=$HOME 1","make","WHO=$(shell echo 1)","-j1"]' ]]
        grep -q 'for 1$' "$S/j1-1/output.log"
        [[ $(state .label) == env ]]
        # The same beside the runs, by id, and as last.
        sweep -C src -l short -j 1 -- true {j} >/dev/null 2>&1
        id=$(ls "$VIGIA_DIR")
        [[ $id == *-short-sweep ]]
        [[ $("$VIGIA" report last) == "short: -j1 takes "* && $("$VIGIA" report "${id%sweep}" --json | jq -r .id) == "$id" ]]
        as_user "$VIGIA" run -q -l after -- true
        [[ $("$VIGIA" report last --json | jq -r .run.label) == after ]]
        "$VIGIA" runs >list
        grep -q '^[0-9-]*-short-sweep .* 1/1 runs ' list
        [[ $("$VIGIA" runs --json | jq -r '.[] | select(.sweep) | .state') == complete ]]
        [[ $("$VIGIA" report "$id/j1-1" --json | jq -r .run.label) == short-j1 ]]
}

@test "sweep: what fails is recorded, and ends it, unless it is to go on" {
        run -1 --separate-stderr sweep -C src -j 1,2 -o "$S" -- make -j{j} broken
        [[ $stderr == *"j1-1 ended with: make"*": *** ["*"broken] Error 3"* ]]
        [[ $(state '[.runs[].state] | join(" ")') == "failed planned" && $(state '.runs[0].exit_code') == 2 ]]
        [[ $output == "make: no build came through; 1 failed"*"failed    j1-1: exit 2 after "* ]]
        run -1 sweep -C src -j 1,2 --keep-going -o "$S-2" -- make -j{j} broken
        [[ $(jq -r '[.runs[].state] | join(" ")' "$S-2/sweep.json") == "failed failed" ]]
        # An exit code that is expected is none to complain of.
        printf '[[projects]]\nname = "odd"\nbuild = "exit {j}"\njobs = [3, 4]\nexpected_exit = [0, 3]\n' >odd.toml
        run -1 sweep --projects odd.toml odd -o "$S-3"
        [[ $(jq -r '[.runs[].state] | join(" ")' "$S-3/sweep.json") == "done failed" ]]
        # A limit of time for each.
        run -1 sweep -j 20,1 --keep-going --timeout 2 -o "$S-4" -- sleep {j}
        [[ $(jq -r '[.runs[].state] | join(" ")' "$S-4/sweep.json") == "timed out done" ]]
}

@test "sweep: a step that fails ends it with its last words, and can be left out" {
        printf '[[projects]]\nname = "p"\nbuild = "true {j}"\nclean = "echo nothing here; exit 7"\n' >p.toml
        run -3 --separate-stderr sweep --projects p.toml p -j 1 -o "$S"
        [[ $stderr == *"clean of p failed (exit 7) after "*": nothing here" ]]
        [[ $(state '.runs[0].state') == planned ]]
        run -3 sweep --projects p.toml p -j 1,2 --no-pre-clean -o "$S-2"
        [[ $(jq -r '[.runs[].state] | join(" ")' "$S-2/sweep.json") == "done planned" ]]
        run -0 sweep --projects p.toml p -j 1,2 --no-pre-clean --no-post-clean -o "$S-3"
        run -3 --separate-stderr sweep -j 1 -o "$S-4" -- "$DIR/nothing" {j}
        [[ $stderr == "vigia: $DIR/nothing: command not found" && ! -e $S-4/sweep.json ]]
}

@test "sweep: SIGINT in the middle: the run is finished and marked, those before are whole, resume goes on" {
        LIMIT=none sweep -C src -j 6,2,1 -o "$S" -- make -B -j{j} >out 2>err &
        pid=$!
        until_true test -e "$S/j2-1/output.log"
        sleep 0.2
        kill -INT "$pid"
        code=0
        wait "$pid" || code=$?
        ((code == 130))
        [[ $(state '[.runs[].state] | join(" ")') == "done interrupted planned" ]]
        [[ $(jq -r '[.complete, .exit_signal] | map(tostring) | join(" ")' "$S/j2-1/run.json") == "true 2" ]]
        grep -q '2 runs are left:$' out && grep -qx " *vigia sweep --resume $S" out
        before=$(cksum "$S"/j6-1/*.parquet "$S/j6-1/run.json")
        run -0 --separate-stderr sweep --resume "$S"
        [[ $(state '[.runs[].state] | join(" ")') == "done done done" && $output == "make: -j6 is fastest: "* ]]
        [[ $(cksum "$S"/j6-1/*.parquet "$S/j6-1/run.json") == "$before" ]]
        [[ $(jq -r .exit_signal "$S/j2-1.unfinished/run.json") == 2 ]]
        run -0 --separate-stderr sweep --resume "$S"
        [[ $stderr == "vigia: all 3 runs are done; there is nothing to go on with" ]]
}

@test "sweep: SIGKILL of the sweep: its build is recorded to the end, nobody else may work on it, resume goes on" {
        LIMIT=none sweep -C src -j 6,1 -o "$S" -- make -B -j{j} >out 2>err &
        pid=$!
        until_true test -e "$S/j1-1/output.log"
        kill -KILL "$pid"
        wait "$pid" || true
        run -3 --separate-stderr sweep --resume "$S"
        [[ $stderr == *"is being worked on"* ]]
        [[ $(state '.runs[1].state') == running ]]
        until_true jq -e .complete "$S/j1-1/run.json" >/dev/null
        until_true flock -n "$S" true
        run -0 --separate-stderr sweep --resume "$S"
        [[ $stderr == "vigia: all 2 runs are done; "* && ! -e $S/j1-1.unfinished ]]
        [[ $(state '[.runs[].state] | join(" ")') == "done done" ]]
}

@test "sweep: a limit ends it; random order has a seed; warm-up is in no table" {
        run -3 --separate-stderr sweep -C src -j 1 --repeat 9 --limit 2 --warm-up -o "$S" -- make -B -j{j}
        [[ $stderr == *"the limit of 2 s is reached"* ]]
        [[ $(state '.runs[0].state') == done && $(state '.runs[9].state') == planned ]]
        [[ $(state '.runs[0] | .warm_up, .path') == $'true\nwarm-up' ]]
        sweep -j 1,2,3,4 --repeat 2 --order random --dry-run -- true {j} >plan
        seed=$(sed -n 's/.*--seed //p' plan)
        sweep -j 1,2,3,4 --repeat 2 --seed "$seed" --dry-run -- true {j} | diff plan -
        [[ ! -e $VIGIA_DIR || -z $(ls "$VIGIA_DIR") ]]
}

@test "sweep: CPUs of their own where asked for" {
        (($(nproc) > 1)) || skip "one CPU"
        cpus=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
        first=${cpus%%[,-]*}
        printf '[monitor.scheduling]\nscheduling_policy = "manual"\nmanual_build_cores = "%s"\n' "$first" >c.toml
        sweep -c c.toml -j 2 -o "$S" -- sh -c 'grep Cpus_allowed_list /proc/self/status; : {j}' >out 2>err
        grep -qx "Cpus_allowed_list:[[:space:]]*$first" "$S/j2-1/output.log"
        grep -q 'the build has 1 CPUs, fewer than its jobs' err
        sweep -j 1 -o "$S-2" -- sh -c 'grep Cpus_allowed_list /proc/self/status; : {j}' >out 2>err
        [[ $(sed 's/.*:[[:space:]]*//' "$S-2/j1-1/output.log") == "$cpus" ]]
        sed -i 's/"manual"/"adaptive"/' c.toml
        echo 'enable_cpu_affinity = false' >>c.toml
        sweep -c c.toml -j 1 -o "$S-3" -- true {j} >out 2>err
        [[ $(jq -r .scheduling "$S-3/sweep.json") == off ]]
        sweep -c c.toml --scheduling adaptive -j 1 -o "$S-4" -- sh -c 'grep Cpus_allowed_list /proc/self/status; : {j}' >out 2>err
        [[ $(sed 's/.*:[[:space:]]*//' "$S-4/j1-1/output.log") == $(jq -r '.runs[0].build_cpus' "$S-4/sweep.json") ]]
        sed -i 's/^manual_build_cores.*/manual_build_cores = "8000"/' c.toml
        run -2 --separate-stderr sweep -c c.toml --scheduling manual -j 1 -o "$S-5" -- true {j}
        [[ $stderr == "vigia: sweep.build_cpus: 8000 has CPUs that are not ours; expected some of $cpus" ]]
}

@test "sweep: daemons: process_pattern counts what works in the tree, and no other; match all that matches" {
        [[ $SOURCE != poll ]] || skip "polling sees the command's tree only"
        [[ $SOURCE != perf || $USER_NAME == root ]] || skip "a user's perf events are of the command's tree"
        hog=$(command -v hog)
        printf '#!/bin/sh\ncd "$1"; while sleep 0.05; do [ ! -e %s/go ] || { "%s" private 1 30 800; exit; }; done\n' "$DIR" "$hog" >daemon
        chmod +x daemon
        mkdir elsewhere
        cat >d.toml <<TOML
[[projects]]
name = "d"
dir = "$DIR/src"
build = "touch $DIR/go; sleep 1.2; rm -f $DIR/go; : {j}"
process_pattern = "make|h.g|..."
TOML
        peak()
        {
                LIMIT=none as_user ./daemon "$1" >/dev/null 2>&1 3>&- &
                daemon=$!
                sweep --projects d.toml d -j 1 -o "$S-$2" "${@:3}" >out 2>err
                wait "$daemon" || true
                jq '.runs[0].peak_bytes / 1048576 | floor' "$S-$2/sweep.json"
        }
        is "$(peak "$DIR/src" in)" '>=' 30
        is "$(peak "$DIR/elsewhere" out)" '<' 10
        is "$(peak "$DIR/src" tree --tree-only)" '<' 10
        sed -i 's/^process_pattern.*/match = "hog private"/' d.toml
        is "$(peak "$DIR/elsewhere" match)" '>=' 30
}

@test "sweep: secrets are not stored; resume wants them again" {
        run -1 sweep -j 1,2 -o "$S" -- sh -c 'echo "$0"; [ {j} = 1 ]' --token=geheim
        ! grep -r geheim "$S" --include='*.json'
        run -2 --separate-stderr sweep --resume "$S"
        [[ $stderr == *"secrets of the command are not stored; repeat it"* ]]
        run -2 sweep --resume "$S" -- sh -c 'echo other; : {j}' --token=geheim
        run -1 sweep --resume "$S" -- sh -c 'echo "$0"; [ {j} = 1 ]' --token=geheim
        grep -q geheim "$S/j2-1/output.log"
}

@test "sweep: what is wrong is said before anything runs" {
        refused()
        {
                local want=$1
                shift
                run -2 --separate-stderr sweep "$@"
                [[ $stderr == *"$want"* ]] || { echo "$stderr"; return 1; }
                [[ -z $output ]]
        }
        refused "no project qemo; did you mean qemu?" qemo
        refused "no project xyzzy; expected one of vigia sweep --list" xyzzy
        refused "-j 0: expected numbers from 1 to 65536" -j 0 -- make -j{j}
        refused "-j 2,x: expected numbers" -j 2,x -- make -j{j}
        refused "has no {j}, so -j would change nothing" -j 2,4 -- make
        refused "the directory /nonexistent: No such file" -C /nonexistent -- make -j{j}
        refused "expected a project, --all, or a command" -j 2
        refused "a project and a command; expected one of them" toy -- make -j{j}
        refused "no configuration has [[projects]]" --all
        refused "--repeat 0: expected a whole number from 1 to 1000" --repeat 0 -- make -j{j}
        refused "expected given or random" --order up -- make -j{j}
        refused "no sweep at $DIR: it has no sweep.json" --resume "$DIR"
        refused "--resume goes on as it was begun" --resume last -j 4
        sed -i "s#dir = .*#dir = \"$DIR/gone\"#" toy.toml
        refused "toy.toml:1:3: the directory $DIR/gone: No such file" --projects toy.toml toy
        sed -i 's/^build_command_template/bulid/' toy.toml
        refused "toy.toml:5:1: unknown key bulid of [[projects]]; did you mean build?" --projects toy.toml toy
        mkdir full && touch full/file && [[ $USER_NAME == "$(id -un)" ]] || chown "$USER_NAME" full
        run -2 --separate-stderr sweep -j 1 -o full -- true {j}
        sweep -j 1 -o "$S" -- true {j} >/dev/null 2>&1
        refused "has a sweep already; go on with it: vigia sweep --resume $S" -j 1 -o "$S" -- true {j}
        echo '{"format": 1' >"$S/sweep.json"
        refused "$S/sweep.json:2:1: " --resume "$S"
        run -2 --separate-stderr "$VIGIA" report "$S"
        [[ $stderr == "vigia: $S/sweep.json:2:1: "* ]]
}

@test "sweep: without {j} a command is repeated; JSON is sweep.json" {
        sweep --repeat 3 --json -o "$S" -- sleep 0.1 >out 2>err
        diff out "$S/sweep.json"
        [[ $(jq -c '[.jobs, (.levels | length), .levels[0].jobs, .levels[0].done]' out) == '[[],1,null,3]' ]]
        [[ $("$VIGIA" report "$S") == "sleep: the build takes "* ]]
}

@test "sweep: all projects of a configuration, one sweep each" {
        printf '[[projects]]\nname = "a"\nbuild = "true {j}"\n[[projects]]\nname = "b"\nbuild = "[ {j} = 1 ]"\n' >two.toml
        run -1 --separate-stderr sweep --projects two.toml --all -j 1,2 --json -o "$S"
        [[ $(jq -r '[.[].label] | join(" ")' <<<"$output") == "a b" ]]
        [[ $(jq -r '.levels[1].failed' "$S/b/sweep.json") == 1 && -e $S/a/j2-1/run.json ]]
        "$VIGIA" sweep --projects two.toml --list >list
        grep -q '^  a  *two.toml:1:3$' list && grep -q '^  qemu  *QEMU' list
}

@test "sweep: as another user: the build and what is around it, and no more than that user may" {
        [[ $USER_NAME == root ]] || skip "only root can"
        printf '[[projects]]\nname = "u"\ndir = "%s/theirs"\nsetup = "id -un >set-up"\nbuild = "id -un >/dev/stdout; touch {j}"\nclean = "id -un >clean; rm -f 1; echo $HOME >home"\n' "$DIR" >u.toml
        mkdir theirs
        chown nobody theirs
        sweep --projects u.toml u -j 1 --user nobody -o "$S" >out 2>err
        [[ $(<theirs/set-up) == nobody && $(<theirs/clean) == nobody && $(<"$S/j1-1/output.log") == nobody ]]
        [[ $(<theirs/home) == $(getent passwd nobody | cut -d: -f6) && ! -e theirs/1 ]]
        run -2 --separate-stderr sweep --projects u.toml u -j 1 --user nosuchuser -o "$S-2"
        [[ $stderr == "vigia: sweep: there is no user nosuchuser on this machine"* && ! -e $S-2 ]]
}
