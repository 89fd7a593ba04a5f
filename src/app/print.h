/* What a command has to say, made whole first and then written to standard output. */
#pragma once

#include "base/text.h"

/* EXIT_FINE, or EXIT_CANNOT with the reason told: no memory for the text, or nowhere to write it. */
int print_text(const String *text);
