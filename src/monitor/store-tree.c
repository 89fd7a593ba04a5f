/* Depth first with getdents64(2) and statx(2). A level keeps its descriptor and what it has read of
 * its entries, so that nothing is read twice and no list of names is ever held. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "monitor/store-measure.h"

enum {
        ENTRIES_BYTES = 4096,
        STEP = 256,
        SLOTS_MIN = 1024,
        SLOTS_MAX = 2 * STORE_LINKS_MAX,
        FILTER_BITS = 16 << 20, /* a Bloom filter of four bits an inode */
        FILTER_HASHES = 4,
};

typedef struct Level {
        int fd;
        size_t at, size; /* of entries */
        char *entries;   /* owned; kept for the next folder of this depth */
} Level;

/* Inodes with several names that were counted: open addressing, 0 is free; those for which there is no
 * room in a filter. */
typedef struct Links {
        uint64_t *slots;  /* owned */
        size_t n, size;
        uint64_t *filter; /* owned; NULL while nobody needs it */
} Links;

typedef struct Walk {
        Level levels[STORE_DEPTH_MAX];
        size_t depth;
        dev_t device;
        Links links;
        StoreFigures figures;
} Walk;

static uint64_t *links_slot(const Links *links, uint64_t inode)
{
        size_t at = hash_u64(inode) & (links->size - 1);

        while (links->slots[at] != 0 && links->slots[at] != inode)
                at = (at + 1) & (links->size - 1);
        return &links->slots[at];
}

static bool links_grow(Links *links)
{
        Links more = {.size = links->size ? links->size * 2 : SLOTS_MIN, .n = links->n};

        if (more.size > SLOTS_MAX || !(more.slots = calloc(more.size, sizeof *more.slots)))
                return false;
        for (size_t i = 0; i < links->size; i++)
                if (links->slots[i] != 0)
                        *links_slot(&more, links->slots[i]) = links->slots[i];
        free(links->slots);
        *links = more;
        return true;
}

/* True where all bits were set before. */
static bool filter_add(uint64_t *filter, uint64_t inode)
{
        uint64_t hash = hash_u64(inode), step = (hash >> 32) | 1;
        bool seen = true;

        for (unsigned i = 0; i < FILTER_HASHES; i++, hash += step) {
                uint64_t bit = 1ull << (hash & 63);
                uint64_t *word = &filter[(hash >> 6) % (FILTER_BITS / 64)];
                seen = seen && (*word & bit);
                *word |= bit;
        }
        return seen;
}

/* Whether it was counted already; from now on it is. Without memory every name counts. */
static bool links_seen(Links *links, uint64_t inode)
{
        if (links->size > 0 && *links_slot(links, inode) == inode)
                return true;
        if (links->n < STORE_LINKS_MAX && (links->n < links->size / 2 || links_grow(links))) {
                *links_slot(links, inode) = inode;
                links->n++;
                return false;
        }
        if (!links->filter)
                links->filter = calloc(FILTER_BITS / 64, sizeof *links->filter);
        return links->filter && filter_add(links->filter, inode);
}

static void count(Walk *w, const struct statx *st)
{
        StoreFigures *f = &w->figures;

        if (S_ISDIR(st->stx_mode)) {
                f->directories++;
                f->bytes += st->stx_blocks * 512;
                return;
        }
        if (st->stx_nlink > 1 && links_seen(&w->links, st->stx_ino))
                return;
        f->files++;
        f->bytes += st->stx_blocks * 512;
        if (S_ISREG(st->stx_mode) || S_ISLNK(st->stx_mode))
                f->apparent_bytes += st->stx_size;
}

static int stat_entry(int fd, const char *name, struct statx *ret)
{
        /* A server need not be asked again for what is known of its files. */
        int r = statx(fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC | AT_EMPTY_PATH,
                      STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_SIZE | STATX_BLOCKS,
                      ret);

        return r < 0 ? -errno : 0;
}

/* Reading a folder would write its access time, where we may not say no to that. */
static int open_folder(int fd, const char *name)
{
        const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
        int folder = openat(fd, name, flags | O_NOATIME);

        if (folder < 0 && errno == EPERM)
                folder = openat(fd, name, flags);
        return folder < 0 ? -errno : folder;
}

static int level_push(Walk *w, int fd)
{
        Level *level = &w->levels[w->depth];

        if (!level->entries && !(level->entries = malloc(ENTRIES_BYTES)))
                return -ENOMEM;
        level->fd = fd;
        level->at = level->size = 0;
        w->depth++;
        return 0;
}

static void level_pop(Walk *w)
{
        Level *level = &w->levels[--w->depth];

        level->fd = fd_close(level->fd);
}

/* Whether this folder is on our file system, and no mount of its own. */
static bool is_ours(const Walk *w, const struct statx *st)
{
        return makedev(st->stx_dev_major, st->stx_dev_minor) == w->device &&
               !(st->stx_attributes & st->stx_attributes_mask & STATX_ATTR_MOUNT_ROOT);
}

static int visit(Walk *w, const char *name)
{
        Level *level = &w->levels[w->depth - 1];
        struct statx st;
        int r = stat_entry(level->fd, name, &st);

        if (r == -ENOENT) /* removed meanwhile */
                return 0;
        if (r < 0) {
                w->figures.errors++;
                return 0;
        }
        bool folder = S_ISDIR(st.stx_mode);
        if (folder && !is_ours(w, &st))
                return 0;
        count(w, &st);
        if (!folder)
                return 0;
        int fd = w->depth < STORE_DEPTH_MAX ? open_folder(level->fd, name) : -ENAMETOOLONG;
        if (fd < 0) {
                w->figures.errors += fd != -ENOENT;
                return 0;
        }
        r = level_push(w, fd);
        if (r < 0)
                fd_close(fd);
        return r;
}

/* The next entry of the innermost folder; its end closes it. */
static int step(Walk *w)
{
        Level *level = &w->levels[w->depth - 1];

        if (level->at >= level->size) {
                ssize_t n = getdents64(level->fd, level->entries, ENTRIES_BYTES);
                if (n <= 0) {
                        w->figures.errors += n < 0 && errno != ENOENT;
                        level_pop(w);
                        return 0;
                }
                level->at = 0;
                level->size = (size_t)n;
        }
        const struct dirent64 *entry = (const void *)(level->entries + level->at);
        level->at += entry->d_reclen;
        if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
                return 0;
        return visit(w, entry->d_name);
}

static int walk(Walk *w, const StoreWatch *watch)
{
        while (w->depth > 0) {
                for (size_t i = 0; i < STEP && w->depth > 0; i++) {
                        int r = step(w);
                        if (r < 0)
                                return r;
                }
                if (!watch->go_on(&w->figures, watch->data))
                        return -ECANCELED;
        }
        return 0;
}

static Walk *walk_free(Walk *w)
{
        if (!w)
                return NULL;
        while (w->depth > 0)
                level_pop(w);
        for (size_t i = 0; i < STORE_DEPTH_MAX; i++)
                free(w->levels[i].entries);
        free(w->links.slots);
        free(w->links.filter);
        free(w);
        return NULL;
}

static void walk_freep(Walk **w)
{
        walk_free(*w);
}

int store_tree_measure(int folder_fd, const StoreWatch *watch, StoreFigures *ret)
{
        _cleanup_(walk_freep) Walk *w = calloc(1, sizeof *w);
        struct statx st;

        if (!w)
                return -ENOMEM;
        w->figures.store_paths = STORE_UNKNOWN;
        int r = stat_entry(folder_fd, "", &st);
        if (r == 0 && !S_ISDIR(st.stx_mode))
                r = -ENOTDIR;
        if (r < 0)
                return r;
        w->device = makedev(st.stx_dev_major, st.stx_dev_minor);
        int fd = open_folder(folder_fd, ".");
        if (fd < 0)
                return fd;
        r = level_push(w, fd);
        if (r < 0) {
                fd_close(fd);
                return r;
        }
        count(w, &st);
        r = walk(w, watch);
        if (r == 0)
                *ret = w->figures;
        return r;
}
