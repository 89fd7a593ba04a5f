/* The end of a program's output, as its terminal would have shown it. */
#pragma once

#include "base/text.h"

/* Appends the last `most` lines of a regular file that say anything, each ended by '\n': escape sequences
 * left out, of a line that was written over with '\r' what stood there last, tabs as blanks. Looks at
 * the last 64 KiB. Appends nothing where the file cannot be read. What is left of control bytes
 * is not made safe: string_add_shown. */
void file_add_last_lines(int dirfd, const char *name, size_t most, String *to);

/* One line in the same way. */
void string_add_terminal_line(String *to, const char *line, size_t size);
