/* Programs that only run another one, and those that run a script. docs/rules.md names them. */
#pragma once

#include "rules/words.h"

/* How to find what a wrapper of this normalised name runs: the shapes are tried in turn, from NULL.
 * NULL: there is no (further) one. */
const OptionShape *wrapper_next(TextPart program, const OptionShape *shape);

/* The same for interpreters; what follows their options is a script. At most one. */
const OptionShape *interpreter_find(TextPart program);
bool interpreter_is_shell(TextPart program);
bool interpreter_is_java(TextPart program);
bool interpreter_is_python(TextPart program);
