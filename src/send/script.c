/* POSIX shell, and no tool but those of every Unix; checksums by whichever program there is. */
#include <string.h>

#include "send/send-internal.h"

#define ANSWER "vigia-send "

const char send_hello[] = ANSWER "hello";

/* read(1) takes no byte more than the line, so that cat gets all the rest. Single quotes only: fish and csh as a
 * login shell hand it on as it is. */
const char send_append_command[] =
        "sh -c 'IFS= read -r d && IFS= read -r p && CDPATH= cd \"$d\" && exec cat >>\"$p\"'";

/* `sum` prints 64 digits, or none. */
static const char preamble[] =
        "LC_ALL=C; export LC_ALL; unset CDPATH\n"
        "say() { printf 'vigia-send %s\\n' \"$*\"; }\n"
        "say hello\n"
        "has() { command -v \"$1\" >/dev/null 2>&1; }\n"
        "size() { if [ -f \"$1\" ]; then echo $(($(wc -c <\"$1\"))); else echo 0; fi; }\n"
        "sum() { if has sha256sum; then sha256sum; elif has shasum; then shasum -a 256; elif has openssl; then "
        "openssl dgst -sha256 -r; else echo none; fi | cut -c1-64; }\n";

static const char look[] =
        "look() {\n"
        "  if [ -f \"$3\" ] && [ \"$(size \"$3\")\" -eq \"$4\" ] && [ \"$(sum <\"$3\")\" = \"$5\" ]; then say there $1\n"
        "  else say part $1 $(size \"$2\"); fi\n"
        "}\n";

static const char keep[] =
        "keep() {\n"
        "  if [ \"$(size \"$2\")\" -ne \"$4\" ]; then say short $1; return 1; fi\n"
        "  s=$(sum <\"$2\")\n"
        "  case $s in none) how=size;; \"$5\") how=sha256;; *) rm -f \"$2\"; say damaged $1; return 1;; esac\n"
        "  if [ -d \"$3\" ]; then say taken $1; return 1; fi\n"
        "  mv -f \"$2\" \"$3\" || exit 9\n"
        "  say kept $1 $how\n"
        "}\n";

void send_add_quoted(String *to, const char *text)
{
        string_add_char(to, '\'');
        for (; *text; text++)
                if (*text == '\'')
                        string_add(to, "'\\''");
                else
                        string_add_char(to, *text);
        string_add_char(to, '\'');
}

void send_part_name(const SendFile *file, String *to)
{
        string_add_format(to, ".%s.%.16s.part", file->name, file->sum);
}

static void add_directory(const Destination *to, bool make, String *out)
{
        string_add(out, "d=");
        send_add_quoted(out, to->directory);
        string_add_char(out, '\n');
        if (make)
                string_add(out, "mkdir -p \"$d\" || exit 9\n");
        string_add(out, "cd \"$d\" || exit 9\n");
}

/* FUNCTION I PART NAME SIZE SUM */
static void add_call(const char *function, const SendFile *file, size_t i, const char *after, String *out)
{
        _cleanup_string_ String part = {0};

        send_part_name(file, &part);
        string_add_format(out, "%s %zu ", function, i);
        send_add_quoted(out, string_get(&part));
        string_add_char(out, ' ');
        send_add_quoted(out, file->name);
        string_add_format(out, " %llu %s%s\n", (unsigned long long)file->size, file->sum, after);
}

void send_script_look(const Destination *to, const SendFile *files, size_t n, String *out)
{
        string_add(out, preamble);
        string_add(out, look);
        add_directory(to, true, out);
        string_add(out, "if [ ! -w . ]; then echo \"$d: no leave to write there\" >&2; exit 9; fi\n");
        for (size_t i = 0; i < n; i++)
                add_call("look", &files[i], i, "", out);
        string_add(out, "if has rsync; then say rsync; fi\n"
                        "set -- $(df -Pk . 2>/dev/null | tail -n 1)\n"
                        "say free \"$4\"\n"
                        "say ready\n");
}

void send_script_keep(const Destination *to, const SendFile *files, size_t n, String *out)
{
        string_add(out, preamble);
        string_add(out, keep);
        add_directory(to, false, out);
        for (size_t i = 0; i < n; i++) {
                if (files[i].was_there)
                        continue;
                add_call("keep", &files[i], i, " || exit 0", out); /* the page not before its archive */
                /* What was left a day ago of this file as it was before: younger ones may be on their way. */
                _cleanup_string_ String hidden = {0};
                string_add_format(&hidden, ".%s.", files[i].name);
                string_add(out, "for p in ");
                send_add_quoted(out, string_get(&hidden));
                string_add(out, "????????????????.part; do find \"$p\" -prune -mtime +0 -exec rm -f {} \\; 2>/dev/null; done\n");
        }
        string_add(out, "say ready\n");
}

void send_script_drop(const Destination *to, const SendFile *files, size_t n, String *out)
{
        string_add(out, "unset CDPATH\n");
        add_directory(to, false, out);
        for (size_t i = 0; i < n; i++) {
                _cleanup_string_ String part = {0};
                send_part_name(&files[i], &part);
                string_add(out, "rm -f ");
                send_add_quoted(out, string_get(&part));
                string_add_char(out, '\n');
        }
}

bool send_next_answer(const char **at, char *line, size_t size)
{
        while (**at) {
                const char *from = *at;
                size_t n = strcspn(from, "\n");
                *at = from + n + (from[n] == '\n');
                if (n > 0 && from[n - 1] == '\r')
                        n--;
                if (text_starts_with(from, ANSWER) && n >= strlen(ANSWER)) {
                        n -= strlen(ANSWER);
                        n = n < size ? n : size - 1;
                        memcpy(line, from + strlen(ANSWER), n);
                        line[n] = '\0';
                        return true;
                }
        }
        return false;
}
