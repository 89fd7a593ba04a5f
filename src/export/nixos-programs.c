/* Whole names, never parts of them: "ld" is in "build". */
#include "export/nixos-programs.h"

#include <string.h>

#include "base/text.h"

const char *const nixos_programs[] = {"nix-daemon", "nix-build", "cargo", "rustc", "cc1plus", "ld", "gcc", "g++", "clang", NULL};

/* "-13", "-12.2.0", or nothing. */
static bool is_version(const char *text)
{
        return !*text || (text[0] == '-' && text[1] >= '0' && text[1] <= '9' && text[1 + strspn(text + 1, "0123456789.")] == '\0');
}

bool nixos_is_program(const char *name, const char *program)
{
        size_t size = strlen(program);

        for (const char *at = name; (at = strstr(at, program)); at++) {
                /* What stands in front is a target: at least two dashes, as in x86_64-linux-gnu-. */
                bool fine = at == name;
                if (!fine && at[-1] == '-') {
                        const char *dash = memchr(name, '-', (size_t)(at - name));
                        fine = dash && dash + 1 < at;
                }
                if (fine && is_version(at + size))
                        return true;
        }
        return false;
}
