/* Lines in a known order: the search goes on where the last one ended. */
#include "host/key-lines.h"

#include <string.h>

#include "base/text-part.h"
#include "base/text.h"

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

bool key_line_next(const char **text, const char *end, const char **ret_key, size_t *ret_key_size,
                   uint64_t *ret_value)
{
        for (TextPart whole; text_next_line(text, end, &whole);) {
                const char *line = whole.text, *line_end = line + whole.size, *at;
                uint64_t value;

                for (at = line; at < line_end && !is_blank(*at);)
                        at++;
                size_t key_size = (size_t)(at - line);
                if (key_size > 0 && line[key_size - 1] == ':')
                        key_size--;
                if (key_size == 0 || scan_u64(&at, line_end, &value) < 0)
                        continue;
                if (line_end - at >= 3 && memcmp(at, " kB", 3) == 0 &&
                    __builtin_mul_overflow(value, (uint64_t)1024, &value))
                        continue;
                *ret_key = line;
                *ret_key_size = key_size;
                *ret_value = value;
                return true;
        }
        return false;
}

size_t key_lines_read(const char *text, size_t size, const KeyLine *lines, size_t n, KeyLineFn fn,
                      void *data)
{
        const char *end = text + size, *key;
        size_t key_size, next = 0, found = 0;
        uint64_t value;

        while (found < n && key_line_next(&text, end, &key, &key_size, &value)) {
                for (size_t i = 0; i < n; i++) {
                        const KeyLine *line = &lines[(next + i) % n];
                        if (strncmp(line->key, key, key_size) != 0 || line->key[key_size] != '\0')
                                continue;
                        fn(line->target, value, data);
                        next = (next + i + 1) % n;
                        found++;
                        break;
                }
        }
        return found;
}
