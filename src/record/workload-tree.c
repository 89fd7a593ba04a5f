/* Signals for a whole tree, as far as it can be seen: /proc/PID/task/TID/children names the
 * children of each thread. Best effort (a process that forks meanwhile is caught by another
 * round); what was reparented away is not found and not ours to end. */
#include "record/workload-internal.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "host/host.h"

enum { TREE_MAX = 65536, TREE_ROUNDS = 4, CHILDREN_ROOM = 64 * 1024 };

/* The pids that are in `text`, behind those in `tree` that are not there yet. */
static void add_children(Buffer *tree, const char *text, size_t size)
{
        const char *p = text, *end = text + size;
        uint64_t number;

        while (scan_u64(&p, end, &number) == 0) {
                pid_t pid = (pid_t)number;
                if (tree->size / sizeof pid >= TREE_MAX || pid <= 1)
                        return;
                if (buffer_append(tree, &pid, sizeof pid) < 0)
                        return;
        }
}

static void add_children_of(const Host *host, pid_t pid, Buffer *tree, char *room)
{
        char path[64];

        snprintf(path, sizeof path, "proc/%d/task", (int)pid);
        int fd = host_open(host, path);
        _cleanup_closedir_ DIR *tasks = fd >= 0 ? fdopendir(fd) : NULL;
        if (!tasks) {
                fd_close(fd);
                return;
        }
        for (struct dirent *task; (task = readdir(tasks));) {
                if (task->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof path, "proc/%d/task/%.16s/children", (int)pid, task->d_name);
                ssize_t n = host_read(host, path, room, CHILDREN_ROOM);
                if (n > 0)
                        add_children(tree, room, (size_t)n);
        }
}

static size_t tree_find(const Host *host, pid_t root, Buffer *tree, char *room)
{
        buffer_clear(tree);
        if (buffer_append(tree, &root, sizeof root) < 0)
                return 0;
        for (size_t i = 0; i < tree->size / sizeof root; i++)
                add_children_of(host, ((const pid_t *)tree->data)[i], tree, room);
        return tree->size / sizeof root;
}

void workload_tree_signal(pid_t root, int signal)
{
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_(buffer_done) Buffer tree = {0};
        _cleanup_free_ char *room = malloc(CHILDREN_ROOM);

        if (!room || host_new(NULL, &host) < 0)
                return;
        for (int round = 0; round < (signal == SIGKILL ? TREE_ROUNDS : 1); round++) {
                size_t n = tree_find(host, root, &tree, room);
                const pid_t *pids = (const pid_t *)tree.data;
                /* The root last: while it lives, its descendants can be found by it. */
                for (size_t i = n; i-- > 0;) {
                        if (signal == SIGKILL && i == 0 && round < TREE_ROUNDS - 1 && n > 1)
                                continue;
                        kill(pids[i], signal);
                        if (signal != SIGKILL)
                                kill(pids[i], SIGCONT);
                }
        }
}
