/* Programs that only run another one, and those that run a script. docs/rules.md names them. */
#pragma once

#include "base/macros.h"
#include "rules/words.h"

enum { WRAPPER_SHAPES_MAX = 2 };

typedef struct Wrapper {
        TextPart name; /* normalised */
        const OptionShape *shapes[WRAPPER_SHAPES_MAX]; /* how to find what it runs, tried in turn; NULL: no more */
        const OptionShape *interpreter; /* what stands behind these options is a script */
        bool shell, java, python;
} Wrapper;

/* All of them, by name. */
typedef struct Wrappers Wrappers;

int wrappers_new(Wrappers **ret); /* 0 or -ENOMEM */
Wrappers *wrappers_free(Wrappers *wrappers);
DEFINE_CLEANUP(Wrappers, wrappers)

/* NULL: it is none. */
const Wrapper *wrappers_find(const Wrappers *wrappers, TextPart program);
