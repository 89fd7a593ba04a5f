/*
 * Kernel files of lines "key value": /proc/meminfo, /proc/vmstat, memory.stat, cpu.stat. One pass
 * over the text fills all the values a reader asks for; the kernel keeps the order of its lines, so
 * that a list in that order costs one comparison a line. proc(5), Documentation/filesystems/proc.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line that is wanted. */
typedef struct KeyLine {
        const char *key; /* "MemFree" */
        size_t target;   /* whatever the caller knows it by: a column, an index */
} KeyLine;

/* Takes the next line off *text: its key (without a colon) and its first number, which a "kB"
 * behind multiplies by 1024. Lines without a number are passed over. False at the end. */
bool key_line_next(const char **text, const char *end, const char **ret_key, size_t *ret_key_size,
                   uint64_t *ret_value);

/* Calls fn for each of lines[0..n) that the text has. Returns how many it had. */
typedef void (*KeyLineFn)(size_t target, uint64_t value, void *data);
size_t key_lines_read(const char *text, size_t size, const KeyLine *lines, size_t n, KeyLineFn fn,
                      void *data);
