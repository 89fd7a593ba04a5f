/* Without zlib the page's data are plain. */
#include "report/page-deflate.h"

#include <errno.h>

bool page_deflate_available(void)
{
        return false;
}

int page_deflate_new(PageDeflate **ret)
{
        return -EOPNOTSUPP;
}

PageDeflate *page_deflate_free(PageDeflate *deflate)
{
        return NULL;
}

int page_deflate_add(PageDeflate *deflate, const void *data, size_t size, Buffer *to)
{
        return 1;
}
