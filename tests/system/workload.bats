# record/workload by itself, through the helper workload-run: what a command and a person at a
# terminal can tell from running without. terminal-drive is that person.

load common

setup()
{
        started=()
        common_setup
        LOG="$DIR/log"
        cat >"$DIR/bashrc" <<'END'
PS1='PROMPT> '
set -b
bind 'set enable-bracketed-paste off'
END
}

run_it()
{
        workload-run -l "$LOG" -j "$DIR/result" "$@"
}

result()
{
        sed -nE "s/.*\b$1=(-?[0-9]+).*/\1/p" "$DIR/result"
}

# At a terminal, with a script for the person on stdin.
at_terminal()
{
        terminal-drive -o "$DIR/transcript" "$@"
}

# The same command at a terminal with and without vigia: the terminal sees the same bytes.
same_on_terminal()
{
        terminal-drive -o "$DIR/plain" "$@" </dev/null
        terminal-drive -o "$DIR/under" workload-run -l "$LOG" "$@" </dev/null
        cmp "$DIR/plain" "$DIR/under"
}

@test "workload: exit codes, signals, and what cannot be executed" {
        run -7 run_it sh -c 'exit 7'
        run -255 run_it sh -c 'exit 255'
        run -139 run_it sh -c 'kill -SEGV $$'
        [[ $(result signal) == 11 ]]
        run -127 run_it no-such-program
        [[ $output == *"no-such-program: not found"* && $(result failed) == 1 && $(result errno) == 2 ]]
        run -126 run_it /etc/passwd
        [[ $output == *"cannot execute /etc/passwd"* ]]
        printf '#!/no/such/interpreter\n' >script
        chmod +x script
        run -127 run_it ./script
        [[ $output == *"interpreter"* ]]
        run -127 workload-run no-such-program
        run -143 workload-run sh -c 'kill -TERM $$'
}

@test "workload: pipes: every byte, each where it belongs, and in the log" {
        head -c 3000001 /dev/urandom >data
        run_it sh -c 'cat data; cat bashrc >&2' >out 2>err
        cmp data out
        cmp bashrc err
        [[ $(stat -c %s "$LOG") == $((3000001 + $(stat -c %s bashrc))) ]]
        [[ $(result bytes) == $(stat -c %s "$LOG") ]]
        rm "$LOG"
        run_it cat data | cmp - data
        cmp data "$LOG"
}

@test "workload: stdout and stderr in one pipe or file keep their order" {
        local loop='for i in $(seq 200); do echo out $i; echo err $i >&2; done'
        sh -c "$loop" >want 2>&1
        run_it sh -c "$loop" 2>&1 | cat >got
        cmp want got
        cmp want "$LOG"
        run_it sh -c "$loop" >got 2>&1
        cmp want got
        : >got
        run_it sh -c "$loop" >>got 2>>got
        cmp want got
}

@test "workload: a terminal shows the same bytes as without" {
        printf 'a\nb\r\n\n\r\r\nc\tdone \033[31mred\033[0m\n' >text
        for i in {0..255}; do printf "\\x$(printf %x "$i")"; done >>text
        same_on_terminal cat text
        cmp text "$LOG" # \r\n of the terminal is \n of the command
        seq 200000 >lines
        rm "$LOG"
        same_on_terminal cat lines
        cmp lines "$LOG"
        same_on_terminal sh -c 'stty -opost; cat text; stty opost; echo end'
        same_on_terminal sh -c 'stty -a; stty size; stty raw; stty -a'
}

@test "workload: what is a terminal stays one, what is none stays none, for all 36 combinations" {
        cat >probe <<'END'
n=$1
exec 9>"$2"
for fd in 0 1 2; do
        if [ -t $fd ]; then echo "$n $fd terminal $(stty size <&$fd)" >&9; else echo "$n $fd none" >&9; fi
done
[ -p /dev/fd/0 ] && echo "$n stdin pipe" >&9
[ -f /dev/fd/0 ] && echo "$n stdin file" >&9
(exec 3<>/dev/tty) 2>/dev/null && echo "$n tty" >&9
exit 0
END
        cat >matrix <<'END'
with=$1 n=0
for in in tty null file pipe; do for out in tty file pipe; do for err in tty file pipe; do
        n=$((n + 1))
        [ "$1" = with ] && p="workload-run -l log-$n" || p=
        (
                case $in in null) exec </dev/null ;; file) exec <probe ;; esac
                case $err in file) exec 2>err ;; pipe) exec 2>fifo ;; esac
                case $out in file) exec >out ;; pipe) exec >fifo ;; esac
                if [ $in = pipe ]; then : | $p sh probe "$in-$out-$err" "$1-$n"; else $p sh probe "$in-$out-$err" "$1-$n"; fi
        )
done; done; done
echo finished
END
        mkfifo fifo
        cat <>fifo >/dev/null 3>&- &
        started+=("$!")
        at_terminal sh matrix without <<<"expect finished"
        at_terminal sh matrix with <<<"expect finished"
        for n in {1..36}; do
                cmp "without-$n" "with-$n" || { diff "without-$n" "with-$n"; return 1; }
        done
        [[ $(cat without-1) == *terminal*tty ]]
}

@test "workload: the window's size follows" {
        run -130 at_terminal workload-run -l "$LOG" sh -c 'trap "stty size" WINCH; stty size; echo ready; while :; do sleep 0.05; done' <<'END'
expect 24 80
expect ready
resize 50 132
expect 50 132
resize 10 20
expect 10 20
send \x03
END
}

@test "workload: ^C ^\\ ^D and typing reach the command" {
        run -130 at_terminal workload-run -l "$LOG" sh -c 'echo ready; exec sleep 20' <<<$'expect ready\nmodes isig\nsend \\x03'
        run -131 at_terminal workload-run -l "$LOG" sh -c 'ulimit -c 0; echo ready; exec sleep 20' <<<$'expect ready\nmodes isig\nsend \\x1c'
        run -0 at_terminal workload-run -l "$LOG" cat <<<$'modes isig\nsend hello\\r\nexpect hello\\r\\nhello\\r\\n\nsend \\x04'
        run -9 at_terminal workload-run -l "$LOG" sh -c 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.05; done' \
                <<<$'expect ready\nmodes isig\nsend \\x03\nexpect ^Ccaught'
}

@test "workload: what was typed before it started reaches the command, ^D too" {
        run -0 at_terminal sh -c 'echo start; sleep 0.3; exec workload-run -l log cat' <<<$'expect start\nsend hello\\r\\x04\nexpect hello\\r\\nhello'
        run -1 grep -qaP '\x00' "$DIR/transcript"
}

@test "workload: a command in raw mode gets ^C as a byte; the terminal is as before afterwards" {
        at_terminal sh -c 'workload-run -l log sh -c "stty raw -echo; echo ready; dd bs=1 count=1 2>/dev/null | od -An -tx1; exit 3"; echo code $?; stty -a' <<'END'
expect ready
modes 
send \x03
expect 03
expect code 3
modes icanon echo isig opost
END
        grep -q ' icanon' "$DIR/transcript"
}

@test "workload: ^C ends the script that runs it, too, as without" {
        run -130 at_terminal sh -c 'workload-run -l log sh -c "echo ready; exec sleep 20"; echo not-reached' \
                <<<$'expect ready\nmodes isig\nsend \\x03'
        run -1 grep not-reached "$DIR/transcript"
        run -130 at_terminal sh -c 'sh -c "echo ready; exec sleep 20"; echo not-reached' <<<$'expect ready\nsend \\x03'
        run -1 grep not-reached "$DIR/transcript"
}

@test "workload: ^Z stops it, the shell goes on, fg resumes it with the keyboard" {
        run -5 at_terminal bash --rcfile bashrc -i <<'END'
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'echo rea''dy; read x; echo got $x'\r
expect ready\r\n
modes isig
send \x1a
expect Stopped
expect PROMPT>
modes isig opost
send echo alive-$((40+2))\r
expect alive-42
expect PROMPT>
modes isig opost
send fg\r
modes isig
send foo\r
expect got foo
expect PROMPT>
modes isig opost
send exit 5\r
END
}

@test "workload: ^Z with pipes, and without a log" {
        for options in "-l log" ""; do
                run -6 at_terminal bash --rcfile bashrc -i <<END
expect PROMPT>
modes isig opost
send workload-run $options sh -c 'echo rea''dy >/dev/tty; read x; echo got \$x >&2' >out 2>err\r
expect ready\r\n
send \x1a
expect Stopped
expect PROMPT>
modes isig opost
send fg\r
expect workload-run
send foo\r
expect PROMPT>
modes isig opost
send cat err\r
expect got foo
send exit 6\r
END
        done
}

@test "workload: in the background it runs without stopping, and stops only to read" {
        run -5 at_terminal bash --rcfile bashrc -i <<'END'
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'sleep 0.2; echo one; echo two >&2; touch was-here' &\r
expect one\r\n
expect two\r\n
send wait; ls was-here\r
expect was-here\r\n
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'echo rea''dy; read x; echo got $x' &\r
expect ready\r\n
expect Stopped
modes isig opost
send fg\r
modes isig
send foo\r
expect got foo
expect PROMPT>
modes isig opost
send exit 5\r
END
}

# It waits in a system call of its own: a shell stopped while it vforks never stops, with or without us.
@test "workload: stopped, then bg: goes on in the background" {
        mkfifo go
        run -5 at_terminal bash --rcfile bashrc -i <<'END'
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'echo rea''dy; read x <go; echo fini''shed'\r
expect ready\r\n
modes isig
send \x1a
expect Stopped
expect PROMPT>
modes isig opost
send bg\r
expect PROMPT>
modes isig opost
send echo x >go\r
expect finished\r\n
modes isig opost
send exit 5\r
END
}

@test "workload: in a pipeline the pager keeps the keyboard, until the command asks for it" {
        run -6 at_terminal bash --rcfile bashrc -i <<'END'
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'echo from-comm''and; echo e >&2' | (read x </dev/tty; cat; echo pager $x)\r
expect e\r\n
send typed\r
expect from-command
expect pager typed
expect PROMPT>
modes isig opost
send seq 5 | workload-run -l log sh -c 'cat; read x </dev/tty; echo got $x; [ -t 1 ] && echo outtty'\r
expect 5\r\n
modes isig
send foo\r
expect got foo
expect outtty
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'echo rea''dy >/dev/tty; exec sleep 20' | cat\r
expect ready\r\n
send \x03
expect PROMPT>
modes isig opost
send exit 6\r
END
}

@test "workload: without a controlling terminal stdout is still a terminal" {
        at_terminal sh -c 'setsid -w workload-run -l log sh -c "[ -t 1 ] && [ -t 2 ] && stty size; echo end"' <<<$'expect 24 80\nexpect end\\r\\n'
}

@test "workload: the terminal hangs up: the command hears of it, vigia ends" {
        run at_terminal workload-run -l "$LOG" sh -c 'trap "echo hup >>hups" HUP; echo ready; n=0; while [ $n -lt 100 ] && [ ! -s hups ]; do sleep 0.1; n=$((n + 1)); done; exit 4' <<'END'
expect ready
hangup
END
        [[ $status == 4 && $(cat hups) == hup ]]
}

@test "workload: signals to vigia reach the command, once" {
        for options in "-l $LOG" ""; do
                rm -f seen
                workload-run $options sh -c 'trap "echo usr1 >>seen" USR1; trap "echo hup >>seen" HUP; trap "exit 8" TERM; : >ready; while :; do sleep 0.05; done' &
                pid=$!
                started+=("$pid")
                until_true test -e ready
                kill -USR1 "$pid"
                until_true grep -q usr1 seen
                kill -HUP "$pid"
                until_true grep -q hup seen
                kill -TERM "$pid"
                status=0
                wait "$pid" || status=$?
                [[ $status == 8 && $(cat seen) == $'usr1\nhup' ]]
                rm ready
        done
}

@test "workload: the command starts with the signals, descriptors and environment vigia was given" {
        local probe='grep -E "^(Sig(Blk|Ign|Cgt)|Cap|NoNewPrivs|Seccomp):" /proc/self/status; ls /proc/self/fd; umask; nice; pwd; env | grep -v ^_= | sort; ulimit -a'
        for prelude in true 'trap "" HUP USR2' 'trap "" CHLD' 'umask 027' 'ulimit -n 512'; do
                sh -c "$prelude; exec sh -c '$probe'" </dev/null 2>&1 | cat >want
                sh -c "$prelude; exec workload-run -l log sh -c '$probe'" </dev/null 2>&1 | cat >got
                diff want got
        done
}

@test "workload: --timeout: TERM for the tree, KILL for one that does not listen" {
        run -143 workload-run -l "$LOG" -j "$DIR/result" -t 200ms sh -c 'sleep 50 & echo $! >child; wait'
        [[ $(result timed_out) == 1 ]]
        until_true sh -c '! kill -0 $(cat child) 2>/dev/null'
        run -137 workload-run -l "$LOG" -j "$DIR/result" -t 200ms sh -c 'trap "" TERM; sh -c "trap \"\" TERM; sleep 49; sleep 49" & echo $! >child; while :; do sleep 0.1; done'
        [[ $(result timed_out) == 1 ]]
        until_true sh -c '! kill -0 $(cat child) 2>/dev/null'
}

@test "workload: 1 GB of output passes whole" {
        got=$(workload-run -j "$DIR/result" -l /dev/full head -c 1000000000 /dev/zero | md5sum)
        [[ $got == "$(head -c 1000000000 /dev/zero | md5sum)" && $(result bytes) == 1000000000 ]]
}

@test "workload: a log that cannot be written does not disturb" {
        head -c 300000 /dev/urandom >data
        run_it true
        workload-run -j "$DIR/result" -l /dev/full cat data | cmp - data
        [[ $(result error) == -28 ]]
        workload-run -j "$DIR/result" -l /dev/full cat data >got
        cmp data got
        same=$(at_terminal workload-run -j "$DIR/result" -l /dev/full echo hello <<<"expect hello")
        [[ $(result error) == -28 ]]
}

@test "workload: a reader that goes away is felt by the command" {
        run_it yes 2>/dev/null | head -n 1 >/dev/null
        [[ $(result signal) == 13 ]]
        run_it sh -c 'trap "" PIPE; while echo x; do :; done 2>/dev/null; echo gone >gone' 2>/dev/null | head -n 1 >/dev/null
        [[ $(cat gone) == gone ]]
        # Gone before anything was written: the first write already fails.
        run_it sh -c 'while [ ! -e closed ]; do sleep 0.05; done; sleep 0.2; echo x; echo x; exit 5' | { exec <&-; touch closed; } || true
        [[ $(result signal) == 13 || $(result code) != 5 ]]
}

@test "workload: a slow reader slows the command and loses nothing" {
        (
                run_it sh -c 'seq 400000; echo end >ended'
        ) | (
                sleep 0.5
                [[ ! -e ended ]] || echo "was not slowed" >slow
                md5sum >sum
        )
        [[ ! -e slow && $(cat sum) == "$(seq 400000 | md5sum)" ]]
}

@test "workload: a command that closes its output, or writes nothing" {
        run_it true
        run -3 run_it sh -c 'exec >&- 2>&-; sleep 0.1; exit 3'
        run -3 at_terminal workload-run -l "$LOG" sh -c 'exec <&- >&- 2>&-; sleep 0.1; exit 3' </dev/null
}

@test "workload: a daemon neither holds the run nor dies of its end; what it writes arrives" {
        run_it sh -c '(while [ ! -e go ]; do sleep 0.05; done; echo later; sleep 0.1; echo last; echo ok >daemon) & echo hi' >out
        [[ $(cat out) == hi && $(cat "$LOG") == hi ]]
        touch go
        until_true test -s daemon
        until_true grep -q last out
        until_true grep -q last "$LOG"
        rm go daemon
        run -137 at_terminal sh -c 'workload-run -l log sh -c "(trap \"\" HUP; while [ ! -e go ]; do sleep 0.05; done; echo later) & echo hi"; stty -a >modes; touch go; sleep 5 & wait' <<'END'
expect hi
expect later\r\n
kill 9
END
        grep -qE '(^| )opost' modes
}

@test "workload: drain time is waited for" {
        run_it -d 20s sh -c '(sleep 0.4; echo later) & echo hi' >out
        [[ $(cat out) == $'hi\nlater' ]]
}

@test "workload: vigia is killed: the command, its output and the terminal go on" {
        run_it sh -c 'echo one; touch ready; while [ ! -e go ]; do sleep 0.05; done; echo two; echo three >&2; echo ok >ended' >out 2>err &
        pid=$!
        started+=("$pid")
        until_true test -e ready
        kill -KILL "$pid"
        touch go
        until_true test -s ended
        until_true grep -q two out
        until_true grep -q three "$LOG"
        run -5 at_terminal bash --rcfile bashrc -i <<'END'
expect PROMPT>
modes isig opost
send workload-run -l log sh -c 'stty size; until [ -e seen ]; do sleep 0.05; done; kill -9 $(sed -n "s/^PPid:.//p" /proc/$PPID/status); while [ ! -e go2 ]; do sleep 0.05; done; echo fin''2'\r
expect 24 80
touch seen
expect Killed
expect PROMPT>
modes isig opost
touch go2
expect fin2\r\n
send exit 5\r
END
}

@test "workload: --user: groups, environment, terminal; unknown and not allowed" {
        [[ $(id -u) == 0 ]] || skip "needs root"
        chmod 777 .
        out=$(run_it -u nobody sh -c 'id -u; id -G; echo $USER $LOGNAME $HOME; echo again >/dev/stdout; pwd; grep -h ^Cap[IPE] /proc/self/status')
        [[ $out == "$(id -u nobody)"$'\n'"$(id -G nobody)"$'\nnobody nobody '*$'\nagain\n'"$DIR"$'\n'*0000000000000000* ]]
        run -1 grep -E '^Cap...:.*[1-9a-f]' <<<"$out"
        at_terminal workload-run -l "$LOG" -u nobody sh -c 'echo x >$(tty); stat -c %U $(tty); echo y >/dev/tty' <<<$'expect x\nexpect nobody\nexpect y'
        run -125 run_it -u no-such-user true
        [[ $output == *"no user no-such-user"* ]]
        run -125 setpriv --reuid=nobody --regid=nogroup --clear-groups workload-run -u root true
        [[ $output == *"only root can"* ]]
}

@test "workload: capabilities of vigia's file do not reach the command" {
        [[ $(id -u) == 0 ]] || skip "needs root"
        command -v setcap >/dev/null || skip "no setcap (libcap2-bin)"
        cp "$(command -v workload-run)" capable
        setcap cap_sys_ptrace,cap_dac_read_search+ep capable 2>/dev/null || skip "no file capabilities here"
        local probe='grep -hE "^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs):" /proc/self/status'
        setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c "$probe" >want
        setpriv --reuid=nobody --regid=nogroup --clear-groups ./capable sh -c "$probe" >got || skip "sanitized programs refuse file capabilities"
        diff want got
}

@test "workload: without a log the command has our descriptors and our process group" {
        workload-run sh -c 'readlink /proc/self/fd/1; ps -o pgid= -p $$' >out
        [[ $(head -n 1 out) == "$DIR/out" ]]
        run -0 at_terminal workload-run sh -c 'tty; ps -o comm= -p $(ps -o pgid= -p $$)' <<<$'expect /dev/pts/\nexpect workload-run'
}
