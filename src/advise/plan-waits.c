/* What nodes waited for, as far as the times of the recording tell, and by kind where they do not. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advise/plan.h"
#include "base/cleanup.h"

#define SAME_S 1e-6 /* moments that differ by less are one */

typedef struct Ending {
        double t_s;
        uint32_t node;
} Ending;

/* What is known of a tool while the recording is replayed. */
typedef struct ToolState {
        uint32_t taken;         /* slots that what is under it takes */
        uint32_t ended[PLAN_GROUPS];
        uint32_t woken_by;      /* its slots were free and it started nothing, until this node ended; PLAN_NONE */
        double last_start, last_end; /* of its children; its own start before */
        double empty_since;
} ToolState;

typedef struct Replay {
        Plan *plan;
        ToolState *tools; /* by node */
        double free_since; /* when a slot became free again; INFINITY: none is */
        double patience;  /* what a tool needs to notice that a job has ended and to start the next */
} Replay;

static uint32_t used(const Replay *r, uint32_t tool)
{
        return MAX(r->tools[tool].taken, (uint32_t)r->plan->nodes[tool].takes_slot);
}

/* The slot that a tool in a tool was started with is its own, beside the common ones. */
static double slot_free_since(const Replay *r, uint32_t tool)
{
        double since = 0;

        for (uint32_t at = tool; at != PLAN_NONE && r->tools[at].taken == 0; at = r->plan->nodes[at].tool) {
                since = MAX(since, r->tools[at].empty_since);
                if (r->plan->nodes[at].takes_slot)
                        return MIN(r->free_since, since);
        }
        return r->free_since;
}

static void take_slots(Replay *r, uint32_t node, int by, double t_s)
{
        for (uint32_t at = r->plan->nodes[node].tool; at != PLAN_NONE; at = r->plan->nodes[at].tool) {
                uint32_t before = used(r, at);
                r->tools[at].taken = (uint32_t)MAX((int)r->tools[at].taken + by, 0);
                if (r->tools[at].taken == 0)
                        r->tools[at].empty_since = t_s;
                by = (int)used(r, at) - (int)before;
                if (by == 0)
                        return;
        }
        bool full = used(r, 0) >= r->plan->width;
        r->free_since = full ? INFINITY : MIN(r->free_since, t_s);
}

static void end_node(Replay *r, uint32_t i)
{
        const PlanNode *n = &r->plan->nodes[i];
        ToolState *tool = &r->tools[n->tool];
        double idle_since = MAX(slot_free_since(r, n->tool), tool->last_start);

        if (r->plan->width > 1 && n->end_s - idle_since > r->patience)
                tool->woken_by = i;
        take_slots(r, i, -(int)(n->is_tool ? used(r, i) : 1), n->end_s);
        for (int g = 0; g < PLAN_GROUPS; g++)
                tool->ended[g] += plan_in_group(n, (PlanGroupKind)g);
        tool->last_end = n->end_s;
}

/* Where time says nothing. */
static void assume(Replay *r, PlanNode *n)
{
        const ToolState *tool = &r->tools[n->tool];

        if (n->is_tool || n->kind == KIND_COMPILE)
                n->need[GROUP_SCRIPTS] = tool->ended[GROUP_SCRIPTS];
        if (!n->is_tool && !n->precise)
                n->need[GROUP_TOOLS] = tool->ended[GROUP_TOOLS];
}

static int start_node(Replay *r, uint32_t i)
{
        Plan *plan = r->plan;
        PlanNode *n = &plan->nodes[i];
        ToolState *tool = &r->tools[n->tool];
        double begin = MAX(tool->last_start, plan->nodes[n->tool].start_s), slot = slot_free_since(r, n->tool);
        int error = 0;

        if (plan->nodes[n->tool].build_tool == TOOL_NONE) {
                n->need[GROUP_TOOL] = tool->ended[GROUP_TOOL];
                n->waited = true;
                begin = MAX(begin, tool->last_end);
        } else {
                if (n->kind == KIND_LINK && !n->precise)
                        n->need[GROUP_PARTS] = tool->ended[GROUP_PARTS];
                /* Since that one ended, no slot was free: who starts now waited for a slot. */
                if (isinf(slot) || (tool->woken_by != PLAN_NONE && slot > plan->nodes[tool->woken_by].end_s + SAME_S))
                        tool->woken_by = PLAN_NONE;
                if (tool->woken_by != PLAN_NONE) {
                        n->waited = true;
                        begin = MAX(begin, plan->nodes[tool->woken_by].end_s);
                        error = plan_add_edge(plan, tool->woken_by, i);
                        if (tool->taken == 0 && !n->precise)
                                n->need[GROUP_TOOL] = tool->ended[GROUP_TOOL];
                } else {
                        begin = fmax(begin, fmin(fmax(slot, tool->last_end), n->start_s));
                        assume(r, n);
                }
        }
        n->lag_s = MAX(n->start_s - begin, 0.0);
        tool->last_start = n->start_s;
        if (n->is_tool)
                r->tools[i] = (ToolState){.woken_by = PLAN_NONE, .last_start = n->start_s, .last_end = n->start_s,
                                          .empty_since = n->start_s};
        take_slots(r, i, n->is_tool ? n->takes_slot : 1, n->start_s);
        if (isinf(r->free_since))
                tool->woken_by = PLAN_NONE;
        return error;
}

/* Whoever began while a script or a sub-make went on did not wait for it: nor need those behind. */
static void find_passed(Plan *plan)
{
        for (uint32_t i = 1; i < plan->n; i++) {
                PlanNode *n = &plan->nodes[i];
                for (uint32_t k = i + 1; !n->passed && k < plan->n && plan->nodes[k].start_s < n->end_s; k++) {
                        const PlanNode *other = &plan->nodes[k];
                        n->passed = other->tool == n->tool && !(n->is_tool && other->is_tool);
                }
        }
}

static int by_end(const void *a, const void *b)
{
        const Ending *x = a, *y = b;

        if (x->t_s != y->t_s)
                return x->t_s < y->t_s ? -1 : 1;
        return x->node > y->node ? -1 : x->node < y->node; /* what is under a tool before the tool */
}

int plan_infer_waits(Plan *plan)
{
        _cleanup_free_ ToolState *tools = calloc(plan->n, sizeof *tools);
        _cleanup_free_ Ending *endings = calloc(plan->n, sizeof *endings);
        _cleanup_free_ bool *at_once = calloc(plan->n, sizeof *at_once); /* ended in the moment in which it began */
        double oversubscribed = fmax(plan->width / plan->capacity - 1, 0);
        size_t n_ended = 0;
        int error = 0;

        if (!tools || !endings || !at_once)
                return -ENOMEM;
        Replay r = {.plan = plan, .tools = tools, .patience = 0.010 + 0.015 * MIN(oversubscribed, 10.0)};
        tools[0] = (ToolState){.woken_by = PLAN_NONE};
        find_passed(plan);
        for (uint32_t i = 1; i < plan->n; i++)
                endings[i - 1] = (Ending){plan->nodes[i].end_s, i};
        qsort(endings, plan->n - 1, sizeof *endings, by_end);
        for (uint32_t i = 1; error == 0 && i < plan->n; i++) {
                /* A process shows as begun a moment before its predecessor's end is known: both at one time. */
                for (; n_ended < plan->n - 1 && endings[n_ended].t_s <= plan->nodes[i].start_s; n_ended++) {
                        if (endings[n_ended].node < i)
                                end_node(&r, endings[n_ended].node);
                        else
                                at_once[endings[n_ended].node] = true;
                }
                error = start_node(&r, i);
                if (error == 0 && at_once[i])
                        end_node(&r, i);
        }
        /* What a tool does after its last job. */
        for (uint32_t i = 1; i < plan->n; i++) {
                PlanNode *above = &plan->nodes[plan->nodes[i].tool];
                above->work_s = MAX(above->work_s, plan->nodes[i].end_s);
        }
        for (uint32_t i = 0; i < plan->n; i++)
                if (plan->nodes[i].is_tool) {
                        PlanNode *n = &plan->nodes[i];
                        n->work_s = fmax(n->end_s - fmax(n->work_s, n->start_s), 0);
                }
        return error;
}
