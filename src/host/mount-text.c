/* Fields between single blanks; nothing is copied but what is unescaped. */
#include "host/mount-text.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

enum { DIRECTORY_MAX = 4096 };

/* Takes what stands before the next blank off [*at, end); false when nothing is left. An empty
 * field between two blanks counts: a mount may have no source. */
static bool next_field(const char **at, const char *end, TextPart *ret)
{
        if (!*at)
                return false;
        const char *blank = *at < end ? memchr(*at, ' ', (size_t)(end - *at)) : NULL;
        *ret = (TextPart){*at, (size_t)((blank ? blank : end) - *at)};
        *at = blank ? blank + 1 : NULL;
        return true;
}

static bool parse_device(TextPart field, MountLine *ret)
{
        const char *at = field.text, *end = field.text + field.size;
        uint64_t major, minor;

        if (scan_u64(&at, end, &major) < 0 || at == end || *at++ != ':' ||
            scan_u64(&at, end, &minor) < 0 || at != end || major > UINT32_MAX || minor > UINT32_MAX)
                return false;
        ret->major = (uint32_t)major;
        ret->minor = (uint32_t)minor;
        return true;
}

/* "36 35 98:0 /root /mnt rw,noatime shared:1 … - type source super-options". */
static bool parse_line(const char *at, const char *end, MountLine *ret)
{
        TextPart id, parent, device, optional;

        if (!next_field(&at, end, &id) || !next_field(&at, end, &parent) ||
            !next_field(&at, end, &device) || !next_field(&at, end, &ret->root) ||
            !next_field(&at, end, &ret->directory) || !next_field(&at, end, &ret->options))
                return false;
        do {
                if (!next_field(&at, end, &optional))
                        return false;
        } while (!text_part_is(optional, "-"));
        return next_field(&at, end, &ret->type) && next_field(&at, end, &ret->source) &&
               next_field(&at, end, &ret->super_options) && parse_device(device, ret) &&
               ret->directory.size > 0 && ret->directory.text[0] == '/' && ret->type.size > 0;
}

bool mount_line_next(const char **text, const char *end, MountLine *ret)
{
        TextPart line;

        while (text_next_line(text, end, &line)) {
                MountLine mount;
                if (!parse_line(line.text, line.text + line.size, &mount))
                        continue;
                *ret = mount;
                return true;
        }
        return false;
}

static bool is_octal(char c)
{
        return c >= '0' && c <= '7';
}

int mount_field_unescape(TextPart field, char *ret, size_t size)
{
        size_t n = 0;

        for (size_t i = 0; i < field.size; i++) {
                const char *at = field.text + i;
                char c = *at;
                if (c == '\\' && field.size - i > 3 && is_octal(at[1]) && is_octal(at[2]) &&
                    is_octal(at[3])) {
                        c = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
                        i += 3;
                }
                if (c == '\0')
                        return -EINVAL;
                if (n + 1 >= size)
                        return -ENAMETOOLONG;
                ret[n++] = c;
        }
        if (size == 0)
                return -ENAMETOOLONG;
        ret[n] = '\0';
        return (int)n;
}

/* "f_bsize f_blocks f_bfree f_bavail f_files f_ffree". */
static int parse_figures(const char *at, const char *end, struct statvfs *ret)
{
        uint64_t values[6];

        for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
                if (scan_u64(&at, end, &values[i]) < 0)
                        return -EBADMSG;
        *ret = (struct statvfs){
                .f_bsize = values[0],
                .f_frsize = values[0],
                .f_blocks = values[1],
                .f_bfree = values[2],
                .f_bavail = values[3],
                .f_files = values[4],
                .f_ffree = values[5],
                .f_favail = values[5],
        };
        return 0;
}

int statvfs_parse(const char *text, size_t size, const char *directory, struct statvfs *ret)
{
        const char *end = text + size;
        char path[DIRECTORY_MAX];

        for (TextPart line, field; text_next_line(&text, end, &line);) {
                const char *at = line.text, *line_end = line.text + line.size;
                if (next_field(&at, line_end, &field) && at &&
                    mount_field_unescape(field, path, sizeof path) > 0 &&
                    text_equal(path, directory))
                        return parse_figures(at, line_end, ret);
        }
        return -ENOENT;
}
