/*
 * A transient scope unit, asked of systemd over D-Bus (org.freedesktop.systemd1(5),
 * systemd.scope(5)). Called in a helper process that ends soon after: libsystemd is loaded with
 * dlopen(3) and takes no memory of the recorder's; a bus that hangs is left behind.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

typedef struct ScopeRequest {
        const char *address; /* of the bus: "unix:path=/run/dbus/system_bus_socket" */
        const char *unit;    /* "vigia-….scope" */
        const char *slice;   /* "": the manager's default */
        const char *description;
        const pid_t *pids; /* they are in the scope when this returns 0 */
        size_t n_pids;
        uint64_t deadline_ns; /* CLOCK_MONOTONIC */
} ScopeRequest;

/* -ETIMEDOUT: no answer in time; -ENOENT, -ECONNREFUSED: no bus; -EPERM, -EACCES …: refused;
 * -EOPNOTSUPP: built without, or no libsystemd.so.0 here. Allocates; may block to the deadline
 * and, if the bus is ill, beyond it: the caller kills the helper then. */
int systemd_scope_start(const ScopeRequest *request, Error *why);

/* Whether this build can ask at all: for doctor. */
int systemd_scope_available(void);
