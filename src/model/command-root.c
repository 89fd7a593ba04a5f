/* Rows come in the order in which processes end: each is weighed against the best so far. */
#include "model/command-root.h"

#include <stdlib.h>

CommandRootCells command_root_cells(const Batch *rows)
{
        return (CommandRootCells){
                .process = cells_find(rows, "process"),
                .parent = cells_find(rows, "parent"),
                .pid = cells_find(rows, "pid"),
                .image = cells_find(rows, "image"),
                .start_ns = cells_find(rows, "start_ns"),
                .exec_ns = cells_find(rows, "exec_ns"),
        };
}

void command_root_observe(CommandRoot *root, const CommandRootCells *cells, size_t row)
{
        uint64_t unused, start, key = cells_or(cells->process, row, COMMAND_ROOT_NONE), distance = UINT64_MAX;

        if (key == COMMAND_ROOT_NONE || cells_or(cells->image, row, 0) != 0 || cells_get(cells->parent, row, &unused))
                return;
        root->n_alone++;
        bool execed = cells_get(cells->exec_ns, row, &unused);
        if (cells_get(cells->start_ns, row, &start))
                distance = (uint64_t)llabs((int64_t)start);
        bool better = root->key == COMMAND_ROOT_NONE ? true
                      : execed != root->execed       ? execed
                      : !execed && distance != root->distance_ns ? distance < root->distance_ns
                                                     : key < root->key;
        if (!better)
                return;
        *root = (CommandRoot){key, (int32_t)cells_or(cells->pid, row, 0), root->n_alone, execed, distance};
}
