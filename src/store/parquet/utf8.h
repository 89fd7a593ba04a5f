/* A Parquet STRING must be UTF-8 and strict readers refuse the file otherwise; strangers' bytes
 * (command lines, paths) need not be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

bool utf8_valid(const char *text, size_t size);
bool utf8_ascii(const char *text, size_t size);

/* Appends text with each byte that is not part of valid UTF-8 as U+FFFD. 0 or -ENOMEM. */
int utf8_repair(Buffer *to, const char *text, size_t size);
