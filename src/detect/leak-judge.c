/* One question after the other, cheapest first; what fails one gets the shape that explains its growth. */
#include "detect/leak-judge.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "detect/leak-lumps.h"
#include "detect/leak-shape.h"
#include "detect/trend.h"
#include "model/statistics.h"

enum { POINTS_LEAST = 8, TROUGHS_LEAST = 5, STEPS_LEAST = 5, STEPS_MOST = 20 };
#define DOUBT      0.01   /* chance that a trend is none, at most */
#define DOUBT_LINE 0.0005 /* by least squares, which noise of other kinds misleads more */

const char *leak_class_name(LeakClass class)
{
        static const char *const names[] = {"unknown", "normal", "slow", "leak"};

        return names[class];
}

const char *leak_shape_name(LeakShape shape)
{
        static const char *const names[LEAK_SHAPES] = {
                "flat", "steady", "stepped", "saw-tooth", "saw-tooth-flat", "warm-up", "filling", "jump",
                "returned", "falling", "short",
        };

        return names[shape];
}

static double level_at(const LeakPoints *p, bool end)
{
        double room[TREND_POINTS];
        size_t n = MAX(p->n / 10, (size_t)1);

        memcpy(room, end ? p->y + p->n - n : p->y, n * sizeof *room);
        return trend_median(room, n);
}

static double span_of(const LeakPoints *p)
{
        return p->n > 0 ? p->t[p->n - 1] - p->t[0] : 0;
}

/* Peaks stand out of the low before and behind by a fifth of all the range; one is kept when what is behind
 * stays above what was before by half of its height. */
static void count_peaks(const double *y, size_t n, LeakVerdict *v)
{
        double deep = (v->highest - v->lowest) / 5, before = y[0], high = y[0];

        for (size_t i = 1; i < n && deep > 0; i++) {
                if (y[i] < before && high - before < deep)
                        before = high = y[i];
                high = MAX(high, y[i]);
                if (high - before < deep || high - y[i] < deep)
                        continue;
                double low = y[i];
                while (i + 1 < n && y[i + 1] - low < deep)
                        low = MIN(low, y[++i]);
                v->peaks++;
                v->peaks_kept += low - before > (high - before) / 2;
                before = low;
                high = y[i];
        }
}

static void drop_head(LeakPoints *p, size_t n)
{
        memmove(p->t, p->t + n, (p->n - n) * sizeof *p->t);
        memmove(p->y, p->y + n, (p->n - n) * sizeof *p->y);
        p->n -= n;
}

static void take_trend(LeakVerdict *v, const Trend *trend)
{
        v->rate = trend->slope;
        v->low = trend->low;
        v->high = trend->high;
        v->p = trend->p;
        v->n_effective = trend->n_effective;
}

/* Flat beyond doubt: all that it ever moved is less than a leak would have grown. */
static bool is_still(const LeakVerdict *v, const LeakLimits *limits)
{
        return v->highest - v->lowest < MAX(limits->slow * v->minutes, limits->least_growth) / 2;
}

static bool is_growth(const Trend *trend)
{
        return trend->slope > 0 && trend->low > 0 && (trend->p < DOUBT || trend->p_line < DOUBT_LINE);
}

/* What is left without the tenths of time in which it grew most. 1: growth; 0: none; -ENOMEM. */
static int grows_without_jumps(const LeakPoints *points, const Trend *whole)
{
        LeakPoints rest = *points;
        Trend trend;

        if (leak_cut_jump(&rest) <= 0)
                return 1;
        leak_cut_jump(&rest);
        /* What is put together fits badly at the seams: how far samples hold together is the whole's. */
        double held = (double)whole->n / whole->n_effective;
        int r = rest.n < POINTS_LEAST ? -EINVAL : trend_of_held(rest.t, rest.y, rest.n, held, &trend);
        if (r < 0)
                return r == -EINVAL ? 0 : r;
        return trend.slope > whole->slope / 5 && trend.low > 0 && trend.p < 0.02;
}

/* Whether it fills, by all that was seen, the warm-up with it. */
typedef struct Filling {
        bool likely, sure;
} Filling;

static LeakShape shape_of_none(const LeakVerdict *v, const LeakPoints *p, const Trend *trend)
{
        LeakPoints rest = *p;
        double range = v->highest - v->lowest;

        if (v->warm_up_minutes > 0 && v->first - v->lowest > range / 3)
                return LEAK_WARM;
        if (v->troughs >= TROUGHS_LEAST)
                return LEAK_TEETH_FLAT;
        if (trend->high < 0)
                return LEAK_FALLING;
        if (leak_cut_jump(&rest) > 0 && v->last - v->first > range / 3)
                return LEAK_JUMPED;
        return trend->noise > 0 && range > 8 * trend->noise ? LEAK_RETURNED : LEAK_FLAT;
}

static LeakClass class_of(double rate, const LeakLimits *limits)
{
        return rate > limits->leak ? LEAK_LEAK : rate >= limits->slow ? LEAK_SLOW : LEAK_NORMAL;
}

/* What stands far above the line that most points keep to is a peak, and no jump. */
static void bring_down(LeakPoints *p, const Trend *trend)
{
        for (size_t i = 0; i < p->n && trend->noise > 0; i++)
                p->y[i] = MIN(p->y[i], trend->intercept + trend->slope * p->t[i] + 5 * trend->noise);
}

/* Where it grew by lumps, what is beside the line has too good an opinion of it. */
static void widen(LeakVerdict *v, const LeakPoints *p)
{
        LeakLumps lumps = leak_lumps(p);

        if (lumps.n == 0 || !lumps.wanders || lumps.reach >= v->rate)
                return;
        v->low = MIN(v->low, v->rate - lumps.reach);
        v->high = MAX(v->high, v->rate + lumps.reach);
}

/* The shape of growth, or of what only looks like it. 0 or -ENOMEM. */
static int explain(LeakVerdict *v, const LeakPoints *p, const Trend *trend, bool filling, const LeakLimits *limits)
{
        LeakPoints low = *p;

        bring_down(&low, trend);
        int r = grows_without_jumps(&low, trend);
        if (r < 0)
                return r;
        v->class = LEAK_NORMAL;
        if (r == 0 || leak_is_one_jump(&low)) {
                v->shape = LEAK_JUMPED;
        } else if (filling) {
                v->shape = LEAK_FILLING;
        } else if (v->last - v->first < trend->slope * v->minutes / 2 || v->last - v->first < limits->least_growth) {
                v->shape = LEAK_RETURNED;
        } else {
                v->class = class_of(v->rate, limits);
                widen(v, p);
                LeakSteps steps = leak_steps(p);
                bool stepped = steps.up >= 3 && steps.up <= STEPS_MOST && steps.down * 4 < steps.up && steps.explained > 0.7 && steps.explained < 1.3;
                v->steps = stepped ? steps.up : 0;
                v->shape = stepped ? LEAK_STEPPED : LEAK_STEADY;
        }
        return 0;
}

/* Up by jumps, five at least, and never down: that is chance one time in 32 at most. Their heights say how sure the
 * rate is, where the samples between them, which hold together, say little. */
static bool judge_steps(LeakVerdict *v, const LeakPoints *p, const LeakLimits *limits)
{
        LeakSteps steps = leak_steps(p);

        if (steps.up < STEPS_LEAST || steps.down > 0 || !steps.late || steps.explained < 0.7 || steps.explained > 1.3 ||
            v->last - v->first < limits->least_growth || leak_is_one_jump(p))
                return false;
        double reach = student_quantile(0.975, (double)steps.up - 1) * sqrt(steps.squares) / v->minutes;
        v->rate = (v->last - v->first) / v->minutes;
        v->low = v->rate - reach;
        v->high = v->rate + reach;
        v->n_effective = (double)steps.up;
        v->p = ldexp(1, 1 - (int)MIN(steps.up, (size_t)50));
        v->steps = steps.up;
        v->shape = LEAK_STEPPED;
        v->class = v->low > 0 ? class_of(v->rate, limits) : LEAK_NORMAL;
        return v->low > 0;
}

/* What it added in one stretch of the time says nothing of the next: then it is these that have to agree. */
static bool judge_lumps(LeakVerdict *v, const LeakPoints *p, const LeakLimits *limits)
{
        LeakLumps lumps = leak_lumps(p);

        if (lumps.n == 0 || lumps.rate <= lumps.reach || lumps.p >= DOUBT || lumps.fell > 0.3 || lumps.end < lumps.rate / 2 ||
            v->last - v->first < limits->least_growth)
                return false;
        v->rate = lumps.rate;
        v->low = lumps.rate - lumps.reach;
        v->high = lumps.rate + lumps.reach;
        v->n_effective = (double)lumps.n;
        v->p = lumps.p;
        v->shape = LEAK_STEADY;
        v->class = class_of(v->rate, limits);
        return true;
}

/* The saw-tooth's troughs alone. 1: judged; 0: it is none, or too few; -ENOMEM. */
static int judge_teeth(LeakVerdict *v, const LeakPoints *p, const LeakLimits *limits)
{
        LeakPoints troughs;
        Trend trend;

        v->troughs = leak_troughs(p, &troughs);
        if (v->troughs < TROUGHS_LEAST)
                return 0;
        int r = trend_of(troughs.t, troughs.y, troughs.n, &trend);
        if (r < 0)
                return r == -EINVAL ? 0 : r;
        /* Of five troughs one order in 60 is all up or all down: more is not to be had, but that they rise by more than is
         * missed of them between two samples. */
        bool few = trend.n < 8;
        double rose = troughs.y[troughs.n - 1] - troughs.y[0];
        if (!isfinite(trend.low) || (few && trend.low > 0 && rose < (v->highest - v->lowest) / 5))
                return 0;
        take_trend(v, &trend);
        v->first = troughs.y[0];
        v->last = troughs.y[troughs.n - 1];
        v->shape = LEAK_TEETH_FLAT;
        v->class = LEAK_NORMAL;
        if (trend.slope > 0 && trend.low > 0 && (trend.p < (few ? 0.02 : DOUBT) || trend.p_line < DOUBT_LINE) &&
            v->last - v->first >= MAX(trend.slope * span_of(&troughs) / 2, limits->least_growth)) {
                v->class = class_of(v->rate, limits);
                v->shape = LEAK_TEETH;
        }
        return 1;
}

static int judge_points(LeakVerdict *v, LeakPoints *p, Filling whole, const LeakLimits *limits)
{
        Trend trend;
        int r = trend_of(p->t, p->y, p->n, &trend);

        if (r < 0)
                return r == -EINVAL ? 0 : r;
        take_trend(v, &trend);
        v->first = level_at(p, false);
        v->last = level_at(p, true);
        if (p->n < POINTS_LEAST || v->minutes < limits->least_minutes)
                return 0; /* too short to tell, and said so */
        if (is_still(v, limits)) {
                v->class = LEAK_NORMAL;
                v->shape = LEAK_FLAT;
                return 0;
        }
        r = judge_teeth(v, p, limits);
        if (r != 0)
                return MIN(r, 0);
        bool filling = whole.sure || whole.likely;
        LeakFill fill = leak_fill(p);
        if (fill.found && fill.least > 0) {
                /* A line is left when what warmed up is taken off it. */
                for (size_t i = 0; i < p->n; i++)
                        p->y[i] += fill.height * exp(-(p->t[i] - p->t[0]) / fill.tau);
                r = trend_of(p->t, p->y, p->n, &trend);
                if (r < 0)
                        return r == -EINVAL ? 0 : r;
                take_trend(v, &trend);
                v->low = MIN(v->low, fill.low);
                v->high = MAX(v->high, fill.high);
                v->first = level_at(p, false);
                v->last = level_at(p, true);
        }
        if (fill.found)
                filling = whole.sure || fill.least <= 0 || fill.slope < trend.slope / 4;
        if (is_growth(&trend))
                return explain(v, p, &trend, filling, limits);
        if (!filling && judge_steps(v, p, limits))
                return 0;
        v->class = LEAK_NORMAL;
        v->shape = shape_of_none(v, p, &trend);
        return 0;
}

/* It grew by no trend in all: does it from some time on? */
static int judge_late(LeakVerdict *v, LeakPoints *p, const LeakLimits *limits)
{
        size_t late = v->shape == LEAK_TEETH_FLAT || is_still(v, limits) ? 0 : leak_late_start(p);
        LeakVerdict tail = *v;

        if (late == 0 || late + POINTS_LEAST > p->n || p->t[p->n - 1] - p->t[late] < MAX(limits->least_minutes, span_of(p) / 3))
                return 0;
        tail.warm_up_minutes += p->t[late] - p->t[0];
        tail.late = true;
        drop_head(p, late);
        tail.minutes = span_of(p);
        int r = judge_points(&tail, p, (Filling){leak_is_filling(p, 0), false}, limits);
        if (r == 0 && tail.class >= LEAK_SLOW)
                *v = tail;
        return r;
}

/* A saw-tooth about as long as a bucket is seen as such by none: the lowest of four buckets has its troughs. */
static void join_short_teeth(const LeakVerdict *v, LeakPoints *p, const double *high)
{
        double room[TREND_POINTS], range;
        size_t n = 0;

        for (size_t i = 0; i < p->n; i++)
                room[i] = high[i] - p->y[i];
        if (p->n < 64)
                return;
        range = trend_median(room, p->n);
        memcpy(room, p->y, p->n * sizeof *room);
        /* How far neighbours differ, against how much is in one. */
        for (size_t i = 0; i + 1 < p->n; i++)
                room[i] = fabs(p->y[i + 1] - p->y[i]);
        if (range < 2 * trend_median(room, p->n - 1) || range < 0.2 * (v->highest - v->lowest) || range <= 0)
                return;
        for (size_t i = 0; i + 4 <= p->n; i += 4, n++) {
                p->t[n] = (p->t[i] + p->t[i + 3]) / 2;
                double low = p->y[i];
                for (size_t k = i + 1; k < i + 4; k++)
                        low = MIN(low, p->y[k]);
                p->y[n] = low;
        }
        p->n = n;
}

int leak_judge(const TrendSeries *series, const LeakLimits *limits, LeakVerdict *ret)
{
        LeakVerdict v = {.shape = LEAK_SHORT, .rate = NAN, .low = NAN, .high = NAN, .p = NAN,
                         .first = NAN, .last = NAN, .lowest = INFINITY, .highest = -INFINITY};
        double high[TREND_POINTS], mean[TREND_POINTS];
        LeakPoints p;

        p.n = trend_series_points(series, p.t, p.y, high, mean);
        for (size_t i = 0; i < p.n; i++) {
                v.lowest = MIN(v.lowest, p.y[i]);
                v.highest = MAX(v.highest, high[i]);
        }
        if (p.n == 0)
                v.lowest = v.highest = NAN;
        else
                count_peaks(mean, p.n, &v);
        join_short_teeth(&v, &p, high);
        int r = leak_cut_bursts(&p);
        if (r < 0)
                return r;
        v.minutes = span_of(&p);
        size_t warm = v.minutes >= limits->least_minutes && !is_still(&v, limits) ? leak_warm_up(&p) : 0;
        LeakFill fill = leak_fill(&p);
        Filling filling = {.likely = leak_is_filling(&p, warm)};
        filling.sure = filling.likely && fill.found && fill.alone;
        if (warm > 0 && warm + POINTS_LEAST <= p.n) {
                v.warm_up_minutes = p.t[warm] - p.t[0];
                drop_head(&p, warm);
                v.minutes = span_of(&p);
        }
        LeakPoints late = p;
        r = judge_points(&v, &p, filling, limits);
        p = late;
        if (r == 0 && v.class == LEAK_NORMAL)
                r = judge_late(&v, &late, limits);
        if (r == 0 && v.class == LEAK_NORMAL && v.shape != LEAK_TEETH_FLAT && !filling.sure && !is_still(&v, limits))
                judge_lumps(&v, &p, limits);
        if (r == 0)
                *ret = v;
        return r;
}
