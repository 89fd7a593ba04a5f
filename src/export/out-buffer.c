/* Large writes. */
#include "export/out-buffer.h"

#include "base/file.h"

int out_buffer_drain(OutBuffer *out, size_t least, Error *err)
{
        if (out->pending.size <= least)
                return 0;
        int r = file_write_all(out->fd, out->pending.data, out->pending.size);
        buffer_clear(&out->pending);
        return r < 0 ? error_set_errno(err, r, "cannot write") : 0;
}
