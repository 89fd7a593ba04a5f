/*
 * A build as work that can be scheduled anew: jobs under build tools, what each has to wait for, how much
 * CPU time it needs, how long it waits for other things, and how much memory it holds while it goes on.
 *
 * A job is what a build tool started, with all that is below it. Tools in tools (recursive make) are nodes
 * with jobs of their own; so is whatever a tool was started by (a script that configures, then makes): its
 * children come one after the other, as they did.
 *
 * What a job waited for is not recorded. It is inferred, in this order:
 * - files: what one job's command line names as its output and a later one's names, or runs (plan_observe_commands);
 *   sub-makes wait as wholes for what their jobs use (plan_order_submakes);
 * - time: a job that began although a slot had been free waited for what had just ended; where nothing
 *   else was running, for all that had ended;
 * - kind, where every slot was taken and time tells nothing: a link waits for its tool's jobs before it, a
 *   compilation for the scripts before it (they may have made headers), jobs for the sub-makes before them,
 *   unless the recording shows one that did not wait.
 *
 * Times in seconds since the run's start.
 */
#pragma once

#include "advise/build-rows.h"
#include "base/error.h"

#define PLAN_NONE UINT32_MAX

enum {
        PLAN_NODES_MAX = 400000,
        PLAN_POINTS_MAX = 48, /* of a job's memory */
        PLAN_EDGES_MAX = 4 << 20,
};

/* Whom a node may have to wait for: so many of these, in the order in which they ended. */
typedef enum PlanGroupKind {
        GROUP_TOOL,    /* all under the same tool */
        GROUP_PARTS,   /* those of them that do not link */
        GROUP_SCRIPTS, /* those that neither compile nor link, and that others did wait for */
        GROUP_TOOLS,   /* tools under the same tool, likewise */
        PLAN_GROUPS,
} PlanGroupKind;

/* At so much of the job's time (0 … 1): memory of its own, and of the program that others share. */
typedef struct PlanPoint {
        float own_bytes, shared_bytes;
} PlanPoint;

typedef struct PlanNode {
        uint32_t tool;      /* the node it is under; PLAN_NONE: the build itself */
        uint32_t process;   /* its first, into BuildRows.processes; PLAN_NONE: the build itself */
        bool is_tool;       /* has nodes under it */
        bool takes_slot;    /* of a tool: it was itself a job of another */
        uint8_t kind, build_tool; /* BuildKind, BuildTool */
        uint8_t program;    /* of its largest process */
        bool precise;       /* its command line names what it waits for */
        bool waited;        /* time says what it waited for */
        bool shows;         /* runs what only shows or notes something (echo) … */
        bool works;         /* … and what does more */
        bool passed;        /* others under the tool began while it went on: they did not wait for it */
        double start_s, end_s;
        double cpu_s;       /* of all below; of a tool its own */
        double lag_s;       /* what the tool above needs before it can start it */
        double work_s;      /* how long it takes where nothing else is running; of a tool: after its last job */
        double busy;        /* part of that on a CPU, 0 … 1 */
        double threads;     /* CPUs it keeps busy then; at least 1 */
        double peak_bytes;
        uint32_t points, n_points;
        uint32_t need[PLAN_GROUPS]; /* 0: none */
        uint32_t n_needs;   /* edges that lead here */
} PlanNode;

typedef struct PlanEdge {
        uint32_t from, to; /* `to` waits for `from` */
} PlanEdge;

typedef struct Plan {
        PlanNode *nodes; /* by start; the first is the build itself */
        size_t n;
        PlanEdge *edges; /* by from, after plan_finish */
        size_t n_edges, edges_capacity;
        PlanPoint *points;
        size_t n_points;
        uint32_t *node_of; /* by process */
        size_t n_jobs, n_links, n_linkless; /* leaves */
        unsigned width;       /* recorded: jobs at a time */
        bool width_given;     /* by a command line; else the most there were at a time */
        bool unlimited;       /* make -j */
        bool forced;          /* makes in a make had a -j of their own beside each other */
        unsigned most;        /* jobs at one time */
        unsigned builders;    /* of Nix, at one time; 0: Nix built nothing */
        unsigned tools;       /* bit of each BuildTool that ran jobs */
        BuildTool main_tool;  /* with most CPU time below; TOOL_NONE: nothing to replay */
        const char *main_command; /* borrowed from BuildRows; NULL */
        double wall_s, cpu_s, jobs_s; /* jobs_s: CPU time in jobs */
        double capacity;      /* CPUs the build could have, less what others took */
        double others;        /* CPUs that those took, as far as is known */
        double believed;      /* part of what jobs waited beyond contention that is taken for waiting for disks and the like */
        double memory_scale;  /* the recorded memory over what the model makes of the recording */
        double rest_bytes;    /* of tools and what runs them, while the jobs' memory was high */
        double rest_most_bytes; /* of these at any time */
        uint64_t peak_bytes;  /* recorded, shared pages counted once; BUILD_UNKNOWN */
        uint64_t told_bytes;  /* the highest total of the tree in the recording, as reports tell it; BUILD_UNKNOWN */
        double wait_known;    /* part of the jobs whose waits are known by files or time */
        size_t compilations, repeated; /* by compilers' drivers; of them the same as one before */
        double repeated_s;    /* CPU time of those */
        bool ccache;          /* is in use */
        struct PlanNames *names;
} Plan;

/* wall_s: of the run. The rows are kept by the caller, and outlive the plan. 0, -ENOMEM, -E2BIG; 1: no
 * build tool ran jobs in it. */
int plan_new(const BuildRows *rows, double wall_s, Plan **ret);
Plan *plan_free(Plan *plan);
DEFINE_CLEANUP(Plan, plan)

/* The rows of processes once more, with their command lines. 0 or -ENOMEM. */
extern const char *const plan_command_columns[];
int plan_observe_commands(Plan *plan, const BuildRows *rows, const Batch *processes);

/* Infers what else is waited for, takes contention out of the times, and gives each job its memory. 0 or -ENOMEM. */
int plan_finish(Plan *plan, const BuildRows *rows);

/* ---- steps of it, each a file ---- */

int plan_add_edge(Plan *plan, uint32_t from, uint32_t to); /* 0 or -ENOMEM; too many are dropped */
int plan_order_submakes(Plan *plan, const BuildRows *rows); /* before the waits are inferred */
int plan_infer_waits(Plan *plan);
int plan_remove_contention(Plan *plan);
int plan_measure_memory(Plan *plan, const BuildRows *rows);
void plan_names_done(Plan *plan);

/* Two nodes under different tools become what one make started; false: it started no other make for *to. */
bool plan_raise_to_submakes(const Plan *plan, uint32_t *from, uint32_t *to);

/* Whether a node is in such a group of its tool. */
bool plan_in_group(const PlanNode *node, PlanGroupKind group);
