/* `vigia leak --valgrind -- COMMAND`: the command under memcheck, and what it lost by the places that took it. */
#pragma once

#include <stdbool.h>

/* The exit code: the command's own; EXIT_NO where fails and something was definitely lost; 3: it could not be done. */
int leak_valgrind(char *const *command, bool json, bool fails);
