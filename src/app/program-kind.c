/* The headers of its ELF file. */
#include "app/program-kind.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

/* Whether it has no interpreter: no dynamic linker, and so a malloc of its own. What is no ELF file of this machine's
 * kind has one for all that is known. */
static bool is_static(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ElfW(Ehdr) head;
        ElfW(Phdr) part;

        if (fd < 0 || pread(fd, &head, sizeof head, 0) != sizeof head || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
            head.e_phentsize != sizeof part || head.e_phnum == 0)
                return false;
        for (unsigned i = 0; i < head.e_phnum; i++)
                if (pread(fd, &part, sizeof part, (off_t)(head.e_phoff + i * sizeof part)) != sizeof part || part.p_type == PT_INTERP)
                        return false;
        return true;
}

bool program_is_static(const char *name)
{
        const char *path = getenv("PATH"), *end;

        if (strchr(name, '/'))
                return is_static(name);
        for (; path && *path; path = *end ? end + 1 : end) {
                _cleanup_string_ String file = {0};
                end = strchrnul(path, ':');
                string_add_bytes(&file, path, (size_t)(end - path));
                string_add_format(&file, "%s%s", end > path ? "/" : "./", name);
                if (!file.failed && access(string_get(&file), X_OK) == 0)
                        return is_static(string_get(&file));
        }
        return false;
}
