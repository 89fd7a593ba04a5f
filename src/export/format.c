/* Names of formats, and the one switch over them. */
#include "export/format.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static const struct {
        const char *name;
        TableFormat format;
} names[] = {{"csv", FORMAT_CSV},
             {"json", FORMAT_JSON},
             {"jsonl", FORMAT_JSON},
             {"ndjson", FORMAT_JSON},
             {"parquet", FORMAT_PARQUET}};

const char *table_format_extension(TableFormat format)
{
        static const char *const extensions[TABLE_FORMATS] = {".csv", ".json", ".parquet"};

        return extensions[format];
}

int table_format_parse(const char *name, TableFormat *ret)
{
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (strcasecmp(names[i].name, name) == 0) {
                        *ret = names[i].format;
                        return 0;
                }
        return -EINVAL;
}

int table_format_of_path(const char *path, TableFormat *ret)
{
        const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');

        return dot ? table_format_parse(dot + 1, ret) : -EINVAL;
}

int table_writer_new(TableFormat format, int fd, const Schema *schema, const ParquetOptions *options,
                     Sink **ret, Error *err)
{
        switch (format) {
        case FORMAT_CSV:
                return csv_writer_new(fd, schema, ret, err);
        case FORMAT_JSON:
                return json_writer_new(fd, schema, ret, err);
        default:
                return parquet_sink_new(fd, schema, options, ret, err);
        }
}

int table_reader_new(TableFormat format, int fd, const char *shown_path, TableReader **ret,
                     Error *err)
{
        switch (format) {
        case FORMAT_CSV:
                return csv_reader_new(fd, shown_path, ret, err);
        case FORMAT_JSON:
                return json_reader_new(fd, shown_path, ret, err);
        default:
                return parquet_reader_new(fd, shown_path, ret, err);
        }
}
