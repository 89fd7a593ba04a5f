/*
 * What the kernel did not name. First its counters of OOM kills: one that rose while a process ended by SIGKILL
 * was that kill. Then SIGKILL for another reason: a daemon that kills before the kernel has to, timeout(1),
 * vigia's own --timeout; of the rest only that somebody sent it, and what speaks for or against memory. Last,
 * programs that said themselves that they were refused memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/oom.h"
#include "detect/things.h"

/* ---- counters ---- */

static bool falls_into(const OomRise *rise, int64_t t_ns)
{
        return t_ns >= rise->from_ns - (int64_t)NS_PER_SECOND && t_ns <= rise->to_ns + (int64_t)NS_PER_SECOND;
}

/* Takes away what is known to have been told. */
static uint64_t left_of(const OomState *s, const OomRise *rise)
{
        uint64_t n = rise->n;

        for (size_t i = 0; i < s->n_kills && n > 0; i++)
                if (falls_into(rise, s->kills[i].t_ns))
                        n--;
        return n;
}

static OomKill *add_counted(OomState *s, int64_t t_ns, const OomProcess *victim, bool cgroup)
{
        OomKill *k = oom_add_kill(s, t_ns);

        if (!k)
                return NULL;
        k->counted = true;
        if (victim) {
                k->victim = *victim;
                k->pid = victim->pid;
                memcpy(k->comm, victim->comm, sizeof k->comm);
        }
        if (cgroup) {
                /* What is counted is that its processes were killed, for whichever limit: a cgroup near its
                 * own was killed for that. */
                bool full = s->cgroup_limit_bytes > 0 && s->cgroup_most_bytes >= s->cgroup_limit_bytes - s->cgroup_limit_bytes / 10;
                k->limit = full ? OOM_LIMIT_CGROUP : OOM_LIMIT_UNKNOWN;
                text_copy(k->cgroup, sizeof k->cgroup, full ? s->cgroup.path : "");
                k->cgroup_then = (OomThen){s->cgroup_most_ns, full, s->cgroup_most_bytes, OOM_UNKNOWN, s->cgroup_limit_bytes, 0};
        }
        return k;
}

static void count_rise(OomState *s, const OomRise *rise, bool cgroup)
{
        uint64_t n = left_of(s, rise);

        for (size_t i = 0; i < s->n_sigkills && n > 0; i++) {
                const OomProcess p = s->sigkills[i];
                if (falls_into(rise, p.end_ns) && !oom_is_explained(s, &p)) {
                        add_counted(s, p.end_ns, &p, cgroup);
                        n--;
                }
        }
        /* Of the rest one finding says it: nothing is known but that it happened. */
        if (n > 0)
                add_counted(s, rise->to_ns, NULL, cgroup);
}

void oom_tell_counted(OomState *s, const DetectContext *context, Findings *out)
{
        for (size_t i = 0; i < s->cgroup.n_rises; i++)
                count_rise(s, &s->cgroup.rises[i], true);
        for (size_t i = 0; i < s->machine.n_rises; i++)
                count_rise(s, &s->machine.rises[i], false);
}

/* ---- SIGKILL ---- */

/* timeout(1) above it: as its parent, which it usually is, or named for it. */
static const OomProcess *find_timeout(const OomState *s, const OomProcess *p)
{
        for (size_t i = 0; i < s->n_senders; i++) {
                const OomProcess *t = &s->senders[i];
                bool parent = t->pid == p->ppid && t->pid > 0 && t->start_ns <= p->start_ns;
                if ((parent || (p->parent != OOM_UNKNOWN && p->parent == t->key)) && t->end_ns >= p->end_ns - (int64_t)NS_PER_SECOND)
                        return t;
        }
        return NULL;
}

static const OomProcess *find_timed(const OomState *s, const OomProcess **ret_timeout)
{
        for (size_t i = 0; i < s->n_sigkills; i++) {
                *ret_timeout = oom_is_explained(s, &s->sigkills[i]) ? NULL : find_timeout(s, &s->sigkills[i]);
                if (*ret_timeout)
                        return &s->sigkills[i];
        }
        return NULL;
}

/* What speaks for memory where the kernel is not heard. */
static bool was_short(const OomState *s, const OomProcess *p)
{
        const int64_t near_ns = 2 * (int64_t)NS_PER_SECOND;

        if (s->cgroup_limit_bytes > 0 && s->cgroup_most_bytes >= s->cgroup_limit_bytes - s->cgroup_limit_bytes / 32 &&
            llabs(s->cgroup_most_ns - p->end_ns) <= near_ns)
                return true;
        return s->total_bytes > 0 && s->least_bytes < s->total_bytes / 20 && llabs(s->least_ns - p->end_ns) <= near_ns;
}

/* The kernel's counter was read after it, and had not moved. */
static bool counter_denies(const OomState *s, const OomProcess *p)
{
        for (size_t i = 0; i < s->machine.n_rises; i++)
                if (falls_into(&s->machine.rises[i], p->end_ns))
                        return false;
        return s->machine.known && s->machine.first_ns <= p->end_ns && s->machine.last_ns >= p->end_ns;
}

static void add_evidence(String *to, const OomState *s, const OomProcess *p, size_t n)
{
        char at[FORMAT_MAX], a[FORMAT_MAX], b[FORMAT_MAX];

        string_add_format(to, "%s (pid %d) ended by signal 9 at %s", p->comm, p->pid, format_moment(at, p->end_ns));
        if (p->peak_bytes != OOM_UNKNOWN)
                string_add_format(to, ", its memory's peak %s", format_bytes(a, p->peak_bytes));
        if (p->cmdline[0])
                string_add_format(to, ", %s", p->cmdline);
        if (n > 1)
                string_add_format(to, "; so did %s more", format_count(a, n - 1));
        if (s->words.killed_line[0])
                string_add_format(to, "; the output says \"%s\"", s->words.killed_line);
        if (counter_denies(s, p))
                string_add(to, "; the kernel's counter of OOM kills did not move");
        if (s->total_bytes > 0)
                string_add_format(to, "; the machine never had less than %s of %s left", format_bytes(a, s->least_bytes),
                                  format_bytes(b, s->total_bytes));
}

/* Where the kernel killed for want of memory, others were seldom the cause. */
static Severity severity_of(const OomState *s, const DetectFacts *facts)
{
        return s->n_kills > 0 ? SEVERITY_INFO
               : facts->exit_signal == 9 || facts->exit_code == 137 ? SEVERITY_CRITICAL
               : oom_run_failed(facts)                            ? SEVERITY_WARNING
                                                                  : SEVERITY_INFO;
}

static Finding *raise_killed(const OomProcess *p, const char *id, Severity severity, Sureness sure, Findings *out)
{
        Finding *f = findings_raise(out, id, NULL, severity, sure, p->end_ns);

        if (f) {
                f->cause = true;
                f->pid = p->pid;
                f->process = p->key != OOM_UNKNOWN ? p->key : 0;
        }
        return f;
}

static void tell_daemon(const OomState *s, const OomProcess *p, const char *evidence, Findings *out)
{
        const bool systemd = s->words.daemon == OOM_SYSTEMD;
        const char *name = systemd ? "systemd-oomd" : "earlyoom";
        char at[FORMAT_MAX];
        Finding *f = raise_killed(p, "oom-daemon", SEVERITY_CRITICAL, SURE_LIKELY, out);

        finding_title(f, "out of memory: %s killed %s at %s", name, p->comm, format_moment(at, p->end_ns));
        finding_evidence(f, "\"%s\"; %s", s->words.daemon_line, evidence);
        finding_meaning(f, "%s watches memory and kills before the kernel's OOM killer has to; the machine or the cgroup was "
                           "short of it", name);
        finding_advice(f, systemd ? "run fewer jobs at once (-j), or keep it from this command:\n"
                                    "systemd-run --user --scope -p ManagedOOMMemoryPressure=auto -p ManagedOOMSwap=auto COMMAND\n"
                                  : "run fewer jobs at once (-j), or keep earlyoom from it: --avoid REGEX in /etc/default/earlyoom");
}

static void tell_timeout(const OomState *s, const OomProcess *p, const OomProcess *timeout, const char *evidence, const DetectContext *context,
                         Findings *out)
{
        char length[FORMAT_MAX];
        Finding *f = raise_killed(p, "killed", severity_of(s, &context->facts), SURE_LIKELY, out);

        finding_title(f, "timeout(1) killed %s after %s", p->comm, format_moment(length, p->end_ns - timeout->start_ns));
        finding_evidence(f, "%s; above it: %s (pid %d)", evidence, timeout->cmdline[0] ? timeout->cmdline : "timeout", timeout->pid);
        finding_meaning(f, "its time was over; no sign of the kernel's OOM killer");
        finding_advice(f, "see what it waited for; if it only needs longer, raise the time given to timeout");
}

static void tell_unknown(const OomState *s, const OomProcess *p, const char *evidence, const DetectContext *context, Findings *out)
{
        const bool denied = counter_denies(s, p), short_of = !denied && was_short(s, p);
        char at[FORMAT_MAX];
        Finding *f = raise_killed(p, "killed", severity_of(s, &context->facts), short_of || !denied ? SURE_POSSIBLE : SURE_LIKELY, out);

        finding_title(f, short_of ? "SIGKILL ended %s at %s while memory was nearly used up" : "something sent SIGKILL to %s at %s", p->comm,
                      format_moment(at, p->end_ns));
        finding_evidence(f, "%s", evidence);
        finding_meaning(f, "%s", short_of ? "the kernel's OOM killer would fit, but nobody who would know it was heard: its log cannot be read "
                                            "here, and no counter moved"
                                 : denied ? "not the kernel for want of memory: a program or a person did, as `timeout -k`, a stopped systemd "
                                            "unit, a test harness or kill -9 do"
                                          : "a program or a person did; whether it was the kernel's OOM killer cannot be told, for neither its "
                                            "log nor its counter was read");
        finding_advice(f, "%s", denied ? "look for who did: the log of the service or harness that runs this build"
                                       : "ask the kernel's log:\nsudo dmesg | grep -i 'killed process'\n");
}

static void tell_own_timeout(const OomState *s, const OomProcess *p, const char *evidence, const DetectContext *context, Findings *out)
{
        Finding *f = raise_killed(p, "killed", severity_of(s, &context->facts), SURE_CERTAIN, out);

        finding_title(f, "vigia ended the command: the time of --timeout was over");
        finding_evidence(f, "%s", evidence);
        finding_advice(f, "see what it waited for; if it only needs longer, raise --timeout");
}

void oom_tell_sigkills(OomState *s, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String evidence = {0};
        const OomProcess *p = NULL, *timeout = NULL;
        size_t n = s->sigkills_left_out;

        /* The first may be why the others were ended. */
        for (size_t i = 0; i < s->n_sigkills; i++) {
                if (oom_is_explained(s, &s->sigkills[i]))
                        continue;
                n++;
                if (!p || s->sigkills[i].end_ns < p->end_ns)
                        p = &s->sigkills[i];
        }
        if (!p)
                return;
        const OomProcess *timed = find_timed(s, &timeout);
        if (timed)
                p = timed;
        add_evidence(&evidence, s, p, n);
        if (s->words.daemon != OOM_NO_DAEMON &&
            (s->words.daemon_ns == FINDING_NO_TIME || llabs(s->words.daemon_ns - p->end_ns) <= 15 * (int64_t)NS_PER_SECOND))
                tell_daemon(s, p, string_get(&evidence), out);
        else if (context->facts.timed_out)
                tell_own_timeout(s, p, string_get(&evidence), context, out);
        else if (timed)
                tell_timeout(s, p, timeout, string_get(&evidence), context, out);
        else
                tell_unknown(s, p, string_get(&evidence), context, out);
}

/* ---- refused ---- */

void oom_tell_refused(const OomState *s, const DetectContext *context, Findings *out)
{
        const bool failed = oom_run_failed(&context->facts);
        char a[FORMAT_MAX], b[FORMAT_MAX], at[FORMAT_MAX], n[FORMAT_MAX];

        if (s->words.refused == 0)
                return;
        const bool known = s->total_bytes > 0, plenty = known && s->least_bytes > s->total_bytes / 10;
        const bool full = s->cgroup_limit_bytes > 0 && s->cgroup_most_bytes >= s->cgroup_limit_bytes - s->cgroup_limit_bytes / 10;
        Finding *f = findings_raise(out, "memory-refused", NULL, failed ? SEVERITY_CRITICAL : SEVERITY_INFO,
                                    failed ? SURE_LIKELY : SURE_POSSIBLE, FINDING_NO_TIME);
        if (!f)
                return;
        f->cause = true;
        finding_title(f, "a program was refused memory: %s", s->words.refused_line);
        if (known)
                finding_evidence(f, "%s such line%s in the output; the machine had %s of %s left at the least, at %s",
                                 format_count(n, s->words.refused), s->words.refused == 1 ? "" : "s", format_bytes(a, s->least_bytes),
                                 format_bytes(b, s->total_bytes), format_moment(at, s->least_ns));
        else
                finding_evidence(f, "%s such line%s in the output", format_count(n, s->words.refused), s->words.refused == 1 ? "" : "s");
        if (plenty && !full)
                finding_meaning(f, "the machine had memory left, and the OOM killer kills rather than refuses: what refuses is a limit on the "
                                   "process's own address space (ulimit -v, RLIMIT_AS), strict overcommit, the program's own limit (a heap size), "
                                   "or a request beyond all bounds");
        else
                finding_meaning(f, "the allocation itself failed; the program was not killed");
        finding_advice(f, "%s", plenty && !full ? "lift the limit, or raise the heap that the program gives itself (-Xmx, --max-old-space-size):\nulimit -v unlimited\n"
                                                : "run fewer jobs at once (-j), or give it more memory");
}
