/* What is taken for a destination and what is refused; the archive's bytes; what ssh's words mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "send/archive.h"
#include "send/child.h"
#include "send/send-internal.h"

static void test_destinations(void **state)
{
        static const struct {
                const char *text, *host, *rsync, *directory;
        } known[] = {
                {"desktop", "desktop", "desktop", "./"},
                {"desktop:", "desktop", "desktop", "./"},
                {"kernelcore@192.168.15.7:~/rebuild-diagnostics", "kernelcore@192.168.15.7", "kernelcore@192.168.15.7",
                 "./rebuild-diagnostics"},
                {"a@host:/srv/a b", "a@host", "a@host", "/srv/a b"},
                {"host:~", "host", "host", "./"},
                {"host:-rf", "host", "host", "./-rf"},
                {"host:$(reboot);`x`'", "host", "host", "./$(reboot);`x`'"},
                {"me@corp@host:x", "me@corp@host", "me@corp@host", "./x"},
                {"[fe80::1%eth0]:x", "fe80::1%eth0", "[fe80::1%eth0]", "./x"},
                {"u@[::1]", "u@::1", "u@[::1]", "./"},
                {"host:a:b", "host", "host", "./a:b"},
                {"/srv/runs", NULL, NULL, "/srv/runs"},
                {"./x:y", NULL, NULL, "./x:y"},
                {"runs/", NULL, NULL, "runs/"},
                {".", NULL, NULL, "."},
                {"..", NULL, NULL, ".."},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
                Destination d = {0};
                Error err = {0};
                assert_int_equal(destination_parse(known[i].text, &d, &err), 0);
                assert_int_equal(d.local, known[i].host == NULL);
                assert_string_equal(d.directory, known[i].directory);
                assert_string_equal(d.shown, known[i].text);
                if (known[i].host) {
                        assert_string_equal(d.host, known[i].host);
                        assert_string_equal(d.rsync, known[i].rsync);
                }
                destination_done(&d);
        }
}

static void test_refused(void **state)
{
        static const char *const refused[] = {
                "",        "-oProxyCommand=id", "-x@host:y", "a@-oProxyCommand=id:x", "host\n:x", "host:x\ny",
                "host:\x1b[2J", "ho st:x",      "host;id:x", "$(id):x",               "a b@host", "`id`@host:x",
                "[::1",    "[x]:y",             "u@[;:id]:x", "@host:x",              ":x",       "host:~other/x",
                "[::1]x:y",
        };

        for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
                Destination d = {0};
                Error err = {0};
                if (destination_parse(refused[i], &d, &err) == 0)
                        fail_msg("%s was taken", refused[i]);
                assert_true(err.message[0] != '\0');
                assert_null(strchr(err.message, '\n'));
                assert_null(d.host);
        }
}

static void test_ssh_words(void **state)
{
        assert_int_equal(send_check_ssh("ssh", NULL), 0);
        assert_int_equal(send_check_ssh(" ssh  -p 2222 -F /tmp/x ", NULL), 0);
        assert_int_equal(send_check_ssh("", NULL), -EINVAL);
        assert_int_equal(send_check_ssh("   ", NULL), -EINVAL);
        assert_int_equal(send_check_ssh("ssh -o 'ProxyCommand=x y'", NULL), -EINVAL);
        assert_int_equal(send_check_ssh("ssh\t-v", NULL), -EINVAL);
}

/* What ssh, rsync and the far side's tools write, word for word. */
static void test_explained(void **state)
{
        static const struct {
                const char *said, *part;
                int code;
        } known[] = {
                {"ssh: connect to host h port 22: Connection refused\r\n", "cannot reach h: connect to host h port 22: Connection refused",
                 -EHOSTUNREACH},
                {"ssh: Could not resolve hostname h: Name or service not known\r\n", "Could not resolve hostname", -EHOSTUNREACH},
                {"No ED25519 host key is known for h and you have requested strict checking.\r\nHost key verification failed.\r\n",
                 "not known here", -EACCES},
                {"@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@\nHost key verification failed.\n",
                 "another host key", -EACCES},
                {"a@h: Permission denied (publickey).\r\n", "does not let us in: a@h: Permission denied (publickey).", -EACCES},
                {"Connection closed by 127.0.0.1 port 22\r\nrsync: connection unexpectedly closed (0 bytes received so far) [sender]\n"
                 "rsync error: unexplained error (code 255) at io.c(228) [sender=3.2.7]\n",
                 "cannot reach h: Connection closed by 127.0.0.1 port 22", -EHOSTUNREACH},
                {"", "the connection to h was lost", -EHOSTUNREACH},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
                Error err = {0};
                assert_int_equal(send_explain("h", known[i].said, &err), known[i].code);
                if (!strstr(err.message, known[i].part))
                        fail_msg("%s", err.message);
        }
}

static void test_answers(void **state)
{
        const char *at = "Welcome!\nvigia-send free 12\r\nvigia-sendx\nvigia-send ready";
        char line[16];

        assert_true(send_next_answer(&at, line, sizeof line));
        assert_string_equal(line, "free 12");
        assert_true(send_next_answer(&at, line, sizeof line));
        assert_string_equal(line, "ready");
        assert_false(send_next_answer(&at, line, sizeof line));
}

/* Whatever a name holds, the shell's word is that name. */
static void test_quoted(void **state)
{
        static const char name[] = "it's $(id) `x` \"y\" \\ * ~ ;|&<>!#\n\t end";
        _cleanup_string_ String script = {0};
        const char *argv[] = {"sh", NULL};
        SendChild c = {.argv = argv, .fd = -1};
        Error err = {0};

        string_add(&script, "printf '%s' ");
        send_add_quoted(&script, name);
        c.input = string_get(&script);
        assert_int_equal(send_child_run(&c, &err), 0);
        assert_int_equal(c.exit_code, 0);
        assert_string_equal(string_get(&c.out), name);
        send_child_done(&c);
}

/* ---- the child ---- */

static void test_child(void **state)
{
        const char *talks[] = {"sh", "-c", "cat; echo hurt >&2; exit 7", NULL}, *none[] = {"/nonexistent/program", NULL};
        const char *sleeps[] = {"sh", "-c", "trap '' TERM; while :; do sleep 1; done", NULL};
        const char *deaf[] = {"true", NULL}, *hangs[] = {"sh", "-c", "echo here; exec sleep 100", NULL};
        SendChild c = {.argv = talks, .fd = -1, .input = "hello"};
        char big[1 << 17];

        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_int_equal(c.exit_code, 7);
        assert_string_equal(string_get(&c.out), "hello");
        assert_string_equal(string_get(&c.err), "hurt\n");
        c.argv = none;
        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_int_equal(c.exit_code, 127);
        assert_non_null(strstr(string_get(&c.err), "No such file"));
        /* One that does not read what goes in. */
        memset(big, 'x', sizeof big);
        big[sizeof big - 1] = '\0';
        c.argv = deaf;
        c.input = big;
        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_int_equal(c.exit_code, 0);
        /* One that ends only when it is killed. */
        c.argv = sleeps;
        c.input = NULL;
        c.deadline_ns = 1;
        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_true(c.timed_out);
        assert_true(c.exit_code == 128 + 9 || c.exit_code == 128 + 15);
        assert_false(c.hung);
        /* One that says something, and then nothing any more. */
        c.argv = hangs;
        c.deadline_ns = 0;
        c.quiet_ns = NS_PER_SECOND / 10;
        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_true(c.hung);
        assert_false(c.timed_out);
        send_child_done(&c);
}

/* Told to end, the child is ended and it says so; a signal that is ignored is none. */
static void test_child_interrupted(void **state)
{
        char script[96];
        const char *argv[] = {"sh", "-c", script, NULL};
        SendChild c = {.argv = argv, .fd = -1};

        snprintf(script, sizeof script, "kill -HUP %d; kill -TERM %d; exec sleep 100", (int)getpid(), (int)getpid());
        signal(SIGHUP, SIG_IGN);
        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_true(c.interrupted);
        assert_int_equal(c.exit_code, 128 + SIGTERM);
        snprintf(script, sizeof script, "kill -HUP %d; exit 5", (int)getpid());
        assert_int_equal(send_child_run(&c, NULL), 0);
        assert_false(c.interrupted);
        assert_int_equal(c.exit_code, 5);
        signal(SIGHUP, SIG_DFL);
        send_child_done(&c);
}

/* ---- archives ---- */

static void put(int dirfd, const char *name, const char *text)
{
        assert_int_equal(file_replace(dirfd, name, text, strlen(text), false), 0);
}

static void make_folder(char path[], bool backwards)
{
        assert_non_null(mkdtemp(path));
        int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct timespec then[2] = {{1000000000, 5}, {1000000000, 5}};
        static const char *const names[] = {"run.json", "a.parquet", "sub/b.csv", "x.tmp"};

        assert_int_equal(mkdirat(dirfd, "sub", 0755), 0);
        for (size_t k = 0; k < ARRAY_LENGTH(names); k++) {
                const char *name = names[backwards ? ARRAY_LENGTH(names) - 1 - k : k];
                put(dirfd, name, name);
                assert_int_equal(utimensat(dirfd, name, then, 0), 0);
        }
        assert_int_equal(symlinkat("/etc/passwd", dirfd, "link"), 0);
        close(dirfd);
}

static void read_file(const char *path, Buffer *to)
{
        Error err = {0};

        buffer_clear(to);
        assert_int_equal(file_read_path(AT_FDCWD, path, 1 << 20, to, &err), 0);
}

/* The same files make the same bytes, whenever and in whatever order they were made. */
static void test_archive(void **state)
{
        char one[] = "/tmp/vigia-send-XXXXXX", two[] = "/tmp/vigia-send-XXXXXX", out[] = "/tmp/vigia-send-XXXXXX";
        _cleanup_string_ String page = {0}, command = {0};
        const ArchiveExtra extra = {"report.html", &page};
        Buffer first = {0}, second = {0};
        Error err = {0};

        if (archive_available(ARCHIVE_TAR_GZ, &err) < 0) {
                print_message("%s\n", err.message);
                skip();
        }
        string_add(&page, "<html>");
        make_folder(one, false);
        make_folder(two, true);
        assert_non_null(mkdtemp(out));
        for (int format = ARCHIVE_TAR_ZST; format <= ARCHIVE_TAR_GZ; format++) {
                ArchiveTold told = {0};
                char path[64];
                if (archive_available(format, &err) < 0)
                        continue;
                for (int i = 0; i < 2; i++) {
                        snprintf(path, sizeof path, "%s/%d", out, i);
                        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
                        assert_int_equal(archive_write(fd, format, i ? two : one, "NAME", &extra, &told, &err), 0);
                        assert_int_equal(told.files, 3);
                        assert_int_equal(told.left_out, 1);
                        read_file(path, i ? &second : &first);
                }
                assert_int_equal(first.size, second.size);
                assert_memory_equal(first.data, second.data, first.size);
        }
        /* The last was gzip: tar reads it. */
        string_add_format(&command, "tar -tzf %s/1 | tr '\\n' ' ' >%s/list", out, out);
        assert_int_equal(system(string_get(&command)), 0);
        string_add(&page, out);
        string_clear(&page);
        string_add_format(&page, "%s/list", out);
        read_file(string_get(&page), &first);
        assert_string_equal((char *)first.data, "NAME/a.parquet NAME/run.json NAME/sub/b.csv NAME/report.html ");
        buffer_done(&first);
        buffer_done(&second);
        directory_remove(AT_FDCWD, one);
        directory_remove(AT_FDCWD, two);
        directory_remove(AT_FDCWD, out);
}

/* ---- into a folder ---- */

static void test_folder(void **state)
{
        char place[] = "/tmp/vigia-send-XXXXXX";
        _cleanup_string_ String from = {0}, to = {0};
        const SendOptions options = {0};
        Destination d = {0};
        Error err = {0};
        Buffer text = {0};

        assert_non_null(mkdtemp(place));
        string_add_format(&from, "%s/from", place);
        string_add_format(&to, "%s/new/below", place);
        put(AT_FDCWD, string_get(&from), "abc");
        assert_int_equal(destination_parse(string_get(&to), &d, &err), 0);
        for (int again = 0; again < 2; again++) {
                SendFile file = {.path = string_get(&from), .name = "to"};
                assert_int_equal(send_files(&d, &file, 1, &options, &err), 0);
                assert_string_equal(file.sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
                assert_int_equal(file.proof, PROOF_SHA256);
                assert_int_equal(file.was_there, again);
        }
        string_add(&to, "/to");
        read_file(string_get(&to), &text);
        assert_string_equal((char *)text.data, "abc");
        buffer_done(&text);
        destination_done(&d);
        directory_remove(AT_FDCWD, place);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_destinations), cmocka_unit_test(test_refused), cmocka_unit_test(test_ssh_words),
                cmocka_unit_test(test_explained),    cmocka_unit_test(test_answers), cmocka_unit_test(test_quoted),
                cmocka_unit_test(test_child),        cmocka_unit_test(test_child_interrupted),
                cmocka_unit_test(test_archive), cmocka_unit_test(test_folder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
