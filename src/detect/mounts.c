/* One pass over the rows; a few dozen mounts, looked through from the front. */
#include "detect/mounts.h"

#include <string.h>

#include "base/clock.h"
#include "base/macros.h"
#include "detect/things.h"

const char *const mounts_columns[] = {"t_ns", "mount", "filesystem", "size_bytes", "available_bytes", "inodes", "inodes_free", NULL};

#define FULL_MOST ((uint64_t)256 << 20) /* what is left of a large one that is full */

static MountSeen *mount_of(Mounts *mounts, const char *path, size_t size)
{
        for (size_t i = 0; i < mounts->n; i++)
                if (strlen(mounts->items[i].path) == size && memcmp(mounts->items[i].path, path, size) == 0)
                        return &mounts->items[i];
        if (mounts->n == MOUNTS_MAX || size == 0 || size >= MOUNT_SIZE)
                return NULL;
        MountSeen *m = &mounts->items[mounts->n++];
        *m = (MountSeen){.least_bytes = UINT64_MAX, .least_inodes = UINT64_MAX};
        memcpy(m->path, path, size);
        return m;
}

/* Made full, never to be written. */
static bool is_image(const Batch *rows, Cells type, size_t row)
{
        static const char *const types[] = {"squashfs", "iso9660", "erofs", "udf", "cramfs", "romfs"};

        for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
                if (row_text_is(rows, type, row, types[i]))
                        return true;
        return false;
}

void mounts_observe(Mounts *mounts, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), path = cells_find(rows, "mount"), type = cells_find(rows, "filesystem"),
              size = cells_find(rows, "size_bytes"), left = cells_find(rows, "available_bytes"), inodes = cells_find(rows, "inodes"),
              inodes_left = cells_find(rows, "inodes_free");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                size_t n = 0;
                const char *name = row_text(rows, path, row, &n);
                MountSeen *m = is_image(rows, type, row) ? NULL : mount_of(mounts, name, n);
                uint64_t bytes = cells_or(left, row, UINT64_MAX), free_inodes = cells_or(inodes_left, row, UINT64_MAX);
                if (!m)
                        continue;
                m->size_bytes = cells_or(size, row, 0);
                m->inodes = cells_or(inodes, row, 0);
                if (bytes < m->least_bytes || free_inodes < m->least_inodes)
                        m->least_ns = batch_sane_ns(cells_or(at, row, 0));
                m->least_bytes = MIN(m->least_bytes, bytes);
                m->least_inodes = MIN(m->least_inodes, free_inodes);
        }
}

bool mount_was_full(const MountSeen *m)
{
        return m->size_bytes > 0 && (m->least_bytes <= MIN(m->size_bytes / 100, FULL_MOST) || m->least_bytes < 1 << 20 ||
                                     (m->inodes > 0 && m->least_inodes <= m->inodes / 1000));
}

const MountSeen *mounts_named(const Mounts *mounts, const char *line)
{
        const MountSeen *best = NULL;

        for (const char *p = line; *p && !best; p++) {
                if (*p != '/' || (p > line && !strchr(" '\"`:=(", p[-1])))
                        continue;
                for (size_t i = 0; i < mounts->n; i++) {
                        size_t n = strlen(mounts->items[i].path);
                        bool root = n == 1;
                        if (strncmp(p, mounts->items[i].path, n) == 0 && (root || p[n] == '/' || strchr(" '\"`:", p[n])) &&
                            (!best || n > strlen(best->path)))
                                best = &mounts->items[i];
                }
        }
        return best;
}

bool mount_lacks_inodes(const MountSeen *m)
{
        return m->least_bytes > MIN(m->size_bytes / 100, FULL_MOST) && m->least_bytes >= 1 << 20;
}

const MountSeen *mounts_fullest(const Mounts *mounts)
{
        const MountSeen *full = NULL;

        for (size_t i = 0; i < mounts->n; i++)
                if (mount_was_full(&mounts->items[i]) && (!full || mounts->items[i].least_bytes < full->least_bytes))
                        full = &mounts->items[i];
        return full;
}
