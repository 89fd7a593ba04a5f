# What the suites share. CAPTURE_SOURCE (bpf, perf, poll; empty: the program's own choice) and
# CAPTURE_USER (root, nobody) choose how vigia is run; `make check` goes through all of them.
bats_require_minimum_version 1.5.0

# A suite that needs more has its own, which calls these.
setup()
{
        common_setup
}

teardown()
{
        common_teardown
}

common_setup()
{
        SOURCE=${CAPTURE_SOURCE-}
        USER_NAME=${CAPTURE_USER:-$(id -un)}
        DIR="$SUITE_DIR/$(basename "$BATS_TEST_FILENAME")-$SOURCE-$USER_NAME-$BATS_TEST_NUMBER"
        RUN="$DIR/run"
        mkdir -p "$DIR/state"
        export VIGIA_DIR="$DIR/state" HOME="$DIR" XDG_STATE_HOME="$DIR/xdg" XDG_CONFIG_HOME="$DIR/xdg"
        unset VIGIA_CONFIG NO_COLOR
        unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs us
        [[ $USER_NAME == "$(id -un)" ]] || chown -R "$USER_NAME" "$DIR"
        cd "$DIR"
        command -v jq >/dev/null || skip "no jq"
}

# Nothing a test started outlives it, daemons included: all of it has our VIGIA_DIR.
common_teardown()
{
        local place pid
        for place in $(grep -lsazxF "VIGIA_DIR=$VIGIA_DIR" /proc/[0-9]*/environ); do
                pid=${place#/proc/} pid=${pid%/environ}
                [[ $pid != "$$" && $pid != "$BASHPID" && $(readlink "/proc/$pid/exe") != */bash ]] && kill -KILL "$pid"
        done 2>/dev/null || true
        cd /
        rm -rf "$DIR"
}

# Runs a command as the user of this pass: no capabilities but those of that user. LIMIT bounds it;
# with LIMIT=none it takes the place of this (sub)shell, so that $! is the command itself.
as_user()
{
        local bound=(timeout --foreground -k 5 "${LIMIT:-100}")
        [[ ${LIMIT-} != none ]] || bound=(exec)
        if [[ $USER_NAME == "$(id -un)" ]]; then
                "${bound[@]}" "$@"
        else
                "${bound[@]}" setpriv --reuid="$USER_NAME" --regid="$(id -g "$USER_NAME")" \
                        --clear-groups --inh-caps=-all -- "$@"
        fi
}

# vigia run into $RUN with the source of this pass; the summary goes to $DIR/summary.
record()
{
        as_user "$VIGIA" run ${SOURCE:+--source "$SOURCE"} -o "$RUN" "$@" 2>"$DIR/summary"
}

# The rows of a table as JSON lines: rows TABLE [RUN].
rows()
{
        "$VIGIA" export "${2:-$RUN}" --to json --table "$1" -o -
}

# A figure of a table by a jq program over all its rows: figure TABLE 'map(.pid) | length'.
figure()
{
        rows "$1" | jq -s -r "$2"
}

info()
{
        jq -r "$1" "$RUN/run.json"
}

# is A OP B: a comparison that says what it compared.
is()
{
        jq -ne "($1) $2 ($3)" >/dev/null || {
                echo "expected $1 $2 $3"
                return 1
        }
}

# within A B RELATIVE ABSOLUTE: |A - B| <= max(RELATIVE × B, ABSOLUTE).
within()
{
        jq -ne "def abs: if . < 0 then -. else . end;
                (($1) - ($2) | abs) <= ([($3) * ($2), ($4)] | max)" >/dev/null || {
                echo "expected $1 to be within $3 × or $4 of $2"
                return 1
        }
}

# Whether this pass's source must work here, from evidence that vigia has no part in: then a
# failure is a failure, and only else may a pass be skipped.
source_must_work()
{
        case $SOURCE in
        bpf)
                [[ $USER_NAME == root && -r /sys/kernel/btf/vmlinux ]] || return 1
                # CAP_PERFMON (38) and CAP_BPF (39) in the effective set; no lockdown.
                local caps=$((16#$(awk '/^CapEff/ { print $2 }' /proc/self/status)))
                (((caps >> 38 & 3) == 3)) || return 1
                ! grep -qE '\[(integrity|confidentiality)\]' /sys/kernel/security/lockdown 2>/dev/null &&
                        command -v bpftool >/dev/null && command -v clang >/dev/null
                ;;
        perf)
                [[ -r /proc/sys/kernel/perf_event_paranoid ]] || return 1
                (($(</proc/sys/kernel/perf_event_paranoid) <= 2)) || [[ $USER_NAME == root ]] || return 1
                [[ $(awk '/^Seccomp:/ { print $2 }' /proc/self/status) == 0 ]]
                ;;
        esac
}

# Skips a test whose source does not work here; the reason is vigia's own sentence.
need_source()
{
        [[ -n $SOURCE ]] || return 0
        source_must_work && return 0
        local why refused="$SUITE_DIR/refused-$SOURCE-$USER_NAME"
        if [[ ! -s $refused ]]; then
                why=$(as_user "$VIGIA" run --source "$SOURCE" -q -o "$DIR/probe" -- true 2>&1) && return 0
                printf '%s' "$why" >"$refused"
        fi
        why=$(<"$refused")
        skip "$SOURCE as $USER_NAME: ${why//$'\n'/ }"
}

# A script for sh -c that ends when the run $0 has the tables $@, after 20 s at most: what may block
# answers when it can, and a command that ends at once may be gone by then.
UNTIL_TABLES='for i in $(seq 200); do n=0; for t; do [ -e "$0/$t" ] && n=$((n + 1)); done; [ $n = $# ] && exit; sleep 0.1; done; exit 1'

# Waits for a condition, at most 20 s: until_true COMMAND…
until_true()
{
        local i
        for i in {1..200}; do
                "$@" && return 0
                sleep 0.1
        done
        echo "gave up waiting for: $*"
        return 1
}
