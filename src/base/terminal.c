/* The one place that asks isatty(3), TIOCGWINSZ and the environment for the sake of what is shown. */
#include "base/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

Terminal terminal_of(int fd)
{
        const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
        Terminal t = {.is_terminal = isatty(fd)};
        struct winsize size = {0};

        if (!t.is_terminal)
                return t;
        t.color = !(no_color && *no_color) && !(term && text_equal(term, "dumb"));
        if (ioctl(fd, TIOCGWINSZ, &size) == 0)
                t.columns = size.ws_col;
        return t;
}

void string_begin_style(String *to, bool color, TextStyle style)
{
        static const char *const codes[] = {"", "\033[2m", "\033[1m", "\033[1;32m", "\033[1;33m", "\033[1;31m"};

        if (color)
                string_add(to, codes[style]);
}

void string_end_style(String *to, bool color, TextStyle style)
{
        if (color && style != STYLE_PLAIN)
                string_add(to, "\033[0m");
}

void string_add_styled(String *to, bool color, TextStyle style, const char *text)
{
        string_begin_style(to, color, style);
        string_add(to, text);
        string_end_style(to, color, style);
}
