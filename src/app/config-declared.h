/* [[monitor]] of the settings as monitors. */
#pragma once

#include "app/configuration.h"

/* Fills configuration->declared and ->declarations from the gathered records; a declaration that
 * cannot be is a note. 0 or -ENOMEM. */
int config_declared_monitors(Configuration *configuration);
