#!/usr/bin/env bats
# monitor-rebuild's files of a run, the memory guide's log, and the preset nixos with a real nix-daemon: in a mount
# namespace with a store, a state and users of builders of its own, so that nothing of it is left on this machine.
load common

setup()
{
        common_setup
        need_source
}

teardown()
{
        [[ -z ${MADE_NIX-} ]] || rmdir /nix
        common_teardown
}

# Every file as csvkit reads it: Python's reader, a record a line, as many cells as the header, N/A or numbers in all but
# the names. FOLDER
check_csv()
{
        command -v python3 >/dev/null || skip "no python3"
        python3 - "$1" <<-'END'
	import csv, math, os, sys
	headers = {
	    "memory": "timestamp,total_mb,used_mb,free_mb,available_mb,swap_used_mb,swap_free_mb",
	    "cpu": "timestamp,cpu_percent,load_1min,load_5min,load_15min",
	    "processes": "timestamp,process_name,count,total_mem_mb",
	    "disk": "timestamp,mount_point,total_gb,used_gb,available_gb,use_percent",
	    "nix-store": "timestamp,nix_store_gb,tmp_gb,build_dirs_count",
	    "network": "timestamp,rx_mb,tx_mb,rx_packets,tx_packets",
	    "file-descriptors": "timestamp,total_fds,nix_daemon_fds,nix_build_fds",
	    "temperature": "timestamp,cpu_temp,gpu_temp,nvme_temp",
	    "process-limits": "timestamp,max_processes,current_processes,max_threads,current_threads",
	    "fork-analysis": "timestamp,available_mem_mb,min_free_kb,fork_possible",
	}
	names = {"process_name", "mount_point", "fork_possible"}
	found = sorted(f for f in os.listdir(sys.argv[1]) if f.endswith(".csv"))
	assert found == sorted(name + ".csv" for name in headers), found
	for name, header in headers.items():
	    path = os.path.join(sys.argv[1], name + ".csv")
	    text = open(path, newline="").read()
	    assert text.startswith(header + "\n") and text.endswith("\n") and "\r" not in text, name
	    rows = list(csv.DictReader(open(path, newline="")))
	    assert len(rows) == text.count("\n") - 1 and len(rows) > 0, (name, len(rows))
	    last = 0
	    for row in rows:
	        assert None not in row and None not in row.values(), (name, row)
	        for key, value in row.items():
	            assert key in names or value == "N/A" or math.isfinite(float(value)), (name, row)
	        assert int(row["timestamp"]) >= last, (name, row)
	        last = int(row["timestamp"])
	END
}

@test "nixos-csv: the ten files with the reference's headers, a record a line; logs, status, reports" {
        local weird=$'a\nb,"c"\r\e[2J'
        record --no-report -m store -- bash -c 'echo said; (exec -a "$0" sleep 2.2) & wait; exit 7' "$weird" || [[ $? == 7 ]]
        "$VIGIA" export "$RUN" --to nixos-csv -i 0.2 -o "$DIR/out"
        check_csv "$DIR/out"
        cmp "$RUN/output.log" "$DIR/out/rebuild.log"
        [[ $(<"$DIR/out/rebuild-status.txt") == 7 && $(<"$DIR/out/rebuild.log") == said ]]
        grep -q 'exit 7' "$DIR/out/report.txt"
        ! grep -qvE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} \[(INFO|WARNING|CRITICAL|ERROR)\] .' "$DIR/out/monitor.log"
        head -n 1 "$DIR/out/monitor.log" | grep -q 'recording of bash -c '
        tail -n 1 "$DIR/out/monitor.log" | grep -qF '[ERROR] the command ended with exit code 7 after'
        # A heading, a line of names, and a line a process.
        ! grep -qvE '^(=== .* ===|    PID   RSS_MB   CPU_%  COMMAND| *[0-9]+ +([0-9.]+|N/A) +([0-9.]+|N/A)  .+|)$' "$DIR/out/top-consumers.log"
        grep -qF 'a?b,"c"??[2J 2.2' "$DIR/out/top-consumers.log"
        # Figures: the machine's memory, the moments asked for.
        within "$(awk -F, 'END { print $2 }' "$DIR/out/memory.csv")" "$(awk '/^MemTotal/ { print $2 / 1024 }' /proc/meminfo)" 0 1
        awk -F, 'NR > 1 && $2 != "N/A" && ($3 != $2 - $5 && $3 != $2 - $5 + 1 && $3 != $2 - $5 - 1) { exit 1 }' "$DIR/out/memory.csv"
        is "$(wc -l <"$DIR/out/memory.csv")" '>=' 5
        is "$(wc -l <"$DIR/out/processes.csv")" '==' "1 + 9 * ($(wc -l <"$DIR/out/memory.csv") - 1)"
        awk -F, 'NR > 1 && $2 != "N/A" && ($2 < 0 || $2 > 100) { exit 1 }' "$DIR/out/cpu.csv"
}

@test "nixos-csv: of an empty run, of one that nobody finished; what is refused" {
        record --no-report --only process -- true
        "$VIGIA" export "$RUN" --to nixos-csv -o "$DIR/out"
        [[ $(ls "$DIR/out"/*.csv | wc -l) == 10 && $(<"$DIR/out/rebuild-status.txt") == 0 ]]
        [[ $(sed -n 2p "$DIR/out/memory.csv" | cut -d, -f2-) == N/A,N/A,N/A,N/A,N/A,N/A ]]
        run -2 "$VIGIA" export "$RUN" --to nixos-csv
        [[ $output == *"expected -o FOLDER"* ]]
        run -2 "$VIGIA" export "$RUN" --to csv -i 1 -o "$DIR/x"
        run -2 "$VIGIA" export "$RUN" --to memory-log -i 0.001
        run -125 "$VIGIA" run --export pdf -- touch ran
        [[ $output == *"expected nixos-csv, memory-log"* && ! -e ran ]]
}

@test "processes.csv counts by whole names; memory-log has each process's memory" {
        mkdir bin
        cp "$(command -v sleep)" bin/cc1plus
        cp "$(command -v sleep)" bin/ldconfig
        cp "$(command -v sleep)" bin/x86_64-linux-gnu-g++-12
        record --export nixos-csv,memory-log -- sh -c 'for p in cc1plus cc1plus ldconfig x86_64-linux-gnu-g++-12; do ./bin/$p 2.5 & done; wait'
        [[ -s $RUN/nixos-csv/processes.csv && -s $RUN/nixos-csv/report.txt ]]
        "$VIGIA" export "$RUN" --to nixos-csv -i 0.25 -o "$DIR/out"
        [[ $(awk -F, 'NR > 1 && $3 > most[$2] { most[$2] = $3 } END { for (p in most) if (most[p] > 0) print p, most[p] }' \
                "$DIR/out/processes.csv" | sort) == $'cc1plus 2\ng++ 1' ]]
        [[ $(head -n 1 "$RUN/memory-log.csv") == Timestamp,Process_ID,Memory_MB,CPU_%,Status ]]
        "$VIGIA" export "$RUN" --to memory-log -i 1 >log.csv
        ! tail -n +2 log.csv | grep -qvE '^[0-9-]{10} [0-9:]{8},[0-9]+,[0-9]+\.[0-9]{2},([0-9]+\.[0-9]|N/A),(running|sleeping|N/A)$'
        # What reads the guide's logs reads ours.
        "$VIGIA" import log.csv -o "$DIR/imported"
        [[ $("$VIGIA" export "$DIR/imported" --to json --table samples | wc -l) -gt 0 ]]
        # Five processes: the shell and its four.
        [[ $(tail -n +2 log.csv | cut -d, -f2 | sort -u | wc -l) == 5 ]]
}

# ---- a real nix-daemon ----

# Runs a script of nix in namespaces of its own. $NIX is where everything lies.
in_nix() # SCRIPT
{
        NIX="$DIR/nix"
        mkdir -p "$NIX/etc" "$NIX/conf"
        cp /etc/passwd /etc/group "$NIX/etc/"
        sed -i '/^nixbld/d' "$NIX/etc/passwd" "$NIX/etc/group"
        echo 'nixbld:x:30999:nixbld1,nixbld2' >>"$NIX/etc/group"
        printf 'nixbld%d:x:%d:30999:builder:/var/empty:/usr/sbin/nologin\n' 1 30991 2 30992 >>"$NIX/etc/passwd"
        printf '%s\n' 'sandbox = false' 'build-users-group = nixbld' 'substitute = false' 'max-jobs = 2' >"$NIX/conf/nix.conf"
        # Two derivations whose builders compile; with exit, they fail in the end.
        cat >"$NIX/work.nix" <<-'END'
	{ tag, exit ? "0" }:
	let one = n: derivation {
	  name = "work-${tag}-${n}"; system = builtins.currentSystem; builder = "/bin/sh";
	  args = [ "-c" "PATH=/usr/bin:/bin; echo 'int f(int x) { return x; }' >a.c; gcc -O1 -c a.c -o a.o || exit 9; sleep 1; mkdir $out; cp a.o $out; exit ${exit}" ];
	}; in [ (one "a") (one "b") ]
	END
        export NIX VIGIA RUN SOURCE
        # Bounded, and all of it ends with it: the daemon's own environment must not send it to a daemon.
        timeout -k 5 90 unshare --mount --propagation private bash -euc '
                mount -t tmpfs -o mode=755 vigia-test /nix
                mount --bind "$NIX/etc/passwd" /etc/passwd
                mount --bind "$NIX/etc/group" /etc/group
                export NIX_CONF_DIR="$NIX/conf" HOME="$NIX"
                unset NIX_REMOTE NIX_PATH
                nix-daemon >"$NIX/daemon.log" 2>&1 3>&- &
                daemon=$!
                trap "kill $daemon" EXIT
                for i in $(seq 100); do [ -S /nix/var/nix/daemon-socket/socket ] && break; sleep 0.1; done
                export NIX_REMOTE=daemon
                build() { timeout 60 nix-build "$NIX/work.nix" --no-out-link "$@"; }
                '"$1"
}

need_nix()
{
        [[ $(id -u) == 0 ]] || skip "a store of its own needs root"
        command -v nix-daemon >/dev/null || skip "no nix-daemon (nix-bin)"
        command -v gcc >/dev/null || skip "no gcc"
        # The store is mounted over it for this test alone; where nobody has Nix it is there for as long.
        if [[ ! -d /nix ]]; then
                mkdir /nix 2>/dev/null || skip "no folder /nix to mount a store over"
                MADE_NIX=1
        fi
        unshare --mount --propagation private mount -t tmpfs vigia-test /nix 2>/dev/null || skip "no mounts allowed here"
}

@test "the preset nixos: builders of a real nix-daemon are in the run, with users and categories" {
        need_nix
        # It goes on until the size of the store was told.
        in_nix 'export VIGIA_MONITORS_STORE_PATHS=/nix/store VIGIA_MONITORS_STORE_INTERVAL=500ms
                (exec -a "tail -f /var/log/nix-daemon" sleep 90 3>&-) & # reads about it, and is none
                trap "kill $daemon $!" EXIT
                "$VIGIA" run --preset nixos ${SOURCE:+--source "$SOURCE"} -o "$RUN" -- sh -ec '"'"'
                        timeout 60 nix-build "$NIX/work.nix" --no-out-link --argstr tag one
                        for i in $(seq 200); do [ ! -e "$RUN/store/000000.parquet" ] || exit 0; sleep 0.1; done'"'"'
                nix-store --query --size $(ls -d /nix/store/* | grep -v "[.]lock$") >"$NIX/sizes"' >out 2>err || { cat err "$NIX/daemon.log"; false; }
        [[ $(grep -c '^/nix/store/.*-work-one-[ab]$' out) == 2 ]]
        # The compiler of each derivation: of a builder's user, with the label of a compiler, below nix-daemon.
        [[ $(figure processes '[.[] | select(.comm == "cc1") | .uid] | sort | unique | map(tostring) | join(" ")') == "30991 30992" ]]
        [[ $(figure processes '[.[] | select(.comm == "cc1") | .major] | unique | join(" ")') == CPP_Compile ]]
        is "$(figure processes '[.[] | select(.comm == "nix-daemon" and .category == "nix")] | length')" '>=' 1
        is "$(figure processes '[.[] | select(.comm == "nix-build")] | length')" '==' 1
        is "$(figure processes '[.[] | select(.cmdline | tostring | startswith("tail"))] | length')" '==' 0
        [[ -s $RUN/nixos-csv/report.txt && $(<"$RUN/nixos-csv/rebuild-status.txt") == 0 ]]
        check_csv "$RUN/nixos-csv"
        grep -q 'work-one-a' "$RUN/nixos-csv/rebuild.log"
        # The store by its database, which is there with what was built.
        is "$(figure store '[.[] | select(.path == "/nix/store" and .complete)] | length')" '>' 0
        [[ $(awk -F, 'END { print $2 }' "$RUN/nixos-csv/nix-store.csv") != N/A ]]
        # The last row has what was added last.
        is "$(figure store '[.[] | select(.path == "/nix/store")] | last | .apparent_bytes')" '==' "$(awk '{ n += $1 } END { printf "%.0f", n }' "$NIX/sizes")"
        # Nix kills its build hook in every build: that is nothing to tell.
        ! grep -q SIGKILL "$RUN/nixos-csv/monitor.log"
        # Folders of builds and the daemon's descriptors were there to be seen.
        is "$(figure nix '[.[].build_dirs] | max')" '>=' 0
        is "$(awk -F, 'NR > 1 && $3 + 0 > n { n = $3 + 0 } END { print n + 0 }' "$RUN/nixos-csv/file-descriptors.csv")" '>' 0
        [[ -z $(jq -r '.monitors[] | select(.name == "nix" and .errors > 0) | .why' "$RUN/run.json") ]]
}

@test "the preset nixos: a build that fails ends as nix-build does" {
        need_nix
        in_nix 'set +e
                build --argstr tag plain --argstr exit 4 >/dev/null 2>&1
                plain=$?
                "$VIGIA" run -q --preset nixos ${SOURCE:+--source "$SOURCE"} -o "$RUN" -- \
                        timeout 60 nix-build "$NIX/work.nix" --no-out-link --argstr tag two --argstr exit 4
                echo "$plain $?" >"$NIX/codes"' >out 2>err
        read -r plain recorded <"$NIX/codes"
        [[ $plain == "$recorded" && $plain != 0 ]]
        [[ $(<"$RUN/nixos-csv/rebuild-status.txt") == "$plain" ]]
        grep -q 'builder for .*work-two-.* failed with exit code 4' "$RUN/nixos-csv/rebuild.log"
        grep -q '^.*\[ERROR\] the command ended with exit code' "$RUN/nixos-csv/monitor.log"
        # Which failed is said first, and that the other was killed for it is no cause.
        [[ $("$VIGIA" why "$RUN" --json | jq -r '.findings[0].title') =~ ^"the build of work-two-"[ab]" failed with exit code 4"$ ]]
}
