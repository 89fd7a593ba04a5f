/* Ends of processes between two ticks: when the tree was higher than any tick saw, and by how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "monitor/unseen-peaks.h"

#define MIB (1ull << 20)

typedef struct World {
        UnseenPeaks peaks;
        Process then;
        ProcessSums sums;
} World;

/* A tick at which the tree held so many MiB. */
static void tick(World *w, unsigned processes, uint64_t mib, uint64_t now_ns)
{
        ProcessSums sums = {.processes = processes, .threads = processes, .rss = mib * MIB};

        unseen_peaks_tick(&w->peaks, &sums, now_ns);
}

static Process seen(uint64_t anon_mib, uint64_t file_mib, uint64_t pss_mib, uint64_t peak_mib)
{
        Process p = {.pid = 7, .execed = true, .watch.seen = true, .watch.pss_bytes = pss_mib * MIB};

        p.watch.now = (TrackSample){.pid = 7, .rss_anon_bytes = anon_mib * MIB, .rss_file_bytes = file_mib * MIB, .threads = 1,
                                    .peak_rss_bytes = peak_mib * MIB};
        return p;
}

static bool end(World *w, const Process *p, uint64_t peak_mib, uint64_t now_ns)
{
        TrackEvent event = {.type = TRACK_EXIT, .pid = p->pid, .time_ns = now_ns, .peak_rss_bytes = peak_mib * MIB,
                            .peak_exact = true, .threads_max = 3};

        return unseen_peaks_end(&w->peaks, p, &event, NULL, &w->then, &w->sums);
}

static void test_grew_after_its_sample(void **state)
{
        World w = {0};
        Process p = seen(10, 2, 11, 12);

        tick(&w, 3, 50, 100);
        assert_true(end(&w, &p, 112, 150));
        assert_int_equal(w.then.watch.now.rss_anon_bytes, 110 * MIB);
        assert_int_equal(w.then.watch.pss_bytes, 111 * MIB);
        assert_int_equal(w.then.watch.now.user_us, TRACK_UNKNOWN);
        assert_int_equal(w.then.watch.pss_read_ns, 0);
        assert_int_equal(w.sums.processes, 3);
        assert_int_equal(w.sums.rss, 150 * MIB);
        assert_int_equal(p.watch.now.rss_anon_bytes, 10 * MIB);
}

static void test_not_seen_at_all(void **state)
{
        World w = {0};
        Process p = {.pid = 7, .execed = true};

        tick(&w, 3, 50, 100);
        assert_true(end(&w, &p, 300, 150));
        assert_int_equal(w.sums.processes, 4);
        assert_int_equal(w.sums.threads, 6);
        assert_int_equal(w.sums.rss, 350 * MIB);
        assert_int_equal(process_resident(&w.then.watch.now), 300 * MIB);

        /* one after the other, they never held it together */
        assert_false(end(&w, &p, 300, 160));
        assert_true(end(&w, &p, 400, 170));
        assert_int_equal(w.sums.rss, 450 * MIB);
}

/* The next one began when the first was over: what that held is not there any more. */
static void test_taken_out(void **state)
{
        World w = {0};
        Process p = seen(98, 2, 100, 100), next = {.pid = 8, .execed = true};

        tick(&w, 2, 200, 100);
        assert_false(end(&w, &p, 100, 150));
        assert_false(end(&w, &next, 100, 160));
        assert_true(end(&w, &next, 110, 170));
        assert_int_equal(w.sums.processes, 2);
        assert_int_equal(w.sums.rss, 210 * MIB);
}

/* What a tick saw, an estimate, another's memory, an end told late: nothing. */
static void test_not_told(void **state)
{
        World w = {0};
        Process was_higher = seen(10, 0, 10, 300), forked = {.pid = 7}, unseen = {.pid = 7, .execed = true};
        TrackEvent estimate = {.type = TRACK_EXIT, .time_ns = 150, .peak_rss_bytes = 900 * MIB};
        TrackEvent unknown = {.type = TRACK_EXIT, .time_ns = 150, .peak_rss_bytes = TRACK_UNKNOWN, .peak_exact = true};

        tick(&w, 3, 50, 100);
        assert_false(end(&w, &was_higher, 300, 150)); /* before its last sample, and that tick told it */
        assert_false(end(&w, &forked, 900, 150));
        assert_false(unseen_peaks_end(&w.peaks, &unseen, &estimate, NULL, &w.then, &w.sums));
        assert_false(unseen_peaks_end(&w.peaks, &unseen, &unknown, NULL, &w.then, &w.sums));
        assert_false(end(&w, &unseen, 900, 99));
        tick(&w, 3, 500, 200);
        assert_false(end(&w, &unseen, 5, 250)); /* higher by a hundredth: not worth a row */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_grew_after_its_sample),
                cmocka_unit_test(test_not_seen_at_all),
                cmocka_unit_test(test_taken_out),
                cmocka_unit_test(test_not_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
