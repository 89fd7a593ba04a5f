/*
 * What a run says about a NixOS configuration, as Nix to paste: collecting garbage where the store's disk is nearly full
 * or grew by much, and the limits that kept another process from being forked, each with its evidence in a
 * comment. How many builds at once is `vigia advise`'s matter, which knows what each needed.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/run.h"

/* Appends; nothing where the data support nothing. available_least_bytes: RUN_UNKNOWN where that is not known. */
int nixos_advice_add(RunReader *run, int64_t end_ns, uint64_t available_least_bytes, String *to, Error *err);
