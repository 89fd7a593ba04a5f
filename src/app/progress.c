/* Drawn late and seldom: short work shows nothing. */
#include "app/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

void progress_begin(Progress *p, const char *what)
{
        *p = (Progress){.what = what, .terminal = isatty(STDERR_FILENO)};
        p->start_ns = p->shown_ns = p->terminal ? clock_monotonic_ns() : 0;
}

void progress_rows(uint64_t rows, void *data)
{
        Progress *p = data;
        char count[FORMAT_MAX], rate[FORMAT_MAX], elapsed[FORMAT_MAX];
        _cleanup_string_ String name = {0};

        if (!p->terminal)
                return;
        uint64_t now = clock_monotonic_ns();
        if (now - p->shown_ns < NS_PER_SECOND / 5)
                return;
        p->shown_ns = now;
        p->drawn = true;
        string_add_shown(&name, p->what, 30, true);
        double per_second = (double)rows * 1e9 / (double)(now - p->start_ns);
        fprintf(stderr, "\r\033[K%s: %s rows in %s, %s a second", string_get(&name),
                format_count(count, rows), format_duration(elapsed, now - p->start_ns),
                format_count(rate, (uint64_t)per_second));
        fflush(stderr);
}

void progress_end(Progress *p)
{
        if (p->drawn)
                fputs("\r\033[K", stderr);
}
