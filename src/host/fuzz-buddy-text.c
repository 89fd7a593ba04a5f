/* buddyinfo and pagetypeinfo of any bytes, copied to their exact size. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/buddy-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_lines(const char *at, const char *end)
{
        BuddyLine line;
        BuddyFigures f;

        while (buddy_line_next(&at, end, &line)) {
                if (at > end || line.n > BUDDY_ORDERS || strlen(line.zone) >= sizeof line.zone)
                        abort();
                if (buddy_figures(line.values, line.n, line.node % 20, &f) < 0)
                        continue;
                if (f.unusable_ratio < 0 || f.unusable_ratio > 1 || f.fragmentation_index > 1 ||
                    f.largest_order >= (int)line.n)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1);
        PageTypes types;

        if (!text)
                return 0;
        memcpy(text, data, size);
        read_lines(text, text + size);
        if (page_types_find(text, size, &types) == 0) {
                if (types.free_end > types.blocks || types.blocks > types.blocks_end)
                        abort();
                read_lines(types.free, types.free_end);
                read_lines(types.blocks, types.blocks_end);
        }
        free(text);
        return 0;
}
