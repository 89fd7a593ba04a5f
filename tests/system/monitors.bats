# `vigia monitors`: the list, trying them, one in full; as text for people and as JSON.
load common

setup()
{
        # Widths are counted in characters.
        export LC_ALL=C.UTF-8
        common_setup
}

# Fails unless objects have all the keys that the schema requires and no others; there is no
# validator in Debian's base, and this is what would go wrong.
conforms() # JSON-FILE [SCHEMA]
{
        jq -e --slurpfile s "$BATS_TEST_DIRNAME/../../docs/${2:-monitors}.schema.json" '
                def fits($schema):
                        if type == "object" then
                                . as $o | ($schema.required // [] | . - ($o | keys) == [])
                                and all(keys[]; . as $k | ($schema.properties[$k] // $schema.additionalProperties) as $p
                                        | $p != null and ($o[$k] | fits($p)))
                        elif type == "array" then all(.[]; fits($schema.items))
                        else . as $v | ($v | type) as $t
                                | if $schema.const then $v == $schema.const
                                  elif $schema.enum then $schema.enum | index([$v]) != null
                                  else [$schema.type] | flatten
                                        | any(. == $t or (. == "integer" and $t == "number" and $v == ($v | floor)))
                                  end
                        end;
                fits($s[0])' "$1" >/dev/null
}

@test "monitors: every one with its interval and what it shows, in 80 columns" {
        "$VIGIA" monitors >"$DIR/list"
        (($(wc -L <"$DIR/list") <= 80))
        grep -qE '^  memory +250 ms  .+' "$DIR/list"
        "$VIGIA" monitors --json >"$DIR/list.json"
        conforms "$DIR/list.json"
        (($(jq '.monitors | length' "$DIR/list.json") >= 2))
        for name in $(jq -r '.monitors[].name' "$DIR/list.json"); do
                grep -qE "^  $name +([0-9]+ m?s|event)  .+" "$DIR/list"
        done
}

@test "monitors probe: what works, and for what does not the reason and the command" {
        as_user "$VIGIA" monitors probe >"$DIR/probe"
        as_user "$VIGIA" monitors probe --json >"$DIR/probe.json"
        conforms "$DIR/probe.json"
        head -n 1 "$DIR/probe" | grep -q 'monitors work here'
        jq -e '.monitors | all(has("works") and (.works or .why != null) and ((.works | not) or .run == null))' "$DIR/probe.json"
        jq -e '.monitors[] | select(.name == "memory") | .works' "$DIR/probe.json"
        # A command that can be pasted stands on a line of its own, whole.
        jq -r '.monitors[].run // empty' "$DIR/probe.json" | while IFS= read -r command; do
                sed 's/^ *//' "$DIR/probe" | grep -qxF -- "$command"
        done
        jq -r '.monitors[] | select(.works | not) | .name' "$DIR/probe.json" | while read -r name; do
                grep -qE "^  $name +[^ ]" "$DIR/probe"
        done
        grep -vE '^ {5,}(sudo|modprobe|apt|export|vigia|make) ' "$DIR/probe" >"$DIR/words"
        (($(wc -L <"$DIR/words") <= 80)) || grep -qE '[^ ]{60,}' "$DIR/words"
}

@test "monitors probe NAME: the exit status answers" {
        "$VIGIA" monitors probe memory | grep -q '^memory works here'
        absent=$("$VIGIA" monitors probe --json | jq -r '[.monitors[] | select(.works | not) | .name][0] // empty')
        [[ -n $absent ]] || skip "every monitor works here"
        run "$VIGIA" monitors probe "$absent"
        is "$status" == 1
        [[ $output == *"$absent does not work here"* ]]
        run "$VIGIA" monitors probe memory "$absent" --json
        is "$status" == 1
}

@test "monitors NAME: its columns and what can be set" {
        "$VIGIA" monitors memory >"$DIR/memory"
        (($(wc -L <"$DIR/memory") <= 80))
        grep -qE '^  available_bytes +u64 +bytes +[a-z]' "$DIR/memory"
        grep -qF '[monitors.memory]' "$DIR/memory"
        "$VIGIA" monitors show memory | diff "$DIR/memory" -
        "$VIGIA" monitors memory --json >"$DIR/memory.json"
        conforms "$DIR/memory.json"
        jq -e '.monitors[0] | .table == "memory" and (.columns | map(.name) | index("oom_kills") != null)' "$DIR/memory.json"
        for name in $("$VIGIA" monitors --json | jq -r '.monitors[].name'); do
                "$VIGIA" monitors "$name" >"$DIR/one"
                (($(wc -L <"$DIR/one") <= 80)) || { echo "$name"; cat "$DIR/one"; false; }
                "$VIGIA" monitors "$name" --json >"$DIR/one.json"
                conforms "$DIR/one.json"
        done
}

@test "monitors: the configuration turns them on and off, and declares more" {
        cat >"$DIR/own.toml" <<'END'
[monitors]
off = ["cpu"]
[[monitor]]
name = "answer"
file = "/proc/uptime"
format = "number"
interval = "7s"
END
        "$VIGIA" config check "$DIR/own.toml"
        "$VIGIA" monitors -c "$DIR/own.toml" --json >"$DIR/own.json"
        conforms "$DIR/own.json"
        jq -e '.monitors[] | select(.name == "answer") | .declared and .enabled and .interval_us == 7000000' "$DIR/own.json"
        "$VIGIA" monitors -c "$DIR/own.toml" answer --json >"$DIR/answer.json"
        conforms "$DIR/answer.json"
        jq -e '.monitors[0] | .works and (.columns | map(.name) | index("value") != null)' "$DIR/answer.json"
        jq -e '.monitors[] | select(.name == "cpu") | .enabled | not' "$DIR/own.json"
        "$VIGIA" monitors -x memory --json | jq -e '.monitors[] | select(.name == "memory") | .enabled | not'
        echo 'nonsense = 1' >"$DIR/wrong.toml"
        run "$VIGIA" monitors -c "$DIR/wrong.toml"
        is "$status" == 2
        [[ $output == *wrong.toml:1:1:* ]]
}

@test "monitors: a name that is none, and wrong words" {
        run "$VIGIA" monitors probe memroy
        is "$status" == 2
        [[ $output == *memroy* && $output == *"did you mean memory"* ]]
        run "$VIGIA" monitors nothing-like-it
        is "$status" == 2
        run "$VIGIA" monitors memory memory
        is "$status" == 2
        run "$VIGIA" monitors show
        is "$status" == 2
        run "$VIGIA" monitors --jsn
        is "$status" == 2
        run sh -c '"$0" monitors >/dev/full' "$VIGIA"
        is "$status" == 3
}

@test "doctor --json has the keys of its schema" {
        "$VIGIA" doctor --json >"$DIR/doctor.json"
        conforms "$DIR/doctor.json" doctor
        as_user "$VIGIA" doctor --json >"$DIR/user.json" || [[ $? -eq 1 ]]
        conforms "$DIR/user.json" doctor
        # The check itself: a key too few and one too many.
        jq 'del(.monitors.work)' "$DIR/doctor.json" >"$DIR/few.json"
        run ! conforms "$DIR/few.json" doctor
        jq '.fork.more = 1' "$DIR/doctor.json" >"$DIR/many.json"
        run ! conforms "$DIR/many.json" doctor
}

@test "record-root.sh: this machine as a root, which monitors read, without its name" {
        "$BATS_TEST_DIRNAME/../record-root.sh" "$DIR/root"
        "${VIGIA_BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/helpers/monitor-rows" "$DIR/root" memory >"$DIR/rows"
        is "$(jq -s 'map(.total_bytes == .total_bytes and .available_bytes > 0) | length' "$DIR/rows")" == 2
        name=$(uname -n)
        ((${#name} < 3)) || [[ $name == localhost ]] || run ! grep -rwF -- "$name" "$DIR/root"
        # Nobody's MAC address, but the one that stands for all.
        is "$(grep -rhoiE '\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b' "$DIR/root" | grep -cv '^02:00:00:00:00:01$')" == 0
        (($(du -sk "$DIR/root" | cut -f 1) < 30000))
        run "$BATS_TEST_DIRNAME/../record-root.sh" "$DIR/root"
        is "$status" == 2
}
