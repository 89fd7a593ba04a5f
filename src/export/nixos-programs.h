/* The programs that are watched in a NixOS rebuild. */
#pragma once

#include <stdbool.h>

extern const char *const nixos_programs[]; /* ended by NULL */

/* Whether a program's name is that one, as it is or with a target in front and a version behind:
 * x86_64-unknown-linux-gnu-g++-13 is g++, ldconfig is not ld. */
bool nixos_is_program(const char *name, const char *program);
