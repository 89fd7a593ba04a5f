/* Whether a declared monitor works here: its file can be opened, its program is there. A command is
 * never run to find out. */
#include "monitor/declared-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/mount-text.h"

#define DEBUGFS "/sys/kernel/debug"

enum { MOUNTINFO_MAX = 4 << 20 };

static bool is_program(const char *name)
{
        const char *path = getenv("PATH"), *end;
        _cleanup_string_ String file = {0};

        if (strchr(name, '/'))
                return access(name, X_OK) == 0;
        for (path = path ? path : "/bin:/usr/bin"; *path; path = *end ? end + 1 : end) {
                end = strchrnul(path, ':');
                string_clear(&file);
                string_add_bytes(&file, path, (size_t)(end - path));
                string_add_format(&file, "%s%s", end > path ? "/" : "./", name);
                if (access(string_get(&file), X_OK) == 0)
                        return true;
        }
        return false;
}

static int probe_command(const MonitorContext *context, const DeclaredMonitor *d, Error *why)
{
        if (!host_is_live(context->host))
                return error_set(why, EOPNOTSUPP, "a command says nothing about a recorded machine");
        if (!d->shell && !is_program(d->command[0]))
                return error_set(why, ENOENT, "there is no program %.200s", d->command[0]);
        return 0;
}

bool declared_has_debugfs(const Host *host)
{
        _cleanup_close_ int fd = host_open(host, "proc/self/mountinfo");
        Buffer text = {0};
        MountLine line;
        bool found = false;

        if (fd >= 0 && file_read_all(fd, &text, MOUNTINFO_MAX) == 0) {
                const char *at = (const char *)text.data, *end = at + text.size;
                while (!found && mount_line_next(&at, end, &line))
                        found = text_part_is(line.directory, DEBUGFS) &&
                                text_part_is(line.type, "debugfs");
        }
        buffer_done(&text);
        return found;
}

/* In a recording, what is not there yet may come: start says so then, and is tried again. */
static int probe_file(const MonitorContext *context, const DeclaredMonitor *d, Error *why, Error *fix)
{
        _cleanup_string_ String path = {0};
        bool recording = context->run_fd >= 0;

        declared_path(d, &path);
        if (path.failed)
                return error_set(why, ENOMEM, "out of memory");
        _cleanup_close_ int fd = declared_open_file(context->host, string_get(&path), why);
        if (fd >= 0 || (fd == -ENOENT && recording))
                return 0;
        bool debugfs = text_starts_with(string_get(&path), DEBUGFS "/");
        if (debugfs && fd == -ENOENT && !declared_has_debugfs(context->host))
                error_set(fix, ENOENT, DECLARED_MOUNT_DEBUGFS);
        return fd;
}

int declared_probe(const MonitorContext *context, Error *why, Error *fix)
{
        const DeclaredMonitor *d = context->monitor->data;

        return d->file ? probe_file(context, d, why, fix) : probe_command(context, d, why);
}
