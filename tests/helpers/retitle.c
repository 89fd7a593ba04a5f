/*
 * retitle TITLE MS [BEFORE_MS]: after BEFORE_MS overwrites its own arguments with TITLE, as
 * setproctitle does, renames itself and sleeps. The command line that counts is the one it was
 * started with.
 */
#include <sys/prctl.h>

#include "helper.h"

int main(int argc, char **argv)
{
        if (argc < 3)
                helper_die("retitle TITLE MS [BEFORE_MS]");
        char title[64];
        uint64_t ms = helper_number(argv[2]);
        char *end = argv[argc - 1] + strlen(argv[argc - 1]);

        if (argc > 3)
                helper_sleep_ms(helper_number(argv[3]));
        snprintf(title, sizeof title, "%s", argv[1]);
        memset(argv[0], 0, (size_t)(end - argv[0]));
        memcpy(argv[0], title, strnlen(title, (size_t)(end - argv[0])));
        prctl(PR_SET_NAME, title);
        helper_sleep_ms(ms);
        return 0;
}
