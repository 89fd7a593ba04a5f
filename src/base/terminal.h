/* What a stream leads to: how wide it is, and whether colours are wanted there (https://no-color.org). */
#pragma once

#include <stdbool.h>

#include "base/text.h"

typedef struct Terminal {
        bool is_terminal;
        bool color;       /* NO_COLOR and TERM=dumb say no */
        unsigned columns; /* 0: no terminal, or one that does not tell */
} Terminal;

Terminal terminal_of(int fd);

/* The few looks that words have: verdicts bold in their colour, headings and labels dim. */
typedef enum TextStyle { STYLE_PLAIN, STYLE_DIM, STYLE_BOLD, STYLE_GREEN, STYLE_YELLOW, STYLE_RED } TextStyle;

/* Without colour nothing is added. */
void string_begin_style(String *to, bool color, TextStyle style);
void string_end_style(String *to, bool color, TextStyle style);
void string_add_styled(String *to, bool color, TextStyle style, const char *text);
