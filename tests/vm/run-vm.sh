#!/bin/bash
# Boots Debian's cloud kernel with an initramfs that holds vigia, its libraries and a script; runs
# the script as root and shows what it prints. Exits as the script did; 3: no machine can be had
# here; 4: it hung.
#
#   run-vm.sh [-b BUILD] [-m MEGABYTES] [-c CPUS] [-a KERNEL-ARGUMENTS] [-t SECONDS] [-p PROGRAM]…
#             [-f FILE-OR-FOLDER]… [-k MODULE]… [-d OPERATIONS] SCRIPT
#
# Needs qemu-system-x86 and busybox-static. No KVM: 5 to 15 s to boot (VIGIA_VM_ACCEL=kvm where it
# works; nested in another machine it may hang).
# The kernel is downloaded once into build/vm (VIGIA_VM_KERNEL=FILE takes another).
# Inside: PATH has vigia, the programs given by -p, and busybox; cgroup2 is on /sys/fs/cgroup;
# what -f names at its own place; the kernel's modules that -k names, where it has them, in /vigia/modules; users root and nobody; the tree's tests/roots below /vigia/tests, working folder /vigia/build;
# with -d an empty disk of 64 MB, /dev/nvme0n1, that does so many operations a second.
set -euo pipefail

top="$(cd "$(dirname "$0")/../.." && pwd)"
build="$top/build" megabytes=1024 cpus=2 arguments="" seconds=300 operations=""
programs=() files=() modules=()

usage()
{
        sed -n '5,6s/^# *//p' "$0" >&2
        exit 2
}

while getopts b:m:c:a:t:p:f:k:d: letter; do
        case $letter in
        b) build="$(cd "$OPTARG" && pwd)" ;;
        m) megabytes=$OPTARG ;;
        c) cpus=$OPTARG ;;
        a) arguments=$OPTARG ;;
        t) seconds=$OPTARG ;;
        p) programs+=("$OPTARG") ;;
        f) files+=("$OPTARG") ;;
        k) modules+=("$OPTARG") ;;
        d) operations=$OPTARG ;;
        *) usage ;;
        esac
done
shift $((OPTIND - 1))
[[ $# -eq 1 && -f $1 ]] || usage
script=$1

cannot()
{
        echo "run-vm.sh: $1" >&2
        exit 3
}

[[ $(uname -m) == x86_64 ]] || cannot "the machine's programs are for x86_64, this is $(uname -m)"
qemu="$(command -v qemu-system-x86_64)" || cannot "no qemu-system-x86_64 (package qemu-system-x86)"
busybox="$(command -v busybox)" || cannot "no busybox (package busybox-static)"
file_is_static()
{
        ! ldd "$1" >/dev/null 2>&1
}
file_is_static "$busybox" || cannot "$busybox is not static (package busybox-static)"

# Debian's cloud kernel: virtio and serial built in, BTF, memory.peak. Downloaded, not installed.
find_kernel()
{
        local folder="$top/build/vm" package
        kernel="${VIGIA_VM_KERNEL:-}"
        [[ -z $kernel || -r $kernel ]] || cannot "$kernel cannot be read"
        [[ -n $kernel ]] && return
        kernel="$(ls -v "$folder"/root/boot/vmlinuz-* 2>/dev/null | tail -n 1 || true)"
        [[ -n $kernel ]] && return
        command -v apt-get >/dev/null || cannot "no apt-get: set VIGIA_VM_KERNEL to a vmlinuz"
        mkdir -p "$folder"
        package="$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
                sed -n 's/^ *Depends: *\(linux-image-[0-9]\)/\1/p' | head -n 1)"
        [[ -n $package ]] || cannot "no package linux-image-cloud-amd64 here (apt-get update?)"
        (cd "$folder" && timeout 300 apt-get -q download "$package" >/dev/null) ||
                cannot "could not download $package"
        dpkg-deb -x "$folder"/"$package"_*.deb "$folder/root"
        rm -f "$folder"/"$package"_*.deb
        kernel="$(ls -v "$folder"/root/boot/vmlinuz-* | tail -n 1)"
        [[ -n $kernel ]] || cannot "$package has no vmlinuz"
}

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# What a program is linked with, at the same places as here.
add_libraries()
{
        local library
        while read -r library; do
                install -D "$library" "$root$library"
        done < <(ldd "$1" 2>/dev/null | grep -o '/[^ ]*')
}

add_program()
{
        install -D "$1" "$root/usr/bin/$(basename "$1")"
        add_libraries "$1"
}

add_file()
{
        if [[ -d $1 ]]; then
                mkdir -p "$root$1"
                cp -r "$1/." "$root$1/"
        else
                install -D "$1" "$root$1"
                add_libraries "$1"
        fi
}

make_root()
{
        local root="$scratch/root" program
        mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,etc,root,var/lib,vigia/build,vigia/tests,home}
        cp "$busybox" "$root/bin/busybox"
        add_program "$build/vigia"
        for program in "${programs[@]}"; do
                add_program "$program"
        done
        for program in "${files[@]}"; do
                add_file "$program"
        done
        mkdir "$root/vigia/modules"
        for program in "${modules[@]}"; do
                find "$(dirname "$kernel")/../lib/modules" -name "$program.ko*" -exec cp '{}' "$root/vigia/modules/" \; 2>/dev/null || true
        done
        cp -r "$top/tests/roots" "$root/vigia/tests/"
        printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/tmp:/bin/sh \
                messagebus:x:100:100::/:/bin/false >"$root/etc/passwd"
        printf '%s\n' root:x:0: nogroup:x:65534: messagebus:x:100: >"$root/etc/group"
        install -m 755 "$script" "$root/test"
        cp "$top/tests/vm/guest.sh" "$root/vigia/guest.sh"
        mkdir -p "$root/etc/systemd"
        cp -r "$top/tests/vm/units" "$root/etc/systemd/system"
        install -m 755 "$top/tests/vm/init" "$root/init"
        (cd "$root" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip -1) \
                >"$scratch/initramfs"
}

boot()
{
        local disk=()
        if [[ -n $operations ]]; then
                truncate -s 64M "$scratch/disk"
                disk=(-drive "file=$scratch/disk,format=raw,if=none,id=slow,throttling.iops-total=$operations" -device nvme,drive=slow,serial=slow)
        fi
        timeout --foreground "$seconds" "$qemu" -M q35 -accel "${VIGIA_VM_ACCEL:-tcg}" -cpu max -m "$megabytes" \
                -smp "$cpus" -nographic -no-reboot -nodefaults -serial stdio -monitor none "${disk[@]}" \
                -kernel "$kernel" -initrd "$scratch/initramfs" \
                -append "console=ttyS0 quiet panic=-1 $arguments" </dev/null 2>"$scratch/qemu" |
                tr -d '\r' | tee "$scratch/output" | sed -u '/^vigia-vm: exit [0-9]*$/d'
}

find_kernel
make_root
boot || true
status="$(sed -n 's/^vigia-vm: exit \([0-9]*\)$/\1/p' "$scratch/output" | tail -n 1)"
if [[ -z $status ]]; then
        tail -n 5 "$scratch/qemu" >&2
        echo "run-vm.sh: the machine did not come to the end of $script in $seconds s" >&2
        exit 4
fi
exit "$status"
