/*
 * What is at an address of a process that lives: function, file and line, by its maps and the symbols and DWARF of its
 * files (elfutils, loaded when it is needed). Nothing is fetched from anywhere.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "app/leak-sites.h"
#include "base/error.h"
#include "base/macros.h"
#include "bpf/heap.event.h"

typedef struct HeapSymbols HeapSymbols;

bool heap_symbols_available(void); /* elfutils is built in, and there */

/* -EOPNOTSUPP: without elfutils. */
int heap_symbols_new(pid_t pid, HeapSymbols **ret, Error *err);
HeapSymbols *heap_symbols_free(HeapSymbols *symbols);
DEFINE_CLEANUP(HeapSymbols, heap_symbols)

/* Reads the maps again. 0, or -errno: it is gone, and what was known stays. */
int heap_symbols_refresh(HeapSymbols *symbols);

/* Where its code is, as its maps are now. 0; -EAGAIN: it has not begun; or -errno. */
int heap_symbols_texts(const HeapSymbols *symbols, struct heap_texts *ret);

/* Return addresses, innermost first, by the unwind tables of its files (as of the last refresh), from what a call left: how
 * many, 0 where that cannot be. Each is sure; the last need not be the outermost. */
size_t heap_symbols_unwind(HeapSymbols *symbols, const struct heap_snippet *snippet, uint64_t *calls, size_t most);

/* A return address: the call in front of it. Texts are owned by the frame; what is not known stays NULL. NULL symbols:
 * the address alone. 0 or -ENOMEM. */
int heap_symbols_find(HeapSymbols *symbols, uint64_t address, LeakFrame *ret);
