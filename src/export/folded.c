/* Images are put into a tree of frames once all of them are read: a parent's row comes after its child's. */
#include "export/folded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hash.h"
#include "export/process-reader.h"

enum {
        NAME_COLUMNS = 64,
        DEPTH_MAX = 256,   /* frames of a path; who is deeper counts as his ancestor there */
        CHUNK = 1 << 17,
};

/* A process image; its place in the tree once that is known. */
typedef struct Image {
        uint64_t key, parent, value;
        uint32_t name;  /* index */
        uint32_t frame; /* index; 0: not known yet */
} Image;

typedef struct Frame {
        uint32_t parent, name, depth;
        uint64_t value;
} Frame;

typedef struct Folding {
        Image *images;
        size_t n_images, images_capacity;
        Frame *frames; /* 0: the root, which is no process */
        size_t n_frames, frames_capacity;
        char **names;
        size_t n_names, names_capacity;
        Map *by_key;   /* → image, by index + 1 */
        Map *by_name;  /* hash → name, by index + 1 */
        Map *by_place; /* hash of parent and name → frame, by index */
} Folding;

static void folding_done(Folding *f)
{
        for (size_t i = 0; i < f->n_names; i++)
                free(f->names[i]);
        free(f->names);
        free(f->images);
        free(f->frames);
        map_free(f->by_key);
        map_free(f->by_name);
        map_free(f->by_place);
}

static int grow(void *array, size_t n, size_t *capacity, size_t size)
{
        void **at = array;

        if (n < *capacity)
                return 0;
        if (n >= UINT32_MAX - 1)
                return -ENOMEM;
        size_t wanted = MAX(*capacity * 2, (size_t)256);
        void *grown = reallocarray(*at, wanted, size);
        if (!grown)
                return -ENOMEM;
        *at = grown;
        *capacity = wanted;
        return 0;
}

static void *index_value(size_t i)
{
        return (void *)(uintptr_t)(i + 1);
}

/* ---- names ---- */

/* A name as a frame: one word, without what separates frames. */
static void add_frame_name(String *out, const char *name)
{
        size_t from = out->size;

        string_add_shown(out, name, NAME_COLUMNS, false);
        for (size_t i = from; i < out->size; i++)
                if (out->text[i] == ' ' || out->text[i] == ';')
                        out->text[i] = '_';
        if (out->size == from)
                string_add(out, "unnamed");
}

/* Names that hash alike are told apart by probing on. */
static int find_name(Folding *f, const char *name, uint32_t *ret)
{
        uint64_t hash = hash_bytes(name, strlen(name));
        size_t found;

        for (; (found = (size_t)(uintptr_t)map_get(f->by_name, hash)) != 0; hash++)
                if (text_equal(f->names[found - 1], name)) {
                        *ret = (uint32_t)(found - 1);
                        return 0;
                }
        if (grow(&f->names, f->n_names, &f->names_capacity, sizeof *f->names) < 0)
                return -ENOMEM;
        char *copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        f->names[f->n_names] = copy;
        *ret = (uint32_t)f->n_names;
        return map_put(f->by_name, hash, index_value(f->n_names++));
}

/* ---- images ---- */

static int add_image(Folding *f, const ProcessRow *row, FoldedWeight weight)
{
        const SummaryProcess *p = &row->process;
        _cleanup_string_ String name = {0}, frame = {0};
        uint64_t value = p->cpu_us;
        uint32_t index = 0;

        if (weight == FOLDED_MEMORY)
                value = p->peak_rss_bytes != SUMMARY_UNKNOWN ? p->peak_rss_bytes : p->peak_pss_bytes;
        process_row_name(row, &name);
        add_frame_name(&frame, string_get(&name));
        if (name.failed || frame.failed || find_name(f, string_get(&frame), &index) < 0 ||
            grow(&f->images, f->n_images, &f->images_capacity, sizeof *f->images) < 0)
                return -ENOMEM;
        f->images[f->n_images++] = (Image){.key = p->process,
                                           .parent = row->parent,
                                           .value = value == SUMMARY_UNKNOWN ? 0 : value,
                                           .name = index};
        return 0;
}

static int read_images(Folding *f, RunReader *run, FoldedWeight weight, Error *err)
{
        _cleanup_(process_reader_freep) ProcessReader *reader = NULL;
        const ProcessRow *row;
        int r = process_reader_new(run, NULL, &reader, err);

        while (r == 0 && (r = process_reader_next(reader, &row, err)) > 0)
                r = add_image(f, row, weight) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
        return r;
}

/* ---- frames ---- */

static int find_frame(Folding *f, uint32_t parent, uint32_t name, uint32_t *ret)
{
        uint64_t hash = hash_u64((uint64_t)parent << 32 | name);
        size_t found;

        if (f->frames[parent].depth >= DEPTH_MAX) {
                *ret = parent;
                return 0;
        }
        for (; (found = (size_t)(uintptr_t)map_get(f->by_place, hash)) != 0; hash++)
                if (f->frames[found - 1].parent == parent && f->frames[found - 1].name == name) {
                        *ret = (uint32_t)(found - 1);
                        return 0;
                }
        if (grow(&f->frames, f->n_frames, &f->frames_capacity, sizeof *f->frames) < 0)
                return -ENOMEM;
        f->frames[f->n_frames] = (Frame){.parent = parent, .name = name, .depth = f->frames[parent].depth + 1};
        *ret = (uint32_t)f->n_frames;
        return map_put(f->by_place, hash, index_value(f->n_frames++));
}

static Image *parent_of(const Folding *f, const Image *image)
{
        size_t found = image->parent ? (size_t)(uintptr_t)map_get(f->by_key, image->parent) : 0;
        Image *parent = found ? &f->images[found - 1] : NULL;

        return parent == image ? NULL : parent;
}

/* Up to an ancestor whose frame is known, or as deep as a path may be, and down again. Parents in a
 * circle, which only a forged table has, end there, too. */
static int place(Folding *f, Image *image)
{
        Image *chain[DEPTH_MAX];
        size_t n = 0;
        uint32_t frame = 0;

        for (Image *at = image; at && n < DEPTH_MAX; at = parent_of(f, at)) {
                if (at->frame) {
                        frame = at->frame;
                        break;
                }
                chain[n++] = at;
        }
        while (n > 0) {
                Image *at = chain[--n];
                if (find_frame(f, frame, at->name, &frame) < 0)
                        return -ENOMEM;
                at->frame = frame;
        }
        return 0;
}

static int compare_keys(const void *a, const void *b)
{
        const Image *x = a, *y = b;

        return x->key < y->key ? -1 : x->key > y->key;
}

/* By key: a parent's is lower than its children's. */
static int place_images(Folding *f)
{
        if (f->n_images > 0)
                qsort(f->images, f->n_images, sizeof *f->images, compare_keys);
        for (size_t i = 0; i < f->n_images; i++)
                if (f->images[i].key != 0 && map_put(f->by_key, f->images[i].key, index_value(i)) < 0)
                        return -ENOMEM;
        if (grow(&f->frames, 0, &f->frames_capacity, sizeof *f->frames) < 0)
                return -ENOMEM;
        f->frames[f->n_frames++] = (Frame){0};
        for (size_t i = 0; i < f->n_images; i++) {
                if (!f->images[i].frame && place(f, &f->images[i]) < 0)
                        return -ENOMEM;
                f->frames[f->images[i].frame].value += f->images[i].value;
        }
        return 0;
}

/* ---- lines ---- */

static void add_path(const Folding *f, uint32_t frame, String *out)
{
        uint32_t path[DEPTH_MAX];
        size_t n = 0;

        for (; frame != 0 && n < DEPTH_MAX; frame = f->frames[frame].parent)
                path[n++] = f->frames[frame].name;
        while (n > 0) {
                string_add(out, f->names[path[--n]]);
                string_add(out, n > 0 ? ";" : "");
        }
}

static int compare_lines(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static int make_lines(const Folding *f, char **lines, size_t *ret_n)
{
        for (size_t i = 1; i < f->n_frames; i++) {
                String line = {0};
                if (f->frames[i].value == 0)
                        continue;
                add_path(f, (uint32_t)i, &line);
                string_add_format(&line, " %llu\n", (unsigned long long)f->frames[i].value);
                lines[*ret_n] = string_take(&line);
                if (!lines[(*ret_n)++]) {
                        string_done(&line);
                        return -ENOMEM;
                }
        }
        qsort(lines, *ret_n, sizeof *lines, compare_lines);
        return 0;
}

static int write_lines(char *const *lines, size_t n, int fd)
{
        _cleanup_string_ String pending = {0};
        int r = 0;

        for (size_t i = 0; r == 0 && i <= n; i++) {
                if (i < n)
                        string_add(&pending, lines[i]);
                if (pending.failed)
                        return -ENOMEM;
                if (i < n && pending.size < CHUNK)
                        continue;
                r = file_write_all(fd, string_get(&pending), pending.size);
                string_clear(&pending);
        }
        return r;
}

int folded_write(RunReader *run, FoldedWeight weight, int fd, bool *ret_output, Error *err)
{
        _cleanup_(folding_done) Folding f = {0};
        char **lines = NULL;
        size_t n = 0;
        int r = 0;

        *ret_output = false;
        if (map_new(&f.by_key) < 0 || map_new(&f.by_name) < 0 || map_new(&f.by_place) < 0)
                return error_set(err, ENOMEM, "out of memory");
        r = read_images(&f, run, weight, err);
        if (r < 0)
                return r;
        if (place_images(&f) == 0)
                lines = calloc(f.n_frames, sizeof *lines);
        if (!lines || make_lines(&f, lines, &n) < 0) {
                r = error_set(err, ENOMEM, "out of memory");
        } else {
                r = write_lines(lines, n, fd);
                *ret_output = r < 0;
                if (r < 0)
                        error_set_errno(err, r, "cannot write");
        }
        for (size_t i = 0; i < n; i++)
                free(lines[i]);
        free(lines);
        return r;
}
