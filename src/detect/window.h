/*
 * How much of one counter's growth another one's is, over the last 10 s: of time, of CPU time, of
 * periods. Pure; rows come in order of time. A counter that falls begins anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_POINTS = 64, WINDOW_SECONDS = 10 };

typedef struct WindowPoint {
        int64_t t_ns;
        double part, whole;
} WindowPoint;

/* All zero at the beginning. */
typedef struct Window {
        WindowPoint points[WINDOW_POINTS];
        size_t n;
} Window;

/* True: 10 s and more are known, in which `whole` grew; *ret is then part over whole. */
bool window_add(Window *window, int64_t t_ns, double part, double whole, double *ret);
