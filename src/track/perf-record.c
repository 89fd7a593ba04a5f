/* Fields at their fixed offsets; the time of sample_id_all is the last word of every record. */
#include "track/perf-record.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "base/macros.h"

static uint32_t u32_at(const uint8_t *bytes, size_t offset)
{
        uint32_t value;

        memcpy(&value, bytes + offset, sizeof value);
        return value;
}

static uint64_t u64_at(const uint8_t *bytes, size_t offset)
{
        uint64_t value;

        memcpy(&value, bytes + offset, sizeof value);
        return value;
}

/* Bytes up to the sample id, header included. */
static size_t body_size(uint32_t type)
{
        switch (type) {
        case PERF_RECORD_FORK:
        case PERF_RECORD_EXIT: /* pid, ppid, tid, ptid, time */
                return 8 + 16 + 8;
        case PERF_RECORD_COMM: /* pid, tid, at least eight bytes of name */
                return 8 + 8 + 8;
        case PERF_RECORD_READ: /* pid, tid, value, id */
                return 8 + 8 + 8 + 8;
        case PERF_RECORD_LOST: /* id, lost */
                return 8 + 8 + 8;
        default:
                return 8;
        }
}

int perf_record_parse(const uint8_t *bytes, size_t size, PerfRecord *ret)
{
        PerfRecord record = {0};
        struct perf_event_header header;

        if (size < sizeof header)
                return -EBADMSG;
        memcpy(&header, bytes, sizeof header);
        if (body_size(header.type) > 8 && size < body_size(header.type) + 8)
                return -EBADMSG;
        if (body_size(header.type) > 8) {
                record.type = header.type;
                record.time_ns = u64_at(bytes, size - 8);
                record.pid = (pid_t)u32_at(bytes, 8);
                record.tid = (pid_t)u32_at(bytes, 12);
        }
        switch (header.type) {
        case PERF_RECORD_FORK:
        case PERF_RECORD_EXIT:
                record.ppid = (pid_t)u32_at(bytes, 12);
                record.tid = (pid_t)u32_at(bytes, 16);
                break;
        case PERF_RECORD_COMM:
                record.exec = header.misc & PERF_RECORD_MISC_COMM_EXEC;
                memcpy(record.comm, bytes + 16, MIN(size - 16 - 8, sizeof record.comm - 1));
                break;
        case PERF_RECORD_READ:
                record.value = u64_at(bytes, 16);
                record.id = u64_at(bytes, 24);
                break;
        case PERF_RECORD_LOST:
                record.pid = record.tid = 0;
                record.lost = u64_at(bytes, 16);
                break;
        default:
                break;
        }
        *ret = record;
        return 0;
}
