# export, convert and report without a recording: files in, files out, mistakes named by place.
load common

setup()
{
        common_setup
        printf 'n,text,time\n1,"a, b",2026-11-20T10:15:02.000000001Z\n,"",\n3,"12",1969-12-31T23:59:59.999999999Z\n' >in.csv
}

# A command that must fail with this exit code and this one line on stderr.
fails() # CODE LINE COMMAND…
{
        local code=0
        "${@:3}" >out 2>err || code=$?
        [[ $code == "$1" ]] || { echo "exit $code, expected $1"; cat err; return 1; }
        [[ $(cat err) == "vigia: $2" ]] || { cat err; return 1; }
}

@test "convert: csv, json lines and parquet hold the same, exactly" {
        "$VIGIA" convert in.csv a.parquet
        "$VIGIA" convert a.parquet b.json
        "$VIGIA" convert b.json c.csv
        cmp in.csv c.csv
        [[ $(head -n 1 b.json) == '{"n":1,"text":"a, b","time":"2026-11-20T10:15:02.000000001Z"}' ]]
        "$VIGIA" convert in.csv - --to json | cmp - b.json
        "$VIGIA" convert a.parquet - --to csv | cmp - in.csv
}

@test "convert --recursive keeps the tree, leaves other files and links alone" {
        mkdir -p tree/deep/er tree/empty
        cp in.csv tree/one.csv
        cp in.csv tree/deep/er/two.csv
        echo no table >tree/deep/readme.txt
        ln -s /etc/passwd tree/linked.csv
        ln -s .. tree/deep/loop
        "$VIGIA" convert --recursive tree out --to parquet
        [[ $(cd out && find . | sort | tr '\n' ' ') == '. ./deep ./deep/er ./deep/er/two.parquet ./one.parquet ' ]]
        "$VIGIA" convert --recursive out back --to csv
        cmp in.csv back/deep/er/two.csv
}

@test "convert --recursive into a folder inside: what it writes is not read again" {
        mkdir tree
        cp in.csv tree/one.csv
        mkdir tree/sub
        mv tree/one.csv tree/sub
        "$VIGIA" convert -r tree tree/sub/out --to json
        "$VIGIA" convert -r tree tree/sub/out --to json
        [[ $(cd tree && find . -type f | sort | tr '\n' ' ') == './sub/one.csv ./sub/out/sub/one.json ' ]]
}

@test "convert --recursive: one bad file is named, the others are done, exit 2" {
        mkdir tree
        cp in.csv tree/good.csv
        printf 'a,b\n1\n' >tree/bad.csv
        cp in.csv tree/same.csv
        echo '{"a":1}' >tree/same.json
        code=0
        "$VIGIA" convert -r tree out --to parquet 2>err || code=$?
        is "$code" == 2
        grep -q '^vigia: tree/bad.csv:2:1: 1 cell; expected 2, as in the header$' err
        grep -q '^vigia: tree/same.json: would overwrite what same.csv becomes; left out$' err
        [[ $(ls out | tr '\n' ' ') == 'good.parquet same.parquet ' ]]
}

@test "a bad input: one line with its place, exit 2, and what was there stays" {
        echo before >out.parquet
        printf 'a,b\n1,"x\n' >bad.csv
        fails 2 'bad.csv:2:3: quote is never closed; expected " before the end of the file' "$VIGIA" convert bad.csv out.parquet
        printf '{"a":1}\n{"a":tru}\n' >bad.json
        fails 2 'bad.json:2:9: unexpected }; expected a value: text, number, true, false, null, [ or {' "$VIGIA" convert bad.json out.parquet
        fails 2 'none.csv: No such file or directory' "$VIGIA" convert none.csv out.parquet
        [[ $(cat out.parquet) == before && ! -e out.parquet.tmp ]]
        head -c 100 in.csv >cut.parquet
        code=0
        "$VIGIA" convert cut.parquet out.csv 2>err || code=$?
        is "$code" == 2
        grep -q '^vigia: cut.parquet: ' err
        [[ ! -e out.csv && ! -e out.csv.tmp ]]
}

@test "an output that cannot be written: exit 3" {
        fails 3 '/nowhere/out.json: No such file or directory' "$VIGIA" convert in.csv /nowhere/out.json
        fails 3 '/dev/full: cannot write: No space left on device' "$VIGIA" convert in.csv /dev/full --to csv
        mkdir folder.csv
        fails 3 'folder.csv is a folder; expected the name of a file' "$VIGIA" convert in.csv folder.csv
}

@test "bad usage of report, export and convert: a sentence, exit 2" {
        fails 2 'export: expected --to csv, json, parquet, perfetto, folded, nixos-csv, memory-log, folio-migration or summary.log; see vigia export --help' "$VIGIA" export last
        fails 2 'export: --to xml: expected csv, json, parquet, perfetto, folded, nixos-csv, memory-log, folio-migration or summary.log; see vigia export --help' "$VIGIA" export last --to xml
        fails 2 'export: summary.log is of the whole run; expected no --table; see vigia export --help' \
                "$VIGIA" export last --to summary.log --table processes
        fails 2 'convert: expected two names: IN and OUT; see vigia convert --help' "$VIGIA" convert in.csv
        fails 2 'convert: out.xls: expected a name in .csv, .json or .parquet, or --to; see vigia convert --help' \
                "$VIGIA" convert in.csv out.xls
        fails 2 'convert: --compression lzma: expected zstd, snappy, gzip, brotli, lz4 or none; see vigia convert --help' \
                "$VIGIA" convert in.csv out.parquet --compression lzma
        fails 2 'report: expected one RUN: a path, an id, or last; see vigia report --help' "$VIGIA" report
}

# Figures against the run's own tables and report.
@test "summary.log: every line of MyMonitor's, peaks are the report's" {
        command -v jq >/dev/null || skip "no jq"
        "$VIGIA" run -q -o "$DIR/run" -l 'tiny-j3' -- sh -c 'for i in 1 2 3; do /bin/true; done; sleep 0.3; exit 7' || (($? == 7))
        "$VIGIA" export run --to summary.log >text
        "$VIGIA" export run --to summary-log -o new/
        cmp text new/summary.log
        "$VIGIA" export run --to summary.log -o "$DIR/my.txt"
        cmp text my.txt
        "$VIGIA" report --json run >report.json
        jq -r '"Project: tiny", "Parallelism: -j3",
                "Peak Overall Memory (PSS_KB): \(.peak.pss_bytes / 1024 | floor) KB", "Build Exit Code: 7"' report.json >wanted
        jq -r '"Samples Collected: \(.ticks)"' run/run.json >>wanted
        while read -r line; do grep -qxF -- "$line" text || { cat text; echo "missing: $line"; false; }; done <wanted
        grep -qxE 'Total Build & Monitoring Duration: [0-9]+\.[0-9]s \([0-9]+\.[0-9]{2} seconds\)' text
        # Each category of the report once, with its pids and its peak; each major's pids are their sum.
        jq -r '.categories[] | "    \(.category): \((.peak_pss_bytes // .largest_process_bytes) / 1024 | floor) KB (\(.processes) pids)"' report.json | sort >wanted
        grep -E '^    ' text | sort | diff - wanted
        jq -r '[.categories | group_by(.major)[] | map(.processes) | add] | sort | .[]' report.json >wanted
        sed -n 's/^  Total Peak Memory: .*(\([0-9]*\) total pids)$/\1/p' text | sort -n | diff - wanted
}

@test "a million rows: memory stays small" {
        awk 'BEGIN { print "i,name,value"; for (i = 0; i < 1000000; i++) printf "%d,p%d,%d\n", i, i % 100, i * 7919 % 65537 }' >big.csv
        for to in big.parquet big.json; do
                # Address space is bounded by far less than the file and its rows would take.
                if grep -q __asan_init "$VIGIA"; then
                        "$VIGIA" convert big.csv "$to"
                else
                        (ulimit -v 262144; "$VIGIA" convert big.csv "$to")
                fi
        done
        "$VIGIA" convert big.parquet back.csv
        cmp big.csv back.csv
}
