/* Ends of output: short, long, written over, with escapes, none. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/last-lines.h"

static char folder[] = "/tmp/test-last-lines-XXXXXX";
static int dir = -1;

static int begin(void **state)
{
        if (!mkdtemp(folder))
                return -1;
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0;
}

static int end(void **state)
{
        close(dir);
        return directory_remove(AT_FDCWD, folder);
}

static void expect(const char *output, size_t size, size_t most, const char *expected)
{
        _cleanup_string_ String lines = {0};

        assert_int_equal(file_replace(dir, "log", output, size, false), 0);
        file_add_last_lines(dir, "log", most, &lines);
        assert_false(lines.failed);
        assert_string_equal(string_get(&lines), expected);
}

static void expect_text(const char *output, size_t most, const char *expected)
{
        expect(output, strlen(output), most, expected);
}

static void test_lines(void **state)
{
        expect_text("", 3, "");
        expect_text("\n\n\n", 3, "");
        expect_text("one", 3, "one\n");
        expect_text("one\ntwo\n", 3, "one\ntwo\n");
        expect_text("one\ntwo\nthree\nfour\n", 2, "three\nfour\n");
        expect_text("one\n\n  \ntwo\r\n\n", 2, "one\ntwo\n");
        expect_text("one\ntwo", 1, "two\n");
        expect_text("one\ntwo", 0, "");
}

static void test_terminal(void **state)
{
        expect_text("10 %\r50 %\r100 %\n", 3, "100 %\n");
        expect_text("10 %\r50 %\r\n", 3, "50 %\n");
        expect_text("\033[1;31merror:\033[0m no\033[K\n", 3, "error: no\n");
        expect_text("\033]0;title\aa\033]8;;http://x\033\\b\n", 3, "ab\n");
        expect_text("a\tb\n\tc\n12345678\td\n", 3, "a       b\n        c\n12345678        d\n");
        expect_text("cut \033[", 3, "cut \n");
        expect_text("cut \033", 3, "cut \n");
        expect_text("cut \033]never ended", 3, "cut \n");
        expect("a\0b\n", 4, 3, "a");
}

/* What lies before the last 64 KiB is not looked at, whatever the line is. */
static void test_long(void **state)
{
        enum { SIZE = 200 << 10 };
        char *output = malloc(SIZE);
        _cleanup_string_ String lines = {0};

        assert_non_null(output);
        memset(output, 'x', SIZE);
        assert_int_equal(file_replace(dir, "log", output, SIZE, false), 0);
        file_add_last_lines(dir, "log", 2, &lines);
        assert_int_equal(lines.size, (64 << 10) + 1);
        output[SIZE - 3] = '\n';
        assert_int_equal(file_replace(dir, "log", output, SIZE, false), 0);
        string_clear(&lines);
        file_add_last_lines(dir, "log", 1, &lines);
        assert_string_equal(string_get(&lines), "xx\n");
        free(output);
}

static void test_no_file(void **state)
{
        _cleanup_string_ String lines = {0};

        file_add_last_lines(dir, "absent", 3, &lines);
        assert_int_equal(symlinkat("/etc/passwd", dir, "link"), 0);
        file_add_last_lines(dir, "link", 3, &lines);
        assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
        file_add_last_lines(dir, "fifo", 3, &lines);
        file_add_last_lines(-1, "absent", 3, &lines);
        assert_int_equal(lines.size, 0);
        assert_false(lines.failed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_terminal),
                                           cmocka_unit_test(test_long), cmocka_unit_test(test_no_file)};

        return cmocka_run_group_tests(tests, begin, end);
}
