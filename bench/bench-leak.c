/*
 * bench-leak [--kinds] [--show KIND SEED MINUTES] [FIRST_SEED TRACES]: how often leak_judge is right over traces
 * made up from seeds (leak-traces.h). A line of JSON for each length: 30, 10 and 5 minutes.
 *
 * Right: the class of the true rate; within 15 % of a threshold the class on its other side is right, too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "detect/leak-judge.h"
#include "detect/leak-traces.h"

static const LeakLimits limits = {.slow = 0.1, .leak = 1, .least_minutes = 2, .least_growth = 0.2};

static LeakClass class_of(double rate)
{
        return rate > limits.leak ? LEAK_LEAK : rate >= limits.slow ? LEAK_SLOW : LEAK_NORMAL;
}

static bool is_right(double rate, const LeakVerdict *v)
{
        return v->class == class_of(rate) || v->class == class_of(rate * 1.15) || v->class == class_of(rate / 1.15);
}

typedef struct Score {
        unsigned n, right, alarms, covered, judged, unknown, kind_n[TRACE_KINDS], kind_right[TRACE_KINDS];
        double us;
} Score;

static double now_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void print_one(TraceKind kind, uint64_t seed, const Trace *trace, const LeakVerdict *v)
{
        printf("%-20s seed %llu: rate %.3f, said %s %s %.3f (%.3f to %.3f) p %.2g eff %.1f over %.1f min, warm-up %.1f, "
               "%.2f to %.2f of %.2f to %.2f, steps %zu, troughs %zu, peaks %zu/%zu\n",
               trace_kind_name(kind), (unsigned long long)seed, trace->rate, leak_class_name(v->class),
               leak_shape_name(v->shape), v->rate, v->low, v->high, v->p, v->n_effective, v->minutes, v->warm_up_minutes,
               v->first, v->last, v->lowest, v->highest, v->steps, v->troughs, v->peaks_kept, v->peaks);
}

static void one(Score *score, TraceKind kind, uint64_t seed, double minutes, bool wrong_ones)
{
        Trace trace;
        LeakVerdict v;

        if (!trace_make(&trace, kind, minutes, seed))
                exit(1);
        double from = now_us();
        if (leak_judge(&trace.series, &limits, &v) < 0)
                exit(1);
        score->us += now_us() - from;
        bool right = is_right(trace.rate, &v);
        score->n++;
        score->right += right;
        score->kind_n[kind]++;
        score->kind_right[kind] += right;
        score->alarms += kind >= TRACE_LEAKS && v.class > LEAK_NORMAL;
        score->unknown += v.class == LEAK_UNKNOWN;
        if (v.class > LEAK_NORMAL && kind < TRACE_LEAKS) {
                score->judged++;
                score->covered += v.low <= trace.rate && trace.rate <= v.high;
        }
        if (wrong_ones && !right && minutes > 20 && score->kind_n[kind] - score->kind_right[kind] < 6)
                print_one(kind, seed, &trace, &v);
        trend_series_done(&trace.series);
}

/* Leaks and others in equal numbers, each kind in its turn. */
static Score corpus(uint64_t first, unsigned traces, double minutes, bool wrong_ones)
{
        Score score = {0};

        for (unsigned i = 0; i < traces; i++) {
                unsigned others = TRACE_KINDS - TRACE_LEAKS;
                TraceKind kind = i % 2 ? (TraceKind)(TRACE_LEAKS + i / 2 % others) : (TraceKind)(i / 2 % TRACE_LEAKS);
                one(&score, kind, first + i, minutes, wrong_ones);
        }
        return score;
}

static uint64_t number(const char *text)
{
        uint64_t value;

        if (parse_u64z(text, &value) < 0) {
                fprintf(stderr, "bench-leak: %s: expected a number\n", text);
                exit(2);
        }
        return value;
}

int main(int argc, char **argv)
{
        static const double lengths[] = {30, 10, 5};
        bool kinds = argc > 1 && text_equal(argv[1], "--kinds");

        argv += kinds;
        argc -= kinds;
        uint64_t first = argc > 1 ? number(argv[1]) : 1000000, traces = argc > 2 ? number(argv[2]) : 400;
        for (size_t l = 0; l < ARRAY_LENGTH(lengths); l++) {
                Score s = corpus(first, (unsigned)traces, lengths[l], kinds);
                for (int k = 0; kinds && k < TRACE_KINDS; k++)
                        printf("  %-20s %u of %u\n", trace_kind_name((TraceKind)k), s.kind_right[k], s.kind_n[k]);
                printf("{\"minutes\": %g, \"traces\": %u, \"right_percent\": %.2f, \"false_alarms\": %u, \"unknown\": %u, "
                       "\"interval_holds_percent\": %.1f, \"judge_us\": %.0f}\n",
                       lengths[l], s.n, 100.0 * s.right / s.n, s.alarms, s.unknown,
                       s.judged ? 100.0 * s.covered / s.judged : 0, s.us / s.n);
        }
        return 0;
}
