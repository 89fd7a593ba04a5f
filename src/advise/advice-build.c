/* Settings of build tools: jobs at a time, links at a time, a compiler cache. */
#include <math.h>

#include "advise/advice.h"
#include "base/cleanup.h"

#define POOL_SAVES 0.90   /* a link pool is advised where memory falls below this part */
#define OTHERS_BUSY 0.3   /* CPUs that others had before -l is worth a word */
#define REPEATED 0.05     /* part of the CPU time that a compiler cache must have saved */

static bool ran(const AdviceFacts *facts, BuildTool tool)
{
        return facts->plan->tools >> tool & 1;
}

static void add_level_evidence(const Forecast *f, const ForecastLevel *l, String *to)
{
        string_add_format(to, "-j%u: ", l->jobs);
        advice_add_times(&l->wall_s, to);
        if (l->peak_bytes.expected > 0) {
                string_add(to, ", ");
                advice_add_bytes(&l->peak_bytes, to);
        }
}

/* Why this -j and no other. */
static void add_reason(const AdviceFacts *facts, String *to)
{
        const Forecast *f = facts->forecast;
        const ForecastLevel *best = &f->levels[f->best];
        char room[FORMAT_MAX];

        if (f->fits != SIZE_MAX && f->knee > f->fits)
                string_add_format(to, "more would be faster, but would not be sure to fit %s with head room",
                                  format_bytes(room, f->limit_bytes));
        else if (best->jobs >= (unsigned)ceil(f->cpus))
                string_add_format(to, "it keeps %.3g CPUs as busy as they get; more only needs more memory", f->cpus);
        else
                string_add(to, "more jobs would wait for each other: the longest chain of them allows no more");
}

static void add_evidence(const AdviceFacts *facts, String *to)
{
        const Forecast *f = facts->forecast;

        add_level_evidence(f, &f->levels[f->best], to);
        for (size_t i = 0; i < f->n; i++)
                if (f->levels[i].recorded && i != f->best) {
                        string_add(to, "; recorded ");
                        add_level_evidence(f, &f->levels[i], to);
                }
        if (f->best + 1 < f->n && !f->levels[f->best + 1].recorded) {
                string_add(to, "; ");
                add_level_evidence(f, &f->levels[f->best + 1], to);
        }
}

static int add_jobs(const AdviceFacts *facts, AdviceList *list, const char *id, const char *tool, const char *format)
{
        unsigned jobs = facts->forecast->levels[facts->forecast->best].jobs;
        _cleanup_(advice_text_done) AdviceText text = {0};

        string_add_format(&text.title, "%u jobs at a time", jobs);
        add_reason(facts, &text.reason);
        add_evidence(facts, &text.evidence);
        string_add_format(&text.snippet, format, jobs, jobs, jobs);
        return advice_add(list, id, tool, &text);
}

static int add_make(const AdviceFacts *facts, AdviceList *list)
{
        const BuildMachine *m = &facts->rows->machine;
        unsigned jobs = facts->forecast->levels[facts->forecast->best].jobs;
        int r = add_jobs(facts, list, "make-jobs", "make", "make -j%u\nexport MAKEFLAGS=-j%u   # for makes that others start");

        if (r < 0 || !(m->outside_cpus >= OTHERS_BUSY))
                return r;
        _cleanup_(advice_text_done) AdviceText text = {0};
        string_add_format(&text.title, "no new jobs while the machine is loaded");
        string_add_format(&text.reason, "others kept %.2g of %u CPUs busy meanwhile", m->outside_cpus, m->cpus);
        string_add_format(&text.snippet, "make -j%u -l%u", jobs, m->cpus);
        string_add_format(&text.evidence, "CPU time of the machine less that of the run: %.2g CPUs", m->outside_cpus);
        return advice_add(list, "make-load", "make", &text);
}

/* How many links are worth a limit of their own. */
static bool links_matter(const AdviceFacts *facts)
{
        const Forecast *f = facts->forecast;
        const ForecastLevel *best = &f->levels[f->best];

        return facts->plan->n_links >= 2 && best->jobs > 1 && isfinite(f->link_peak_bytes) &&
               f->link_peak_bytes < best->peak_bytes.expected * POOL_SAVES;
}

static int add_pool(const AdviceFacts *facts, AdviceList *list, const char *id, const char *tool, const char *snippet)
{
        const Forecast *f = facts->forecast;
        const ForecastLevel *best = &f->levels[f->best];
        _cleanup_(advice_text_done) AdviceText text = {0};
        char with[FORMAT_MAX], without[FORMAT_MAX];

        string_add(&text.title, "one link at a time");
        string_add(&text.reason, "links hold most memory where several run at once");
        string_add(&text.snippet, snippet);
        string_add_format(&text.evidence, "-j%u with one link at a time: %s, without: %s; %zu links", best->jobs,
                          format_bytes(with, (uint64_t)f->link_peak_bytes),
                          format_bytes(without, (uint64_t)best->peak_bytes.expected), facts->plan->n_links);
        return advice_add(list, id, tool, &text);
}

static int add_bazel(const AdviceFacts *facts, AdviceList *list)
{
        const Forecast *f = facts->forecast;
        int r = add_jobs(facts, list, "bazel-jobs", "bazel", "# .bazelrc\nbuild --jobs=%u");

        if (r < 0 || f->room_bytes == BUILD_UNKNOWN)
                return r;
        _cleanup_(advice_text_done) AdviceText text = {0};
        char room[FORMAT_MAX];
        string_add(&text.title, "what actions may use together");
        string_add(&text.reason, "Bazel starts an action only if what it guesses for it still fits these");
        string_add_format(&text.snippet, "# .bazelrc, from Bazel 7.1 on; before: --local_ram_resources, --local_cpu_resources\n"
                                         "build --local_resources=memory=%llu\nbuild --local_resources=cpu=%.3g",
                          (unsigned long long)(f->room_bytes >> 20), f->cpus);
        string_add_format(&text.evidence, "%s for the build, in MiB", format_bytes(room, f->room_bytes));
        return advice_add(list, "bazel-resources", "bazel", &text);
}

/* Builders at a time, and jobs in each: together as many as are advised. As many builders as there were to do. */
static int add_nix(const AdviceFacts *facts, AdviceList *list)
{
        const Forecast *f = facts->forecast;
        unsigned jobs = f->levels[f->best].jobs, builders = MIN(facts->plan->builders, jobs), cores = jobs / builders;
        _cleanup_(advice_text_done) AdviceText text = {0};

        string_add_format(&text.title, "%u builds at a time, %u core%s each", builders, cores, cores == 1 ? "" : "s");
        add_reason(facts, &text.reason);
        string_add_format(&text.snippet, "nix.settings.max-jobs = %u;\nnix.settings.cores = %u;", builders, cores);
        string_add_format(&text.evidence, "at most %u builder%s ran at a time; ", facts->plan->builders,
                          facts->plan->builders == 1 ? "" : "s");
        add_evidence(facts, &text.evidence);
        return advice_add(list, "nix-jobs", "nix", &text);
}

/* Only where the run itself shows what a cache would have been asked for twice. */
static int add_ccache(const AdviceFacts *facts, AdviceList *list)
{
        const Plan *plan = facts->plan;
        _cleanup_(advice_text_done) AdviceText text = {0};

        if (plan->ccache || plan->repeated < 2 || plan->repeated_s < plan->cpu_s * REPEATED)
                return 0;
        string_add(&text.title, "a compiler cache");
        string_add(&text.reason, "the same was compiled more than once in this build");
        string_add(&text.snippet, "export CC='ccache gcc' CXX='ccache g++'\n"
                                  "cmake -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache …");
        string_add_format(&text.evidence, "%zu of %zu compilations repeated one before: %.0f s of %.0f s CPU time", plan->repeated,
                          plan->compilations, plan->repeated_s, plan->cpu_s);
        return advice_add(list, "ccache", "ccache", &text);
}

int advice_build_tools(const AdviceFacts *facts, const char *tool, AdviceList *list)
{
        int r = 0;

        if (facts->forecast->best == SIZE_MAX)
                return 0;
        /* What a builder of Nix runs gets its -j from Nix. */
        bool by_hand = facts->plan->builders == 0;
        if (by_hand && ran(facts, TOOL_MAKE) && !facts->plan->forced && advice_wanted(tool, "make"))
                r = add_make(facts, list);
        if (r == 0 && by_hand && ran(facts, TOOL_NINJA) && advice_wanted(tool, "ninja"))
                r = add_jobs(facts, list, "ninja-jobs", "ninja", "ninja -j%u\ncmake --build . -j%u");
        bool pool = by_hand && ran(facts, TOOL_NINJA) && links_matter(facts);
        if (r == 0 && pool && advice_wanted(tool, "cmake"))
                r = add_pool(facts, list, "cmake-link-pool", "cmake",
                             "cmake -G Ninja -DCMAKE_JOB_POOLS=link=1 -DCMAKE_JOB_POOL_LINK=link …");
        if (r == 0 && pool && advice_wanted(tool, "meson") && ran(facts, TOOL_MESON))
                r = add_pool(facts, list, "meson-link-pool", "meson", "meson configure -Dbackend_max_links=1 BUILD");
        if (r == 0 && by_hand && ran(facts, TOOL_CARGO) && advice_wanted(tool, "cargo"))
                r = add_jobs(facts, list, "cargo-jobs", "cargo",
                             "export CARGO_BUILD_JOBS=%u\n# or .cargo/config.toml\n[build]\njobs = %u");
        if (r == 0 && ran(facts, TOOL_BAZEL) && advice_wanted(tool, "bazel"))
                r = add_bazel(facts, list);
        if (r == 0 && facts->plan->builders > 0 && advice_wanted(tool, "nix"))
                r = add_nix(facts, list);
        if (r == 0 && advice_wanted(tool, "ccache"))
                r = add_ccache(facts, list);
        return r;
}
