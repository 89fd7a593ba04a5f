# Runs that fail, each for a reason of its own: the first finding has to be that reason. Kills and refusals by
# the kernel are in tests/vm.
load common

setup()
{
        common_setup
        command -v jq >/dev/null || skip "no jq"
}

# first PROGRAM: what the first finding of the run says of itself.
first()
{
        [[ -e found ]] || "$VIGIA" report --json "$RUN" | jq .findings >found
        jq -r ".[0] | $1" found
}

findings()
{
        first .id >/dev/null
        jq -r 'map(.id) | join(" ")' found
}

@test "SIGKILL from somebody: not taken for the OOM killer" {
        run ! record -q --no-report -- sh -c 'sleep 600 & kill -KILL $!; wait $!; exit 3'
        [[ $(first .id) == killed ]]
        [[ $(first .title) == "something sent SIGKILL to "* ]]
        [[ $(first .evidence) == *"signal 9"* ]]
        [[ " $(findings) " != *" oom "* ]]
}

@test "the command itself is killed: a critical finding" {
        run ! record -q --no-report -- sh -c 'kill -KILL $$'
        [[ $(first .id) == killed && $(first .severity) == critical ]]
}

@test "timeout(1) is named" {
        run ! record -q --no-report -- timeout -s KILL 0.5 sleep 600
        [[ $(first .id) == killed && $(first .severity) == critical ]]
        [[ $(first .title) == "timeout(1) killed sleep after "* ]]
        [[ $(first .evidence) == *"timeout -s KILL 0.5 sleep 600"* ]]
}

# What the tests of others print, and a line of 300 KiB in which the words stand, too.
@test "a run that is well has nothing of the kind, whatever it prints" {
        record -q --no-report -- sh -c 'sleep 600 & kill $!; wait $!; echo "read: Resource temporarily unavailable"
                echo "sh: fork: Resource temporarily unavailable"; echo "malloc: Cannot allocate memory"
                echo "Killed process 7 (cc1plus)"; echo "c++: fatal error: Killed signal terminated program cc1plus"
                echo "cp: /x: No space left on device"; echo "open: Too many open files"
                head -c 300000 /dev/zero | tr "\\0" x; echo ": Cannot allocate memory"; true'
        findings >ids
        for id in killed fork oom memory-refused files-exhausted; do
                [[ " $(<ids) " != *" $id "* ]]
        done
        jq -e 'all(.[]; .evidence // "" | test("the output says") | not)' found
}

@test "names of tests and of processes are no errors: what the run failed of is not explained by them" {
        run ! record -q --no-report -- sh -c 'echo "ok 1 - malloc: Cannot allocate memory"
                echo "  12 | die: No space left on device"; echo "PASS: fork: Resource temporarily unavailable"
                (echo "Killed process 1 (vigia" >/proc/self/comm) 2>/dev/null; exit 3'
        findings >ids
        for id in killed fork oom memory-refused files-exhausted; do
                [[ " $(<ids) " != *" $id "* ]]
        done
        jq -e 'all(.[]; .evidence // "" | test("the output says") | not)' found
}

@test "a compiler's own out of memory, under ulimit -v" {
        command -v gcc >/dev/null || skip "no gcc"
        printf 'int a[] = {%s};\n' "$(yes 1, | head -n 3000000 | tr -d '\n')" >big.c
        run ! record -q --no-report -- sh -c 'ulimit -v 200000; gcc -c big.c -o big.o'
        [[ $(first .id) == memory-refused && $(first .severity) == critical ]]
        [[ $(first .title) == *emory* && $(first .advice) == *"ulimit -v unlimited"* ]]
}

@test "a heap of the program's own: how to raise it" {
        command -v node >/dev/null || skip "no node"
        run ! record -q --no-report -- node --max-old-space-size=16 -e 'const a = []; for (;;) a.push(new Array(1000).fill({}))'
        [[ $(first .id) == memory-refused && $(first .severity) == critical ]]
        [[ $(first .advice) == *"NODE_OPTIONS=--max-old-space-size"* ]]
}

# Of a user of nobody else's, for whose other processes the limit would count, too.
@test "fork refused by RLIMIT_NPROC" {
        [[ $(id -u) == 0 ]] && command -v setpriv >/dev/null || skip "needs root, to be somebody else"
        chown 54321 "$DIR" "$DIR/state"
        HOME=$DIR run ! setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all prlimit --nproc=40 \
                "$VIGIA" run -q --no-report -o "$RUN" -- sh -c 'i=0; while [ $i -lt 80 ]; do sleep 2 & i=$((i + 1)); done; exit 0'
        [[ $(first .id) == fork && $(first .severity) == critical ]]
        [[ $(first .title) == "a fork was refused by the user's limit on processes (RLIMIT_NPROC)" ]]
        [[ $(first .evidence) == *"of 40 tasks of uid 54321"* ]]
        [[ $(first .advice) == *":54321 - nproc "* ]]
}

@test "no more files may be opened" {
        command -v python3 >/dev/null || skip "no python3"
        run ! record -q --no-report -- sh -c 'ulimit -n 32; python3 -c "import os
while True: os.open(\"/dev/null\", 0)"'
        [[ $(first .id) == files-exhausted && $(first .title) == *RLIMIT_NOFILE* ]]
}

# In a mount namespace of its own: a small file system that is full before the run.
@test "no space left: the file system is named" {
        mkdir full
        unshare -m sh -c "mount -t tmpfs -o size=1m none '$DIR/full'" 2>/dev/null || skip "no mount namespace here"
        run ! unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1/full"
                dd if=/dev/zero of="$1/full/a" bs=64k 2>/dev/null
                exec "$0" run -q --no-report -o "$2" -- sh -c "dd if=/dev/zero of=\"$1/full/b\" bs=64k; r=\$?
                        for i in \$(seq 200); do [ -e \"$2/disk\" ] && exit \$r; sleep 0.1; done"' "$VIGIA" "$DIR" "$RUN"
        [[ $(first .id) == disk-full && $(first .severity) == critical ]]
        [[ $(first .title) == "the file system on $DIR/full was full: 0 B of 1 MiB left" ]]
}

@test "no inodes left: that, and not the room" {
        mkdir few
        unshare -m sh -c "mount -t tmpfs -o size=9m,nr_inodes=16 none '$DIR/few'" 2>/dev/null || skip "no mount namespace here"
        run ! unshare -m sh -c 'mount -t tmpfs -o size=9m,nr_inodes=16 none "$1/few"
                i=0; while mkdir "$1/few/$i"; do i=$((i + 1)); done 2>/dev/null
                exec "$0" run -q --no-report -o "$2" -- sh -c "touch \"$1/few/b\"; r=\$?
                        for i in \$(seq 200); do [ -e \"$2/disk\" ] && exit \$r; sleep 0.1; done"' "$VIGIA" "$DIR" "$RUN"
        [[ $(first .id) == inodes && $(first .severity) == critical ]]
        [[ $(first .title) == "the file system on $DIR/few had no inodes left: 0 of 16" ]]
}
