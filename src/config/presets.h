/* Presets: configurations for a kind of work, in the binary. They are the files rules/presets/NAME.toml. */
#pragma once

#include <stddef.h>

typedef struct Preset {
        const char *name;
        const char *text; /* TOML; a NUL byte follows */
        size_t size;
        const char *help; /* one line: the first comment of the file */
} Preset;

/* All, by name; the last has name NULL. */
extern const Preset presets[];

/* The text of the preset of that name; NULL: there is none, *size is untouched. */
const char *preset_find(const char *name, size_t *size);
