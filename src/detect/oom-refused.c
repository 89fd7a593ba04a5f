/*
 * Programs that said themselves that memory was refused to them: compilers, linkers, run times. The kernel's OOM
 * killer refuses nothing, so it is a limit of the program's own (a heap's size), one on its address space, or on
 * what is promised to all (overcommit_memory 2); which one the words and the figures of that time have to say.
 * A run that went well was refused nothing that mattered: its tests may print such lines.
 */
#include <string.h>

#include "base/clock.h"
#include "detect/oom.h"
#include "detect/said.h"
#include "detect/things.h"

/* So many lines after it, the run failed of something else, perhaps. */
enum { LINES_BEHIND = 1000 };

typedef enum Refuser { REFUSED_BY_SOMETHING, REFUSED_BY_JAVA, REFUSED_BY_NODE, REFUSED_BY_PROMISE, REFUSED_BY_SHORTAGE, REFUSED_BY_LIMIT } Refuser;

static const char *const java_words[] = {"java.lang.OutOfMemoryError: Java heap space", "java.lang.OutOfMemoryError: Metaspace",
                                         "java.lang.OutOfMemoryError: GC overhead limit exceeded", NULL};

/* "xz: x: Cannot allocate memory": the error of a call, at the line's end; forks have a detector of their own. */
static bool is_errno_line(const char *line, size_t size)
{
        static const char *const ends[] = {": failed to map segment from shared object", ": cannot allocate memory", "] cannot allocate memory", "(cannot allocate memory)",
                                           ": cannot allocate memory.", "cannot allocate memory (os error 12)", ": std::bad_alloc"};
        static const char *const forks[] = {"fork", "spawn", "clone", "thread", "execute process", NULL};

        if (said_any(line, size, forks))
                return false;
        for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
                size_t n = strlen(ends[i]);
                if (size >= n && said_find(line + size - n, n, ends[i]))
                        return true;
        }
        return false;
}

bool oom_is_refused(const char *line, size_t size)
{
        static const char *const whole[] = {"virtual memory exhausted",
                                            ": out of memory allocating ",
                                            "LLVM ERROR: out of memory",
                                            "instance of 'std::bad_alloc'",
                                            "what():  std::bad_alloc",
                                            "fatal error: runtime: out of memory",
                                            "runtime: cannot allocate memory",
                                            "failed to reserve page summary memory",
                                            "cannot reserve arena virtual address space",
                                            "Fatal process OOM",
                                            "Out of memory, malloc failed",
                                            "Fatal process out of memory",
                                            "insufficient memory for the Java Runtime Environment to continue",
                                            "JavaScript heap out of memory",
                                            "final link failed: memory exhausted",
                                            ": memory exhausted",
                                            "heap exhausted",
                                            NULL};

        while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
                size--;
        if (said_any(line, size, whole) || said_any(line, size, java_words) || is_errno_line(line, size))
                return true;
        if (size == strlen("Out of memory!") && said(line, size, "Out of memory!")) /* perl */
                return true;
        if (said(line, size, "memory allocation of ") && said(line, size, " bytes failed"))
                return true;
        return size >= strlen("MemoryError") && strncmp(line, "MemoryError", strlen("MemoryError")) == 0 &&
               (size == strlen("MemoryError") || line[strlen("MemoryError")] == ':');
}

/* ---- who refused ---- */

static bool is_full(const OomState *s)
{
        return s->cgroup_limit_bytes > 0 && s->cgroup_most_bytes >= s->cgroup_limit_bytes - s->cgroup_limit_bytes / 10;
}

static Refuser find_refuser(const OomState *s)
{
        const char *line = s->words.refused_line;

        if (said_any(line, strlen(line), java_words))
                return REFUSED_BY_JAVA;
        if (said(line, strlen(line), "JavaScript heap"))
                return REFUSED_BY_NODE;
        if (s->strict && s->promise_limit_bytes > 0)
                return REFUSED_BY_PROMISE;
        if (s->total_bytes == 0)
                return REFUSED_BY_SOMETHING;
        return s->least_bytes > s->total_bytes / 10 && !is_full(s) ? REFUSED_BY_LIMIT : REFUSED_BY_SHORTAGE;
}

/* What is asked for at once is not among what was promised before. */
static bool nearly_promised(const OomState *s)
{
        return s->promised_bytes >= s->promise_limit_bytes / 2;
}

/* ---- words ---- */

static void add_evidence(String *to, const OomState *s, Refuser by)
{
        char a[FORMAT_MAX], b[FORMAT_MAX], at[FORMAT_MAX], n[FORMAT_MAX];

        if (s->words.refused > 0)
                string_add_format(to, "%s such line%s in the output", format_count(n, s->words.refused), s->words.refused == 1 ? "" : "s");
        if (s->kernel_refused_ours)
                string_add_format(to, "%sthe kernel's log says \"%s\"", to->size > 0 ? "; " : "", s->kernel_refused);
        if (by == REFUSED_BY_PROMISE)
                string_add_format(to, "; overcommit_memory is 2, and %s of the %s that may be promised were at %s, before what was refused",
                                  format_bytes(a, s->promised_bytes), format_bytes(b, s->promise_limit_bytes), format_moment(at, s->promised_ns));
        if (s->total_bytes > 0)
                string_add_format(to, "; the machine had %s of %s left at the least, at %s", format_bytes(a, s->least_bytes),
                                  format_bytes(b, s->total_bytes), format_moment(at, s->least_ns));
        if (is_full(s))
                string_add_format(to, "; the run's cgroup used %s of %s", format_bytes(a, s->cgroup_most_bytes),
                                  format_bytes(b, s->cgroup_limit_bytes));
}

static void say(Finding *f, const OomState *s, Refuser by)
{
        switch (by) {
        case REFUSED_BY_JAVA:
                finding_meaning(f, "the program's own heap was full: its limit (-Xmx) is a quarter of the machine's memory unless it is set");
                finding_advice(f, "raise it, where memory allows (Gradle: org.gradle.jvmargs in gradle.properties):\n"
                                  "export JAVA_TOOL_OPTIONS=-Xmx4g\n");
                return;
        case REFUSED_BY_NODE:
                finding_meaning(f, "the program's own heap was full: Node bounds it whatever the machine has");
                finding_advice(f, "raise it, where memory allows, in MiB:\nexport NODE_OPTIONS=--max-old-space-size=8192\n");
                return;
        case REFUSED_BY_PROMISE:
                finding_meaning(f, "the kernel is told to promise no more memory than CommitLimit (swap and a part of memory, overcommit_ratio), "
                                   "used or not: what would go beyond is refused, however much is free");
                finding_advice(f, "promise more of memory, or do not count it (vm.overcommit_memory=0):\nsudo sysctl vm.overcommit_ratio=100\n");
                return;
        case REFUSED_BY_LIMIT:
                finding_meaning(f, "the machine had memory left, and the OOM killer kills rather than refuses: what refuses is a limit on the "
                                   "process's own address space (ulimit -v, RLIMIT_AS), strict overcommit, the program's own limit (a heap size), "
                                   "or a request beyond all bounds");
                finding_advice(f, "lift the limit, in the shell that starts it:\nulimit -v unlimited\n");
                return;
        default:
                finding_meaning(f, "the allocation itself failed; the program was not killed");
                finding_advice(f, "run fewer jobs at once (-j), or give it more memory");
        }
}

void oom_tell_refused(const OomState *s, const DetectContext *context, Findings *out)
{
        const bool told = s->kernel_refused_ours, late = s->words.lines - s->words.refused_at > LINES_BEHIND;
        _cleanup_string_ String evidence = {0};

        if ((s->words.refused == 0 && !told) || !oom_run_failed(&context->facts))
                return;
        const Refuser by = told ? REFUSED_BY_PROMISE : find_refuser(s);
        Finding *f = findings_raise(out, "memory-refused", NULL, late && !told ? SEVERITY_WARNING : SEVERITY_CRITICAL,
                                    told && s->words.refused > 0             ? SURE_CERTAIN
                                    : late || (by == REFUSED_BY_PROMISE && !told && !nearly_promised(s)) ? SURE_POSSIBLE
                                                                             : SURE_LIKELY,
                                    told ? s->kernel_refused_ns : FINDING_NO_TIME);
        if (!f)
                return;
        f->cause = true;
        if (by == REFUSED_BY_PROMISE)
                finding_title(f, "a program was refused memory, by the limit on what may be promised (CommitLimit)%s%s",
                              s->words.refused > 0 ? ": " : "", s->words.refused_line);
        else
                finding_title(f, "a program was refused memory: %s", s->words.refused_line);
        add_evidence(&evidence, s, by);
        finding_evidence(f, "%s", string_get(&evidence));
        say(f, s, by);
}
