/* Who sent the signal that ended a process: columns signal_by, signal_pid and signal_comm of processes. */
#pragma once

#include "model/cells.h"

typedef enum SenderBy {
        SENDER_UNKNOWN,
        SENDER_PROCESS, /* kill(2) and its like */
        SENDER_KERNEL,  /* pid and comm: whose doing it came of, if anybody's */
} SenderBy;

typedef struct Sender {
        SenderBy by;
        int32_t pid; /* 0: not known, or not visible where it was recorded */
        char comm[16];
} Sender;

enum { SENDER_WORDS = 48, SENDER_ADVICE = 128 };

/* What rows lack, as those of older runs do, is not known. */
typedef struct SenderCells {
        Cells by, pid, comm;
} SenderCells;

SenderCells sender_cells(const Batch *processes);
void sender_read(const SenderCells *cells, size_t row, Sender *ret);

/* Another process sent it to `pid`; not it to itself. */
bool sender_is_other(const Sender *sender, int32_t pid);

/* "make (pid 7)", "earlyoom (outside this container)". */
const char *sender_name(char buffer[SENDER_WORDS], const Sender *sender);

/* A shell or kill(1): then a script or a person did. */
bool sender_is_by_hand(const Sender *sender);
/* Where to look, if another process sent it. */
const char *sender_advice(char buffer[SENDER_ADVICE], const Sender *sender);
