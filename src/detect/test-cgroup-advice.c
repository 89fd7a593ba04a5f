/* How a limit is raised, by who made the cgroup and of which version it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "detect/cgroup-advice.h"

static void test_lines(void **state)
{
        static const struct {
                const char *path;
                bool v1;
                CgroupKnob knob;
                uint64_t value;
                const char *line;
        } cases[] = {
                {"/a/b", false, CGROUP_KNOB_MEMORY, 300 << 20, "echo 300M | sudo tee /sys/fs/cgroup/a/b/memory.max\n"},
                {"/a/b", true, CGROUP_KNOB_MEMORY, 300 << 20, "echo 300M | sudo tee /sys/fs/cgroup/memory/a/b/memory.limit_in_bytes\n"},
                {"/a", false, CGROUP_KNOB_CPU, 150, "echo 150000 100000 | sudo tee /sys/fs/cgroup/a/cpu.max\n"},
                {"/a", true, CGROUP_KNOB_CPU, 150, "echo 150000 | sudo tee /sys/fs/cgroup/cpu/a/cpu.cfs_quota_us\n"},
                {"/a", true, CGROUP_KNOB_TASKS, 512, "echo 512 | sudo tee /sys/fs/cgroup/pids/a/pids.max\n"},
                {"/a", false, CGROUP_KNOB_HIGH, 2ull << 30, "echo 2G | sudo tee /sys/fs/cgroup/a/memory.high\n"},
                {"/system.slice/build.service", false, CGROUP_KNOB_MEMORY, 1ull << 30, "systemctl set-property build.service MemoryMax=1G\n"},
                {"/system.slice/build.service/job", true, CGROUP_KNOB_TASKS, 512, "systemctl set-property build.service TasksMax=512\n"},
                {"/user.slice/user-1000.slice", false, CGROUP_KNOB_CPU, 400, "systemctl set-property user-1000.slice CPUQuota=400%\n"},
                {"/user.slice/user-1000.slice/user@1000.service", false, CGROUP_KNOB_HIGH, 1ull << 30, "systemctl set-property user@1000.service MemoryHigh=1G\n"},
                {"/user.slice/user-1000.slice/user@1000.service/ci.slice", false, CGROUP_KNOB_CPU, 400, "systemctl --user set-property ci.slice CPUQuota=400%\n"},
                {"/", false, CGROUP_KNOB_CPU, 400, "# where this container was started:\ndocker update --cpus=4.00 CONTAINER\n"},
                {"/", false, CGROUP_KNOB_HIGH, 1ull << 30, "# where this container was started:\nsystemctl set-property UNIT MemoryHigh=1G\n"},
                {"/docker/0123", false, CGROUP_KNOB_MEMORY, 1ull << 30, "docker update --memory=1g CONTAINER\n"},
                {"/machine.slice/libpod-0123.scope", false, CGROUP_KNOB_CPU, 150, "podman update --cpus=1.50 CONTAINER\n"},
                {"/kubepods/pod1/c", false, CGROUP_KNOB_MEMORY, 512 << 20, "resources: {limits: {memory: 512Mi}}\n"},
                /* nothing of a stranger's goes to a shell */
                {"/a; rm -rf ~", true, CGROUP_KNOB_TASKS, 512, "systemd-run --scope -p TasksMax=512 COMMAND\n"},
                {"/$(id).service", false, CGROUP_KNOB_TASKS, 512, "systemd-run --scope -p TasksMax=512 COMMAND\n"},
                {"", false, CGROUP_KNOB_TASKS, 512, "systemd-run --scope -p TasksMax=512 COMMAND\n"},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                _cleanup_string_ String line = {0};
                cgroup_advise(&line, cases[i].path, cases[i].v1, cases[i].knob, cases[i].value);
                assert_string_equal(string_get(&line), cases[i].line);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
