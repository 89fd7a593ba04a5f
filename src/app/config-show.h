/* The configuration in force, for people and as JSON. */
#pragma once

#include <stdbool.h>

#include "app/configuration.h"
#include "base/text.h"

/* `all`: with what is built in. 80 columns. Out of memory: to->failed. */
void config_show_text(const Configuration *configuration, bool all, String *to);
/* All keys there are, with what they take. */
void config_show_keys(const Configuration *configuration, String *to);
void config_show_json(const Configuration *configuration, String *to);
