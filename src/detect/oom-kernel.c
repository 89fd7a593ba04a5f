/*
 * The words of the kernel's log about OOM kills, of bpf's events, and of the daemons that kill before it.
 * mm/oom_kill.c (dump_oom_summary, __oom_kill_process), mm/memcontrol.c (mem_cgroup_print_oom_context,
 * mem_cgroup_print_oom_group); systemd's src/oom/oomd-manager.c; earlyoom's kill.c. A kill that bpf and the log
 * both tell is one: they come within a few seconds and agree in pid or, where the log counts pids of another
 * namespace, in name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/nix.h"
#include "detect/oom.h"
#include "detect/said.h"

enum { SAME_KILL_SECONDS = 5 };

static const char *after(const char *text, size_t size, const char *words)
{
        const char *at = text && size > 0 ? memmem(text, size, words, strlen(words)) : NULL;

        return at ? at + strlen(words) : NULL;
}

/* Behind the last of them: a name that a process gave itself stands before the kernel's own words. */
static const char *after_last(const char *text, size_t size, const char *words)
{
        const char *last = NULL, *at = text;

        while ((at = after(at, (size_t)(text + size - at), words)))
                last = at;
        return last;
}

static void copy_until(char *to, size_t room, const char *from, const char *end, const char *stops)
{
        size_t n = 0;

        while (from + n < end && !strchr(stops, from[n]) && n + 1 < room)
                n++;
        memcpy(to, from, n);
        to[n] = '\0';
}

static int32_t pid_at(const char *at, const char *end)
{
        uint64_t n;

        return at && scan_u64(&at, end, &n) == 0 && n > 0 && n <= INT32_MAX ? (int32_t)n : -1;
}

/* "anon-rss:102400kB": 0 without. */
static uint64_t kilobytes(const char *text, size_t size, const char *name)
{
        const char *at = after_last(text, size, name);
        uint64_t n;

        return at && scan_u64(&at, text + size, &n) == 0 && n < UINT64_MAX / 4096 ? n * 1024 : 0;
}

/* The name in "Killed process 42 (a) b) total-vm:": up to the parenthesis before " total-vm:" or, in
 * kernels until 5.4, ", UID". */
static void copy_name(char to[OOM_COMM], const char *from, const char *end)
{
        const char *close = memmem(from, (size_t)(end - from), ") total-vm:", strlen(") total-vm:"));

        if (!close)
                close = memmem(from, (size_t)(end - from), "), ", strlen("), "));
        if (!close)
                close = memmem(from, (size_t)(end - from), ")", 1);
        copy_until(to, OOM_COMM, from, close ? close : end, "");
}

void oom_take_note(OomState *s, const char *text, size_t size)
{
        const char *end = text + size;

        if (after(text, size, "are going to be killed due to memory.oom.group")) {
                s->next_group = true;
                return;
        }
        if (size < strlen("oom-kill:") || memcmp(text, "oom-kill:", strlen("oom-kill:")) != 0)
                return;
        const char *cgroup = after(text, size, ",oom_memcg=");
        s->next_limit = after(text, size, "constraint=CONSTRAINT_MEMCG") ? OOM_LIMIT_CGROUP : OOM_LIMIT_MACHINE;
        s->next_pid = pid_at(after_last(text, size, ",pid="), end);
        s->next_group = false;
        s->next_cgroup[0] = '\0';
        if (cgroup && s->next_limit == OOM_LIMIT_CGROUP)
                copy_until(s->next_cgroup, sizeof s->next_cgroup, cgroup, end, ",");
}

OomKill *oom_add_kill(OomState *s, int64_t t_ns)
{
        if (s->n_kills == OOM_KILLS_MAX) {
                s->kills_left_out++;
                return NULL;
        }
        OomKill *k = &s->kills[s->n_kills++];
        *k = (OomKill){.t_ns = t_ns, .pid = -1, .said_pid = -1, .resident_bytes = OOM_UNKNOWN, .victim.key = OOM_UNKNOWN};
        oom_scene_begin(&k->scene, &s->last, t_ns);
        return k;
}

/* The same kill, told in the other way. */
static OomKill *find_same(OomState *s, int64_t t_ns, bool told, int32_t pid, const char *comm)
{
        for (size_t i = s->n_kills; i-- > 0;) {
                OomKill *k = &s->kills[i];
                if ((told ? k->told : k->logged) || llabs(k->t_ns - t_ns) > SAME_KILL_SECONDS * (int64_t)NS_PER_SECOND)
                        continue;
                if (k->pid > 0 && pid > 0 ? k->pid == pid : text_equal(k->comm, comm) || !k->comm[0])
                        return k;
        }
        return NULL;
}

static void take_log(OomState *s, OomKill *k, const char *text, size_t size)
{
        k->said_pid = pid_at(after(text, size, "Killed process "), text + size);
        k->resident_bytes = kilobytes(text, size, " anon-rss:") + kilobytes(text, size, " file-rss:") +
                            kilobytes(text, size, " shmem-rss:");
        k->limit = after(text, size, "Memory cgroup out of memory") ? OOM_LIMIT_CGROUP
                   : after(text, size, "Out of memory")             ? OOM_LIMIT_MACHINE
                                                                    : OOM_LIMIT_UNKNOWN;
        /* Of a whole group only the first is named by the note. */
        if (s->next_limit != OOM_LIMIT_UNKNOWN && (s->next_pid == k->said_pid || s->next_pid < 0 || s->next_group)) {
                k->limit = s->next_limit;
                text_copy(k->cgroup, sizeof k->cgroup, s->next_cgroup);
                k->whole_group = s->next_group;
        }
}

OomKill *oom_take_event(OomState *s, int64_t t_ns, bool told, int32_t pid, uint64_t process, const char *text, size_t size)
{
        const char *end = text + size;
        const char *name = told ? after(text, size, "OOM killer chose ") : after(text, size, "Killed process ");
        char comm[OOM_COMM] = "";

        if (name && !told)
                name = memchr(name, '(', (size_t)(end - name)) ? (char *)memchr(name, '(', (size_t)(end - name)) + 1 : NULL;
        if (name && told) {
                const char *stop = memmem(name, (size_t)(end - name), " (pid ", strlen(" (pid "));
                copy_until(comm, sizeof comm, name, stop ? stop : end, "");
                if (text_equal(comm, "a process"))
                        comm[0] = '\0';
                if (pid <= 0 && stop)
                        pid = pid_at(stop + strlen(" (pid "), end);
        } else if (name) {
                copy_name(comm, name, end);
        }
        OomKill *k = find_same(s, t_ns, told, pid, comm);
        if (!k)
                k = oom_add_kill(s, t_ns);
        if (!k)
                return NULL;
        if (!told)
                take_log(s, k, text, size);
        if (comm[0])
                memcpy(k->comm, comm, sizeof comm);
        k->pid = pid > 0 ? pid : k->pid;
        k->process = process ? process : k->process;
        *(told ? &k->told : &k->logged) = true;
        return k;
}

/* ---- daemons ---- */

static OomDaemon daemon_of(const char *line, size_t size)
{
        if (said(line, size, "systemd-oomd") && said(line, size, "killed"))
                return OOM_SYSTEMD;
        if (said(line, size, "killed /") &&
            (said(line, size, "due to memory pressure for") || said(line, size, "due to memory used")))
                return OOM_SYSTEMD;
        if ((said(line, size, "sending SIGTERM to process") || said(line, size, "sending SIGKILL to process")) &&
            said(line, size, "badness"))
                return OOM_EARLYOOM;
        return OOM_NO_DAEMON;
}

void oom_take_journal(OomWords *words, int64_t t_ns, const char *line, size_t size)
{
        OomDaemon daemon = daemon_of(line, size);

        if (daemon == OOM_NO_DAEMON || (words->daemon != OOM_NO_DAEMON && words->daemon_ns != FINDING_NO_TIME))
                return;
        words->daemon = daemon;
        words->daemon_ns = t_ns;
        words->daemon_pid = daemon == OOM_EARLYOOM ? pid_at(after_last(line, size, " to process "), line + size) : -1;
        said_quote(words->daemon_line, sizeof words->daemon_line, line, size);
}

static bool is_killed(const char *line, size_t size)
{
        static const char *const whole[] = {"Killed signal terminated program", "internal compiler error: Killed",
                                            "(signal: 9, SIGKILL: kill)", "signal: killed", "ld terminated with signal 9",
                                            "collect2: fatal error: ld terminated with signal 9",
                                            "unable to execute command: Killed", NULL};

        return said_any(line, size, whole);
}

void oom_take_line(OomWords *words, const char *line, size_t size)
{
        const char *reason;

        words->lines++;
        words->nix_failed |= nix_says_failed(line, size, &reason) || said(line, size, "error: interrupted by the user");
        if (said_is_quoted(line, size))
                return;
        if (oom_is_refused(line, size)) {
                words->refused++;
                words->refused_at = words->lines;
                if (!words->refused_line[0])
                        said_quote(words->refused_line, sizeof words->refused_line, line, size);
        } else if (!words->killed_line[0] && is_killed(line, size)) {
                said_quote(words->killed_line, sizeof words->killed_line, line, size);
        } else if (words->daemon == OOM_NO_DAEMON) {
                oom_take_journal(words, FINDING_NO_TIME, line, size);
        }
}
