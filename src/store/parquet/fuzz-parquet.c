/* Parquet files of strangers: read whole, by a range, and concatenated; never a crash, and no
 * refusal without a sentence. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "store/parquet/fuzz-parquet.h"
#include "store/parquet/parquet.h"

enum { ROWS_ENOUGH = 20000 }; /* a few bytes can stand for any number of nulls */

static void check_refusal(int r, const Error *err)
{
        if (!err->message[0] || (r != -EBADMSG && r != -EOPNOTSUPP && r != -ENOMEM))
                abort();
}

static void read_rows(ParquetFile *file, const ParquetSelection *selection)
{
        _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
        Error err = {0};
        const Batch *rows;
        uint64_t total = 0, sum = 0;
        int r = parquet_cursor_new(file, selection, &cursor, &err);

        while (r >= 0 && total < ROWS_ENOUGH && (r = parquet_cursor_next(cursor, &rows, &err)) > 0) {
                total += batch_rows(rows);
                if (batch_rows(rows) == 0 || batch_rows(rows) > 4096)
                        abort();
                for (size_t c = 0; c < batch_schema(rows)->n_columns; c++) {
                        size_t size;
                        const char *text = batch_text(rows, c, 0, &size);
                        if (batch_schema(rows)->columns[c].type == COLUMN_TEXT && size > 0)
                                sum += (uint8_t)text[size - 1];
                        sum += batch_null_count(rows, c);
                }
        }
        if (r < 0)
                check_refusal(r, &err);
        else if (total > parquet_rows(file) || sum == UINT64_MAX)
                abort();
}

static void concatenate(int fd)
{
        _cleanup_close_ int out = memfd_create("fuzz", MFD_CLOEXEC);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        int fds[] = {fd, fd};
        Error err = {0};
        size_t damaged;
        int r = parquet_concatenate(out, NULL, fds, 2, NULL, 0, &damaged, &err);

        if (r < 0) {
                check_refusal(r, &err);
                return;
        }
        if (parquet_open(out, &file, &err) < 0) /* what we wrote, we read */
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const some[] = {"absent", "t_ns", "value"};
        const ParquetSelection selection = {.columns = some, .n_columns = 3, .range_column = "t_ns",
                                            .range_min = 10, .range_max = 20};
        _cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
        _cleanup_(parquet_closep) ParquetFile *file = NULL;
        Error err = {0};

        if (fd < 0 || file_write_all(fd, data, size) < 0)
                return 0;
        int r = parquet_open(fd, &file, &err);
        if (r < 0) {
                check_refusal(r, &err);
                return 0;
        }
        read_rows(file, NULL);
        read_rows(file, &selection);
        concatenate(fd);
        return 0;
}
