/* Lines are short (FINDING_TEXT_MAX): every beginning is tried. */
#include "detect/said.h"

#include <string.h>
#include <strings.h>

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

void said_quote(char *to, size_t room, const char *line, size_t size)
{
        size_t n = 0;

        while (size > 0 && (*line == ' ' || *line == '\t')) {
                line++;
                size--;
        }
        for (; n < size && n + 1 < room; n++)
                to[n] = line[n] >= ' ' && line[n] <= '~' ? line[n] : '?';
        if (n < size && room > 4)
                memcpy(to + n - 3, "...", 3);
        to[n] = '\0';
}
