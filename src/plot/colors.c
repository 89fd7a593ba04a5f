/* The table of LOOK, and what follows from it. */
#include "plot/colors.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

#define RGB(hex) {(hex) >> 16 & 0xff, (hex) >> 8 & 0xff, (hex) & 0xff}

static const PlotColors themes[] = {
        [PLOT_LIGHT] = {RGB(0xffffff), RGB(0x1b1e23), RGB(0x5c626b), RGB(0xe3e5e8), RGB(0xd1242f), RGB(0xbf8700)},
        [PLOT_DARK] = {RGB(0x15171a), RGB(0xe6e8eb), RGB(0x9aa1aa), RGB(0x2b2f35), RGB(0xff6b6b), RGB(0xe3b341)},
};

enum { BLUE, YELLOW, RED, TEAL, GREEN, PINK, VIOLET, SKY, BROWN, GREY, HUES };

static const PlotColor hues[HUES] = {
        RGB(0x4269d0), RGB(0xefb118), RGB(0xff725c), RGB(0x6cc5b0), RGB(0x3ca951),
        RGB(0xff8ab7), RGB(0xa463f2), RGB(0x97bbf5), RGB(0x9c6b4e), RGB(0x9498a0),
};

static const struct {
        const char *major;
        uint8_t hue;
} majors[] = {
        {"CPP_Compile", BLUE},   {"CPP_Link", YELLOW},    {"Rust_Compile", RED},    {"Go_Compile", TEAL},
        {"Go_Link", TEAL},       {"Java_Compile", GREEN}, {"Kotlin_Compile", GREEN}, {"Testing", PINK},
        {"BuildSystem", VIOLET}, {"Scripting", SKY},      {"OSUtilities", BROWN},   {"DevelopmentTools", BROWN},
        {"Other", GREY},         {"Ignored", GREY},
};

const PlotColors *plot_colors(PlotTheme theme)
{
        return &themes[theme == PLOT_DARK ? PLOT_DARK : PLOT_LIGHT];
}

/* Not hash_bytes: the same name has the same colour in every plot. */
static size_t name_hue(const char *name)
{
        uint32_t hash = 2166136261u;

        for (; *name; name++)
                hash = (hash ^ (unsigned char)*name) * 16777619u;
        return (hash ^ hash >> 16) % GREY;
}

PlotColor plot_category_color(const char *major, const char *name)
{
        for (size_t i = 0; major && i < ARRAY_LENGTH(majors); i++)
                if (text_equal(majors[i].major, major))
                        return hues[majors[i].hue];
        return hues[name_hue(major ? major : name)];
}

PlotColor plot_palette(size_t nth)
{
        static const uint8_t order[] = {BLUE, YELLOW, RED, TEAL, VIOLET, GREEN, PINK, BROWN, SKY, GREY};

        return plot_shade(hues[order[nth % ARRAY_LENGTH(order)]], nth / ARRAY_LENGTH(order));
}

PlotColor plot_mix(PlotColor a, PlotColor b, double share)
{
        return (PlotColor){(uint8_t)lround(a.red + (b.red - a.red) * share),
                           (uint8_t)lround(a.green + (b.green - a.green) * share),
                           (uint8_t)lround(a.blue + (b.blue - a.blue) * share)};
}

PlotColor plot_shade(PlotColor color, size_t nth)
{
        static const PlotColor white = RGB(0xffffff), black = RGB(0x000000);
        static const double towards_white[] = {0, 0.45, 0, 0.25, 0, 0.6}, towards_black[] = {0, 0, 0.3, 0, 0.5, 0};
        size_t i = nth % ARRAY_LENGTH(towards_white);

        return towards_white[i] > 0 ? plot_mix(color, white, towards_white[i])
                                    : plot_mix(color, black, towards_black[i]);
}

bool plot_color_is_light(PlotColor c)
{
        return 0.299 * c.red + 0.587 * c.green + 0.114 * c.blue > 140;
}
