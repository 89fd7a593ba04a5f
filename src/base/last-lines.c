/* Reads a bounded piece from the end; a line that begins before it is told from where the piece begins. */
#include "base/last-lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { PIECE = 64 << 10, TAB = 8 };

/* Bytes of the escape sequence at text (ECMA-48: CSI, OSC and other strings, two bytes else). */
static size_t escape_length(const char *text, size_t size)
{
        size_t i = 2;

        if (size < 2)
                return size;
        if (text[1] == '[') {
                while (i < size && (unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x40)
                        i++;
                return i < size ? i + 1 : i;
        }
        if (!strchr("]PX^_", text[1]))
                return i;
        while (i < size && text[i] != '\a' && text[i] != '\033')
                i++;
        return i < size && text[i] == '\033' ? MIN(i + 2, size) : MIN(i + 1, size);
}

void string_add_terminal_line(String *to, const char *line, size_t size)
{
        const char *over;
        size_t column = 0;

        while (size > 0 && line[size - 1] == '\r')
                size--;
        over = size > 0 ? memrchr(line, '\r', size) : NULL;
        if (over) {
                size -= (size_t)(over + 1 - line);
                line = over + 1;
        }
        for (size_t i = 0; i < size; i++, column++) {
                if (line[i] == '\033') {
                        i += escape_length(line + i, size - i) - 1;
                        column--;
                        continue;
                }
                if (line[i] != '\t') {
                        string_add_bytes(to, line + i, 1);
                        continue;
                }
                string_add_char(to, ' ');
                for (; (column + 1) % TAB != 0; column++)
                        string_add_char(to, ' ');
        }
}

static bool says_nothing(const String *line)
{
        return strspn(string_get(line), " ") == line->size;
}

/* The lines of the piece from the last one up, until there are enough. */
static void add_lines(const char *text, size_t size, size_t most, String *to)
{
        size_t from = size, found = 0;

        for (size_t end = size; found < most && end > 0;) {
                const char *before = memrchr(text, '\n', end);
                size_t begin = before ? (size_t)(before + 1 - text) : 0;
                _cleanup_string_ String line = {0};
                string_add_terminal_line(&line, text + begin, end - begin);
                if (!says_nothing(&line)) {
                        found++;
                        from = begin;
                }
                end = before ? begin - 1 : 0;
        }
        while (from < size) {
                const char *next = memchr(text + from, '\n', size - from);
                size_t n = next ? (size_t)(next - text) - from : size - from;
                _cleanup_string_ String line = {0};
                string_add_terminal_line(&line, text + from, n);
                if (!says_nothing(&line)) {
                        string_add_bytes(to, string_get(&line), line.size);
                        string_add_char(to, '\n');
                }
                from += n + 1;
        }
}

void file_add_last_lines(int dirfd, const char *name, size_t most, String *to)
{
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        _cleanup_free_ char *piece = malloc(PIECE);
        ssize_t n = piece ? pread(fd, piece, PIECE, st.st_size > PIECE ? st.st_size - PIECE : 0) : 0;
        to->failed |= !piece;
        if (piece && n > 0)
                add_lines(piece, (size_t)n, most, to);
}
