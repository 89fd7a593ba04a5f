/* A build that left cores unused while it had work: when, and by the chain of processes who held it up there;
 * its serial end; the commands that cost most. Only where the cores were idle: what others used is not the run's
 * to use. Who waited for whom is inferred, and so it is said. The page's idle-facts.ts has the same stretches. */
#include "detect/build.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "detect/detect.h"
#include "detect/stretch.h"
#include "detect/things.h"

static const char *const process_columns[] = {"process", "pid", "parent", "comm", "cmdline", "start_ns", "exec_ns", "end_ns", "cpu_us", NULL};
static const char *const total_columns[] = {"t_ns", "cpu_us", NULL};
static const char *const cpu_columns[] = {"t_ns", "cpu", "idle_us", "iowait_us", NULL};
static const char *const cgroup_columns[] = {"t_ns", "cpu_limit_ratio", NULL};

static const DetectTable tables[] = {
        {"processes", process_columns, false},
        {"totals", total_columns, false},
        {"cpu", cpu_columns, false},
        {"cgroup", cgroup_columns, false},
        {"cgroups_above", cgroup_columns, false},
        {NULL},
};

#define WALL_LEAST_NS (10 * (int64_t)NS_PER_SECOND)
#define CPU_LEAST_US  5000000
#define IO_MATTERS    0.25 /* of the cores' time */
#define BUSIER        0.4  /* cores: a serial end comes after what was not serial */
#define WORKS         0.7  /* cores: less is waiting, not one job after the other */
enum { IMAGES_LEAST = 20, COSTLY = 10, COSTLY_PROGRAMS = 3, NAMED = 3, TOLD = 3, PIECES = 100 };

typedef struct Build {
        BuildImages images;
        Growth run, idle, iowait; /* µs of CPU time; idle without iowait */
        double limit_cpus;        /* of a quota; 0: none */
        /* In finish: */
        unsigned cores;
        int64_t wall_ns;
        ChainStep *steps;
        size_t n_steps;
        uint64_t *held_ns; /* by label */
} Build;

/* ---- rows ---- */

static void observe_cpu(Build *b, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), cpu = cells_find(rows, "cpu"), idle = cells_find(rows, "idle_us"),
              iowait = cells_find(rows, "iowait_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                uint64_t one;
                double us;
                if (cells_get(cpu, row, &one) || !row_time(rows, at, row, &t_ns))
                        continue;
                if (row_number(rows, idle, row, &us))
                        growth_add(&b->idle, t_ns, us);
                if (row_number(rows, iowait, row, &us))
                        growth_add(&b->iowait, t_ns, us);
        }
}

static void observe_cgroup(Build *b, const Batch *rows)
{
        Cells limit = cells_find(rows, "cpu_limit_ratio");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                double cpus;
                if (row_number(rows, limit, row, &cpus) && cpus > 0)
                        b->limit_cpus = b->limit_cpus > 0 ? MIN(b->limit_cpus, cpus) : cpus; /* of all above, too */
        }
}

static int build_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Build *b = state;

        if (text_equal(table, "processes"))
                return build_images_observe(&b->images, rows);
        if (text_equal(table, "totals"))
                growth_add_rows(&b->run, rows, "cpu_us");
        else if (text_equal(table, "cpu"))
                observe_cpu(b, rows);
        else
                observe_cgroup(b, rows);
        return 0;
}

/* ---- who held it up ---- */

/* Time in the chain by label, in [from, to]. */
static void hold(Build *b, int64_t from_ns, int64_t to_ns)
{
        memset(b->held_ns, 0, b->images.n_labels * sizeof *b->held_ns);
        for (size_t i = 0; i < b->n_steps; i++) {
                int64_t part = MIN(b->steps[i].to_ns, to_ns) - MAX(b->steps[i].from_ns, from_ns);
                if (part > 0)
                        b->held_ns[b->images.items[b->steps[i].process].label] += (uint64_t)part;
        }
}

/* The next of those with most time; SIZE_MAX: no more. */
static size_t most_held(const Build *b, const size_t *taken, size_t n_taken)
{
        size_t most = SIZE_MAX;

        for (size_t i = 0; i < b->images.n_labels; i++) {
                size_t k = 0;
                while (k < n_taken && taken[k] != i)
                        k++;
                if (k == n_taken && b->held_ns[i] > 0 && (most == SIZE_MAX || b->held_ns[i] > b->held_ns[most]))
                        most = i;
        }
        return most;
}

/* "ld vmlinux 30 s, objcopy 5 s", and the same program's labels together where each is short. */
static void add_held(Build *b, int64_t from_ns, int64_t to_ns, String *to)
{
        size_t taken[NAMED], n = 0;
        uint64_t named_ns = 0;
        char length[FORMAT_MAX];

        hold(b, from_ns, to_ns);
        while (n < NAMED && (taken[n] = most_held(b, taken, n)) != SIZE_MAX && b->held_ns[taken[n]] * 20 >= (uint64_t)(to_ns - from_ns))
                named_ns += b->held_ns[taken[n++]];
        if (n == 0 || named_ns * 10 < (uint64_t)(to_ns - from_ns) * 3) {
                string_add(to, "many short commands, one after the other");
                return;
        }
        for (size_t i = 0; i < n; i++)
                string_add_format(to, "%s%s %s", i > 0 ? ", " : "", b->images.labels[taken[i]].text,
                                  format_duration(length, b->held_ns[taken[i]]));
}

/* What most of that time went to; WORK_OTHER: to nothing of these. */
static BuildWork work_held(Build *b, int64_t from_ns, int64_t to_ns)
{
        uint64_t by_work[N_BUILD_WORKS] = {0}, all = 0;
        BuildWork most = WORK_OTHER;

        hold(b, from_ns, to_ns);
        for (size_t i = 0; i < b->images.n_labels; i++) {
                by_work[b->images.labels[i].work] += b->held_ns[i];
                all += b->held_ns[i];
        }
        for (size_t i = 0; i < N_BUILD_WORKS; i++)
                if (by_work[i] * 2 > all)
                        most = (BuildWork)i;
        return most;
}

static double cores_in(const Growth *use, int64_t from_ns, int64_t to_ns)
{
        return to_ns > from_ns ? growth_between(use, from_ns, to_ns) * 1e3 / (double)(to_ns - from_ns) : 0;
}

/* Whether the cores that the run left lay idle, too: not what others used. */
static bool was_idle(const Build *b, const Stretch *s)
{
        double left = b->cores - s->cores, unused = cores_in(&b->idle, s->from_ns, s->to_ns) + cores_in(&b->iowait, s->from_ns, s->to_ns);

        return b->idle.n >= 2 && unused >= left * 0.7;
}

static bool waited_for_disks(const Build *b, const Stretch *s)
{
        return cores_in(&b->iowait, s->from_ns, s->to_ns) > IO_MATTERS * b->cores;
}

/* ---- words ---- */

static void explain(Build *b, const Stretch *s, Finding *f)
{
        if (waited_for_disks(b, s)) {
                finding_meaning(f, "the disks held it up: cores were idle while its processes waited for I/O");
                return;
        }
        switch (work_held(b, s->from_ns, s->to_ns)) {
        case WORK_LINK:
                finding_meaning(f, "a link is one process, and nothing else could run beside it: who waited is inferred from times");
                finding_advice(f, "a linker that uses all cores (mold, lld) shortens it; so do fewer or smaller programs to link");
                break;
        case WORK_CONFIGURE:
                finding_meaning(f, "configuring is one check after the other, and more cores do not help: who waited is inferred from times");
                finding_advice(f, "keep its result between builds (a cache file, the build folder)");
                break;
        default:
                finding_meaning(f, "what ran there had nothing beside it to run: who waited for whom is inferred from times");
                break;
        }
}

static void tell_tail(Build *b, const Stretch *s, const DetectContext *context, Findings *out)
{
        const int64_t length_ns = s->to_ns - s->from_ns;
        const double part = (double)length_ns / (double)b->wall_ns;
        char length[FORMAT_MAX], share[FORMAT_MAX], busy[FORMAT_MAX], saved[FORMAT_MAX];
        _cleanup_string_ String held = {0};

        if (part < context->thresholds.serial_tail_ratio || length_ns < (int64_t)NS_PER_SECOND || !was_idle(b, s))
                return;
        if (cores_in(&b->run, 0, s->from_ns) < s->cores + BUSIER) /* it was so all along */
                return;
        Finding *f = findings_raise(out, "serial-tail", NULL, SEVERITY_INFO, SURE_LIKELY, s->from_ns);
        if (!f)
                return;
        f->cause = true;
        f->until_ns = s->to_ns;
        add_held(b, s->from_ns, s->to_ns, &held);
        finding_title(f, "the last %s (%s of the run) kept %s of %u cores busy", format_duration(length, (uint64_t)length_ns),
                      format_percent(share, part), format_number(busy, s->cores), b->cores);
        finding_evidence(f, "it waited for %s; on all cores that work would be over %s earlier at best", string_get(&held),
                         format_duration(saved, (uint64_t)((double)length_ns * MAX(0.0, 1 - s->cores / b->cores))));
        explain(b, s, f);
}

/* How many cores are busy in all but the busiest twentieth of the time. In pieces of a second at least: what is
 * booked at one tick may belong to the one before. */
static double highest_cores(const Build *b)
{
        const int64_t pieces = MIN(b->wall_ns / (int64_t)NS_PER_SECOND, (int64_t)PIECES), length_ns = b->wall_ns / MAX(pieces, (int64_t)1);
        double cores[PIECES] = {0};
        size_t n = 0;

        for (int64_t i = 0; i < pieces; i++) {
                double c = cores_in(&b->run, length_ns * i, length_ns * (i + 1));
                size_t k = n++;
                for (; k > 0 && cores[k - 1] < c; k--)
                        cores[k] = cores[k - 1];
                cores[k] = c;
        }
        return cores[pieces / 20];
}

/* The longest first. */
static size_t told_stretches(const Build *b, const Stretch *all, size_t n, Stretch told[TOLD])
{
        size_t n_told = 0;

        for (size_t i = 0; i < n; i++) {
                if (!was_idle(b, &all[i]))
                        continue;
                size_t k = n_told < TOLD ? n_told++ : TOLD;
                for (; k > 0 && told[k - 1].to_ns - told[k - 1].from_ns < all[i].to_ns - all[i].from_ns; k--)
                        if (k < TOLD)
                                told[k] = told[k - 1];
                if (k < TOLD)
                        told[k] = all[i];
        }
        return n_told;
}

static void add_stretch(Build *b, const Stretch *s, String *to)
{
        char length[FORMAT_MAX], at[FORMAT_MAX], busy[FORMAT_MAX];

        string_add_format(to, "; for %s from %s on %s of %u cores were busy, waiting for ", format_duration(length, (uint64_t)(s->to_ns - s->from_ns)),
                          format_moment(at, s->from_ns), format_number(busy, s->cores), b->cores);
        add_held(b, s->from_ns, s->to_ns, to);
}

static void tell_idle(Build *b, const Stretch *all, size_t n, const DetectContext *context, Findings *out)
{
        const Stretch whole = {.from_ns = 0, .to_ns = b->wall_ns, .cores = cores_in(&b->run, 0, b->wall_ns)};
        const double unused = (cores_in(&b->idle, 0, b->wall_ns) + cores_in(&b->iowait, 0, b->wall_ns)) / b->cores;
        const double highest = highest_cores(b);
        const bool few_jobs = highest < b->cores - 0.7 && highest >= WORKS && whole.cores >= WORKS;
        char share[FORMAT_MAX], used[FORMAT_MAX], most[FORMAT_MAX];
        _cleanup_string_ String evidence = {0};
        Stretch told[TOLD];

        if (unused < context->thresholds.idle_cores_ratio || !was_idle(b, &whole))
                return;
        size_t n_told = told_stretches(b, all, n, told);
        bool all_along = n_told > 0 && told[0].to_ns - told[0].from_ns > b->wall_ns / 100 * 98;
        /* A run that waits all along, for a network or a clock, had no work for more cores. */
        if ((n_told == 0 && !few_jobs) || (all_along && !few_jobs))
                return;
        Finding *f = findings_raise(out, "idle-cores", NULL, SEVERITY_INFO, few_jobs ? SURE_POSSIBLE : SURE_LIKELY, FINDING_NO_TIME);
        if (!f)
                return;
        f->cause = true;
        finding_title(f, "%s of the time of %u cores was unused: the run kept %s of them busy", format_percent(share, unused), b->cores,
                      format_number(used, whole.cores));
        if (few_jobs)
                string_add_format(&evidence, "it never kept more than %s busy", format_number(most, highest));
        for (size_t i = 0; i < n_told && !all_along; i++)
                add_stretch(b, &told[i], &evidence);
        const char *words = string_get(&evidence);
        finding_evidence(f, "%s", strncmp(words, "; ", 2) == 0 ? words + 2 : words);
        if (few_jobs) {
                finding_meaning(f, "fewer jobs ran at once than there are cores: a low -j, or work that allows no more");
                finding_advice(f, "try -j%u, where memory allows", b->cores);
        } else if (n_told > 0) {
                explain(b, &told[0], f);
        }
}

/* ---- what cost most ---- */

static int compare_text(const void *a, const void *b)
{
        return strcmp((*(const BuildLabel *const *)a)->text, (*(const BuildLabel *const *)b)->text);
}

static int compare_cost(const void *a, const void *b)
{
        const BuildLabel *x = *(const BuildLabel *const *)a, *y = *(const BuildLabel *const *)b;

        return (x->cpu_us < y->cpu_us) - (x->cpu_us > y->cpu_us);
}

static int compare_program(const void *a, const void *b)
{
        const BuildLabel *x = a, *y = b;

        return (x->cpu_us < y->cpu_us) - (x->cpu_us > y->cpu_us);
}

static size_t program_size(const char *label)
{
        return strcspn(label, " ");
}

/* All that one program did; labels in order of their text, so that its own lie together: no character of a label
 * comes before a space. Texts are the labels', their first word only. */
static size_t sum_programs(const BuildLabel *const *by_text, size_t n, BuildLabel *programs)
{
        size_t n_programs = 0;

        for (size_t i = 0; i < n; i++) {
                size_t size = program_size(by_text[i]->text);
                BuildLabel *last = n_programs > 0 ? &programs[n_programs - 1] : NULL;
                if (!last || program_size(last->text) != size || strncmp(last->text, by_text[i]->text, size) != 0) {
                        last = &programs[n_programs++];
                        *last = (BuildLabel){.text = by_text[i]->text};
                }
                last->cpu_us += by_text[i]->cpu_us;
                last->n += by_text[i]->n;
        }
        qsort(programs, n_programs, sizeof *programs, compare_program);
        return n_programs;
}

static void add_cost(const BuildLabel *l, size_t size, bool first, String *out)
{
        char cpu[FORMAT_MAX], n[FORMAT_MAX];

        string_add_format(out, "%s%.*s", first ? "" : ", ", (int)size, l->text);
        if (l->n > 1)
                string_add_format(out, " ×%s", format_count(n, l->n));
        string_add_format(out, " %s", format_duration(cpu, l->cpu_us * NS_PER_US));
}

/* What a program did without a file that tells one from the other is not one command. */
static bool is_command(const BuildLabel *l)
{
        return l->cpu_us > 0 && (l->n == 1 || l->text[program_size(l->text)] == ' ');
}

static int tell_costly(const Build *b, Findings *out)
{
        const BuildImages *images = &b->images;
        char cpu[FORMAT_MAX], all[FORMAT_MAX], share[FORMAT_MAX];
        _cleanup_string_ String evidence = {0};

        if (images->seen < IMAGES_LEAST || images->cpu_us < CPU_LEAST_US || images->n_labels == 0)
                return 0;
        _cleanup_free_ const BuildLabel **labels = calloc(images->n_labels, sizeof *labels);
        _cleanup_free_ BuildLabel *programs = calloc(images->n_labels, sizeof *programs);
        if (!labels || !programs)
                return -ENOMEM;
        for (size_t i = 0; i < images->n_labels; i++)
                labels[i] = &images->labels[i];
        qsort(labels, images->n_labels, sizeof *labels, compare_text);
        size_t n_programs = sum_programs(labels, images->n_labels, programs);
        qsort(labels, images->n_labels, sizeof *labels, compare_cost);
        Finding *f = findings_raise(out, "costly-commands", NULL, SEVERITY_INFO, SURE_CERTAIN, FINDING_NO_TIME);
        finding_title(f, "%.*s took %s of the CPU time: %s of %s", (int)program_size(programs[0].text), programs[0].text,
                      format_percent(share, (double)programs[0].cpu_us / (double)images->cpu_us),
                      format_duration(cpu, programs[0].cpu_us * NS_PER_US), format_duration(all, images->cpu_us * NS_PER_US));
        string_add(&evidence, "programs: ");
        for (size_t i = 0; i < n_programs && i < COSTLY_PROGRAMS && programs[i].cpu_us > 0; i++)
                add_cost(&programs[i], program_size(programs[i].text), i == 0, &evidence);
        size_t told = 0;
        for (size_t i = 0; i < images->n_labels && told < COSTLY; i++) {
                if (!is_command(labels[i]))
                        continue;
                if (told == 0)
                        string_add(&evidence, "; single commands: ");
                add_cost(labels[i], strlen(labels[i]->text), told++ == 0, &evidence);
        }
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "CPU time by program, and by program and file; what is first pays most when it gets faster");
        return evidence.failed ? -ENOMEM : 0;
}

/* ---- in the end ---- */

static int find_chain(Build *b)
{
        _cleanup_free_ ChainProcess *times = calloc(b->images.n + 1, sizeof *times);

        b->held_ns = calloc(b->images.n_labels + 1, sizeof *b->held_ns);
        if (!times || !b->held_ns)
                return -ENOMEM;
        int r = build_images_finish(&b->images, b->wall_ns);
        for (size_t i = 0; i < b->images.n; i++)
                times[i] = b->images.items[i].times;
        return r < 0 ? r : chain_find(times, b->images.n, &b->steps, &b->n_steps);
}

static int build_finish(void *state, const DetectContext *context, Findings *out)
{
        Build *b = state;
        const DetectFacts *facts = &context->facts;
        Stretch stretches[STRETCHES_MAX];

        int r = tell_costly(b, out);
        const int64_t last_ns = b->run.n > 0 ? b->run.points[b->run.n - 1].t_ns : 0;
        b->wall_ns = facts->wall_ns == DETECT_UNKNOWN || facts->wall_ns > INT64_MAX / 4 ? last_ns : (int64_t)facts->wall_ns;
        /* A quota is a finding of its own; of cores in part nothing is said here. */
        b->cores = b->limit_cpus > 0 && b->limit_cpus < facts->cpus ? 0 : facts->cpus;
        if (r < 0 || facts->attached || b->cores < 2 || b->wall_ns < WALL_LEAST_NS || b->images.too_many ||
            b->images.seen < IMAGES_LEAST || b->run.n < 2 || b->idle.n < 2)
                return r;
        r = find_chain(b);
        if (r < 0)
                return r;
        size_t n = stretches_find(&b->run, b->wall_ns, b->cores, stretches);
        for (size_t i = 0; i < n; i++)
                if (stretches[i].tail && stretches[i].from_ns > b->wall_ns / 100 * 2)
                        tell_tail(b, &stretches[i], context, out);
        tell_idle(b, stretches, n, context, out);
        return 0;
}

static void build_done(void *state)
{
        Build *b = state;

        build_images_done(&b->images);
        free(b->steps);
        free(b->held_ns);
}

const Detector detector_build = {
        .name = "build",
        .tables = tables,
        .state_size = sizeof(Build),
        .afterwards = true,
        .observe = build_observe,
        .finish = build_finish,
        .done = build_done,
};
