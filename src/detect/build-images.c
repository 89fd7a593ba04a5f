/* Rows of processes as the chain wants them, each with a label that many share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "detect/build.h"
#include "detect/things.h"

/* ---- words ---- */

static bool is_one_of(const char *text, size_t size, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strlen(list[i]) == size && memcmp(list[i], text, size) == 0)
                        return true;
        return false;
}

BuildWork build_work_of(const char *comm, size_t size)
{
        static const char *const links[] = {"ld", "ld.bfd", "ld.gold", "ld.lld", "lld", "mold", "collect2", "lto1", "lto-wrapper",
                                            "lto1-wpa", "lto1-ltrans", "gold", "link", "wild"};
        static const char *const configures[] = {"configure", "cmake", "conftest", "autoconf", "automake", "autoreconf", "aclocal",
                                                 "config.status", "autom4te", "m4", "meson", "pkg-config", "libtoolize"};
        static const char *const tools[] = {"make", "gmake", "ninja", "cargo", "bazel", "gradle", "scons", "samu", "waf"};

        if (is_one_of(comm, size, links, ARRAY_LENGTH(links)))
                return WORK_LINK;
        if (is_one_of(comm, size, configures, ARRAY_LENGTH(configures)))
                return WORK_CONFIGURE;
        return is_one_of(comm, size, tools, ARRAY_LENGTH(tools)) ? WORK_TOOL : WORK_OTHER;
}

static bool is_source(const char *word, size_t size)
{
        static const char *const ends[] = {"c", "cc", "cpp", "cxx", "C", "s", "S", "m", "mm", "rs", "go", "java", "kt", "f90", "f", "swift",
                                           "zig", "hs", "cu", "ts", "i", "ii"};
        const char *dot = memrchr(word, '.', size);

        return dot && dot > word && word[0] != '-' && is_one_of(dot + 1, size - (size_t)(dot + 1 - word), ends, ARRAY_LENGTH(ends));
}

/* Its source, else what it writes (-o); none: "". */
static const char *work_in(const char *cmdline, size_t size, size_t *ret_size)
{
        const char *end = cmdline + size, *output = NULL, *word = cmdline;
        size_t output_size = 0;
        bool program = true, is_output = false;

        while (word < end) {
                const char *space = memchr(word, ' ', (size_t)(end - word));
                size_t n = (size_t)((space ? space : end) - word);
                if (!program && !is_output && is_source(word, n)) {
                        *ret_size = n;
                        return word;
                }
                if (is_output && !output) {
                        output = word;
                        output_size = n;
                }
                is_output = n == 2 && memcmp(word, "-o", 2) == 0;
                program = false;
                word += n + 1;
        }
        *ret_size = output_size;
        return output ? output : "";
}

void build_label_of(const char *comm, size_t comm_size, const char *cmdline, size_t size, char to[BUILD_LABEL_MAX])
{
        size_t n = MIN(comm_size, (size_t)16), work_size;
        const char *work = work_in(cmdline, MIN(size, (size_t)4096), &work_size), *slash = memrchr(work, '/', work_size);

        memcpy(to, comm, n);
        if (n == 0)
                to[n++] = '?';
        if (slash) {
                work_size -= (size_t)(slash + 1 - work);
                work = slash + 1;
        }
        /* What is in /tmp is the compiler's own between two steps. */
        if (work_size > 0 && !(slash && slash - cmdline >= 4 && memcmp(slash - 4, "/tmp", 4) == 0)) {
                to[n++] = ' ';
                work_size = MIN(work_size, (size_t)BUILD_LABEL_MAX - 1 - n);
                memcpy(to + n, work, work_size);
                n += work_size;
        }
        to[n] = '\0';
}

/* ---- rows ---- */

static int label_index(BuildImages *b, const char *text, BuildWork work, uint32_t *ret)
{
        uint64_t hash = hash_bytes(text, strlen(text));
        uintptr_t at = (uintptr_t)map_get(b->by_label, hash);

        if (at == 0 && b->n_labels < BUILD_LABELS_MAX) {
                BuildLabel *labels = array_grow(b->labels, &b->labels_capacity, b->n_labels, sizeof *labels);
                if (!labels)
                        return -ENOMEM;
                b->labels = labels;
                b->labels[b->n_labels] = (BuildLabel){.text = strdup(text), .work = work};
                if (!b->labels[b->n_labels].text)
                        return -ENOMEM;
                at = ++b->n_labels;
                if (map_put(b->by_label, hash, (void *)at) < 0)
                        return -ENOMEM;
        }
        *ret = at > 0 ? (uint32_t)(at - 1) : 0; /* further ones are counted to the first */
        return 0;
}

typedef struct ImageCells {
        Cells key, pid, parent, comm, cmdline, start, exec, end, cpu;
} ImageCells;

static int observe_row(BuildImages *b, const ImageCells *c, const Batch *rows, size_t row)
{
        char text[BUILD_LABEL_MAX];
        size_t comm_size, size;
        int64_t exec_ns;
        const char *comm = row_text(rows, c->comm, row, &comm_size), *cmdline = row_text(rows, c->cmdline, row, &size);
        BuildImage image = {.key = cells_or(c->key, row, UINT64_MAX), .parent_key = cells_or(c->parent, row, UINT64_MAX),
                            .times = {.parent = -1, .pid = (int32_t)cells_or(c->pid, row, 0), .end_ns = INT64_MAX},
                            .cpu_us = cells_or(c->cpu, row, 0)};

        if (!row_time(rows, c->start, row, &image.times.start_ns))
                return 0;
        if (row_time(rows, c->exec, row, &exec_ns))
                image.times.start_ns = exec_ns;
        row_time(rows, c->end, row, &image.times.end_ns);
        image.times.end_ns = MAX(image.times.end_ns, image.times.start_ns);
        b->seen++;
        image.cpu_us = MIN(image.cpu_us, (uint64_t)1 << 50);
        b->cpu_us += image.cpu_us;
        build_label_of(comm, comm_size, cmdline, size, text);
        int r = label_index(b, text, build_work_of(comm, comm_size), &image.label);
        if (r < 0)
                return r;
        b->labels[image.label].cpu_us += image.cpu_us;
        b->labels[image.label].n++;
        if (b->n >= BUILD_IMAGES_MAX) {
                b->too_many = true;
                return 0;
        }
        BuildImage *items = array_grow(b->items, &b->capacity, b->n, sizeof *items);
        if (!items)
                return -ENOMEM;
        b->items = items;
        b->items[b->n++] = image;
        return 0;
}

int build_images_observe(BuildImages *b, const Batch *rows)
{
        const ImageCells c = {
                .key = cells_find(rows, "process"), .pid = cells_find(rows, "pid"), .parent = cells_find(rows, "parent"),
                .comm = cells_find(rows, "comm"), .cmdline = cells_find(rows, "cmdline"), .start = cells_find(rows, "start_ns"),
                .exec = cells_find(rows, "exec_ns"), .end = cells_find(rows, "end_ns"), .cpu = cells_find(rows, "cpu_us"),
        };
        int r = b->by_label ? 0 : map_new(&b->by_label);

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++)
                r = observe_row(b, &c, rows, row);
        return r;
}

static int compare_starts(const void *a, const void *b)
{
        const BuildImage *x = a, *y = b;

        if (x->times.start_ns != y->times.start_ns)
                return x->times.start_ns < y->times.start_ns ? -1 : 1;
        return (x->key > y->key) - (x->key < y->key);
}

int build_images_finish(BuildImages *b, int64_t end_ns)
{
        _cleanup_(map_freep) Map *by_key = NULL;
        int r = map_new(&by_key);

        if (b->n > 1)
                qsort(b->items, b->n, sizeof *b->items, compare_starts);
        for (size_t i = 0; r == 0 && i < b->n; i++) {
                BuildImage *p = &b->items[i];
                uintptr_t at = p->parent_key == UINT64_MAX ? 0 : (uintptr_t)map_get(by_key, p->parent_key);
                p->times.parent = at > 0 ? (int32_t)(at - 1) : -1;
                p->times.end_ns = MAX(MIN(p->times.end_ns, end_ns), p->times.start_ns);
                r = map_put(by_key, p->key, (void *)(i + 1));
        }
        return r;
}

void build_images_done(BuildImages *b)
{
        for (size_t i = 0; i < b->n_labels; i++)
                free(b->labels[i].text);
        free(b->labels);
        free(b->items);
        map_free(b->by_label);
        *b = (BuildImages){0};
}
