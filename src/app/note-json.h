/* What `check` found in a file, for programs: one shape for configurations and for rules. */
#pragma once

#include "base/json.h"
#include "config/toml.h"

/* An element of the array that is open. place.line 0: of no place; severity: problem, warning, notice. */
void note_add_json(Json *j, const char *severity, const char *file, TomlPlace place, const char *sentence);
