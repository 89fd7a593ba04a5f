/*
 * spike MB HOLD_MS COUNT [GAP_MS]: COUNT times touches MB megabytes, holds them, gives them back
 * and waits GAP_MS (default 100). Prints the start and end of each full height, CLOCK_MONOTONIC
 * ns, as "START END" lines.
 */
#include "helper.h"

int main(int argc, char **argv)
{
        if (argc < 4)
                helper_die("spike MB HOLD_MS COUNT [GAP_MS]");
        size_t size = helper_number(argv[1]) << 20;
        uint64_t hold_ms = helper_number(argv[2]), count = helper_number(argv[3]);
        uint64_t gap_ms = argc > 4 ? helper_number(argv[4]) : 100;

        for (uint64_t i = 0; i < count; i++) {
                void *memory = helper_memory(size, MAP_PRIVATE);
                uint64_t start = helper_now_ns();
                helper_sleep_ms(hold_ms);
                printf("%lu %lu\n", (unsigned long)start, (unsigned long)helper_now_ns());
                if (munmap(memory, size) < 0)
                        helper_die("munmap");
                helper_sleep_ms(gap_ms);
        }
        return 0;
}
