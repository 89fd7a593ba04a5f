/* Lines are short (FINDING_TEXT_MAX): every beginning is tried. */
#include "detect/said.h"

#include <string.h>
#include <strings.h>

#include "base/macros.h"

const char *said_find(const char *line, size_t size, const char *words)
{
        size_t n = strlen(words);

        for (size_t i = 0; i + n <= size; i++)
                if (strncasecmp(line + i, words, n) == 0)
                        return line + i;
        return NULL;
}

bool said_any(const char *line, size_t size, const char *const *list)
{
        for (; *list; list++)
                if (said(line, size, *list))
                        return true;
        return false;
}

bool said_as_error(const char *line, size_t size, const char *words)
{
        static const char *const follows[] = {" (os error ", " (errno", " [errno", "\xe2\x80\x99"};
        const char *at = line, *end = line + size;

        while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
        while ((at = said_find(at, (size_t)(end - at), words))) {
                const char *behind = at + strlen(words);
                const size_t left = (size_t)(end - behind);
                if (left == 0 || strchr(".'\")],:;!", *behind) || (left > 3 && memcmp(behind, " (", 2) == 0 && behind[2] >= '0' && behind[2] <= '9'))
                        return true;
                for (size_t i = 0; i < ARRAY_LENGTH(follows); i++)
                        if (left >= strlen(follows[i]) && memcmp(behind, follows[i], strlen(follows[i])) == 0)
                                return true;
                at++;
        }
        return false;
}

static bool begins(const char *line, size_t size, const char *words)
{
        size_t n = strlen(words);

        return size >= n && strncasecmp(line, words, n) == 0;
}

static bool ends(const char *line, size_t size, const char *words)
{
        size_t n = strlen(words);

        return size >= n && strncasecmp(line + size - n, words, n) == 0;
}

/* gcc, clang and rustc: "  12 | text", "     | ^~~~". */
static bool is_excerpt(const char *line, size_t size)
{
        size_t i = 0;

        while (i < size && (line[i] == ' ' || (line[i] >= '0' && line[i] <= '9')))
                i++;
        return i > 0 && i < size && line[i] == '|';
}

bool said_is_quoted(const char *line, size_t size)
{
        static const char *const first[] = {"ok ", "pass ", "pass:", "passed ", "[ok", "[pass", "[       ok ]", "checking ", "test case ", "\xe2\x9c\x93", "\xe2\x9c\x94"};
        static const char *const last[] = {" ok", " passed", " pass", "[ok]", "[ ok ]", "[pass]"};

        while (size > 0 && (*line == ' ' || *line == '\t') && !is_excerpt(line, size)) {
                line++;
                size--;
        }
        while (size > 0 && (line[size - 1] == ' ' || line[size - 1] == '\t'))
                size--;
        if (is_excerpt(line, size))
                return true;
        for (size_t i = 0; i < ARRAY_LENGTH(first); i++)
                if (begins(line, size, first[i]))
                        return true;
        for (size_t i = 0; i < ARRAY_LENGTH(last); i++)
                if (ends(line, size, last[i]))
                        return true;
        return false;
}

/* What a byte, or the quotation mark that begins there, is shown as. */
static char ascii_of(const char *at, size_t left, size_t *ret_bytes)
{
        *ret_bytes = 1;
        if (left >= 3 && memcmp(at, "\xe2\x80", 2) == 0 && (unsigned char)at[2] >= 0x98 && (unsigned char)at[2] <= 0x9d) {
                *ret_bytes = 3;
                return (unsigned char)at[2] >= 0x9c ? '"' : '\'';
        }
        return *at >= ' ' && *at <= '~' ? *at : '?';
}

void said_quote(char *to, size_t room, const char *line, size_t size)
{
        size_t n = 0, skip = 0;

        while (size > 0 && (*line == ' ' || *line == '\t')) {
                line++;
                size--;
        }
        size_t from = 0;
        while (from < size && n + 1 < room) {
                to[n++] = ascii_of(line + from, size - from, &skip);
                from += skip;
        }
        if (from < size && room > 4)
                memcpy(to + n - 3, "...", 3);
        to[n] = '\0';
}
