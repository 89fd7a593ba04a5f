/* Replays the fuzzer's corpus (tests/fuzz/parquet), each file whole, cut off, and bent. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/test-source.h"
#include "store/parquet/fuzz-parquet.h"
#include "store/parquet/parquet.h"

enum { FILE_MOST = 1 << 20, BENT = 400 };

static int open_corpus(void)
{
        char path[SOURCE_PATH_MAX];

        return open(source_path(path, "tests/fuzz/parquet"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static uint64_t next_random(uint64_t *state)
{
        *state = *state * 6364136223846793005ull + 1442695040888963407ull;
        return (*state ^ *state >> 29) * 0xbf58476d1ce4e5b9ull >> 16;
}

/* A few bytes changed: anywhere, or in the footer, where lengths and counts are. */
static void bend(uint8_t *data, size_t size, uint64_t *random)
{
        size_t changes = 1 + next_random(random) % 4;
        size_t from = next_random(random) % 2 ? 0 : size / 2;

        for (size_t i = 0; i < changes; i++) {
                uint8_t *byte = &data[from + next_random(random) % (size - from)];
                switch (next_random(random) % 4) {
                case 0:
                        *byte ^= (uint8_t)(1u << next_random(random) % 8);
                        break;
                case 1:
                        *byte = 0xff;
                        break;
                case 2:
                        *byte = (uint8_t)(*byte + 1);
                        break;
                default:
                        *byte = (uint8_t)next_random(random);
                }
        }
}

static void replay(const uint8_t *data, size_t size, uint64_t *random)
{
        uint8_t *copy = malloc(size);

        assert_non_null(copy);
        LLVMFuzzerTestOneInput(data, size);
        for (size_t cut = 0; cut < size; cut += 1 + size / 40)
                LLVMFuzzerTestOneInput(data, cut);
        for (int i = 0; i < BENT; i++) {
                memcpy(copy, data, size);
                bend(copy, size, random);
                LLVMFuzzerTestOneInput(copy, size);
        }
        free(copy);
}

static void test_corpus(void **state)
{
        _cleanup_close_ int fd = open_corpus();
        uint64_t random = 42;
        size_t files = 0;

        assert_true(fd >= 0);
        _cleanup_closedir_ DIR *dir = fdopendir(dup(fd));
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
                Buffer data = {0};
                if (entry->d_name[0] == '.')
                        continue;
                assert_int_equal(file_read_path(fd, entry->d_name, FILE_MOST, &data, NULL), 0);
                replay(data.data, data.size, &random);
                buffer_done(&data);
                files++;
        }
        assert_true(files >= 10);
}

/* Whole corpus files are not hostile: all of them read to the end. */
static void test_corpus_reads(void **state)
{
        _cleanup_close_ int fd = open_corpus();

        assert_true(fd >= 0);
        _cleanup_closedir_ DIR *dir = fdopendir(dup(fd));
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
                _cleanup_(parquet_closep) ParquetFile *file = NULL;
                _cleanup_(parquet_cursor_freep) ParquetCursor *cursor = NULL;
                const Batch *rows;
                Error err = {0};
                uint64_t total = 0;
                int r;
                if (strncmp(entry->d_name, "good-", 5) != 0)
                        continue;
                _cleanup_close_ int one = openat(fd, entry->d_name, O_RDONLY | O_CLOEXEC);
                r = parquet_open(one, &file, &err);
                if (r == 0)
                        r = parquet_cursor_new(file, NULL, &cursor, &err);
                while (r >= 0 && (r = parquet_cursor_next(cursor, &rows, &err)) > 0)
                        total += batch_rows(rows);
                if (r == -EOPNOTSUPP && strstr(err.message, "this build has no"))
                        continue;
                if (r < 0)
                        print_error("%s: %s\n", entry->d_name, err.message);
                assert_int_equal(r, 0);
                assert_int_equal(total, parquet_rows(file));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_corpus),
                cmocka_unit_test(test_corpus_reads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
