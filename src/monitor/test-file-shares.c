/* File pages of programs: each once, whoever was read, and however many there are later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "monitor/file-shares.h"

#define MIB (1ull << 20)

enum { MOST = 16 };

typedef struct World {
        FileShares *shares;
        ProcessWatch watches[MOST];
        size_t n;
} World;

static void world_init(World *w)
{
        *w = (World){.n = 0};
        assert_int_equal(file_shares_new(&w->shares), 0);
}

static ProcessWatch *begin(World *w, const char *exe, uint64_t file_mib)
{
        Process p = {.exe = (char *)exe};
        ProcessWatch *watch = &w->watches[w->n++];

        assert_true(w->n <= MOST);
        *watch = (ProcessWatch){.program = file_shares_program(w->shares, &p), .seen = true};
        watch->now.rss_file_bytes = file_mib * MIB;
        return watch;
}

/* In MiB. */
static double count(World *w)
{
        file_shares_begin(w->shares);
        for (size_t i = 0; i < w->n; i++)
                file_shares_add(w->shares, &w->watches[i]);
        return (double)file_shares_bytes(w->shares) / (double)MIB;
}

static void read_it(World *w, ProcessWatch *watch, double pss_mib)
{
        watch->pss_read_ns = 1;
        watch->rss_file = watch->now.rss_file_bytes;
        watch->pss_file = (uint64_t)(pss_mib * (double)MIB);
        file_shares_learn(w->shares, watch);
}

static void expect(double got, double from, double to)
{
        if (got < from || got > to)
                fail_msg("%.2f MiB is not within %.2f … %.2f", got, from, to);
}

/* Eight of 30 MiB that nobody read hold what one holds, and not eight times that. */
static void test_unread(void **state)
{
        World w;

        world_init(&w);
        begin(&w, "/usr/lib/cc1", 30);
        expect(count(&w), 25, 30);
        for (size_t i = 0; i < 7; i++)
                begin(&w, "/usr/lib/cc1", 30);
        expect(count(&w), 25, 30);
        begin(&w, "/usr/bin/other", 30);
        expect(count(&w), 50, 60);
        file_shares_free(w.shares);
}

/* The first was read when it was alone: the others do not count the same again. */
static void test_read_alone(void **state)
{
        World w;

        world_init(&w);
        ProcessWatch *first = begin(&w, "/usr/lib/cc1", 30);
        count(&w);
        read_it(&w, first, 27);
        expect(count(&w), 26.9, 27.1);
        for (size_t i = 0; i < 7; i++)
                begin(&w, "/usr/lib/cc1", 30);
        expect(count(&w), 26.9, 27.1);
        expect((double)file_share_bytes(first) / (double)MIB, 27.0 / 8 - 0.1, 27.0 / 8 + 0.1);
        for (size_t i = 4; i < 8; i++) /* some have just begun */
                w.watches[i].now.rss_file_bytes = 2 * MIB;
        expect(count(&w), 26.9, 27.1);
        w.n = 1;
        expect(count(&w), 26.9, 27.1);
        file_shares_free(w.shares);
}

/* Read when there were four: one alone counts all of it, but for what others hold, too. */
static void test_read_among_others(void **state)
{
        World w;

        world_init(&w);
        for (size_t i = 0; i < 4; i++)
                begin(&w, "/usr/lib/cc1", 20);
        count(&w);
        read_it(&w, &w.watches[0], 4.5);
        expect(count(&w), 17.9, 18.1);
        w.n = 2;
        expect(count(&w), 17.9, 18.1);
        file_shares_free(w.shares);
}

/* Each maps 80 MiB that are its own and 20 of the program. */
static void test_own_files(void **state)
{
        World w;

        world_init(&w);
        for (size_t i = 0; i < 4; i++)
                begin(&w, "/usr/bin/python3", 100);
        count(&w);
        read_it(&w, &w.watches[1], 85);
        expect(count(&w), 339, 341);
        for (size_t i = 0; i < 4; i++)
                begin(&w, "/usr/bin/python3", 100);
        expect(count(&w), 659, 661);
        file_shares_free(w.shares);
}

/* One of three has a large file of its own: its reading is not taken for all of them. */
static void test_one_apart(void **state)
{
        World w;

        world_init(&w);
        for (size_t i = 0; i < 2; i++)
                begin(&w, "/usr/bin/python3", 10);
        ProcessWatch *large = begin(&w, "/usr/bin/python3", 500);
        count(&w);
        read_it(&w, large, 494);
        expect(count(&w), 480, 520);
        count(&w);
        expect((double)file_share_bytes(large) / (double)MIB, 480, 500);
        large->now.rss_file_bytes = 0; /* and it ends */
        large->rss_file = 0;
        large->program = NULL;
        expect(count(&w), 5, 20);
        file_shares_free(w.shares);
}

/* Nothing is more than what is resident, and never anything negative or undefined. */
static void test_bounds(void **state)
{
        World w;

        world_init(&w);
        assert_int_equal(count(&w), 0);
        ProcessWatch *p = begin(&w, "/x", 0);
        expect(count(&w), 0, 0);
        read_it(&w, p, 0);
        expect(count(&w), 0, 0);
        p->now.rss_file_bytes = 10 * MIB;
        read_it(&w, p, 4000);
        expect(count(&w), 0, 10);
        p->now.rss_file_bytes = 5 * MIB;
        count(&w);
        read_it(&w, p, 0);
        expect(count(&w), 0, 5);
        ProcessWatch unknown = {.now.rss_file_bytes = 3 * MIB};
        assert_int_equal(file_share_bytes(&unknown), 3 * MIB);
        file_shares_add(w.shares, &unknown);
        file_shares_free(w.shares);
}

/* More programs than are told apart. */
static void test_many(void **state)
{
        World w;
        char exe[32];

        world_init(&w);
        for (unsigned i = 0; i < 2000; i++) {
                w.n = 0;
                snprintf(exe, sizeof exe, "/tmp/conftest%u", i);
                begin(&w, exe, 3);
                expect(count(&w), 1, 3);
                read_it(&w, &w.watches[0], 1);
        }
        file_shares_free(w.shares);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unread),        cmocka_unit_test(test_read_alone), cmocka_unit_test(test_read_among_others),
                cmocka_unit_test(test_own_files),     cmocka_unit_test(test_one_apart),  cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
