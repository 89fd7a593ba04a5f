/* Reads ahead in a window, so that small chunks cost one pread(2). */
#include "store/parquet/page.h"

#include <errno.h>

#include "store/parquet/file-io.h"
#include "store/parquet/thrift.h"

enum {
        WINDOW = 64 << 10,
        HEADER_MAX = 8 << 20, /* statistics in page headers can hold long texts */
};

void page_source_done(PageSource *s)
{
        buffer_done(&s->window);
}

void page_source_start(PageSource *s, const Chunk *chunk)
{
        s->at = chunk->offset;
        s->end = chunk->offset + chunk->compressed;
}

/* Makes file bytes [s->at, s->at + size) be in the window. */
static int window_get(PageSource *s, size_t size, const uint8_t **ret, Error *err)
{
        uint64_t have = s->window_offset + s->window.size;

        if (s->at < s->window_offset || s->at > have || size > have - s->at) {
                size_t want = MAX(size, (size_t)MIN(s->end - s->at, (uint64_t)WINDOW));
                buffer_clear(&s->window);
                int r = buffer_reserve(&s->window, want);
                if (r == 0)
                        r = file_pread(s->fd, s->window.data, want, s->at);
                if (r < 0)
                        return error_set_errno(err, r, "cannot read a page");
                s->window.size = want;
                s->window_offset = s->at;
        }
        *ret = s->window.data + (s->at - s->window_offset);
        return 0;
}

static uint32_t take_size(ThriftReader *r, uint8_t type)
{
        int64_t value = thrift_read_int(r, type);

        if (value < 0 || value > INT32_MAX) {
                r->failed = true;
                r->p = r->end;
                return 0;
        }
        return (uint32_t)value;
}

static void read_data_header(ThriftReader *r, PageHeader *h)
{
        int16_t id;
        uint8_t type;

        thrift_enter(r);
        while (thrift_next(r, &id, &type))
                if (id == 1)
                        h->n_values = take_size(r, type);
                else if (id == 2)
                        h->encoding = (int)take_size(r, type);
                else if (id == 3)
                        h->levels_encoding = (int)take_size(r, type);
                else
                        thrift_skip(r, type);
}

static void read_dictionary_header(ThriftReader *r, PageHeader *h)
{
        int16_t id;
        uint8_t type;

        thrift_enter(r);
        while (thrift_next(r, &id, &type))
                if (id == 1)
                        h->n_values = take_size(r, type);
                else if (id == 2)
                        h->encoding = (int)take_size(r, type);
                else
                        thrift_skip(r, type);
}

static void read_data_header_v2(ThriftReader *r, PageHeader *h)
{
        int16_t id;
        uint8_t type;

        thrift_enter(r);
        while (thrift_next(r, &id, &type))
                if (id == 1)
                        h->n_values = take_size(r, type);
                else if (id == 4)
                        h->encoding = (int)take_size(r, type);
                else if (id == 5)
                        h->levels_size = take_size(r, type);
                else if (id == 6 && take_size(r, type) != 0)
                        r->failed = true; /* repetition levels in a flat column */
                else if (id == 7)
                        h->is_compressed = thrift_read_bool(r, type);
                else if (id != 6)
                        thrift_skip(r, type);
}

static void read_header(ThriftReader *r, PageHeader *h)
{
        bool described = false;
        int16_t id;
        uint8_t type;

        *h = (PageHeader){.kind = -1, .is_compressed = true};
        thrift_enter(r);
        while (thrift_next(r, &id, &type)) {
                if (id == 1) {
                        h->kind = (int)take_size(r, type);
                } else if (id == 2) {
                        h->uncompressed = take_size(r, type);
                } else if (id == 3) {
                        h->compressed = take_size(r, type);
                } else if (id == 4) {
                        h->crc = (uint32_t)thrift_read_int(r, type);
                        h->has_crc = true;
                } else if (id == 5 && h->kind == PAGE_DATA && type == THRIFT_STRUCT) {
                        read_data_header(r, h);
                        described = true;
                } else if (id == 7 && h->kind == PAGE_DICTIONARY && type == THRIFT_STRUCT) {
                        read_dictionary_header(r, h);
                        described = true;
                } else if (id == 8 && h->kind == PAGE_DATA_V2 && type == THRIFT_STRUCT) {
                        read_data_header_v2(r, h);
                        described = true;
                } else {
                        thrift_skip(r, type);
                }
        }
        if (!described && h->kind != PAGE_INDEX)
                r->failed = true;
}

static int find_header(PageSource *s, PageHeader *ret, size_t *ret_size, Error *err)
{
        const uint8_t *p;

        /* a header's length is known only at its end: look at more until it ends */
        for (size_t look = 256;; look *= 8) {
                size_t size = (size_t)MIN((uint64_t)look, s->end - s->at);
                int r = window_get(s, size, &p, err);
                if (r < 0)
                        return r;
                ThriftReader reader = {.p = p, .end = p + size};
                read_header(&reader, ret);
                if (!reader.failed) {
                        *ret_size = (size_t)(reader.p - p);
                        return 0;
                }
                if (!reader.short_of || look >= HEADER_MAX || size < look)
                        return error_set(err, EBADMSG, "a page header is damaged");
        }
}

int page_next(PageSource *s, PageHeader *ret, const uint8_t **payload, size_t *ret_head,
              Error *err)
{
        size_t head = 0;
        const uint8_t *p;

        if (s->at >= s->end)
                return 0;
        int r = find_header(s, ret, &head, err);
        if (r < 0)
                return r;
        if (ret->compressed > PAGE_MAX || ret->uncompressed > PAGE_MAX)
                return error_set(err, EOPNOTSUPP, "a page of %u bytes is larger than 64 MiB",
                                 MAX(ret->compressed, ret->uncompressed));
        if (ret->compressed > s->end - s->at - head)
                return error_set(err, EBADMSG, "a page runs past the end of its column chunk");
        r = window_get(s, head + ret->compressed, &p, err);
        if (r < 0)
                return r;
        if (ret->has_crc && crc_of(s->crc, p + head, ret->compressed) != ret->crc)
                return error_set(err, EBADMSG, "a page is damaged: its checksum is wrong");
        *payload = p + head;
        if (ret_head)
                *ret_head = head;
        s->at += head + ret->compressed;
        return 1;
}
