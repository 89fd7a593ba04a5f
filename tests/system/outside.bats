# Who worked for a run without being in it: a daemon of ours, by unix socket and by TCP.
load common

setup()
{
        common_setup
        need_source
        WORKER=$SUITE_DIR/bin/worker
}

teardown()
{
        [[ -z ${DAEMON-} ]] || kill "$DAEMON" 2>/dev/null || true
        common_teardown
}

# daemon HOW FILE: as the user of this pass, ready when it returns.
daemon()
{
        LIMIT=none as_user "$WORKER" serve "$1" "$2" >/dev/null 2>&1 3>&- &
        DAEMON=$!
        until_true test -e "$2"
}

outside()
{
        "$VIGIA" report --json "$RUN" | jq -r "$1"
}

@test "a daemon that answers at a unix socket is named, with its CPU time" {
        daemon unix "$DIR/socket"
        record -- "$WORKER" ask unix "$DIR/socket" 2500
        outside '.outside[] | select(.how == "connected")' >found
        [[ $(jq -r .pid found) == "$DAEMON" && $(jq -r .address found) == "$DIR/socket" ]]
        [[ $(jq -r .cmdline found) == *"worker serve unix"* && $(jq -r .match found) == '(^|/)worker( |$)' ]]
        # All but what it used before the first look, a quarter of a second into the run, and a slow machine's.
        is "$(jq .cpu_s found)" '>' 0.2
        is "$(jq .cpu_s found)" '<' 2.7
        grep -q "outside *worker (pid $DAEMON) answered the run at" summary
}

@test "a daemon that answers at a TCP port is named" {
        daemon tcp "$DIR/port"
        # Again and again, for as long as it may take a busy recorder to look.
        record -- sh -c 'for i in 1 2 3; do "$0" ask tcp "$1" 1500; done' "$WORKER" "$DIR/port"
        [[ $(outside '.outside[] | select(.how == "connected") | [.pid, .address] | @text') == "[$DAEMON,\"port $(<port)\"]" ]]
}

@test "a daemon that the run itself began is in the run, and not outside" {
        record -- sh -c '"$0" serve unix "$1" & for i in $(seq 100); do [ -e "$1" ] && break; sleep 0.05; done
                         "$0" ask unix "$1" 1500; kill $!' "$WORKER" "$DIR/socket"
        [[ $(outside '[.outside[] | select(.name == "worker")] | length') == 0 ]]
        rows outside 2>/dev/null | jq -s -e 'all(.how == "busy" or .address != "'"$DIR"'/socket")' || [[ ! -e $RUN/outside.parquet ]]
}

@test "with --match it is in the run, and counted as taken in" {
        [[ $SOURCE-$USER_NAME != perf-nobody ]] || skip "perf follows only the command's tree without privilege"
        daemon unix "$DIR/socket"
        record --match 'worker serve unix' -- "$WORKER" ask unix "$DIR/socket" 1500
        [[ $(outside '[.outside[] | select(.name == "worker")] | length') == 0 ]]
        # Only that: the expression is in the command lines of vigia's own processes, too.
        is "$(outside .matched.processes)" == 1
        is "$(outside .matched.cpu_s)" '>' 0.5
        grep -qE "[0-9]+ process(es)? with .* not begun by the command" summary
}

@test "a run that nobody worked for says nothing" {
        record -- sh -c 'sleep 1.5'
        [[ $(outside '[.outside[] | select(.how != "busy")] | length') == 0 ]]
        ! grep -E '^  outside .*answered' summary
}

@test "hostile names: a socket and a daemon that would paint the terminal" {
        cp "$WORKER" "$DIR/w"$'\e[31m\n'"x"
        WORKER="$DIR/w"$'\e[31m\n'"x"
        daemon unix "$DIR/so"$'\e[31m'"cket"
        record -- "$SUITE_DIR/bin/worker" ask unix "$DIR/so"$'\e[31m'"cket" 1500
        ! grep -q $'\e' summary
        [[ $(outside '.outside[] | select(.how == "connected") | .pid') == "$DAEMON" ]]
}

@test "a client whose daemon is known, and was not seen" {
        printf '#!/bin/sh\nsleep 0.5\n' >nix-build
        chmod 755 nix-build
        record -- ./nix-build
        [[ $(outside '.outside[] | select(.how == "client") | [.how, .client, .name, .match] | @text') == '["client","nix-build","nix-daemon","(^|/)(nix-daemon|nix daemon)( |$)"]' ]]
        grep -q 'nix-build ran: its work is probably done by nix-daemon' summary
}

@test "sweep --verify-tree: no while a daemon outside does the work, yes with its match" {
        [[ $SOURCE-$USER_NAME == -root ]] || skip "once is enough"
        daemon unix "$DIR/socket"
        cat >p.toml <<END
[[projects]]
name = "asks"
dir = "$DIR"
build_command_template = "'$WORKER' ask unix '$DIR/socket' 2500 # {j}"
[[projects]]
name = "alone"
dir = "$DIR"
build_command_template = "sleep 0.3; burn 300 1 # {j}"
END
        run -1 "$VIGIA" sweep --projects p.toml asks -j 1,2 --verify-tree
        [[ $output == *"asks: the run does not hold the whole build"* && $output == *"--match '(^|/)worker( |$)'"* ]]
        "$VIGIA" sweep -q --projects p.toml asks -j 1 --verify-tree --match 'worker serve unix' --json |
                jq -e '.covered and .matched_cpu_s > .tree_cpu_s'
        "$VIGIA" sweep -q --projects p.toml alone -j 2 --verify-tree --json | jq -e '.covered and .outside == []'
}
