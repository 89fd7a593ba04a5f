/* Eight heights: as many as the block characters have. */
#include "report/sparkline.h"

#include <math.h>

void string_add_sparkline(String *out, const double *values, size_t n, double full, bool ascii)
{
        static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
        static const char marks[] = "_.:-=+*#";

        for (size_t i = 0; i < n; i++) {
                double share = full > 0 && isfinite(values[i]) ? values[i] / full : 0;
                size_t level = share <= 0 ? 0 : share >= 1 ? 7 : (size_t)(share * 8);
                if (ascii)
                        string_add_char(out, marks[level]);
                else
                        string_add(out, blocks[level]);
        }
}
