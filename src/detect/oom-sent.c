/*
 * SIGKILL, or SIGTERM, of which it is known who sent it: then nothing has to be guessed. The kernel sends SIGKILL
 * for want of memory, which is told elsewhere, to who used up its CPU time, and with the end of others.
 */
#include <string.h>

#include "base/clock.h"
#include "detect/oom.h"
#include "detect/things.h"

/* Newer ones write to cgroup.kill, and the kernel sends it for them. */
OomDaemon oom_daemon_that_sent(const OomProcess *p)
{
        if (p->sender.by == SENDER_UNKNOWN || p->sender.pid == p->pid)
                return OOM_NO_DAEMON;
        return text_equal(p->sender.comm, "systemd-oomd") ? OOM_SYSTEMD : text_equal(p->sender.comm, "earlyoom") ? OOM_EARLYOOM : OOM_NO_DAEMON;
}

/* kernel/time/posix-cpu-timers.c (check_process_timers): the process meets it itself, while it runs. The least is a
 * second, counted by ticks: where a hypervisor takes its part of them it used less by the exact clock, so half will do;
 * what else the kernel ends so, as an exec that fails, is over in milliseconds. */
static bool met_cpu_limit(const OomProcess *p)
{
        return p->signal == 9 && p->sender.by == SENDER_KERNEL && p->sender.pid == p->pid && p->cpu_us != OOM_UNKNOWN && p->cpu_us >= 400000;
}

static void tell_cpu_limit(const OomProcess *p, const char *evidence, Severity severity, Findings *out)
{
        char at[FORMAT_MAX], used[FORMAT_MAX];
        Finding *f = oom_raise_killed(p, "cpu-time-limit", severity, SURE_LIKELY, out);

        finding_title(f, "%s used up the CPU time that it may have, at %s", p->comm, format_moment(at, p->end_ns));
        finding_evidence(f, "the kernel sent it SIGKILL while it ran, after %s of CPU time; %s", format_duration(used, p->cpu_us * NS_PER_US),
                         evidence);
        finding_meaning(f, "a hard limit on each process's CPU time (RLIMIT_CPU), however long it waited; not want of memory");
        finding_advice(f, "look for who sets it: ulimit -t in a script, which sets the hard limit, too (ulimit -S -t does not), LimitCPU= of a "
                          "unit, limits.conf");
}

static void tell_process(const OomProcess *p, const char *name, const char *evidence, Severity severity, Findings *out)
{
        char at[FORMAT_MAX], sender[SENDER_WORDS], advice[SENDER_ADVICE];
        const bool other = sender_is_other(&p->sender, p->pid);
        Finding *f = oom_raise_killed(p, "killed", severity, SURE_CERTAIN, out);

        format_moment(at, p->end_ns);
        sender_name(sender, &p->sender);
        if (other)
                finding_title(f, "%s sent %s to %s at %s", sender, name, p->comm, at);
        else
                finding_title(f, "%s ended itself by %s at %s", p->comm, name, at);
        if (p->sender_cmdline[0])
                finding_evidence(f, "%s was: %s; %s", sender, p->sender_cmdline, evidence);
        else
                finding_evidence(f, "%s", evidence);
        finding_meaning(f, "%s", !other                          ? "the program did so itself: neither want of memory nor a limit"
                                 : sender_is_by_hand(&p->sender) ? "neither want of memory nor a limit: a script or a person did"
                                                                 : "neither want of memory nor a limit: that program did so of its own");
        if (other)
                finding_advice(f, "%s", sender_advice(advice, &p->sender));
}

static void tell_kernel(const OomProcess *p, const char *name, const char *evidence, Severity severity, Findings *out)
{
        char at[FORMAT_MAX], sender[SENDER_WORDS];
        const bool others = p->sender.pid != p->pid && p->sender.comm[0];
        Finding *f = oom_raise_killed(p, "killed", severity, SURE_LIKELY, out);

        if (others)
                finding_title(f, "the kernel sent %s to %s at %s, for what %s did", name, p->comm, format_moment(at, p->end_ns),
                              sender_name(sender, &p->sender));
        else
                finding_title(f, "the kernel sent %s to %s at %s", name, p->comm, format_moment(at, p->end_ns));
        finding_evidence(f, "%s", evidence);
        finding_meaning(f, "not for want of memory, of which it would have told: it does so with the end of a process that this one was to follow "
                           "(PR_SET_PDEATHSIG), with the end of a container's first process, and by a write to cgroup.kill");
        if (others)
                finding_advice(f, "see why %s ended, or ended it", p->sender.comm);
}

void oom_tell_sent(const OomProcess *p, const char *evidence, Severity severity, Findings *out)
{
        const char *name = p->signal == 15 ? "SIGTERM" : "SIGKILL";

        if (met_cpu_limit(p))
                tell_cpu_limit(p, evidence, severity, out);
        else if (p->sender.by == SENDER_PROCESS)
                tell_process(p, name, evidence, severity, out);
        else
                tell_kernel(p, name, evidence, severity, out);
}
