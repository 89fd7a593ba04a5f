/* The replay: events are ends of phases; between two of them nothing changes but how far all are. */
#include "advise/replay.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advise/plan-memory.h"
#include "advise/slowdown.h"
#include "base/cleanup.h"

enum { TICKS_MAX = 20000, UNSTICK_MAX = 1000 };

#define TICK_S 0.05

/* Nodes of one tool that others wait for, in the order in which they ended; and who waits, by how many. */
typedef struct Group {
        uint32_t members, n_members, waiters, n_waiters;
} Group;

typedef struct Ending {
        double t_s;
        uint32_t node;
} Ending;

typedef struct Waiter {
        uint64_t group;
        uint32_t need, node;
} Waiter;

struct Replay {
        const Plan *plan;
        Group *groups;           /* by tool × PLAN_GROUPS */
        uint32_t *members, *waiters;
        uint32_t *first_edge;    /* by node, into plan->edges */
        uint32_t *heap_at;       /* by tool: where its heap of ready nodes begins */
        uint32_t *n_children;
        uint32_t *group_needs;   /* by node */
        double *tool_busy;       /* by tool: part of its own time that it is on a CPU */
};

static int by_end(const void *a, const void *b)
{
        const Ending *x = a, *y = b;

        if (x->t_s != y->t_s)
                return x->t_s < y->t_s ? -1 : 1;
        return x->node > y->node ? -1 : x->node < y->node;
}

static int by_need(const void *a, const void *b)
{
        const Waiter *x = a, *y = b;

        if (x->group != y->group)
                return x->group < y->group ? -1 : 1;
        return x->need != y->need ? (x->need < y->need ? -1 : 1) : x->node < y->node ? -1 : x->node > y->node;
}

static size_t group_of(uint32_t tool, int g)
{
        return (size_t)tool * PLAN_GROUPS + (size_t)g;
}

static int make_members(Replay *s)
{
        const Plan *plan = s->plan;
        _cleanup_free_ Ending *endings = calloc(plan->n, sizeof *endings);
        uint32_t at = 0;

        if (!endings)
                return -ENOMEM;
        for (uint32_t i = 1; i < plan->n; i++) {
                endings[i - 1] = (Ending){plan->nodes[i].end_s, i};
                for (int g = 0; g < PLAN_GROUPS; g++)
                        s->groups[group_of(plan->nodes[i].tool, g)].n_members += plan_in_group(&plan->nodes[i], (PlanGroupKind)g);
        }
        for (size_t i = 0; i < plan->n * PLAN_GROUPS; i++) {
                s->groups[i].members = at;
                at += s->groups[i].n_members;
                s->groups[i].n_members = 0;
        }
        s->members = calloc(at + 1, sizeof *s->members);
        if (!s->members)
                return -ENOMEM;
        qsort(endings, plan->n - 1, sizeof *endings, by_end);
        for (uint32_t i = 0; i + 1 < plan->n; i++)
                for (int g = 0; g < PLAN_GROUPS; g++) {
                        const PlanNode *n = &plan->nodes[endings[i].node];
                        Group *group = &s->groups[group_of(n->tool, g)];
                        if (plan_in_group(n, (PlanGroupKind)g))
                                s->members[group->members + group->n_members++] = endings[i].node;
                }
        return 0;
}

static int make_waiters(Replay *s)
{
        const Plan *plan = s->plan;
        size_t n = 0;

        for (uint32_t i = 1; i < plan->n; i++)
                for (int g = 0; g < PLAN_GROUPS; g++)
                        n += plan->nodes[i].need[g] > 0;
        _cleanup_free_ Waiter *waiters = calloc(n + 1, sizeof *waiters);
        s->waiters = calloc(n + 1, sizeof *s->waiters);
        if (!waiters || !s->waiters)
                return -ENOMEM;
        n = 0;
        for (uint32_t i = 1; i < plan->n; i++)
                for (int g = 0; g < PLAN_GROUPS; g++)
                        if (plan->nodes[i].need[g] > 0) {
                                waiters[n++] = (Waiter){group_of(plan->nodes[i].tool, g), plan->nodes[i].need[g], i};
                                s->group_needs[i]++;
                        }
        if (n > 0)
                qsort(waiters, n, sizeof *waiters, by_need);
        for (size_t i = 0; i < n; i++) {
                Group *group = &s->groups[waiters[i].group];
                if (group->n_waiters++ == 0)
                        group->waiters = (uint32_t)i;
                s->waiters[i] = waiters[i].node;
        }
        return 0;
}

/* What a tool does between jobs takes CPU time as far as it has used some. */
static void measure_tools(Replay *s)
{
        const Plan *plan = s->plan;

        for (uint32_t i = 0; i < plan->n; i++)
                s->tool_busy[i] = plan->nodes[i].is_tool ? plan->nodes[i].work_s : 0;
        for (uint32_t i = 1; i < plan->n; i++)
                s->tool_busy[plan->nodes[i].tool] += plan->nodes[i].lag_s;
        for (uint32_t i = 0; i < plan->n; i++)
                s->tool_busy[i] = s->tool_busy[i] > 0 ? MIN(plan->nodes[i].cpu_s / s->tool_busy[i], 1.0) : 1;
}

int replay_new(const Plan *plan, Replay **ret)
{
        _cleanup_(replay_freep) Replay *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        s->plan = plan;
        s->groups = calloc(plan->n * PLAN_GROUPS, sizeof *s->groups);
        s->first_edge = calloc(plan->n + 1, sizeof *s->first_edge);
        s->heap_at = calloc(plan->n + 1, sizeof *s->heap_at);
        s->n_children = calloc(plan->n, sizeof *s->n_children);
        s->group_needs = calloc(plan->n, sizeof *s->group_needs);
        s->tool_busy = calloc(plan->n, sizeof *s->tool_busy);
        if (!s->groups || !s->first_edge || !s->heap_at || !s->n_children || !s->group_needs || !s->tool_busy ||
            make_members(s) < 0 || make_waiters(s) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_edges; i++)
                s->first_edge[plan->edges[i].from + 1]++;
        for (uint32_t i = 1; i < plan->n; i++)
                s->n_children[plan->nodes[i].tool]++;
        for (size_t i = 0; i < plan->n; i++) {
                s->first_edge[i + 1] += s->first_edge[i];
                s->heap_at[i + 1] = s->heap_at[i] + s->n_children[i];
        }
        measure_tools(s);
        *ret = TAKE(s);
        return 0;
}

Replay *replay_free(Replay *s)
{
        if (s) {
                free(s->groups);
                free(s->members);
                free(s->waiters);
                free(s->first_edge);
                free(s->heap_at);
                free(s->n_children);
                free(s->group_needs);
                free(s->tool_busy);
                free(s);
        }
        return NULL;
}

/* ---- one replay ---- */

typedef enum Phase { PHASE_LAG, PHASE_WORK, PHASE_TAIL } Phase;

typedef struct Item {
        uint32_t node;
        Phase phase;
        double left_s, whole_s, busy, threads;
} Item;

typedef struct Sim {
        const Replay *s;
        const Plan *plan;
        const ReplayOptions *options;
        Slowdown *slowdown;
        MemorySum *memory;
        double now_s, next_tick_s, tick_s;
        uint64_t seed;
        Item *items;
        size_t n_items;
        uint32_t *missing;      /* by node: what it still waits for */
        bool *done, *started;   /* by node; started: of tools */
        bool *dispatching;      /* by tool */
        uint32_t *group_done, *group_released; /* by group */
        uint32_t *heaps[2];     /* ready nodes, by tool from Replay.heap_at on; [1]: links, where they have a limit of their own */
        uint32_t *n_ready[2], *taken, *children_left; /* by tool */
        uint32_t *active;       /* tools that have started and not ended */
        size_t n_active;
        unsigned links, leaves;
        double cpu_s;
        ReplayResult result;
} Sim;

static bool is_limited(const Sim *sim, uint32_t node)
{
        const PlanNode *n = &sim->plan->nodes[node];

        return sim->options->link_jobs > 0 && !n->is_tool && n->kind == KIND_LINK;
}

static void push(Sim *sim, uint32_t tool, uint32_t node)
{
        bool limited = is_limited(sim, node);
        uint32_t *heap = sim->heaps[limited] + sim->s->heap_at[tool];
        uint32_t i = sim->n_ready[limited][tool]++;

        for (; i > 0 && heap[(i - 1) / 2] > node; i = (i - 1) / 2)
                heap[i] = heap[(i - 1) / 2];
        heap[i] = node;
}

static uint32_t pop(Sim *sim, uint32_t tool, bool limited)
{
        uint32_t *heap = sim->heaps[limited] + sim->s->heap_at[tool], first = heap[0];
        uint32_t n = --sim->n_ready[limited][tool], last = heap[n], i = 0;

        for (;;) {
                uint32_t child = 2 * i + 1;
                if (child >= n)
                        break;
                child += child + 1 < n && heap[child + 1] < heap[child];
                if (heap[child] >= last)
                        break;
                heap[i] = heap[child];
                i = child;
        }
        heap[i] = last;
        return first;
}

static uint32_t used(const Sim *sim, uint32_t tool)
{
        return MAX(sim->taken[tool], (uint32_t)sim->plan->nodes[tool].takes_slot);
}

static void take_slots(Sim *sim, uint32_t node, int by)
{
        for (uint32_t at = sim->plan->nodes[node].tool; at != PLAN_NONE; at = sim->plan->nodes[at].tool) {
                uint32_t before = used(sim, at);
                sim->taken[at] = (uint32_t)MAX((int)sim->taken[at] + by, 0);
                by = (int)used(sim, at) - (int)before;
                if (by == 0)
                        return;
        }
}

/* Whether what begins under a tool has its slot already: tools in tools were started with one. */
static bool has_slot(const Sim *sim, uint32_t tool)
{
        for (uint32_t at = tool; at != PLAN_NONE && sim->taken[at] == 0; at = sim->plan->nodes[at].tool)
                if (sim->plan->nodes[at].takes_slot)
                        return true;
        return false;
}

static void ready(Sim *sim, uint32_t node)
{
        if (--sim->missing[node] == 0 && sim->started[sim->plan->nodes[node].tool])
                push(sim, sim->plan->nodes[node].tool, node);
}

static double jittered(Sim *sim, double s)
{
        double sum = 0;

        if (sim->options->jitter <= 0)
                return s;
        /* splitmix64; four uniform numbers are normal enough */
        for (int i = 0; i < 4; i++) {
                uint64_t z = sim->seed += 0x9e3779b97f4a7c15ull;
                z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
                z = (z ^ z >> 27) * 0x94d049bb133111ebull;
                sum += (double)((z ^ z >> 31) >> 11) / (double)(1ull << 53) - 0.5;
        }
        return s * exp(sim->options->jitter * sum * sqrt(3));
}

static void add_item(Sim *sim, uint32_t node, Phase phase, double whole_s, double busy, double threads)
{
        sim->items[sim->n_items++] = (Item){node, phase, whole_s, whole_s, busy, threads};
}

static void start_tool(Sim *sim, uint32_t tool)
{
        const Plan *plan = sim->plan;

        sim->started[tool] = true;
        sim->active[sim->n_active++] = tool;
        /* Its children, which lie behind it. */
        uint32_t left = sim->s->n_children[tool];
        for (uint32_t i = tool + 1; left > 0 && i < plan->n; i++)
                if (plan->nodes[i].tool == tool) {
                        left--;
                        if (sim->missing[i] == 0)
                                push(sim, tool, i);
                }
        if (sim->children_left[tool] == 0)
                add_item(sim, tool, PHASE_TAIL, plan->nodes[tool].work_s, sim->s->tool_busy[tool], 1);
}

static void begin(Sim *sim, uint32_t tool, uint32_t node)
{
        const PlanNode *n = &sim->plan->nodes[node];

        take_slots(sim, node, n->is_tool ? n->takes_slot : 1);
        sim->dispatching[tool] = true;
        sim->links += !n->is_tool && n->kind == KIND_LINK;
        sim->leaves += !n->is_tool;
        sim->result.most = MAX(sim->result.most, sim->leaves);
        add_item(sim, node, PHASE_LAG, n->lag_s, sim->s->tool_busy[tool], 1);
}

static bool may_begin(const Sim *sim, uint32_t tool)
{
        return sim->plan->nodes[tool].build_tool == TOOL_NONE || has_slot(sim, tool) || used(sim, 0) < sim->options->jobs;
}

/* The earliest of what tools could start now, again and again. */
static void dispatch(Sim *sim)
{
        for (;;) {
                uint32_t best = PLAN_NONE, best_tool = 0;
                bool links_too = sim->options->link_jobs > sim->links;
                for (size_t i = 0; i < sim->n_active; i++) {
                        uint32_t tool = sim->active[i];
                        if (sim->dispatching[tool] || !may_begin(sim, tool))
                                continue;
                        for (int limited = 0; limited <= links_too; limited++) {
                                if (sim->n_ready[limited][tool] == 0)
                                        continue;
                                uint32_t node = sim->heaps[limited][sim->s->heap_at[tool]];
                                best_tool = node < best ? tool : best_tool;
                                best = MIN(best, node);
                        }
                }
                if (best == PLAN_NONE)
                        return;
                begin(sim, best_tool, pop(sim, best_tool, is_limited(sim, best)));
        }
}

static void finish_node(Sim *sim, uint32_t i)
{
        const Replay *s = sim->s;
        const PlanNode *n = &sim->plan->nodes[i];

        sim->done[i] = true;
        if (i == 0)
                return;
        take_slots(sim, i, -(int)(n->is_tool ? used(sim, i) : 1));
        if (!n->is_tool) {
                sim->leaves--;
                sim->links -= n->kind == KIND_LINK;
        }
        for (uint32_t e = s->first_edge[i]; e < s->first_edge[i + 1]; e++)
                ready(sim, sim->plan->edges[e].to);
        for (int g = 0; g < PLAN_GROUPS; g++) {
                size_t id = group_of(n->tool, g);
                const Group *group = &s->groups[id];
                if (group->n_waiters == 0 || !plan_in_group(n, (PlanGroupKind)g))
                        continue;
                while (sim->group_done[id] < group->n_members && sim->done[s->members[group->members + sim->group_done[id]]])
                        sim->group_done[id]++;
                while (sim->group_released[id] < group->n_waiters) {
                        uint32_t waiter = s->waiters[group->waiters + sim->group_released[id]];
                        if (sim->plan->nodes[waiter].need[g] > sim->group_done[id])
                                break;
                        sim->group_released[id]++;
                        if (!(sim->options->certain && g >= GROUP_SCRIPTS))
                                ready(sim, waiter);
                }
        }
        if (--sim->children_left[n->tool] == 0)
                add_item(sim, n->tool, PHASE_TAIL, sim->plan->nodes[n->tool].work_s, s->tool_busy[n->tool], 1);
}

static void end_phase(Sim *sim, Item item)
{
        const PlanNode *n = &sim->plan->nodes[item.node];

        if (item.phase == PHASE_LAG) {
                sim->dispatching[n->tool] = false;
                if (n->is_tool)
                        start_tool(sim, item.node);
                else
                        add_item(sim, item.node, PHASE_WORK, jittered(sim, n->work_s), n->busy, n->threads);
                return;
        }
        if (item.phase == PHASE_TAIL)
                for (size_t i = 0; i < sim->n_active; i++)
                        if (sim->active[i] == item.node) {
                                sim->active[i] = sim->active[--sim->n_active];
                                break;
                        }
        finish_node(sim, item.node);
}

/* What all hold in ahead_s from now, while nobody begins or ends. */
static void take_moment(Sim *sim, double ahead_s, double slow)
{
        for (size_t i = 0; i < sim->n_items; i++) {
                const Item *item = &sim->items[i];
                if (item->phase != PHASE_WORK)
                        continue;
                double left = item->left_s - ahead_s / ((1 - item->busy) + item->busy * slow);
                memory_add(sim->memory, sim->plan, &sim->plan->nodes[item->node], item->whole_s > 0 ? 1 - left / item->whole_s : 1);
        }
        double bytes = memory_take(sim->memory, sim->plan);
        if (bytes > sim->result.peak_bytes) {
                sim->result.peak_bytes = bytes;
                sim->result.peak_s = sim->now_s + ahead_s;
        }
}

/* A recording knows the memory at its ticks, and at the ends of processes. */
static void take_moments(Sim *sim, double step, double slow)
{
        bool ends = false;

        for (; sim->next_tick_s <= sim->now_s + step; sim->next_tick_s += sim->tick_s)
                take_moment(sim, sim->next_tick_s - sim->now_s, slow);
        for (size_t i = 0; i < sim->n_items && !ends; i++) {
                const Item *item = &sim->items[i];
                ends = item->phase == PHASE_WORK && item->left_s * ((1 - item->busy) + item->busy * slow) <= step + 1e-9;
        }
        if (ends && !sim->options->only_time)
                take_moment(sim, step, slow);
}

/* To the next end of a phase. */
static void advance(Sim *sim)
{
        SlowdownLoad load = {0};
        double step = INFINITY;

        for (size_t i = 0; i < sim->n_items; i++)
                slowdown_load(&load, sim->items[i].busy, sim->items[i].threads, 1);
        double slow = slowdown_of(sim->slowdown, &load);
        for (size_t i = 0; i < sim->n_items; i++) {
                const Item *item = &sim->items[i];
                step = MIN(step, item->left_s * ((1 - item->busy) + item->busy * slow));
        }
        take_moments(sim, step, slow);
        sim->now_s += step;
        for (size_t i = 0; i < sim->n_items; i++) {
                Item *item = &sim->items[i];
                double spent = step / ((1 - item->busy) + item->busy * slow);
                item->left_s -= spent;
                sim->cpu_s += spent * item->busy * item->threads;
        }
        for (size_t i = 0; i < sim->n_items;) {
                if (sim->items[i].left_s > 1e-9) {
                        i++;
                        continue;
                }
                Item item = sim->items[i];
                sim->items[i] = sim->items[--sim->n_items];
                end_phase(sim, item);
        }
}

static void sim_done(Sim *sim)
{
        slowdown_free(sim->slowdown);
        free(sim->memory);
        free(sim->items);
        free(sim->missing);
        free(sim->done);
        free(sim->started);
        free(sim->dispatching);
        free(sim->group_done);
        free(sim->group_released);
        for (int i = 0; i < 2; i++) {
                free(sim->heaps[i]);
                free(sim->n_ready[i]);
        }
        free(sim->taken);
        free(sim->children_left);
        free(sim->active);
}

static int sim_init(Sim *sim, const Replay *s, const ReplayOptions *options)
{
        const Plan *plan = s->plan;
        size_t n = plan->n;

        *sim = (Sim){.s = s, .plan = plan, .options = options, .seed = options->seed};
        sim->memory = calloc(1, sizeof *sim->memory);
        sim->items = calloc(n + 1, sizeof *sim->items);
        sim->missing = calloc(n, sizeof *sim->missing);
        sim->done = calloc(n, sizeof *sim->done);
        sim->started = calloc(n, sizeof *sim->started);
        sim->dispatching = calloc(n, sizeof *sim->dispatching);
        sim->group_done = calloc(n * PLAN_GROUPS, sizeof *sim->group_done);
        sim->group_released = calloc(n * PLAN_GROUPS, sizeof *sim->group_released);
        for (int i = 0; i < 2; i++) {
                sim->heaps[i] = calloc(n + 1, sizeof *sim->heaps[i]);
                sim->n_ready[i] = calloc(n, sizeof *sim->n_ready[i]);
        }
        sim->taken = calloc(n, sizeof *sim->taken);
        sim->children_left = calloc(n, sizeof *sim->children_left);
        sim->active = calloc(n, sizeof *sim->active);
        if (!sim->memory || !sim->items || !sim->missing || !sim->done || !sim->started || !sim->dispatching || !sim->group_done ||
            !sim->group_released || !sim->heaps[0] || !sim->heaps[1] || !sim->n_ready[0] || !sim->n_ready[1] || !sim->taken || !sim->children_left || !sim->active)
                return -ENOMEM;
        sim->tick_s = fmax(TICK_S, plan->wall_s * plan->width / TICKS_MAX);
        sim->next_tick_s = options->only_time ? INFINITY : sim->tick_s * (double)(options->seed % 16) / 16;
        for (uint32_t i = 0; i < n; i++) {
                const PlanNode *node = &plan->nodes[i];
                sim->children_left[i] = s->n_children[i];
                sim->missing[i] = node->n_needs + s->group_needs[i];
                for (int g = GROUP_SCRIPTS; options->certain && g < PLAN_GROUPS; g++)
                        sim->missing[i] -= node->need[g] > 0;
        }
        return slowdown_new(options->cpus, &sim->slowdown);
}

/* Nothing runs, and not all is done: a wait was inferred that cannot be, as who holds the last slot waits for who needs
 * one. The first that could be started goes on without it. */
static bool unstick(Sim *sim)
{
        const Plan *plan = sim->plan;

        for (uint32_t i = 1; i < plan->n; i++)
                if (!sim->done[i] && sim->missing[i] > 0 && sim->started[plan->nodes[i].tool]) {
                        sim->missing[i] = 0;
                        push(sim, plan->nodes[i].tool, i);
                        return true;
                }
        return false;
}

int replay_run(const Replay *s, const ReplayOptions *options, ReplayResult *ret)
{
        Sim sim;
        int r = sim_init(&sim, s, options);

        if (r == 0) {
                start_tool(&sim, 0);
                dispatch(&sim);
                for (unsigned times = 0; sim.n_items > 0 || (times++ < UNSTICK_MAX && unstick(&sim));) {
                        if (sim.n_items > 0)
                                advance(&sim);
                        dispatch(&sim);
                }
                sim.result.wall_s = sim.now_s;
                sim.result.busy_cpus = sim.now_s > 0 ? sim.cpu_s / sim.now_s : 0;
                *ret = sim.result;
        }
        sim_done(&sim);
        return r;
}
