/* From processes to nodes: which are tools, which jobs, how wide the build was. */
#include "advise/plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advise/width.h"
#include "base/cleanup.h"
#include "base/text.h"

enum { ROLE_JOB_PART, ROLE_TOOL, ROLE_ABOVE }; /* part of a job, a build tool, what runs one */

#define BEFORE_S 0.5 /* at most so long before the command rows begin */

static bool below_link(const BuildRows *rows, uint32_t i)
{
        for (uint32_t at = rows->processes[i].parent; at != BUILD_NONE; at = rows->processes[at].parent) {
                if (rows->processes[at].kind == KIND_LINK)
                        return true;
                if (rows->processes[at].tool != TOOL_NONE)
                        return false;
        }
        return false;
}

/* lto-wrapper runs make to do one link's work, and a recipe may use xargs: both are parts of jobs. */
static void find_roles(const BuildRows *rows, uint8_t *roles, bool *has_children)
{
        for (uint32_t i = 0; i < rows->n; i++)
                if (rows->processes[i].parent != BUILD_NONE)
                        has_children[rows->processes[i].parent] = true;
        for (uint32_t i = 0; i < rows->n; i++) { /* parents come first */
                const BuildProcess *p = &rows->processes[i];
                if (p->tool == TOOL_NONE || !has_children[i])
                        continue;
                bool under = false;
                for (uint32_t at = p->parent; at != BUILD_NONE && !under; at = rows->processes[at].parent)
                        under = roles[at] == ROLE_TOOL;
                if ((under && p->tool == TOOL_OTHER) || below_link(rows, i))
                        continue;
                roles[i] = ROLE_TOOL;
                for (uint32_t at = p->parent; at != BUILD_NONE && roles[at] == ROLE_JOB_PART; at = rows->processes[at].parent)
                        roles[at] = ROLE_ABOVE;
        }
}

static double seconds(int64_t ns, double wall_s)
{
        return ns == INT64_MAX ? wall_s : MIN((double)ns / 1e9, MAX(wall_s, 0.0));
}

static void begin_node(Plan *plan, const BuildRows *rows, uint32_t process, uint32_t tool, bool is_tool)
{
        const BuildProcess *p = &rows->processes[process];

        plan->nodes[plan->n] = (PlanNode){
                .tool = tool,
                .process = process,
                .is_tool = is_tool,
                .takes_slot = is_tool && tool != PLAN_NONE && plan->nodes[tool].build_tool != TOOL_NONE,
                .kind = KIND_SCRIPT,
                .build_tool = is_tool ? p->tool : TOOL_NONE,
                .program = p->program,
                .start_s = MAX(seconds(p->start_ns, plan->wall_s), 0.0),
                .end_s = seconds(p->end_ns, plan->wall_s),
                .threads = 1,
        };
        PlanNode *n = &plan->nodes[plan->n++];
        /* What goes on in the background is not waited for. */
        n->end_s = MAX(MIN(n->end_s, plan->nodes[tool].end_s), n->start_s);
}

static void add_part(Plan *plan, const BuildRows *rows, uint32_t i, uint32_t node, uint64_t *largest)
{
        const BuildProcess *p = &rows->processes[i];
        PlanNode *n = &plan->nodes[node];

        if (p->cpu_us != BUILD_UNKNOWN)
                n->cpu_s += (double)p->cpu_us / 1e6;
        if (!n->is_tool) /* rustc links what it compiles */
                n->kind = (uint8_t)(n->build_tool == TOOL_CARGO ? KIND_COMPILE : MAX(n->kind, p->kind));
        if (p->peak_bytes != BUILD_UNKNOWN && p->peak_bytes > *largest) {
                *largest = p->peak_bytes;
                n->program = p->program;
                n->peak_bytes = (double)p->peak_bytes;
        }
}

/* Roots that are no part of a tool's tree are jobs of the build itself. */
static int make_nodes(Plan *plan, const BuildRows *rows, const uint8_t *roles)
{
        _cleanup_free_ uint64_t *largest = calloc(rows->n + 2, sizeof *largest);

        if (!largest)
                return -ENOMEM;
        plan->nodes[0] = (PlanNode){.tool = PLAN_NONE, .process = PLAN_NONE, .is_tool = true, .end_s = plan->wall_s, .threads = 1};
        plan->n = 1;
        for (uint32_t i = 0; i < rows->n; i++) {
                uint32_t parent = rows->processes[i].parent;
                uint32_t above = parent == BUILD_NONE ? 0 : plan->node_of[parent];
                if (roles[i] == ROLE_JOB_PART && above != 0 && !plan->nodes[above].is_tool) {
                        plan->node_of[i] = above;
                } else {
                        plan->node_of[i] = (uint32_t)plan->n;
                        begin_node(plan, rows, i, above, roles[i] != ROLE_JOB_PART);
                }
                add_part(plan, rows, i, plan->node_of[i], &largest[plan->node_of[i]]);
        }
        return 0;
}

static void count_jobs(Plan *plan, const BuildRows *rows)
{
        double below[BUILD_TOOLS] = {0}, most = 0;

        for (size_t i = 1; i < plan->n; i++) {
                const PlanNode *n = &plan->nodes[i];
                plan->cpu_s += n->cpu_s;
                if (n->is_tool)
                        continue;
                const PlanNode *tool = &plan->nodes[n->tool];
                plan->n_jobs++;
                plan->n_links += n->kind == KIND_LINK;
                plan->jobs_s += n->cpu_s;
                plan->tools |= 1u << tool->build_tool;
                below[tool->build_tool] += n->cpu_s + 1e-6;
        }
        for (int t = TOOL_NONE + 1; t < BUILD_TOOLS; t++)
                if (below[t] > most) {
                        most = below[t];
                        plan->main_tool = (BuildTool)t;
                }
        for (size_t i = 1; i < plan->n && !plan->main_command; i++) {
                const PlanNode *n = &plan->nodes[i];
                if (n->is_tool && n->build_tool == plan->main_tool && rows->processes[n->process].command)
                        plan->main_command = rows->commands[rows->processes[n->process].command - 1];
        }
}

/* The run's time counts from the command's start, rows a moment from before it: what ended in that moment is none of
 * what went on behind the command's end. */
static double to_last_end(const BuildRows *rows, double wall_s)
{
        double last_s = wall_s;

        for (size_t i = 0; i < rows->n; i++) {
                double end_s = (double)rows->processes[i].end_ns / 1e9;
                if (end_s > last_s && end_s < wall_s + BEFORE_S)
                        last_s = end_s;
        }
        return last_s;
}

int plan_new(const BuildRows *rows, double wall_s, Plan **ret)
{
        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof *plan);
        _cleanup_free_ uint8_t *roles = calloc(rows->n + 1, sizeof *roles);
        _cleanup_free_ bool *has_children = calloc(rows->n + 1, sizeof *has_children);

        if (!plan || !roles || !has_children)
                return -ENOMEM;
        if (rows->too_many)
                return -E2BIG;
        plan->wall_s = isfinite(wall_s) && wall_s > 0 ? to_last_end(rows, wall_s) : (double)rows->last_ns / 1e9;
        plan->memory_scale = 1;
        find_roles(rows, roles, has_children);
        size_t n = 1;
        for (size_t i = 0; i < rows->n; i++) {
                uint32_t parent = rows->processes[i].parent;
                n += roles[i] != ROLE_JOB_PART || parent == BUILD_NONE || roles[parent] != ROLE_JOB_PART;
        }
        if (n > PLAN_NODES_MAX)
                return -E2BIG;
        plan->nodes = calloc(n, sizeof *plan->nodes);
        plan->node_of = calloc(rows->n + 1, sizeof *plan->node_of);
        if (!plan->nodes || !plan->node_of || make_nodes(plan, rows, roles) < 0)
                return -ENOMEM;
        count_jobs(plan, rows);
        if (plan->main_tool == TOOL_NONE)
                return 1;
        if (width_find(plan, rows) < 0)
                return -ENOMEM;
        /* A quota is not shared with those outside of it: what counts is the less of it and what others left. */
        double cpus = rows->machine.cpus, others = isnan(rows->machine.outside_cpus) ? 0 : rows->machine.outside_cpus;
        plan->others = others;
        plan->capacity = fmax(cpus - others, fmin(cpus, 1) / 4);
        if (rows->machine.cpu_limit > 0)
                plan->capacity = fmin(plan->capacity, rows->machine.cpu_limit);
        *ret = TAKE(plan);
        return 0;
}

Plan *plan_free(Plan *plan)
{
        if (plan) {
                plan_names_done(plan);
                free(plan->nodes);
                free(plan->edges);
                free(plan->points);
                free(plan->node_of);
                free(plan);
        }
        return NULL;
}

int plan_add_edge(Plan *plan, uint32_t from, uint32_t to)
{
        if (from == to || plan->n_edges >= PLAN_EDGES_MAX)
                return 0;
        if (plan->n_edges == plan->edges_capacity) {
                size_t capacity = MAX(plan->edges_capacity * 2, (size_t)1024);
                PlanEdge *edges = realloc(plan->edges, capacity * sizeof *edges);
                if (!edges)
                        return -ENOMEM;
                plan->edges = edges;
                plan->edges_capacity = capacity;
        }
        plan->edges[plan->n_edges++] = (PlanEdge){from, to};
        return 0;
}

static int by_from(const void *a, const void *b)
{
        const PlanEdge *x = a, *y = b;

        if (x->from != y->from)
                return x->from < y->from ? -1 : 1;
        return x->to < y->to ? -1 : x->to > y->to;
}

/* Each once, and none that the recording contradicts: who began before the other had ended did not wait. */
static void clean_edges(Plan *plan)
{
        size_t n = 0;

        if (plan->n_edges > 0)
                qsort(plan->edges, plan->n_edges, sizeof *plan->edges, by_from);
        for (size_t i = 0; i < plan->n_edges; i++) {
                const PlanEdge *e = &plan->edges[i];
                if (plan->nodes[e->from].end_s > plan->nodes[e->to].start_s + 1e-6)
                        continue;
                if (n > 0 && by_from(&plan->edges[n - 1], e) == 0)
                        continue;
                plan->edges[n++] = *e;
        }
        plan->n_edges = n;
        for (size_t i = 0; i < n; i++)
                plan->nodes[plan->edges[i].to].n_needs++;
}

bool plan_in_group(const PlanNode *node, PlanGroupKind group)
{
        switch (group) {
        case GROUP_TOOL:
                return true;
        case GROUP_PARTS:
                return node->is_tool || node->kind != KIND_LINK;
        case GROUP_SCRIPTS:
                return !node->is_tool && node->kind == KIND_SCRIPT && !node->passed && (node->works || !node->shows);
        case GROUP_TOOLS:
                return node->is_tool && !node->passed;
        default:
                return false;
        }
}

int plan_finish(Plan *plan, const BuildRows *rows)
{
        int r = plan_order_submakes(plan, rows);

        if (r == 0)
                r = plan_infer_waits(plan);
        if (r < 0)
                return r;
        clean_edges(plan);
        size_t known = 0;
        for (size_t i = 1; i < plan->n; i++)
                known += !plan->nodes[i].is_tool && (plan->nodes[i].waited || plan->nodes[i].n_needs > 0);
        plan->wait_known = plan->n_jobs > 0 ? (double)known / (double)plan->n_jobs : 0;
        r = plan_remove_contention(plan);
        return r < 0 ? r : plan_measure_memory(plan, rows);
}
