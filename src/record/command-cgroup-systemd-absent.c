/* Built without <systemd/sd-bus.h>. */
#include "record/command-cgroup-systemd.h"

#include <errno.h>

int systemd_scope_start(const ScopeRequest *request, Error *why)
{
        return error_set(why, EOPNOTSUPP,
                         "systemd runs here, but this vigia was built without libsystemd-dev");
}

int systemd_scope_available(void)
{
        return 0;
}
