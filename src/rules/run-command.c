/* From the outermost program inwards, as long as what it runs is told by its own words. */
#include "rules/run-command.h"

#include "base/macros.h"
#include "rules/program-name.h"
#include "rules/shell-script.h"

/* comm is at most this long; what is as long may be cut. */
enum { COMM_MAX = 15 };

static TextPart part_of(const char *text, size_t most)
{
        return text ? text_part(text, strnlen(text, most)) : (TextPart){0};
}

static bool known(TextPart part)
{
        return part.size > 0;
}

static RunCommand command_make(TextPart word, TextPart line, TextPart exe)
{
        TextPart name = program_base(word);

        return (RunCommand){.name = name, .program = program_normalise(name), .line = line, .exe = exe};
}

/* What the process calls itself: kworker/0:1, and titles with a colon. */
static TextPart comm_name(TextPart comm)
{
        const char *slash = comm.size ? memchr(comm.text, '/', comm.size) : NULL;

        if (slash && slash > comm.text)
                comm.size = (size_t)(slash - comm.text);
        if (comm.size > 1 && comm.text[comm.size - 1] == ':')
                comm.size--;
        return comm;
}

/* ---- what the words say ---- */

static void wrapper_add(RunCommands *to, TextPart name)
{
        if (to->n_wrappers < WRAPPERS_MAX)
                to->wrappers[to->n_wrappers++] = name;
}

static TextPart trimmed(TextPart line)
{
        while (line.size > 0 && line.text[line.size - 1] == ' ')
                line.size--;
        return line;
}

/* The first word of a line, and the line from it on. */
static bool first_word(TextPart *line, TextPart *ret)
{
        TextPart rest = *line, word = word_next(&rest);

        if (word.size == 0)
                return false;
        *line = trimmed(text_part(word.text, (size_t)(line->text + line->size - word.text)));
        *ret = word;
        return true;
}

static RunCommand command_of(TextPart line)
{
        TextPart word;

        if (!first_word(&line, &word))
                return (RunCommand){0};
        if (word.size > 2 && (word.text[0] == '"' || word.text[0] == '\'') &&
            word.text[word.size - 1] == word.text[0])
                word = text_part(word.text + 1, word.size - 2); /* in a shell's script */
        return command_make(word, line, word.text[0] == '/' ? word : (TextPart){0});
}

static TextPart behind(TextPart line, TextPart name)
{
        const char *end = line.text + line.size, *at = name.text + name.size;

        return at >= line.text && at <= end ? text_part(at, (size_t)(end - at)) : (TextPart){0};
}

/* The command of a script. People write its quotes; a recorded command line has lost them. */
static RunCommand run_by_script(TextPart script)
{
        TextPart inner;

        script = trimmed(script);
        while (script.size > 0 && script.text[0] == ' ')
                script = text_part(script.text + 1, script.size - 1);
        if (script.size > 2 && (script.text[0] == '\'' || script.text[0] == '"') &&
            memchr(script.text + 1, script.text[0], script.size - 1) == script.text + script.size - 1)
                script = text_part(script.text + 1, script.size - 2);
        return shell_script_choose(script, &inner) ? command_of(inner) : (RunCommand){0};
}

/* What a wrapper runs, or nothing. */
static RunCommand run_by_wrapper(const Wrapper *wrapper, const RunCommand *outer)
{
        for (size_t i = 0; i < WRAPPER_SHAPES_MAX && wrapper->shapes[i]; i++) {
                TextPart rest = behind(outer->line, outer->name);
                OptionsEnd end = options_skip(wrapper->shapes[i], &rest);
                if (end == OPTIONS_SCRIPT)
                        return run_by_script(rest);
                if (end == OPTIONS_COMMAND)
                        return command_of(rest);
        }
        return (RunCommand){0};
}

/* gradle-launcher-8.5.jar → gradle-launcher; org.gradle.Main → Main. */
static void name_java(RunCommand *command, bool jar)
{
        TextPart name = command->name;

        if (jar) {
                if (name.size > 4 && text_part_ends(name, ".jar"))
                        name.size -= 4;
                command->program = program_normalise(name);
                return;
        }
        const char *dot = name.size ? memrchr(name.text, '.', name.size) : NULL;
        if (dot && dot + 1 < name.text + name.size)
                command->program = text_part(dot + 1, (size_t)(name.text + name.size - dot - 1));
}

/* mesonbuild.mesonmain → mesonbuild. */
static void name_module(RunCommand *command)
{
        const char *dot = command->name.size ? memchr(command->name.text, '.', command->name.size) : NULL;

        if (dot && dot > command->name.text)
                command->program = text_part(command->name.text, (size_t)(dot - command->name.text));
}

typedef enum Found {
        FOUND_NOTHING,
        FOUND_COMMAND, /* it is what the process is for */
        FOUND_SCRIPT,  /* it is, if anybody knows it */
} Found;

static Found run_by_interpreter(const Wrapper *wrapper, const RunCommand *outer, RunCommand *ret)
{
        TextPart rest = behind(outer->line, outer->name);
        bool java = wrapper->java, python = wrapper->python;

        if (!wrapper->interpreter)
                return FOUND_NOTHING;
        OptionsEnd end = options_skip(wrapper->interpreter, &rest);
        if (end == OPTIONS_NOTHING)
                return FOUND_NOTHING;
        if (end == OPTIONS_SCRIPT && !java && !python) {
                *ret = run_by_script(rest);
                return ret->line.text ? FOUND_COMMAND : FOUND_NOTHING;
        }
        *ret = command_of(rest);
        if (!ret->line.text || ret->name.text[0] == '-')
                return FOUND_NOTHING;
        if (java)
                name_java(ret, text_part_ends(ret->name, ".jar"));
        else if (python && end == OPTIONS_SCRIPT)
                name_module(ret);
        return FOUND_SCRIPT;
}

/* ---- the process itself ---- */

/* Programs that are what their first word says, and not what their file is. */
static bool is_own_path(TextPart word)
{
        return text_part_begins(word, "/proc/");
}

/* The process without its arguments: by its file or, where that is an interpreter's, by what it calls
 * itself, the script's name. */
static void see_nameless(const Wrappers *wrappers, const LabelWords *words, RunCommands *ret)
{
        TextPart exe = part_of(words->exe, COMMAND_LINE_MAX), file = program_base(exe);
        TextPart comm = part_of(words->comm, COMMAND_LINE_MAX), name = comm_name(comm);

        if (!known(name))
                name = known(file) ? file : text_part("unknown", 7);
        if (!known(file)) {
                ret->items[ret->n++] = (RunCommand){name, program_normalise(name), name, exe, false, 0};
                return;
        }
        RunCommand process = {file, program_normalise(file), file, exe, false, 0};
        const Wrapper *wrapper = wrappers_find(wrappers, process.program);
        bool other = wrapper && !wrapper->java &&
                     (wrapper->interpreter || text_part_among(process.program, " busybox toybox "));
        if (other && !text_part_equal(comm, text_part(file.text, MIN(file.size, (size_t)COMM_MAX))))
                ret->items[ret->n++] = (RunCommand){name, program_normalise(name), name, exe, true, 0};
        ret->items[ret->n++] = process;
}

/* The first word may be a path with blanks; then the file tells where it ends. */
static RunCommand outermost(const LabelWords *words, TextPart line)
{
        TextPart exe = part_of(words->exe, COMMAND_LINE_MAX), word;

        if (known(exe) && line.size >= exe.size && memcmp(line.text, exe.text, exe.size) == 0 &&
            (line.size == exe.size || line.text[exe.size] == ' '))
                return command_make(text_part(line.text, exe.size), trimmed(line), exe);
        if (!first_word(&line, &word))
                return (RunCommand){0};
        RunCommand command = command_make(word, line, exe);
        if (is_own_path(word) && known(exe)) {
                TextPart file = program_base(exe);
                command.program = program_normalise(file);
        }
        return command;
}

void run_commands_see(const Wrappers *wrappers, const LabelWords *words, RunCommands *ret)
{
        TextPart line = part_of(words->cmdline, COMMAND_LINE_MAX);
        RunCommand at = known(line) ? outermost(words, line) : (RunCommand){0};
        RunCommand script = {0}, process;

        ret->n = ret->n_wrappers = 0;
        if (!known(at.name)) {
                see_nameless(wrappers, words, ret);
                return;
        }
        process = at;
        for (unsigned depth = 0; depth < WRAPPERS_MAX; depth++) {
                const Wrapper *wrapper = wrappers_find(wrappers, at.program);
                if (!wrapper)
                        break;
                RunCommand inner = run_by_wrapper(wrapper, &at);
                Found found = known(inner.name) ? FOUND_COMMAND : run_by_interpreter(wrapper, &at, &inner);
                if (found == FOUND_NOTHING)
                        break;
                wrapper_add(ret, at.name);
                inner.depth = ret->n_wrappers;
                if (found == FOUND_COMMAND) {
                        process = inner;
                        script = (RunCommand){0};
                } else {
                        if (!known(script.name))
                                process = at;
                        script = inner;
                }
                at = inner;
        }
        if (known(script.name)) {
                script.script = true;
                ret->items[ret->n++] = script;
        }
        ret->items[ret->n++] = process;
}
