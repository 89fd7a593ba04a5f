/* Lines are fitted by least squares to what is left of the points after a running median of five, so that a
 * spike counts as nothing; how much a fit says beyond another is an F test with n_effective points. */
#include "detect/leak-shape.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "detect/trend.h"

enum { FEW = 10 }; /* points below which no shape is looked for */
#define BURST 6.0 /* times the median distance from a line, over which it is a peak */

static void smooth(const LeakPoints *points, double *ret)
{
        for (size_t i = 0; i < points->n; i++) {
                size_t end = MIN(i, points->n - 1 - i), reach = MIN(end, (size_t)2);
                double near[5];
                memcpy(near, &points->y[i - reach], (2 * reach + 1) * sizeof *near);
                ret[i] = trend_median(near, 2 * reach + 1);
        }
}

/* ---- a line by least squares, from sums ---- */

typedef struct Sums {
        double n, t, y, tt, ty, yy;
} Sums;

static void add(Sums *s, double t, double y)
{
        s->n++;
        s->t += t;
        s->y += y;
        s->tt += t * t;
        s->ty += t * y;
        s->yy += y * y;
}

static Sums without(const Sums *all, const Sums *part)
{
        return (Sums){all->n - part->n, all->t - part->t, all->y - part->y,
                      all->tt - part->tt, all->ty - part->ty, all->yy - part->yy};
}

static double slope_of(const Sums *s)
{
        double d = s->n * s->tt - s->t * s->t;

        return d > 0 ? (s->n * s->ty - s->t * s->y) / d : 0;
}

/* The squares that are left beside the line. */
static double rest_of(const Sums *s)
{
        double slope = slope_of(s), syy = s->yy - s->y * s->y / s->n, sty = s->ty - s->t * s->y / s->n;

        return MAX(syy - slope * sty, 0.0);
}

/* What is beside one line over [from, to). */
static void residuals(const double *t, const double *y, size_t from, size_t to, double *ret)
{
        Sums s = {0};

        for (size_t i = from; i < to; i++)
                add(&s, t[i], y[i]);
        double slope = slope_of(&s), at = s.y / s.n - slope * s.t / s.n;
        for (size_t i = from; i < to; i++)
                ret[i] = y[i] - at - slope * t[i];
}

/* ---- peaks ---- */

/* From the point before it straight to the one behind it. */
static void cut_burst(LeakPoints *p, size_t from, size_t to, double slope)
{
        double before = from > 0 ? p->y[from - 1] : p->y[to] - slope * (p->t[to] - p->t[from]);
        double begins = from > 0 ? p->t[from - 1] : p->t[from];

        for (size_t i = from; i < to; i++)
                p->y[i] = before + (p->y[to] - before) * (p->t[i] - begins) / (p->t[to] - begins);
}

int leak_cut_bursts(LeakPoints *points)
{
        double beside[TREND_POINTS], room[TREND_POINTS], slope;
        size_t n = points->n;
        int r = n < FEW ? -EINVAL : trend_slope(points->t, points->y, n, &slope);

        if (r < 0)
                return r == -EINVAL ? 0 : r;
        for (size_t i = 0; i < n; i++)
                room[i] = beside[i] = points->y[i] - slope * points->t[i];
        double at = trend_median(room, n);
        for (size_t i = 0; i < n; i++) {
                beside[i] -= at;
                room[i] = fabs(beside[i]);
        }
        double most = BURST * trend_median(room, n);
        for (size_t from = 0, to; most > 0 && from < n; from = MAX(to, from + 1)) {
                for (to = from; to < n && beside[to] > most; to++)
                        ;
                if (to > from && to < n && to - from <= n / 10)
                        cut_burst(points, from, to, slope);
        }
        return 0;
}

/* ---- warm-up ---- */

/* Where two lines say most beyond one. */
typedef struct Bend {
        size_t at;  /* the first point of the second line; 0: nowhere */
        double f;   /* how much more they say, for each of `free` points */
        double free;
        Sums head, tail;
} Bend;

static Bend find_bend(const LeakPoints *points)
{
        double y[TREND_POINTS], beside[TREND_POINTS], left = INFINITY;
        size_t n = points->n, least = MAX(n / 32, (size_t)3);
        Sums all = {0}, head = {0};
        Bend bend = {0};

        if (n < FEW)
                return bend;
        smooth(points, y);
        /* From the first point on, so that sums stay small. */
        for (size_t i = 0; i < n; i++) {
                y[i] -= points->y[0];
                add(&all, points->t[i], y[i]);
        }
        for (size_t i = 0; i + least < n && points->t[i] - points->t[0] < 0.6 * (points->t[n - 1] - points->t[0]); i++) {
                add(&head, points->t[i], y[i]);
                Sums tail = without(&all, &head);
                if (i + 1 >= least && rest_of(&head) + rest_of(&tail) < left) {
                        left = rest_of(&head) + rest_of(&tail);
                        bend.at = i + 1;
                        bend.head = head;
                }
        }
        if (bend.at == 0)
                return bend;
        residuals(points->t, y, 0, bend.at, beside);
        residuals(points->t, y, bend.at, n, beside);
        double rest = rest_of(&all), held = trend_correlation(beside, n);
        bend.tail = without(&all, &bend.head);
        bend.free = (double)n / held - 5;
        bend.f = left > 0 ? (rest - left) / 3 / (left / MAX(bend.free, 1.0)) : rest > 0 ? INFINITY : 0;
        return bend;
}

size_t leak_warm_up(const LeakPoints *points)
{
        Bend bend = find_bend(points);
        const Sums *tail = &bend.tail;

        if (bend.at == 0)
                return 0;
        /* A jump at its end belongs to it: how far it grew until the tail's beginning. */
        double begins = tail->y / tail->n - slope_of(tail) * (tail->t / tail->n - points->t[bend.at]);
        double grew = begins / MAX(points->t[bend.at] - points->t[0], 1e-9);
        return bend.f > 12 && bend.free > 2 && grew > 0 && grew > 2 * slope_of(tail) ? bend.at : 0;
}

/* What comes behind has to be new: no return from where it had been before. */
size_t leak_late_start(const LeakPoints *points)
{
        Bend bend = find_bend(points);
        size_t n = points->n;
        double highest = -INFINITY, lowest = INFINITY;

        if (bend.at == 0 || bend.f < 25 || bend.free <= 4)
                return 0;
        for (size_t i = 0; i < bend.at; i++) {
                highest = MAX(highest, points->y[i]);
                lowest = MIN(lowest, points->y[i]);
        }
        double slope = slope_of(&bend.tail), grew = slope * (points->t[n - 1] - points->t[bend.at]);
        return slope > 0 && slope_of(&bend.head) < slope / 3 && points->y[n - 1] - highest > grew / 2 &&
               highest - lowest < grew / 2 ? bend.at : 0;
}

/* ---- saw-tooth ---- */

typedef struct Swing {
        size_t peak, trough; /* a fall from one to the other */
} Swing;

/* Falls of at least `deep`, each from the highest since the last trough to the lowest before it rises by as much. */
static size_t find_falls(const double *y, size_t n, double deep, Swing *ret)
{
        size_t high = 0, low = 0, n_falls = 0;
        bool falling = false;

        for (size_t i = 1; i < n; i++) {
                if (falling ? y[i] < y[low] : y[i] > y[high])
                        *(falling ? &low : &high) = i;
                if (!falling && y[i] <= y[high] - deep) {
                        falling = true;
                        low = i;
                } else if (falling && y[i] >= y[low] + deep) {
                        ret[n_falls++] = (Swing){high, low};
                        falling = false;
                        high = i;
                }
        }
        if (falling)
                ret[n_falls++] = (Swing){high, low};
        return n_falls;
}

static double quantile(const double *values, size_t n, double q, double *room)
{
        memcpy(room, values, n * sizeof *room);
        return trend_select(room, n, (size_t)(q * (double)(n - 1)));
}

size_t leak_troughs(const LeakPoints *points, LeakPoints *ret)
{
        double beside[TREND_POINTS], room[TREND_POINTS], rises[TREND_POINTS], falls[TREND_POINTS];
        Swing swings[TREND_POINTS];
        size_t n = points->n, m = 0;

        if (n < FEW)
                return 0;
        residuals(points->t, points->y, 0, n, beside);
        double range = quantile(beside, n, 0.97, room) - quantile(beside, n, 0.03, room);
        /* Beside the line: of what grows with noise each fall is short and each rise long. */
        size_t n_falls = range > 0 ? find_falls(beside, n, 0.45 * range, swings) : 0;
        /* What only rises by stairs is no saw-tooth, though it looks like one beside its line. */
        size_t real = 0;
        for (size_t i = 0; i < n_falls; i++)
                if (points->y[swings[i].peak] - points->y[swings[i].trough] > 0.3 * range)
                        swings[real++] = swings[i];
        if (real < 3 || real * 2 < n_falls)
                return 0;
        n_falls = real;
        for (size_t i = 0; i < n_falls; i++) {
                falls[i] = points->t[swings[i].trough] - points->t[swings[i].peak];
                if (i > 0)
                        rises[m++] = points->t[swings[i].peak] - points->t[swings[i - 1].trough];
        }
        if (trend_median(falls, n_falls) * 3 > trend_median(rises, m) || m < 2)
                return 0;
        ret->n = 0;
        for (size_t i = 0; i < n_falls; i++) {
                ret->t[ret->n] = points->t[swings[i].trough];
                ret->y[ret->n++] = points->y[swings[i].trough];
        }
        return ret->n;
}

/* ---- jumps ---- */

static double median_of(const double *y, size_t from, size_t to)
{
        double room[TREND_POINTS];

        memcpy(room, y + from, (to - from) * sizeof *room);
        return trend_median(room, to - from);
}

/* The slope within what is before `from` and within what is from `to` on. */
static double slope_around(const LeakPoints *p, size_t from, size_t to)
{
        double slopes[TREND_POINTS];
        size_t n = 0;

        /* Pairs half of a side apart: as many as there are points, each with little noise (Conover's way). */
        for (size_t i = 0; i + (from + 1) / 2 < from; i++)
                slopes[n++] = (p->y[i + (from + 1) / 2] - p->y[i]) / (p->t[i + (from + 1) / 2] - p->t[i]);
        size_t half = (p->n - to + 1) / 2;
        for (size_t i = to; i + half < p->n; i++)
                slopes[n++] = (p->y[i + half] - p->y[i]) / (p->t[i + half] - p->t[i]);
        return n > 0 ? trend_median(slopes, n) : 0;
}

/* A tenth of the time: its points, and how far the level behind it is above the one in front of it. */
typedef struct Stretch {
        size_t from, to;
        double grew;
} Stretch;

static size_t find_stretches(const LeakPoints *p, size_t side, Stretch *ret)
{
        double length = (p->t[p->n - 1] - p->t[0]) / 10;
        size_t n = 0;

        for (size_t from = side, to = side + 1; from + side < p->n; from++) {
                while (to < p->n && (to <= from || p->t[to] - p->t[from] < length))
                        to++;
                if (to + side > p->n)
                        break;
                ret[n++] = (Stretch){from, to, median_of(p->y, to, to + side) - median_of(p->y, from - side, from)};
        }
        return n;
}

/* The stretch that grew most, if it stands out of what the others grew: by far more than they differ. */
static bool find_jump(const LeakPoints *points, size_t side, Stretch *ret)
{
        Stretch stretches[TREND_POINTS];
        double grown[TREND_POINTS];
        size_t n = points->n > FEW ? find_stretches(points, side, stretches) : 0, best = 0;

        for (size_t i = 0; i < n; i++) {
                grown[i] = stretches[i].grew;
                if (grown[i] > stretches[best].grew)
                        best = i;
        }
        if (n < FEW)
                return false;
        *ret = stretches[best];
        double middle = trend_median(grown, n);
        for (size_t i = 0; i < n; i++)
                grown[i] = fabs(stretches[i].grew - middle);
        return ret->grew > 0 && ret->grew - middle > 5 * trend_median(grown, n);
}

double leak_cut_jump(LeakPoints *points)
{
        size_t n = points->n, side = MAX(n / 20, (size_t)1);
        Stretch jump;

        if (!find_jump(points, side, &jump))
                return 0;
        /* Both sides are put together in time, too, so that what grows evenly goes on evenly. */
        double gone = points->t[jump.to] - points->t[jump.from];
        double middles = median_of(points->t, jump.to, jump.to + side) - median_of(points->t, jump.from - side, jump.from);
        double height = jump.grew - slope_around(points, jump.from, jump.to) * (middles - gone);
        for (size_t i = jump.to, k = jump.from; i < n; i++, k++) {
                points->t[k] = points->t[i] - gone;
                points->y[k] = points->y[i] - height;
        }
        points->n -= jump.to - jump.from;
        return jump.grew;
}

/* The level between jumps is the median since the last one; a jump is where three points in a row are off it by
 * more than `deep`, all to one side. */
LeakSteps leak_steps(const LeakPoints *points)
{
        double y[TREND_POINTS], beside[TREND_POINTS];
        size_t n = points->n, from = 0;
        LeakSteps steps = {0};

        if (n < FEW)
                return steps;
        smooth(points, y);
        /* How far neighbours differ; half of them differ less. */
        for (size_t i = 1; i < n; i++)
                beside[i - 1] = fabs(y[i] - y[i - 1]);
        double whole = median_of(y, n - n / 10 - 1, n) - median_of(y, 0, n / 10 + 1);
        double creep = trend_median(beside, n - 1), deep = MAX(6 * creep, fabs(whole) / 50), explained = 0;
        if (creep * (double)n > fabs(whole) / 2)
                return steps; /* it moves all the time */
        for (size_t i = 1; i + 3 <= n; i++) {
                double level = median_of(y, from, i), off = median_of(y, i, i + 3) - level;
                bool all = true;
                for (size_t k = i; k < i + 3; k++)
                        all = all && fabs(y[k] - level) > deep && (y[k] > level) == (off > 0);
                if (!all)
                        continue;
                *(off > 0 ? &steps.up : &steps.down) += 1;
                explained += off;
                steps.squares += off * off;
                steps.late |= i > n * 6 / 10;
                from = i + 1;
                i += 1;
        }
        steps.explained = whole != 0 ? explained / whole : 0;
        steps.sum = explained;
        return steps;
}

/* What is left beside one level before and one behind, at the best place for the jump; and beside a line. */
bool leak_is_one_jump(const LeakPoints *points)
{
        Sums all = {0}, head = {0};
        size_t n = points->n;
        double best = INFINITY;

        for (size_t i = 0; i < n; i++)
                add(&all, points->t[i], points->y[i] - points->y[0]);
        for (size_t i = 0; i + 1 < n; i++) {
                add(&head, points->t[i], points->y[i] - points->y[0]);
                Sums tail = without(&all, &head);
                best = MIN(best, head.yy - head.y * head.y / head.n + tail.yy - tail.y * tail.y / tail.n);
        }
        return best < rest_of(&all);
}

/* ---- filling ---- */

typedef struct Fit {
        double at, slope, height, rest, spread; /* spread: of the slope for a residual of 1 a point */
} Fit;

/* a + slope t + height e by least squares, about their means. */
static Fit fit_with(const double *t, const double *e, const double *y, size_t n)
{
        double mt = 0, me = 0, my = 0, tt = 0, te = 0, ee = 0, ty = 0, ey = 0, m = (double)n;
        Fit fit = {0};

        for (size_t i = 0; i < n; i++) {
                mt += t[i] / m;
                me += e[i] / m;
                my += y[i] / m;
        }
        for (size_t i = 0; i < n; i++) {
                double dt = t[i] - mt, de = e[i] - me, dy = y[i] - my;
                tt += dt * dt;
                te += dt * de;
                ee += de * de;
                ty += dt * dy;
                ey += de * dy;
        }
        double d = tt * ee - te * te;
        if (!(d > 1e-12 * tt * ee)) {
                fit.rest = INFINITY;
                return fit;
        }
        fit.slope = (ty * ee - ey * te) / d;
        fit.height = (ey * tt - ty * te) / d;
        fit.at = my - fit.slope * mt - fit.height * me;
        fit.spread = sqrt(ee / d);
        for (size_t i = 0; i < n; i++) {
                double left = y[i] - fit.at - fit.slope * t[i] - fit.height * e[i];
                fit.rest += left * left;
        }
        return fit;
}

/* Times that are tried: from 1/40 of all to so much of it, evenly in their logarithm, then more closely about the best. */
enum { TAUS_COARSE = 14, TAUS_FINE = 8, TAUS = TAUS_COARSE + TAUS_FINE };

static double tau_at(double span, double most, size_t k, size_t best)
{
        double place = (double)k;

        if (k >= TAUS_COARSE)
                place = (double)best + 2 * ((double)(k - TAUS_COARSE) + 0.5) / TAUS_FINE - 1;
        return span / 40 * pow(40 * most, place / (TAUS_COARSE - 1));
}

static void approach(const LeakPoints *points, double tau, double *ret)
{
        for (size_t i = 0; i < points->n; i++)
                ret[i] = 1 - exp(-(points->t[i] - points->t[0]) / tau);
}

static size_t fit_all(const LeakPoints *points, const double *y, double *taus, Fit *fits)
{
        double e[TREND_POINTS], span = points->t[points->n - 1] - points->t[0];
        size_t best = 0, coarse = 0;

        for (size_t k = 0; k < TAUS; k++) {
                taus[k] = tau_at(span, 0.75, k, coarse);
                approach(points, taus[k], e);
                fits[k] = fit_with(points->t, e, y, points->n);
                if (fits[k].rest < fits[best].rest)
                        best = k;
                if (k < TAUS_COARSE)
                        coarse = best;
        }
        return best;
}

LeakFill leak_fill(const LeakPoints *points)
{
        double y[TREND_POINTS], e[TREND_POINTS], taus[TAUS];
        LeakFill fill = {0};
        Fit fits[TAUS];
        size_t n = points->n;
        Sums line = {0};

        if (n < FEW)
                return fill;
        smooth(points, y);
        for (size_t i = 0; i < n; i++) {
                y[i] -= points->y[0];
                add(&line, points->t[i], y[i]);
        }
        size_t best = fit_all(points, y, taus, fits);
        const Fit *fit = &fits[best];
        if (!isfinite(fit->rest) || fit->height <= 0)
                return fill;
        approach(points, taus[best], e);
        for (size_t i = 0; i < n; i++)
                e[i] = y[i] - fit->at - fit->slope * points->t[i] - fit->height * e[i];
        double free = MAX((double)n / trend_correlation(e, n) - 4, 1.0), noise = fit->rest / free;
        double f = noise > 0 ? (rest_of(&line) - fit->rest) / 2 / noise : rest_of(&line) > 0 ? INFINITY : 0;
        fill = (LeakFill){f > 8, taus[best], fit->height, fit->slope, .least = INFINITY, .low = INFINITY, .high = -INFINITY};
        for (size_t k = 0; k < TAUS; k++)
                if (fits[k].rest - fit->rest <= 4 * noise) {
                        double spread = sqrt(noise) * fits[k].spread;
                        fill.least = MIN(fill.least, fits[k].slope - 3 * spread);
                        fill.low = MIN(fill.low, fits[k].slope - 2 * spread);
                        fill.high = MAX(fill.high, fits[k].slope + 2 * spread);
                }
        double span = points->t[n - 1] - points->t[0];
        fill.alone = fill.slope * span < fill.height * exp(-span / 2 / fill.tau);
        return fill;
}

bool leak_is_filling(const LeakPoints *points, size_t cut)
{
        double y[TREND_POINTS], e[TREND_POINTS], best = INFINITY;
        size_t n = points->n;
        Sums head = {0}, tail = {0};

        if (n < FEW)
                return false;
        smooth(points, y);
        for (size_t i = 0; i < n; i++) {
                y[i] -= points->y[0];
                add(i < cut ? &head : &tail, points->t[i], y[i]);
        }
        double span = points->t[n - 1] - points->t[0];
        size_t coarse = 0;
        for (size_t k = 0; k < TAUS; k++) {
                Sums s = {0};
                approach(points, tau_at(span, 0.35, k, coarse), e);
                for (size_t i = 0; i < n; i++)
                        add(&s, e[i], y[i]);
                if (slope_of(&s) <= 0 || rest_of(&s) >= best)
                        continue;
                best = rest_of(&s);
                coarse = k < TAUS_COARSE ? k : coarse;
        }
        return best < 1.05 * ((cut > 0 ? rest_of(&head) : 0) + rest_of(&tail));
}
