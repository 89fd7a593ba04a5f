/* What a job's command lines name: what it makes (-o FILE, > FILE, an archive, where a file is moved to) and
 * what it uses that another job made before, be it an object, a library, a header's generator or its own
 * program. Names are looked for whole, as paths. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advise/plan.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "model/cells.h"

enum {
        PATH_BYTES = 4096,
        CUT_BYTES = 4000,    /* a command line of so many bytes may have been longer */
        OUTPUTS_MAX = 1 << 20,
};

struct PlanNames {
        Map *by_path, *by_base; /* hash of the path, of its last part: node */
        Map *by_compile; /* hash of a compilation without its output: node */
};

const char *const plan_command_columns[] = {"process", "comm", "exe", "cmdline", "cwd", NULL};

void plan_names_done(Plan *plan)
{
        if (!plan->names)
                return;
        map_free(plan->names->by_path);
        map_free(plan->names->by_base);
        map_free(plan->names->by_compile);
        free(plan->names);
        plan->names = NULL;
}

typedef struct Line {
        Plan *plan;
        uint32_t node;
        const char *cwd;
        size_t cwd_size;
        const char *program;
        size_t program_size;
        size_t found; /* of what it uses: made by other jobs */
        uint32_t library; /* the last one that it linked, by the node that made it; 0 none */
        bool inputs;  /* which pass: outputs first */
} Line;

/* cwd/word without "." and "..": 0 if it does not fit. */
static size_t resolve(const Line *line, const char *word, size_t size, char to[PATH_BYTES])
{
        char whole[PATH_BYTES];
        size_t n = 0, length = 0;

        if (size == 0 || size + line->cwd_size + 2 > sizeof whole)
                return 0;
        if (word[0] != '/') {
                memcpy(whole, line->cwd, line->cwd_size);
                n = line->cwd_size;
                whole[n++] = '/';
        }
        memcpy(whole + n, word, size);
        n += size;
        for (size_t at = 0; at < n;) {
                size_t end = at;
                while (end < n && whole[end] != '/')
                        end++;
                const char *part = whole + at;
                size_t part_size = end - at;
                at = end + 1;
                if (part_size == 0 || (part_size == 1 && part[0] == '.'))
                        continue;
                if (part_size == 2 && part[0] == '.' && part[1] == '.') {
                        while (length > 0 && to[--length] != '/')
                                ;
                        continue;
                }
                to[length++] = '/';
                memcpy(to + length, part, part_size);
                length += part_size;
        }
        return length;
}

static uint64_t base_hash(const char *path, size_t size)
{
        const char *slash = memrchr(path, '/', size);

        return slash ? hash_bytes(slash + 1, size - (size_t)(slash + 1 - path)) : hash_bytes(path, size);
}

static int makes(Line *line, const char *word, size_t size)
{
        char path[PATH_BYTES];
        size_t n = resolve(line, word, size, path);
        struct PlanNames *names = line->plan->names;
        void *node = (void *)(uintptr_t)line->node; /* never 0: that is the build itself */

        if (n == 0 || line->inputs || text_starts_with(path, "/dev/") || map_size(names->by_path) >= OUTPUTS_MAX)
                return 0;
        if (map_put(names->by_path, hash_bytes(path, n), node) < 0)
                return -ENOMEM;
        return map_put(names->by_base, base_hash(path, n), node);
}

static int uses_node(Line *line, uint32_t from)
{
        if (from == 0 || from == line->node)
                return 0;
        line->found++;
        return plan_add_edge(line->plan, from, line->node);
}

/* Of libraries in a line each may need those to its right: the sub-make that made it may have waited for theirs.
 * Nothing else tells that; where it is not so, the times mostly contradict it. */
static int uses_next_library(Line *line, uint32_t from)
{
        uint32_t left = line->library, right = from;

        if (from == 0 || line->plan->nodes[line->node].kind != KIND_LINK)
                return 0;
        line->library = from;
        return left != 0 && plan_raise_to_submakes(line->plan, &right, &left) ? plan_add_edge(line->plan, right, left) : 0;
}

static bool is_library(const char *word, size_t size)
{
        return (size > 2 && memcmp(word + size - 2, ".a", 2) == 0) || (size > 3 && memcmp(word + size - 3, ".so", 3) == 0);
}

static int uses(Line *line, const char *word, size_t size)
{
        char path[PATH_BYTES];
        size_t n = line->inputs ? resolve(line, word, size, path) : 0;

        if (n == 0)
                return 0;
        uint32_t from = (uint32_t)(uintptr_t)map_get(line->plan->names->by_path, hash_bytes(path, n));
        int r = is_library(word, size) ? uses_next_library(line, from) : 0;
        return r < 0 ? r : uses_node(line, from);
}

/* -lNAME: libNAME.a or libNAME.so, wherever it was made. */
static int uses_library(Line *line, const char *name, size_t size)
{
        static const char *const ends[] = {".a", ".so"};
        char base[256];

        for (size_t i = 0; line->inputs && i < ARRAY_LENGTH(ends); i++) {
                size_t n = 3 + size + strlen(ends[i]);
                if (n >= sizeof base)
                        return 0;
                memcpy(base, "lib", 3);
                memcpy(base + 3, name, size);
                memcpy(base + 3 + size, ends[i], strlen(ends[i]));
                uint32_t from = (uint32_t)(uintptr_t)map_get(line->plan->names->by_base, hash_bytes(base, n));
                if (from != 0) {
                        int r = uses_next_library(line, from);
                        return r < 0 ? r : uses_node(line, from);
                }
        }
        return 0;
}

static bool program_is(const Line *line, const char *name)
{
        return strlen(name) == line->program_size && memcmp(line->program, name, line->program_size) == 0;
}

static bool program_ends(const Line *line, const char *end)
{
        size_t n = strlen(end);

        return line->program_size >= n && memcmp(line->program + line->program_size - n, end, n) == 0;
}

static bool has_suffix(const char *word, size_t size, const char *end)
{
        size_t n = strlen(end);

        return size > n && memcmp(word + size - n, end, n) == 0;
}

/* Words of a shell's script keep its quotes and signs. */
static void trim(const char **word, size_t *size)
{
        while (*size > 0 && strchr("\"'();&|{}`$@", **word)) {
                ++*word;
                --*size;
        }
        while (*size > 0 && strchr("\"'();&|{}`", (*word)[*size - 1]))
                --*size;
}

/* What stands behind -o or >. */
static bool names_output(const char *word, size_t size)
{
        return (size == 2 && memcmp(word, "-o", 2) == 0) || (size == 1 && word[0] == '>') ||
               (size == 2 && (memcmp(word, ">>", 2) == 0 || memcmp(word, "1>", 2) == 0));
}

static int take_word(Line *line, const char *before, size_t before_size, const char *word, size_t size, bool *archive)
{
        const char *text = word;
        size_t n = size;

        if (names_output(word, size))
                return 0;
        if (word[0] == '>' || (size > 2 && word[0] == '1' && word[1] == '>')) {
                text = word + strspn(word, "1>");
                n = size - MIN((size_t)(text - word), size);
                return makes(line, text, n);
        }
        trim(&text, &n);
        if (n == 0)
                return 0;
        if (before_size > 0 && names_output(before, before_size))
                return makes(line, text, n);
        if (n > 2 && text[0] == '-' && text[1] == 'l')
                return uses_library(line, text + 2, n - 2);
        if (text[0] == '-')
                return 0;
        if (*archive && has_suffix(text, n, ".a")) {
                *archive = false;
                return makes(line, text, n);
        }
        return uses(line, text, n);
}

/* rustc names its output by two options, and what it uses as --extern NAME=PATH: by the last part without its ending. */
static int take_rust(Line *line, const char *text, size_t text_size)
{
        static const char name_option[] = "--crate-name ", extra_option[] = "extra-filename=", extern_option[] = "--extern ";
        const char *name = memmem(text, text_size, name_option, sizeof name_option - 1);
        const char *extra = memmem(text, text_size, extra_option, sizeof extra_option - 1);
        const char *end = text + text_size;
        char base[256];

        if (name && extra && !line->inputs) {
                name += sizeof name_option - 1;
                extra += sizeof extra_option - 1;
                size_t name_size = 0, extra_size = 0;
                while (name + name_size < end && name[name_size] != ' ')
                        name_size++;
                while (extra + extra_size < end && extra[extra_size] != ' ')
                        extra_size++;
                if (name_size + extra_size + 3 >= sizeof base)
                        return 0;
                memcpy(base, "lib", 3);
                memcpy(base + 3, name, name_size);
                memcpy(base + 3 + name_size, extra, extra_size);
                return map_put(line->plan->names->by_base, hash_bytes(base, 3 + name_size + extra_size),
                               (void *)(uintptr_t)line->node);
        }
        int r = 0;
        for (const char *at = text; r == 0 && line->inputs && (at = memmem(at, (size_t)(end - at), extern_option, sizeof extern_option - 1));) {
                at += sizeof extern_option - 1;
                const char *stop = memchr(at, ' ', (size_t)(end - at));
                stop = stop ? stop : end;
                const char *slash = memrchr(at, '/', (size_t)(stop - at));
                const char *dot = slash ? memrchr(slash, '.', (size_t)(stop - slash)) : NULL;
                if (dot)
                        r = uses_node(line, (uint32_t)(uintptr_t)map_get(line->plan->names->by_base,
                                                                         hash_bytes(slash + 1, (size_t)(dot - slash - 1))));
                at = stop;
        }
        return r;
}

static int take_words(Line *line, const char *text, size_t text_size)
{
        static const char *const movers[] = {"mv", "cp", "ln", "install", "objcopy"};
        const char *end = text + text_size, *before = NULL, *last = NULL;
        size_t before_size = 0, last_size = 0;
        bool archive = program_ends(line, "ar"), first = true;
        int r = 0;

        for (const char *at = text; r == 0 && at < end;) {
                const char *stop = memchr(at, ' ', (size_t)(end - at));
                size_t size = (size_t)((stop ? stop : end) - at);
                if (size > 0 && !first) {
                        r = take_word(line, before, before_size, at, size, &archive);
                        before = at;
                        before_size = size;
                        last = at;
                        last_size = size;
                }
                first &= size == 0;
                at += size + 1;
        }
        for (size_t i = 0; r == 0 && last && i < ARRAY_LENGTH(movers); i++)
                if (program_is(line, movers[i]))
                        r = makes(line, last, last_size);
        if (r == 0 && last && (program_ends(line, "ranlib") || program_ends(line, "strip")))
                r = makes(line, last, last_size);
        return r;
}

/* The driver of a compiler, not what it runs. */
static bool is_driver(const Line *line)
{
        static const char *const names[] = {"cc", "gcc", "g++", "c++", "clang", "clang++"};

        if (program_is(line, "ccache") || program_is(line, "sccache"))
                line->plan->ccache = true;
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (program_is(line, names[i]))
                        return true;
        return program_ends(line, "-gcc") || program_ends(line, "-g++") || memmem(line->program, line->program_size, "-gcc-", 5) ||
               memmem(line->program, line->program_size, "-g++-", 5) ||
               (line->program_size > 6 && memcmp(line->program, "clang-", 6) == 0);
}

/* Whether the same was compiled in this build before: the same words in the same directory, but for where the
 * result goes. */
static int count_repeat(Line *line, const char *text, size_t size)
{
        static const char *const outputs[] = {"-o", "-MF", "-MT", "-MQ"};
        const char *end = text + size;
        uint64_t hash = hash_bytes(line->cwd, line->cwd_size);
        bool compiles = false, skip = false;

        if (!is_driver(line) || size >= CUT_BYTES)
                return 0;
        for (const char *at = text; at < end;) {
                const char *stop = memchr(at, ' ', (size_t)(end - at));
                size_t n = (size_t)((stop ? stop : end) - at);
                bool output = false;
                for (size_t i = 0; i < ARRAY_LENGTH(outputs); i++)
                        output |= strlen(outputs[i]) == n && memcmp(at, outputs[i], n) == 0;
                compiles |= n == 2 && memcmp(at, "-c", 2) == 0;
                if (!skip && !output)
                        hash = hash_u64(hash ^ hash_bytes(at, n));
                skip = output;
                at += n + 1;
        }
        if (!compiles)
                return 0;
        line->plan->compilations++;
        uint32_t before = (uint32_t)(uintptr_t)map_get(line->plan->names->by_compile, hash);
        if (before != 0 && before != line->node) {
                line->plan->repeated++;
                line->plan->repeated_s += line->plan->nodes[line->node].cpu_s;
        }
        return map_put(line->plan->names->by_compile, hash, (void *)(uintptr_t)line->node);
}

/* Whether others may wait for what a script does: not where it only shows or notes something. */
static void look_at_script(Line *line, const char *text, size_t size)
{
        static const char *const shells[] = {"sh", "bash", "dash", "busybox"};
        static const char *const shown[] = {"echo", "printf", "true", "test", "[", "sleep", "date", "uname"};
        PlanNode *node = &line->plan->nodes[line->node];

        for (size_t i = 0; i < ARRAY_LENGTH(shown); i++)
                if (program_is(line, shown[i])) {
                        node->shows = true;
                        return;
                }
        if (program_is(line, "cmake") && (memmem(text, size, "-E cmake_echo_color", 19) || memmem(text, size, "-E cmake_progress_", 18))) {
                node->shows = true;
                return;
        }
        for (size_t i = 0; i < ARRAY_LENGTH(shells); i++)
                if (program_is(line, shells[i]) && !memchr(text, '>', size))
                        return;
        node->works = true;
}

static int observe_line(Line *line, const char *text, size_t size, const char *exe, size_t exe_size)
{
        int r = 0;

        for (int pass = 0; r == 0 && pass < 2; pass++) {
                line->inputs = pass == 0; /* first what is there already */
                r = program_is(line, "rustc") ? take_rust(line, text, size) : take_words(line, text, size);
        }
        line->inputs = true;
        if (r == 0)
                r = count_repeat(line, text, size);
        return r == 0 && exe_size > 0 && exe[0] == '/' ? uses(line, exe, exe_size) : r;
}

int plan_observe_commands(Plan *plan, const BuildRows *rows, const Batch *b)
{
        Cells process = cells_find(b, "process"), comm = cells_find(b, "comm"), exe = cells_find(b, "exe");
        Cells cmdline = cells_find(b, "cmdline"), cwd = cells_find(b, "cwd");
        uint64_t key;

        if (!plan->names) {
                plan->names = calloc(1, sizeof *plan->names);
                if (!plan->names || map_new(&plan->names->by_path) < 0 || map_new(&plan->names->by_base) < 0 ||
                    map_new(&plan->names->by_compile) < 0)
                        return -ENOMEM;
        }
        for (size_t row = 0; row < batch_rows(b); row++) {
                size_t size, exe_size;
                uint32_t i = cells_get(process, row, &key) ? build_rows_find(rows, key) : BUILD_NONE;
                if (i == BUILD_NONE || plan->node_of[i] == 0 || plan->nodes[plan->node_of[i]].is_tool)
                        continue;
                Line line = {.plan = plan, .node = plan->node_of[i]};
                line.cwd = cells_text(cwd, row, &line.cwd_size);
                const char *path = cells_text(exe, row, &exe_size);
                const char *slash = exe_size > 0 ? memrchr(path, '/', exe_size) : NULL;
                line.program = slash ? slash + 1 : path;
                line.program_size = exe_size - (size_t)(line.program - path);
                if (exe_size == 0)
                        line.program = cells_text(comm, row, &line.program_size);
                const char *text = cells_text(cmdline, row, &size);
                if (observe_line(&line, text, size, path, exe_size) < 0)
                        return -ENOMEM;
                look_at_script(&line, text, size);
                PlanNode *node = &plan->nodes[line.node];
                node->precise |= node->kind == KIND_LINK && line.found > 0 && size < CUT_BYTES;
        }
        return 0;
}
