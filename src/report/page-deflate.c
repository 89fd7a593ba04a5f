/* One compressor for all sections: making it costs more than a small section does. */
#include "report/page-deflate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { LEVEL = 4, WORTH_BYTES = 32 }; /* 5: a third slower for two percent, 6: half as slow again for three */

struct PageDeflate {
        z_stream stream;
};

bool page_deflate_available(void)
{
        return true;
}

int page_deflate_new(PageDeflate **ret)
{
        PageDeflate *d = calloc(1, sizeof *d);

        if (!d || deflateInit(&d->stream, LEVEL) != Z_OK) {
                free(d);
                return -ENOMEM;
        }
        *ret = d;
        return 0;
}

PageDeflate *page_deflate_free(PageDeflate *d)
{
        if (!d)
                return NULL;
        deflateEnd(&d->stream);
        free(d);
        return NULL;
}

int page_deflate_add(PageDeflate *d, const void *data, size_t size, Buffer *to)
{
        z_stream *z = &d->stream;

        if (size < WORTH_BYTES || size > UINT_MAX / 2)
                return 1;
        size_t bound = deflateBound(z, size);
        if (buffer_reserve(to, bound) < 0)
                return -ENOMEM;
        if (deflateReset(z) != Z_OK)
                return -EIO;
        z->next_in = (Bytef *)(uintptr_t)data; /* zlib's struct knows no const */
        z->avail_in = (uInt)size;
        z->next_out = to->data + to->size;
        z->avail_out = (uInt)bound;
        if (deflate(z, Z_FINISH) != Z_STREAM_END)
                return -EIO;
        size_t packed = bound - z->avail_out;
        if (packed >= size)
                return 1;
        to->size += packed;
        return 0;
}
