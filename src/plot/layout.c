/* Widths out of a table, so that a picture is laid out alike whatever draws it. */
#include "plot/layout.h"

#include <stdint.h>
#include <string.h>

#include "base/macros.h"

enum { FIRST = 32, LAST = 126, SHOWN_MOST = 512 };

/* Advance widths of DejaVu Sans, in thousandths of the size; regular and bold. */
static const uint16_t regular[LAST - FIRST + 1] = {
        318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
        636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
        1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
        603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
        500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
        635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
};
static const uint16_t bold_widths[LAST - FIRST + 1] = {
        348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
        696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580,
        1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
        733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500,
        500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
        716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
};

/* In thousandths, of a character beyond ASCII: letters of alphabets, then signs and what is wide. */
static unsigned other_span(const char *text, size_t length)
{
        char one[5] = {0};

        memcpy(one, text, MIN(length, sizeof one - 1));
        size_t columns = text_width(one);
        return columns == 0 ? 0 : columns == 1 && (unsigned char)one[0] < 0xe2 ? 660 : 1020;
}

/* Characters of Unicode that are none (U+FFFE, U+FDD0 …): neither XML nor cairo takes them. */
static bool is_noncharacter(const unsigned char *p, size_t length)
{
        uint32_t c = length == 3   ? (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu)
                     : length == 4 ? (p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu)
                                   : 0;

        return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

static size_t character_length(const char *text)
{
        size_t length = 1;

        while (((unsigned char)text[length] & 0xc0) == 0x80)
                length++;
        return length;
}

void text_clean(String *to, const char *text)
{
        _cleanup_string_ String safe = {0};

        string_add_shown(&safe, text, SHOWN_MOST, false);
        for (const char *p = string_get(&safe); *p;) {
                size_t length = character_length(p);
                if (is_noncharacter((const unsigned char *)p, length))
                        string_add_char(to, '?');
                else
                        string_add_bytes(to, p, length);
                p += length;
        }
}

double text_span(const char *text, double size, bool bold)
{
        const uint16_t *widths = bold ? bold_widths : regular;
        uint64_t sum = 0;

        while (*text) {
                size_t length = 1;
                if (*text >= FIRST && *text <= LAST)
                        sum += widths[*text - FIRST];
                else {
                        length = character_length(text);
                        sum += other_span(text, length);
                }
                text += length;
        }
        return (double)sum / 1000 * size;
}

void text_fit(String *to, const char *text, double size, bool bold, double width)
{
        _cleanup_string_ String all = {0};

        text_clean(&all, text);
        size_t columns = text_width(string_get(&all));
        for (; columns > 1; columns--) {
                _cleanup_string_ String cut = {0};
                string_add_shown(&cut, string_get(&all), columns, false);
                double span = text_span(string_get(&cut), size, bold);
                if (span <= width) {
                        string_add(to, string_get(&cut));
                        return;
                }
                /* Far too long: nearer at once. */
                size_t fits = (size_t)((double)columns * width / span) + 8;
                columns = MIN(columns, MAX(fits, (size_t)2));
        }
        string_add_shown(to, string_get(&all), 1, false);
}

size_t labels_spread(double *at, size_t n, double apart, double low, double high)
{
        size_t room = high >= low && apart > 0 ? (size_t)((high - low) / apart) + 1 : 0;

        n = MIN(n, room);
        /* Each at least `apart` behind the one before; then, from the end, none beyond it. */
        for (size_t i = 0; i < n; i++) {
                double least = i == 0 ? low : at[i - 1] + apart;
                at[i] = MAX(at[i], least);
        }
        for (size_t i = n; i-- > 0;) {
                double most = i + 1 == n ? high : at[i + 1] - apart;
                at[i] = MIN(at[i], most);
        }
        return n;
}

bool band_find_room(const double *top, const double *bottom, size_t n, size_t wide, double height, size_t *ret_at,
                    double *ret_middle)
{
        double best = height;
        bool found = false;

        for (size_t at = 0; wide > 0 && at + wide <= n; at++) {
                double from = top[at], to = bottom[at];
                for (size_t i = at + 1; i < at + wide && to - from >= best; i++) {
                        from = MAX(from, top[i]);
                        to = MIN(to, bottom[i]);
                }
                if (to - from < best)
                        continue;
                best = to - from;
                found = true;
                *ret_at = at;
                *ret_middle = (from + to) / 2;
        }
        return found;
}
