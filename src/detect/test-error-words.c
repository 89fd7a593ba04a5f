/* Errors that programs print: what a run failed of, what was dealt with, what is no error. */
#include <string.h>

#include "detect/said.h"
#include "detect/test-world.h"

static void test_lines(void **state)
{
        static const struct {
                const char *line;
                int code;
                const char *id; /* NULL: nothing */
                Sureness sure;
        } cases[] = {
                {"mkdir: cannot create directory \xe2\x80\x98/x\xe2\x80\x99: Read-only file system", 1, "read-only", SURE_LIKELY},
                {"OSError: [Errno 30] Read-only file system: '/x/y'", 1, "read-only", SURE_LIKELY},
                {"error: could not create `/x`: Read-only file system (os error 30)", 101, "read-only", SURE_LIKELY},
                {"cp: error writing '/home/u/x': Disk quota exceeded", 1, "quota", SURE_LIKELY},
                {"OSError: [Errno 27] File too large", 1, "file-size-limit", SURE_LIKELY},
                {"bash: line 1: /bin/true: Argument list too long", 126, "arguments", SURE_LIKELY},
                {"make: /bin/true: Argument list too long", 2, "arguments", SURE_LIKELY},
                {"cp: cannot create regular file 's': Text file busy", 1, "text-busy", SURE_LIKELY},
                {"sh: 1: protoc: not found", 127, "command-missing", SURE_LIKELY},
                {"bash: line 3: protoc: command not found", 127, "command-missing", SURE_LIKELY},
                {"env: \xe2\x80\x98python\xe2\x80\x99: No such file or directory", 127, "command-missing", SURE_LIKELY},
                {"./t: error while loading shared libraries: libl.so: cannot open shared object file: No such file or directory", 127, "library-missing", SURE_LIKELY},
                {"sh: 1: ./gen.sh: Permission denied", 126, "not-executable", SURE_LIKELY},
                {"install: cannot create regular file '/usr/lib/x': Permission denied", 1, "permission", SURE_LIKELY},
                {"bash: line 1: ./a.out: cannot execute binary file: Exec format error", 126, "not-executable", SURE_LIKELY},
                {"cp: error reading '/data/x': Input/output error", 1, "io-error", SURE_LIKELY},
                {"cat: /nfs/x: Stale file handle", 1, "mount-gone", SURE_LIKELY},
                {"curl: (6) Could not resolve host: example.org", 6, "network", SURE_LIKELY},
                {"dial tcp: lookup proxy.golang.org on 10.0.0.2:53: no such host", 1, "network", SURE_LIKELY},
                {"npm error network request failed, reason: getaddrinfo ENOTFOUND registry.example", 1, "network", SURE_LIKELY},
                {"ssh: connect to host build7 port 22: Connection refused", 255, "network", SURE_LIKELY},
                {"ssh: connect to host 127.0.0.1 port 22: Connection refused", 255, "network", SURE_POSSIBLE},
                {"gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory", 1, "command-missing", SURE_LIKELY},
                {"RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", 1, "gpu-memory", SURE_LIKELY},
                {"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 77", 100, "lock", SURE_LIKELY},
                {"fatal: Unable to create '/x/.git/index.lock': File exists.", 128, "lock", SURE_LIKELY},
                /* not: */
                {"dial_test.go:9: dial tcp 127.0.0.1:1: connect: connection refused (expected)", 1, NULL, SURE_LIKELY},
                {"x.c:1:10: fatal error: y.h: No such file or directory", 1, NULL, SURE_LIKELY},
                {"grep: package x not found", 1, NULL, SURE_LIKELY},
                {"ok 7 - mkdir: Read-only file system", 1, NULL, SURE_LIKELY},
                {"  12 | perror(\"Read-only file system\");", 1, NULL, SURE_LIKELY},
                {"Permission denied is what this test wants to see", 1, NULL, SURE_LIKELY},
                {"stty: 'standard input': Inappropriate ioctl for device", 1, NULL, SURE_LIKELY},
                {"FAIL: test_sum: 3 != 4", 1, NULL, SURE_LIKELY},
                {"curl: (6) Could not resolve host: example.org", 0, NULL, SURE_LIKELY},
                {"make: /bin/true: Argument list too long", 0, NULL, SURE_LIKELY},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                world_begin_ended(&w, cases[i].code);
                world_say(&w, cases[i].line);
                const Findings *found = world_finish(&w);
                if (world_told(found) != (cases[i].id != NULL))
                        fail_msg("\"%s\": %zu findings, %s", cases[i].line, world_told(found), found->n > 0 ? found->items[0]->title : "none");
                if (cases[i].id && (strcmp(found->items[0]->id, cases[i].id) != 0 || found->items[0]->sure != cases[i].sure))
                        fail_msg("\"%s\": %s", cases[i].line, found->items[0]->id);
                world_end(&w);
        }
}

/* make says 127 of what it could not start, whatever it ends with itself. */
static void test_make(void **state)
{
        World w;

        world_begin_ended(&w, 2);
        world_say(&w, "make: no-such-protoc: No such file or directory");
        world_say(&w, "make: *** [Makefile:2: all] Error 127");
        const Findings *found = world_finish(&w);
        assert_int_equal(world_told(found), 1);
        assert_string_equal(found->items[0]->title, "a command was not found: make: no-such-protoc: No such file or directory");
        world_end(&w);
}

/* Far from the end it was dealt with, perhaps; farther it was. */
static void test_distance(void **state)
{
        static const struct {
                unsigned behind;
                bool told;
                Sureness sure;
        } cases[] = {{5, true, SURE_LIKELY}, {100, true, SURE_POSSIBLE}, {300, false, SURE_POSSIBLE}};

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
                World w;
                world_begin_ended(&w, 1);
                world_say(&w, "curl: (6) Could not resolve host: example.org");
                for (unsigned k = 0; k < cases[i].behind; k++)
                        world_say(&w, "[7/99] Building C object x.c.o");
                const Findings *found = world_finish(&w);
                assert_int_equal(world_told(found), cases[i].told);
                if (cases[i].told)
                        assert_int_equal(found->items[0]->sure, cases[i].sure);
                world_end(&w);
        }
}

static void test_as_error(void **state)
{
        static const struct {
                const char *line;
                bool is;
        } cases[] = {
                {"x: File too large", true}, {"x: File too large.  ", true}, {"'File too large'", true}, {"File too large (os error 27)", true},
                {"write failed: File too large (27)", true}, {"[Errno 27] File too large: '/x'", true}, {"File too large to open: File too large", true},
                {"File too large for this", false}, {"x: File too large (simulated)", false}, {"File too larg", false}, {"", false},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
                if (said_as_error(cases[i].line, strlen(cases[i].line), "File too large") != cases[i].is)
                        fail_msg("\"%s\"", cases[i].line);
}

static void test_quote(void **state)
{
        char quote[40];

        said_quote(quote, sizeof quote, "a \xe2\x80\x98" "b\xe2\x80\x99 \xe2\x80\x9c" "c\xe2\x80\x9d \xc3\xa4\033\xe2\x80", 23);
        assert_string_equal(quote, "a 'b' \"c\" ?????");
        said_quote(quote, 8, "0123456789", 10);
        assert_string_equal(quote, "0123...");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines), cmocka_unit_test(test_make), cmocka_unit_test(test_distance), cmocka_unit_test(test_as_error),
                cmocka_unit_test(test_quote),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
