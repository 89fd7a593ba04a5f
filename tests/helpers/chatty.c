/*
 * chatty BYTES [FD]: writes BYTES of numbered 64-byte lines to FD (default 1), as fast as they
 * are taken, so that a reader can tell a missing, doubled or changed byte.
 */
#include "helper.h"

enum { LINE = 64, LINES = 1024 };

int main(int argc, char **argv)
{
        uint64_t left = helper_number(argv[1]), number = 0;
        int fd = argc > 2 ? (int)helper_number(argv[2]) : 1;
        static char buffer[LINE * LINES + 1];

        while (left > 0) {
                for (unsigned i = 0; i < LINES; i++)
                        snprintf(buffer + i * LINE, LINE + 1, "%062lu.\n", (unsigned long)number++);
                uint64_t size = left < LINE * LINES ? left : LINE * LINES;
                for (uint64_t at = 0; at < size;) {
                        ssize_t n = write(fd, buffer + at, size - at);
                        if (n < 0 && errno != EINTR)
                                helper_die("write");
                        at += n > 0 ? (uint64_t)n : 0;
                }
                left -= size;
        }
        return 0;
}
