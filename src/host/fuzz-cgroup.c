/* Every cgroup parser on the same hostile bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const controllers[] = {NULL, "memory", "cpuacct"};
        const char *text = (const char *)data, *at = text;
        char path[CGROUP_PATH_MAX], directory[CGROUP_PATH_MAX], slice[256];
        CgroupMount mount;
        uint64_t value;
        pid_t pid;

        for (size_t i = 0; i < 3; i++) {
                int found = cgroup_parse_path(text, size, controllers[i], path);
                if (cgroup_parse_mount(text, size, controllers[i], &mount) == 0 && found == 0)
                        cgroup_resolve(&mount, path, directory);
                if (found == 0) {
                        if (path[0] != '/' || strstr(path, "/../"))
                                abort();
                        cgroup_parse_slice(path, NULL, slice);
                        cgroup_parse_slice(path, "user@1000.service", slice);
                }
        }
        cgroup_parse_value(text, size, &value);
        cgroup_parse_key(text, size, "anon", &value);
        cgroup_has_word(text, size, "memory");
        while (cgroup_next_pid(&at, text + size, &pid) == 0)
                if (pid <= 0)
                        abort();
        return 0;
}
