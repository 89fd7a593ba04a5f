/* Words between blanks, line by line; a line that is not understood is passed over. */
#include "host/cgroup-io.h"

#include <string.h>

#include "base/macros.h"
#include "base/text-part.h"
#include "base/text.h"

static bool next_word(const char **at, const char *end, TextPart *ret)
{
        while (*at < end && **at == ' ')
                (*at)++;
        const char *begin = *at;
        while (*at < end && **at != ' ')
                (*at)++;
        *ret = (TextPart){begin, (size_t)(*at - begin)};
        return ret->size > 0;
}

static bool take_device(const char **at, const char *end, uint32_t *ret_major, uint32_t *ret_minor)
{
        uint64_t major, minor;

        if (scan_u64(at, end, &major) < 0 || *at == end || *(*at)++ != ':' ||
            scan_u64(at, end, &minor) < 0 || major > UINT32_MAX || minor > UINT32_MAX ||
            (*at < end && **at != ' '))
                return false;
        *ret_major = (uint32_t)major;
        *ret_minor = (uint32_t)minor;
        return true;
}

/* "rbytes=1459200". */
static void take_pair(TextPart word, CgroupIo *io)
{
        const struct {
                const char *name;
                uint64_t *to;
        } pairs[] = {{"rbytes=", &io->read_bytes},    {"wbytes=", &io->write_bytes},
                     {"rios=", &io->reads},           {"wios=", &io->writes},
                     {"dbytes=", &io->discard_bytes}, {"dios=", &io->discards}};

        for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
                size_t n = strlen(pairs[i].name);
                if (word.size > n && memcmp(word.text, pairs[i].name, n) == 0)
                        parse_u64(word.text + n, word.size - n, pairs[i].to);
        }
}

bool cgroup_io_next(const char **text, const char *end, CgroupIo *ret)
{
        for (TextPart whole, word; text_next_line(text, end, &whole);) {
                const char *at = whole.text, *line_end = at + whole.size;
                CgroupIo io = {0};

                if (!take_device(&at, line_end, &io.major, &io.minor))
                        continue;
                while (next_word(&at, line_end, &word))
                        take_pair(word, &io);
                *ret = io;
                return true;
        }
        return false;
}

static CgroupBlkioKind blkio_kind(TextPart word)
{
        static const char *const names[] = {
                [BLKIO_READ] = "Read", [BLKIO_WRITE] = "Write", [BLKIO_DISCARD] = "Discard"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (text_part_is(word, names[i]))
                        return (CgroupBlkioKind)i;
        return BLKIO_OTHER;
}

bool cgroup_blkio_next(const char **text, const char *end, CgroupBlkio *ret)
{
        for (TextPart whole, kind, value; text_next_line(text, end, &whole);) {
                const char *at = whole.text, *line_end = at + whole.size;
                CgroupBlkio line;

                if (!take_device(&at, line_end, &line.major, &line.minor) ||
                    !next_word(&at, line_end, &kind) || !next_word(&at, line_end, &value) ||
                    parse_u64(value.text, value.size, &line.value) < 0)
                        continue;
                line.kind = blkio_kind(kind);
                *ret = line;
                return true;
        }
        return false;
}
