/* Files of the source that tests read. VIGIA_SOURCE says where that is, as in make check; else a test is run
 * from a folder in it. Behind cmocka.h. */
#pragma once

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"

enum { SOURCE_PATH_MAX = 4096 };

static inline _printf_(2, 3) const char *source_path(char to[SOURCE_PATH_MAX], const char *format, ...)
{
        const char *source = getenv("VIGIA_SOURCE");
        int n = snprintf(to, SOURCE_PATH_MAX, "%s/", source ? source : "..");
        va_list args;

        va_start(args, format);
        vsnprintf(to + n, SOURCE_PATH_MAX - (size_t)n, format, args);
        va_end(args);
        return to;
}

/* The text is what tests/golden/NAME says; with VIGIA_UPDATE_GOLDEN it is what NAME is to say. */
static inline void expect_golden(const char *name, const char *text)
{
        _cleanup_(buffer_done) Buffer golden = {0};
        char path[SOURCE_PATH_MAX];
        Error err = {0};

        source_path(path, "tests/golden/%s", name);
        if (getenv("VIGIA_UPDATE_GOLDEN"))
                assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), false), 0);
        if (file_read_path(AT_FDCWD, path, 1 << 20, &golden, &err) < 0)
                fail_msg("%s", err.message);
        assert_string_equal((char *)golden.data, text);
}
