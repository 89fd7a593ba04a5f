/* Lines of Nix's that say that a builder of its failed. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* *ret_reason: where in the line "failed …" begins. */
bool nix_says_failed(const char *line, size_t size, const char **ret_reason);
