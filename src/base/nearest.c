/* Optimal string alignment distance: insert, drop, replace, or swap two neighbours, each 1. */
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

#include "base/macros.h"

enum { LENGTH_MAX = 48 };

static char fold(char c)
{
        if (c == '-')
                return '_';
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t distance(const char *a, const char *b)
{
        size_t rows[3][LENGTH_MAX + 1], n = strnlen(a, LENGTH_MAX), m = strnlen(b, LENGTH_MAX);
        size_t *before = rows[0], *last = rows[1], *row = rows[2];

        for (size_t j = 0; j <= m; j++)
                before[j] = last[j] = j;
        for (size_t i = 1; i <= n; i++) {
                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        char x = fold(a[i - 1]), y = fold(b[j - 1]);
                        row[j] = MIN(last[j], row[j - 1]) + 1;
                        row[j] = MIN(row[j], last[j - 1] + (x != y));
                        if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2]))
                                row[j] = MIN(row[j], before[j - 2] + 1);
                }
                size_t *free_row = before;
                before = last;
                last = row;
                row = free_row;
        }
        return last[m];
}

/* Fewer edits than this are a slip: 1 in a word of 3 or 4 letters, 2 below 12, 3 in a longer. */
static size_t bound(const char *wanted)
{
        size_t n = strnlen(wanted, LENGTH_MAX);

        return n < 3 ? 1 : n < 5 ? 2 : n < 12 ? 3 : 4;
}

Nearest nearest_to(const char *wanted)
{
        return (Nearest){.wanted = wanted, .distance = bound(wanted)};
}

void nearest_offer(Nearest *nearest, const char *candidate)
{
        size_t n = strnlen(nearest->wanted, LENGTH_MAX), m = strnlen(candidate, LENGTH_MAX);

        /* The lengths alone may tell. */
        if ((n > m ? n - m : m - n) >= nearest->distance)
                return;
        size_t d = distance(nearest->wanted, candidate);
        if (d < nearest->distance) {
                nearest->distance = d;
                nearest->best = candidate;
        }
}

const char *nearest_hint(const Nearest *nearest, const char *before, char buffer[NEAREST_HINT_MAX])
{
        buffer[0] = '\0';
        if (nearest->best)
                snprintf(buffer, NEAREST_HINT_MAX, "; did you mean %s%s?", before, nearest->best);
        return buffer;
}
