/*
 * Which process of a run is its command. With --match there are others without a parent in the run, and who
 * was there before has a lower key. It is the first that began a program meanwhile; where no exec is told
 * (poll, of a short one), the one that began nearest to the run's start. A run that has no command (attach)
 * has no such process: what this says of it means nothing.
 */
#pragma once

#include "model/cells.h"

#define COMMAND_ROOT_NONE UINT64_MAX

typedef struct CommandRootCells {
        Cells process, parent, pid, image, start_ns, exec_ns;
} CommandRootCells;

/* Initialise by COMMAND_ROOT_INIT. */
typedef struct CommandRoot {
        uint64_t key; /* COMMAND_ROOT_NONE: unknown */
        int32_t pid;  /* 0: unknown */
        uint64_t n_alone; /* processes without a parent in the run */
        bool execed;
        uint64_t distance_ns; /* of its begin from the run's */
} CommandRoot;

#define COMMAND_ROOT_INIT (CommandRoot){.key = COMMAND_ROOT_NONE, .distance_ns = UINT64_MAX}

CommandRootCells command_root_cells(const Batch *rows); /* of the table `processes` */
void command_root_observe(CommandRoot *root, const CommandRootCells *cells, size_t row);
