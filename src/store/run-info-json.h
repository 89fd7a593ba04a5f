/*
 * run.json as text. One table of fields serves both ways, so that what is written is what is
 * read. Texts of strangers (arguments, paths) become valid UTF-8: bytes that are not are
 * replaced by U+FFFD. Numbers that are unknown are null.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "store/run.h"

enum {
        RUN_JSON_MAX = 4 << 20,         /* bytes of run.json that are read */
        RUN_JSON_COMMAND_MAX = 128 << 10, /* bytes of arguments that are kept; the rest is "…" */
        RUN_JSON_TEXT_MAX = 16 << 10,   /* bytes of any other text */
        RUN_JSON_ITEMS_MAX = 4096,      /* arguments, monitors, warnings */
};

void run_info_to_json(const RunInfo *info, String *to); /* appends; to->failed: out of memory */

/* Parses all of text; `shown` names the file in the sentence. 0, -EBADMSG with "FILE:LINE:COL:
 * what is wrong", -EOPNOTSUPP for a newer format, -ENOMEM. `info` is untouched on failure. */
int run_info_from_json(RunInfo *info, const char *text, size_t size, const char *shown, Error *err);

/* Start of a process in ns since boot, exact to the clock tick (proc_pid_stat(5), field 22).
 * -ESRCH: no such process. */
int run_process_start_ns(pid_t pid, uint64_t *ret);

/* The recorder named in `info` is alive on this boot of this machine. */
bool run_info_recorder_alive(const RunInfo *info);
