/* One zlib stream (RFC 1950) a section, as a browser's DecompressionStream("deflate") reads it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct PageDeflate PageDeflate;

bool page_deflate_available(void); /* compiled in */

int page_deflate_new(PageDeflate **ret); /* 0, -ENOMEM, -EOPNOTSUPP: not compiled in */
PageDeflate *page_deflate_free(PageDeflate *deflate);
DEFINE_CLEANUP(PageDeflate, page_deflate)

/* Appends. 1: not worth it, `to` is untouched; 0 or -errno. */
int page_deflate_add(PageDeflate *deflate, const void *data, size_t size, Buffer *to);
