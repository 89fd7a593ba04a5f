/*
 * Processes whose memory, open files or threads grow and grow: what `vigia leak` finds, told as findings. Peaks that
 * left memory behind; and who outlived its parent and stayed.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/leak-finder.h"
#include "detect/leak-words.h"
#include "detect/things.h"

static const char *const process_columns[] = {"process", "parent", "pid", "start_ns", "end_ns", "exit_code", "exit_signal",
                                              "comm", "cmdline", "major", NULL};
static const char *const sample_columns[] = {"t_ns", "process", "rss_anon_bytes", "swap_bytes", "pss_bytes", "fds", "threads", NULL};
static const char *const memory_columns[] = {"available_bytes", "swap_free_bytes", NULL};
static const char *const limit_columns[] = {"memory_max_bytes", "memory_current_bytes", NULL};

static const DetectTable tables[] = {
        {"processes", process_columns, false},
        {"samples", sample_columns, false},
        {"memory", memory_columns, false},
        {"limits", limit_columns, false},
        {NULL},
};

enum { TOLD_MAX = 8 /* of a kind, one by one */, COMMAND_MAX = 200 };

typedef struct Leaks {
        LeakFinder *finder; /* NULL: the run is too short, or there were no rows */
} Leaks;

/* How one of the three is called. */
typedef struct Kind {
        const char *id;
        const LeakVerdict *(*of)(const LeakProcess *process);
        const char *what, *unit; /* "open files" */
} Kind;

static const LeakVerdict *memory_of(const LeakProcess *p)
{
        return &p->memory;
}

static const LeakVerdict *fds_of(const LeakProcess *p)
{
        return &p->fds;
}

static const LeakVerdict *threads_of(const LeakProcess *p)
{
        return &p->threads;
}

static const Kind kinds[] = {
        {"leak", memory_of, "private memory", " MB"},
        {"leak-files", fds_of, "open files", ""},
        {"leak-threads", threads_of, "threads", ""},
};

/* ---- who ---- */

static void add_who(const LeakProcess *p, String *out)
{
        string_add(out, p->comm ? p->comm : "a process");
        if (p->pid > 0)
                string_add_format(out, " (pid %d)", p->pid);
}

/* Some work of many that ended well while the run went on: whatever it took, it gave back. */
static bool is_job(const LeakProcess *p)
{
        return p->well && p->over;
}

/* As it was called, where a shell takes it as it stands. */
static void add_command(const LeakProcess *p, String *out)
{
        const char *text = p->cmdline ? p->cmdline : "";
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./=:,@%+-";
        size_t size = strlen(text);
        bool fits = size > 0 && size <= COMMAND_MAX && strspn(text, plain) == size && text[0] != '-' && text[0] != ' ';

        string_add(out, fits ? text : "COMMAND");
}

/* ---- growth ---- */

static void add_interval(const LeakVerdict *v, const char *unit, String *out)
{
        char low[FORMAT_MAX], high[FORMAT_MAX];

        if (!isfinite(v->low) || !isfinite(v->high))
                return;
        leak_rate_words(low, v->low);
        leak_rate_words(high, v->high);
        if (text_equal(low, high))
                string_add_format(out, "; %s%s a minute, as exactly as that (95 %%)", low, unit);
        else
                string_add_format(out, "; between %s and %s%s a minute (95 %%)", low, high, unit);
}

static const char *level_words(char buffer[FORMAT_MAX], const Kind *kind, double level)
{
        double size = MIN(MAX(level, 0.0), 9e12);

        return kind->of == memory_of ? format_bytes(buffer, (uint64_t)(size * 1e6)) : format_count(buffer, (uint64_t)(size + 0.5));
}

static int64_t begin_of(const LeakProcess *p, const Kind *kind)
{
        return kind->of == memory_of ? p->memory_ns : kind->of == fds_of ? p->fds_ns : p->threads_ns;
}

static void add_evidence(const LeakProcess *p, const Kind *kind, String *out)
{
        const LeakVerdict *v = kind->of(p);
        char first[FORMAT_MAX], last[FORMAT_MAX], from[FORMAT_MAX], over[FORMAT_MAX];

        string_add_format(out, "%s from %s at %s to %s within %s, ", kind->what, level_words(first, kind, v->first),
                          format_moment(from, begin_of(p, kind)), level_words(last, kind, v->last), leak_minutes_words(over, v->minutes));
        leak_shape_words(v, out);
        if (kind->of == memory_of && v->peaks_kept > 1)
                string_add_format(out, ", %zu of %zu peaks not given back", v->peaks_kept, v->peaks);
        add_interval(v, kind->unit, out);
        if (kind->of == memory_of && p->is_estimate)
                string_add(out, "; what of it is private is not known");
}

static void add_title(const LeakProcess *p, const Kind *kind, bool job, String *out)
{
        const LeakVerdict *v = kind->of(p);
        char rate[FORMAT_MAX];
        bool leak = v->class == LEAK_LEAK;

        add_who(p, out);
        leak_rate_words(rate, v->rate);
        if (kind->of != memory_of)
                string_add_format(out, leak ? " keeps more and more %s, %s a minute" : " slowly gathers %s, %s a minute", kind->what, rate);
        else if (job)
                string_add_format(out, " grew by %s MB a minute until it ended", rate);
        else
                string_add_format(out, leak ? " leaks %s MB a minute" : " grows slowly, %s MB a minute", rate);
}

static void add_meaning(const LeakReport *report, const LeakProcess *p, const Kind *kind, bool job, String *out)
{
        if (kind->of == fds_of) {
                string_add(out, "files, sockets or pipes are opened and not closed: at its limit (ulimit -n) every open fails with "
                                "\"Too many open files\"");
        } else if (kind->of == threads_of) {
                string_add(out, "threads are started that do not end: each costs a stack, and a task of the limits on them");
        } else if (job) {
                string_add(out, "it has given all back: a leak only if it goes on for longer with more to do");
        } else {
                string_add(out, p->memory.class == LEAK_LEAK ? "memory is taken and not given back, beyond what a warm-up, a cache "
                                                               "that fills or a garbage collector explain"
                                                             : "too little to tell a leak from a program that learns; it adds up over days");
                if (!isnan(p->exhaustion.minutes) && !p->well) {
                        string_add(out, ": ");
                        leak_exhaustion_words(report, &p->exhaustion, out);
                }
        }
}

static void add_heap_advice(const LeakProcess *p, String *out)
{
        if (p->end_ns == LEAK_ALIVE && p->pid > 0) {
                string_add_format(out, "vigia leak --heap %d\n", p->pid);
        } else {
                string_add(out, "vigia leak --heap -- ");
                add_command(p, out);
                string_add_char(out, '\n');
        }
        string_add(out, "vigia leak --valgrind -- ");
        add_command(p, out);
        string_add_char(out, '\n');
}

static void add_advice(const LeakProcess *p, const Kind *kind, const DetectFacts *facts, String *out)
{
        const char *run = facts->run[0] ? facts->run : "RUN";

        if (kind->of == memory_of) {
                string_add_format(out, "how it grew, and which places in it keep the memory (root; valgrind: 20 times slower):\nvigia leak %s\n", run);
                add_heap_advice(p, out);
        } else if (kind->of == fds_of && p->end_ns == LEAK_ALIVE && p->pid > 0) {
                string_add_format(out, "see what they are:\nls -l /proc/%d/fd\nvigia leak %s\n", p->pid, run);
        } else if (kind->of == fds_of) {
                string_add_format(out, "look at ls -l /proc/PID/fd while it runs; how they grew:\nvigia leak %s\n", run);
        } else {
                string_add_format(out, "what they are called and did is recorded with --threads:\nvigia leak %s\n", run);
        }
}

static Severity severity_of(const LeakProcess *p, const Kind *kind, const DetectContext *context, bool job)
{
        const LeakExhaustion *e = &p->exhaustion;

        if (job || kind->of(p)->class != LEAK_LEAK)
                return SEVERITY_INFO;
        bool near = kind->of == memory_of && !p->well && e->minutes * 60e9 <= (double)context->thresholds.leak_exhaustion_ns;
        return near ? SEVERITY_CRITICAL : SEVERITY_WARNING;
}

static Finding *raise(const LeakProcess *p, const char *id, Severity severity, Sureness sure, Findings *out)
{
        char subject[FORMAT_MAX];
        Finding *f = findings_raise(out, id, format_count(subject, p->key), severity, sure, FINDING_NO_TIME);

        if (f) {
                f->process = p->key;
                f->pid = p->pid > 0 ? p->pid : -1;
        }
        return f;
}

static int tell_growth(const LeakReport *report, const LeakProcess *p, const Kind *kind, const DetectContext *context, Findings *out)
{
        bool job = is_job(p);
        bool long_enough = kind->of(p)->minutes * 60e9 >= 5 * (double)context->thresholds.leak_time_ns;
        _cleanup_string_ String title = {0}, evidence = {0}, meaning = {0}, advice = {0};
        Finding *f = raise(p, kind->id, severity_of(p, kind, context, job), long_enough ? SURE_LIKELY : SURE_POSSIBLE, out);

        if (f)
                f->cause = f->severity == SEVERITY_CRITICAL; /* of little memory that is left */
        add_title(p, kind, job, &title);
        add_evidence(p, kind, &evidence);
        add_meaning(report, p, kind, job, &meaning);
        add_advice(p, kind, &context->facts, &advice);
        finding_title(f, "%s", string_get(&title));
        finding_evidence(f, "%s", string_get(&evidence));
        finding_meaning(f, "%s", string_get(&meaning));
        finding_advice(f, "%s", string_get(&advice));
        return title.failed || evidence.failed || meaning.failed || advice.failed ? -ENOMEM : 0;
}

/* Beyond those told one by one: how many, and how fast together. */
static void tell_others(const Kind *kind, size_t n, double rate, Severity severity, const DetectFacts *facts, Findings *out)
{
        char count[FORMAT_MAX], sum[FORMAT_MAX];
        Finding *f = findings_raise(out, kind->id, "others", severity, SURE_POSSIBLE, FINDING_NO_TIME);

        finding_title(f, "%s more process%s grow%s in %s, %s%s a minute together", format_count(count, n), n == 1 ? "" : "es",
                      n == 1 ? "s" : "", kind->what, leak_rate_words(sum, rate), kind->unit);
        finding_advice(f, "all of them:\nvigia leak %s\n", facts->run[0] ? facts->run : "RUN");
}

static void tell_ended(const Kind *kind, size_t n, Findings *out)
{
        char count[FORMAT_MAX];
        Finding *f = findings_raise(out, kind->id, "ended", SEVERITY_INFO, SURE_POSSIBLE, FINDING_NO_TIME);

        finding_title(f, "%s more process%s grew in %s until %s ended", format_count(count, n), n == 1 ? "" : "es", kind->what,
                      n == 1 ? "it" : "they");
}

static bool is_growth(const LeakProcess *p, const Kind *kind, const Thresholds *t)
{
        const LeakVerdict *v = kind->of(p);

        return !p->step && v->class >= LEAK_SLOW && (kind->of != memory_of || (v->last - v->first) * 1e6 >= (double)t->leak_bytes);
}

static int tell_kind(const LeakReport *report, const Kind *kind, const DetectContext *context, Findings *out)
{
        size_t n = 0, n_more = 0, n_ended = 0;
        double rate = 0;
        Severity worst = SEVERITY_INFO;
        int r = 0;

        for (size_t i = 0; r == 0 && i < report->n; i++) {
                const LeakProcess *p = &report->processes[i];
                if (!is_growth(p, kind, &context->thresholds))
                        continue;
                if (n++ < TOLD_MAX) {
                        r = tell_growth(report, p, kind, context, out);
                        continue;
                }
                if (is_job(p)) {
                        n_ended++;
                        continue;
                }
                n_more++;
                rate += kind->of(p)->rate;
                worst = MAX(worst, severity_of(p, kind, context, is_job(p)));
        }
        if (n_more > 0)
                tell_others(kind, n_more, rate, worst, &context->facts, out);
        if (n_ended > 0)
                tell_ended(kind, n_ended, out);
        return r;
}

/* ---- peaks ---- */

/* It grows by no trend, but came back from its peaks higher than it went into them, again and again. */
static bool keeps_peaks(const LeakProcess *p, const DetectContext *context)
{
        const LeakVerdict *v = &p->memory;

        return v->class == LEAK_NORMAL && !p->step && !is_job(p) && v->peaks_kept >= 2 && v->peaks_kept * 2 > v->peaks &&
               (v->last - v->lowest) * 1e6 >= (double)context->thresholds.peaks_kept_bytes;
}

static int tell_peaks(const LeakProcess *p, const DetectFacts *facts, Findings *out)
{
        char kept[FORMAT_MAX], lowest[FORMAT_MAX], last[FORMAT_MAX], highest[FORMAT_MAX];
        _cleanup_string_ String who = {0}, advice = {0};
        const LeakVerdict *v = &p->memory;
        Finding *f = raise(p, "peaks-kept", SEVERITY_INFO, SURE_LIKELY, out);

        add_who(p, &who);
        finding_title(f, "%s did not give back %s that it took in %zu peaks", string_get(&who),
                      format_bytes(kept, (uint64_t)((v->last - v->lowest) * 1e6)), v->peaks_kept);
        finding_evidence(f, "private memory %s at least and %s at most; %s in the end; %zu of %zu peaks left it higher than before",
                         level_words(lowest, &kinds[0], v->lowest), level_words(highest, &kinds[0], v->highest),
                         level_words(last, &kinds[0], v->last), v->peaks_kept, v->peaks);
        finding_meaning(f, "a cache, or memory in pieces that the allocator cannot return; no growth that could be told from noise");
        string_add_format(&advice, "how it went, and who holds it:\nvigia leak --all %s\n", facts->run[0] ? facts->run : "RUN");
        add_heap_advice(p, &advice);
        finding_advice(f, "%s", string_get(&advice));
        return who.failed || advice.failed ? -ENOMEM : 0;
}

/* ---- orphans ---- */

static bool is_left(const LeakProcess *p, const DetectContext *context)
{
        const DetectFacts *facts = &context->facts;
        int64_t end_ns = facts->wall_ns != DETECT_UNKNOWN && facts->wall_ns < INT64_MAX ? (int64_t)facts->wall_ns : p->orphaned_ns;

        /* Where nobody began it for the command, a service may have; those are meant to stay. */
        return p->orphan && p->end_ns == LEAK_ALIVE && !facts->attached && end_ns - p->orphaned_ns >= (int64_t)context->thresholds.orphan_ns;
}

static int tell_orphan(const LeakProcess *p, const DetectFacts *facts, Findings *out)
{
        char at[FORMAT_MAX], memory[FORMAT_MAX], over[FORMAT_MAX];
        _cleanup_string_ String who = {0}, parent = {0};
        int64_t end_ns = (int64_t)facts->wall_ns;
        Finding *f = raise(p, "orphan", SEVERITY_INFO, SURE_CERTAIN, out);

        add_who(p, &who);
        if (p->parent && p->parent->comm[0])
                string_add_format(&parent, "%s (pid %d)", p->parent->comm, p->parent->pid);
        finding_title(f, "%s outlived %s that started it, and was still there at the end", string_get(&who),
                      parent.size > 0 ? string_get(&parent) : "the process");
        finding_evidence(f, "its parent ended at %s, %s before the end%s%s", format_moment(at, p->orphaned_ns),
                         leak_minutes_words(over, (double)(end_ns - p->orphaned_ns) / 60e9),
                         p->memory_bytes != LEAK_NO_BYTES ? "; it holds " : "",
                         p->memory_bytes != LEAK_NO_BYTES ? format_bytes(memory, p->memory_bytes) : "");
        finding_meaning(f, "nobody waits for it: a daemon that is meant to stay, or one that was forgotten");
        if (p->pid > 0)
                finding_advice(f, "if it is not wanted, let the command end it, or:\nkill %d\n", p->pid);
        return who.failed || parent.failed ? -ENOMEM : 0;
}

static void tell_more_orphans(size_t n, const DetectFacts *facts, Findings *out)
{
        char count[FORMAT_MAX];
        Finding *f = findings_raise(out, "orphan", "others", SEVERITY_INFO, SURE_CERTAIN, FINDING_NO_TIME);

        finding_title(f, "%s more processes outlived their parents", format_count(count, n));
        finding_advice(f, "all of them:\nvigia leak %s\n", facts->run[0] ? facts->run : "RUN");
}

/* ---- rows ---- */

static bool is_too_short(const DetectContext *context)
{
        return context->facts.wall_ns < MIN(context->thresholds.leak_time_ns, context->thresholds.orphan_ns);
}

static int leaks_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Leaks *s = state;

        if (is_too_short(context))
                return 0;
        if (!s->finder) {
                const DetectFacts *facts = &context->facts;
                const Thresholds *t = &context->thresholds;
                LeakOptions options = leak_options_of(t, facts->interval_ns, !facts->attached);
                uint64_t least = MIN(t->leak_time_ns, t->orphan_ns);
                options.least_life_ns = (int64_t)MIN(least, (uint64_t)INT64_MAX / 4);
                int r = leak_finder_new(&options, &s->finder);
                if (r < 0)
                        return r;
        }
        return leak_finder_observe(s->finder, table, rows);
}

static int leaks_finish(void *state, const DetectContext *context, Findings *out)
{
        Leaks *s = state;
        const LeakReport *report;
        const DetectFacts *facts = &context->facts;
        size_t n_orphans = 0;

        if (!s->finder)
                return 0;
        int64_t end_ns = facts->wall_ns == DETECT_UNKNOWN ? INT64_MIN : (int64_t)MIN(facts->wall_ns, (uint64_t)INT64_MAX / 4);
        int r = leak_finder_finish(s->finder, end_ns, &report);
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(kinds); i++)
                r = tell_kind(report, &kinds[i], context, out);
        for (size_t i = 0, n = 0; r == 0 && i < report->n && n < TOLD_MAX; i++)
                if (keeps_peaks(&report->processes[i], context)) {
                        n++;
                        r = tell_peaks(&report->processes[i], facts, out);
                }
        for (size_t i = 0; r == 0 && i < report->n; i++)
                if (is_left(&report->processes[i], context) && n_orphans++ < TOLD_MAX)
                        r = tell_orphan(&report->processes[i], facts, out);
        if (r == 0 && n_orphans > TOLD_MAX)
                tell_more_orphans(n_orphans - TOLD_MAX, facts, out);
        return r;
}

static void leaks_done(void *state)
{
        Leaks *s = state;

        leak_finder_free(s->finder);
}

const Detector detector_leaks = {
        .name = "leaks",
        .tables = tables,
        .state_size = sizeof(Leaks),
        .afterwards = true,
        .observe = leaks_observe,
        .finish = leaks_finish,
        .done = leaks_done,
};
