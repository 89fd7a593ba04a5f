/* Logs that are named on the command line: files, and patterns that the shell left alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "export/memory-log.h"

/* Whether a word is a file, or a pattern of some. */
bool log_files_is_one(const char *word);

/* Reads all of them as one log, patterns in the order of names; what is left out is told as a warning. `names` gets theirs.
 * 0, and memory_log_done is the caller's; -EINVAL and the like with a sentence. */
int log_files_read(char *const *words, size_t n, MemoryLog *ret, String *names, Error *err);
