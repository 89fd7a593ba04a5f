/* Words of a joined command line, looked at by a table of programs. */
#include "report/shown-command.h"

#include <ctype.h>
#include <string.h>

typedef enum Style {
        STYLE_ARGUMENTS, /* all of them */
        STYLE_SOURCE,    /* the source file, else the output */
        STYLE_OUTPUT,    /* what -o names, else the source */
        STYLE_CRATE,     /* rustc: --crate-name */
        STYLE_ARCHIVE,   /* ar: the library */
        STYLE_SHELL,     /* behind -c, else the script */
        STYLE_SCRIPT,    /* -m module, -jar file, or the script with its arguments */
} Style;

static const struct {
        const char *program;
        Style style;
} programs[] = {
        {"cc1", STYLE_SOURCE},      {"cc1plus", STYLE_SOURCE}, {"cc1obj", STYLE_SOURCE},
        {"gcc", STYLE_SOURCE},      {"g++", STYLE_SOURCE},     {"cc", STYLE_SOURCE},
        {"c++", STYLE_SOURCE},      {"clang", STYLE_SOURCE},   {"clang++", STYLE_SOURCE},
        {"cpp", STYLE_SOURCE},      {"f951", STYLE_SOURCE},    {"gfortran", STYLE_SOURCE},
        {"javac", STYLE_SOURCE},    {"compile", STYLE_OUTPUT}, {"as", STYLE_OUTPUT},
        {"ccache", STYLE_SOURCE},   {"rustc", STYLE_CRATE},    {"ld", STYLE_OUTPUT},
        {"ld.bfd", STYLE_OUTPUT},   {"ld.gold", STYLE_OUTPUT}, {"ld.lld", STYLE_OUTPUT},
        {"lld", STYLE_OUTPUT},      {"mold", STYLE_OUTPUT},    {"collect2", STYLE_OUTPUT},
        {"lto1", STYLE_OUTPUT},     {"link", STYLE_OUTPUT},    {"ar", STYLE_ARCHIVE},
        {"ranlib", STYLE_ARCHIVE},  {"sh", STYLE_SHELL},       {"bash", STYLE_SHELL},
        {"dash", STYLE_SHELL},      {"zsh", STYLE_SHELL},      {"ksh", STYLE_SHELL},
        {"python", STYLE_SCRIPT},  {"perl", STYLE_SCRIPT},
        {"ruby", STYLE_SCRIPT},     {"node", STYLE_SCRIPT},    {"java", STYLE_SCRIPT},
        {"php", STYLE_SCRIPT},      {"lua", STYLE_SCRIPT},     {"Rscript", STYLE_SCRIPT},
};

typedef struct Word {
        const char *text;
        size_t size;
} Word;

static bool next_word(const char **rest, Word *ret)
{
        const char *p = *rest;

        while (*p == ' ' || *p == '\t' || *p == '\n')
                p++;
        if (!*p)
                return false;
        ret->text = p;
        while (*p && *p != ' ' && *p != '\t' && *p != '\n')
                p++;
        ret->size = (size_t)(p - ret->text);
        *rest = p;
        return true;
}

static Word base_of(Word w)
{
        const char *slash = memrchr(w.text, '/', w.size);

        if (slash && slash + 1 < w.text + w.size)
                return (Word){slash + 1, (size_t)(w.text + w.size - slash - 1)};
        return w;
}

static bool word_is(Word w, const char *text)
{
        return w.size == strlen(text) && memcmp(w.text, text, w.size) == 0;
}

static bool word_ends(Word w, const char *suffix)
{
        size_t n = strlen(suffix);

        return w.size > n && memcmp(w.text + w.size - n, suffix, n) == 0;
}

static bool is_source(Word w)
{
        static const char *const suffixes[] = {".c",   ".cc", ".cpp", ".cxx", ".C",  ".c++", ".m",
                                               ".mm",  ".s",  ".S",   ".i",   ".ii", ".f",   ".f90",
                                               ".F90", ".rs", ".go",  ".java", ".cu", ".d",  ".ixx"};

        for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++)
                if (word_ends(w, suffixes[i]))
                        return w.text[0] != '-';
        return false;
}

static Word program_word(const SummaryProcess *p)
{
        const char *rest = p->cmdline ? p->cmdline : "";
        Word w = {p->comm ? p->comm : "", p->comm ? strlen(p->comm) : 0};

        summary_program_name(&w.text, &w.size, p->exe, p->exe ? strlen(p->exe) : 0);
        if (w.size == 0 && next_word(&rest, &w))
                w = base_of(w);
        return w;
}

/* x86_64-linux-gnu-gcc-12 → gcc, python3.11 → python: target in front, version behind. */
static Style style_of(Word program)
{
        while (program.size > 1 && (isdigit((unsigned char)program.text[program.size - 1]) ||
                                    program.text[program.size - 1] == '.' ||
                                    program.text[program.size - 1] == '-')) {
                if (word_is(program, "cc1") || word_is(program, "f951") || word_is(program, "lto1"))
                        break;
                program.size--;
        }
        for (size_t i = 0; i < ARRAY_LENGTH(programs); i++) {
                size_t n = strlen(programs[i].program);
                if (program.size < n ||
                    memcmp(program.text + program.size - n, programs[i].program, n) != 0)
                        continue;
                if (program.size == n || program.text[program.size - n - 1] == '-')
                        return programs[i].style;
        }
        return STYLE_ARGUMENTS;
}

/* By the name it was called by, else by its file: a script is called as itself, run by a shell. */
static Style style_of_process(const SummaryProcess *p)
{
        Style style = style_of(program_word(p));

        if (style == STYLE_ARGUMENTS && p->exe)
                style = style_of(base_of((Word){p->exe, strlen(p->exe)}));
        return style;
}

void shown_program(const SummaryProcess *p, String *out)
{
        Word w = program_word(p);

        if (w.size > 0)
                string_add_bytes(out, w.text, w.size);
        else
                string_add(out, "unnamed");
}

static void add_word(String *out, Word w)
{
        string_add_bytes(out, w.text, w.size);
}

/* Compiler options whose next word is a name, but not that of the source. */
static bool takes_name(Word w)
{
        static const char *const options[] = {"-dumpbase", "-dumpbase-ext", "-dumpdir", "-auxbase",
                                              "-auxbase-strip", "-include", "-imacros", "-MF",
                                              "-MT", "-MQ", "-I", "-isystem",
                                              "-main-file-name", "-x"};

        for (size_t i = 0; i < ARRAY_LENGTH(options); i++)
                if (word_is(w, options[i]))
                        return true;
        return false;
}

/* -o FILE or the last source file, whichever is wanted and there. */
static bool add_file(const char *arguments, bool output_first, String *out)
{
        Word w, before = {0}, source = {0}, output = {0};

        for (; next_word(&arguments, &w); before = w) {
                if (word_is(before, "-o"))
                        output = w;
                else if (w.size > 2 && memcmp(w.text, "-o", 2) == 0)
                        output = (Word){w.text + 2, w.size - 2};
                else if (is_source(w) && !takes_name(before))
                        source = w;
        }
        Word best = output_first ? (output.size ? output : source) : source.size ? source : output;
        if (best.size == 0)
                return false;
        add_word(out, base_of(best));
        return true;
}

static bool add_after(const char *arguments, const char *option, String *out)
{
        Word w;

        while (next_word(&arguments, &w))
                if (word_is(w, option) && next_word(&arguments, &w)) {
                        add_word(out, w);
                        return true;
                }
        return false;
}

static bool add_archive(const char *arguments, String *out)
{
        Word w;

        while (next_word(&arguments, &w))
                if (word_ends(w, ".a") || word_ends(w, ".rlib")) {
                        add_word(out, base_of(w));
                        return true;
                }
        return false;
}

/* Options in front, then the script's file name (unless it is the program's), then what was
 * given to it. */
static bool add_script(const char *arguments, bool shell, Word program, String *out)
{
        const char *rest = arguments;
        Word w;

        while (next_word(&rest, &w)) {
                bool option = w.text[0] == '-' && w.size > 1;
                if (!option) {
                        Word script = base_of(w);
                        if (script.size == program.size &&
                            memcmp(script.text, program.text, script.size) == 0)
                                rest += *rest == ' ';
                        else
                                add_word(out, script);
                        string_add(out, rest);
                        return true;
                }
                if (shell ? w.text[1] != '-' && w.text[w.size - 1] == 'c'
                          : word_is(w, "-m") || word_is(w, "-jar") || word_is(w, "-c") ||
                                    word_is(w, "-e")) {
                        while (*rest == ' ')
                                rest++;
                        string_add(out, rest);
                        return *rest != '\0';
                }
        }
        return false;
}

void shown_work(const SummaryProcess *p, String *out)
{
        const char *arguments = p->cmdline ? p->cmdline : "";
        bool done = false;
        Word w;

        if (!next_word(&arguments, &w))
                return;
        while (*arguments == ' ')
                arguments++;
        switch (style_of_process(p)) {
        case STYLE_SOURCE:
                done = add_file(arguments, false, out);
                break;
        case STYLE_OUTPUT:
                done = add_file(arguments, true, out);
                break;
        case STYLE_CRATE:
                done = add_after(arguments, "--crate-name", out) || add_file(arguments, false, out);
                break;
        case STYLE_ARCHIVE:
                done = add_archive(arguments, out);
                break;
        case STYLE_SHELL:
                done = add_script(arguments, true, program_word(p), out);
                break;
        case STYLE_SCRIPT:
                done = add_script(arguments, false, program_word(p), out);
                break;
        case STYLE_ARGUMENTS:
                break;
        }
        if (!done)
                string_add(out, arguments);
}
