/* The one place that asks isatty(3), TIOCGWINSZ and the environment for the sake of what is shown. */
#include "base/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

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
