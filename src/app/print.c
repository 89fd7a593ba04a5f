/* A full disk or a reader that is gone shows in the write or, what is buffered, in the flush. */
#include "app/print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "base/log.h"

int print_text(const String *text)
{
        if (text->failed) {
                log_error("out of memory");
                return EXIT_CANNOT;
        }
        if (fwrite(string_get(text), 1, text->size, stdout) != text->size || fflush(stdout) != 0) {
                log_error("cannot write to standard output: %s", strerror(errno));
                return EXIT_CANNOT;
        }
        return EXIT_FINE;
}
