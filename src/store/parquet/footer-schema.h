/* The schema of a stranger's file as a Schema of ours. */
#pragma once

#include "store/parquet/format.h"
#include "store/parquet/thrift.h"

/* Reads the list of SchemaElement into footer->schema and footer->leaves. 0, -EBADMSG,
 * -EOPNOTSUPP (nested or repeated columns), -ENOMEM. A column whose type is not read here gets
 * leaves[].trouble and fails only when it is selected. */
int footer_read_schema(ThriftReader *r, uint8_t type, Footer *footer, Error *err);
