/* A curve in one line of text. */
#pragma once

#include "base/text.h"

/* One character a value, as a share of `full` (a value over it counts as full; any value over
 * zero is seen). "▁▂▃▄▅▆▇█", or "_.:-=+*#" when ascii; zero is the lowest of them. */
void string_add_sparkline(String *out, const double *values, size_t n, double full, bool ascii);
