/*
 * Whom the run failed of, if a signal ended it, in words. That it was ended so is certain; that the run failed of
 * it, too, where it was the command itself; likely, where only shells and build tools stand between, which
 * fail when what they start does. A test's runner may have wanted it: then it is possible, no more. signal(7).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/said.h"
#include "detect/signals.h"
#include "detect/things.h"

typedef enum SignalKind { KIND_CRASH, KIND_LIMIT, KIND_ASKED } SignalKind;

typedef struct SignalWords {
        int signal;
        SignalKind kind;
        const char *name, *id;
        const char *what; /* behind "NAME crashed at 3 s: " and the like */
        const char *meaning, *advice;
} SignalWords;

#define AGAIN "run that step again by itself: where it fails each time it is the program or its input; where it does not, or each time at another " \
              "place, test the machine's memory"
#define TOLD "look for who did: the log of the service or harness that runs this, a person, a job that was cancelled"

static const SignalWords words[] = {
        {SIGSEGV, KIND_CRASH, "SIGSEGV", "crashed", "a bad memory access",
         "a fault of the program, or a stack that was too small (ulimit -s); not want of memory, which ends a program by SIGKILL", AGAIN},
        {SIGBUS, KIND_CRASH, "SIGBUS", "crashed", "memory that has nothing behind it",
         "a mapped file that was cut short meanwhile, a full tmpfs or /dev/shm that a mapped file lies on, or bad memory", AGAIN},
        {SIGILL, KIND_CRASH, "SIGILL", "crashed", "an instruction that this CPU does not have, or a trap of its own",
         "built for another CPU (-march=native, a cache shared by machines), or the program ends itself so at a failed check", AGAIN},
        {SIGFPE, KIND_CRASH, "SIGFPE", "crashed", "a division by zero", "a fault of the program or its input", AGAIN},
        {SIGTRAP, KIND_CRASH, "SIGTRAP", "crashed", "a trap of its own", "programs end themselves so at a failed check", AGAIN},
        {SIGABRT, KIND_CRASH, "SIGABRT", "crashed", "it gave up by itself",
         "the program ended itself, at a failed check or an exception that nobody caught: its last words say why", AGAIN},
        {SIGSYS, KIND_CRASH, "SIGSYS", "crashed", "a system call that a filter forbids",
         "a sandbox's or container's seccomp filter does not know the call", "run it with another filter: docker run --security-opt seccomp=FILE, a unit's SystemCallFilter="},
        {SIGXCPU, KIND_LIMIT, "SIGXCPU", "cpu-time-limit", "used up the CPU time that it may have",
         "a limit on each process's CPU time (RLIMIT_CPU), however long it waited",
         "look for who sets it (ulimit -t in a script, LimitCPU= of a unit, limits.conf), or, as far as its hard limit allows, in the shell that "
         "starts the build:\nulimit -S -t $(ulimit -H -t)\n"},
        {SIGXFSZ, KIND_LIMIT, "SIGXFSZ", "file-size-limit", "wrote more into one file than it may",
         "a limit on the size of files that are written (RLIMIT_FSIZE), however much room there is",
         "look for who sets it (ulimit -f in a script, LimitFSIZE= of a unit, limits.conf), or, as far as its hard limit allows, in the shell that "
         "starts the build:\nulimit -S -f $(ulimit -H -f)\n"},
        {SIGTERM, KIND_ASKED, "SIGTERM", "killed", NULL, "a program or a person asked it to end; the kernel sends no SIGTERM, and want of memory ends by SIGKILL", TOLD},
        {SIGKILL, KIND_ASKED, "SIGKILL", "killed", NULL,
         "the kernel for want of memory, a limit on CPU time, a program or a person: nobody who would know was heard", "ask the kernel's log:\nsudo dmesg | grep -i 'killed process'\n"},
        {SIGHUP, KIND_ASKED, "SIGHUP", "killed", NULL, "its terminal was closed, or a program or a person sent it", "where a closed terminal did it: vigia start, tmux or nohup outlive one"},
        {SIGINT, KIND_ASKED, "SIGINT", "killed", NULL, "a person did, or a program that stops others so: nothing of the machine's", NULL},
        {SIGQUIT, KIND_ASKED, "SIGQUIT", "killed", NULL, "as Ctrl-\\ at the terminal does: somebody ended it", NULL},
        {SIGUSR1, KIND_ASKED, "SIGUSR1", "killed", NULL, "a program or a person sent it, and it ends who does not expect it", TOLD},
        {SIGUSR2, KIND_ASKED, "SIGUSR2", "killed", NULL, "a program or a person sent it, and it ends who does not expect it", TOLD},
        {SIGPIPE, KIND_CRASH, "SIGPIPE", "broken-pipe", "it wrote to a pipe that nobody read any more",
         "its reader ended first, as head(1) does when it has enough; a shell with pipefail takes that for a failure",
         "let the reader read all of it (sed -n 1p for head -n 1), or do without pipefail there"},
        {SIGALRM, KIND_CRASH, "SIGALRM", "killed", "its own alarm(2) rang", "the program set itself a time, which was over", NULL},
};

static const SignalWords *words_of(int signal)
{
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
                if (words[i].signal == signal)
                        return &words[i];
        return NULL;
}

/* ---- whom, and how sure ---- */

static size_t count_ended(const SignalsState *s)
{
        return MIN(s->n_ended, (size_t)SIGNALS_ENDED_MAX);
}

static const SignalsEnded *find_culprit(const SignalsState *s, Ending endings[SIGNALS_ENDED_MAX])
{
        const size_t n = count_ended(s);

        for (size_t i = 0; i < n; i++)
                endings[i] = s->ended[i].ending;
        const size_t found = s->root.pid > 0 ? culprit_find(endings, n, s->root.pid) : CULPRIT_NONE;
        return found != CULPRIT_NONE ? &s->ended[found] : NULL;
}

static const SignalsEnded *find_parent(const SignalsState *s, const SignalsEnded *child)
{
        for (size_t i = 0; i < count_ended(s); i++)
                if (s->ended[i].ending.pid == child->ending.ppid && s->ended[i].ending.end_ns >= child->ending.end_ns)
                        return &s->ended[i];
        return NULL;
}

static Sureness sure_of(const SignalsState *s, const SignalsEnded *culprit)
{
        const SignalsEnded *at = culprit;

        for (size_t depth = 0; at->ending.pid != s->root.pid && depth < SIGNALS_ENDED_MAX; depth++) {
                const SignalsEnded *parent = find_parent(s, at);
                if (!parent || parent->ending.kind == ENDING_OTHER || !culprit_explains(&parent->ending, &at->ending))
                        return SURE_POSSIBLE;
                at = parent;
        }
        return at == culprit ? SURE_CERTAIN : SURE_LIKELY;
}

/* Who is asked to end may have been meant to: a server, at the end of its day. */
static Severity severity_of(const SignalWords *w, Sureness sure)
{
        return sure == SURE_POSSIBLE || w->kind == KIND_ASKED ? SEVERITY_WARNING : SEVERITY_CRITICAL;
}

/* ---- words ---- */

/* A signal that programs get for a fault of their own, but sent by somebody. */
static const SignalWords sent_fault = {
        0, KIND_ASKED, NULL, "killed", NULL,
        "not a fault of the program: it was sent, as who supervises a program (systemd's watchdog, a test's timeout) ends one that hangs so that it leaves a core dump",
        "see what it waited for; its core dump, if one was kept, tells where: coredumpctl"};

static SignalWords words_for(const SignalsEnded *e, const SignalWords *w, char advice[SENDER_ADVICE])
{
        SignalWords of = *w;

        if (w->kind == KIND_CRASH && sender_is_other(&e->sender, e->ending.pid)) {
                of = sent_fault;
                of.signal = w->signal;
                of.name = w->name;
        } else if (w->kind == KIND_ASKED && e->sender.by == SENDER_KERNEL && e->sender.pid == 0) {
                if (w->signal == SIGINT || w->signal == SIGQUIT)
                        of.meaning = "somebody pressed the keys for it at its terminal";
                else if (w->signal == SIGHUP)
                        of.meaning = "its terminal was closed";
        } else if (w->kind == KIND_ASKED && sender_is_other(&e->sender, e->ending.pid)) {
                of.meaning = "it was asked to end: neither want of memory nor a fault of its own";
                of.advice = sender_advice(advice, &e->sender);
        } else if (w->kind == KIND_ASKED && e->sender.by == SENDER_PROCESS) {
                of.meaning = "the program did so itself, as one does that was asked to end, has tidied up, and lets its parent know";
                of.advice = NULL;
        }
        return of;
}

/* The kernel's line of its fault; NULL: none is known. */
static const SignalsFault *fault_of(const SignalsState *s, const SignalsEnded *e)
{
        for (size_t i = 0; i < MIN(s->n_faults, (size_t)SIGNALS_FAULTS_MAX); i++)
                if (s->faults[i].pid == e->ending.pid && llabs(s->faults[i].t_ns - e->ending.end_ns) <= 5 * (int64_t)NS_PER_SECOND)
                        return &s->faults[i];
        return NULL;
}

/* What it wanted lay where its stack would have grown to. */
static bool outgrew_stack(const SignalsFault *f)
{
        return f && f->stack > 0 && f->address + (64 << 10) >= f->stack && f->address <= f->stack + (64 << 10);
}

static void add_evidence(String *to, const SignalsState *s, const SignalsEnded *e, const SignalWords *w, const SignalsFault *fault, const MountSeen *full)
{
        char at[FORMAT_MAX], a[FORMAT_MAX], b[FORMAT_MAX];

        string_add_format(to, "%s (pid %d) ended by %s at %s", e->comm, e->ending.pid, w->name, format_moment(at, e->ending.end_ns));
        if (w->signal == SIGXCPU && e->cpu_us != DETECT_UNKNOWN)
                string_add_format(to, ", after %s of CPU time", format_duration(a, e->cpu_us * NS_PER_US));
        if (e->cmdline[0])
                string_add_format(to, ", %s", e->cmdline);
        if (fault)
                string_add_format(to, "; the kernel's log says \"%s\"", fault->line);
        if (full)
                string_add_format(to, "; %s had %s of %s left at %s", full->path, format_bytes(a, full->least_bytes),
                                  format_bytes(b, full->size_bytes), format_moment(at, full->least_ns));
        if (w->signal == SIGABRT && s->reason[0])
                string_add_format(to, "; the output says \"%s\"", s->reason);
}

static void add_title(String *to, const SignalsState *s, const SignalsEnded *e, const SignalWords *w, const SignalsFault *fault, const MountSeen *full)
{
        const char *name = e->comm[0] ? e->comm : "a program";
        char at[FORMAT_MAX], sender[SENDER_WORDS];

        format_moment(at, e->ending.end_ns);
        if (w->kind == KIND_ASKED && sender_is_other(&e->sender, e->ending.pid))
                string_add_format(to, "%s sent %s to %s at %s", sender_name(sender, &e->sender), w->name, name, at);
        else if (w->kind == KIND_ASKED && e->sender.by == SENDER_PROCESS)
                string_add_format(to, "%s ended itself by %s at %s", name, w->name, at);
        else if (w->kind == KIND_ASKED && e->sender.by == SENDER_KERNEL && e->sender.comm[0])
                string_add_format(to, "the kernel sent %s to %s at %s, for what %s did", w->name, name, at, sender_name(sender, &e->sender));
        else if (w->signal == SIGINT)
                string_add_format(to, "%s was interrupted at %s (SIGINT, as by Ctrl-C)", name, at);
        else if (w->kind == KIND_ASKED)
                string_add_format(to, "something sent %s to %s at %s", w->name, name, at);
        else if (w->kind == KIND_LIMIT)
                string_add_format(to, "%s %s, at %s", name, w->what, at);
        else if (outgrew_stack(fault))
                string_add_format(to, "%s crashed at %s: it outgrew its stack (SIGSEGV)", name, at);
        else if (fault && fault->address < 4096 && w->signal == SIGSEGV)
                string_add_format(to, "%s crashed at %s: it used a null pointer (SIGSEGV)", name, at);
        else if (full)
                string_add_format(to, "%s crashed at %s, writing to a mapped file: the file system on %s was full (SIGBUS)", name, at, full->path);
        else if (w->signal == SIGABRT && s->reason[0])
                string_add_format(to, "%s gave up at %s (SIGABRT): %s", name, at, s->reason);
        else if (w->signal == SIGPIPE || w->signal == SIGALRM)
                string_add_format(to, "%s was ended at %s: %s (%s)", name, at, w->what, w->name);
        else
                string_add_format(to, "%s crashed at %s: %s (%s)", name, at, w->what, w->name);
}

static void tell_ended(const SignalsState *s, const SignalsEnded *e, const SignalWords *w, const DetectContext *context, Findings *out)
{
        _cleanup_string_ String title = {0}, evidence = {0};
        const Sureness sure = sure_of(s, e);
        const SignalsFault *fault = w->signal == SIGSEGV ? fault_of(s, e) : NULL;
        const MountSeen *full = w->signal == SIGBUS ? mounts_fullest(&s->mounts) : NULL;
        const bool another = findings_find(out, w->id, NULL) && text_equal(w->id, "killed");
        Finding *f = findings_raise(out, w->id, another ? e->comm : NULL, severity_of(w, sure), full && sure == SURE_CERTAIN ? SURE_LIKELY : sure,
                                    e->ending.end_ns);

        if (!f)
                return;
        f->cause = true;
        f->pid = e->ending.pid;
        f->process = e->key;
        add_title(&title, s, e, w, fault, full);
        add_evidence(&evidence, s, e, w, fault, full);
        finding_title(f, "%s", string_get(&title));
        finding_evidence(f, "%s", string_get(&evidence));
        const char *meaning = outgrew_stack(fault) ? "it calls itself without end, or needs a bigger stack than ulimit -s gives it"
                              : fault             ? "a fault of the program; not want of memory, which ends a program by SIGKILL"
                                                  : w->meaning;
        if (sure == SURE_POSSIBLE)
                finding_meaning(f, "%s; whether the run failed of it is not known: what started it may have wanted that", meaning);
        else
                finding_meaning(f, "%s", meaning);
        if (outgrew_stack(fault))
                finding_advice(f, "where so deep a stack is meant, raise it in the shell that starts it, as far as its hard limit allows:\nulimit -S -s $(ulimit -H -s)\n");
        else if (full)
                finding_advice(f, "make room there, or raise its size (mount -o remount,size=…; docker run --shm-size)");
        else if (w->advice)
                finding_advice(f, "%s", w->advice);
}

/* Another was killed before, and the run went on until this one was, by whom is known. */
static bool was_borne(const Finding *killed, const SignalsEnded *e)
{
        return e && e->sender.by != SENDER_UNKNOWN && killed->process != e->key && killed->severity != SEVERITY_CRITICAL &&
               killed->t_ns < e->ending.end_ns - (int64_t)NS_PER_SECOND / 2;
}

/* What is told better by others: memory that was refused, so that it gave up; who ended it for memory or time. */
static bool is_told(const SignalWords *w, const SignalsEnded *e, const Findings *out)
{
        const Finding *refused = findings_find(out, "memory-refused", NULL);

        if (w->kind == KIND_CRASH)
                return refused && refused->severity == SEVERITY_CRITICAL;
        if (w->kind == KIND_LIMIT)
                return false;
        for (size_t i = 0; i < out->n; i++)
                if (text_equal(out->items[i]->id, "oom") && out->items[i]->severity == SEVERITY_CRITICAL)
                        return true;
        const Finding *killed = findings_find(out, "killed", NULL);
        return findings_find(out, "oom-daemon", NULL) || (killed && !was_borne(killed, e));
}

/* Nobody saw how the program ended: a shell's, make's or a compiler's words, or the code that a shell makes of it.
 * `known`: who failed was seen, and that no signal ended it. */
static void tell_said(const SignalsState *s, bool known, const DetectContext *context, Findings *out)
{
        enum { LINES_BEHIND = 50 };
        const int coded = context->facts.exit_code > 128 ? context->facts.exit_code - 128 : context->facts.exit_signal;
        const bool fresh = s->said_signal > 0 && s->lines - s->said_at <= LINES_BEHIND;
        const SignalWords *w = words_of(fresh ? s->said_signal : coded);
        char n[FORMAT_MAX];
        bool plain = false;

        if (fresh)
                signals_read_line(s->said_line, strlen(s->said_line), &plain);
        /* A shell says it of whoever it waits for, wanted or not. */
        if (!w || is_told(w, NULL, out) || (plain && w->signal != coded && (known || w->kind == KIND_ASKED)))
                return;
        const bool possible = (plain && s->said_signal != coded) || w->signal == SIGKILL;
        Finding *f = findings_raise(out, w->id, NULL, severity_of(w, possible ? SURE_POSSIBLE : SURE_LIKELY), possible ? SURE_POSSIBLE : SURE_LIKELY, FINDING_NO_TIME);
        if (!f)
                return;
        f->cause = true;
        if (w->kind == KIND_ASKED)
                finding_title(f, "something sent %s to the command, or to a program that it ran", w->name);
        else if (w->kind == KIND_LIMIT)
                finding_title(f, "a program %s", w->what);
        else if (w->signal == SIGABRT && s->reason[0])
                finding_title(f, "a program gave up (SIGABRT): %s", s->reason);
        else
                finding_title(f, "a program crashed: %s (%s)", w->what, w->name);
        if (fresh)
                finding_evidence(f, "the output says \"%s\"", s->said_line);
        else
                finding_evidence(f, "exit code %s: 128 and the number of %s", format_count(n, (uint64_t)coded + 128), w->name);
        finding_meaning(f, "%s", w->meaning);
        if (w->advice)
                finding_advice(f, "%s", w->advice);
}

/* A shell failed by itself, but told that a command of its own was asked to end, and one was. */
static const SignalsEnded *find_mentioned(const SignalsState *s, const SignalsEnded *shell)
{
        const SignalWords *w = words_of(s->said_signal);
        const SignalsEnded *found = NULL;

        if (!w || w->kind != KIND_ASKED || w->signal == SIGKILL || shell->ending.kind != ENDING_SHELL)
                return NULL;
        for (size_t i = 0; i < count_ended(s); i++) {
                const SignalsEnded *e = &s->ended[i];
                if (e->ending.ppid == shell->ending.pid && e->ending.exit_signal == w->signal && (!found || e->ending.end_ns >= found->ending.end_ns))
                        found = e;
        }
        return found;
}

void signals_tell(const SignalsState *s, const DetectContext *context, Findings *out)
{
        const DetectFacts *facts = &context->facts;
        Ending endings[SIGNALS_ENDED_MAX];

        if (facts->attached || facts->timed_out || (facts->exit_code <= 0 && facts->exit_signal <= 0))
                return;
        const SignalsEnded *e = find_culprit(s, endings), *mentioned = e && e->ending.exit_signal == 0 ? find_mentioned(s, e) : NULL;
        e = mentioned ? mentioned : e;
        const SignalWords *w = e && e->ending.exit_signal != SIGKILL ? words_of(e->ending.exit_signal) : NULL;
        char advice[SENDER_ADVICE];
        const SignalWords of = w ? words_for(e, w, advice) : (SignalWords){0};
        Finding *killed = w && of.kind == KIND_ASKED ? findings_find(out, "killed", NULL) : NULL;
        if (w && killed && was_borne(killed, e))
                killed->severity = SEVERITY_INFO;
        if (w && !is_told(&of, e, out))
                tell_ended(s, e, &of, context, out);
        else if (w)
                return;
        else if (!e || e->ending.pid == s->root.pid || s->said_signal > 0)
                tell_said(s, e && e->ending.pid != s->root.pid, context, out);
}
