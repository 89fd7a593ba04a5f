/* One meaning, one colour (LOOK): major categories by their hue, detailed ones as shades of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum PlotTheme { PLOT_LIGHT, PLOT_DARK } PlotTheme;

typedef struct PlotColor {
        uint8_t red, green, blue;
} PlotColor;

typedef struct PlotColors {
        PlotColor background, text, dim, hairline, critical, warning;
} PlotColors;

const PlotColors *plot_colors(PlotTheme theme);

/* The hue of a major category; of a name that has none (no rules applied) one that depends on the name
 * alone, so that it is the same in every plot. major may be NULL: `name` is a program. */
PlotColor plot_category_color(const char *major, const char *name);

/* The nth shade of a hue; 0: the hue itself, then by turns lighter and darker. As on the page. */
PlotColor plot_shade(PlotColor color, size_t nth);
enum { PLOT_MAJOR_SHADES = 3 }; /* further majors of one hue are so many shades apart */

/* For things that have no category: disks, runs. Distinct for the first eight, then shades. */
PlotColor plot_palette(size_t nth);

/* Whether dark text reads better on it than light. */
bool plot_color_is_light(PlotColor color);
PlotColor plot_mix(PlotColor a, PlotColor b, double share_of_b);
