#!/bin/sh
# Installs what vigia is built, tested and measured with: Debian packages, through sudo only
# where needed. Usage: install-deps.sh [build] [test] [bench] [peers]. Installs nothing that is
# already there; on another system it names the packages to install.
set -eu

# A word is PACKAGE or PACKAGE:COMMAND; with a command, any installed one of that name will do.
required=""
optional=""

want()
{
        case $1 in
        build)
                required="$required gcc:gcc libc6-dev meson:meson ninja-build:ninja pkg-config:pkg-config libjansson-dev libpcre2-dev"
                optional="$optional clang:clang llvm bpftool:bpftool libbpf-dev libelf-dev zlib1g-dev libzstd-dev libsnappy-dev liblz4-dev libbrotli-dev libsystemd-dev libsensors-dev libsqlite3-dev libcairo2-dev libexpat1-dev libdw-dev libarchive-dev libcap2-bin:setcap nodejs:node npm:npm"
                ;;
        test)
                required="$required libcmocka-dev bats:bats"
                optional="$optional clang:clang libclang-rt-dev libsensors5 libcairo2 poppler-utils:pdftotext valgrind:valgrind nodejs:node npm:npm chromium:chromium fonts-dejavu-core util-linux:setpriv bsdutils:script jq:jq procps:ps man-db:man systemd-journal-remote openssh-client:ssh rsync:rsync zstd:zstd nix-bin:nix-daemon qemu-system-x86:qemu-system-x86_64 busybox-static"
                # Where services are started, an sshd would be one for all the network.
                [ -d /run/systemd/system ] || optional="$optional openssh-server"
                ;;
        bench)
                optional="$optional jq:jq util-linux:setpriv"
                ;;
        peers)
                optional="$optional runlim:runlim atop:atop sysstat:pidstat forkstat:forkstat python3-memory-profiler"
                ;;
        *)
                echo "install-deps.sh: unknown set $1; one of: build test bench peers" >&2
                exit 2
                ;;
        esac
}

[ $# -gt 0 ] || set -- build
for set in "$@"; do
        want "$set"
done

installed()
{
        case $1 in
        *:*) command -v "${1#*:}" >/dev/null 2>&1 && return 0 ;;
        esac
        [ "$(dpkg-query -W -f '${db:Status-Status}' "${1%%:*}" 2>/dev/null)" = installed ]
}

missing_of()
{
        for word in "$@"; do
                installed "$word" || printf '%s ' "${word%%:*}"
        done
}

other_system()
{
        cat >&2 <<'END'
install-deps.sh: no apt-get here: install these yourself, then go on.
  Fedora   gcc meson ninja-build pkgconf jansson-devel pcre2-devel clang llvm bpftool libbpf-devel
           elfutils-libelf-devel zlib-devel libzstd-devel snappy-devel lz4-devel brotli-devel
           systemd-devel libcap; tests: libcmocka-devel bats nodejs npm jq util-linux
  Arch     gcc meson ninja pkgconf jansson pcre2 clang llvm bpf libbpf libelf zlib zstd snappy lz4
           brotli systemd-libs libcap; tests: cmocka bats nodejs npm jq util-linux
  NixOS    nix-shell -p gcc meson ninja pkg-config jansson pcre2 clang llvm bpftools libbpf elfutils
           zlib zstd snappy lz4 brotli systemd libcap cmocka bats nodejs jq util-linux
END
        for tool in gcc meson ninja pkg-config; do
                command -v "$tool" >/dev/null 2>&1 || exit 1
        done
        pkg-config --exists jansson libpcre2-8 || exit 1
        echo "install-deps.sh: what is needed at least is there; going on" >&2
        exit 0
}

command -v apt-get >/dev/null 2>&1 || other_system

# shellcheck disable=SC2086
missing="$(missing_of $required)"
# shellcheck disable=SC2086
wanted="$(missing_of $optional)"
[ -n "$missing$wanted" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
        as_root=
elif ! command -v sudo >/dev/null 2>&1; then
        echo "install-deps.sh: neither root nor sudo; as root: apt-get install $missing$wanted" >&2
        [ -z "$missing" ] && exit 0
        exit 1
elif [ -t 0 ]; then
        as_root=sudo
else
        as_root="sudo -n"
fi

# Another apt may be at work: wait for it rather than fail.
apt()
{
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" \
                </dev/null >&2
}

echo "install-deps.sh: installing $missing$wanted" >&2
apt update || echo "install-deps.sh: apt-get update had errors; trying with the lists there are" >&2

# Optional ones that this release does not have are left out, by name.
available=""
for package in $wanted; do
        if apt-cache show "$package" >/dev/null 2>&1; then
                available="$available $package"
        else
                echo "install-deps.sh: no package $package here; left out" >&2
        fi
done

# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing $available && exit 0
echo "install-deps.sh: not all could be installed; trying one at a time" >&2
failed=""
for package in $missing $wanted; do
        apt install -y --no-install-recommends "$package" || failed="$failed $package"
done
[ -n "$failed" ] && echo "install-deps.sh: could not install:$failed" >&2
for package in $failed; do
        case " $missing" in
        *" $package "*) echo "install-deps.sh: $package is needed; is there a network?" >&2; exit 1 ;;
        esac
done
exit 0
