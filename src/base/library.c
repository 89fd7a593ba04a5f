/* dlopen and dlsym over a list. */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *file, const LibrarySymbol *symbols, size_t n, void *api, void **ret_handle,
                 Error *why)
{
        void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

        if (!handle)
                return error_set(why, EOPNOTSUPP, "%s cannot be loaded", file);
        for (size_t i = 0; i < n; i++) {
                void *symbol = dlsym(handle, symbols[i].name);
                if (!symbol) {
                        dlclose(handle);
                        return error_set(why, EOPNOTSUPP, "%s has no %s", file, symbols[i].name);
                }
                memcpy((char *)api + symbols[i].offset, &symbol, sizeof symbol);
        }
        *ret_handle = handle;
        return 0;
}
