/*
 * What a label costs: of a command line that was seen before, of a new one, and of a million processes of
 * a build in which some are and some are not. On lines made up here, or on those of a file.
 *   bench-rules [RULES [FILE]]
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "rules/explain.h"

enum { LINES = 4096, REPEATS = 200, PROCESSES = 1000000, ROUNDS = 5 };

/* What a build of C, C++ and Rust starts, as recorded; %zu is what differs. `again`: the same in all. */
typedef struct Kind {
        const char *exe, *comm, *line;
        unsigned share; /* of a hundred processes */
        bool again;
} Kind;

#define INCLUDES                                                                                   \
        "-I. -I.. -I../include -I../src/lib -Isrc/base.p -I/usr/include/glib-2.0 "                        \
        "-I/usr/lib/x86_64-linux-gnu/glib-2.0/include -I/usr/include/libxml2 -fdiagnostics-color=always " \
        "-D_FILE_OFFSET_BITS=64 -Wall -Winvalid-pch -Wextra -Werror -std=gnu17 -O3 -g "                   \
        "-Wmissing-prototypes -Wstrict-prototypes -Wvla -Wundef -Wshadow -Wwrite-strings -Wformat=2 "

static const Kind kinds[] = {
        {"/usr/bin/dash", "sh", "/bin/sh -c gcc " INCLUDES "-MD -MQ src/a%zu.o -o src/a%zu.o -c ../src/a%zu.c", 12, false},
        {"/usr/bin/x86_64-linux-gnu-gcc-12", "gcc", "gcc " INCLUDES "-MD -MF a%zu.d -o a%zu.o -c ../src/a%zu.c", 14, false},
        {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "cc1", "/usr/lib/gcc/x86_64-linux-gnu/12/cc1 -quiet " INCLUDES
         "-imultiarch x86_64-linux-gnu ../src/a%zu.c -quiet -dumpdir src/ -dumpbase a%zu.c -mtune=generic -o /tmp/cc%zu.s", 14, false},
        {"/usr/bin/x86_64-linux-gnu-as", "as", "as -I . --gdwarf-5 --64 -o src/a%zu.o /tmp/cc%zu.s%zu", 14, false},
        {"/usr/bin/dash", "sh", "/bin/sh -c set -e; echo '  CC  a%zu.o'; depbase=`echo a%zu.o`; "
         "cc -Wall -c a%zu.c && mv -f x.Tpo x.Po", 4, false},
        {"/usr/lib/gcc/x86_64-linux-gnu/12/collect2", "collect2", "/usr/lib/gcc/x86_64-linux-gnu/12/collect2 -plugin "
         "/usr/lib/gcc/x86_64-linux-gnu/12/liblto_plugin.so -plugin-opt=-fresolution=/tmp/cc%zu.res --build-id -o prog%zu a%zu.o -lc", 2, false},
        {"/usr/bin/x86_64-linux-gnu-ld.bfd", "ld", "/usr/bin/ld -plugin /usr/lib/liblto_plugin.so --build-id --eh-frame-hdr "
         "-m elf_x86_64 -o prog%zu a%zu.o b%zu.o -lgcc -lc", 2, false},
        {"/usr/bin/ccache", "ccache", "ccache gcc " INCLUDES "-o a%zu.o -c ../src/a%zu.c -DX=%zu", 6, false},
        {"/home/u/.rustup/toolchains/stable/bin/rustc", "rustc", "/home/u/.rustup/toolchains/stable/bin/rustc --crate-name c%zu "
         "--edition=2021 src/lib.rs --crate-type lib --emit=dep-info,metadata,link -C opt-level=3 -C metadata=%zu "
         "--out-dir target/release/deps -L dependency=target/release/deps -Cx=%zu", 3, false},
        {"/usr/bin/python3.11", "meson", "/usr/bin/python3 /usr/bin/meson --internal exe --capture out%zu.c -- gen %zu %zu", 2, false},
        {"/usr/bin/sed", "sed", "sed -e s/a%zu/b/ -e 1d in%zu.txt %zu", 5, false},
        {"/usr/bin/rm", "rm", "rm -f conftest conftest.o conftest.c", 6, true},
        {"/usr/bin/cat", "cat", "cat confdefs.h -", 5, true},
        {"/usr/bin/dash", "sh", "/bin/sh ./configure --prefix=/usr", 5, true},
        {"/usr/bin/expr", "expr", "expr X : X", 4, true},
        {"/usr/bin/git", "git", "git rev-parse HEAD", 2, true},
};

typedef struct Line {
        const Kind *kind;
        char *text;
} Line;

static uint64_t next_random(uint64_t *state)
{
        *state = *state * 6364136223846793005ull + 1442695040888963407ull;
        return (*state ^ *state >> 29) * 0xbf58476d1ce4e5b9ull >> 8;
}

static const Kind *pick(uint64_t *random)
{
        unsigned at = (unsigned)(next_random(random) % 100);

        for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
                if (at < kinds[i].share)
                        return &kinds[i];
                at -= kinds[i].share;
        }
        return &kinds[0];
}

static size_t make_line(const Kind *kind, size_t n, char *to, size_t size)
{
        int length = snprintf(to, size, kind->line, n, n, n);

        return MIN((size_t)length, size - 1);
}

static const Label *ask(Rules *rules, const Kind *kind, const char *text)
{
        const LabelWords words = {.comm = kind ? kind->comm : NULL, .exe = kind ? kind->exe : NULL, .cmdline = text};

        return rules_label(&words, rules);
}

static size_t heap_bytes(void)
{
        struct mallinfo2 info = mallinfo2();

        return info.uordblks + info.hblkhd;
}

static int load(const char *name, Rules **ret)
{
        Error err = {0};
        int r = rules_load(name, ret, &err);

        if (r < 0)
                fprintf(stderr, "%s\n", err.message);
        return r;
}

/* Labels may be asked for in any order; what they are is summed, so that nothing is left out. */
static double time_lines(Rules *rules, const Line *lines, size_t n, size_t repeats, uint64_t *ret_others)
{
        uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

        for (size_t r = 0; r < repeats; r++)
                for (size_t i = 0; i < n; i++)
                        *ret_others += ask(rules, lines[i].kind, lines[i].text)->major[0] == 'O';
        return (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)(n * repeats);
}

static int read_lines(const char *path, Line *lines, size_t *ret_n)
{
        Buffer text = {0};
        Error err = {0};
        int r = file_read_path(AT_FDCWD, path, 64 << 20, &text, &err);
        size_t n = 0;

        if (r < 0) {
                fprintf(stderr, "%s\n", err.message);
                return r;
        }
        for (char *p = (char *)text.data, *end = p + text.size; p < end && n < LINES;) {
                char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
                if (stop > p)
                        lines[n++] = (Line){NULL, strndup(p, (size_t)(stop - p))};
                p = stop + 1;
        }
        buffer_done(&text);
        *ret_n = n;
        return n > 0 ? 0 : -EINVAL;
}

static void make_up(Line *lines, size_t *ret_n)
{
        uint64_t random = 3;
        char text[4096];

        for (size_t i = 0; i < LINES; i++) {
                const Kind *kind = pick(&random);
                make_line(kind, i, text, sizeof text);
                lines[i] = (Line){kind, strdup(text)};
        }
        *ret_n = LINES;
}

/* New lines: each round is asked of rules that have seen nothing, but have compiled what they need. */
static int measure_new(const char *name, const Line *lines, size_t n, double *ret)
{
        double best = 1e18;
        uint64_t others = 0;

        for (int round = 0; round < ROUNDS; round++) {
                _cleanup_(rules_freep) Rules *rules = NULL;
                int r = load(name, &rules);
                if (r < 0)
                        return r;
                /* More than the cache holds, in an order in which it never helps. */
                for (int warm = 0; warm < 2; warm++) {
                        uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
                        for (size_t i = 0; i < n; i++) {
                                LabelWords words = {.cmdline = lines[i].text};
                                Explanation e;
                                if (lines[i].kind) {
                                        words.exe = lines[i].kind->exe;
                                        words.comm = lines[i].kind->comm;
                                }
                                rules_explain(rules, &words, &e);
                                others += e.label->major[0] == 'O';
                        }
                        best = warm ? MIN(best, (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)n) : best;
                }
        }
        *ret = best;
        return others > n * 2 * ROUNDS;
}

static int measure_million(const char *name, double *ret, double *ret_other)
{
        double best = 1e18;

        for (int round = 0; round < 3; round++) {
                _cleanup_(rules_freep) Rules *rules = NULL;
                uint64_t random = 7, spent = 0, others = 0;
                char text[4096];
                int r = load(name, &rules);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < PROCESSES;) {
                        static char block[1024][1024];
                        const Kind *of[1024];
                        for (size_t k = 0; k < 1024; k++) {
                                of[k] = pick(&random);
                                size_t length = make_line(of[k], i + k, text, sizeof text);
                                memcpy(block[k], text, MIN(length + 1, sizeof block[k]));
                                block[k][sizeof block[k] - 1] = '\0';
                        }
                        uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
                        for (size_t k = 0; k < 1024; k++, i++)
                                others += ask(rules, of[k], block[k])->major[0] == 'O';
                        spent += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
                }
                best = MIN(best, (double)spent);
                *ret_other = (double)others / PROCESSES;
        }
        *ret = best;
        return 0;
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "builtin";
        Line *lines = calloc(LINES, sizeof *lines);
        double fresh = 0, million = 0, other = 0;
        size_t n = 0, heap = heap_bytes();
        uint64_t others = 0, start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        _cleanup_(rules_freep) Rules *rules = NULL;

        if (!lines || load(name, &rules) < 0)
                return 1;
        double loading = (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start);
        heap = heap_bytes() - heap;
        if (argc > 2 && read_lines(argv[2], lines, &n) < 0)
                return 1;
        if (argc <= 2)
                make_up(lines, &n);
        double again = 1e18;
        size_t few = MIN(n, (size_t)512);
        time_lines(rules, lines, few, 2, &others);
        for (int round = 0; round < ROUNDS; round++)
                again = MIN(again, time_lines(rules, lines, few, REPEATS, &others));
        if (measure_new(name, lines, n, &fresh) < 0 || measure_million(name, &million, &other) < 0)
                return 1;
        printf("{\"rules\": %zu, \"load_ms\": %.3f, \"kib\": %zu, \"repeated_us\": %.4f, \"new_us\": %.4f, \"million_s\": %.4f, "
               "\"other\": %.4f}\n",
               rule_set_size(rules_set(rules)), loading / 1e6, heap / 1024, again / 1e3, fresh / 1e3, million / 1e9, other);
        for (size_t i = 0; i < n; i++)
                free(lines[i].text);
        free(lines);
        return 0;
}
