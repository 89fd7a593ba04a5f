/* Other labels than those in the rows. A child's row stands before its parent's, so where rules ask for
 * the parent all processes are labelled for themselves first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/summary-builder.h"

const char *const summary_learn_columns[] = {"process", "comm", "exe", "cmdline", NULL};

enum { WORD_MAX = 8192 }; /* bytes of a text that rules are to see */

/* Cells are not NUL-terminated. */
typedef struct Words {
        char comm[64], exe[WORD_MAX], cmdline[WORD_MAX];
} Words;

static const char *word(const Batch *rows, Cells c, size_t row, char *to, size_t size)
{
        uint64_t unused;
        size_t length;

        if (!cells_get(c, row, &unused))
                return NULL;
        const char *text = batch_text(rows, (size_t)c.column, row, &length);
        length = MIN(length, size - 1);
        memcpy(to, text, length);
        to[length] = '\0';
        return to;
}

LabelCells label_cells_find(const Batch *rows)
{
        return (LabelCells){cells_find(rows, "comm"), cells_find(rows, "exe"),
                            cells_find(rows, "cmdline"), cells_find(rows, "parent")};
}

static const Label *label_of(const SummaryBuilder *b, const Batch *rows, const LabelCells *c, size_t row,
                             const Label *parent)
{
        Words w;
        const LabelWords words = {
                .comm = word(rows, c->comm, row, w.comm, sizeof w.comm),
                .exe = word(rows, c->exe, row, w.exe, sizeof w.exe),
                .cmdline = word(rows, c->cmdline, row, w.cmdline, sizeof w.cmdline),
                .parent = parent,
        };

        return b->label(&words, b->label_data);
}

void summary_relabel(SummaryBuilder *b, LabelFn label, void *data)
{
        b->label = label;
        b->label_data = data;
}

int summary_learn(SummaryBuilder *b, const Batch *rows)
{
        Cells process = cells_find(rows, "process");
        LabelCells c = label_cells_find(rows);

        if (!b->own)
                b->own = calloc(PROCESS_CHUNKS, sizeof *b->own);
        if (!b->own)
                return -ENOMEM;
        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t key;
                if (!cells_get(process, row, &key) || key / PROCESS_CHUNK >= PROCESS_CHUNKS)
                        continue;
                const Label ***chunk = &b->own[key / PROCESS_CHUNK];
                if (!*chunk)
                        *chunk = calloc(PROCESS_CHUNK, sizeof **chunk);
                if (!*chunk)
                        return -ENOMEM;
                (*chunk)[key % PROCESS_CHUNK] = label_of(b, rows, &c, row, NULL);
        }
        return 0;
}

static const Label *parent_label(const SummaryBuilder *b, Cells parent, size_t row)
{
        uint64_t key;

        if (!b->own || !cells_get(parent, row, &key) ||
            key / PROCESS_CHUNK >= PROCESS_CHUNKS || !b->own[key / PROCESS_CHUNK])
                return NULL;
        return b->own[key / PROCESS_CHUNK][key % PROCESS_CHUNK];
}

const Label *summary_label(const SummaryBuilder *b, const Batch *rows, const LabelCells *c, size_t row)
{
        return b->label ? label_of(b, rows, c, row, parent_label(b, c->parent, row)) : NULL;
}

void summary_labels_done(SummaryBuilder *b)
{
        for (size_t i = 0; b->own && i < PROCESS_CHUNKS; i++)
                free(b->own[i]);
        free(b->own);
        b->own = NULL;
}
