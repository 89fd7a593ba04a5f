/* What can be told of a program before it runs. */
#pragma once

#include <stdbool.h>

/* Whether what a shell would find by that name is linked statically: it has no dynamic linker, and so a malloc of its
 * own. False, too, where that is not known. */
bool program_is_static(const char *name);
