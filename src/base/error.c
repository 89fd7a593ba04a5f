/* Sentences for people, bounded and free of control bytes. */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_harmless(char *text)
{
        for (unsigned char *p = (unsigned char *)text; *p; p++)
                if (*p < 0x20 || *p == 0x7f)
                        *p = '?';
}

static int negative(int code)
{
        return code > 0 ? -code : code;
}

static void set(Error *err, const char *format, va_list args)
{
        vsnprintf(err->message, sizeof err->message, format, args);
        make_harmless(err->message);
}

int error_set(Error *err, int code, const char *format, ...)
{
        va_list args;

        if (err) {
                va_start(args, format);
                set(err, format, args);
                va_end(args);
        }
        return negative(code);
}

int error_set_errno(Error *err, int code, const char *format, ...)
{
        va_list args;

        if (err) {
                va_start(args, format);
                set(err, format, args);
                va_end(args);
                size_t used = strlen(err->message);
                snprintf(err->message + used, sizeof err->message - used, ": %s",
                         strerror(abs(code)));
        }
        return negative(code);
}

int error_prefix(Error *err, int code, const char *format, ...)
{
        va_list args;
        Error old;

        if (!err)
                return code;
        old = *err;
        va_start(args, format);
        set(err, format, args);
        va_end(args);
        size_t used = strlen(err->message);
        snprintf(err->message + used, sizeof err->message - used, ": %s", old.message);
        return code;
}
