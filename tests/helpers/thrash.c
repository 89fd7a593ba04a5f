/*
 * thrash MB MS: touches a byte of every page of MB megabytes, over and over for MS milliseconds: where memory is
 * smaller, all of it is written to swap and read back again. Prints how often it came through.
 */
#include "helper.h"

int main(int argc, char **argv)
{
        if (argc != 3)
                helper_die("thrash MB MS");
        size_t size = helper_number(argv[1]) << 20;
        const uint64_t end_ns = helper_now_ns() + helper_number(argv[2]) * 1000000;
        volatile unsigned char *memory = helper_memory(size, MAP_PRIVATE);
        unsigned rounds = 0;

        while (helper_now_ns() < end_ns) {
                for (size_t at = 0; at < size && (at % (1 << 20) != 0 || helper_now_ns() < end_ns); at += 4096)
                        memory[at]++;
                rounds++;
        }
        printf("%u\n", rounds);
        return 0;
}
