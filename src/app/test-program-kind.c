/* Programs of a few headers, and what is none. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/program-kind.h"
#include "base/file.h"

typedef struct Program {
        ElfW(Ehdr) head;
        ElfW(Phdr) parts[2];
} Program;

static bool write_and_ask(const char *path, const void *data, size_t size)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, data, size), 0);
        close(fd);
        return program_is_static(path);
}

static void test_kinds(void **state)
{
        char place[] = "/tmp/vigia-test-XXXXXX", path[64];
        Program p = {.head = {.e_phoff = offsetof(Program, parts), .e_phentsize = sizeof(ElfW(Phdr)), .e_phnum = 2},
                     .parts = {{.p_type = PT_LOAD}, {.p_type = PT_LOAD}}};

        memcpy(p.head.e_ident, ELFMAG, SELFMAG);
        assert_non_null(mkdtemp(place));
        snprintf(path, sizeof path, "%s/prog", place);
        assert_true(write_and_ask(path, &p, sizeof p));
        char *old = strdup(getenv("PATH") ? getenv("PATH") : "/bin");
        setenv("PATH", place, 1);
        assert_true(program_is_static("prog"));
        assert_false(program_is_static("other"));
        setenv("PATH", old, 1);
        free(old);
        p.parts[1].p_type = PT_INTERP;
        assert_false(write_and_ask(path, &p, sizeof p));
        /* Cut off, without parts, with parts where the file is not, a script, nothing. */
        p.parts[1].p_type = PT_LOAD;
        assert_false(write_and_ask(path, &p, sizeof p - 1));
        assert_false(write_and_ask(path, &p, 20));
        p.head.e_phoff = UINT64_MAX - 8;
        assert_false(write_and_ask(path, &p, sizeof p));
        p.head.e_phnum = 0;
        assert_false(write_and_ask(path, &p, sizeof p));
        assert_false(write_and_ask(path, "#!/bin/sh\n", 10));
        assert_false(write_and_ask(path, "", 0));
        unlink(path);
        rmdir(place);
        assert_false(program_is_static(path));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};

        return cmocka_run_group_tests_name("program-kind", tests, NULL, NULL);
}
