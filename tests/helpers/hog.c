/*
 * hog KIND N MB HOLD_MS: N children that hold memory together for HOLD_MS. KIND:
 *   private  each its own MB                    tree PSS N × MB
 *   shared   all touch the same MB (shmem)      tree PSS MB
 *   cow      the parent's MB, inherited, read   tree PSS MB
 *   mixed    MB shared and MB/2 of each's own   tree PSS MB + N × MB/2
 * Prints the truth in bytes, without the programs' own few hundred KiB.
 */
#include "helper.h"

/* Children start holding together: a pipe whose writer closes when all have touched theirs. */
static void hold(int fd, uint64_t ms)
{
        char byte;

        while (read(fd, &byte, 1) < 0 && errno == EINTR)
                ;
        helper_sleep_ms(ms);
}

static void child(int ready, int go, void *shared, size_t shared_size, size_t own, uint64_t ms)
{
        volatile unsigned char *page = shared;
        unsigned sum = 0;

        if (own)
                helper_memory(own, MAP_PRIVATE);
        for (size_t at = 0; at < shared_size; at += 4096)
                sum += page[at];
        if (write(ready, &sum, 1) != 1)
                helper_die("write");
        hold(go, ms);
        _exit(0);
}

static void start_all(uint64_t n, void *shared, size_t shared_size, size_t own, uint64_t ms)
{
        int ready[2], go[2];
        char byte;

        if (pipe(ready) < 0 || pipe(go) < 0)
                helper_die("pipe");
        for (uint64_t i = 0; i < n; i++) {
                pid_t pid = fork();
                if (pid < 0)
                        helper_die("fork");
                if (pid == 0) {
                        close(go[1]);
                        child(ready[1], go[0], shared, shared_size, own, ms);
                }
        }
        for (uint64_t i = 0; i < n; i++)
                if (read(ready[0], &byte, 1) != 1)
                        helper_die("read");
        close(go[1]);
}

int main(int argc, char **argv)
{
        if (argc < 5)
                helper_die("hog KIND N MB HOLD_MS");
        const char *kind = argv[1];
        uint64_t n = helper_number(argv[2]), ms = helper_number(argv[4]);
        size_t size = helper_number(argv[3]) << 20, shared_size = 0, own = 0;
        void *shared = NULL;

        if (strcmp(kind, "private") == 0) {
                own = size;
        } else if (strcmp(kind, "shared") == 0 || strcmp(kind, "mixed") == 0) {
                shared_size = size;
                shared = helper_memory(size, MAP_SHARED);
                own = kind[0] == 'm' ? size / 2 : 0;
        } else if (strcmp(kind, "cow") == 0) {
                shared_size = size;
                shared = helper_memory(size, MAP_PRIVATE);
        } else {
                helper_die("unknown kind");
        }
        start_all(n, shared, shared_size, own, ms);
        unsigned bad = helper_wait_all();
        printf("%lu\n", (unsigned long)(shared_size + n * own));
        return bad ? HELPER_FAILED : 0;
}
