/* The table of LOOK, and what follows from it. */
#include "plot/colors.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

#define RGB(hex) {(hex) >> 16 & 0xff, (hex) >> 8 & 0xff, (hex) & 0xff}

static const PlotColors themes[] = {
        [PLOT_LIGHT] = {RGB(0xffffff), RGB(0x1b1e23), RGB(0x5c636d), RGB(0xe3e5e8), RGB(0xd1242f), RGB(0xbf8700)},
        [PLOT_DARK] = {RGB(0x15171a), RGB(0xe6e8eb), RGB(0x9aa1ab), RGB(0x2b2f35), RGB(0xff6b6b), RGB(0xe3b341)},
};

enum { BLUE, YELLOW, RED, TEAL, GREEN, PINK, VIOLET, SKY, BROWN, GREY, HUES };

static const PlotColor hues[HUES] = {
        RGB(0x4269d0), RGB(0xefb118), RGB(0xff725c), RGB(0x6cc5b0), RGB(0x3ca951),
        RGB(0xff8ab7), RGB(0xa463f2), RGB(0x97bbf5), RGB(0x9c6b4e), RGB(0x9498a0),
};

/* By how a major category's name begins; the first that fits. The page has the same list (web/src/theme.ts). */
static const struct {
        const char *begin;
        uint8_t hue;
} majors[] = {
        {"CPP_Compile", BLUE}, {"C_Compile", BLUE},     {"Assembl", BLUE},
        {"CPP_Link", YELLOW},  {"Go_Link", YELLOW},     {"Link", YELLOW},      {"Archive", YELLOW}, {"LTO", YELLOW},
        {"Rust", RED},         {"Go_", TEAL},           {"Java", GREEN},       {"Kotlin", GREEN},   {"Scala", GREEN},
        {"Test", PINK},        {"BuildSystem", VIOLET}, {"PackageManagement", VIOLET}, {"Configur", VIOLET},
        {"Script", SKY},       {"Shell", SKY},          {"CodeGeneration", SKY}, {"Documentation", SKY},
        {"OSUtilities", BROWN}, {"DevelopmentTools", BROWN}, {"Util", BROWN},
        {"Haskell", TEAL},     {"Swift", TEAL},         {"Zig", TEAL},         {"Other_Compile", TEAL},
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
                if (text_starts_with(major, majors[i].begin))
                        return hues[majors[i].hue];
        return hues[major ? GREY : name_hue(name)];
}

PlotColor plot_palette(size_t nth)
{
        static const uint8_t order[] = {BLUE, YELLOW, RED, TEAL, VIOLET, GREEN, PINK, BROWN};

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
        double part = fmin(0.66, 0.2 * (double)((nth + 1) / 2));

        if (nth == 0)
                return color;
        return nth % 2 ? plot_mix(color, white, part) : plot_mix(color, black, part * 0.8);
}

bool plot_color_is_light(PlotColor c)
{
        return 0.299 * c.red + 0.587 * c.green + 0.114 * c.blue > 140;
}
