/* The texts of /proc/PID made of "Name: value" lines: status, io, smaps_rollup; and the lists
 * children and cgroup. One table per file says which lines are wanted. */
#include "host/proc-text.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text-part.h"
#include "base/text.h"

typedef struct LineField {
        const char *name; /* without the colon */
        size_t offset;    /* of a uint64_t */
        uint64_t scale;   /* 1024 for the lines in kB */
} LineField;

static uint64_t *field_at(void *record, size_t offset)
{
        return (uint64_t *)(void *)((char *)record + offset);
}

/* Fills the fields whose lines are there; a line seen twice keeps its first value, so that no
 * forged line behind can change it. Returns how many were found. */
static size_t scan_lines(const char *text, size_t size, const LineField *fields, size_t n_fields,
                         void *record)
{
        const char *end = text + size;
        size_t found = 0;

        for (size_t i = 0; i < n_fields; i++)
                *field_at(record, fields[i].offset) = PROC_UNKNOWN;
        for (TextPart line; text_next_line(&text, end, &line);) {
                const char *p = line.text, *stop = p + line.size;
                const char *colon = memchr(p, ':', (size_t)(stop - p));
                if (!colon)
                        continue;
                for (size_t i = 0; i < n_fields; i++) {
                        const LineField *f = &fields[i];
                        uint64_t *to = field_at(record, f->offset), value;
                        const char *v = colon + 1;
                        if (strlen(f->name) != (size_t)(colon - p) ||
                            memcmp(f->name, p, (size_t)(colon - p)) != 0)
                                continue;
                        while (v < stop && (*v == ' ' || *v == '\t'))
                                v++;
                        if (*to != PROC_UNKNOWN || scan_u64(&v, stop, &value) < 0 ||
                            __builtin_mul_overflow(value, f->scale, &value))
                                continue;
                        *to = value;
                        found++;
                }
        }
        return found;
}

typedef struct StatusLines {
        uint64_t tgid, ppid, uid;
        ProcStatus status;
} StatusLines;

int proc_status_parse(const char *text, size_t size, ProcStatus *ret)
{
#define AT(member) offsetof(StatusLines, status.member)
        static const LineField fields[] = {
                {"Tgid", offsetof(StatusLines, tgid), 1},
                {"PPid", offsetof(StatusLines, ppid), 1},
                {"Uid", offsetof(StatusLines, uid), 1},
                {"VmHWM", AT(hwm_bytes), 1024},
                {"RssAnon", AT(rss_anon_bytes), 1024},
                {"RssFile", AT(rss_file_bytes), 1024},
                {"RssShmem", AT(rss_shmem_bytes), 1024},
                {"VmSwap", AT(swap_bytes), 1024},
                {"Threads", AT(threads), 1},
                {"voluntary_ctxt_switches", AT(voluntary_switches), 1},
                {"nonvoluntary_ctxt_switches", AT(involuntary_switches), 1},
        };
#undef AT
        StatusLines lines = {0};

        scan_lines(text, size, fields, ARRAY_LENGTH(fields), &lines);
        if (lines.tgid > INT32_MAX || lines.ppid > INT32_MAX)
                return -EBADMSG;
        lines.status.tgid = (pid_t)lines.tgid;
        lines.status.ppid = (pid_t)lines.ppid;
        lines.status.uid = lines.uid <= UINT32_MAX ? (int64_t)lines.uid : -1;
        *ret = lines.status;
        return 0;
}

int proc_io_parse(const char *text, size_t size, ProcIo *ret)
{
        static const LineField fields[] = {
                {"rchar", offsetof(ProcIo, read_chars), 1},
                {"wchar", offsetof(ProcIo, write_chars), 1},
                {"read_bytes", offsetof(ProcIo, read_bytes), 1},
                {"write_bytes", offsetof(ProcIo, write_bytes), 1},
        };
        ProcIo io;

        if (scan_lines(text, size, fields, ARRAY_LENGTH(fields), &io) != ARRAY_LENGTH(fields))
                return -EBADMSG;
        *ret = io;
        return 0;
}

int proc_smaps_rollup_parse(const char *text, size_t size, ProcSmaps *ret)
{
        static const LineField fields[] = {
                {"Rss", offsetof(ProcSmaps, rss_bytes), 1024},
                {"Pss", offsetof(ProcSmaps, pss_bytes), 1024},
                {"Pss_Anon", offsetof(ProcSmaps, pss_anon_bytes), 1024},
                {"Pss_File", offsetof(ProcSmaps, pss_file_bytes), 1024},
                {"Pss_Shmem", offsetof(ProcSmaps, pss_shmem_bytes), 1024},
                {"Private_Clean", offsetof(ProcSmaps, private_clean_bytes), 1024},
                {"Private_Dirty", offsetof(ProcSmaps, private_dirty_bytes), 1024},
                {"Swap", offsetof(ProcSmaps, swap_bytes), 1024},
                {"SwapPss", offsetof(ProcSmaps, swap_pss_bytes), 1024},
        };
        ProcSmaps smaps;

        scan_lines(text, size, fields, ARRAY_LENGTH(fields), &smaps);
        if (smaps.rss_bytes == PROC_UNKNOWN || smaps.pss_bytes == PROC_UNKNOWN)
                return -EBADMSG;
        *ret = smaps;
        return 0;
}

bool proc_children_next(const char **text, const char *end, pid_t *ret)
{
        uint64_t pid;

        while (*text < end && (**text == ' ' || **text == '\n'))
                (*text)++;
        if (*text >= end || scan_u64(text, end, &pid) < 0 || pid == 0 || pid > INT32_MAX)
                return false;
        *ret = (pid_t)pid;
        return true;
}

int proc_cgroup_parse(const char *text, size_t size, char *ret, size_t ret_size)
{
        const char *end = text + size, *best = NULL;
        size_t best_size = 0;

        for (TextPart line; text_next_line(&text, end, &line);) {
                const char *p = line.text, *stop = p + line.size;
                const char *first = memchr(p, ':', (size_t)(stop - p));
                const char *second =
                        first ? memchr(first + 1, ':', (size_t)(stop - first - 1)) : NULL;
                if (!second)
                        continue;
                size_t length = (size_t)(stop - second - 1);
                bool unified = first == p + 1 && *p == '0' && second == first + 1;
                bool memory = text_part_in_list(text_part(first + 1, (size_t)(second - first - 1)), ',', "memory");
                /* "/" of the unified tree says nothing where v1 does the work. */
                if ((unified && (length > 1 || !best)) || (memory && best_size <= 1)) {
                        best = second + 1;
                        best_size = length;
                }
        }
        if (!best || ret_size == 0)
                return -EBADMSG;
        best_size = MIN(best_size, ret_size - 1);
        memcpy(ret, best, best_size);
        ret[best_size] = '\0';
        return 0;
}
