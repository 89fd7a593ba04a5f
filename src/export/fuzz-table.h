/* Reading and writing in memory, for the fuzzers. */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "export/format.h"

static inline bool fuzz_equal(const Buffer *a, const Buffer *b)
{
        return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* Reads data and writes it again in the same format. -EBADMSG with a sentence, or 0. */
static inline int fuzz_rewrite(TableFormat format, const void *data, size_t size, Buffer *out)
{
        _cleanup_close_ int in = memfd_create("in", MFD_CLOEXEC), to = memfd_create("out", MFD_CLOEXEC);
        _cleanup_(table_reader_freep) TableReader *reader = NULL;
        _cleanup_(sink_freep) Sink *sink = NULL;
        const Batch *rows;
        Error err = {0};

        if (in < 0 || to < 0 || file_write_all(in, data, size) < 0)
                abort();
        int r = table_reader_new(format, in, "fuzz", &reader, &err);
        if (r < 0) {
                if (!err.message[0])
                        abort(); /* a refusal without a sentence */
                return r;
        }
        if (table_writer_new(format, to, table_reader_schema(reader), NULL, &sink, &err) < 0)
                abort();
        while ((r = table_reader_next(reader, &rows, &err)) > 0)
                if (sink_write(sink, rows, &err) < 0)
                        abort();
        if (r < 0 || sink_flush(sink, &err) < 0)
                abort(); /* the first pass found nothing wrong */
        if (lseek(to, 0, SEEK_SET) < 0 || file_read_all(to, out, 1 << 28) < 0)
                abort();
        return 0;
}
