# The TOML parser against toml-test's list for TOML 1.0.0, where its files lie beside the checkout.
bats_require_minimum_version 1.5.0

setup()
{
        data="$BATS_TEST_DIRNAME/../../../shared/data/toml-test"
        [[ -r $data/files-toml-1.0.0 ]] || skip "no toml-test beside the checkout (../shared/data/toml-test)"
}

same_tree='def norm: walk(if type == "object" and keys == ["type","value"] and (.value | type) == "string" then
        if .type == "float" then
                .value |= (ascii_downcase | if test("nan") then "nan" elif test("inf") then ltrimstr("+") else tonumber end)
        elif .type | test("date|time") then
                .value |= (sub(" |t"; "T") | sub("z$|[+-]00:00$"; "Z") | if test("[.]") then
                        sub("(?<a>[.][0-9]*?)0*(?<b>[^0-9].*)?$"; "\(.a)\(.b // "")") | sub("[.](?<b>[^0-9]|$)"; .b // "")
                else . end)
        else . end
else . end); (input | norm) == (input | norm)'

@test "toml: every valid file of toml-test is read as it says" {
        local file n=0 wrong=()
        while read -r file; do
                [[ $file == valid/*.toml ]] || continue
                n=$((n + 1))
                toml-decode <"$data/$file" >"$BATS_TEST_TMPDIR/out.json" &&
                        jq -en "$same_tree" "$data/${file%.toml}.json" "$BATS_TEST_TMPDIR/out.json" >/dev/null ||
                        wrong+=("$file")
        done <"$data/files-toml-1.0.0"
        printf 'wrong: %s\n' "${wrong[@]}"
        ((n > 150 && ${#wrong[@]} == 0))
}

@test "toml: every invalid file of toml-test is refused with a place" {
        local file n=0 rc wrong=()
        while read -r file; do
                [[ $file == invalid/*.toml ]] || continue
                n=$((n + 1)) rc=0
                toml-decode <"$data/$file" >/dev/null 2>"$BATS_TEST_TMPDIR/err" || rc=$?
                [[ $rc == 1 && $(<"$BATS_TEST_TMPDIR/err") =~ ^stdin:[0-9]+:[0-9]+:\ .*\;\ expected\  ]] || wrong+=("$file")
        done <"$data/files-toml-1.0.0"
        printf 'wrong: %s\n' "${wrong[@]}"
        ((n > 400 && ${#wrong[@]} == 0))
}
