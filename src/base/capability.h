/*
 * A vigia with file capabilities (make install-caps) may look into other users' processes. What
 * its user names, a configuration or a file to record, is opened with what that user may do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Capabilities {
        uint64_t effective, permitted, inheritable;
        bool lowered;
} Capabilities;

/* Gives up the effective capabilities of this thread, until restored, if they came with the program
 * file (AT_SECURE, getauxval(3)); else, and as root, does nothing. 0 or -errno: then nothing may
 * be opened. capget(2) */
int capabilities_lower(Capabilities *saved);
void capabilities_restore(const Capabilities *saved);
