/*
 * execchain N MB: touches N × MB megabytes, then becomes `execchain N-1 MB`, down to 0: N + 1
 * images of one pid, each with its own peak, the largest first.
 */
#include "helper.h"

int main(int argc, char **argv)
{
        if (argc < 3)
                helper_die("execchain N MB");
        uint64_t n = helper_number(argv[1]), mb = helper_number(argv[2]);
        char next[24];

        if (n > 0 && mb > 0)
                helper_memory((n * mb) << 20, MAP_PRIVATE);
        if (n == 0)
                return 0;
        snprintf(next, sizeof next, "%lu", (unsigned long)(n - 1));
        execvp(argv[0], (char *[]){argv[0], next, argv[2], NULL});
        helper_die("exec");
}
