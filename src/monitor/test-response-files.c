/* Files that are there, are not, are too large, are no files; and who is taken before being read. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "monitor/response-files.h"

typedef struct World {
        ResponseFiles *files;
        char folder[32];
} World;

static void write_file(const World *w, const char *name, const char *text, size_t times)
{
        char path[128];

        snprintf(path, sizeof path, "%s/%s", w->folder, name);
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        for (size_t i = 0; i < times; i++)
                fputs(text, f);
        fclose(f);
}

static int set_up(void **state)
{
        World *w = calloc(1, sizeof *w);

        strcpy(w->folder, "/tmp/vigia-response-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        assert_int_equal(response_files_new(&w->files), 0);
        *state = w;
        return 0;
}

static int tear_down(void **state)
{
        World *w = *state;
        char command[64];

        response_files_free(w->files);
        snprintf(command, sizeof command, "rm -rf %s", w->folder);
        assert_int_equal(system(command), 0);
        free(w);
        return 0;
}

/* Waits for the thread: until it is read, or for a long time. */
static char *await_text(World *w, uint64_t key)
{
        char *text = NULL;

        for (int i = 0; i < 20000 && !(text = response_files_peek(w->files, key)); i++)
                usleep(1000);
        free(text);
        return response_files_take(w->files, key);
}

static void expect(World *w, uint64_t key, const char *text)
{
        char *got = await_text(w, key);

        assert_non_null(got);
        assert_string_equal(got, text);
        free(got);
}

static void test_contents(void **state)
{
        World *w = *state;
        char cmdline[256];

        write_file(w, "a.rsp", "-c\n\"x y.c\"\t-O2\n", 1);
        write_file(w, "b.rsp", "-shared", 1);
        response_files_ask(w->files, 1, "gcc @a.rsp -o x", w->folder);
        expect(w, 1, "-c \"x y.c\" -O2 ");
        snprintf(cmdline, sizeof cmdline, "gcc @%s/b.rsp @a.rsp", w->folder);
        response_files_ask(w->files, 2, cmdline, w->folder);
        expect(w, 2, "-shared -c \"x y.c\" -O2 ");
        assert_null(response_files_take(w->files, 2)); /* once */
        response_files_ask(w->files, 3, cmdline, NULL);
        expect(w, 3, "-shared"); /* where a.rsp lies is not known */
}

/* Only the last of these has anything; when it is read, those before it were, too. */
static void test_none(void **state)
{
        World *w = *state;
        char path[128];

        write_file(w, "large", "0123456789abcdef", RESPONSE_FILE_MAX / 16 + 1);
        write_file(w, "good", "-c", 1);
        snprintf(path, sizeof path, "%s/pipe", w->folder);
        assert_int_equal(mkfifo(path, 0600), 0);
        response_files_ask(w->files, 1, "gcc @large", w->folder);
        response_files_ask(w->files, 2, "gcc @pipe", w->folder);
        response_files_ask(w->files, 3, "gcc @.", w->folder);
        response_files_ask(w->files, 4, "gcc @nowhere", w->folder);
        response_files_ask(w->files, 5, "ssh me@good", w->folder);
        response_files_ask(w->files, 6, "gcc @", w->folder);
        response_files_ask(w->files, 7, "gcc @good", w->folder);
        expect(w, 7, "-c");
        for (uint64_t key = 1; key < 7; key++)
                assert_null(response_files_take(w->files, key));
}

/* Processes that end before they are read, and more of them than are kept. */
static void test_many(void **state)
{
        World *w = *state;

        write_file(w, "good", "-c", 1);
        for (uint64_t key = 1; key <= 3 * RESPONSE_ASKED_MAX; key++) {
                response_files_ask(w->files, key, "gcc @good @good @good @good @good", w->folder);
                if (key % 3 == 0)
                        free(response_files_take(w->files, key));
        }
        for (uint64_t key = 1; key <= 3 * RESPONSE_ASKED_MAX; key++)
                free(response_files_take(w->files, key));
        response_files_ask(w->files, 1, "gcc @good @good @good @good @good", w->folder);
        expect(w, 1, "-c -c -c -c");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_contents, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
