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
        [[ $(first .title) == *" sent SIGKILL to "* ]]
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

# make_of LINE: a Makefile whose `all` runs it.
make_of()
{
        printf 'all:\n\t%s\n' "$1" >Makefile
}

@test "a program that make runs crashes: that one, and how" {
        make_of '@sh -c "kill -SEGV \$$\$$"'
        run ! record -q --no-report -- make
        [[ $(first .id) == crashed && $(first .severity) == critical && $(first .sure) == likely ]]
        [[ $(first .title) == *" crashed"*"(SIGSEGV)" ]]
}

@test "the stack was too small: told apart from other crashes, where the kernel's log is heard" {
        command -v gcc >/dev/null || skip "no gcc"
        printf 'int f(int n) { volatile char b[4096]; b[0] = (char)n; return f(n + 1) + b[0]; }\nint main(void) { return f(0); }\n' >deep.c
        gcc -O0 -w deep.c -o deep
        run ! record -q --no-report -- sh -c 'ulimit -s 1024; exec ./deep'
        [[ $(first .id) == crashed && $(first .severity) == critical ]]
        [[ $(figure events 'map(select(.kind == "kernel-segfault")) | length') != 0 ]] || skip "the kernel's log is not heard here"
        [[ $(first .title) == "deep crashed at "*": it outgrew its stack (SIGSEGV)" && $(first .advice) == *'ulimit -S -s $(ulimit -H -s)'* ]]
}

@test "a limit on the size of files: by its signal, and by the error where that is ignored" {
        run ! record -q --no-report -- sh -c 'ulimit -f 8; dd if=/dev/zero of=big bs=64k count=10'
        [[ $(first .id) == file-size-limit && $(first .severity) == critical ]]
        [[ $(first .title) == *"wrote more into one file than it may"* && $(first .advice) == *'ulimit -S -f $(ulimit -H -f)'* ]]
        rm -rf "$RUN" found
        run ! record -q --no-report -- sh -c 'trap "" XFSZ; ulimit -f 8; dd if=/dev/zero of=big bs=64k count=10'
        [[ $(first .id) == file-size-limit && $(first .title) == *"File too large" ]]
}

@test "somebody asks a compiler of make's to end: no failure of its own" {
        make_of '@sh -c "kill -TERM \$$\$$"'
        run ! record -q --no-report -- make
        # Who is gone before the first tick has nobody who looked.
        [[ $(first .id) == killed && $(first .title) == @("something sent SIGTERM to "*|*" ended itself by SIGTERM at "*) ]]
}

@test "who sent a signal is told, where the kernel tells it" {
        run ! record -q --no-report -- bash -c 'sleep 600 & sleep 1; kill -KILL $!; wait $!; exit 3'
        [[ $(info .capture.source) == bpf ]] || skip "only bpf tells it"
        [[ $(first .id) == killed && $(first .sure) == certain ]]
        [[ $(first .title) == "bash (pid "*") sent SIGKILL to sleep at "* && $(first .meaning) == *"a script or a person did"* ]]
        rm -rf "$RUN" found
        run ! record -q --no-report -- sh -c 'sleep 600 & sleep 1; kill -ABRT $!; wait $!'
        [[ $(first .id) == killed && $(first .title) == "sh (pid "*") sent SIGABRT to sleep at "* ]]
}

@test "a hard limit on CPU time, which ends by SIGKILL" {
        run ! record -q --no-report -- sh -c 'ulimit -t 2; sh -c "while :; do :; done"; exit 2'
        [[ $(info .capture.source) == bpf ]] || skip "only bpf tells who sent it"
        [[ $(first .id) == cpu-time-limit && $(first .severity) == @(critical|warning) ]]
        [[ $(first .title) == "sh used up the CPU time that it may have, at "* && $(first .advice) == *"ulimit -S -t"* ]]
}

@test "a test fails, and its server is stopped then: neither a crash nor somebody's signal is blamed" {
        run ! record -q --no-report -- sh -c 'sleep 600 & server=$!; sh -c "echo 3 != 4; exit 1"; r=$?; kill $server; wait $server; exit $r'
        [[ $(findings) != *killed* && $(findings) != *crashed* ]]
        "$VIGIA" why --json "$RUN" | jq -e '.failed // "" | test("SIGTERM") | not'
}

@test "a compiler's error is the program's, and the machine is not blamed" {
        command -v gcc >/dev/null || skip "no gcc"
        echo 'int main(void) { return y; }' >c.c
        make_of 'gcc -c c.c'
        run ! record -q --no-report -- make
        first .id >/dev/null
        jq -e 'all(.[]; .severity == "info" or .id == "partial")' found
}

@test "a command that is not there, in the midst of make" {
        make_of 'no-such-command --version'
        run ! record -q --no-report -- make
        [[ $(first .id) == command-missing && $(first .title) == *no-such-command* ]]
}

@test "a file system that is read-only, more room than there is, arguments too long, and what a test of that prints" {
        mkdir ro
        unshare -m sh -c "mount -t tmpfs -o ro none '$DIR/ro'" 2>/dev/null || skip "no mount namespace here"
        run ! unshare -m sh -c 'mount -t tmpfs -o ro none "$1/ro"; exec "$0" run -q --no-report -o "$2" -- sh -c "mkdir \"$1/ro/x\""' "$VIGIA" "$DIR" "$RUN"
        [[ $(first .id) == read-only && $(first .severity) == critical ]]
        rm -rf "$RUN" found
        run ! record -q --no-report -- bash -c '/bin/true "$(head -c 300000 /dev/zero | tr "\0" a)"'
        [[ $(first .id) == arguments ]]
        rm -rf "$RUN" found
        run ! record -q --no-report -- sh -c 'echo "test_full: write failed: No space left on device (simulated)"; echo "FAIL: test_sum"; exit 1'
        [[ $(findings) != *disk-full* ]]
}

@test "a mapped file on a full tmpfs: SIGBUS, and why" {
        command -v python3 >/dev/null || skip "no python3"
        mkdir full
        unshare -m sh -c "mount -t tmpfs -o size=1m none '$DIR/full'" 2>/dev/null || skip "no mount namespace here"
        cat >map.py <<'P'
import mmap, os, sys, time
fd = os.open(sys.argv[1] + "/big", os.O_CREAT | os.O_RDWR)
os.ftruncate(fd, 4 << 20)
m = mmap.mmap(fd, 4 << 20)
for i in range(0, 1 << 20, 4096): m[i] = 1
for i in range(200):
    if os.path.exists(sys.argv[2] + "/disk"): break
    time.sleep(0.1)
for i in range(1 << 20, 4 << 20, 4096): m[i] = 1
P
        run ! unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1/full"
                exec "$0" run -q --no-report -o "$2" -- python3 "$1/map.py" "$1/full" "$2"' "$VIGIA" "$DIR" "$RUN"
        [[ $(first .id) == crashed && $(first .title) == *"(SIGBUS)" ]]
        [[ $(first .title) == *"the file system on $DIR/full was full"* ]]
}
