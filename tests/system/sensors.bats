# Temperatures by libsensors, over a /sys/class/hwmon of our own in a private mount namespace:
# libsensors looks nowhere else.
load common

setup()
{
        common_setup
        [[ $(id -u) == 0 ]] || skip "mounts need root"
        ldconfig -p | grep -q 'libsensors\.so\.5' || skip "no libsensors.so.5 here"
        unshare -m true 2>/dev/null || skip "no mount namespaces here"
        [[ $(stat -f -c %T /sys) == sysfs ]] || skip "/sys is not sysfs here"
        [[ -e /etc/sensors3.conf ]] || skip "no /etc/sensors3.conf to mount ours over"
        mkdir config
        cat >fake-sys <<'END'
set -e
mount -t tmpfs none /sys/class
cd /sys/class
put() { mkdir -p "$(dirname "$1")"; printf '%s\n' "$2" >"$1"; }
mkdir -p fake/coretemp.0 fake/nvme0 fake/0000:01:00.0 hwmon/hwmon0 hwmon/hwmon1
ln -s ../../../bus/platform fake/coretemp.0/subsystem
ln -s ../../../bus/pci fake/0000:01:00.0/subsystem
ln -s ../../../class/nvme fake/nvme0/subsystem
ln -s ../0000:01:00.0 fake/nvme0/device
ln -s ../../fake/coretemp.0 hwmon/hwmon0/device
ln -s ../../fake/nvme0 hwmon/hwmon1/device
put hwmon/hwmon0/name coretemp
for i in 1 2 3; do
        put hwmon/hwmon0/temp${i}_input $((50000 + i * 1000))
        put hwmon/hwmon0/temp${i}_label "Core $i"
        put hwmon/hwmon0/temp${i}_max 80000
        put hwmon/hwmon0/temp${i}_crit 100000
done
put hwmon/hwmon1/name nvme
put hwmon/hwmon1/temp1_input 44850
put hwmon/hwmon1/temp1_label Composite
put hwmon/hwmon1/temp1_max 84850
put hwmon/hwmon1/temp1_crit 87850
put hwmon/hwmon1/temp2_input 39850
put hwmon/hwmon1/temp2_max 65261850
put hwmon/hwmon1/fan1_input 900
put powercap/intel-rapl:0/name package-0
put powercap/intel-rapl:0/energy_uj 123456789
put powercap/intel-rapl:0/max_energy_range_uj 262143328850
mount --bind "$1" /etc/sensors3.conf
shift
exec "$@"
END
}

under() # CONFIG COMMAND…
{
        unshare -m bash "$DIR/fake-sys" "$DIR/config/$1" "${@:2}"
}

sensors_of()
{
        jq -s -c 'map(select(.t_ns == 1000000000 and .chip != "cpu") | [.chip, .sensor, .kind, .value_c // .speed_rpm, .max_c, .critical_c])' "$1"
}

@test "sensors: libsensors and the files give the same rows" {
        : >config/own
        under own monitor-rows / temperature >library
        under own monitor-rows / temperature libsensors=0 >files
        [[ $(jq -s 'map(select(.t_ns == 1000000000 and .chip != "cpu")) | length' library) == 6 ]]
        diff <(sensors_of library | jq -c sort) <(sensors_of files | jq -c sort)
        sensors_of library | jq -e 'index([["nvme-pci-0100","Composite","temperature",44.85,84.85,87.85]]) != null'
}

@test "sensors: the configuration's labels, ignored sensors and corrections count" {
        cat >config/own <<'END'
chip "coretemp-*"
        label temp1 "Behind the \"left\" cover"
        ignore temp2
        compute temp3 @+5.5, @-5.5
END
        under own monitor-rows / temperature >library
        sensors_of library | jq -e 'map(select(.[0] == "coretemp-isa-0000")) | map(.[1]) == ["Behind the \"left\" cover", "Core 3"]'
        sensors_of library | jq -e 'map(select(.[1] == "Core 3"))[0][3] == 58.5'
}

@test "sensors: a mistake in the configuration is not told on our standard error" {
        printf 'chip "coretemp-*"\n\tlabel label label\n???\n' >config/own
        under own monitor-rows / temperature >library 2>err
        [[ ! -s err ]]
        [[ $(jq -s 'map(select(.t_ns == 1000000000 and .chip == "coretemp-isa-0000")) | length' library) == 3 ]]
}

@test "sensors: a recording has them and the energy in tables of their own" {
        : >config/own
        under own "$VIGIA" run ${SOURCE:+--source "$SOURCE"} -q -o "$RUN" -- sh -c "$UNTIL_TABLES" "$RUN" temperature power
        [[ $(figure temperature 'map(select(.chip == "nvme-pci-0100" and .kind == "temperature") | .critical_c) | unique | length') == 2 ]]
        [[ $(figure power '.[0] | [.zone, .energy_uj, .energy_range_uj] | join(" ")') == "package-0 123456789 262143328850" ]]
        [[ $(info '[.monitors[] | select(.name == "temperature" or .name == "power") | .errors] | add') == 0 ]]
}
