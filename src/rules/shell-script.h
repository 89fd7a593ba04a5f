/* Which command of a shell's one-line script says what the script is for. */
#pragma once

#include "base/text-part.h"

/* The first command that does something, without assignments and keywords in front, up to its end. False:
 * it has loops or cases, or its first command is not known before it runs, or there is none. */
bool shell_script_choose(TextPart script, TextPart *ret);
