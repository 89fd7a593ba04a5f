/* The first line with a name; the file has a hundred lines a processor, of which the first kilobytes do. */
#include "host/cpu-model.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text-part.h"

static bool is_blank(char c)
{
        return (unsigned char)c <= ' ' || c == 0x7f;
}

/* Without blanks around it, and one for each run of them. Returns its length. */
static size_t copy_name(TextPart name, char *to, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < name.size && n + 1 < size; i++)
                if (!is_blank(name.text[i]))
                        to[n++] = name.text[i];
                else if (n > 0 && to[n - 1] != ' ')
                        to[n++] = ' ';
        while (n > 0 && to[n - 1] == ' ')
                n--;
        to[n] = '\0';
        return n;
}

static bool is_name_of(TextPart key)
{
        static const char *const keys[] = {"model name", "cpu model", "cpu", "cpu name"};

        while (key.size > 0 && is_blank(key.text[key.size - 1]))
                key.size--;
        for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
                if (text_part_is(key, keys[i]))
                        return true;
        return false;
}

int cpu_model_parse(const char *text, size_t size, char *ret, size_t ret_size)
{
        const char *at = text, *end = text + size;
        char name[CPU_MODEL_MAX];
        TextPart line;

        while (text_next_line(&at, end, &line)) {
                const char *colon = line.size > 0 ? memchr(line.text, ':', line.size) : NULL;
                if (!colon || !is_name_of(text_part(line.text, (size_t)(colon - line.text))))
                        continue;
                size_t n = copy_name(text_part(colon + 1, line.size - (size_t)(colon + 1 - line.text)), name,
                                     MIN(sizeof name, ret_size));
                if (n == 0 || strcmp(name, "unknown") == 0)
                        continue;
                memcpy(ret, name, n + 1);
                return 0;
        }
        return -ENODATA;
}

int cpu_model_read(const Host *host, char *ret, size_t ret_size)
{
        char text[4096];
        ssize_t n = host_read(host, "proc/cpuinfo", text, sizeof text);

        return n < 0 ? (int)n : cpu_model_parse(text, (size_t)n, ret, ret_size);
}
