/*
 * Who is at work in a run directory: its recorder, or someone who finishes it after the
 * recorder died. An open-file-description lock on the directory itself (fcntl(2)): it is seen
 * across pid namespaces, can be asked for without taking it, and ends with its holder.
 */
#pragma once

#include <stdbool.h>

/* Holds it until the descriptor is closed. 0 (also where the file system has no locks), or
 * -EBUSY: someone else is there. */
int run_lock_take(int dirfd);

bool run_lock_held(int dirfd); /* by anyone but this descriptor */
