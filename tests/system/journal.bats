# The journal of a unit in a run, out of journal files that systemd's own writer makes.
load common

WRITER=/lib/systemd/systemd-journal-remote

# add UNIT MESSAGE: one entry more in the journal under $DIR/journal.
cat_entry()
{
        printf '%s\n' "__REALTIME_TIMESTAMP=$(date +%s%6N)" __MONOTONIC_TIMESTAMP=1000000 \
                _BOOT_ID=0123456789abcdef0123456789abcdef _PID=77 "_SYSTEMD_UNIT=$1" \
                SYSLOG_IDENTIFIER=demod PRIORITY=3 "MESSAGE=$2" ''
}

add()
{
        cat_entry "$@" | "$WRITER" -o "$DIR/journal/a.journal" - >"$DIR/writer" 2>&1
}

@test "journal: lines of the unit while the recording runs, as events and in journal.log" {
        [[ -x $WRITER ]] || skip "no systemd-journal-remote"
        "$VIGIA" monitors probe --json | jq -e '.monitors[] | select(.name == "journal") | .why // ""
                | test("built without|cannot be loaded") | not' >/dev/null || skip "no libsystemd"
        mkdir "$DIR/journal"
        add demo.service "before the recording"
        printf '%s\n' '[monitors.journal]' 'enabled = true' 'units = ["demo"]' \
                "directory = \"$DIR/journal\"" >"$DIR/vigia.toml"
        declare -f add cat_entry >"$DIR/functions"
        # The monitor runs when its file is there; then a line is written, and the run ends.
        WRITER=$WRITER DIR=$DIR record -c "$DIR/vigia.toml" -q --no-report -- bash -c '
                . "$DIR/functions"
                for ((i = 0; i < 600; i++)); do [[ -e $DIR/run/journal.log ]] && break; sleep 0.1; done
                add other.service "of another unit"
                add demo.service "it is bad"'
        [ "$(rows events | jq -r 'select(.kind == "journal") | "\(.severity) \(.pid) \(.text)"')" = \
                "warning 77 demo.service: it is bad" ]
        grep -qE '^[0-9T:.-]+Z demo\.service demod\[77\]: it is bad$' "$RUN/journal.log"
        (($(wc -l <"$RUN/journal.log") == 1))
}

@test "journal: asked for without units is said, and the run is none the worse" {
        printf '%s\n' '[monitors.journal]' 'enabled = true' "directory = \"$DIR\"" >"$DIR/vigia.toml"
        record -c "$DIR/vigia.toml" --no-report -- true
        grep -qE 'monitor journal: (no units are set|libsystemd|built without)' "$DIR/summary" ||
                jq -e '.monitors[] | select(.name == "journal") | .why | test("no units are set|libsystemd|built without")' \
                        "$RUN/run.json"
        jq -e .complete "$RUN/run.json"
}
