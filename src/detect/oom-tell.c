/* A kill in words. What the kernel said is certain; which limit it was is too, unless only bpf told it, which
 * knows the victim and no more: then the figures of that moment have to say. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "detect/cgroup-advice.h"
#include "detect/oom.h"
#include "detect/things.h"

/* What is known of the limit that a kill was for. */
typedef struct KillLimit {
        OomLimit which;
        bool guessed;
        const char *path; /* "" unknown */
        uint64_t bytes;   /* OOM_UNKNOWN */
        bool lowest;      /* `bytes` is the lowest one above the run, perhaps not this cgroup's */
} KillLimit;

bool oom_run_failed(const DetectFacts *f)
{
        return f->exit_code > 0 || f->exit_signal > 0 || f->timed_out;
}

/* ---- which limit ---- */

static bool is_nearly(uint64_t used, uint64_t limit)
{
        return used != OOM_UNKNOWN && limit != OOM_UNKNOWN && limit > 0 && used >= limit - limit / 10;
}

static void find_cgroup_bytes(const OomKill *k, KillLimit *l)
{
        if (cgroup_paths_match(k->cgroup, k->scene.cgroup_path) && k->scene.cgroup.known && k->scene.cgroup.b != OOM_UNKNOWN) {
                l->bytes = k->scene.cgroup.b;
        } else if (cgroup_paths_match(k->cgroup, k->scene.limits_path) && k->scene.limits.known) {
                l->bytes = k->scene.limits.b;
        } else if (k->scene.cgroup.known && k->scene.cgroup.c != OOM_UNKNOWN) {
                l->bytes = k->scene.cgroup.c;
                l->lowest = true;
        }
}

static KillLimit limit_of(const OomKill *k)
{
        KillLimit l = {.which = k->limit, .path = k->cgroup, .bytes = OOM_UNKNOWN};
        const OomThen *c = &k->scene.cgroup, *m = &k->scene.memory;

        if (l.which == OOM_LIMIT_UNKNOWN && c->known && is_nearly(c->a, c->c))
                l = (KillLimit){OOM_LIMIT_CGROUP, true, k->scene.cgroup_path, c->c, false};
        else if (l.which == OOM_LIMIT_UNKNOWN && m->known && m->a != OOM_UNKNOWN && m->b != OOM_UNKNOWN &&
                 m->b < m->a / (k->counted ? 4 : 10)) /* the row before may be a quarter of a second old */
                l = (KillLimit){OOM_LIMIT_MACHINE, true, "", OOM_UNKNOWN, false};
        else if (l.which == OOM_LIMIT_UNKNOWN && m->known && m->a != OOM_UNKNOWN && m->b != OOM_UNKNOWN && m->b > m->a / 2)
                l = (KillLimit){OOM_LIMIT_CGROUP, true, "", c->known ? c->c : OOM_UNKNOWN, false}; /* for nothing else was short */
        if (l.which == OOM_LIMIT_CGROUP && l.bytes == OOM_UNKNOWN)
                find_cgroup_bytes(k, &l);
        if (l.which == OOM_LIMIT_MACHINE)
                l.bytes = m->known ? m->a : OOM_UNKNOWN;
        return l;
}

/* ---- sentences ---- */

static const char *name_of(const OomKill *k)
{
        return k->comm[0] ? k->comm : "a process";
}

static void add_title(String *to, const OomKill *k, const KillLimit *l)
{
        char at[FORMAT_MAX], size[FORMAT_MAX];

        string_add_format(to, "out of memory: the kernel killed %s", name_of(k));
        if (k->resident_bytes != OOM_UNKNOWN && k->resident_bytes > 0)
                string_add_format(to, " (%s)", format_bytes(size, k->resident_bytes));
        string_add_format(to, " at %s", format_moment(at, k->t_ns));
        if (l->which == OOM_LIMIT_MACHINE)
                string_add_format(to, ", %sfor want of memory in the machine", l->guessed ? "probably " : "");
        else if (l->which == OOM_LIMIT_CGROUP && l->bytes != OOM_UNKNOWN && !l->lowest)
                string_add_format(to, ", %sby a cgroup's limit of %s", l->guessed ? "probably " : "", format_bytes(size, l->bytes));
        else if (l->which == OOM_LIMIT_CGROUP)
                string_add_format(to, ", %sby a cgroup's limit", l->guessed ? "probably " : "");
}

static void add_victim(String *to, const OomKill *k)
{
        const OomProcess *v = &k->victim;
        char size[FORMAT_MAX];

        if (k->pid > 0)
                string_add_format(to, "pid %d", k->pid);
        else if (k->said_pid > 0)
                string_add_format(to, "pid %d as the kernel counts", k->said_pid);
        if (v->key == OOM_UNKNOWN) {
                string_add_format(to, "%sno process that was recorded", to->size > 0 ? ", " : "");
                return;
        }
        if (v->category[0])
                string_add_format(to, ", %s", v->category);
        if (v->peak_bytes != OOM_UNKNOWN)
                string_add_format(to, ", %s at its peak", format_bytes(size, v->peak_bytes));
        if (v->cmdline[0])
                string_add_format(to, ", %s", v->cmdline);
        if (k->suspected)
                string_add(to, " (how it ended was not seen; it was the heaviest that ended then)");
}

static void add_limit(String *to, const OomKill *k, const KillLimit *l)
{
        const OomThen *m = &k->scene.memory, *c = &k->scene.cgroup;
        char a[FORMAT_MAX], b[FORMAT_MAX], at[FORMAT_MAX];

        if (l->which == OOM_LIMIT_CGROUP) {
                string_add_format(to, "; cgroup %s", l->path[0] ? l->path : "(its path is not recorded)");
                if (l->bytes != OOM_UNKNOWN)
                        string_add_format(to, l->lowest ? "; the lowest memory.max above the run is %s" : ", memory.max %s",
                                          format_bytes(a, l->bytes));
                if (c->known && c->a != OOM_UNKNOWN)
                        string_add_format(to, ", the run's cgroup used %s at %s", format_bytes(a, c->a),
                                          format_moment(at, c->t_ns));
                if (k->whole_group)
                        string_add(to, "; memory.oom.group: all of it was killed");
        }
        if (m->known && m->a != OOM_UNKNOWN && m->b != OOM_UNKNOWN)
                string_add_format(to, "; the machine had %s of %s left at %s", format_bytes(a, m->b), format_bytes(b, m->a),
                                  format_moment(at, m->t_ns));
        if (m->known && l->which == OOM_LIMIT_MACHINE && m->c != OOM_UNKNOWN && m->d <= m->c)
                string_add_format(to, m->c > 0 ? ", %s of %s of swap in use" : ", and no swap", format_bytes(a, m->c - m->d),
                                  format_bytes(b, m->c));
}

static uint64_t held_of(const OomProcess *p)
{
        return p->held_bytes != OOM_UNKNOWN ? p->held_bytes : p->peak_bytes;
}

/* Those that held most at that moment, as they were sampled; where they were not, by their peaks. */
static void add_heaviest(String *to, const OomScene *s)
{
        const OomProcess *most[OOM_BIGGEST];
        char size[FORMAT_MAX];
        bool any_peak = false;

        for (size_t i = 0; i < s->n_biggest; i++) {
                size_t k = i;
                for (; k > 0 && held_of(most[k - 1]) < held_of(&s->biggest[i]); k--)
                        most[k] = most[k - 1];
                most[k] = &s->biggest[i];
        }
        for (size_t i = 0; i < MIN(s->n_biggest, (size_t)OOM_SHOWN); i++) {
                bool peak = most[i]->held_bytes == OOM_UNKNOWN;
                string_add_format(to, "%s %s (pid %d) %s%s", i > 0 ? "," : "", most[i]->comm[0] ? most[i]->comm : "?", most[i]->pid,
                                  format_bytes(size, held_of(most[i])), peak && s->totals.known && !any_peak ? " at its peak" : "");
                any_peak |= peak;
        }
}

/* Of all of them together. What the run's cgroup counts is too little where processes have left it: then resident
 * memory. OOM_UNKNOWN: neither can be right, or they are of a moment too early. */
static uint64_t held_by_all(const OomKill *k)
{
        const OomScene *s = &k->scene;
        const OomThen *t = &s->totals;
        uint64_t most = k->resident_bytes != OOM_UNKNOWN ? k->resident_bytes : 0;

        for (size_t i = 0; i < s->n_biggest; i++)
                if (s->biggest[i].held_bytes != OOM_UNKNOWN)
                        most = MAX(most, s->biggest[i].held_bytes);
        if (!t->known || t->a == OOM_UNKNOWN)
                return OOM_UNKNOWN;
        return t->c != OOM_UNKNOWN && t->c >= most / 2 ? t->c : t->b != OOM_UNKNOWN && t->b >= most / 2 ? t->b : OOM_UNKNOWN;
}

static void add_alive(String *to, const OomKill *k)
{
        const OomScene *s = &k->scene;
        const uint64_t together = held_by_all(k);
        char n[FORMAT_MAX], sum[FORMAT_MAX], at[FORMAT_MAX];

        if (together != OOM_UNKNOWN)
                string_add_format(to, "; the run's %s process%s held %s at %s", format_count(n, s->totals.a), s->totals.a == 1 ? "" : "es",
                                  format_bytes(sum, together), format_moment(at, s->totals.t_ns));
        if (s->n_biggest == 0)
                return;
        if (together != OOM_UNKNOWN)
                string_add(to, ", the heaviest");
        else
                string_add_format(to, "; of the run %s process%s lived then, with peaks of %s together, the heaviest",
                                  format_count(n, s->alive), s->alive == 1 ? "" : "es", format_bytes(sum, s->alive_bytes));
        add_heaviest(to, s);
}

static void add_teller(String *to, const OomKill *k)
{
        string_add_format(to, "; told by %s", k->told && k->logged ? "bpf and the kernel's log"
                                              : k->told            ? "bpf"
                                              : k->logged          ? "the kernel's log"
                                                                   : "the kernel's counter of such kills alone");
}

/* ---- advice ---- */

/* How many of the victim's kind would have fitted: from those alive then, with a fifth of the room left. 0: no
 * answer, and the words are general. */
static uint64_t add_jobs(String *to, const OomKill *k, uint64_t room)
{
        char each[FORMAT_MAX], all[FORMAT_MAX];

        for (size_t i = 0; k->victim.key != OOM_UNKNOWN && room != OOM_UNKNOWN && i < k->scene.n_categories; i++) {
                const OomCategory *c = &k->scene.categories[i];
                const OomSizes jobs = oom_category_jobs(c);
                if (!text_equal(c->name, k->victim.category) || jobs.n < 2 || jobs.peak_bytes / jobs.n == 0)
                        continue;
                uint64_t others = k->scene.alive_bytes - jobs.peak_bytes, mean = jobs.peak_bytes / jobs.n;
                uint64_t usable = room - room / 5 > others ? room - room / 5 - others : 0, fit = usable / mean;
                if (fit == 0 || fit >= jobs.n)
                        continue;
                string_add_format(to, "run fewer jobs at once: %" PRIu64 " of this kind (%s) ran then, %s each on the average; of %s "
                                      "about %" PRIu64 " fit",
                                  jobs.n, c->name, format_bytes(each, mean), format_bytes(all, room), fit);
                return fit;
        }
        string_add(to, "run fewer jobs at once (-j), and give big steps such as links a pool of their own");
        return 0;
}

/* What was wanted and half as much again, in whole GiB where it is some. */
static uint64_t enough(uint64_t limit, uint64_t wanted)
{
        uint64_t bytes = MAX(limit, wanted == OOM_UNKNOWN ? 0 : wanted), unit;

        bytes = MIN(bytes, UINT64_MAX / 4);
        bytes += bytes / 2;
        unit = bytes >= 4ull << 30 ? 1ull << 30 : 1ull << 20;
        return (bytes + unit - 1) / unit * unit;
}

/* A line of words, then those to be pasted. */
static void add_advice(String *to, const OomKill *k, const KillLimit *l, bool v1)
{
        const bool known = l->bytes != OOM_UNKNOWN && l->bytes > 0, raise = known && l->which == OOM_LIMIT_CGROUP && !l->lowest;
        const uint64_t wanted = known ? enough(l->bytes, k->scene.alive_bytes) : 0;
        const uint64_t jobs = add_jobs(to, k, known ? l->bytes : OOM_UNKNOWN);
        char more[FORMAT_MAX];

        if (raise)
                string_add_format(to, "; or raise the limit, to %s say:\n", format_bytes(more, wanted));
        else if (l->which == OOM_LIMIT_CGROUP)
                string_add(to, "; or raise that cgroup's memory.max");
        else
                string_add(to, k->scene.memory.known && k->scene.memory.c == 0 ? "; or add memory, or swap (zram) where little of it is used at a time"
                                                                   : "; or add memory");
        if (jobs > 0)
                string_add_format(to, "%s-j %" PRIu64 "\n", raise ? "" : ":\n", jobs);
        if (raise)
                cgroup_advise(to, l->path, v1, CGROUP_KNOB_MEMORY, wanted);
}

static void name_subject(OomKill *k, const OomState *s)
{
        if (k->subject[0])
                return;
        if (k->pid > 0)
                snprintf(k->subject, sizeof k->subject, "%d", k->pid);
        else if (k->said_pid > 0)
                snprintf(k->subject, sizeof k->subject, "%s %d", name_of(k), k->said_pid);
        else
                snprintf(k->subject, sizeof k->subject, "kill %zu", (size_t)(k - s->kills) + 1);
}

void oom_tell(const OomState *s, OomKill *k, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String title = {0}, evidence = {0}, advice = {0};
        KillLimit limit = limit_of(k);
        bool own = k->process || k->victim.key != OOM_UNKNOWN;

        name_subject(k, s);
        Finding *f = findings_raise(out, "oom", k->subject, own ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                                    k->told || k->logged ? SURE_CERTAIN : k->suspected ? SURE_POSSIBLE : SURE_LIKELY, k->t_ns);
        if (!f)
                return;
        f->cause = true;
        f->pid = k->pid > 0 ? k->pid : k->victim.key != OOM_UNKNOWN ? k->victim.pid : -1;
        f->process = k->process ? k->process : k->victim.key != OOM_UNKNOWN ? k->victim.key : 0;
        add_title(&title, k, &limit);
        add_victim(&evidence, k);
        add_limit(&evidence, k, &limit);
        add_alive(&evidence, k);
        add_teller(&evidence, k);
        add_advice(&advice, k, &limit, context->facts.cgroup_v1);
        finding_title(f, "%s", string_get(&title));
        finding_evidence(f, "%s", string_get(&evidence));
        if (!own)
                finding_meaning(f, "%s", "it was none of the run's recorded processes, but it may have worked for it (a daemon's child), "
                                         "and the memory it lacked was the run's, too");
        else if (limit.which == OOM_LIMIT_CGROUP)
                finding_meaning(f, "%s", "the limit of a cgroup was reached, not the machine's memory: nothing else had to be short");
        else if (limit.which == OOM_LIMIT_MACHINE)
                finding_meaning(f, "%s", "the machine could give no more memory, so the kernel ended the process it had most to gain from; "
                                         "that need not be the one that asked for too much");
        finding_advice(f, "%s", string_get(&advice));
}
