/* Walks the pages of a column chunk: header, bounds, checksum. What is inside is decode.h's. */
#pragma once

#include "store/parquet/crc.h"
#include "store/parquet/format.h"

typedef struct PageHeader {
        int kind; /* PAGE_* */
        uint32_t uncompressed, compressed;
        bool has_crc;
        uint32_t crc;
        uint32_t n_values; /* nulls included */
        int encoding;
        int levels_encoding;  /* of definition levels, v1 */
        uint32_t levels_size; /* v2: bytes of definition levels in front, never compressed */
        bool is_compressed;   /* v2 */
} PageHeader;

typedef struct PageSource {
        int fd;
        const Crc *crc;
        uint64_t at, end; /* the chunk's bytes still to read */
        Buffer window;    /* bytes of the file from window_offset on */
        uint64_t window_offset;
} PageSource;

void page_source_done(PageSource *source);
void page_source_start(PageSource *source, const Chunk *chunk);

/* 1: *ret and *payload (ret->compressed bytes, valid until the next call); *ret_head, if not
 * NULL, the header's bytes, which lie right before. 0: no page left. -EBADMSG, -EOPNOTSUPP,
 * -ENOMEM or what pread(2) said. */
int page_next(PageSource *source, PageHeader *ret, const uint8_t **payload, size_t *ret_head,
              Error *err);
