/*
 * A shared library that is loaded when it is needed: what few use must not cost every start its
 * relocations, nor be there. Its functions become pointers of a struct. dlopen(3).
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

typedef struct LibrarySymbol {
        const char *name;
        size_t offset; /* of the pointer in the struct */
} LibrarySymbol;

/* Fills the pointers of `api`; all have to be there. The handle, to be closed by dlclose(3) or kept
 * for good. -EOPNOTSUPP with a sentence; nothing stays loaded then. */
int library_load(const char *file, const LibrarySymbol *symbols, size_t n, void *api, void **ret_handle,
                 Error *why);
