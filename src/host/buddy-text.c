/* Lines are told by their words, not by their place: all sections share one reader. */
#include "host/buddy-text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

static void skip_blanks(const char **at, const char *end)
{
        while (*at < end && **at == ' ')
                (*at)++;
}

static bool take_word(const char **at, const char *end, const char *word)
{
        size_t n = strlen(word);

        skip_blanks(at, end);
        if ((size_t)(end - *at) < n || memcmp(*at, word, n) != 0)
                return false;
        *at += n;
        return true;
}

/* A name up to a blank or comma; a longer one than fits is none. */
static bool take_name(const char **at, const char *end, char ret[BUDDY_NAME_MAX])
{
        skip_blanks(at, end);
        const char *start = *at;
        while (*at < end && **at != ' ' && **at != ',')
                (*at)++;
        size_t n = (size_t)(*at - start);
        if (n == 0 || n >= BUDDY_NAME_MAX)
                return false;
        memcpy(ret, start, n);
        ret[n] = '\0';
        return true;
}

/* ">100000": the kernel stopped counting, so as not to hold the zone's lock for too long. */
static bool take_value(const char **at, const char *end, uint64_t *ret)
{
        uint64_t value;

        skip_blanks(at, end);
        bool over = *at < end && **at == '>';
        if (over)
                (*at)++;
        if (scan_u64(at, end, &value) < 0)
                return false;
        *ret = over ? BUDDY_UNKNOWN : value;
        return true;
}

static bool parse_line(const char *at, const char *end, BuddyLine *line)
{
        uint64_t node;

        if (!take_word(&at, end, "Node ") || scan_u64(&at, end, &node) < 0 || node > UINT32_MAX ||
            !take_word(&at, end, ", zone ") || !take_name(&at, end, line->zone))
                return false;
        line->node = (uint32_t)node;
        line->type[0] = '\0';
        if (at < end && *at == ',' &&
            (!take_word(&at, end, ", type ") || !take_name(&at, end, line->type)))
                return false;
        for (line->n = 0; line->n < BUDDY_ORDERS; line->n++)
                if (!take_value(&at, end, &line->values[line->n]))
                        break;
        return line->n > 0;
}

static const char *take_line(const char **text, const char *end)
{
        const char *newline = memchr(*text, '\n', (size_t)(end - *text));
        const char *stop = newline ? newline : end;

        *text = newline ? newline + 1 : end;
        return stop;
}

bool buddy_line_next(const char **text, const char *end, BuddyLine *ret)
{
        while (*text < end) {
                const char *start = *text, *stop = take_line(text, end);
                BuddyLine line;
                if (!parse_line(start, stop, &line))
                        continue;
                *ret = line;
                return true;
        }
        return false;
}

int page_types_find(const char *text, size_t size, PageTypes *ret)
{
        const char *at = text, *end = text + size;
        PageTypes types = {.blocks = NULL};

        while (at < end) {
                const char *start = at, *word = at, *stop = take_line(&at, end);
                if (take_word(&word, stop, "Free pages count per migrate type")) {
                        types.free = at;
                } else if (take_word(&word, stop, "Number of blocks type")) {
                        types.free_end = start;
                        types.blocks = at;
                        while (types.n < BUDDY_TYPES && take_name(&word, stop, types.names[types.n]))
                                types.n++;
                } else if (take_word(&word, stop, "Number of mixed blocks")) {
                        end = start; /* with CONFIG_PAGE_OWNER; the lines look the same */
                }
        }
        if (!types.free || !types.blocks || types.blocks <= types.free)
                return -EBADMSG;
        types.blocks_end = end;
        *ret = types;
        return 0;
}

/* fill_contig_page_info(), unusable_free_index() and __fragmentation_index() of mm/vmstat.c, in
 * floating point instead of thousandths. */
int buddy_figures(const uint64_t *blocks, size_t n, unsigned order, BuddyFigures *ret)
{
        BuddyFigures f = {.largest_order = -1};
        uint64_t suitable_pages = 0;

        for (size_t i = 0; i < MIN(n, (size_t)BUDDY_ORDERS); i++) {
                if (blocks[i] == BUDDY_UNKNOWN)
                        return -EINVAL;
                if (blocks[i] >> (48 - i)) /* more than 2^48 pages */
                        return -ERANGE;
                f.free_pages += blocks[i] << i;
                f.free_blocks += blocks[i];
                if (i >= order)
                        suitable_pages += blocks[i] << i;
                if (blocks[i] > 0)
                        f.largest_order = (int)i;
        }
        if (f.free_pages > 0)
                f.unusable_ratio = (double)(f.free_pages - suitable_pages) / (double)f.free_pages;
        if (suitable_pages > 0)
                f.fragmentation_index = NAN;
        else if (f.free_blocks > 0)
                f.fragmentation_index = 1 - (1 + ldexp((double)f.free_pages, -(int)order)) /
                                                    (double)f.free_blocks;
        *ret = f;
        return 0;
}
