/* The built-in rules, in the binary: the files rules/NAME.toml, listed in the meson.build here. */
#pragma once

#include <stddef.h>

typedef struct BuiltinRules {
        const char *name; /* "c.toml" */
        const char *text; /* TOML; a NUL byte follows */
        size_t size;
} BuiltinRules;

/* The first includes the others; the last has name NULL. */
extern const BuiltinRules builtin_rules[];
