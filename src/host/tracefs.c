/* Looked for where it is mounted today, and where it was until 4.1. */
#include "host/tracefs.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "base/text.h"

static const char *const places[] = {"sys/kernel/tracing", "sys/kernel/debug/tracing"};

static int read_id(const Host *host, const char *event, uint64_t *ret)
{
        char path[256], text[32];
        int worst = -ENOENT;

        for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
                const char *at = text;
                snprintf(path, sizeof path, "%s/events/%s/id", places[i], event);
                ssize_t n = host_read(host, path, text, sizeof text);
                if (n > 0 && scan_u64(&at, text + n, ret) == 0)
                        return 0;
                if (n == -EACCES || n == -EPERM)
                        worst = -EACCES;
        }
        return worst;
}

int tracefs_event_id(const Host *host, const char *event, uint64_t *ret, Error *why, Error *fix)
{
        _cleanup_close_ int events = -1;
        int r = read_id(host, event, ret);

        if (r == 0)
                return 0;
        if (r == -EACCES)
                return error_set(why, EACCES, "tracepoints are root's: tracefs is closed to others");
        events = host_open(host, "sys/kernel/tracing/events");
        if (events >= 0)
                return error_set(why, ENOENT, "this kernel has no tracepoint %s", event);
        error_set(fix, 0, "sudo mount -t tracefs none /sys/kernel/tracing");
        return error_set(why, ENOENT, "tracefs is not mounted");
}
