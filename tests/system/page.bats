# vigia report --html and vigia run --html: where the page goes, that only its own script may run, and that
# nothing that was recorded comes out of its text. What is in it: src/report/test-page.c, and tests/web for how
# it looks.
load common

setup()
{
        export LC_ALL=C.UTF-8
        common_setup
        "$VIGIA" doctor --json >"$DIR/doctor" || true
        grep -q '"page": *true' "$DIR/doctor" || skip "this vigia was built without the page (npm)"
}

# The bytes of the page's element that begins behind TEXT, up to </TAG: element TEXT TAG FILE.
element()
{
        TEXT=$1 TAG=$2 awk 'BEGIN { RS = "^$"; ORS = "" }
                { n = index($0, ENVIRON["TEXT"]); if (!n) exit 1
                  rest = substr($0, n + length(ENVIRON["TEXT"])); print substr(rest, 1, index(rest, "</" ENVIRON["TAG"]) - 1) }' "$3"
}

hash_of()
{
        printf "$(sha256sum | cut -c1-64 | sed 's/../\\x&/g')" | base64
}

@test "where the page goes: beside the run's tables, to a file, to standard output: the same bytes" {
        record -q -- sh -c 'sleep 0.2; true'
        [[ ! -e $RUN/report.html ]]
        as_user "$VIGIA" report "$RUN" --html
        as_user "$VIGIA" report --html "$DIR/state/page.html" "$RUN"
        "$VIGIA" report "$RUN" --html - >"$DIR/out"
        cmp "$RUN/report.html" "$DIR/state/page.html"
        cmp "$RUN/report.html" "$DIR/out"
        head -c 15 "$DIR/out" | grep -q '<!doctype html>'
        tail -n 1 "$DIR/out" | grep -qx '</html>'
        # nothing is read as part of the run afterwards, and nothing else is left
        "$VIGIA" report "$RUN" >/dev/null
        ! ls -A "$RUN" | grep -q 'tmp'
}

@test "only the page's own style and script may run: the hashes in its policy are theirs" {
        record -q -- true
        "$VIGIA" report "$RUN" --html page.html
        element '<style>' style page.html >style
        [[ -s style ]]
        grep -qF "style-src 'sha256-$(hash_of <style)'" page.html
        element '</script>
<script>' script page.html >script
        [[ -s script ]]
        grep -qF "script-src 'sha256-$(hash_of <script)'" page.html
        grep -qF "default-src 'none'" page.html
        # no address that a browser would fetch by itself
        ! grep -oiE '(src|href)="?https?:' page.html
}

@test "hostile command lines stay inside the data" {
        command -v jq >/dev/null || skip "no jq"
        line=$'</script><script>alert(1)</script><!-- \e[31m \xff "\x27& \xe2\x80\xae'
        record -q -l "</title><b>" -- sh -c 'sleep 0.1; exit 3' "$line" || true
        "$VIGIA" report "$RUN" --html page.html
        [[ $(grep -oai '<script' page.html | wc -l) == 3 ]]
        [[ $(grep -oai '</script' page.html | wc -l) == 3 ]]
        ! grep -qa '<!--' page.html
        [[ $(grep -oai '</title' page.html | wc -l) == 1 ]]
        element 'id="vigia-page">' script page.html >json
        ! grep -q '<' json
        jq -e '.format == 1 and .processes.count >= 2 and (.report.run.command | contains("</script><script>alert(1)"))' json
}

@test "a run whose recorder was killed, and one that is still recorded, have a page" {
        command -v jq >/dev/null || skip "no jq"
        LIMIT=none as_user "$VIGIA" run ${SOURCE:+--source "$SOURCE"} --no-report -q -o "$RUN" -- sleep 30 >/dev/null 2>&1 &
        recorder=$!
        for ((i = 0; i < 100; i++)); do
                compgen -G "$RUN/totals/*.parquet" >/dev/null && break
                sleep 0.1
        done
        "$VIGIA" report "$RUN" --html going.html
        element 'id="vigia-page">' script going.html | jq -e '.report.run.complete == false and .duration_s > 0'
        kill -KILL "$recorder"
        wait "$recorder" || true
        "$VIGIA" report "$RUN" --html killed.html
        element 'id="vigia-page">' script killed.html >json
        jq -e '.processes.told >= 1 and ([.report.findings[].id] | index("recorder-died"))' json
}

@test "run --html, run.html: a page when the command has ended; its exit code stays" {
        record -q --html -- sh -c 'exit 7' || code=$?
        [[ $code == 7 && -s $RUN/report.html && -s $RUN/summary.txt ]]
        printf '[run]\nhtml = true\n' >"$DIR/state/page.toml"
        rm -rf "$RUN"
        record -q -c "$DIR/state/page.toml" --no-report -- true
        [[ -s $RUN/report.html && ! -e $RUN/summary.txt ]]
}

@test "a page that cannot be written, and options that do not go together" {
        record -q -- true
        run -3 --separate-stderr "$VIGIA" report "$RUN" --html /proc/no/page.html
        [[ ${#stderr_lines[@]} == 1 && $stderr == *"cannot write /proc/no/page.html"* ]]
        run -2 "$VIGIA" report --html "$RUN"
        [[ $output == *"before --html"* ]]
        run -2 "$VIGIA" report "$RUN" --html --json
        [[ $output == *"expected one of"* ]]
        run -2 "$VIGIA" report nosuchrun --html
        as_user "$VIGIA" sweep -q --html -o "$DIR/state/sweep" -- true
        [[ -s $DIR/state/sweep/run-1/report.html ]]
        grep -q '"kind":"sweep"' "$DIR/state/sweep/report.html"
        rm "$DIR/state/sweep/report.html"
        run -0 "$VIGIA" report "$DIR/state/sweep" --html
        grep -q '"kind":"sweep"' "$DIR/state/sweep/report.html"
        run -2 "$VIGIA" report "$DIR/state/no-such-sweep" --html
}
