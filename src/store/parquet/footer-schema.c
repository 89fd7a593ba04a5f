/* Physical, converted and logical types to ColumnType and the conversion a value needs. */
#include "store/parquet/footer-schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/parquet/schema-json.h"

enum { FIXED_MAX = 1 << 20, DECIMAL_BYTES = 16, DECIMAL_SCALE = 38 };

/* SchemaElement as it is in the file. */
typedef struct Element {
        int64_t type, length, repetition, children, converted, scale;
        int logical;     /* field of the union LogicalType; LOGICAL_NONE */
        int unit;        /* of TIME and TIMESTAMP: 1 millis, 2 micros, 3 nanos */
        bool is_signed;  /* of INTEGER */
        const uint8_t *name;
        size_t name_size;
} Element;

/* Reads {1: {}} style unions: the id of the member that is set. */
static int read_union(ThriftReader *r, uint8_t outer)
{
        int16_t id;
        uint8_t type;
        int member = 0;

        if (outer != THRIFT_STRUCT) {
                r->failed = true;
                return 0;
        }
        thrift_enter(r);
        while (thrift_next(r, &id, &type)) {
                member = id;
                thrift_skip(r, type);
        }
        return member;
}

static void read_parameters(ThriftReader *r, Element *e)
{
        int16_t id;
        uint8_t type;

        thrift_enter(r);
        while (thrift_next(r, &id, &type))
                if (e->logical == LOGICAL_DECIMAL && id == 1)
                        e->scale = thrift_read_int(r, type);
                else if ((e->logical == LOGICAL_TIME || e->logical == LOGICAL_TIMESTAMP) && id == 2)
                        e->unit = read_union(r, type);
                else if (e->logical == LOGICAL_INTEGER && id == 2)
                        e->is_signed = thrift_read_bool(r, type);
                else
                        thrift_skip(r, type);
}

static void read_logical(ThriftReader *r, uint8_t outer, Element *e)
{
        int16_t id;
        uint8_t type;

        if (outer != THRIFT_STRUCT) {
                r->failed = true;
                return;
        }
        thrift_enter(r);
        while (thrift_next(r, &id, &type)) {
                e->logical = id;
                if (type == THRIFT_STRUCT)
                        read_parameters(r, e);
                else
                        thrift_skip(r, type);
        }
}

static void read_element(ThriftReader *r, Element *e)
{
        int16_t id;
        uint8_t type;

        *e = (Element){.type = -1, .converted = CONVERTED_NONE, .is_signed = true};
        thrift_enter(r);
        while (thrift_next(r, &id, &type))
                switch (id) {
                case 1:
                        e->type = thrift_read_int(r, type);
                        break;
                case 2:
                        e->length = thrift_read_int(r, type);
                        break;
                case 3:
                        e->repetition = thrift_read_int(r, type);
                        break;
                case 4:
                        e->name = thrift_read_binary(r, type, &e->name_size);
                        break;
                case 5:
                        e->children = thrift_read_int(r, type);
                        break;
                case 6:
                        e->converted = thrift_read_int(r, type);
                        break;
                case 7:
                        e->scale = thrift_read_int(r, type);
                        break;
                case 10:
                        read_logical(r, type, e);
                        break;
                default:
                        thrift_skip(r, type);
                }
}

/* Older files have only the converted type; both mean the same. */
static void unify(Element *e)
{
        static const struct {
                int converted, logical, unit;
                bool is_signed;
        } same[] = {
                {CONVERTED_DECIMAL, LOGICAL_DECIMAL, 0, true},
                {CONVERTED_DATE, LOGICAL_DATE, 0, true},
                {CONVERTED_TIME_MILLIS, LOGICAL_TIME, 1, true},
                {CONVERTED_TIME_MICROS, LOGICAL_TIME, 2, true},
                {CONVERTED_TIMESTAMP_MILLIS, LOGICAL_TIMESTAMP, 1, true},
                {CONVERTED_TIMESTAMP_MICROS, LOGICAL_TIMESTAMP, 2, true},
                {CONVERTED_UINT_8, LOGICAL_INTEGER, 0, false},
                {CONVERTED_UINT_8 + 1, LOGICAL_INTEGER, 0, false},
                {CONVERTED_UINT_32, LOGICAL_INTEGER, 0, false},
                {CONVERTED_UINT_64, LOGICAL_INTEGER, 0, false},
        };

        for (size_t i = 0; e->logical == LOGICAL_NONE && i < ARRAY_LENGTH(same); i++)
                if (e->converted == same[i].converted) {
                        e->logical = same[i].logical;
                        e->unit = same[i].unit;
                        e->is_signed = same[i].is_signed;
                        return;
                }
}

static void set_time(const Element *e, Leaf *leaf)
{
        leaf->conversion = e->unit == 1   ? CONVERT_TIME_MILLIS
                           : e->unit == 2 ? CONVERT_TIME_MICROS
                                          : CONVERT_TIME_NANOS;
}

static ColumnType set_decimal(const Element *e, Leaf *leaf)
{
        leaf->conversion = CONVERT_DECIMAL;
        if (e->scale < 0 || e->scale > DECIMAL_SCALE ||
            (leaf->type == TYPE_FIXED && leaf->length > DECIMAL_BYTES))
                leaf->trouble = "decimals of more than 38 digits are not read";
        leaf->scale = leaf->trouble ? 0 : (unsigned)e->scale;
        return COLUMN_TEXT;
}

static ColumnType type_of_int32(const Element *e, Leaf *leaf)
{
        switch (e->logical) {
        case LOGICAL_DECIMAL:
                return set_decimal(e, leaf);
        case LOGICAL_DATE:
                leaf->conversion = CONVERT_DATE;
                return COLUMN_TEXT;
        case LOGICAL_TIME:
                set_time(e, leaf);
                return COLUMN_TEXT;
        case LOGICAL_INTEGER:
                return e->is_signed ? COLUMN_I32 : COLUMN_U32;
        default:
                return COLUMN_I32;
        }
}

static ColumnType type_of_int64(const Element *e, Leaf *leaf)
{
        switch (e->logical) {
        case LOGICAL_DECIMAL:
                return set_decimal(e, leaf);
        case LOGICAL_TIME:
                set_time(e, leaf);
                return COLUMN_TEXT;
        case LOGICAL_TIMESTAMP:
                leaf->conversion = e->unit == 1   ? CONVERT_MILLIS
                                   : e->unit == 2 ? CONVERT_MICROS
                                                  : CONVERT_NONE;
                return COLUMN_TIME;
        case LOGICAL_INTEGER:
                return e->is_signed ? COLUMN_I64 : COLUMN_U64;
        default:
                return COLUMN_I64;
        }
}

static ColumnType type_of_bytes(const Element *e, Leaf *leaf)
{
        bool fixed = leaf->type == TYPE_FIXED;

        if (e->logical == LOGICAL_DECIMAL)
                return set_decimal(e, leaf);
        if (e->logical == LOGICAL_UUID && fixed && leaf->length == 16)
                leaf->conversion = CONVERT_UUID;
        if (e->logical == LOGICAL_FLOAT16 && fixed && leaf->length == 2) {
                leaf->conversion = CONVERT_HALF;
                return COLUMN_F64;
        }
        if (e->converted == CONVERTED_INTERVAL)
                leaf->trouble = "intervals are not read";
        return COLUMN_TEXT;
}

static ColumnType column_type(const Element *e, Leaf *leaf)
{
        switch (leaf->type) {
        case TYPE_BOOLEAN:
                return COLUMN_BOOL;
        case TYPE_INT32:
                return type_of_int32(e, leaf);
        case TYPE_INT64:
                return type_of_int64(e, leaf);
        case TYPE_INT96:
                leaf->conversion = CONVERT_INT96;
                return COLUMN_TIME;
        case TYPE_FLOAT:
                leaf->conversion = CONVERT_FLOAT;
                return COLUMN_F64;
        case TYPE_DOUBLE:
                return COLUMN_F64;
        default:
                return type_of_bytes(e, leaf);
        }
}

static int set_column(Element *e, Column *column, Leaf *leaf, Error *err)
{
        char *name = malloc(e->name_size + 1);

        if (!name)
                return error_set_errno(err, ENOMEM, "cannot read the schema");
        if (e->name_size > 0)
                memcpy(name, e->name, e->name_size);
        name[e->name_size] = '\0';
        column->name = name; /* owned by the footer from here on, also on failure */
        if (e->children > 0)
                return error_set(err, EOPNOTSUPP, "column %s is nested; only flat tables are read",
                                 name);
        if (e->repetition == REPETITION_REPEATED)
                return error_set(err, EOPNOTSUPP, "column %s is a list; only flat tables are read",
                                 name);
        if (e->type < 0 || e->type >= TYPES || e->repetition < 0 || e->repetition > 2)
                return error_set(err, EBADMSG, "column %s has no known type", name);
        leaf->type = (uint8_t)e->type;
        leaf->optional = e->repetition == REPETITION_OPTIONAL;
        if (leaf->type == TYPE_FIXED) {
                if (e->length <= 0 || e->length > FIXED_MAX)
                        return error_set(err, EBADMSG, "column %s has values of impossible length",
                                         name);
                leaf->length = (uint32_t)e->length;
        }
        unify(e);
        column->type = column_type(e, leaf);
        column->role = schema_guess_role(column);
        column->unit = schema_guess_unit(column);
        return 0;
}

int footer_read_schema(ThriftReader *r, uint8_t type, Footer *f, Error *err)
{
        uint8_t element;
        size_t n = thrift_read_list(r, type, &element);
        Element e;

        read_element(r, &e); /* the root */
        if (r->failed || n == 0)
                return error_set(err, EBADMSG, "the footer's schema is damaged");
        if (n - 1 > COLUMNS_MAX)
                return error_set(err, EOPNOTSUPP, "it has more than %d columns", COLUMNS_MAX);
        Column *columns = calloc(MAX(n - 1, (size_t)1), sizeof *columns);
        f->schema.columns = columns;
        f->leaves = calloc(MAX(n - 1, (size_t)1), sizeof *f->leaves);
        f->schema.table = strdup("");
        if (!columns || !f->leaves || !f->schema.table)
                return error_set_errno(err, ENOMEM, "cannot read the schema");
        uint64_t children = (uint64_t)e.children;
        for (size_t i = 0; i < n - 1; i++) {
                read_element(r, &e);
                if (r->failed)
                        return error_set(err, EBADMSG, "the footer's schema is damaged");
                f->schema.n_columns = i + 1;
                int rc = set_column(&e, &columns[i], &f->leaves[i], err);
                if (rc < 0)
                        return rc;
        }
        if (children != n - 1)
                return error_set(err, EBADMSG, "the footer's schema does not add up");
        return 0;
}
