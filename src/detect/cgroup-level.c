/* A list of things by their paths; a row of `cgroups_above` says of itself which version it is of. */
#include "detect/cgroup-level.h"

#include <string.h>

enum { NAME_SHOWN = 40 };

void *cgroup_level_get(Things *levels, const Batch *rows, const char *table, size_t row, bool own_v1, size_t state_size)
{
        const bool above = !text_equal(table, "cgroup");
        size_t size;
        const char *path = row_text(rows, cells_find(rows, "path"), row, &size);
        const size_t cut = size > THING_NAME_MAX ? size - THING_NAME_MAX : 0;
        CgroupLevel *level = things_get(levels, path + cut, size - cut, state_size);

        if (!level)
                return NULL;
        *level = (CgroupLevel){.above = above, .v1 = above ? cells_or(cells_find(rows, "version"), row, 2) == 1 : own_v1};
        return level;
}

void cgroup_level_add_where(String *to, const CgroupLevel *level, const char *path)
{
        const char *last = strrchr(path, '/');
        const char *name = last && last[1] ? last + 1 : path;

        if (!level->above)
                return;
        if (text_equal(path, "/")) /* the top has no limit but where it is the top of a namespace */
                string_add(to, " on the whole container");
        else
                string_add_format(to, " on %.*s%s, which the run is in,", NAME_SHOWN, name, strlen(name) > NAME_SHOWN ? "..." : "");
}
