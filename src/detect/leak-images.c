/* An array that is sorted once, and an index of its keys. */
#include "detect/leak-images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/macros.h"

const char *const leak_process_columns[] = {"process", "parent", "pid", "start_ns", "end_ns", "exit_code", "exit_signal",
                                            "comm", "cmdline", "major", NULL};
enum { PROCESS, PARENT, PID, START_NS, END_NS, EXIT_CODE, EXIT_SIGNAL, COMM, CMDLINE, MAJOR, N_COLUMNS };

typedef struct Places {
        int column[N_COLUMNS]; /* -1: not there, or of another kind than it should be */
} Places;

static Places find_places(const Batch *rows)
{
        const Schema *schema = batch_schema(rows);
        Places p;

        for (int i = 0; i < N_COLUMNS; i++) {
                p.column[i] = schema_find(schema, leak_process_columns[i]);
                bool is_text = p.column[i] >= 0 && schema->columns[p.column[i]].type == COLUMN_TEXT;
                if (is_text != (i >= COMM))
                        p.column[i] = -1;
        }
        return p;
}

static bool is_known(const Batch *rows, const Places *p, int which, size_t row)
{
        return p->column[which] >= 0 && !batch_is_null(rows, (size_t)p->column[which], row);
}

static bool ends_in(const char *text, size_t size, const char *end)
{
        return size >= strlen(end) && memcmp(text + size - strlen(end), end, strlen(end)) == 0;
}

static LeakStep step_of(const char *major, size_t size)
{
        static const char *const builders[] = {"BuildSystem", "PackageManagement", "CodeGeneration", "Documentation"};

        if (ends_in(major, size, "_Compile") || ends_in(major, size, "_Link"))
                return LEAK_STEP_COMPILE;
        for (size_t i = 0; i < ARRAY_LENGTH(builders); i++)
                if (size == strlen(builders[i]) && memcmp(major, builders[i], size) == 0)
                        return LEAK_STEP_BUILDER;
        return LEAK_STEP_NONE;
}

static char *text_of(const Batch *rows, const Places *p, int which, size_t row)
{
        size_t size;

        if (!is_known(rows, p, which, row))
                return NULL;
        const char *text = batch_text(rows, (size_t)p->column[which], row, &size);
        return strndup(text, MIN(size, (size_t)LEAK_TEXT_MAX));
}

void leak_images_done(LeakImages *images)
{
        for (size_t i = 0; i < images->n; i++) {
                free(images->items[i].cmdline);
        }
        free(images->items);
        free(images->by_key);
        *images = (LeakImages){0};
}

static void describe(const LeakImages *images, LeakImage *image, const Batch *rows, const Places *p, size_t row)
{
        size_t size;

        if (is_known(rows, p, COMM, row)) {
                const char *comm = batch_text(rows, (size_t)p->column[COMM], row, &size);
                memcpy(image->comm, comm, MIN(size, sizeof image->comm - 1));
        }
        if (is_known(rows, p, MAJOR, row)) {
                const char *major = batch_text(rows, (size_t)p->column[MAJOR], row, &size);
                image->step = step_of(major, size);
        }
        if (image->end_ns == LEAK_ALIVE || image->end_ns - image->start_ns >= MAX(images->text_ns, (int64_t)NS_PER_SECOND))
                image->cmdline = text_of(rows, p, CMDLINE, row);
}

static int add_image(LeakImages *images, const Batch *rows, const Places *p, size_t row)
{
        LeakImage image = {.parent = UINT64_MAX, .end_ns = LEAK_ALIVE};

        images->seen++;
        if (!is_known(rows, p, PROCESS, row) || !is_known(rows, p, PID, row) || !is_known(rows, p, START_NS, row)) {
                images->left_out++;
                return 0;
        }
        image.key = batch_u64(rows, (size_t)p->column[PROCESS], row);
        image.pid = (int32_t)batch_i64(rows, (size_t)p->column[PID], row);
        image.start_ns = batch_sane_ns((uint64_t)batch_i64(rows, (size_t)p->column[START_NS], row));
        if (is_known(rows, p, PARENT, row))
                image.parent = batch_u64(rows, (size_t)p->column[PARENT], row);
        if (is_known(rows, p, END_NS, row))
                image.end_ns = batch_sane_ns((uint64_t)batch_i64(rows, (size_t)p->column[END_NS], row));
        image.exited = is_known(rows, p, EXIT_CODE, row) || is_known(rows, p, EXIT_SIGNAL, row);
        image.well = is_known(rows, p, EXIT_CODE, row) && batch_i64(rows, (size_t)p->column[EXIT_CODE], row) == 0;
        bool is_short = image.end_ns - image.start_ns < (int64_t)NS_PER_SECOND && image.end_ns != LEAK_ALIVE;
        if (images->n >= LEAK_IMAGES_MAX && (is_short || images->n >= 2 * (size_t)LEAK_IMAGES_MAX)) {
                images->left_out++;
                return 0;
        }
        LeakImage *items = array_grow(images->items, &images->capacity, images->n, sizeof *items);
        if (!items)
                return -ENOMEM;
        images->items = items;
        describe(images, &image, rows, p, row);
        images->items[images->n++] = image;
        return 0;
}

int leak_images_observe(LeakImages *images, const Batch *rows)
{
        Places p = find_places(rows);
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++)
                r = add_image(images, rows, &p, row);
        return r;
}

static int compare_images(const void *a, const void *b)
{
        const LeakImage *x = a, *y = b;

        if (x->pid != y->pid)
                return x->pid < y->pid ? -1 : 1;
        return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static int compare_keys(const void *a, const void *b, void *data)
{
        const LeakImages *images = data;
        uint64_t x = images->items[*(const size_t *)a].key, y = images->items[*(const size_t *)b].key;

        return (x > y) - (x < y);
}

int leak_images_seal(LeakImages *images)
{
        images->by_key = calloc(MAX(images->n, (size_t)1), sizeof *images->by_key);
        if (!images->by_key)
                return -ENOMEM;
        if (images->n > 1)
                qsort(images->items, images->n, sizeof *images->items, compare_images);
        for (size_t i = 0; i < images->n; i++) {
                LeakImage *image = &images->items[i];
                images->by_key[i] = i;
                image->has_next = i + 1 < images->n && image[1].pid == image->pid && image->end_ns != LEAK_ALIVE &&
                                  !image->exited && image[1].start_ns == image->end_ns;
        }
        if (images->n > 1)
                qsort_r(images->by_key, images->n, sizeof *images->by_key, compare_keys, images);
        return 0;
}

const LeakImage *leak_images_find(const LeakImages *images, uint64_t key)
{
        size_t low = 0, high = images->by_key ? images->n : 0;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const LeakImage *image = &images->items[images->by_key[middle]];
                if (image->key == key)
                        return image;
                if (image->key < key)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

const LeakImage *leak_images_last(const LeakImages *images, const LeakImage *image)
{
        while (image->has_next && image + 1 < images->items + images->n)
                image++;
        return image;
}
