/*
 * peak MB [MB…]: touches each size in turn, giving the one before back, and prints its pid and
 * what the kernel calls its peak (VmHWM, bytes) as the last thing before it ends.
 */
#include <fcntl.h>

#include "helper.h"

static uint64_t peak_bytes(void)
{
        char line[256];
        uint64_t kib = 0;
        FILE *file = fopen("/proc/self/status", "re");

        if (!file)
                helper_die("/proc/self/status");
        while (fgets(line, sizeof line, file))
                if (strncmp(line, "VmHWM:", 6) == 0)
                        for (char *c = line + 6; *c; c++)
                                if (*c >= '0' && *c <= '9')
                                        kib = kib * 10 + (uint64_t)(*c - '0');
        fclose(file);
        return kib * 1024;
}

int main(int argc, char **argv)
{
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        for (int i = 1; i < argc; i++) {
                size_t size = helper_number(argv[i]) << 20;
                if (size && munmap(helper_memory(size, MAP_PRIVATE), size) < 0)
                        helper_die("munmap");
        }
        /* Once for nothing: what reading and printing touch must not come after the measuring. */
        dprintf(null, "%d %lu\n", (int)getpid(), (unsigned long)peak_bytes());
        dprintf(1, "%d %lu\n", (int)getpid(), (unsigned long)peak_bytes());
        _exit(0);
}
