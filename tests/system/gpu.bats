# GPUs by NVML, against a library with known answers (tests/helpers/fake-nvml.c).
load common

setup()
{
        common_setup
        roots="$BATS_TEST_DIRNAME/../roots" golden="$BATS_TEST_DIRNAME/../golden/nvml"
        bin="$SUITE_DIR/bin"
        [[ -e $bin/libnvidia-ml.so.1 ]] || skip "no libnvidia-ml.so.1 was built beside the helpers"
}

absent() # MODE
{
        FAKE_NVML=$1 monitor-rows "$roots/container" gpu library="$bin/libnvidia-ml.so.1" | jq -r '.absent'
}

@test "gpu: one that supports all, one that supports little, one that is lost" {
        monitor-rows "$roots/container" gpu library="$bin/libnvidia-ml.so.1" >rows
        diff "$golden/three-gpus.jsonl" rows
}

@test "gpu: processes in the longer entries of R535 are read alike" {
        FAKE_NVML=r535 monitor-rows "$roots/container" gpu library="$bin/libnvidia-ml.so.1" >rows
        diff "$golden/three-gpus.jsonl" rows
}

@test "gpu: a library of the first version, a name without end, a GPU that cannot be had" {
        monitor-rows "$roots/container" gpu library="$bin/libfake-nvml-old.so" >rows
        diff "$golden/old.jsonl" rows
}

@test "gpu: more processes than are asked for are none, and no harm" {
        FAKE_NVML=many monitor-rows "$roots/container" gpu library="$bin/libnvidia-ml.so.1" >rows
        [[ $(jq -s 'map(select(.process_use == "compute")) | length' rows) == 0 ]]
        [[ $(jq -s 'map(select(.pid == null)) | length' rows) == 6 ]]
}

@test "gpu: a library that does not start says why, and what to do" {
        [[ $(absent mismatch) == *"of different versions"* ]]
        [[ $(absent driver) == "the NVIDIA driver is not loaded" ]]
        [[ $(absent permission) == /dev/nvidiactl* ]]
        [[ $(absent odd) == "NVML does not start (error 999)" ]]
        [[ $(absent none) == "no GPU here"* ]]
        [[ $(monitor-rows "$roots/container" gpu library=libm.so.6 | jq -r .absent) == *"is not NVML"* ]]
        [[ $(monitor-rows "$roots/container" gpu library=/none.so | jq -r .absent) == "/none.so cannot be loaded" ]]
}

@test "gpu: beside the kernel's own drivers" {
        monitor-rows "$roots/workstation" gpu library="$bin/libnvidia-ml.so.1" >rows
        [[ $(jq -s -c 'map(select(.t_ns == 1000000000 and .pid == null) | .driver) | unique' rows) == '["amdgpu","nvidia"]' ]]
}

# Runs a command where the kernel seems to have the NVIDIA driver: FOLDER is shown as /proc/driver.
with_driver() # FOLDER COMMAND…
{
        [[ $(id -u) == 0 ]] || skip "mounts need root"
        unshare -m mount --bind "$1" /proc/driver 2>/dev/null || skip "nothing can be mounted here"
        unshare -m bash -c 'mount --bind "$0" /proc/driver && exec "$@"' "$@"
}

@test "gpu: a recording finds the library where the linker looks, and has its table" {
        mkdir -p driver/nvidia
        echo "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14" >driver/nvidia/version
        LD_LIBRARY_PATH=$bin with_driver "$DIR/driver" "$VIGIA" run ${SOURCE:+--source "$SOURCE"} -q -o "$RUN" -- sh -c "$UNTIL_TABLES" "$RUN" gpu
        rows gpu >rows
        [[ $(jq -s -c 'map(select(.driver == "nvidia" and .state == "lost") | .name) | unique' rows) == '["Tesla Gone"]' ]]
        [[ $(jq -s 'map(select(.pid == 4242)) | .[0].process_memory_bytes' rows) == 3221225472 ]]
        [[ $(info '.monitors[] | select(.name == "gpu") | .errors') == 0 ]]
}

@test "gpu: without the driver its library is not started, with it and no library that is said" {
        LD_LIBRARY_PATH=$bin monitor-rows / gpu >rows
        [[ -e /proc/driver/nvidia ]] || ! grep -q '"driver":"nvidia"' rows
        mkdir -p driver/nvidia
        echo "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14" >driver/nvidia/version
        FAKE_NVML=mismatch LD_LIBRARY_PATH=$bin with_driver "$DIR/driver" monitor-rows / gpu >rows
        [[ -d /sys/class/drm/card0 ]] || [[ $(jq -r .fix rows) == "sudo reboot" ]]
}

@test "gpu: one that sleeps is not woken, and asked once it is awake" {
        local status=sys/bus/pci/devices/0000:65:00.0/power/runtime_status
        mkdir -p root/{1,2}/$(dirname $status) root/1/proc/driver/nvidia/gpus/0000:65:00.0
        echo suspended >root/1/$status
        echo active >root/2/$status
        monitor-rows root gpu library="$bin/libnvidia-ml.so.1" >rows
        [[ $(jq -s -c 'map(select(.t_ns == 1000000000) | [.gpu, .state, .name])' rows) == '[["0000:65:00.0","asleep",null]]' ]]
        [[ $(jq -s -c 'map(select(.t_ns == 2000000000 and .pid == null) | .state)' rows) == '["active","active","lost"]' ]]
}

@test "gpu: a card without its driver is named" {
        mkdir -p root/1/sys/bus/pci/devices/0000:65:00.0
        echo 0x10de >root/1/sys/bus/pci/devices/0000:65:00.0/vendor
        echo 0x030000 >root/1/sys/bus/pci/devices/0000:65:00.0/class
        monitor-rows root gpu >rows
        [[ $(jq -r .absent rows) == "there is an NVIDIA GPU at 0000:65:00.0, but its driver is not loaded" ]]
        [[ $(jq -r .fix rows) == "sudo modprobe nvidia" ]]
}
