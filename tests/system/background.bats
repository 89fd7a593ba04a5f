# Recordings that go on by themselves: start, status, snapshot, stop, kill; and attach -g.

load common

# vigia start of this pass; the id goes to $ID, the run's path to $RUN.
start()
{
        local told
        told=$(as_user "$VIGIA" start ${SOURCE:+--source "$SOURCE"} "$@")
        ID=$(head -n 1 <<<"$told")
        RUN=$(tail -n 1 <<<"$told")
}

# Waits until a jq program says true of the status of $RUN.
until_status()
{
        local i
        for ((i = 0; i < 300; i++)); do
                as_user "$VIGIA" status --json "$RUN" >"$DIR/status.json" || return 1
                jq -e ".[0] | $1" "$DIR/status.json" >/dev/null && return
                sleep 0.1
        done
        echo "never: $1"
        cat "$DIR/status.json"
        return 1
}

@test "start, status, snapshot, stop: the recording goes on without a gap, and nothing is lost" {
        run -1 "$VIGIA" status
        [[ $output == "nothing is being recorded here" ]]
        start -i 0.05 -l cycle
        [[ -d $RUN && $(basename "$RUN") == "$ID" && $ID == *-cycle ]]
        until_status '.ticks > 5 and .error == null and .lost_rows == 0'
        as_user "$VIGIA" status >"$DIR/status"
        grep -q "^$ID: recording for " "$DIR/status"
        (($(wc -L <"$DIR/status") <= 80 + ${#RUN}))
        snapshot=$(as_user "$VIGIA" snapshot)
        ticks=$(jq '.[0].ticks' "$DIR/status.json")
        "$VIGIA" report "$snapshot" | grep -q "a snapshot after"
        as_user "$VIGIA" runs | grep -F "$(basename "$snapshot")" | grep -qw snapshot
        as_user "$VIGIA" runs --json | jq -e --arg id "$(basename "$snapshot")" 'any(.[]; .id == $id and .state == "snapshot")'
        jq -e --arg id "$ID" '.snapshot_of == $id and .complete == false' "$snapshot/run.json"
        [[ ! -d $snapshot/totals && -s $snapshot/totals.parquet ]]
        (($(rows totals "$snapshot" | wc -l) >= ticks))
        until_status ".ticks > $ticks + 5"
        run -0 as_user "$VIGIA" stop
        [[ ${lines[0]} == "watched the whole machine for "* ]]
        [[ ! -e $RUN/control && ! -e $RUN/recorder.log ]]
        jq -e '.complete and .capture.lost_rows == 0 and .capture.lost_events == 0' "$RUN/run.json"
        # A tick is a row: as many as there were, none missing between, the snapshot's among them. (Moments between
        # two ticks have rows of their own, and are not late.)
        is "$(rows totals | jq -c 'select(.late_us != null)' | wc -l)" == "$(jq .ticks "$RUN/run.json")"
        rows totals "$snapshot" | jq -c '.t_ns' >"$DIR/part"
        rows totals | jq -c '.t_ns' >"$DIR/whole"
        head -n "$(wc -l <"$DIR/part")" "$DIR/whole" | cmp - "$DIR/part"
        run -1 "$VIGIA" status
}

@test "start returns at once though its output is a pipe that somebody waits for the end of" {
        start -l piped # start() reads until the end of the pipe
        until_status '.alive >= 1'
        # Nor does it keep any other descriptor.
        mkfifo "$DIR/fifo"
        cat "$DIR/fifo" >/dev/null &
        reader=$!
        as_user "$VIGIA" start -q -l fifo 7>"$DIR/fifo" >"$DIR/told"
        wait "$reader"
        (($("$VIGIA" status --json | jq length) == 2))
        run -2 as_user "$VIGIA" stop
        [[ $output == *"2 runs are being recorded; name one: $ID, "* ]]
        as_user "$VIGIA" stop -q "$ID"
        as_user "$VIGIA" stop -q
        run -1 "$VIGIA" status
}

@test "start from a bare environment: no terminal, no descriptors, no variables but HOME" {
        as_user env -i PATH="$PATH" HOME="$HOME" VIGIA_DIR="$VIGIA_DIR" \
                setsid -w sh -c '"$0" start -l bare 0<&- >told 2>err' "$VIGIA"
        [[ ! -s err ]]
        RUN=$(tail -n 1 told)
        until_status '.ticks >= 1'
        pid=$(jq .recorder_pid "$RUN/run.json")
        [[ $(readlink "/proc/$pid/cwd") == / ]]
        [[ $(ls -l "/proc/$pid/fd/0") == *" /dev/null" ]]
        # In a session of its own, as nobody's child that a hang-up would reach.
        is "$(ps -o tty= -p "$pid" | grep -c '^?')" == 1
        kill -HUP "$pid"
        until_status '.ticks >= 2'
        as_user "$VIGIA" stop -q
        jq -e .complete "$RUN/run.json"
}

@test "kill: the recording ends and nothing of it is kept" {
        start -l gone
        until_status '.ticks >= 0'
        pid=$(jq .recorder_pid "$RUN/run.json")
        as_user "$VIGIA" kill "$ID"
        [[ ! -e $RUN ]]
        # Gone, or waiting to be reaped by whoever is init here.
        [[ $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) =~ ^[ZX]?$ ]]
        run -2 as_user "$VIGIA" kill "$ID"
}

@test "a recorder that died is said to have, and what it had is kept" {
        start -i 0.05 -l dead
        until_status '.ticks > 2'
        kill -KILL "$(jq .recorder_pid "$RUN/run.json")"
        while "$VIGIA" status >/dev/null; do sleep 0.05; done
        run -3 as_user "$VIGIA" stop "$ID"
        [[ $output == *"the recorder of $ID died; what there is: vigia recover $ID"* ]]
        as_user "$VIGIA" recover "$ID"
        [[ ! -e $RUN/control ]]
        run -3 as_user "$VIGIA" stop "$ID"
        [[ $output == *"is not being recorded any more"* ]]
}

@test "a pid that is another's by now is never signalled" {
        sleep 1000 &
        other=$!
        mkdir -p "$VIGIA_DIR/20260101-000000-old"
        jq -n --arg boot "$(cat /proc/sys/kernel/random/boot_id)" --argjson pid $other \
                '{format: 1, id: "20260101-000000-old", label: "old", boot_id: $boot, recorder_pid: $pid, recorder_start_ns: 12345, complete: false, start_realtime_ns: 1767225600000000000}' \
                >"$VIGIA_DIR/20260101-000000-old/run.json"
        chmod -R go+rX "$VIGIA_DIR"
        run -1 "$VIGIA" status
        for verb in stop kill; do
                run -3 as_user "$VIGIA" $verb 20260101-000000-old
                [[ $output == *"died"* ]]
        done
        kill -0 $other
        kill -KILL $other
}

@test "a command's recorder is asked likewise, but not stopped" {
        as_user "$VIGIA" run ${SOURCE:+--source "$SOURCE"} -q -l busy -- sh -c 'touch ready; while [ ! -e go ]; do sleep 0.05; done' &
        recorder=$!
        until_true test -e ready
        until_true sh -c '"$VIGIA" status --json | jq -e ".[0].ticks > 0"' >/dev/null
        run -3 as_user "$VIGIA" stop
        [[ $output == *"it records a command, and ends with it"* ]]
        run -3 as_user "$VIGIA" kill
        [[ $output == *"records a command, which would go on"* ]]
        snapshot=$(as_user "$VIGIA" snapshot -o "$DIR/copy")
        [[ $snapshot == "$DIR/copy" ]]
        rows processes "$DIR/copy" | jq -s -e 'map(select(.end_ns == null)) | length > 0'
        touch go
        wait $recorder
        run -2 as_user "$VIGIA" snapshot last
        [[ $output == *"nothing is being recorded here"* ]]
}

@test "what cannot be is said in one line" {
        run -2 "$VIGIA" start -- true
        [[ $output == *"a command is recorded by: vigia run -- COMMAND"* ]]
        run -2 "$VIGIA" start -p 0
        run -2 "$VIGIA" start -g no-such-thing-here
        [[ $output == *"there is no cgroup or unit of that name"* ]]
        run -2 "$VIGIA" attach -g /no/such/cgroup
        run -3 "$VIGIA" start -p 4000000
        [[ ${#lines[@]} == 1 && $output == *"4000000"* ]]
        run -2 "$VIGIA" stop
        [[ $output == *"nothing is being recorded here"* ]]
        run -2 "$VIGIA" snapshot nothing
        run -2 "$VIGIA" status a b
        run -3 "$VIGIA" start -o /proc/nowhere
        ((${#lines[@]} == 1))
        run -1 "$VIGIA" status
}

@test "a snapshot on a full disk leaves nothing behind, and the recording goes on" {
        [[ $(id -u) == 0 ]] || skip "only root can mount"
        start -i 0.05 -l full
        until_status '.ticks > 2'
        mkdir small
        mount -t tmpfs -o size=16k tmpfs small 2>/dev/null || skip "no tmpfs here"
        run -3 "$VIGIA" snapshot -o "$DIR/small/copy"
        [[ $output == *"No space left on device"* && ! -e small/copy ]]
        umount small
        ticks=$(jq '.[0].ticks' "$DIR/status.json")
        until_status ".ticks > $ticks"
        as_user "$VIGIA" stop -q
        jq -e '.complete and .capture.lost_rows == 0' "$RUN/run.json"
}

@test "attach -g: who is in the cgroup, who joins it, and their children" {
        [[ $USER_NAME == root ]] || skip "only root can make a cgroup and put processes into it"
        place=""
        for top in /sys/fs/cgroup/memory /sys/fs/cgroup/pids /sys/fs/cgroup; do
                mkdir "$top/vigia-bats-$$" 2>/dev/null && place=$top/vigia-bats-$$ && break
        done
        [[ $place ]] || skip "no cgroup can be made here"
        # They wait without a process of their own for it, so that who is alive can be counted.
        mkfifo go
        exec 7<>go
        sh -c "echo \$\$ >$place/cgroup.procs; touch first; read line <go" &
        until_true test -e first
        start -g "vigia-bats-$$" -i 0.05 -l group
        until_status '.alive >= 1'
        sh -c "echo \$\$ >$place/cgroup.procs; touch second; read line <go; burn 20 1; :" &
        until_true test -e second
        until_status '[.tables[] | select(.name == "processes").rows] != null and .alive >= 2'
        echo >&7
        echo >&7
        wait
        exec 7>&-
        rmdir "$place" # the scope is over, and so is the recording
        until_true sh -c '! "$VIGIA" status >/dev/null'
        jq -e --arg name "vigia-bats-$$" '.complete and .scope == "-g \($name)"' "$RUN/run.json"
        rows processes | jq -s -e 'map(select(.comm == "burn")) | length == 1'
        # Nobody else's processes.
        rows processes | jq -s -e 'all(.comm | IN("sh", "burn"))'
}

@test "several at once: each by its id, its beginning or last; a snapshot is none of them" {
        start -l one --only process
        one=$ID
        start -l two --only process -o "$DIR/elsewhere"
        two=$ID
        [[ $RUN == "$DIR/elsewhere" && -L $VIGIA_DIR/$two ]]
        (($("$VIGIA" status --json | jq length) == 2))
        run -2 as_user "$VIGIA" stop "${one:0:2}"
        as_user "$VIGIA" snapshot -o "$DIR/copy" "$two" >"$DIR/told"
        run -2 as_user "$VIGIA" kill "${one:0:2}"
        [[ $output == *ambiguous*"$one"* ]]
        as_user "$VIGIA" stop -q last
        [[ ! -L $VIGIA_DIR/$two && -s $RUN/totals.parquet ]]
        as_user "$VIGIA" snapshot "${one:0:2}" >"$DIR/told"
        as_user "$VIGIA" stop -q "${one:0:2}"
        # The run, not what was copied of it on the way.
        [[ $("$VIGIA" report last --json | jq -r .run.id) == "$one" ]]
        # Two of one label in one second, both elsewhere: ids of their own.
        start -l same --only process -o "$DIR/first"
        first=$ID
        start -l same --only process -o "$DIR/second"
        [[ $first != "$ID" ]]
        as_user "$VIGIA" kill "$first"
        as_user "$VIGIA" kill
        [[ ! -e $DIR/first && ! -e $DIR/second && -z $(find "$VIGIA_DIR" -type l) ]]
}

@test "a configuration out of a pipe; nothing of the caller's stays open" {
        told=$(as_user bash -c '"$VIGIA" start --only process -c <(echo "run.label = \"piped\"")')
        RUN=$(tail -n 1 <<<"$told")
        [[ $RUN == *-piped ]]
        pid=$(jq .recorder_pid "$RUN/run.json")
        [[ $(readlink "/proc/$pid"/fd/*) != *pipe:* ]]
        as_user "$VIGIA" kill
}

@test "nohup vigia attach: a hang-up does not end it" {
        (trap '' HUP && LIMIT=none as_user "$VIGIA" attach -a --only process -i 0.05 -o "$DIR/run" 2>"$DIR/err") &
        RUN=$DIR/run
        until_true test -S "$RUN/control"
        until_status '.ticks >= 1'
        kill -HUP "$(jq .recorder_pid "$RUN/run.json")"
        ticks=$(jq '.[0].ticks' "$DIR/status.json")
        until_status ".ticks > $ticks + 2"
        as_user "$VIGIA" stop -q "$RUN"
        wait
        jq -e .complete "$RUN/run.json"
}

@test "stop, asked for by many at once and again, leaves a whole run; so does a snapshot meanwhile" {
        start -l wanted
        until_status '.ticks >= 1'
        pid=$(jq .recorder_pid "$RUN/run.json")
        for i in 1 2 3 4 5 6 7 8; do
                as_user "$VIGIA" stop -q "$RUN" 2>>"$DIR/errors" &
                as_user "$VIGIA" snapshot -o "$DIR/copies-$i" "$RUN" 2>>"$DIR/errors" &
        done
        while kill -INT "$pid" 2>/dev/null && kill -TERM "$pid" 2>/dev/null &&
              ! jq -e .complete "$RUN/run.json" >/dev/null; do :; done
        wait
        # Whoever came too late was told so, and nothing else.
        ! grep -v "is not being recorded any more" "$DIR/errors"
        jq -e '.complete and .warnings == null' "$RUN/run.json"
        [[ -s $RUN/totals.parquet && ! -e $RUN/totals ]]
        for copy in "$DIR"/copies-*; do
                [[ ! -d $copy ]] || "$VIGIA" report "$copy" >/dev/null
        done
}

@test "a run.json never makes root end a process that is not its owner's" {
        ((EUID == 0)) || skip "not root"
        sleep 1000 &
        other=$!
        bystander=$VIGIA_DIR/20260101-000000-trap
        mkdir -p "$bystander"
        ticks=$(awk '{print $22}' "/proc/$other/stat")
        jq -n --arg boot "$(cat /proc/sys/kernel/random/boot_id)" --argjson pid $other \
                --argjson start "$((ticks * (1000000000 / $(getconf CLK_TCK))))" \
                '{format: 1, id: "20260101-000000-trap", label: "trap", boot_id: $boot, recorder_pid: $pid, recorder_start_ns: $start, complete: false, start_realtime_ns: 1767225600000000000}' \
                >"$bystander/run.json"
        chown nobody "$bystander" "$bystander/run.json"
        for verb in stop kill; do
                run -3 "$VIGIA" $verb 20260101-000000-trap
                [[ $output == *"is not its owner's"* ]]
        done
        kill -0 $other
        kill -KILL $other
}

@test "a recorder that has no descriptors left turns away who asks, and can be stopped" {
        for ((n = 30; n < 60; n++)); do # how many it needs, the last of them for whoever asks
                (ulimit -n $n && start --only memory -l tight) 2>/dev/null || continue
                RUN=$(echo "$VIGIA_DIR"/*-tight)
                for i in 1 2 3 4 5; do as_user "$VIGIA" status >/dev/null; done
                as_user "$VIGIA" stop -q "$RUN"
                jq -e .complete "$RUN/run.json"
                rm -rf "$RUN"
                ((++tried < 3)) || return 0
        done
        false
}
