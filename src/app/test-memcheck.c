/* Memcheck's XML: leaks by place; what is cut off, hostile, or none of it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/memcheck.h"
#include "base/file.h"

#define FRAME(fn, line)                                                                            \
        "<frame><ip>0x1</ip><obj>/bin/prog</obj><fn>" fn "</fn><dir>/src</dir><file>a.c</file><line>" line "</line></frame>"
#define LEAK(kind, bytes, blocks, frames)                                                          \
        "<error><unique>0x0</unique><kind>" kind "</kind><xwhat><text>t</text><leakedbytes>" bytes                 \
        "</leakedbytes><leakedblocks>" blocks "</leakedblocks></xwhat><stack>" frames "</stack></error>"
#define DOCUMENT(inside) "<?xml version=\"1.0\"?><valgrindoutput><protocolversion>4</protocolversion>" inside "</valgrindoutput>"

static int read_text(Memcheck *m, const char *text, Error *err)
{
        int fd = memfd_create("xml", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        int r = memcheck_read(m, fd, "x.xml", err);
        close(fd);
        return r;
}

static int setup(void **state)
{
        Error why = {0};

        *state = memcheck_can_read(&why) < 0 ? (void *)1 : NULL;
        return 0;
}

static void need_expat(void **state)
{
        if (*state)
                skip();
}

static void test_places(void **state)
{
        Memcheck m = {0};
        Error err = {0};

        need_expat(state);
        assert_int_equal(read_text(&m, DOCUMENT(LEAK("Leak_DefinitelyLost", "100", "2", FRAME("malloc", "1") FRAME("lose", "5") FRAME("main", "9"))
                                                LEAK("Leak_PossiblyLost", "7", "1", FRAME("calloc", "1") FRAME("other", "6"))
                                                LEAK("Leak_IndirectlyLost", "50", "1", FRAME("operator new(unsigned long)", "1") FRAME("lose", "5") FRAME("main", "9"))
                                                LEAK("Leak_DefinitelyLost", "11", "1", FRAME("malloc", "1") FRAME("lose", "5") FRAME("main", "9"))
                                                "<error><kind>InvalidRead</kind><stack>" FRAME("bad", "3") "</stack></error>"
                                                LEAK("Leak_StillReachable", "4", "1", FRAME("malloc", "1") FRAME("keep", "2"))), &err), 0);
        leak_sites_sort(&m.sites);
        assert_int_equal(m.sites.n, 3);
        assert_int_equal(m.errors, 1);
        assert_int_equal(m.cut_off, 0);
        const LeakSite *s = &m.sites.items[0];
        assert_string_equal(s->frames[0].function, "lose");
        assert_int_equal(s->frames[0].line, 5);
        assert_int_equal(s->n_frames, 2);
        assert_int_equal(s->bytes[LEAK_DEFINITE], 111);
        assert_int_equal(s->blocks[LEAK_DEFINITE], 3);
        assert_int_equal(s->bytes[LEAK_INDIRECT], 50);
        assert_int_equal(m.sites.bytes[LEAK_REACHABLE], 4);
        memcheck_done(&m);
}

static void test_indirect(void **state)
{
        Memcheck m = {0};
        Error err = {0};

        need_expat(state);
        assert_int_equal(read_text(&m, "<x><error><kind>Leak_DefinitelyLost</kind><xwhat><text>1,240 (48 direct, 1,192 indirect) bytes in "
                                       "1 blocks are definitely lost in loss record 4 of 4</text><leakedbytes>1240</leakedbytes>"
                                       "<leakedblocks>1</leakedblocks></xwhat><stack>" FRAME("f", "1") "</stack></error>"
                                       "<error><kind>Leak_DefinitelyLost</kind><xwhat><text>9 (x direct, 99999999999999999999999999999 "
                                       "indirect)</text><leakedbytes>9</leakedbytes></xwhat></error></x>", &err), 0);
        leak_sites_sort(&m.sites);
        assert_int_equal(m.sites.items[0].bytes[LEAK_DEFINITE], 48);
        assert_int_equal(m.sites.items[0].bytes[LEAK_INDIRECT], 1192);
        assert_int_equal(m.sites.bytes[LEAK_DEFINITE], 48 + 9);
        memcheck_done(&m);
}

static void test_cut_off(void **state)
{
        static const char whole[] = DOCUMENT(LEAK("Leak_DefinitelyLost", "100", "2", FRAME("malloc", "1") FRAME("lose", "5")));
        char text[sizeof whole];

        need_expat(state);
        for (size_t n = 0; n + 1 < sizeof whole; n++) {
                Memcheck m = {0};
                Error err = {0};
                memcpy(text, whole, n);
                text[n] = '\0';
                assert_int_equal(read_text(&m, text, &err), 0);
                assert_int_equal(m.cut_off, 1);
                memcheck_done(&m);
        }
}

static void test_hostile(void **state)
{
        static const char *const wrong[] = {
                "no xml at all",
                "<a><b></a></b>",
                "<!DOCTYPE a [<!ENTITY e \"eeee\">]><a>&e;</a>",
                "<a>&#1;</a>",
        };
        char deep[4096] = "", longer[8192];
        Memcheck m = {0};
        Error err = {0};

        need_expat(state);
        for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
                assert_int_equal(read_text(&m, wrong[i], &err), -EBADMSG);
                assert_memory_equal(err.message, "x.xml:1:", 8);
        }
        for (int i = 0; i < 100; i++)
                strcat(deep, "<a>");
        assert_int_equal(read_text(&m, deep, &err), -EBADMSG);
        /* Names without end, lines that are none, frames outside of stacks. */
        memset(longer, 'x', sizeof longer);
        memcpy(longer, "<error><stack><frame><fn>", 25);
        strcpy(longer + 8000, "</fn><line>999999999999</line></frame></stack><kind>Leak_DefinitelyLost</kind>"
                              "<leakedbytes>-5</leakedbytes></error>");
        assert_int_equal(read_text(&m, longer, &err), 0);
        assert_int_equal(m.sites.n, 1);
        assert_true(strlen(m.sites.items[0].frames[0].function) <= LEAK_FRAME_TEXT);
        assert_int_equal(m.sites.items[0].frames[0].line, 0);
        assert_int_equal(read_text(&m, "<x><fn>a</fn><frame><fn>b</fn></frame><kind>c</kind></x>", &err), 0);
        memcheck_done(&m);
}

/* Whatever bytes a name has: control characters, no UTF-8, or UTF-8. Without a name the address tells places apart. */
static void test_names(void **state)
{
        Memcheck m = {0};
        Error err = {0};

        need_expat(state);
        assert_int_equal(read_text(&m, DOCUMENT(LEAK("Leak_DefinitelyLost", "3", "1", FRAME("\x1b[31m\xff", "1"))
                                                LEAK("Leak_DefinitelyLost", "2", "1", FRAME("caf\xc3\xa9 \xe2\x98\x83", "1"))
                                                LEAK("Leak_DefinitelyLost", "1", "1", "<frame><ip>0x1</ip><obj>/bin/p</obj></frame>")
                                                LEAK("Leak_DefinitelyLost", "1", "1", "<frame><ip>0x2</ip><obj>/bin/p</obj></frame>")), &err), 0);
        leak_sites_sort(&m.sites);
        assert_int_equal(m.sites.n, 4);
        assert_string_equal(m.sites.items[0].frames[0].function, "?[31m\xff");
        assert_string_equal(m.sites.items[1].frames[0].function, "caf\xc3\xa9 \xe2\x98\x83");
        assert_string_equal(m.sites.items[2].frames[0].function, "0x1");
        assert_string_equal(m.sites.items[3].frames[0].function, "0x2");
        memcheck_done(&m);
}

static void test_shown(void **state)
{
        Memcheck m = {0};
        Error err = {0};
        _cleanup_string_ String out = {0};
        const ReportOptions to = {.columns = 80};

        need_expat(state);
        assert_int_equal(read_text(&m, DOCUMENT(LEAK("Leak_DefinitelyLost", "2048", "2", FRAME("malloc", "1") FRAME("a&#27;[31mb", "5"))), &err), -EBADMSG);
        assert_int_equal(read_text(&m, DOCUMENT(LEAK("Leak_DefinitelyLost", "2048", "2", FRAME("malloc", "1") FRAME("x&lt;y\xe2\x80\xae", "5"))), &err), 0);
        leak_sites_show(&m.sites, 5, &to, &out);
        assert_non_null(strstr(string_get(&out), "2 KiB"));
        assert_non_null(strstr(string_get(&out), "x<y? (a.c:5)"));
        memcheck_done(&m);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_places, setup), cmocka_unit_test_setup(test_indirect, setup),
                cmocka_unit_test_setup(test_cut_off, setup), cmocka_unit_test_setup(test_names, setup),
                cmocka_unit_test_setup(test_hostile, setup), cmocka_unit_test_setup(test_shown, setup),
        };

        return cmocka_run_group_tests_name("memcheck", tests, NULL, NULL);
}
