#!/bin/bash
# Records the files that monitors read on this machine, twice, a second apart, as a root for tests:
# DIR/1 is a whole root, DIR/2 what differs in it a second later, DIR/2/REMOVED what was gone then.
#
#         tests/record-root.sh tests/roots/mine
#         build/tests/helpers/monitor-rows tests/roots/mine memory
#
# Works as an ordinary user, with what is readable; root sees more. What names a person or this one
# machine is replaced: host and user names, MAC addresses, UUIDs, identifiers, the names of mounts,
# volumes, services and containers; serial numbers, kernel messages and what processes are called
# are not read at all. Look through the result all the same before you hand it on. Bounded: FILES_MAX
# files of BYTES_MAX bytes.
set -uo pipefail
export LC_ALL=C

FILES_MAX=4000 BYTES_MAX=65536
to=${1:?usage: record-root.sh DIR}
[[ ! -e $to ]] || { echo "record-root.sh: $to is there already" >&2; exit 2; }
place=$(mktemp -d) || exit 3
trap 'rm -rf "$place"' EXIT
shopt -s nullglob

# ---- what is read ----

kernel_files()
{
        printf '%s\n' /proc/{meminfo,vmstat,stat,loadavg,uptime,version,swaps,diskstats,buddyinfo,pagetypeinfo,cgroups} \
                /proc/pressure/{cpu,memory,io,irq} /proc/self/{cgroup,mountinfo,limits} /proc/net/dev \
                /proc/sys/kernel/{osrelease,ostype,pid_max,threads-max,perf_event_paranoid,unprivileged_bpf_disabled} \
                /proc/sys/kernel/{kptr_restrict,dmesg_restrict,numa_balancing,ns_last_pid} \
                /proc/sys/kernel/{keys/maxkeys,pty/max,pty/nr,random/entropy_avail} \
                /proc/sys/vm/{overcommit_memory,overcommit_ratio,overcommit_kbytes,max_map_count,min_free_kbytes} \
                /proc/sys/vm/{swappiness,admin_reserve_kbytes,user_reserve_kbytes,zone_reclaim_mode,nr_hugepages} \
                /proc/sys/fs/{file-nr,file-max,nr_open,inode-nr,dentry-state,inotify/max_user_watches,inotify/max_user_instances} \
                /sys/devices/system/cpu/{online,possible,present} \
                /sys/devices/system/cpu/cpu[0-9]*/{thermal_throttle/*,topology/{core_id,physical_package_id,die_id}} \
                /sys/devices/system/cpu/{cpu[0-9]*/cpufreq,cpufreq/policy[0-9]*}/{scaling_cur_freq,cpuinfo_max_freq,cpuinfo_min_freq,scaling_governor,affected_cpus} \
                /sys/devices/system/node/node[0-9]*/{meminfo,numastat,cpulist,distance} \
                /sys/kernel/debug/{mm/migrate/stats,extfrag/*} /sys/kernel/mm/transparent_hugepage/{enabled,defrag} \
                /sys/fs/btrfs/*/{allocation/*/{total_bytes,bytes_used},devinfo/*/error_stats}
}

# The folders of devices: sys/class has links into sys/devices, and so will the root. The files in
# them that are figures, and how they are called; never serial, address, uevent, wwid.
class_entries()
{
        printf '%s\n' /sys/class/{hwmon,thermal,powercap,power_supply,net}/* /sys/class/drm/card[0-9]* /sys/block/* /sys/dev/block/*
}

device_files() # FOLDER
{
        printf '%s\n' "$1"/{name,type,temp,mode,policy,online,status,present,capacity,scope,size,removable,partition,dev} \
                "$1"/{temp,fan,in,power,energy,curr,freq,pwm,humidity}[0-9]*_{input,label,max,min,crit,crit_alarm,alarm,average,cap,emergency} \
                "$1"/trip_point_*_{temp,type} "$1"/{energy_uj,max_energy_range_uj,enabled} \
                "$1"/{energy,charge,power,voltage,current}_{now,full,full_design,min_design} \
                "$1"/{operstate,speed} \
                "$1"/gt_{cur,act,min,max,RP0}_freq_mhz \
                "$1"/device/{vendor,device,class,gpu_busy_percent,mem_busy_percent,mem_info_*_total,mem_info_*_used} \
                "$1"/device/hwmon/hwmon*/{name,temp*_input,temp*_label,power1_average,fan1_input,freq*_input}
}

# The cgroups from ours to the top of each hierarchy.
cgroup_files()
{
        local id controllers path mount options type folder
        while IFS=: read -r id controllers path; do
                while read -r _ _ _ _ mount options rest; do
                        type=${rest#*- }
                        case $type in
                        cgroup2*) [[ -z $controllers ]] || continue ;;
                        cgroup\ *) [[ -n $controllers && ",${type##*[ ]}," == *",$controllers,"* || $mount == */"$controllers" ]] || continue ;;
                        *) continue ;;
                        esac
                        folder=$path
                        while :; do
                                printf '%s\n' "$mount${folder%/}"/{cgroup.{controllers,subtree_control,type,events},pids.*} \
                                        "$mount${folder%/}"/memory.{current,peak,max,high,low,min,stat,events,events.local,pressure,swap.*} \
                                        "$mount${folder%/}"/memory.{{limit,usage,max_usage}_in_bytes,memsw.{limit,usage}_in_bytes,failcnt,oom_control,use_hierarchy} \
                                        "$mount${folder%/}"/{cpu.{stat,max,weight,pressure,cfs_quota_us,cfs_period_us,shares},cpuacct.{usage,stat},io.{stat,max,pressure}} \
                                        "$mount${folder%/}"/blkio.throttle.{io_service_bytes,io_serviced}
                                [[ -n ${folder%/} ]] || break
                                folder=${folder%/*}
                        done
                done </proc/self/mountinfo
        done </proc/self/cgroup
}

list_files()
{
        local entry folder
        kernel_files
        while IFS= read -r entry; do
                folder=$(readlink -f "$entry")
                # Loop devices that are not in use are all alike.
                [[ -n $folder && ! ( $folder == */block/loop* && $(<"$folder/size") == 0 ) ]] && device_files "$folder"
        done < <(class_entries)
        cgroup_files
}

# ---- reading ----

# Without a process for each file: all of a tick is read in a moment.
read_tick() # NUMBER
{
        local path text
        while IFS= read -r path; do
                # No file that would wait, or that is other than text.
                [[ -f $path && -r $path ]] || continue
                text=
                IFS= read -r -d '' -N "$BYTES_MAX" text 2>/dev/null <"$path"
                # What says nothing at all could not be read, but for the few that are empty when fine.
                [[ -n $text || $path == */cgroup.subtree_control ]] || continue
                printf '%s' "$text" >"$place/$1$path"
        done <"$place/list"
}

make_folders() # NUMBER
{
        sed 's,/[^/]*$,,' "$place/list" | sort -u | sed "s,^,$place/$1," | tr '\n' '\0' | xargs -0 mkdir -p
}

# The links of sys/class, and of each device to its parent and class.
record_links()
{
        local entry folder name
        while IFS= read -r entry; do
                [[ -L $entry ]] || continue
                folder=$(readlink -f "$entry")
                [[ -d $place/1$folder ]] || continue
                mkdir -p "$place/1${entry%/*}"
                ln -sfn "$(readlink "$entry")" "$place/1$entry"
                # What a disk is made of, its slaves, makes a volume of it.
                for name in "$folder"/{device,subsystem,slaves/*}; do
                        [[ -L $name && ! -e $place/1$name ]] || continue
                        mkdir -p "$place/1${name%/*}"
                        ln -sfn "$(readlink "$name")" "$place/1$name"
                done
        done < <(class_entries)
}

record_statvfs()
{
        local mount figures
        while read -r _ _ _ _ mount _; do
                # A dead server's mount would wait for ever.
                figures=$(timeout 2 stat -f -c '%S %b %f %a %c %d' -- "$(printf '%b' "${mount//\\/\\0}")" 2>/dev/null) &&
                        printf '%s %s\n' "$mount" "$figures"
        done </proc/self/mountinfo | sort -u
}

# ---- what is nobody's business ----

# Words that may stand in a path; every other component becomes placeN, always the same.
known='. sys proc dev run boot efi home root var lib usr local opt srv tmp mnt media snap nix store data etc
        kernel debug tracing security fs cgroup unified systemd bpf pstore config shm pts mqueue hugepages lock user bus acpi misc
        cpu cpuacct cpu,cpuacct cpuset memory pids blkio io devices freezer net_cls net_prio net_cls,net_prio perf_event
        hugetlb rdma init.scope ssh.service sshd.service cron.service docker.service containerd.service dbus.service'

scrub_paths() # MAP FILE…: mountinfo, statvfs and cgroup files, in place; the map of names goes to MAP
{
        awk -v known="$known" -v map="$1" '
        function part(p,    suffix, blanks) {
                if (p == "" || p in kept || p ~ /^[0-9]+$/ || p ~ /^(user|system|machine|app|session|background|docker)(-[0-9]+)?\.slice$/ ||
                    p ~ /^user(-runtime-dir)?@[0-9]+\.service$/ || p ~ /^session-c?[0-9]+\.scope$/)
                        return p
                if (!(p in names)) {
                        suffix = match(p, /\.(slice|scope|service|mount|socket)$/) ? substr(p, RSTART) : ""
                        blanks = p ~ /\\0/ ? "\\040" : ""
                        names[p] = "place" blanks (++count) suffix
                        print p "\t" names[p] > map
                }
                return names[p]
        }
        function path(text,    n, parts, i, out) {
                n = split(text, parts, "/")
                for (i = 1; i <= n; i++) out = out (i > 1 ? "/" : "") part(parts[i])
                return out
        }
        function mount(    i, dash) {
                for (i = 7; i <= NF; i++) if ($i == "-") { dash = i; break }
                $4 = path($4); $5 = path($5)
                # What is mounted: a device stays, a server, a folder, a label does not.
                if ($(dash + 2) !~ /^\/dev\/(sd|nvme|vd|xvd|dm-|md|loop|mmcblk|ram|zram)[a-z0-9]*$/ && $(dash + 2) ~ /[\/:]/)
                        $(dash + 2) = $(dash + 2) ~ /^\/dev\// ? "/dev/mapper/" part($(dash + 2)) : \
                                $(dash + 2) ~ /:/ ? "server.example:/" part($(dash + 2)) : "/" part($(dash + 2))
                else if ($(dash + 2) !~ /^\//)
                        $(dash + 2) = $(dash + 1)
                if ($(dash + 1) ~ /^(overlay|nfs|cifs|fuse|9p|ceph|autofs)/) $(dash + 3) = "rw"
                gsub(/(subvol|lowerdir|upperdir|workdir|addr|clientaddr|mountaddr|username|domain|model)=[^,]*/, "&!", $(dash + 3))
                gsub(/=[^,!]*!/, "=removed", $(dash + 3))
        }
        BEGIN { n_known = split(known, words); for (i = 1; i <= n_known; i++) kept[words[i]] = 1 }
        FNR == 1 { close(out); out = FILENAME ".new" }
        FILENAME ~ /mountinfo$/ { mount(); print > out; next }
        FILENAME ~ /statvfs$/ { $1 = path($1); print > out; next }
        { n = index($0, "/"); print substr($0, 1, n - 1) path(substr($0, n)) > out }' "${@:2}"
        for file in "${@:2}"; do
                [[ ! -f $file.new ]] || mv "$file.new" "$file"
        done
}

# Of cgroups, whose names are folders: renamed as they were in the text.
rename_folders() # ROOT MAP
{
        local old new folder
        while IFS=$'\t' read -r old new; do
                find "$1/sys/fs/cgroup" -depth -type d -name "$(printf '%b' "${old//\\/\\0}")" 2>/dev/null | while IFS= read -r folder; do
                        mv "$folder" "${folder%/*}/$new"
                done
        done <"$2"
}

# Addresses and names, wherever they stand: in texts, names of files, targets of links.
write_rules()
{
        local name word
        {
                echo 's/([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}/02:00:00:00:00:01/g'
                echo 's/[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}/00000000-0000-0000-0000-000000000001/g'
                echo 's/(enx|wlx|wwx)[0-9a-f]{12}/\1020000000001/g'
                echo 's/\b(veth|br-|cali|vnet|tap)[0-9a-f]{4,}/\10000001/g'
                for name in $(uname -n) $(uname -n | cut -d. -f1) $(getent passwd 2>/dev/null | awk -F: '$3 >= 1000 && $3 < 65000 { print $1 }') \
                        ${SUDO_USER-} ${USER-} ${LOGNAME-}; do
                        word=$(printf '%s' "$name" | sed 's/[][\.*^$/+?(){}|-]/\\&/g')
                        [[ ${#name} -gt 2 && $name != root && $name != localhost && $name != user ]] && echo "s/\\b$word\\b/user/g"
                done
        } >"$place/rules"
}

scrub_names()
{
        local path new target
        find "$place"/[12] -depth \( -name '*[0-9A-Fa-f]:[0-9A-Fa-f]*' -o -name '*-*-*-*-*' -o -name '*x[0-9a-f]*[0-9a-f]' -o -name 'veth*' -o -name 'br-*' \) -print |
                while IFS= read -r path; do
                        new=$(printf '%s' "${path##*/}" | sed -E -f "$place/rules")
                        [[ $new == "${path##*/}" || -e ${path%/*}/$new ]] || mv "$path" "${path%/*}/$new"
                done
        find "$place"/[12] -type l | while IFS= read -r path; do
                target=$(readlink "$path")
                new=$(printf '%s' "$target" | sed -E -f "$place/rules")
                [[ $new == "$target" ]] || ln -sfn "$new" "$path"
        done
}

scrub()
{
        local tick files=("$place"/[12]/{proc/self/mountinfo,statvfs,proc/self/cgroup})
        # All at once, so that a name becomes the same everywhere.
        scrub_paths "$place/map" "${files[@]}"
        for tick in 1 2; do
                [[ ! -f $place/map ]] || rename_folders "$place/$tick" "$place/map"
                # "(somebody@somewhere)" built the kernel.
                [[ ! -f $place/$tick/proc/version ]] || sed -i -E 's/\([^()@ ]+@[^()@ ]+\)/(builder@example)/' "$place/$tick/proc/version"
                [[ ! -f $place/$tick/proc/swaps ]] || sed -i -E 's,^/[^ \t]*/([^/ \t]*),/dev/\1,' "$place/$tick/proc/swaps"
                find "$place/$tick" -type f -exec sed -i -E -f "$place/rules" {} +
        done
        scrub_names
}

# ---- the second tick: only what is other ----

reduce()
{
        local path
        (cd "$place/2" && find . -type f) | while IFS= read -r path; do
                cmp -s "$place/1/$path" "$place/2/$path" && rm "$place/2/$path"
        done
        (cd "$place/1" && find . -type f) | while IFS= read -r path; do
                [[ -e $place/kept/$path ]] || printf '%s\n' "${path#./}"
        done >"$place/removed"
        [[ ! -s $place/removed ]] || cp "$place/removed" "$place/2/REMOVED"
        find "$place"/[12] -type d -empty -delete
}

list_files | sort -u | head -n "$FILES_MAX" >"$place/list"
make_folders 1
make_folders 2
write_rules
read_tick 1
sleep 1
read_tick 2
record_links
record_statvfs >"$place/1/statvfs"
cp "$place/1/statvfs" "$place/2/statvfs"
scrub
cp -r "$place/2" "$place/kept"
reduce
mkdir -p "$to" && cp -r "$place/1" "$to/" || exit 3
[[ ! -d $place/2 ]] || cp -r "$place/2" "$to/"
echo "$to: $(find "$to/1" -type f | wc -l) files, $(find "$to/2" -type f 2>/dev/null | wc -l) of them other a second later, $(du -sk "$to" | cut -f 1) KiB"
