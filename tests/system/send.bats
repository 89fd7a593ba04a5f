#!/usr/bin/env bats
# vigia send over a real sshd on loopback: its own configuration, port, host key and users' keys, in a folder that
# goes when the file is done. What the far side lacks, or does wrong, is a forced command of one of the keys.
load common

# A run whose archive is some 400 KiB, an sshd, and keys. Once for all tests.
setup_file()
{
        export BASE="$SUITE_DIR/send" WHY_NOT=
        mkdir -p "$BASE/tools" "$BASE/fake" "$BASE/odd"
        RUN_ID=20260102-030405-sent
        env VIGIA_DIR="$BASE/state" "$VIGIA" run -q -o "$BASE/$RUN_ID" -- \
                sh -c 'head -c 450000 /dev/urandom | base64; exit 3' >/dev/null || [[ $? == 3 ]]
        sed -i "s/^  \"id\": \"[^\"]*\"/  \"id\": \"$RUN_ID\"/" "$BASE/$RUN_ID/run.json"
        export RUN_ID SENT="$BASE/$RUN_ID"
        ! PATH=$PATH:/usr/sbin command -v sshd >/dev/null || ! command -v ssh-keygen >/dev/null || start_sshd
        WHY_NOT=$(why_not)
}

start_sshd()
{
        local key tool i
        for key in plain wrong tools odd sftp host other; do
                ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$BASE/key-$key"
        done
        for tool in sh cat mkdir wc df tail cut mv rm; do
                ln -s "$(command -v $tool)" "$BASE/tools/$tool"
        done
        {
                cat "$BASE/key-plain.pub"
                forced tools "PATH=$BASE/tools" # no rsync, nothing that makes a checksum
                forced odd "PATH=$BASE/odd:\$PATH" # tests put there what is odd
                printf 'command="internal-sftp" %s\n' "$(<"$BASE/key-sftp.pub")"
        } >"$BASE/authorized_keys"
        [[ $(id -u) != 0 || -d /run/sshd ]] || { mkdir /run/sshd && touch "$BASE/made-run-sshd"; }
        for i in {1..20}; do
                PORT=$((20000 + RANDOM))
                printf '%s\n' "ListenAddress 127.0.0.1:$PORT" "HostKey $BASE/key-host" \
                        "AuthorizedKeysFile $BASE/authorized_keys" "PidFile none" "StrictModes no" "UsePAM no" \
                        "PasswordAuthentication no" "KbdInteractiveAuthentication no" \
                        "PermitRootLogin prohibit-password" "PrintMotd no" "Subsystem sftp internal-sftp" >"$BASE/sshd_config"
                PATH=$PATH:/usr/sbin "$(PATH=$PATH:/usr/sbin command -v sshd)" -D -f "$BASE/sshd_config" -E "$BASE/sshd.log" 3>&- &
                SSHD=$!
                until_true answers "$PORT" "$SSHD" && kill -0 "$SSHD" && break
        done
        echo "$SSHD" >"$BASE/sshd.pid"
        export PORT
        make_ssh_config wrong
        make_ssh_config tools
        make_ssh_config odd
        make_ssh_config sftp
        make_ssh_config plain
        cp "$BASE/config-plain" "$BASE/config-each" # each command logs in by itself; with the others once for all
        for key in plain tools odd; do
                printf '%s\n' 'ControlMaster auto' "ControlPath $BASE/$key" 'ControlPersist yes' >>"$BASE/config-$key"
        done
}

forced() # KEY ASSIGNMENT
{
        printf 'command="%s; export PATH; exec sh -c \\"$SSH_ORIGINAL_COMMAND\\"" %s\n' "$2" "$(<"$BASE/key-$1.pub")"
}

answers() # PORT PID: or its end
{
        kill -0 "$2" 2>/dev/null || return 0
        (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# A configuration of ssh with nothing of this machine's in it.
make_ssh_config() # KEY
{
        printf '%s\n' "Host far" "HostName 127.0.0.1" "Port $PORT" "User $(id -un)" "IdentityFile $BASE/key-$1" \
                "IdentitiesOnly yes" "IdentityAgent none" "StrictHostKeyChecking yes" \
                "UserKnownHostsFile $BASE/known" "GlobalKnownHostsFile none" >"$BASE/config-$1"
        echo "[127.0.0.1]:$PORT $(cut -d' ' -f1,2 "$BASE/key-host.pub")" >"$BASE/known"
}

teardown_file()
{
        [[ -n ${BASE-} ]] || return 0
        for key in plain tools odd; do
                ssh -F "$BASE/config-$key" -O exit far 2>/dev/null || true
        done
        [[ ! -s $BASE/sshd.pid ]] || kill "$(<"$BASE/sshd.pid")" || true
        [[ ! -e $BASE/made-run-sshd ]] || rmdir /run/sshd || true
        rm -rf "$BASE"
}

# Why none of this can be tested here, if so.
why_not()
{
        local tool
        for tool in jq zstd ssh ssh-keygen; do
                command -v $tool >/dev/null || { echo "no $tool"; return; }
        done
        [[ -s $BASE/sshd.pid ]] || { echo "no sshd (openssh-server)"; return; }
        "$VIGIA" doctor --json >"$BASE/doctor"
        jq -e '.. | objects | select(has("libarchive")) | .libarchive' "$BASE/doctor" >/dev/null ||
                { echo "built without libarchive"; return; }
        kill -0 "$(<"$BASE/sshd.pid")" 2>/dev/null || { echo "sshd does not start here: $(tail -n 1 "$BASE/sshd.log")"; return; }
        ssh -F "$BASE/config-plain" -o BatchMode=yes far true 2>"$BASE/probe" ||
                echo "no way in over loopback: $(tail -n 1 "$BASE/probe")"
}

setup()
{
        common_setup
        [[ -z $WHY_NOT ]] || skip "$WHY_NOT"
        rm -f "$BASE/odd/"*
}

teardown()
{
        ! mountpoint -q "$DIR/full" 2>/dev/null || umount "$DIR/full"
        common_teardown
}

send() # KEY ARGUMENT…
{
        local key=$1
        shift
        timeout -k 5 100 "$VIGIA" send --ssh "ssh -F $BASE/config-$key" "$@"
}

# What arrived is the run: FOLDER.
arrived()
{
        local archive=$1/$RUN_ID.tar.zst
        [[ -f $archive && -s $1/latest-report.html ]]
        [[ $(find "$1" -name '.*.part' | wc -l) == 0 ]]
        mkdir "$DIR/unpacked"
        zstd -dcq "$archive" | tar -xC "$DIR/unpacked"
        cmp "$SENT/output.log" "$DIR/unpacked/$RUN_ID/output.log"
        cmp "$1/latest-report.html" "$DIR/unpacked/$RUN_ID/report.html"
        "$VIGIA" report "$DIR/unpacked/$RUN_ID" | grep -q 'exit 3'
}

# The archive stayed, and only that: nothing is left there under its name.
stayed() # FOLDER
{
        [[ -s $SENT.tar.zst && ! -e $SENT.tar.zst.tmp ]]
        [[ ! -e $1/$RUN_ID.tar.zst && ! -e $1/latest-report.html ]]
        rm "$SENT.tar.zst"
}

one_line() # the error, with the way to the archive
{
        [[ $(wc -l <"$DIR/err") == 1 ]] || { cat "$DIR/err"; return 1; }
        grep -qF "the archive is $SENT.tar.zst" "$DIR/err" || { cat "$DIR/err"; return 1; }
}

@test "by rsync: archive and page arrive whole, verified; nothing stays here" {
        command -v rsync >/dev/null || skip "no rsync"
        run -0 send each "$SENT" "far:$DIR/there/below"
        [[ $output == "$RUN_ID.tar.zst ("*") and latest-report.html: sent to far:$DIR/there/below, verified by SHA-256" ]]
        arrived "$DIR/there/below"
        [[ ! -e $SENT.tar.zst ]]
        run -0 send plain --json "$SENT" "far:$DIR/there/below"
        [[ $(jq -c '[.sent, .archive.was_there, .archive.verified, .archive.sent_bytes, .kept]' <<<"$output") == '[true,true,"sha256",0,null]' ]]
        [[ $(jq -r .archive.sha256 <<<"$output") == "$(sha256sum <"$DIR/there/below/$RUN_ID.tar.zst" | cut -c1-64)" ]]
}

@test "by ssh alone; names that a shell would take apart; what was there of old parts goes" {
        local there="$DIR/it's \$(touch $DIR/pwned) \`x\` \"a\" * ~;&|<>"
        mkdir -p "$there"
        touch -d '2 days ago' "$there/.$RUN_ID.tar.zst.0123456789abcdef.part"
        run -0 send plain --no-rsync --json "$SENT" "far:$there"
        [[ $(jq -r .archive.way <<<"$output") == ssh ]]
        arrived "$there"
        [[ ! -e $DIR/pwned ]]
        rm -r "$there" "$DIR/unpacked"
        if command -v rsync >/dev/null; then
                there=${there/\* /} # else it would be by ssh alone, too
                run -0 send plain --json "$SENT" "far:$there"
                [[ $(jq -r .archive.way <<<"$output") == rsync ]]
                arrived "$there"
        fi
}

# An ssh that loses its connection after so much of what goes there (or less: reads are short).
make_cut_ssh() # KILOBYTES
{
        printf '%s\n' '#!/bin/bash' 'case "${!#}" in' "*cat*) dd bs=1000 count=$1 2>/dev/null | ssh \"\$@\"; exit 255 ;;" \
                '*) exec ssh "$@" ;;' esac >"$DIR/cut-ssh"
        chmod +x "$DIR/cut-ssh"
}

@test "a transfer that was cut goes on where it was: ssh" {
        make_cut_ssh 60
        run -3 timeout 100 "$VIGIA" send --no-rsync --ssh "$DIR/cut-ssh -F $BASE/config-plain" "$SENT" "far:$DIR/there"
        [[ -s $SENT.tar.zst ]]
        local part=("$DIR"/there/.*.part)
        is "$(stat -c %s "${part[0]}")" '>' 100000 # each try went on where the one before was
        is "$(stat -c %s "${part[0]}")" '<' "$(stat -c %s "$SENT.tar.zst")"
        local there
        there=$(stat -c %s "${part[0]}")
        run -0 send plain --no-rsync --json "$SENT" "far:$DIR/there"
        [[ $(jq .archive.resumed_bytes <<<"$output") == "$there" ]]
        [[ $(jq '.archive.resumed_bytes + .archive.sent_bytes == .archive.bytes' <<<"$output") == true ]]
        arrived "$DIR/there"
}

@test "a transfer that was cut goes on where it was: rsync" {
        command -v rsync >/dev/null || skip "no rsync"
        make_cut_ssh 40
        run -3 timeout 100 "$VIGIA" send --no-rsync --ssh "$DIR/cut-ssh -F $BASE/config-plain" "$SENT" "far:$DIR/there"
        local part=("$DIR"/there/.*.part) there
        there=$(stat -c %s "${part[0]}")
        is "$there" '>' 0
        run -0 send plain --json "$SENT" "far:$DIR/there"
        [[ $(jq -c '[.archive.way, .archive.resumed_bytes]' <<<"$output") == "[\"rsync\",$there]" ]]
        arrived "$DIR/there"
}

@test "a part that is not what it should be is found out, and made anew" {
        local way
        for way in --no-rsync ''; do
                rm -rf "$DIR/there" "$DIR/unpacked"
                run -0 "$VIGIA" send --json -o "$DIR/kept.tar.zst" "$SENT" "$DIR/local"
                mkdir "$DIR/there"
                head -c 100000 /dev/zero >"$DIR/there/.$RUN_ID.tar.zst.$(jq -r '.archive.sha256[:16]' <<<"$output").part"
                run -0 send plain $way --json "$SENT" "far:$DIR/there"
                arrived "$DIR/there"
        done
}

@test "what arrives damaged every time is no success" {
        printf '#!/bin/sh\nexec tr "\\000" "\\001"\n' >"$BASE/odd/cat"
        chmod +x "$BASE/odd/cat"
        send odd --no-rsync "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'is not what was sent' "$DIR/err"
        one_line
        stayed "$DIR/there"
}

@test "a far side that has nothing but a shell: verified by size, and it says so" {
        run -0 send tools "$SENT" "far:$DIR/there"
        [[ $output == *"verified by size only"* ]]
        arrived "$DIR/there"
}

@test "a far side that has sftp and no shell: what was cut goes on, verified by size, and it says so" {
        command -v sftp >/dev/null || skip "no sftp"
        run -0 "$VIGIA" send --json -o "$DIR/kept.tar.zst" "$SENT" "$DIR/local"
        local there="$DIR/the*e/a b" part=.$RUN_ID.tar.zst.$(jq -r '.archive.sha256[:16]' <<<"$output").part
        mkdir -p "$there"
        head -c 100000 "$DIR/kept.tar.zst" >"$there/$part"
        run -0 send sftp "$SENT" "far:$there"
        [[ $output == *"by sftp, verified by size only; 97.7 KiB were there from before" ]]
        arrived "$there"
        rm -r "$DIR/unpacked"
        run -0 send sftp --json "$SENT" "far:$there" # onto its own name, and the page onto the one before
        [[ $(jq -c '[.archive.way, .archive.verified, .page.way]' <<<"$output") == '["sftp","size","sftp"]' ]]
        arrived "$there"
        run -3 send sftp "$SENT" "far:/proc/nothing"
        [[ $output == *"cannot look there"*"the archive is $SENT.tar.zst" ]]
        rm "$SENT.tar.zst"
}

@test "a folder whose name is a pattern: nothing goes into those that it matches" {
        mkdir -p "$DIR/there/aa" "$DIR/there/*"
        run -0 send plain "$SENT" "far:$DIR/there/*"
        arrived "$DIR/there/*"
        [[ $(ls -A "$DIR/there/aa") == "" ]]
}

@test "two sends of a run at once: one after the other" {
        send plain "$SENT" "far:$DIR/there" >"$DIR/one" 2>&1 3>&- &
        run -0 send plain "$SENT" "far:$DIR/there"
        wait %1
        arrived "$DIR/there"
        [[ ! -e $SENT.tar.zst ]]
}

@test "no ssh here: one line, and the command's exit code" {
        local vigia
        vigia=$(command -v "$VIGIA")
        mkdir "$DIR/none"
        PATH=$DIR/none "$vigia" send "$SENT" far:x 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'cannot start ssh: No such file or directory' "$DIR/err"
        one_line
        rm "$SENT.tar.zst"
        run -7 env PATH="$DIR/none" "$vigia" run -o "$DIR/one" --send far:x -- /bin/sh -c 'exit 7'
        [[ $output == *"not sent: cannot start ssh"*"the archive is $DIR/"* ]]
}

@test "a far side whose shell greets everybody" {
        printf '#!/bin/sh\necho Welcome, traveller\necho vigia-sendfree 3\nexec /bin/sh "$@"\n' >"$BASE/odd/sh"
        printf '#!/bin/sh\necho Welcome\nexec /usr/bin/rsync "$@"\n' >"$BASE/odd/rsync"
        chmod +x "$BASE/odd/"*
        run -0 send odd "$SENT" "far:$DIR/there"
        [[ $output == *"verified by SHA-256"* ]]
        arrived "$DIR/there"
}

@test "a port on which nobody listens: exit 3, one line, the archive stays" {
        sed "s/^Port .*/Port 1/" "$BASE/config-each" >"$BASE/config-dead"
        send dead "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'cannot reach far: .*Connection refused' "$DIR/err"
        one_line
        stayed "$DIR/there"
        run -3 --separate-stderr send dead --json "$SENT" "far:$DIR/there"
        [[ $(jq -c '[.sent, .kept]' <<<"$output") == "[false,\"$SENT.tar.zst\"]" ]]
        [[ $(jq -r .error <<<"$output") == *refused* ]]
}

@test "an address that never answers: given up at ConnectTimeout" {
        command -v python3 >/dev/null || skip "no python3"
        # A listener whose queue is full: connections to it are neither taken nor refused.
        python3 -c '
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
full = []
for i in range(8):
    c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); full.append(c)
print(s.getsockname()[1], flush=True)
time.sleep(300)' >"$DIR/port" 3>&- &
        local listener=$!
        until_true test -s "$DIR/port"
        sed "s/^Port .*/Port $(<"$DIR/port")/" "$BASE/config-each" >"$BASE/config-silent"
        send silent --connect-timeout 1s "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        kill "$listener"
        grep -q 'cannot reach far: .*timed out' "$DIR/err"
        one_line
        stayed "$DIR/there"
}

@test "--timeout ends a far side that hangs" {
        printf '#!/bin/sh\necho $$ >>"%s"\nexec sleep 300\n' "$DIR/hanging" >"$BASE/odd/mkdir"
        chmod +x "$BASE/odd/mkdir"
        send odd --timeout 1s "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        [[ ! -s $DIR/hanging ]] || xargs kill <"$DIR/hanging"
        grep -q 'not done in the time there was' "$DIR/err"
        one_line
        stayed "$DIR/there"
}

@test "a full disk there: seen before a byte is sent, and when it comes as a surprise" {
        [[ $(id -u) == 0 ]] || skip "mounting a small tmpfs needs root"
        mkdir "$DIR/full"
        mount -t tmpfs -o size=300k vigia-test "$DIR/full" 2>/dev/null || skip "no mount allowed here"
        send plain "$SENT" "far:$DIR/full" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'its disk is full: .* are needed, .* are free' "$DIR/err"
        one_line
        stayed "$DIR/full"
        printf '#!/bin/sh\nexec /bin/df -Pk /\n' >"$BASE/odd/df"
        chmod +x "$BASE/odd/df"
        local way
        for way in --no-rsync ''; do
                send odd $way "$SENT" "far:$DIR/full" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
                grep -q 'its disk is full' "$DIR/err" || { cat "$DIR/err"; return 1; }
                one_line
                [[ $(find "$DIR/full" -type f | wc -l) == 0 ]] # nor is it left full by us
                stayed "$DIR/full"
        done
        if command -v sftp >/dev/null; then
                send sftp "$SENT" "far:$DIR/full" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
                grep -q 'a full disk or a quota would fit' "$DIR/err"
                one_line
                [[ $(find "$DIR/full" -type f | wc -l) == 0 ]]
                stayed "$DIR/full"
        fi
        run -3 "$VIGIA" send "$SENT" "$DIR/full/" # a folder of this machine
        [[ $output == *"No space left"* ]]
        [[ $(find "$DIR/full" -type f | wc -l) == 0 ]]
}

@test "a wrong key, a host key that nobody knows, and one that has changed" {
        send wrong "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'far does not let us in: .*Permission denied' "$DIR/err"
        one_line
        stayed "$DIR/there"
        sed "s,^UserKnownHostsFile .*,UserKnownHostsFile $DIR/empty," "$BASE/config-each" >"$BASE/config-unknown"
        send unknown "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'the host key of far is not known here; log in once by hand: ssh far' "$DIR/err"
        one_line
        stayed "$DIR/there"
        [[ ! -s $DIR/empty ]] # nor was it believed
        echo "[127.0.0.1]:$PORT $(cut -d' ' -f1,2 "$BASE/key-other.pub")" >"$DIR/empty"
        send unknown "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'far shows another host key than it did before' "$DIR/err"
        one_line
        stayed "$DIR/there"
}

@test "a place there that cannot be written to, or is a file" {
        send plain "$SENT" "far:/proc/nothing" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'cannot look there' "$DIR/err"
        one_line
        stayed "$DIR/there"
        touch "$DIR/file"
        send plain "$SENT" "far:$DIR/file" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        one_line
        rm "$SENT.tar.zst"
        mkdir -p "$DIR/there/$RUN_ID.tar.zst"
        send plain "$SENT" "far:$DIR/there" 2>"$DIR/err" && return 1 || [[ $? == 3 ]]
        grep -q 'a folder has the name' "$DIR/err"
        rm "$SENT.tar.zst"
}

@test "into a folder; tar.gz; -o keeps the archive; two archives of a run are the same" {
        run -0 "$VIGIA" send "$SENT" "$DIR/local/"
        arrived "$DIR/local"
        run -0 "$VIGIA" send --format tar.gz -o "$DIR/kept/" "$SENT" "$DIR/local/"
        cmp "$DIR/kept/$RUN_ID.tar.gz" "$DIR/local/$RUN_ID.tar.gz"
        tar -tzf "$DIR/local/$RUN_ID.tar.gz" | grep -qx "$RUN_ID/samples.parquet"
        run -0 --separate-stderr "$VIGIA" send --json -o "$DIR/two.tar.zst" "$SENT" "$DIR/local"
        [[ $(jq -c '[.archive.was_there, .kept]' <<<"$output") == "[true,\"$DIR/two.tar.zst\"]" ]]
        cmp "$DIR/two.tar.zst" "$DIR/local/$RUN_ID.tar.zst"
}

@test "a sweep: its folder whole, with its page" {
        "$VIGIA" sweep -q -j 1,2 -o "$DIR/sweep" -- sh -c ': {j}' >/dev/null 2>&1
        run -0 "$VIGIA" send "$DIR/sweep" "$DIR/local/"
        mkdir "$DIR/unpacked"
        zstd -dcq "$DIR/local/"*.tar.zst | tar -xC "$DIR/unpacked"
        cmp "$DIR/sweep/sweep.json" "$DIR/unpacked/"*/sweep.json
        cmp "$DIR/local/latest-report.html" "$DIR/unpacked/"*/report.html
        "$VIGIA" report "$DIR/unpacked/"*/j2-1 | grep -q succeeded
}

@test "what is refused, before anything is done: exit 2" {
        local bad
        for bad in -oProxyCommand=id $'host\n:x' $'host:\e[2J' 'a b:c' '$(id):x' '' '@h:x' 'h:~other' ; do
                run -2 "$VIGIA" send "$SENT" -- "$bad"
                [[ ${#lines[@]} == 1 ]]
        done
        run -2 "$VIGIA" send "$SENT"
        run -2 "$VIGIA" send --ssh "ssh -o 'x y'" "$SENT" far:
        run -2 "$VIGIA" send --format zip "$SENT" far:
        run -2 "$VIGIA" send "$DIR/none" far:
        [[ ! -e $SENT.tar.zst ]]
        run -125 "$VIGIA" run --send -x -- touch "$DIR/ran"
        run -125 "$VIGIA" run --send 'a b' -- touch "$DIR/ran"
        [[ ! -e $DIR/ran ]]
}

@test "run --send: sent at the end; the exit code is the command's, whatever becomes of it" {
        printf '[send]\nssh = "ssh -F %s"\n[run]\nrules = "builtin"\n' "$BASE/config-plain" >vigia.toml
        run -5 "$VIGIA" run -o "$DIR/one" --send "far:$DIR/there" -- sh -c 'exit 5'
        [[ $output == *"latest-report.html: sent to far:$DIR/there, verified by SHA-256"* ]]
        [[ $(find "$DIR/there" -name '*.tar.zst' | wc -l) == 1 && -s $DIR/there/latest-report.html ]]
        [[ $(find "$DIR" -maxdepth 1 -name '*.tar.zst') == "" ]]
        sed -i "s,config-plain,config-wrong," vigia.toml
        run -6 "$VIGIA" run -q -o "$DIR/two" --send "far:$DIR/there" -- sh -c 'exit 6'
        [[ $output == "" ]]
        [[ $(find "$DIR" -maxdepth 1 -name '*.tar.zst' | wc -l) == 1 ]]
        run -0 "$VIGIA" run -o "$DIR/three" --send "far:$DIR/there" -- true
        [[ $output == *"not sent: far does not let us in"*"the archive is $DIR/"* ]]
        [[ -f $DIR/three/run.json && $(info_of three .exit_code) == 0 ]]
}

info_of()
{
        jq -r "$2" "$DIR/$1/run.json"
}

@test "a run that is still being recorded is not sent" {
        (cd "$DIR" && exec "$VIGIA" run -q -o "$DIR/live" -- sleep 100 3>&-) &
        until_true test -s "$DIR/live/totals/000000.parquet"
        run -3 "$VIGIA" send "$DIR/live" "$DIR/there/"
        [[ $output == *"still being recorded; vigia snapshot"* ]]
        [[ ! -e $DIR/there ]]
        kill %1
}
