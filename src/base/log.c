/* Whole lines in one write, so that they never tear between the command's own. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static LogLevel level_now = LOG_WARNING;

void log_set_level(LogLevel level)
{
        level_now = level;
}

LogLevel log_level(void)
{
        return level_now;
}

/* While a command has the keyboard, our terminal does nothing of its own with a line end. */
static bool is_raw_terminal(int fd)
{
        struct termios modes;

        return tcgetattr(fd, &modes) == 0 && !(modes.c_oflag & OPOST);
}

static void write_line(const char *format, va_list args)
{
        static const char prefix[] = "vigia: ";
        char line[1026];
        int saved = errno;
        size_t used = sizeof prefix - 1;

        memcpy(line, prefix, used);
        int n = vsnprintf(line + used, sizeof line - used - 2, format, args);
        if (n > 0)
                used += MIN((size_t)n, sizeof line - used - 3);
        for (size_t i = 0; i < used; i++)
                if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
                        line[i] = '?';
        if (is_raw_terminal(STDERR_FILENO))
                line[used++] = '\r';
        line[used++] = '\n';
        if (write(STDERR_FILENO, line, used) < 0) {
                /* nobody left to tell */
        }
        errno = saved;
}

#define DEFINE_LOG(name, minimum)                                                                  \
        void name(const char *format, ...)                                                         \
        {                                                                                          \
                va_list args;                                                                      \
                if (level_now < (minimum))                                                         \
                        return;                                                                    \
                va_start(args, format);                                                            \
                write_line(format, args);                                                          \
                va_end(args);                                                                      \
        }

DEFINE_LOG(log_error, LOG_QUIET)
DEFINE_LOG(log_warning, LOG_WARNING)
DEFINE_LOG(log_info, LOG_INFO)
DEFINE_LOG(log_debug, LOG_DEBUG)
