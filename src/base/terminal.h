/* What a stream leads to: how wide it is, and whether colours are wanted there (https://no-color.org). */
#pragma once

#include <stdbool.h>

typedef struct Terminal {
        bool is_terminal;
        bool color;       /* NO_COLOR and TERM=dumb say no */
        unsigned columns; /* 0: no terminal, or one that does not tell */
} Terminal;

Terminal terminal_of(int fd);
