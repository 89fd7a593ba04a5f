/* The words of a command line, and the most that ran at one time. */
#include "advise/width.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { WIDTH_MAX = 4096 };

/* The next word of a command line; NULL at its end. Quotes were lost when the arguments were joined. */
static const char *next_word(const char *text, size_t *size)
{
        while (*text == ' ')
                text++;
        *size = strcspn(text, " ");
        return *size > 0 ? text : NULL;
}

static unsigned number(const char *text, size_t size)
{
        uint64_t value;

        if (size == 0 || parse_u64(text, size, &value) < 0 || value == 0)
                return 0;
        return (unsigned)MIN(value, (uint64_t)WIDTH_MAX);
}

/* make's -j may end a word of letters: -kj8. A number may be a word of its own; without one it is unlimited. */
static unsigned after_letter(BuildTool tool, const char *word, size_t size, const char *rest)
{
        size_t next;

        if (size > 0)
                return number(word, size);
        const char *value = next_word(rest, &next);
        unsigned n = value ? number(value, next) : 0;
        return n == 0 && tool == TOOL_MAKE ? UINT_MAX : n;
}

static const char *letters_to_j(BuildTool tool, const char *word, size_t size)
{
        static const char plain[] = "BbdeiknpqrRstwS"; /* make's letters without a value */
        size_t i = 1;

        while (tool == TOOL_MAKE && i < size && strchr(plain, word[i]))
                i++;
        return i < size && word[i] == 'j' ? word + i + 1 : NULL;
}

unsigned width_of_command(BuildTool tool, const char *command)
{
        static const char *const longs[] = {"--jobs=", "--max-jobs=", "--jobs", "--max-jobs"};
        size_t size;
        unsigned found = 0;
        const char *word = next_word(command, &size);

        while (word && (word = next_word(word + size, &size))) {
                const char *value;
                if (size == 2 && memcmp(word, "--", 2) == 0 && tool != TOOL_MAKE)
                        break;
                if (size > 1 && word[0] == '-' && word[1] != '-' && (value = letters_to_j(tool, word, size)))
                        found = after_letter(tool, value, size - (size_t)(value - word), word + size);
                for (size_t i = 0; i < ARRAY_LENGTH(longs); i++) {
                        size_t n = strlen(longs[i]);
                        bool joined = longs[i][n - 1] == '=';
                        if (size < n || memcmp(word, longs[i], n) != 0 || (!joined && size != n))
                                continue;
                        found = after_letter(tool, word + n, size - n, word + size);
                        break;
                }
        }
        return found;
}

typedef struct Edge {
        double t_s;
        int by;
} Edge;

static int by_time(const void *a, const void *b)
{
        const Edge *x = a, *y = b;

        if (x->t_s != y->t_s)
                return x->t_s < y->t_s ? -1 : 1;
        return x->by - y->by; /* ends first */
}

/* builders: what Nix itself started, but for its own helpers, which it forks for a moment; else the jobs of build tools. */
static unsigned most_at_once(const Plan *plan, const BuildRows *rows, bool builders)
{
        _cleanup_free_ Edge *edges = calloc(plan->n * 2 + 1, sizeof *edges);
        size_t n = 0;
        int now = 0, most = 0;

        for (size_t i = 1; edges && i < plan->n; i++) {
                const PlanNode *node = &plan->nodes[i];
                BuildTool above = plan->nodes[node->tool].build_tool;
                bool builder = above == TOOL_NIX && rows->processes[node->process].tool != TOOL_NIX;
                if (builders ? !builder : node->is_tool || above == TOOL_NONE)
                        continue;
                edges[n++] = (Edge){node->start_s, 1};
                edges[n++] = (Edge){node->end_s, -1};
        }
        if (n > 0)
                qsort(edges, n, sizeof *edges, by_time);
        for (size_t i = 0; i < n; i++) {
                now += edges[i].by;
                most = MAX(most, now);
        }
        return (unsigned)most;
}

/* Tools with a -j of their own that ran beside each other (builders, scripts in the background) had that many slots
 * together; one in another is counted instead of it. *ret_forced: several of those were in one that had its own, too
 * ("-j4 forced in submake"): what it is called with is not what they have together. */
static unsigned given_at_once(const Plan *plan, const unsigned *widths, bool *ret_forced)
{
        _cleanup_free_ Edge *edges = calloc(plan->n * 2 + 1, sizeof *edges);
        _cleanup_free_ bool *outer = calloc(plan->n, sizeof *outer);
        size_t n = 0;
        int now = 0, most = 0, single = 0;
        bool nested = false;

        if (!edges || !outer)
                return 0;
        for (uint32_t i = 1; i < plan->n; i++)
                for (uint32_t at = plan->nodes[i].tool; widths[i] > 0 && at != PLAN_NONE && !outer[at]; at = plan->nodes[at].tool)
                        outer[at] = true;
        for (uint32_t i = 1; i < plan->n; i++) {
                single = MAX(single, (int)widths[i]);
                nested |= widths[i] > 0 && outer[i];
                if (widths[i] == 0 || outer[i])
                        continue;
                edges[n++] = (Edge){plan->nodes[i].start_s, (int)widths[i]};
                edges[n++] = (Edge){plan->nodes[i].end_s, -(int)widths[i]};
        }
        if (n > 0)
                qsort(edges, n, sizeof *edges, by_time);
        for (size_t i = 0; i < n; i++) {
                now += edges[i].by;
                most = MAX(most, now);
        }
        *ret_forced = nested && most > single;
        most = MAX(most, single);
        return (unsigned)MIN(most, WIDTH_MAX);
}

int width_find(Plan *plan, const BuildRows *rows)
{
        _cleanup_free_ unsigned *widths = calloc(plan->n, sizeof *widths);

        if (!widths)
                return -ENOMEM;
        plan->most = MAX(MIN(most_at_once(plan, rows, false), (unsigned)WIDTH_MAX), 1u);
        plan->builders = MIN(most_at_once(plan, rows, true), (unsigned)WIDTH_MAX);
        for (uint32_t i = 1; i < plan->n; i++) {
                const PlanNode *n = &plan->nodes[i];
                uint32_t command = n->is_tool ? rows->processes[n->process].command : 0;
                const char *words = command ? rows->commands[command - 1] : "";
                unsigned width = width_of_command(n->build_tool, words);
                plan->unlimited |= width == UINT_MAX;
                widths[i] = width == UINT_MAX ? 0 : width;
        }
        plan->width = given_at_once(plan, widths, &plan->forced);
        plan->width_given = plan->width > 0 || plan->unlimited;
        /* A few more are what a tool starts beside its jobs; many more say that another -j counted. */
        if (plan->width == 0 || plan->most > plan->width + plan->width / 2 + 1)
                plan->width = plan->most;
        if (plan->unlimited)
                plan->width = plan->most + 1; /* there was always a slot */
        return 0;
}
