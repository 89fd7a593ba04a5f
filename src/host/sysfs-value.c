/* Strict numbers out of one-line files, and names out of links. */
#include "host/sysfs-value.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { VALUE_MAX = 64 };

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What is between the blanks. */
static const char *trim(const char *text, size_t *size)
{
        while (*size > 0 && is_blank(text[*size - 1]))
                (*size)--;
        while (*size > 0 && is_blank(*text)) {
                text++;
                (*size)--;
        }
        return text;
}

int sysfs_parse_i64(const char *text, size_t size, int64_t *ret)
{
        text = trim(text, &size);
        return parse_i64(text, size, ret);
}

int sysfs_parse_u64(const char *text, size_t size, uint64_t *ret)
{
        text = trim(text, &size);
        return parse_u64(text, size, ret);
}

int sysfs_parse_hex(const char *text, size_t size, uint64_t *ret)
{
        static const char digits[] = "0123456789abcdef";
        uint64_t value = 0;

        text = trim(text, &size);
        if (size >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
                text += 2;
                size -= 2;
        }
        if (size == 0)
                return -EINVAL;
        if (size > 16)
                return -ERANGE;
        for (size_t i = 0; i < size; i++) {
                char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 'a' - 'A') : text[i];
                const char *digit = c ? strchr(digits, c) : NULL;
                if (!digit)
                        return -EINVAL;
                value = value << 4 | (uint64_t)(digit - digits);
        }
        *ret = value;
        return 0;
}

int sysfs_i64(const Host *host, const char *path, int64_t *ret)
{
        char text[VALUE_MAX];
        ssize_t n = host_read(host, path, text, sizeof text);

        return n < 0 ? (int)n : sysfs_parse_i64(text, (size_t)n, ret);
}

int sysfs_u64(const Host *host, const char *path, uint64_t *ret)
{
        char text[VALUE_MAX];
        ssize_t n = host_read(host, path, text, sizeof text);

        return n < 0 ? (int)n : sysfs_parse_u64(text, (size_t)n, ret);
}

int sysfs_hex(const Host *host, const char *path, uint64_t *ret)
{
        char text[VALUE_MAX];
        ssize_t n = host_read(host, path, text, sizeof text);

        return n < 0 ? (int)n : sysfs_parse_hex(text, (size_t)n, ret);
}

int sysfs_reread_i64(int fd, int64_t *ret)
{
        char text[VALUE_MAX];
        ssize_t n = host_reread(fd, text, sizeof text);

        return n < 0 ? (int)n : sysfs_parse_i64(text, (size_t)n, ret);
}

int sysfs_reread_u64(int fd, uint64_t *ret)
{
        char text[VALUE_MAX];
        ssize_t n = host_reread(fd, text, sizeof text);

        return n < 0 ? (int)n : sysfs_parse_u64(text, (size_t)n, ret);
}

ssize_t sysfs_text(const Host *host, const char *path, char *buffer, size_t size)
{
        ssize_t n = host_read(host, path, buffer, size);

        if (n < 0)
                return n;
        size_t length = strnlen(buffer, (size_t)n);
        const char *text = trim(buffer, &length);
        memmove(buffer, text, length);
        buffer[length] = '\0';
        return (ssize_t)length;
}

ssize_t sysfs_link_name(const Host *host, const char *path, char *buffer, size_t size)
{
        char target[1024];
        int r = host_readlink(host, path, target, sizeof target);

        if (r < 0)
                return r;
        const char *slash = strrchr(target, '/');
        text_copy(buffer, size, slash ? slash + 1 : target);
        return (ssize_t)strlen(buffer);
}
