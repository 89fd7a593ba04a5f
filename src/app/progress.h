/* One line on stderr that redraws, where stderr is a terminal; nothing elsewhere (LOOK). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
        const char *what; /* borrowed: the file at work */
        uint64_t start_ns, shown_ns;
        bool terminal, drawn;
} Progress;

void progress_begin(Progress *progress, const char *what);
void progress_rows(uint64_t rows, void *progress); /* a TableProgressFn; draws 5 times a second */
void progress_end(Progress *progress);             /* wipes the line */
