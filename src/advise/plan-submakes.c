/* What sub-makes wait for as wholes. A make does not see into those that it starts: where one uses a file that
 * another made, all of it comes after all of that one; and those of one recipe come in its order. */
#include <errno.h>
#include <string.h>

#include "advise/plan.h"
#include "base/cleanup.h"

static bool is_make(const Plan *plan, uint32_t node)
{
        return plan->nodes[node].is_tool && plan->nodes[node].build_tool == TOOL_MAKE;
}

static unsigned depth_of(const Plan *plan, uint32_t node)
{
        unsigned depth = 0;

        for (; plan->nodes[node].tool != PLAN_NONE; node = plan->nodes[node].tool)
                depth++;
        return depth;
}

bool plan_raise_to_submakes(const Plan *plan, uint32_t *from, uint32_t *to)
{
        if (plan->nodes[*from].tool == plan->nodes[*to].tool)
                return false;
        unsigned deep_from = depth_of(plan, *from), deep_to = depth_of(plan, *to);

        for (; deep_from > deep_to; deep_from--)
                *from = plan->nodes[*from].tool;
        for (; deep_to > deep_from; deep_to--)
                *to = plan->nodes[*to].tool;
        while (*from != *to && plan->nodes[*from].tool != plan->nodes[*to].tool) {
                *from = plan->nodes[*from].tool;
                *to = plan->nodes[*to].tool;
        }
        return *from != *to && is_make(plan, *to) && is_make(plan, plan->nodes[*to].tool);
}

static int raise_edges(Plan *plan)
{
        const size_t n = plan->n_edges;
        int r = 0;

        for (size_t i = 0; r == 0 && i < n; i++) {
                uint32_t from = plan->edges[i].from, to = plan->edges[i].to;
                if (plan_raise_to_submakes(plan, &from, &to))
                        r = plan_add_edge(plan, from, to);
        }
        return r;
}

/* Of a whole command line all but its last word, where that says which makefile it is about: 0 if it does not. */
static size_t without_goal(const char *command)
{
        const char *last = command ? strrchr(command, ' ') : NULL;
        size_t size = last ? (size_t)(last - command) : 0;

        if (!last || strlen(command) >= BUILD_COMMAND_MAX - 1)
                return 0;
        return memmem(command, size, " -f ", 4) || memmem(command, size, " -C ", 4) ? size : 0;
}

/* "make -f lib.mk depend", then "make -f lib.mk all", of the same make: lines of one recipe. */
static int order_recipes(Plan *plan, const BuildRows *rows)
{
        _cleanup_(map_freep) Map *last = NULL;
        int r = map_new(&last);

        for (uint32_t i = 1; r == 0 && i < plan->n; i++) {
                if (!is_make(plan, i) || !is_make(plan, plan->nodes[i].tool))
                        continue;
                uint32_t at = rows->processes[plan->nodes[i].process].command;
                const char *command = at ? rows->commands[at - 1] : NULL;
                size_t size = without_goal(command);
                if (size == 0)
                        continue;
                uint64_t key = hash_u64(hash_bytes(command, size) ^ plan->nodes[i].tool);
                uint32_t before = (uint32_t)(uintptr_t)map_get(last, key);
                if (before != 0)
                        r = plan_add_edge(plan, before, i);
                if (r == 0)
                        r = map_put(last, key, (void *)(uintptr_t)i);
        }
        return r;
}

int plan_order_submakes(Plan *plan, const BuildRows *rows)
{
        int r = order_recipes(plan, rows);

        return r < 0 ? r : raise_edges(plan);
}
