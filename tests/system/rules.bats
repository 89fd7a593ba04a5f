# `vigia rules`: what a command line is, what is wrong with a file, and what is doubtful.

load common

setup()
{
        common_setup
        export XDG_CONFIG_HOME="$DIR/config"
        mkdir -p "$XDG_CONFIG_HOME/vigia"
        [[ ! -e /etc/vigia/vigia.toml ]] || skip "this machine has /etc/vigia/vigia.toml"
        cat >mine.toml <<'END'
# mine
include = ["builtin"]

[[rules]]
major_category = "Mine"
category = "$program"
programs = ["frob", "frob-*"]
comment = "our own"

[[rules]]
major_category = "Mine"
category = "slow"
priority = 5
match_field = "current_cmd_full"
match_type = "regex"
pattern = '--frob(?!-not)'
END
}

vigia()
{
        "$VIGIA" "$@"
}

@test "a command line has a category, seen through its wrappers" {
        run -0 vigia rules test -r mine.toml "/bin/sh -c 'cd x && env A=1 nice -n 5 /opt/frob-2.1 -x'"
        [[ ${lines[0]} == "Mine / frob" ]]
        [[ $output == *"program   frob (frob-2.1)"* ]]
        [[ $output == *"through   sh, env, nice"* ]]
        [[ $output == *"mine.toml:4, priority 1000"* ]]
        [[ $output == *"comment   our own"* ]]
}

@test "the built-in rules: gcc -c cursor.c is a compile" {
        run -0 vigia rules test 'gcc -c cursor.c'
        [[ ${lines[0]} == "CPP_Compile / "* ]]
        [[ $output == *"builtin/"* ]]
        run -0 vigia rules test 'no-such-program-12 x'
        [[ ${lines[0]} == "Other / Other_no-such-program" ]]
        [[ $output == *"none matches"* ]]
}

@test "those it beat are told, in order" {
        run -0 vigia rules test -r mine.toml 'frob --frob'
        [[ $output == *"beat      mine.toml:10, priority 5: Mine / slow"* ]]
        run -0 vigia rules test -r mine.toml 'x --frob-not'
        [[ ${lines[0]} == "Other / Other_x" ]]
}

@test "lines of standard input, one label each" {
        run -0 vigia rules test -r mine.toml - < <(printf 'frob a\n\nfrob-x\nsh -c frob b\nlast --frob')
        [[ $output == $'Mine\tfrob\nOther\tOther_unknown\nMine\tfrob-x\nMine\tfrob\nMine\tslow' ]]
}

@test "as JSON" {
        command -v jq >/dev/null || skip "no jq"
        run -0 vigia rules test -r mine.toml --json 'sh -c frob' 'zzz'
        [[ $(jq -r '.[0] | "\(.major) \(.category) \(.program) \(.through[0]) \(.rule.file):\(.rule.line)"' <<<"$output") == "Mine frob frob sh mine.toml:4" ]]
        [[ $(jq -c '.[1] | [.category, .rule]' <<<"$output") == '["Other_zzz",null]' ]]
        [[ $(printf 'frob\nx\n' | vigia rules test -r mine.toml --json - | jq length) == 2 ]]
        [[ $(vigia rules test --json - </dev/null | jq length) == 0 ]]
        run -0 vigia rules list --json mine.toml
        [[ $(jq -r '.[0].conditions[0].patterns | join(" ")' <<<"$output") == "frob frob-*" ]]
        (($(jq length <<<"$output") > 10))
        cat >wrong.toml <<<'[[rules]]'
        run -2 vigia rules check --json wrong.toml
        [[ $(jq -r '.[0] | "\(.severity) \(.file) \(.line) \(.column)"' <<<"$output") == "problem wrong.toml 1 3" ]]
        sed 1,2d mine.toml >alone.toml
        run -0 vigia rules check --json alone.toml
        [[ $(jq -c . <<<"$output") == "[]" ]]
}

@test "the parent, the file and the name of the process count" {
        cat >p.toml <<'END'
[[rules]]
major_category = "A"
category = "of-gcc"
programs = "as"
parent = ["CPP_Compile"]
[[rules]]
major_category = "A"
category = "of-opt"
exe = "^/opt/"
[[rules]]
major_category = "A"
category = "thread"
programs = "kworker"
END
        [[ $(vigia rules test -r p.toml --parent CPP_Compile as) == "A / of-gcc"* ]]
        [[ $(vigia rules test -r p.toml as) == "Other / Other_as"* ]]
        [[ $(vigia rules test -r p.toml --exe /opt/x/y 'y z') == "A / of-opt"* ]]
        [[ $(vigia rules test -r p.toml --comm kworker/3:1) == "A / thread"* ]]
}

@test "what response files hold counts" {
        cat >p.toml <<'END'
[[rules]]
major_category = "A"
category = "links-shared"
match_field = "current_cmd_full"
match_type = "contains"
pattern = "-shared"
END
        [[ $(vigia rules test -r p.toml --response 'a.o -shared' 'ld @objects') == "A / links-shared"* ]]
        [[ $(vigia rules test -r p.toml --response 'a.o' 'ld @objects') == "Other / Other_ld"* ]]
        [[ $(vigia rules test -r p.toml 'ld @objects') == "Other / Other_ld"* ]]
}

@test "mistakes have file, line and column, all of them, and exit 2" {
        cat >wrong.toml <<'END'
include = ["wrong.toml"]
[[rules]]
major_category = "A"
categorie = "x"
programs = ["a"]
cmdline = 'a(b'
[[rules]]
major_category = "A"
category = "x"
match_field = "current_cmd_nam"
match_type = "glob"
pattern = "x"
END
        run -2 vigia rules check wrong.toml
        [[ ${lines[0]} == "wrong.toml:4:1: unknown field categorie of a rule; did you mean category?" ]]
        [[ ${lines[1]} == "wrong.toml:6:15: regular expression, at character 4: "* ]]
        [[ $output == *"wrong.toml:10:15: unknown match_field 'current_cmd_nam'; did you mean current_cmd_name?"* ]]
        [[ $output == *"wrong.toml:11:14: unknown match_type 'glob'; expected exact, in_list, contains or regex"* ]]
        [[ $output == *"wrong.toml:1:12: wrong.toml includes itself; expected no cycle"* ]]
        [[ ${lines[-1]} == "wrong.toml: 0 rules, 6 problems" ]]
        run -2 --separate-stderr vigia rules test -r wrong.toml x
        [[ -z $output && $stderr == "vigia: wrong.toml:4:1: unknown field categorie"*"(and 5 more)" ]]
        run -2 vigia rules check nowhere.toml
        [[ ${lines[0]} == "nowhere.toml: No such file or directory; expected a rules file" ]]
        printf '[[rules]\n' >broken.toml
        run -2 vigia rules check broken.toml
        [[ ${lines[0]} == "broken.toml:1:"* ]]
        [[ $(vigia rules check . 2>&1) == ".: Is a directory; expected a rules file"* ]]
}

@test "doubts exit with 1: never, same priority, slow" {
        cat >doubt.toml <<'END'
[[rules]]
priority = 9
major_category = "A"
category = "x"
programs = ["a", "b"]
[[rules]]
priority = 8
major_category = "B"
category = "x"
programs = ["a"]
cmdline = 'x'
[[rules]]
priority = 7
major_category = "C"
category = "x"
programs = ["c"]
cmdline = '(\w+)*-$'
[[rules]]
priority = 7
major_category = "D"
category = "x"
programs = ["c", "d"]
END
        run -1 vigia rules check doubt.toml
        [[ $output == *"doubt.toml:6:3: warning: never wins: doubt.toml:1 (A / x) is asked first"* ]]
        [[ $output == *"doubt.toml:17:11: warning: slow: "* ]]
        [[ $output == *"doubt.toml:18:3: warning: same priority as doubt.toml:12 (C / x), and both match 'c "* ]]
        sed 1,2d mine.toml >alone.toml
        run -0 vigia rules check alone.toml
        run -1 vigia rules check alone.toml doubt.toml
        run -2 vigia rules check doubt.toml nowhere.toml
}

@test "MyMonitor's rules load as they are" {
        run vigia rules check "$BATS_TEST_DIRNAME/../rules/mymonitor-rules.toml"
        ((status < 2))
        run -0 vigia rules test -r "$BATS_TEST_DIRNAME/../rules/mymonitor-rules.toml" - < <(printf 'gcc -c cursor.c\ngcc -E -c a.c\ntool_123\n')
        [[ $output == $'CPP_Compile\tDriver_Compile\nCPP_Compile\tDriver_Preprocess\nOSUtilities\tProjectTools' ]]
}

@test "the configured rules are those in force" {
        cat >"$XDG_CONFIG_HOME/vigia/vigia.toml" <<END
[run]
rules = "$DIR/mine.toml"
END
        [[ $(vigia rules test frob) == "Mine / frob"* ]]
        [[ $(vigia rules test -r builtin frob) == "Other / Other_frob"* ]]
        [[ $(vigia rules list | head -n 1) == *"Mine / \$program"* ]]
        [[ $(vigia rules check | tail -n 1) == "$DIR/mine.toml: "* ]]
        echo '[run' >"$XDG_CONFIG_HOME/vigia/vigia.toml"
        run -2 vigia rules test frob
}

@test "names of strangers are harmless, wrong usage is told" {
        run -0 vigia rules test $'\e]0;x\a\x80evil \e[31m'
        [[ $output != *$'\e'* && $output != *$'\x80'* ]]
        run -2 vigia rules
        [[ $output == *"expected list, test or check"* ]]
        run -2 vigia rules chek
        [[ $output == *"did you mean check?"* ]]
        run -2 vigia rules list a b
        run -2 vigia rules test
        [[ $output == *"expected 'CMDLINE'"* ]]
        run -2 vigia rules test gcc -c a.c
        [[ $output == *"one word, in quotes"* ]]
        run -0 vigia rules --help
        # Every line of a page fits a terminal.
        [[ -z $(vigia rules list mine.toml | awk '{ gsub(/[\200-\277]/, "") } length > 80') ]]
}
