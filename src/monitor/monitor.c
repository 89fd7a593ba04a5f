/* Small helpers that every monitor shares. */
#include "monitor/monitor.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "host/host.h"

int monitor_row(Batch *rows, const MonitorTick *tick)
{
        int r = batch_add_row(rows);

        if (r < 0)
                return r;
        batch_set_i64(rows, MONITOR_TIME, tick->realtime_ns);
        batch_set_i64(rows, MONITOR_T_NS, tick->t_ns);
        return 0;
}

int monitor_open_file(const MonitorContext *context, const char *path, Error *err)
{
        int fd = host_open(context->host, path);

        return fd < 0 ? error_set_errno(err, fd, "/%s", path) : fd;
}

int monitor_probe_file(const MonitorContext *context, const char *path, Error *why)
{
        _cleanup_close_ int fd = monitor_open_file(context, path, why);

        return MIN(fd, 0);
}

const MonitorSetting *monitor_setting(const MonitorContext *context, const char *key)
{
        for (size_t i = 0; i < context->n_settings; i++) {
                const MonitorSetting *s = &context->settings[i];
                if (text_equal(s->monitor, context->monitor->name) && text_equal(s->key, key))
                        return s;
        }
        return NULL;
}

const Monitor *monitor_find(const char *name)
{
        for (size_t i = 0; monitors[i]; i++)
                if (text_equal(monitors[i]->name, name))
                        return monitors[i];
        return NULL;
}
