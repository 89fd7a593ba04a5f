/*
 * A failing child ended no later than its parent; of several the last one counts, since make and shells go on
 * after a failure that does not matter. But a shell ends as one of its commands did, which tells that one from
 * a server it stopped when its test had failed; a program that asked another one whether it is there went on
 * for long when it was not; and who was asked to end, or wrote to a reader that was gone,
 * is seldom the reason of anything.
 */
#include "model/culprit.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"

/* Who gives up of a child's failure does so at once. */
#define SOON_NS (1500 * (int64_t)NS_PER_MS)
/* Node and others that end as their child did, by SIGKILL, too, do so right then. */
#define AT_ONCE_NS (250 * (int64_t)NS_PER_MS)

static bool is_one_of(const char *comm, size_t size, const char *const *names)
{
        for (; *names; names++)
                if (strlen(*names) == size && memcmp(comm, *names, size) == 0)
                        return true;
        return false;
}

static bool ends_with(const char *comm, size_t size, const char *end)
{
        return size > strlen(end) && memcmp(comm + size - strlen(end), end, strlen(end)) == 0;
}

EndingKind culprit_kind(const char *comm, size_t size)
{
        static const char *const shells[] = {"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "busybox", NULL};
        static const char *const tools[] = {"make", "gmake", "ninja", "samu", "cargo", "rustc", "gcc", "g++", "cc", "c++", "clang", "clang++",
                                            "collect2", "ccache", "go", "cmake", "meson", "scons", "bazel", "nix-build", "xargs", "timeout",
                                            "env", "nice", "time", "sudo", "setpriv", "flock", "unshare", NULL};

        if (is_one_of(comm, size, shells))
                return ENDING_SHELL;
        return is_one_of(comm, size, tools) || ends_with(comm, size, "-gcc") || ends_with(comm, size, "-g++") ? ENDING_TOOL : ENDING_OTHER;
}

bool culprit_passes_on(const Ending *parent, const Ending *child)
{
        if (child->exit_signal > 0)
                return parent->exit_signal == child->exit_signal || parent->exit_code == 128 + child->exit_signal;
        return child->exit_code > 0 && parent->exit_code == child->exit_code;
}

bool culprit_explains(const Ending *parent, const Ending *child)
{
        switch (parent->kind) {
        case ENDING_SHELL:
                return culprit_passes_on(parent, child);
        case ENDING_TOOL:
                return true;
        default:
                return parent->end_ns - child->end_ns <= SOON_NS;
        }
}

static bool was_asked(const Ending *e)
{
        return e->exit_signal == SIGTERM || e->exit_signal == SIGPIPE || e->exit_signal == SIGHUP || e->exit_signal == SIGINT;
}

/* The more, the likelier the reason of its parent's end. 0: none at all. */
static int weight_of(const Ending *parent, const Ending *child)
{
        /* make that is asked to end ends its own first */
        if (was_asked(parent) && parent->exit_signal == child->exit_signal)
                return 0;
        if (parent->exit_signal == SIGKILL && parent->end_ns - child->end_ns > AT_ONCE_NS)
                return 0;
        /* 1 is the code of every other command, too */
        if ((parent->kind == ENDING_SHELL || parent->exit_signal > 0) && culprit_passes_on(parent, child) && child->exit_code != 1)
                return 3;
        if (parent->exit_signal > 0) /* who is ended itself fails of nobody else */
                return 0;
        if (parent->kind == ENDING_OTHER && !culprit_explains(parent, child))
                return 0;
        if (!was_asked(child))
                return 2;
        /* A shell has a code of its own for it. */
        return child->exit_signal == SIGPIPE || parent->kind == ENDING_SHELL ? 0 : 1;
}

static size_t find_child(const Ending *endings, size_t n, size_t parent)
{
        const Ending *p = &endings[parent];
        size_t found = CULPRIT_NONE;
        int best = 0;

        for (size_t i = 0; i < n; i++) {
                const Ending *e = &endings[i];
                if (i == parent || e->ppid != p->pid || e->pid == p->pid || e->end_ns > p->end_ns)
                        continue;
                int weight = weight_of(p, e);
                if (weight < best || weight == 0 || (weight == best && e->end_ns < endings[found].end_ns))
                        continue;
                best = weight;
                found = i;
        }
        return found;
}

size_t culprit_find(const Ending *endings, size_t n, int32_t root_pid)
{
        size_t found = CULPRIT_NONE;

        for (size_t i = n; i-- > 0 && found == CULPRIT_NONE;)
                if (endings[i].pid == root_pid)
                        found = i;
        for (size_t depth = 0; found != CULPRIT_NONE && depth < n; depth++) {
                size_t child = find_child(endings, n, found);
                if (child == CULPRIT_NONE)
                        break;
                found = child;
        }
        return found;
}
