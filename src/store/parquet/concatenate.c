/* Pages are copied as they are, each checked by its own checksum; only the footer is new. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "store/parquet/page.h"
#include "store/parquet/reader.h"

typedef struct Target {
        int fd;
        const Schema *schema;
        uint64_t offset;
        Buffer row_groups;
        size_t n_row_groups;
        uint64_t rows;
        Buffer part; /* a part's pages, whole, before any of it is written */
} Target;

static bool same_schema(const Schema *a, const Schema *b)
{
        if (a->n_columns != b->n_columns)
                return false;
        for (size_t i = 0; i < a->n_columns; i++)
                if (a->columns[i].type != b->columns[i].type ||
                    !text_equal(a->columns[i].name, b->columns[i].name))
                        return false;
        return true;
}

/* Pages fit under our schema only where they are stored as our writer stores them. */
static bool stored_as_ours(const Footer *f)
{
        for (size_t i = 0; i < f->schema.n_columns; i++) {
                const Leaf *leaf = &f->leaves[i];
                if (!leaf->optional || leaf->trouble || leaf->conversion != CONVERT_NONE ||
                    leaf->type != format_type(f->schema.columns[i].type))
                        return false;
        }
        return true;
}

/* Appends the chunk's pages to t->part; each must be undamaged, and its rows add up. */
static int take_chunk(Target *t, PageSource *source, const Chunk *chunk, Error *err)
{
        PageHeader h;
        const uint8_t *payload;
        uint64_t rows = 0;
        size_t head;
        int r;

        page_source_start(source, chunk);
        while ((r = page_next(source, &h, &payload, &head, err)) > 0) {
                if (h.kind == PAGE_DATA || h.kind == PAGE_DATA_V2)
                        rows += h.n_values;
                r = buffer_append(&t->part, payload - head, head + h.compressed);
                if (r < 0)
                        return r;
        }
        if (r == 0 && rows != chunk->n_values)
                r = error_set(err, EBADMSG, "a column chunk is incomplete");
        return r;
}

static int write_part(Target *t, Error *err)
{
        int r = file_write_all(t->fd, t->part.data, t->part.size);

        if (r < 0)
                return error_set_errno(err, r, "cannot write");
        t->offset += t->part.size;
        buffer_clear(&t->part);
        return 0;
}

/* A row group whole: nothing of one that turns out damaged is written. */
static int copy_row_group(Target *t, ParquetFile *file, PageSource *source, size_t number,
                          Chunk *chunks, Error *err)
{
        for (size_t i = 0; i < t->schema->n_columns; i++) {
                const Chunk *chunk = file_chunk(file, number, i);
                uint64_t offset = t->offset + t->part.size;
                int r = take_chunk(t, source, chunk, err);
                if (r < 0)
                        return r;
                chunks[i] = *chunk;
                chunks[i].data_offset = offset + (chunk->data_offset - chunk->offset);
                chunks[i].offset = offset;
        }
        uint64_t rows = parquet_row_group_rows(file, number);
        int r = footer_add_row_group(&t->row_groups, t->schema, chunks, rows);
        if (r < 0)
                return r;
        t->rows += rows;
        t->n_row_groups++;
        return 0;
}

/* 0: copied. 1: the part is damaged and nothing of it was taken. */
static int copy_part(Target *t, int fd, Error *err)
{
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        size_t groups = t->row_groups.size, n_groups = t->n_row_groups;
        uint64_t rows = t->rows;
        Error why = {0};
        int r = parquet_open(fd, &file, &why);

        if (r == -EBADMSG || r == -EOPNOTSUPP)
                return 1;
        if (r < 0)
                return error_set(err, r, "%s", why.message);
        if (!same_schema(t->schema, parquet_schema(file)) || !stored_as_ours(&file->footer))
                return 1;
        PageSource source = {.fd = fd, .crc = &file->crc};
        Chunk *chunks = calloc(MAX(t->schema->n_columns, (size_t)1), sizeof *chunks);
        buffer_clear(&t->part);
        r = chunks ? 0 : -ENOMEM;
        for (size_t i = 0; r == 0 && i < parquet_row_groups(file); i++)
                r = copy_row_group(t, file, &source, i, chunks, &why);
        free(chunks);
        page_source_done(&source);
        if (r == 0)
                return write_part(t, err);
        t->row_groups.size = groups;
        t->n_row_groups = n_groups;
        t->rows = rows;
        if (r == -EBADMSG || r == -EOPNOTSUPP)
                return 1;
        return error_set_errno(err, r, "cannot copy a part");
}

/* The schema of the first part that has one. */
static int find_schema(const int *fds, size_t n_fds, ParquetFile **ret, Error *err)
{
        int r = error_set(err, EINVAL, "no parts, and no schema for an empty file");

        for (size_t i = 0; i < n_fds; i++) {
                r = parquet_open(fds[i], ret, err);
                if (r != -EBADMSG && r != -EOPNOTSUPP)
                        return r;
        }
        return r;
}

int parquet_concatenate(int out_fd, const Schema *schema, const int *fds, size_t n_fds,
                        const ParquetKeyValue *metadata, size_t n_metadata, size_t *ret_damaged,
                        Error *err)
{
        _cleanup_(parquet_closep) ParquetFile *first = NULL;
        Target t = {.fd = out_fd, .schema = schema};
        size_t damaged = 0;
        int r = schema ? 0 : find_schema(fds, n_fds, &first, err);

        if (r < 0)
                return r;
        if (first)
                t.schema = parquet_schema(first);
        r = buffer_append(&t.part, PARQUET_MAGIC, MAGIC_SIZE);
        r = r < 0 ? error_set_errno(err, r, "cannot write") : write_part(&t, err);
        for (size_t i = 0; r >= 0 && i < n_fds; i++) {
                r = copy_part(&t, fds[i], err);
                damaged += r > 0;
        }
        FooterParts footer = {.schema = t.schema, .row_groups = &t.row_groups,
                              .n_row_groups = t.n_row_groups, .rows = t.rows,
                              .metadata = metadata, .n_metadata = n_metadata};
        buffer_clear(&t.part);
        if (r >= 0) {
                r = footer_write(&t.part, &footer);
                r = r < 0 ? error_set_errno(err, r, "cannot write") : write_part(&t, err);
        }
        buffer_done(&t.row_groups);
        buffer_done(&t.part);
        if (r == 0 && ret_damaged)
                *ret_damaged = damaged;
        return r;
}
