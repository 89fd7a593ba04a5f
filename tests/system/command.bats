# The command under vigia is as it would be without: bytes, terminal, signals, exit code.

load common

# What a terminal would show: script(1) gives a pty and passes the exit code.
in_terminal() # COMMAND-STRING
{
        command -v script >/dev/null || skip "no script(1) (bsdutils)"
        script -qec "$1" /dev/null </dev/null
}

@test "exit codes pass through" {
        for code in 0 1 2 7 125 255; do
                run record -q -- sh -c "exit $code"
                is "$status" == "$code"
                is "$(info .exit_code)" == "$code"
                rm -r "$RUN"
        done
}

@test "killed by a signal: 128 + signal, and the summary names it" {
        run record -- sh -c 'kill -SEGV $$'
        is "$status" == 139
        is "$(info .exit_signal)" == 11
        grep -q SEGV "$DIR/summary"
}

@test "127 not found, 126 not executable, with one clear line" {
        run -127 record -- no-such-program-here
        grep -q 'no-such-program-here' "$DIR/summary"
        echo text >"$DIR/text"
        rm -rf "$RUN"
        run record -- "$DIR/text"
        is "$status" == 126
        rm -rf "$RUN"
        run record -- "$DIR"
        is "$status" == 126
}

@test "stdout is the command's alone" {
        [[ $(record -- true) == "" ]]
        grep -q . "$DIR/summary"
}

@test "-q: no summary" {
        record -q -- true
        [[ ! -s "$DIR/summary" ]]
}

@test "stdin reaches the command" {
        [[ $(printf 'one\ntwo\n' | record -- cat) == $'one\ntwo' ]]
        rm -r "$RUN"
        [[ $(record -- sh -c 'read x || echo end' </dev/null) == end ]]
}

@test "stdout and stderr stay apart, and both are in output.log" {
        as_user "$VIGIA" run -q -o "$RUN" -- sh -c 'echo out; echo err >&2' >"$DIR/out" 2>"$DIR/err"
        [[ $(<"$DIR/out") == out ]]
        grep -qx err "$DIR/err"
        grep -qx out "$RUN/output.log"
        grep -qx err "$RUN/output.log"
}

@test "64 MiB of output: every byte, in order, and the same in output.log" {
        want=$(chatty 67108864 | md5sum)
        got=$(record -q -- chatty 67108864 | md5sum)
        [[ $got == "$want" ]]
        [[ $(md5sum <"$RUN/output.log") == "$want" ]]
        is "$(info .output_bytes)" == 67108864
}

@test "1 GB of output" {
        (($(df --output=avail -k "$DIR" | tail -n 1) > 4000000)) || skip "less than 4 GB free for output.log"
        want=$(chatty 1000000000 | md5sum)
        got=$(record -q -- chatty 1000000000 | md5sum)
        rm -f "$RUN/output.log"
        [[ $got == "$want" ]]
}

@test "a reader that goes away: the command gets EPIPE as without vigia" {
        as_user timeout 60 "$VIGIA" run -q -o "$RUN" -- sh -c 'trap "" PIPE; chatty 100000000; echo $? >"$0"' "$DIR/code" \
                2>/dev/null | head -c 10 >/dev/null
        [[ -s "$DIR/code" ]]
}

@test "--no-output-log hands the descriptors straight through" {
        as_user "$VIGIA" run -q --no-output-log -o "$RUN" -- sh -c 'p=$(readlink /proc/$$/fd/1); echo "$p" >&2; echo hi' \
                >"$DIR/out" 2>"$DIR/err"
        [[ ! -e "$RUN/output.log" ]]
        [[ $(<"$DIR/out") == hi ]]
        grep -qx "$DIR/out" "$DIR/err"
}

@test "closed stdin, stdout and stderr" {
        as_user "$VIGIA" run -q -o "$RUN" -- true <&- >&- 2>&-
        is "$(info .exit_code)" == 0
        rm -r "$RUN"
        as_user "$VIGIA" run -q -o "$RUN" -- sh -c 'exit 0' >&-
}

@test "a command that closes its stdout goes on" {
        record -q -- sh -c 'exec >&- 2>&-; sleep 0.3; echo done >"$1"' sh "$DIR/done" </dev/null
        [[ $(<"$DIR/done") == done ]]
}

@test "no terminal: the command sees none" {
        run record -q -- sh -c 'test -t 1 || echo no-out; test -t 2 || echo no-err' </dev/null
        [[ $output == *no-out* && $output == *no-err* ]]
}

@test "in a terminal: the command has one, of the same size" {
        out=$(in_terminal "stty rows 37 cols 111; $VIGIA run -q -o '$RUN' -- sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size'")
        [[ ${out//$'\r'/} == *"37 111"* ]]
}

@test "colour only on a terminal and without NO_COLOR" {
        record -- sh -c 'exit 1' || true
        ! grep -q $'\033' "$DIR/summary"
        out=$(in_terminal "TERM=xterm $VIGIA run -o '$RUN-2' -- sh -c 'exit 1'") || true
        [[ $out == *$'\033['* ]]
        out=$(in_terminal "NO_COLOR=1 TERM=xterm $VIGIA run -o '$RUN-3' -- sh -c 'exit 1'") || true
        [[ $out != *$'\033['* ]]
}

@test "the terminal is as before afterwards, whatever the command did to it" {
        out=$(in_terminal "stty -g; $VIGIA run -q -o '$RUN' -- stty raw -echo; stty -g; $VIGIA run -q -o '$RUN-2' -- sh -c 'kill -KILL \$\$'; stty -g")
        mapfile -t states < <(tr -d '\r' <<<"$out" | grep -aoE '[0-9a-f]+(:[0-9a-f]+){10,}')
        [[ ${#states[@]} -eq 3 && ${states[0]} == "${states[2]}" && ${states[0]} == "${states[1]}" ]]
}

@test "SIGTERM to vigia reaches the command; the run is finished" {
        LIMIT=none as_user "$VIGIA" run -o "$RUN" -- sh -c 'trap "echo term >$0; exit 9" TERM; echo go >$1; while :; do sleep 0.1; done' \
                "$DIR/term" "$DIR/go" 2>"$DIR/summary" &
        pid=$!
        until_true test -s "$DIR/go"
        kill -TERM "$pid"
        status=0
        wait "$pid" || status=$?
        is "$status" == 9
        [[ $(<"$DIR/term") == term ]]
        is "$(info .complete)" == true
        [[ -s "$DIR/summary" ]]
}

@test "SIGINT and SIGHUP: the command dies of them, the summary is written" {
        local signal number
        for signal in INT:130 HUP:129; do
                number=${signal#*:} signal=${signal%:*}
                # An asynchronous job of a shell without job control ignores SIGINT: env resets it.
                LIMIT=none as_user env --default-signal=INT,HUP "$VIGIA" run -o "$RUN-$signal" -- \
                        sh -c 'echo go >$0; exec sleep 20' "$DIR/go-$signal" 2>"$DIR/summary-$signal" &
                pid=$!
                until_true test -s "$DIR/go-$signal"
                # A terminal would signal the whole group; here only vigia gets it.
                kill "-$signal" "$pid"
                status=0
                wait "$pid" || status=$?
                is "$status" == "$number"
                [[ -s "$DIR/summary-$signal" ]]
        done
}

@test "--timeout: TERM, and KILL for one that does not listen" {
        run record --timeout 0.5 -- sleep 30
        is "$status" == 143
        is "$(info .timed_out)" == true
        rm -r "$RUN"
        run record --timeout 0.3 -- sh -c 'trap "" TERM; while :; do sleep 0.2; done'
        is "$status" == 137
}

@test "a daemon that holds the output open does not hold the run" {
        timeout 15 "$VIGIA" run -q -o "$RUN" -- daemonize 30000 "$DIR/pid" keep >"$DIR/out"
        kill "$(<"$DIR/pid")"
}

@test "--user: the command is not root, the recording is whole" {
        [[ $(id -u) == 0 ]] || skip "needs root"
        [[ $USER_NAME == root ]] || skip "this pass is not root"
        out=$(record --user nobody -- sh -c 'id -un; id -Gn; echo $HOME')
        [[ $out == nobody$'\n'* && $out != *root* ]]
        is "$(figure processes 'map(.uid) | unique | .[0]')" == "$(id -u nobody)"
        run record --user no-such-user-here -o "$RUN-2" -- true
        is "$status" == 125
}

@test "the command inherits nothing from vigia: descriptors, signals, environment" {
        want=$(sh -c 'ls /proc/self/fd | wc -l; grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; env | sort' </dev/null | cat)
        got=$(record -q -- sh -c 'ls /proc/self/fd | wc -l; grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; env | sort' </dev/null | cat)
        diff <(grep -v '^_=' <<<"$want") <(grep -v '^_=' <<<"$got")
}
