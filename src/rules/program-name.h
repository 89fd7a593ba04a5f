/*
 * The name of a program, and what it is without directory, target, version and other decoration:
 * x86_64-linux-gnu-gcc-12, /usr/lib/ccache/gcc and gcc are one program. docs/rules.md has the list.
 */
#pragma once

#include "base/text-part.h"

/* The part behind the last '/'; of "sshd: x", "sshd"; of "-bash", "bash". Never empty unless the word is. */
TextPart program_base(TextPart word);

/* Of a base name, a part of it. */
TextPart program_normalise(TextPart base);
