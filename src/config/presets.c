/* The list is written by scripts/embed.sh. */
#include "config/presets.h"

#include "base/text.h"

const char *preset_find(const char *name, size_t *size)
{
        for (const Preset *p = presets; p->name; p++) {
                if (!text_equal(p->name, name))
                        continue;
                *size = p->size;
                return p->text;
        }
        return NULL;
}
