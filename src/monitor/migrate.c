/* Migration of folios as the kernel counts it in debugfs: a declared monitor that vigia brings along.
 * The file is of a patch that is not in Linus' tree (mm/migrate.c, debugfs mm/migrate/stats), so its
 * columns are those it has: success, fail, total; or calls, success, … under [function] headings. */
#include <errno.h>

#include "base/cleanup.h"
#include "monitor/declared.h"

#define BELOW_ROOT "sys/kernel/debug/mm/migrate/stats"
#define STATS      "/" BELOW_ROOT

static const DeclaredMonitor migrate_declaration = {
        .name = "migrate",
        .file = STATS,
        .format = DECLARED_KEY_VALUE,
        .kind = DECLARED_COUNTER,
        .interval_us = 60000000,
};

static int migrate_probe(const MonitorContext *context, Error *why, Error *fix)
{
        int r = declared_probe(context, why, fix);
        mode_t mode;

        /* A recording would wait for a file that is to come; a kernel without the patch stays one. */
        int fd = r == 0 ? host_open_regular(context->host, BELOW_ROOT, &mode) : -1;
        if (r == 0 && fd == -ENOENT)
                r = -ENOENT;
        fd_close(fd);
        if (r == -ENOENT) {
                if (declared_has_debugfs(context->host))
                        return error_set(why, EOPNOTSUPP, "this kernel does not count it: it is built "
                                         "without the patch that adds " STATS);
                error_set(fix, ENOENT, DECLARED_MOUNT_DEBUGFS);
                return error_set(why, EOPNOTSUPP, "debugfs is not mounted on /sys/kernel/debug");
        }
        if (r == -EACCES)
                return error_set(why, EACCES, "only root may read " STATS);
        return r;
}

const Monitor monitor_migrate = {
        .name = "migrate",
        .what = "migration of folios, on kernels that count it",
        .interval_us = 60000000,
        .off = true,
        .blocking = true,
        .state_size = DECLARED_STATE_SIZE,
        .data = &migrate_declaration,
        .probe = migrate_probe,
        .start = declared_start,
        .table = declared_table,
        .sample = declared_sample,
        .stop = declared_stop,
};
