/* FileMetaData from thrift, distrusted: counts by what is there, offsets within the file. */
#include "store/parquet/format.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "store/parquet/bits.h"
#include "store/parquet/file-io.h"
#include "store/parquet/footer-schema.h"
#include "store/parquet/schema-json.h"
#include "store/parquet/thrift.h"

/* What is being put together while the footer is read. */
typedef struct Parse {
        ThriftReader r;
        Footer *footer;
        Error *err;
        int error;
        size_t n_chunks, chunks_capacity, groups_capacity;
        uint64_t footer_offset; /* no page lies at or past it */
} Parse;

static void fail(Parse *p, int code, const char *sentence)
{
        if (p->error == 0)
                p->error = error_set(p->err, code, "%s", sentence);
        p->r.failed = true;
        p->r.p = p->r.end;
}

/* A copy with a NUL behind it. */
static char *take_text(Parse *p, uint8_t type)
{
        size_t size;
        const uint8_t *data = thrift_read_binary(&p->r, type, &size);
        char *text = malloc(size + 1);

        if (!text) {
                fail(p, ENOMEM, "out of memory");
                return NULL;
        }
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        return text;
}

static Slice take_slice(Parse *p, uint8_t type)
{
        Slice slice;

        slice.data = thrift_read_binary(&p->r, type, &slice.size);
        return slice;
}

/* Sizes, counts and offsets: never negative. */
static uint64_t take_count(Parse *p, uint8_t type)
{
        int64_t value = thrift_read_int(&p->r, type);

        if (value < 0) {
                fail(p, EBADMSG, "the footer has a negative size");
                return 0;
        }
        return (uint64_t)value;
}

static void read_statistics(Parse *p, Chunk *chunk)
{
        int16_t id;
        uint8_t type;

        thrift_enter(&p->r);
        while (thrift_next(&p->r, &id, &type))
                switch (id) {
                case 1:
                        chunk->old_max = take_slice(p, type);
                        break;
                case 2:
                        chunk->old_min = take_slice(p, type);
                        break;
                case 3:
                        chunk->null_count = take_count(p, type);
                        chunk->has_null_count = true;
                        break;
                case 5:
                        chunk->max = take_slice(p, type);
                        break;
                case 6:
                        chunk->min = take_slice(p, type);
                        break;
                default:
                        thrift_skip(&p->r, type);
                }
}

static void read_encodings(Parse *p, uint8_t type, Chunk *chunk)
{
        uint8_t element;
        size_t n = thrift_read_list(&p->r, type, &element);

        for (size_t i = 0; i < n && !p->r.failed; i++) {
                int64_t encoding = thrift_read_int(&p->r, element);
                if (encoding >= 0 && encoding < 32)
                        chunk->encodings |= 1u << encoding;
        }
}

enum { SEEN_TYPE = 1, SEEN_CODEC = 2, SEEN_VALUES = 4, SEEN_SIZE = 8, SEEN_DATA = 16, SEEN_ALL = 31 };

static void read_column_metadata(Parse *p, Chunk *chunk)
{
        unsigned seen = 0;
        uint64_t dictionary = 0;
        int16_t id;
        uint8_t type;

        thrift_enter(&p->r);
        while (thrift_next(&p->r, &id, &type))
                switch (id) {
                case 1:
                        chunk->type = (uint8_t)MIN(take_count(p, type), (uint64_t)TYPES);
                        seen |= SEEN_TYPE;
                        break;
                case 2:
                        read_encodings(p, type, chunk);
                        break;
                case 4:
                        chunk->codec = thrift_read_int(&p->r, type);
                        seen |= SEEN_CODEC;
                        break;
                case 5:
                        chunk->n_values = take_count(p, type);
                        seen |= SEEN_VALUES;
                        break;
                case 6:
                        chunk->uncompressed = take_count(p, type);
                        break;
                case 7:
                        chunk->compressed = take_count(p, type);
                        seen |= SEEN_SIZE;
                        break;
                case 9:
                        chunk->data_offset = take_count(p, type);
                        seen |= SEEN_DATA;
                        break;
                case 11:
                        dictionary = take_count(p, type);
                        break;
                case 12:
                        read_statistics(p, chunk);
                        break;
                default:
                        thrift_skip(&p->r, type);
                }
        if (!p->r.failed && seen != SEEN_ALL)
                fail(p, EBADMSG, "the footer describes a column chunk incompletely");
        /* some writers put 0, or an offset behind the data, where there is no dictionary */
        chunk->has_dictionary = dictionary > 0 && dictionary < chunk->data_offset;
        chunk->offset = chunk->has_dictionary ? dictionary : chunk->data_offset;
}

static void read_chunk(Parse *p, Chunk *chunk)
{
        bool described = false;
        int16_t id;
        uint8_t type;
        size_t size;

        thrift_enter(&p->r);
        while (thrift_next(&p->r, &id, &type))
                switch (id) {
                case 1:
                        thrift_read_binary(&p->r, type, &size);
                        if (size > 0)
                                fail(p, EOPNOTSUPP, "its columns lie in other files");
                        break;
                case 3:
                        described = true;
                        read_column_metadata(p, chunk);
                        break;
                case 8:
                case 9:
                        fail(p, EOPNOTSUPP, "it is encrypted");
                        break;
                default:
                        thrift_skip(&p->r, type);
                }
        if (p->r.failed)
                return;
        if (!described)
                fail(p, EBADMSG, "the footer leaves a column chunk out");
        else if (chunk->offset < MAGIC_SIZE || chunk->offset > p->footer_offset ||
                 chunk->compressed > p->footer_offset - chunk->offset)
                fail(p, EBADMSG, "a column chunk lies outside the file");
}

static Chunk *add_chunk(Parse *p)
{
        Chunk *chunks = array_grow(p->footer->chunks, &p->chunks_capacity, p->n_chunks, sizeof *chunks);

        if (!chunks) {
                fail(p, ENOMEM, "out of memory");
                return NULL;
        }
        p->footer->chunks = chunks;
        Chunk *chunk = &p->footer->chunks[p->n_chunks++];
        *chunk = (Chunk){0};
        return chunk;
}

static void read_chunks(Parse *p, uint8_t type)
{
        uint8_t element;
        size_t n = thrift_read_list(&p->r, type, &element);

        for (size_t i = 0; i < n && !p->r.failed; i++) {
                Chunk *chunk = add_chunk(p);
                if (chunk)
                        read_chunk(p, chunk);
        }
}

static void read_row_group(Parse *p)
{
        Footer *f = p->footer;
        int16_t id;
        uint8_t type;

        RowGroup *groups = array_grow(f->row_groups, &p->groups_capacity, f->n_row_groups, sizeof *groups);
        if (!groups) {
                fail(p, ENOMEM, "out of memory");
                return;
        }
        f->row_groups = groups;
        RowGroup *group = &f->row_groups[f->n_row_groups++];
        *group = (RowGroup){.first_chunk = p->n_chunks};
        thrift_enter(&p->r);
        while (thrift_next(&p->r, &id, &type))
                if (id == 1)
                        read_chunks(p, type);
                else if (id == 3)
                        group->rows = take_count(p, type);
                else
                        thrift_skip(&p->r, type);
        /* the schema comes first in every file: ids are written in order */
        if (!p->r.failed && p->n_chunks - group->first_chunk != f->schema.n_columns)
                fail(p, EBADMSG, "a row group has not as many columns as the schema");
}

static void read_row_groups(Parse *p, uint8_t type)
{
        uint8_t element;
        size_t n = thrift_read_list(&p->r, type, &element);

        if (p->footer->n_row_groups > 0)
                fail(p, EBADMSG, "the footer lists row groups twice");
        for (size_t i = 0; i < n && !p->r.failed; i++)
                read_row_group(p);
}

static void read_metadata(Parse *p, uint8_t list_type)
{
        Footer *f = p->footer;
        uint8_t element, type;
        size_t n = thrift_read_list(&p->r, list_type, &element);
        int16_t id;

        if (f->metadata || p->r.failed)
                fail(p, EBADMSG, "the footer lists its metadata twice");
        else if (!(f->metadata = calloc(2 * n + 1, sizeof *f->metadata)))
                fail(p, ENOMEM, "out of memory");
        for (size_t i = 0; i < n && !p->r.failed; i++) {
                char **pair = &f->metadata[2 * f->n_metadata++];
                thrift_enter(&p->r);
                while (thrift_next(&p->r, &id, &type))
                        if ((id == 1 || id == 2) && !pair[id - 1])
                                pair[id - 1] = take_text(p, type);
                        else
                                thrift_skip(&p->r, type);
        }
}

static void read_file_metadata(Parse *p)
{
        Footer *f = p->footer;
        int16_t id;
        uint8_t type;

        thrift_enter(&p->r);
        while (thrift_next(&p->r, &id, &type))
                switch (id) {
                case 2:
                        if (f->leaves)
                                fail(p, EBADMSG, "the footer has two schemas");
                        else if (!p->r.failed)
                                p->error = footer_read_schema(&p->r, type, f, p->err);
                        if (p->error < 0)
                                p->r.failed = true;
                        break;
                case 3:
                        f->rows = take_count(p, type);
                        break;
                case 4:
                        read_row_groups(p, type);
                        break;
                case 5:
                        read_metadata(p, type);
                        break;
                case 6:
                        free(f->created_by);
                        f->created_by = take_text(p, type);
                        break;
                case 8:
                        fail(p, EOPNOTSUPP, "it is encrypted");
                        break;
                default:
                        thrift_skip(&p->r, type);
                }
        if (p->error == 0 && p->r.failed)
                fail(p, EBADMSG, "the footer is damaged");
        if (p->error == 0 && !f->leaves)
                fail(p, EBADMSG, "the footer has no schema");
}

/* Every chunk has a value a row, and the rows add up. */
static int check_counts(const Footer *f, Error *err)
{
        uint64_t rows = 0;

        for (size_t i = 0; i < f->n_row_groups; i++) {
                const RowGroup *group = &f->row_groups[i];
                if (group->rows > INT64_MAX - rows)
                        return error_set(err, EBADMSG, "the footer's row counts do not add up");
                rows += group->rows;
                for (size_t c = 0; c < f->schema.n_columns; c++) {
                        const Chunk *chunk = &f->chunks[group->first_chunk + c];
                        if (chunk->type != f->leaves[c].type)
                                return error_set(err, EBADMSG,
                                                 "column %s: chunk and schema differ in type",
                                                 f->schema.columns[c].name);
                        if (chunk->n_values != group->rows)
                                return error_set(err, EBADMSG,
                                                 "column %s: a chunk has not a value for each row",
                                                 f->schema.columns[c].name);
                }
        }
        if (rows != f->rows)
                return error_set(err, EBADMSG, "the footer's row counts do not add up");
        return 0;
}

static int apply_metadata(Footer *f, Error *err)
{
        /* owned and ours to change: the schema's pointers are const for everybody else */
        Column *columns = (Column *)(uintptr_t)f->schema.columns;
        char *table = (char *)(uintptr_t)f->schema.table;
        int r = 0;

        for (size_t i = 0; i < f->n_metadata && r == 0; i++) {
                const char *key = f->metadata[2 * i], *value = f->metadata[2 * i + 1];
                if (key && value && text_equal(key, SCHEMA_JSON_KEY))
                        r = schema_json_apply(value, &table, columns, f->schema.n_columns);
        }
        f->schema.table = table;
        return r < 0 ? error_set_errno(err, r, "cannot read the footer") : 0;
}

static int load(int fd, Footer *f, uint64_t *ret_offset, Error *err)
{
        uint8_t tail[TAIL_SIZE], head[MAGIC_SIZE];
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot read");
        uint64_t size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
        if (size < MAGIC_SIZE + TAIL_SIZE)
                return error_set(err, EBADMSG, "not a Parquet file: only %llu bytes long",
                                 (unsigned long long)size);
        int r = file_pread(fd, tail, sizeof tail, size - TAIL_SIZE);
        if (r == 0)
                r = file_pread(fd, head, sizeof head, 0);
        if (r < 0)
                return error_set_errno(err, r, "cannot read");
        if (memcmp(tail + 4, "PARE", MAGIC_SIZE) == 0)
                return error_set(err, EOPNOTSUPP, "it is encrypted");
        if (memcmp(head, PARQUET_MAGIC, MAGIC_SIZE) != 0)
                return error_set(err, EBADMSG, "not a Parquet file: it does not begin with PAR1");
        if (memcmp(tail + 4, PARQUET_MAGIC, MAGIC_SIZE) != 0)
                return error_set(err, EBADMSG, "cut off: it does not end with PAR1");
        uint64_t length = load_u32(tail);
        if (length > FOOTER_MAX || length > size - MAGIC_SIZE - TAIL_SIZE)
                return error_set(err, EBADMSG, "the footer cannot be %llu bytes long",
                                 (unsigned long long)length);
        f->bytes = malloc(MAX(length, (uint64_t)1));
        if (!f->bytes)
                return error_set_errno(err, ENOMEM, "cannot read the footer");
        f->n_bytes = (size_t)length;
        *ret_offset = size - TAIL_SIZE - length;
        r = file_pread(fd, f->bytes, f->n_bytes, *ret_offset);
        return r < 0 ? error_set_errno(err, r, "cannot read the footer") : 0;
}

int footer_read(int fd, Footer *ret, Error *err)
{
        Footer f = {0};
        Parse p = {.footer = &f, .err = err};
        int r = load(fd, &f, &p.footer_offset, err);

        if (r == 0) {
                p.r = (ThriftReader){.p = f.bytes, .end = f.bytes + f.n_bytes};
                read_file_metadata(&p);
                r = p.error;
        }
        if (r == 0)
                r = check_counts(&f, err);
        if (r == 0)
                r = apply_metadata(&f, err);
        if (r < 0) {
                footer_done(&f);
                return r;
        }
        *ret = f;
        return 0;
}

void footer_done(Footer *f)
{
        for (size_t i = 0; i < f->schema.n_columns; i++)
                free((char *)(uintptr_t)f->schema.columns[i].name);
        free((Column *)(uintptr_t)f->schema.columns);
        free((char *)(uintptr_t)f->schema.table);
        for (size_t i = 0; i < 2 * f->n_metadata; i++)
                free(f->metadata[i]);
        free(f->metadata);
        free(f->leaves);
        free(f->chunks);
        free(f->row_groups);
        free(f->created_by);
        free(f->bytes);
        *f = (Footer){0};
}
