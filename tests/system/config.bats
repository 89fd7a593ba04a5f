# The configuration: layers and their sources, what is wrong and where, which files are believed,
# and which monitors follow.

load common

setup()
{
        common_setup
        unset "${!VIGIA_MONITORS_@}" VIGIA_INTERVAL VIGIA_SOURCE VIGIA_LABEL
        export XDG_CONFIG_HOME="$DIR/config"
        mkdir -p "$XDG_CONFIG_HOME/vigia" "$DIR/work"
        user="$XDG_CONFIG_HOME/vigia/vigia.toml"
        cd "$DIR/work"
        [[ ! -e /etc/vigia/vigia.toml ]] || skip "this machine has /etc/vigia/vigia.toml"
}

# value KEY: "VALUE LAYER NAME:LINE:COLUMN" as JSON, of the configuration in force.
value()
{
        local key=$1
        shift
        "$VIGIA" config show --json "$@" |
                jq -c --arg key "$key" '.settings[] | select(.key == $key) |
                        [.value, .source.layer, .source.name, .source.line, .source.column]'
}

monitors()
{
        "$VIGIA" config show --json "$@" | jq -r '[.monitors[].name] | join(" ")'
}

@test "config: each layer wins over the one before, and show names it" {
        printf '[run]\nlabel = "user"\ninterval = "1s"\nmatch = "x"\n' >"$user"
        printf 'run.label = "here"\nrun.interval = "2s"\n' >vigia.toml
        printf 'run.label = "named"\nrun.compression = "none"\n' >other.toml
        [[ $(value run.match) == "[\"x\",\"user\",\"$user\",4,9]" ]]
        [[ $(value run.label) == '["here","directory","./vigia.toml",1,13]' ]]
        [[ $(VIGIA_LABEL=env value run.label) == '["env","environment","VIGIA_LABEL",null,null]' ]]
        [[ $(value run.quiet) == '[null,"built in",null,null,null]' ]]
        # -c and VIGIA_CONFIG stand in the user's place, below ./vigia.toml.
        [[ $(value run.compression -c other.toml) == '["none","user","other.toml",2,19]' ]]
        [[ $(VIGIA_CONFIG=other.toml value run.compression) == '["none","user","other.toml",2,19]' ]]
        [[ $(value run.match -c other.toml) == '[null,"built in",null,null,null]' ]]
        [[ $(value run.label -c other.toml) == '["here","directory","./vigia.toml",1,13]' ]]
        # What is recorded follows.
        "$VIGIA" run --no-report -o "$RUN" -- true
        [[ $(info '.label + " " + (.monitors[0].interval_us | tostring)') == "here 2000000" ]]
        VIGIA_INTERVAL=3 "$VIGIA" run -l option --no-report -o "$RUN-2" -- true
        [[ $(jq -r '.label + " " + (.monitors[0].interval_us | tostring)' "$RUN-2/run.json") == "option 3000000" ]]
        "$VIGIA" attach -a -d 0.1 --no-report -q -o "$RUN-3"
        [[ $(jq -r '.label + " " + (.monitors[0].interval_us | tostring)' "$RUN-3/run.json") == "here 2000000" ]]
        "$VIGIA" attach -a -d 0.1 --no-report -q -o "$RUN-4" -l option
        [[ $(jq -r .label "$RUN-4/run.json") == option ]]
        rm vigia.toml
        "$VIGIA" attach -a -d 0.1 --no-report -q -o "$RUN-5" -c other.toml
        [[ $(jq -r .label "$RUN-5/run.json") == named ]]
        "$VIGIA" attach -a -d 0.1 --no-report -q -o "$RUN-6" -c /dev/null
        [[ $(jq -r .label "$RUN-6/run.json") == machine ]]
}

@test "config: show is of 80 columns, and names files, values, monitors" {
        printf '[run]\nlabel = "%0200d"\n' 7 >vigia.toml
        printf 'monitors.memory.interval = 2\n' >"$user"
        LC_ALL=C.UTF-8 "$VIGIA" config show -x cpu >out
        (($(LC_ALL=C.UTF-8 wc -L <out) <= 80))
        grep -qE '^ +run\.label +0.*vigia\.toml:2:9$' out
        grep -qE '^ +monitors\.off +cpu +-x$' out
        grep -qE '^ +monitors\.memory\.interval +2s ' out
        ! grep -q 'run.quiet' out
        LC_ALL=C.UTF-8 "$VIGIA" config show --all >all
        (($(LC_ALL=C.UTF-8 wc -L <all) <= 80))
        grep -qE '^ +run\.quiet +no +built in$' all
}

@test "config: check lists everything that is wrong, with its place and the nearest key" {
        cat >bad.toml <<'TOML'
[run]
intervall = "1s"
source = "pbf"
timeout = "soon"
[monitors]
on = ["memroy"]
[montiors.cpu]
TOML
        run -2 "$VIGIA" config check bad.toml
        [[ ${lines[0]} == "bad.toml:2:1: unknown key run.intervall; did you mean run.interval?" ]]
        [[ ${lines[1]} == 'bad.toml:3:10: run.source is "pbf"; expected auto, bpf, perf or poll; did you mean bpf?' ]]
        [[ ${lines[2]} == 'bad.toml:4:11: run.timeout is "soon"; expected a time from 1ms to 366d, such as "50ms"' ]]
        [[ ${lines[3]} == "bad.toml:7:2: unknown table [montiors]; did you mean [monitors]?" ]]
        [[ ${lines[4]} == "bad.toml:6:6: monitors.on names memroy, which is no monitor; did you mean memory?" ]]
        [[ ${lines[5]} == "bad.toml: 5 problems" ]]
        "$VIGIA" config check --json bad.toml | jq -e 'length == 5 and .[0].line == 2 and .[0].file == "bad.toml"' ||
                (($? == 2))
        echo 'x = [1' >broken.toml
        echo 'run.interval = 0.5' >good.toml
        run -2 "$VIGIA" config check good.toml broken.toml
        [[ ${lines[0]} == "good.toml: fine" && ${lines[1]} == "broken.toml:"*:*": "*"; expected "* ]]
        [[ ${lines[2]} == "broken.toml: 1 problem" ]]
        run -0 "$VIGIA" config check
        [[ $output == "the configuration: fine" ]]
        run -2 "$VIGIA" config check none.toml
        # A recording does not begin on it: 125 of run, 2 of others, and nothing is made.
        cp bad.toml vigia.toml
        run -125 "$VIGIA" run -o "$RUN" -- true
        [[ $output == "vigia: ./vigia.toml:2:1: unknown key run.intervall; did you mean run.interval? (and 4 more); vigia config check tells more" ]]
        [[ ! -e $RUN ]]
        run -2 "$VIGIA" attach -a -d 1
        run -2 "$VIGIA" config show
}

@test "config: a misspelt variable, option or monitor is told with the nearest" {
        VIGIA_INTERVALL=1 run -0 "$VIGIA" config check
        [[ ${lines[0]} == "unknown variable VIGIA_INTERVALL; did you mean VIGIA_INTERVAL?" ]]
        VIGIA_INTERVAL=soon run -125 "$VIGIA" run -- true
        [[ $output == *"VIGIA_INTERVAL=soon: expected a time from 1ms to 1h, such as 50ms"* ]]
        VIGIA_INTERVALL=1 run -0 "$VIGIA" run --no-report -o "$RUN" -- true
        [[ $output == "vigia: unknown variable VIGIA_INTERVALL; did you mean VIGIA_INTERVAL?" ]]
        run -125 "$VIGIA" run -m memroy -- true
        [[ $output == "vigia: run: -m names memroy, which is no monitor; did you mean memory?; see vigia run --help" ]]
        run -125 "$VIGIA" run --compression zst -- true
        [[ $output == "vigia: run: --compression zst: expected zstd, snappy, gzip, brotli, lz4 or none; did you mean zstd?; see vigia run --help" ]]
        run -125 "$VIGIA" run --intervall 1 -- true
        [[ $output == *"did you mean --interval?"* ]]
}

@test "config: which monitors are on, layer by layer" {
        all=$(monitors)
        [[ " $all " == *" memory "* && " $all " == *" cpu "* ]]
        [[ $(monitors --only memory,cpu) == "memory cpu" ]]
        [[ -z $(monitors --only process) ]]
        [[ $(monitors --only process -m cpu) == "cpu" ]]
        printf 'monitors.only = ["memory", "cpu"]\n' >"$user"
        [[ $(monitors) == "memory cpu" ]]
        printf 'monitors.off = "cpu"\n[monitors.pressure]\nenabled = true\n' >vigia.toml
        [[ $(monitors) == "memory pressure" ]]
        [[ $(monitors -m cpu -x memory) == "cpu pressure" ]]
        [[ $(VIGIA_MONITORS_ONLY=cpu,memory monitors) == "memory cpu" ]]
        [[ $(VIGIA_MONITORS_PRESSURE_ENABLED=no monitors) == "memory" ]]
        [[ $(monitors -x pressure -x memory) == "" ]]
        run -2 "$VIGIA" config show -m cpu -x cpu
        [[ $output == *"-x names cpu, and so does -m; expected one of them"* ]]
        run -2 "$VIGIA" config show -x process
}

@test "config: a preset lies below the file that names it, and above files when an option does" {
        printf '[run]\nlabel = "user"\n[monitors]\non = ["gpu"]\n[[monitor]]\nname = "folio_migration"\nfile = "/proc/loadavg"\n' >"$user"
        [[ $(value monitors.on --preset kdevops) == '[["buddy","fragmentation"],"preset","kdevops",4,6]' ]]
        [[ " $(monitors --preset kdevops) " == *" gpu "*" buddy "*" folio_migration "* ]]
        [[ " $(monitors --preset kdevops -x buddy) " != *" buddy "* ]]
        [[ $(VIGIA_PRESET=kdevops value monitors.on) == '[["buddy","fragmentation"],"preset","kdevops",4,6]' ]]
        sed -i '1a preset = "kdevops"' "$user"
        [[ $(value monitors.on) == "[[\"gpu\"],\"user\",\"$user\",5,6]" ]]
        "$VIGIA" config show | grep -qE '^ +\[\[monitor\]\] folio_migration .*vigia\.toml:6:3$'
        run -2 "$VIGIA" config show --preset kdevop
        [[ $output == "vigia: config: --preset kdevop: expected "*"; did you mean kdevops?; see vigia config --help" ]]
}

@test "a declared monitor is recorded; one that cannot be is told where" {
        cat >vigia.toml <<'TOML'
[[monitor]]
name = "load"
file = "/proc/loadavg"
format = "regex"
pattern = '^(?<one>[0-9.]+) (?<five>[0-9.]+)'
[[monitor]]
name = "echoed"
command = ["printf", "%s: %s\n", "a", "7"]
enabled = false
[monitors.load]
interval = "100ms"
TOML
        "$VIGIA" run --no-report -m echoed -o "$RUN" -- sleep 0.5
        [[ $(info '[.monitors[] | select(.name == "load" or .name == "echoed") | .interval_us] | tostring') == "[100000,1000000]" ]]
        rows load | jq -se 'length > 0 and all(.one >= 0 and .five >= 0)'
        rows echoed | jq -se 'length > 0 and all(.a == 7)'
        cat >bad.toml <<'TOML'
[[monitor]]
name = "cpu"
file = "/proc/loadavg"
[[monitor]]
name = "x"
file = "/proc/loadavg"
columns = ["a", {name = "b", unit = "byts"}]
interval = 1000000
TOML
        run -2 "$VIGIA" config check bad.toml
        [[ ${lines[0]} == 'bad.toml:8:12: interval is 1000000; expected a time from 1ms to 1d, such as "50ms"' ]]
        [[ ${lines[1]} == "bad.toml:2:8: vigia has cpu of its own; expected another name" ]]
        sed -i '/^interval/d' bad.toml
        run -2 "$VIGIA" config check bad.toml
        [[ ${lines[1]} == "bad.toml:7:37: "*"unit 'byts' is not known"* ]]
}

@test "run --only process records no other table; --only memory that one" {
        "$VIGIA" run --no-report --only process -o "$RUN" -- true
        [[ $(info '[.monitors[].name] | join(" ")') == process ]]
        [[ ! -e $RUN/memory.parquet ]]
        "$VIGIA" run --no-report --only memory -o "$RUN-2" -- true
        [[ $(jq -r '[.monitors[].name] | join(" ")' "$RUN-2/run.json") == "process memory" ]]
        [[ -s $RUN-2/memory.parquet && ! -e $RUN-2/cpu.parquet ]]
}

@test "config: a file that strangers could have written is not read, and said" {
        [[ $(id -u) == 0 ]] || skip "needs root, to give files away"
        echo 'run.label = "evil"' >vigia.toml
        chown nobody vigia.toml
        run -0 --separate-stderr "$VIGIA" config show --json
        [[ $stderr == "vigia: ./vigia.toml is not read: it belongs to another user (uid $(id -u nobody))" ]]
        jq -e '[.settings[] | select(.key == "run.label") | .value] == [null] and .files[2].state == "refused"' <<<"$output"
        # Who called sudo is believed, by root; the file is read when it is asked for.
        SUDO_UID=$(id -u nobody) run -0 --separate-stderr value run.label
        [[ $output == '["evil","directory","./vigia.toml",1,13]' && -z $stderr ]]
        run -0 --separate-stderr value run.label -c ./vigia.toml
        [[ $output == '["evil","user","./vigia.toml",1,13]' ]]
        chown root vigia.toml
        chmod 0646 vigia.toml
        run -0 "$VIGIA" config check
        [[ ${lines[0]} == "./vigia.toml is not read: everybody may write it" ]]
        chmod 0664 vigia.toml
        chgrp nogroup vigia.toml
        run -0 "$VIGIA" config check
        [[ ${lines[0]} == "./vigia.toml is not read: another group may write it (gid $(getent group nogroup | cut -d: -f3))" ]]
        chmod 0644 vigia.toml
        run -0 "$VIGIA" config check
        [[ $output == "the configuration: fine" ]]
        # An ordinary user has no use for SUDO_UID, and believes root and himself.
        chmod -R a+rX "$DIR"
        USER_NAME=nobody
        run -0 as_user "$VIGIA" config check
        [[ $output == "the configuration: fine" ]]
        chown daemon vigia.toml
        SUDO_UID=$(id -u daemon) run -0 as_user "$VIGIA" config check
        [[ ${lines[0]} == "./vigia.toml is not read: it belongs to another user (uid $(id -u daemon))" ]]
        rm vigia.toml
        mkfifo vigia.toml
        run -0 as_user "$VIGIA" config check
        [[ ${lines[0]} == "./vigia.toml is not read: it is no plain file" ]]
}

@test "config: file capabilities open no file that the user may not read" {
        [[ $(id -u) == 0 ]] || skip "needs root, to give capabilities"
        command -v setcap >/dev/null || skip "no setcap"
        cp "$VIGIA" "$DIR/vigia"
        setcap cap_sys_ptrace=ep "$DIR/vigia" || skip "no file capabilities here"
        chmod -R a+rX "$DIR"
        # Behind a folder that is closed to nobody; a process that stands in it is a way around.
        mkdir -p hidden/open
        chmod 0700 hidden
        echo 'secret = 1' >hidden/open/file
        chmod -R a+rX hidden/open
        (cd hidden/open && exec tail -f /dev/null) 3>&- &
        pid=$!
        until_true test "/proc/$pid/cwd/file" -ef hidden/open/file
        USER_NAME=nobody
        run as_user "$DIR/vigia" config check "/proc/$pid/cwd/file"
        cat >monitor.toml <<TOML
[[monitor]]
name = "looker"
file = "/proc/$pid/cwd/file"
TOML
        looker=$(as_user "$DIR/vigia" monitors probe looker --json -c monitor.toml 2>&1) || true
        kill "$pid"
        [[ $output == "/proc/$pid/cwd/file: Permission denied; expected a configuration file"* ]] || {
                [[ $output == *"cannot execute"* || $output == *"Operation not permitted"* ]] && skip "$output"
                echo "$output"
                false
        }
        [[ $looker == *"ermission denied"* ]] || {
                echo "$looker"
                false
        }
}

@test "config: the manual page has every key, and no other; its example is fine" {
        page="$BATS_TEST_DIRNAME/../../docs/vigia.toml.5"
        # .It Cm key No = … below .Ss [table]
        awk '/^\.Ss \[/ { table = $2; gsub(/[][]/, "", table); next }
             /^\.Ss / { table = ""; next }
             table && /^\.It Cm/ && $4 == "No" && $5 == "=" || table && /^\.It Cm [a-z_]+ No = / { print table "." $3 }' \
                "$page" | sort -u >manual
        # The keys of single monitors are theirs; enabled and interval stand for all.
        "$VIGIA" config keys | awk '/^\[\[/ { table = $1; gsub(/[][]/, "", table); next }
             /^[a-z]/ { print (table ? table "." : "") $1 }' |
                sed -E 's/^monitors\.[a-z_]+\.(enabled|interval)$/monitors.NAME.\1/' |
                grep -vE '^monitors\.[a-z_]+\.' | sort -u >keys
        (($(wc -l <keys) > 40))
        diff keys manual
        # No two keys share a variable, nor take one that means something else.
        "$VIGIA" config keys | grep -oE 'VIGIA_[A-Z0-9_]+' | sort >variables
        (($(wc -l <variables) > 40)) && [[ -z $(uniq -d variables) ]]
        ! grep -xE 'VIGIA_(DIR|CONFIG|CGROUP_WAIT|BUILD|UPDATE_GOLDEN|VM_.*)' variables
        sed -n '/^\.Bd -literal/,/^\.Ed/p' "$page" | grep -v '^\.' >example.toml
        run -0 "$VIGIA" config check example.toml
        command -v man >/dev/null || skip "no man"
        out=$(MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l "$page" 2>&1 >/dev/null)
        [[ -z $out ]]
}

@test "config: [findings] say from where on something is found: at the end of a run, and in any report of it" {
        printf '[findings]\nprocess_memory = 0.00001\n' >low.toml
        ids() { "$VIGIA" report --json "$@" "$RUN" | jq -c '[.findings[].id | select(. == "process-memory")]'; }
        "$VIGIA" run --no-report -o "$RUN" -- sh -c 'head -c 20000000 /dev/zero | tail -c 1000000 | wc -c' >/dev/null
        [[ $(ids) == '[]' ]]
        [[ $(ids -c low.toml) == '["process-memory"]' ]]
        [[ $(VIGIA_FINDINGS_PROCESS_MEMORY=0.00001 ids) == '["process-memory"]' ]]
        cp low.toml vigia.toml
        [[ $(ids) == '["process-memory"]' ]]
        printf '[findings]\nprocess_memory = "much"\n' >vigia.toml
        run -2 "$VIGIA" report "$RUN"
        [[ $output == *"vigia.toml:2:18: findings.process_memory"* ]]
}

@test "config: MyMonitor's config.toml loads unchanged, and what is misspelt in it is found" {
        cat >config.toml <<'TOML'
[monitor.general]
default_jobs = [4, 8, 16]           # Default parallelism levels
skip_plots = false                   # Generate plots after monitoring
log_root_dir = "logs"               # Output directory

[monitor.collection]
interval_seconds = 0.05             # Sampling interval
metric_type = "pss_psutil"          # Memory collector type
pss_collector_mode = "full_scan"    # Process scanning mode

[monitor.scheduling]
scheduling_policy = "adaptive"       # CPU scheduling strategy
monitor_core = 0                    # Core for monitoring processes

[monitor.storage]
format = "parquet"                  # Storage format (parquet, json)
compression = "snappy"              # Compression algorithm
generate_legacy_formats = false     # Generate CSV for backward compatibility
TOML
        [[ $(value run.interval -c config.toml) == '[0.05,"user","config.toml",7,20]' ]]
        [[ $(value run.compression -c config.toml) == '["snappy","user","config.toml",17,15]' ]]
        sed -i 's/metric_type/metric_typ/' config.toml
        run -2 "$VIGIA" config check config.toml
        [[ ${lines[0]} == "config.toml:8:1: unknown key monitor.collection.metric_typ; did you mean monitor.collection.metric_type?" ]]
}

@test "config: hostile files end in a sentence, in time" {
        { printf 'x = '; head -c 100000 /dev/zero | tr '\0' '['; } >deep.toml
        head -c 5000000 /dev/zero | tr '\0' '#' >large.toml
        seq -f 'key_%.0f = 1' 200000 >many.toml
        printf 'run.label = "\\u001b[31m\\u202e"\n[run."\\u001b[31m"]\n' >escape.toml
        for file in deep large many escape; do
                run -2 timeout 60 "$VIGIA" config check "$file.toml"
                ((${#lines[@]} <= 103))
        done
        ! "$VIGIA" config check escape.toml | grep -q $'\x1b'
        "$VIGIA" config check many.toml | grep -q '^… and '
        run -2 "$VIGIA" config check .
}
