# Monitors that a configuration declares, recorded: files that misbehave, commands that do not end,
# presets, and the text that kdevops keeps.
load common

errors() # MONITOR
{
        info ".monitors[] | select(.name == \"$1\") | .errors"
}

why() # MONITOR
{
        info ".monitors[] | select(.name == \"$1\") | .why"
}

# Waits until a file has a line.
line_in() # FILE
{
        until [[ -s $1 ]]; do sleep 0.02; done
}

@test "every preset is a configuration without a mistake" {
        for preset in cargo kdevops nixos; do
                "$VIGIA" config check --preset "$preset"
        done
}

@test "the examples of docs/your-monitors.md are right" {
        local page="${BATS_TEST_DIRNAME}/../../docs/your-monitors.md"
        # Lines of four blanks, from a [[monitor]] on.
        awk '/^    / { if ($1 == "[[monitor]]") on = 1; if (on) print substr($0, 5); next } /^$/ { next } { on = 0 }' \
                "$page" >vigia.toml
        [[ $(grep -c '^\[\[monitor' vigia.toml) == 6 ]]
        "$VIGIA" config check vigia.toml
        record --no-report --only load,net,swaps -- sleep 0.5
        is "$(figure net '[.[] | select(.interface == "lo")] | length > 0 and all(.rx_bytes >= 0 and .tx_bytes >= 0)')" == true
        is "$(figure load 'length > 0 and all(.tasks > 0)')" == true
}

@test "files that come late, vanish, change, are pipes or huge: the others go on" {
        printf 'a: 1\n' >steady
        printf 'a: 1\n' >changes
        mkfifo pipe
        head -c 1100000 /dev/zero | tr '\0' 1 >huge
        for name in steady changes late pipe huge; do
                printf '[[monitor]]\nname = "%s"\nfile = "%s/%s"\ninterval = "20ms"\n' "$name" "$DIR" "$name"
        done >vigia.toml
        chmod 644 steady changes huge vigia.toml
        # The work goes on when each was seen: vigia tells of the first failure of each.
        record --no-report -v --only steady,changes,late,pipe,huge -- sh -c '
                waits() { until grep -q "$1" summary; do sleep 0.02; done; }
                waits "monitor late"; echo "b: 5" >late.new; mv late.new late
                waits "monitor pipe"; waits "monitor huge"
                printf "a: 2\nc: 9\n" >changes.new; mv changes.new changes
                waits "monitor changes: .*: c is new"'
        [[ $(errors steady) == 0 ]]
        is "$(figure steady 'map(.a == 1) | all')" == true
        [[ $(why pipe) == "$DIR/pipe is a pipe; expected a file" ]]
        [[ $(why huge) == "$DIR/huge is larger than 1 MiB" ]]
        [[ $(why late) == "$DIR/late: No such file or directory" ]]
        is "$(errors changes)" ">=" 1
        [[ $(why changes) == "$DIR/changes: c is new and has no column" ]]
        [[ ! -e $RUN/pipe.parquet && ! -e $RUN/huge.parquet ]]
}

@test "a command that does not end is killed with all it started, and is not of the run" {
        cat >vigia.toml <<TOML
[[monitor]]
name = "hangs"
command = "echo \$\$ >$DIR/leader; setsid sh -c 'echo \$\$ >$DIR/escaped; exec sleep 1000' & sleep 1000"
interval = "100ms"
timeout = "1s"
TOML
        record --no-report -v --only hangs -- sh -c '
                until grep -q "monitor hangs" summary; do sleep 0.02; done'
        [[ $(why hangs) == *"it was not done after 1 s, and was killed" ]]
        is "$(figure processes '[.[] | select((.cmdline // "") | test("sleep 1000"))] | length')" == 0
        # The last try may have begun just before the end.
        for file in leader escaped; do
                while [[ -e /proc/$(cat $file) ]]; do sleep 0.02; done
        done
}

@test "vigia killed: no command of its monitors stays" {
        cat >vigia.toml <<TOML
[[monitor]]
name = "hangs"
command = "echo \$\$ >$DIR/leader; exec sleep 1000"
timeout = "900s"
TOML
        LIMIT=none record --no-report --only hangs -- sh -c "echo \$\$ >$DIR/command; exec sleep 1000" &
        vigia=$!
        line_in leader
        line_in command
        kill -KILL "$vigia"
        wait "$vigia" || true
        while [[ -e /proc/$(cat leader) ]]; do sleep 0.02; done
        kill "$(cat command)" || true
}

@test "a command's surroundings: as vigia's, without a terminal, errors in its own words" {
        cat >vigia.toml <<'TOML'
[[monitor]]
name = "list"
command = ["sh", "-c", "echo $#: $#; echo user: $(id -u); test -t 0 || echo terminal: no", "x", "a b"]
columns = ["1", "user", {name = "terminal", kind = "text"}]
[[monitor]]
name = "fails"
command = "echo cannot reach the device >&2; exit 7"
[[monitor]]
name = "large"
command = ["yes"]
TOML
        record --no-report -v --only list,fails,large -- sh -c '
                for name in fails large; do until grep -q "monitor $name" summary; do sleep 0.02; done; done
                sleep 0.2'
        [[ $(why fails) == "'echo cannot reach the device >&2; exit 7': exit code 7: cannot reach the device" ]]
        [[ $(why large) == "'yes': it wrote more than 1 MiB, and was killed" ]]
        [[ $(errors list) == 0 ]]
        [[ $(figure list '.[0] | "\(.n_1) \(.user) \(.terminal)"') == "1 $(id -u "$USER_NAME") no" ]]
}

@test "export --to folio-migration is what kdevops keeps, to the byte" {
        cat >table.csv <<'CSV'
time,t_ns,success,fail,total
2024-01-15T10:30:00.25Z,0,12345,67,12412
2024-01-15T10:31:00.25Z,60000000000,12456,68,12524
CSV
        "$VIGIA" run --no-report --only process -o "$RUN" -- true
        "$VIGIA" convert table.csv "$RUN/folio_migration.parquet"
        TZ=UTC "$VIGIA" export "$RUN" --to folio-migration -o text
        printf '2024-01-15 10:30:00\nsuccess: 12345\nfail: 67\ntotal: 12412\n\n2024-01-15 10:31:00\nsuccess: 12456\nfail: 68\ntotal: 12524\n\n' >expected
        cmp expected "text/$(uname -n)_folio_migration_stats.txt"
        TZ=XYZ-2 "$VIGIA" export "$RUN" --to folio-migration --table folio_migration | head -n 1 >first
        [[ $(cat first) == "2024-01-15 12:30:00" ]]
        TZ=UTC "$VIGIA" export "$RUN" --to folio-migration -o one.txt
        cmp expected one.txt
        rm "$RUN/folio_migration.parquet"
        run -2 "$VIGIA" export "$RUN" --to folio-migration
        [[ $output == *"the run has no table folio_migration or migrate; "* ]]
}

@test "the preset kdevops: the file of a patched kernel, through host_prefix" {
        mkdir -p host/sys/kernel/debug/mm/migrate
        printf 'success: 5\nfail: 1\ntotal: 6\n' >host/sys/kernel/debug/mm/migrate/stats
        chmod -R a+rX host
        cat >vigia.toml <<TOML
[[monitor]]
name = "folio_migration"
file = "/sys/kernel/debug/mm/migrate/stats"
host_prefix = "$DIR/host"
kind = "counter"
TOML
        record --no-report --only folio_migration -- sleep 0.5
        [[ $(figure folio_migration '.[0] | "\(.success) \(.fail) \(.total)"') == "5 1 6" ]]
}
