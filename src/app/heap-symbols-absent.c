/* Built without elfutils: addresses only. */
#include <errno.h>
#include <stdio.h>

#include "app/heap-symbols.h"

bool heap_symbols_available(void)
{
        return false;
}

int heap_symbols_new(pid_t pid, HeapSymbols **ret, Error *err)
{
        return error_set(err, EOPNOTSUPP, "this vigia was built without elfutils (Debian: libdw-dev)");
}

HeapSymbols *heap_symbols_free(HeapSymbols *symbols)
{
        return NULL;
}

int heap_symbols_refresh(HeapSymbols *symbols)
{
        return -EOPNOTSUPP;
}

int heap_symbols_texts(const HeapSymbols *symbols, struct heap_texts *ret)
{
        return -EOPNOTSUPP;
}

size_t heap_symbols_unwind(HeapSymbols *symbols, const struct heap_snippet *snippet, uint64_t *calls, size_t most)
{
        return 0;
}

int heap_symbols_find(HeapSymbols *symbols, uint64_t address, LeakFrame *ret)
{
        return asprintf(&ret->function, "0x%llx", (unsigned long long)address) < 0 ? -ENOMEM : 0;
}
