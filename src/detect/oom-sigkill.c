/*
 * What the kernel did not name. First its counters of OOM kills: one that rose while a process ended by SIGKILL
 * was that kill. Then SIGKILL for another reason: a daemon that kills before the kernel has to, timeout(1),
 * vigia's own --timeout; of the rest only that somebody sent it, and what speaks for or against memory.
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

/* Who was killed, as far as can be told. All NULL: none of the run's. */
typedef struct Victim {
        const OomProcess *process;
        const OomScene *scene; /* NULL: not known */
        bool suspected;
} Victim;

static void add_counted(OomState *s, const OomRise *rise, const Victim *victim, bool cgroup)
{
        const OomProcess *p = victim->process;
        const int64_t t_ns = p ? p->end_ns : rise->to_ns;
        OomKill *k = oom_add_kill(s, t_ns);

        if (!k)
                return;
        k->counted = true;
        k->suspected = victim->suspected;
        k->scene = (OomScene){.t_ns = t_ns};
        if (p) {
                k->victim = *p;
                k->pid = p->pid;
                memcpy(k->comm, p->comm, sizeof k->comm);
        }
        if (victim->scene)
                k->scene = *victim->scene;
        else if (!cgroup)
                k->scene.memory = rise->before;
        if (cgroup) {
                /* What is counted is that its processes were killed, for whichever limit: a cgroup near its
                 * own was killed for that. */
                bool full = s->cgroup_limit_bytes > 0 && s->cgroup_most_bytes >= s->cgroup_limit_bytes - s->cgroup_limit_bytes / 10;
                k->limit = full ? OOM_LIMIT_CGROUP : OOM_LIMIT_UNKNOWN;
                text_copy(k->cgroup, sizeof k->cgroup, full ? s->cgroup.path : "");
                if (full && !(k->scene.cgroup.known && k->scene.cgroup.b != OOM_UNKNOWN))
                        k->scene.cgroup = (OomThen){s->cgroup_most_ns, true, s->cgroup_most_bytes, OOM_UNKNOWN, s->cgroup_limit_bytes, 0};
        }
}

/* The run's own cgroup counts its kills, and had none then: it was somebody else's process. */
static bool cgroup_denies(const OomState *s, const OomRise *rise)
{
        for (size_t i = 0; i < s->cgroup.n_rises; i++)
                if (s->cgroup.rises[i].from_ns <= rise->to_ns && s->cgroup.rises[i].to_ns >= rise->from_ns)
                        return false;
        return s->cgroup.known && s->cgroup.first_ns <= rise->from_ns && s->cgroup.last_ns >= rise->to_ns;
}

/* The kernel kills who holds most: of several that ended then the biggest. Of those whose end nobody saw, it
 * must have been among the heaviest of all that lived. */
static Victim find_counted(const OomState *s, const OomRise *rise)
{
        Victim v = {0};

        for (size_t i = 0; i < s->n_sigkills; i++) {
                const OomProcess *p = &s->sigkills[i];
                if (!falls_into(rise, p->end_ns) || oom_is_explained(s, p) || p->sender.by == SENDER_PROCESS)
                        continue;
                if (!v.process || (p->peak_bytes != OOM_UNKNOWN && p->peak_bytes > v.process->peak_bytes))
                        v = (Victim){p, i < OOM_SCENES_MAX ? &s->scenes[i] : NULL, false};
        }
        for (size_t i = 0; i < s->n_suspects && (!v.process || v.suspected); i++) {
                const OomProcess *p = &s->suspects[i].process;
                const OomScene *scene = &s->suspects[i].scene;
                if (!falls_into(rise, p->end_ns) || oom_is_explained(s, p) || p->peak_bytes < scene->biggest[0].peak_bytes / 2)
                        continue;
                if (!v.process || p->peak_bytes > v.process->peak_bytes)
                        v = (Victim){p, scene, true};
        }
        return v;
}

static void count_rise(OomState *s, const OomRise *rise, bool cgroup)
{
        uint64_t n = left_of(s, rise);
        const bool ours = cgroup || !cgroup_denies(s, rise);

        for (; n > 0 && ours; n--) {
                const size_t kills = s->n_kills;
                const Victim v = find_counted(s, rise);
                if (!v.process)
                        break;
                add_counted(s, rise, &v, cgroup);
                if (s->n_kills == kills)
                        return;
        }
        /* Of the rest one finding says it: nothing is known but that it happened. */
        if (n > 0)
                add_counted(s, rise, &(Victim){0}, cgroup);
}

void oom_tell_counted(OomState *s, const DetectContext *context, Findings *out)
{
        for (size_t i = 0; i < s->cgroup.n_rises; i++)
                count_rise(s, &s->cgroup.rises[i], true);
        for (size_t i = 0; i < s->machine.n_rises; i++)
                count_rise(s, &s->machine.rises[i], false);
}

/* ---- SIGKILL ---- */

/* timeout(1): who sent it, or, where that is not known, above it: as its parent, which it usually is, or named for it. */
static const OomProcess *find_timeout(const OomState *s, const OomProcess *p)
{
        for (size_t i = 0; i < s->n_senders; i++) {
                const OomProcess *t = &s->senders[i];
                if (p->sender.by != SENDER_UNKNOWN) {
                        if (sender_is_other(&p->sender, p->pid) && p->sender.pid == t->pid && t->start_ns <= p->end_ns &&
                            t->end_ns >= p->end_ns - (int64_t)NS_PER_SECOND)
                                return t;
                        continue;
                }
                bool parent = t->pid == p->ppid && t->pid > 0 && t->start_ns <= p->start_ns;
                if ((parent || (p->parent != OOM_UNKNOWN && p->parent == t->key)) && t->end_ns >= p->end_ns - (int64_t)NS_PER_SECOND)
                        return t;
        }
        return NULL;
}

enum { TIMEOUT_TIMED_OUT = 124 }; /* timeout(1) EXIT STATUS */

static const OomProcess *find_timed(const OomState *s, const OomProcess **ret_timeout)
{
        for (size_t i = 0; i < s->n_sigkills; i++) {
                *ret_timeout = oom_is_explained(s, &s->sigkills[i]) ? NULL : find_timeout(s, &s->sigkills[i]);
                if (*ret_timeout)
                        return &s->sigkills[i];
        }
        for (size_t i = 0; i < MIN(s->n_terms, (size_t)OOM_TERMS_MAX); i++) {
                *ret_timeout = find_timeout(s, &s->terms[i]);
                if (*ret_timeout && (*ret_timeout)->exit_code == TIMEOUT_TIMED_OUT)
                        return &s->terms[i];
        }
        *ret_timeout = NULL;
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

        string_add_format(to, "%s (pid %d) ended by signal %u at %s", p->comm, p->pid, p->signal, format_moment(at, p->end_ns));
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

/* Where the kernel killed the run's own for want of memory, others were seldom the cause. */
static Severity severity_of(const OomState *s, const DetectFacts *facts)
{
        size_t own = 0;

        for (size_t i = 0; i < s->n_kills; i++)
                own += s->kills[i].process || s->kills[i].victim.key != OOM_UNKNOWN;
        return own > 0 || s->words.nix_failed ? SEVERITY_INFO
               : facts->exit_signal == 9 || facts->exit_code == 137 || facts->exit_code == TIMEOUT_TIMED_OUT || facts->timed_out ? SEVERITY_CRITICAL
               : oom_run_failed(facts)                            ? SEVERITY_WARNING
                                                                  : SEVERITY_INFO;
}

Finding *oom_raise_killed(const OomProcess *p, const char *id, Severity severity, Sureness sure, Findings *out)
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
        const OomDaemon sent = oom_daemon_that_sent(p);
        const bool systemd = (sent != OOM_NO_DAEMON ? sent : s->words.daemon) == OOM_SYSTEMD;
        const bool named = s->words.daemon_pid > 0 && s->words.daemon_pid == p->pid;
        const char *name = systemd ? "systemd-oomd" : "earlyoom";
        char at[FORMAT_MAX], sender[SENDER_WORDS];
        Finding *f = oom_raise_killed(p, "oom-daemon", SEVERITY_CRITICAL, named || sent != OOM_NO_DAEMON ? SURE_CERTAIN : SURE_LIKELY, out);

        finding_title(f, "out of memory: %s killed %s at %s", name, p->comm, format_moment(at, p->end_ns));
        if (s->words.daemon != OOM_NO_DAEMON)
                finding_evidence(f, "\"%s\"; %s", s->words.daemon_line, evidence);
        else
                finding_evidence(f, "sent by %s; %s", sender_name(sender, &p->sender), evidence);
        finding_meaning(f, "%s watches memory and kills before the kernel's OOM killer has to; the machine or the cgroup was "
                           "short of it", name);
        if (systemd)
                finding_advice(f, "run fewer jobs at once (-j), or let it pass this command over:\nsystemd-run %s--scope -p ManagedOOMPreference=omit COMMAND\n",
                               strstr(s->words.daemon_line, "/user.slice/") ? "--user " : "");
        else
                finding_advice(f, "run fewer jobs at once (-j), or keep earlyoom from it: --avoid REGEX in /etc/default/earlyoom");
}

static void tell_timeout(const OomState *s, const OomProcess *p, const OomProcess *timeout, const char *evidence, const DetectContext *context,
                         Findings *out)
{
        char length[FORMAT_MAX];
        const Sureness sure = p->sender.by == SENDER_UNKNOWN ? SURE_LIKELY : SURE_CERTAIN;
        Finding *f = oom_raise_killed(p, "killed", severity_of(s, &context->facts), sure, out);

        finding_title(f, "timeout(1) %s %s after %s", p->signal == 9 ? "killed" : "ended", p->comm, format_moment(length, p->end_ns - timeout->start_ns));
        finding_evidence(f, "%s; above it: %s (pid %d)", evidence, timeout->cmdline[0] ? timeout->cmdline : "timeout", timeout->pid);
        finding_meaning(f, "its time was over; no sign of the kernel's OOM killer");
        finding_advice(f, "see what it waited for; if it only needs longer, raise the time given to timeout");
}

/* Programs that kill before the kernel has to do so when a tenth is left, or at pressure; it is looked at four times
 * a second. */
static bool was_low(const OomState *s, const OomProcess *p)
{
        return s->total_bytes > 0 && s->least_bytes < s->total_bytes / 6 && llabs(s->least_ns - p->end_ns) <= 2 * (int64_t)NS_PER_SECOND;
}

/* A hard limit on CPU time ends with SIGKILL, too, and says so nowhere; the kernel counts its seconds by ticks, so
 * what was measured may be an eighth off. kernel/time/posix-cpu-timers.c (check_process_timers). */
static bool used_cpu(const OomProcess *p)
{
        return p->signal == 9 && p->cpu_us != OOM_UNKNOWN && p->cpu_us >= 800000;
}

static void tell_unknown(const OomState *s, const OomProcess *p, const char *evidence, const DetectContext *context, Findings *out)
{
        const bool denied = counter_denies(s, p), low = denied && was_low(s, p), short_of = !denied && was_short(s, p);
        char at[FORMAT_MAX];
        Finding *f = oom_raise_killed(p, "killed", severity_of(s, &context->facts), short_of || low || !denied ? SURE_POSSIBLE : SURE_LIKELY, out);

        finding_title(f, short_of || low ? "%s ended %s at %s while memory was nearly used up" : "something sent %s to %s at %s",
                      p->signal == 15 ? "SIGTERM" : "SIGKILL", p->comm, format_moment(at, p->end_ns));
        finding_evidence(f, "%s", evidence);
        finding_meaning(f, "%s", low      ? "not the kernel's OOM killer, for its counter did not move; earlyoom or systemd-oomd, which kill before "
                                            "it has to, would fit"
                                 : short_of ? "the kernel's OOM killer would fit, but nobody who would know it was heard: its log cannot be read "
                                            "here, and no counter moved"
                                 : denied && used_cpu(p) ? "not the kernel for want of memory: a program or a person did, as `timeout -k`, a stopped "
                                                           "systemd unit, a test harness or kill -9 do, or a limit on its CPU time was met (ulimit -t)"
                                 : denied ? "not the kernel for want of memory: a program or a person did, as `timeout -k`, a stopped systemd "
                                            "unit, a test harness or kill -9 do"
                                          : "a program or a person did; whether it was the kernel's OOM killer cannot be told, for neither its "
                                            "log nor its counter was read");
        finding_advice(f, "%s", low    ? "ask their log; vigia records it with the unit's name in [monitors.journal] units:\n"
                                         "journalctl -u earlyoom -u systemd-oomd --since today\n"
                                : denied && used_cpu(p) ? "look for who did: the log of the service or harness that runs this build, ulimit -t in its scripts"
                                : denied ? "look for who did: the log of the service or harness that runs this build"
                                         : "ask the kernel's log:\nsudo dmesg | grep -i 'killed process'\n");
}

/* Without a process that was killed: it went at SIGTERM. */
static void tell_own_timeout(const OomState *s, const OomProcess *p, const char *evidence, const DetectContext *context, Findings *out)
{
        const OomProcess nobody = {.end_ns = FINDING_NO_TIME, .key = OOM_UNKNOWN, .pid = -1};
        char wall[FORMAT_MAX];
        Finding *f = oom_raise_killed(p ? p : &nobody, "killed", severity_of(s, &context->facts), SURE_CERTAIN, out);

        finding_title(f, "vigia ended the command: the time of --timeout was over");
        if (p)
                finding_evidence(f, "%s", evidence);
        else if (context->facts.wall_ns != DETECT_UNKNOWN)
                finding_evidence(f, "it had run for %s", format_duration(wall, context->facts.wall_ns));
        finding_advice(f, "see what it waited for; if it only needs longer, raise --timeout");
}

/* The heaviest that a daemon sent the signal to; NULL: none is known. */
static const OomProcess *find_sent_by_daemon(const OomState *s)
{
        const OomProcess *most = NULL;

        for (size_t i = 0; i < s->n_sigkills + MIN(s->n_terms, (size_t)OOM_TERMS_MAX); i++) {
                const OomProcess *p = i < s->n_sigkills ? &s->sigkills[i] : &s->terms[i - s->n_sigkills];
                if (oom_daemon_that_sent(p) != OOM_NO_DAEMON && (!most || (p->peak_bytes != OOM_UNKNOWN && p->peak_bytes > most->peak_bytes)))
                        most = p;
        }
        return most;
}

/* Whom the daemon ended: whom it names, or else the heaviest that ended within its time. NULL: nobody of the run. */
static const OomProcess *find_daemons(const OomState *s, const OomProcess *first)
{
        const OomWords *w = &s->words;
        const OomProcess *sent = find_sent_by_daemon(s);

        if (sent || w->daemon == OOM_NO_DAEMON)
                return sent;
        for (size_t i = 0; w->daemon_pid > 0 && i < s->n_sigkills; i++)
                if (s->sigkills[i].pid == w->daemon_pid)
                        return &s->sigkills[i];
        for (size_t i = 0; w->daemon_pid > 0 && i < MIN(s->n_terms, (size_t)OOM_TERMS_MAX); i++)
                if (s->terms[i].pid == w->daemon_pid)
                        return &s->terms[i];
        if (w->daemon_pid > 0 || !first || first->sender.by != SENDER_UNKNOWN)
                return NULL;
        const int64_t near_ns = 15 * (int64_t)NS_PER_SECOND;
        const OomProcess *most = w->daemon_ns == FINDING_NO_TIME || llabs(w->daemon_ns - first->end_ns) <= near_ns ? first : NULL;
        /* systemd-oomd ends a whole cgroup: the heaviest of it says most. */
        for (size_t i = 0; most && i < s->n_sigkills; i++) {
                const OomProcess *p = &s->sigkills[i];
                if (llabs(p->end_ns - first->end_ns) <= (int64_t)NS_PER_SECOND && p->peak_bytes != OOM_UNKNOWN && !oom_is_explained(s, p) &&
                    (most->peak_bytes == OOM_UNKNOWN || p->peak_bytes > most->peak_bytes))
                        most = p;
        }
        return most;
}

/* earlyoom asks first: a heavy process that ended by SIGTERM while the least was left. NULL: none. */
static const OomProcess *find_asked(const OomState *s, const DetectFacts *facts)
{
        const OomProcess *most = NULL;

        for (size_t i = 0; oom_run_failed(facts) && i < MIN(s->n_terms, (size_t)OOM_TERMS_MAX); i++) {
                const OomProcess *p = &s->terms[i];
                if (p->sender.by == SENDER_UNKNOWN && p->peak_bytes != OOM_UNKNOWN && p->peak_bytes >= s->total_bytes / 8 && counter_denies(s, p) && was_low(s, p) &&
                    (!most || p->peak_bytes > most->peak_bytes))
                        most = p;
        }
        return most;
}

/* Whom the run bore: it went on for a second and more, until the command itself was killed. */
static int64_t borne_until(const OomState *s, const DetectFacts *facts)
{
        for (size_t i = 0; facts->exit_signal == 9 && i < s->n_sigkills; i++)
                if (s->sigkills[i].parent == OOM_UNKNOWN)
                        return s->sigkills[i].end_ns - (int64_t)NS_PER_SECOND;
        return INT64_MIN;
}

/* The first may be why the others were ended. */
static const OomProcess *find_first(const OomState *s, const DetectFacts *facts, size_t *ret_n)
{
        const int64_t borne_ns = borne_until(s, facts);
        const OomProcess *first = NULL;

        *ret_n = s->sigkills_left_out;
        for (size_t i = 0; i < s->n_sigkills; i++) {
                if (oom_is_explained(s, &s->sigkills[i]) || s->sigkills[i].end_ns < borne_ns)
                        continue;
                (*ret_n)++;
                if (!first || s->sigkills[i].end_ns < first->end_ns)
                        first = &s->sigkills[i];
        }
        return first;
}

/* Its sender tells it. Where the kernel sent it, it told of no OOM kill, but for a table of events that lacks some. */
static bool is_settled(const OomState *s, const OomProcess *p)
{
        return p->sender.by == SENDER_PROCESS || (p->sender.by == SENDER_KERNEL && (counter_denies(s, p) || !was_short(s, p)));
}

void oom_tell_sigkills(OomState *s, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String evidence = {0};
        const OomProcess *timeout = NULL;
        size_t n;
        const OomProcess *p = find_first(s, &context->facts, &n), *named = find_daemons(s, p);

        const OomProcess *timed = named ? NULL : find_timed(s, &timeout);
        const bool own = !named && context->facts.timed_out;
        const Severity severity = severity_of(s, &context->facts);

        p = named ? named : timed && !own ? timed : p;
        const OomProcess *asked = p || own ? NULL : find_asked(s, &context->facts);
        p = p ? p : asked;
        if (p)
                add_evidence(&evidence, s, p, MAX(n, (size_t)1));
        if (own)
                tell_own_timeout(s, p, string_get(&evidence), context, out);
        else if (named)
                tell_daemon(s, p, string_get(&evidence), out);
        else if (timed && severity != SEVERITY_INFO)
                tell_timeout(s, p, timeout, string_get(&evidence), context, out);
        else if (p && !timed && is_settled(s, p) && severity != SEVERITY_INFO)
                oom_tell_sent(p, string_get(&evidence), severity, out);
        else if (p && !timed && !is_settled(s, p) && (severity != SEVERITY_INFO || was_low(s, p) || was_short(s, p))) /* a run that went well may kill what it likes */
                tell_unknown(s, p, string_get(&evidence), context, out);
}
