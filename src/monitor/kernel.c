/*
 * The kernel's own log, /dev/kmsg, from the recording's begin on: what it says of OOM kills,
 * refused forks, I/O, file systems, heat and lockups, and every warning else. Lines are events of
 * the table `events`, at the time the kernel gave them.
 *
 * That time is of printk's clock, whose distance to CLOCK_MONOTONIC changes by seconds a day (see
 * host/kmsg.h). A record is read as soon as it is written, so the smallest distance between reading
 * and stamp that was seen is the true one; one that is greater by more than ten seconds is taken
 * for a clock that moved (a stopped virtual machine), not for a late wake-up. The newest of what is
 * read together says it for all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "host/kmsg.h"
#include "monitor/event-gate.h"
#include "table/process-tables.h"

/* What one sample reads: some hundred records. A storm must not hold the recorder up. */
enum { TEXT_MAX = 65536 };

static const char device[] = "dev/kmsg";

typedef struct KernelState {
        int fd;
        EventGate gate;
        const MonitorScope *scope;
        uint64_t report_us, report_line_us; /* begin and last line of a report, by its stamps; 0 */
        bool pids_are_ours;   /* we live in the namespace that the kernel's pids are of */
        bool numbered;        /* `expected` is known */
        bool overrun;         /* the kernel said that records were overwritten */
        uint64_t expected;    /* sequence number of the next record */
        uint64_t distance_ns; /* CLOCK_MONOTONIC minus printk's clock; see above */
        bool measured;
        size_t used, at; /* of text: what was read and is not yet in rows */
        char text[TEXT_MAX];
        KmsgRecord record;
} KernelState;

static int kernel_probe(const MonitorContext *context, Error *why, Error *fix)
{
        _cleanup_close_ int fd = host_open(context->host, device);

        if (fd >= 0)
                return 0;
        if (fd == -ENOENT)
                return error_set(why, ENOENT, "no /dev/kmsg here, as in most containers");
        if (fd == -EPERM) {
                error_set(fix, 0, "sudo sysctl kernel.dmesg_restrict=0");
                return error_set(why, EPERM,
                                 "kernel.dmesg_restrict keeps the kernel's log to CAP_SYSLOG");
        }
        if (fd == -EACCES)
                error_set(fix, 0, "sudo chmod a+r /dev/kmsg");
        return error_set_errno(why, fd, "/dev/kmsg");
}

/* PROC_PID_INIT_INO of include/linux/proc_ns.h */
static bool in_initial_pid_namespace(const Host *host)
{
        char link[64];

        return host_readlink(host, "proc/self/ns/pid", link, sizeof link) > 0 &&
               text_equal(link, "pid:[4026531836]");
}

static int open_log(KernelState *s, const Host *host)
{
        int flags;

        s->fd = host_open(host, device);
        if (s->fd < 0)
                return s->fd;
        flags = fcntl(s->fd, F_GETFL);
        if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
            lseek(s->fd, 0, SEEK_END) < 0)
                return -errno;
        return event_gate_init(&s->gate, s->fd);
}

static void kernel_stop(void *state)
{
        KernelState *s = state;

        event_gate_done(&s->gate);
        s->fd = fd_close(s->fd);
}

static int kernel_start(void *state, const MonitorContext *context, Error *err)
{
        KernelState *s = state;

        s->gate = (EventGate){.epoll_fd = -1, .timer_fd = -1};
        int r = open_log(s, context->host);
        if (r < 0) {
                kernel_stop(s);
                return error_set_errno(err, r, "/dev/kmsg");
        }
        s->scope = context->scope;
        s->pids_are_ours = in_initial_pid_namespace(context->host);
        return 0;
}

static int kernel_fd(void *state)
{
        KernelState *s = state;

        return s->gate.epoll_fd;
}

/* Between a record's stamp and the tick; wraps where printk's clock is ahead. */
static uint64_t record_distance_ns(const KernelState *s, const MonitorTick *tick)
{
        return tick->now_ns - s->record.time_us * NS_PER_US;
}

static uint64_t record_ago_ns(const KernelState *s, const MonitorTick *tick)
{
        int64_t ago_ns = (int64_t)(record_distance_ns(s, tick) - s->distance_ns);

        return ago_ns > 0 && s->measured ? (uint64_t)ago_ns : 0;
}

static void measure_distance(KernelState *s, const MonitorTick *tick)
{
        const char *at = s->text + s->at, *end = s->text + s->used;
        uint64_t newest_us = 0;
        int r;

        while ((r = kmsg_next(&at, end, &s->record)) != -ENOENT)
                if (r == 0)
                        newest_us = MAX(newest_us, s->record.time_us);
        if (newest_us == 0)
                return;
        s->record.time_us = newest_us;
        uint64_t distance_ns = record_distance_ns(s, tick);
        int64_t more = (int64_t)(distance_ns - s->distance_ns);
        if (!s->measured || more < 0 || more > (int64_t)(10 * NS_PER_SECOND))
                s->distance_ns = distance_ns;
        s->measured = true;
}

static int add_plain(Batch *rows, const MonitorTick *tick, const char *kind, const char *severity,
                     const char *text)
{
        EventRow row = {.kind = kind, .severity = severity, .text = text, .size = strlen(text)};

        return event_row_add(rows, tick, &row);
}

/* What the ring buffer overwrote before it was read shows as a gap in the numbers; of what was lost
 * before the first record the number is unknown. */
static int add_lost(KernelState *s, const MonitorTick *tick, Batch *rows)
{
        char number[FORMAT_MAX] = "some", text[128];
        uint64_t sequence = s->record.sequence, expected = s->expected;
        int r = 0;

        if (s->numbered ? sequence > expected : s->overrun) {
                if (s->numbered)
                        format_count(number, sequence - expected);
                snprintf(text, sizeof text,
                         "%s messages of the kernel were overwritten before they could be read",
                         number);
                r = add_plain(rows, tick, "kernel-lost", "warning", text);
        }
        if (r == 0) {
                s->overrun = false;
                s->numbered = true;
                s->expected = sequence + 1;
        }
        return r;
}

/*
 * Of what the kernel has to say of an OOM kill or a fault, some fifty lines of registers, stacks
 * and zones follow the one that says it, most of them as warnings. They go on until for a second
 * none has come; ten seconds are enough for any, also over a slow serial line.
 */
static bool is_detail(KernelState *s, bool begins)
{
        uint64_t now_us = s->record.time_us;

        if (begins)
                s->report_us = s->report_line_us = now_us;
        if (begins || s->report_us == 0)
                return false;
        if (now_us - s->report_line_us > 1000000 || now_us - s->report_us > 10000000) {
                s->report_us = 0;
                return false;
        }
        s->report_line_us = now_us;
        return true;
}

/* False: not worth a row. Programs may write to the log, too; their words are not the kernel's.
 * What we do not know is for who looks, not for who has to be told. */
static bool classify(KernelState *s, KmsgClass *ret)
{
        const KmsgRecord *record = &s->record;

        if (record->facility != 0 || record->size == 0)
                return false;
        bool known = kmsg_classify(record->text, record->size, ret);
        if (is_detail(s, known && ret->report))
                return known;
        if (known)
                return true;
        if (record->level > KMSG_WARNING || record->fragment)
                return false;
        *ret = (KmsgClass){"kernel", record->level <= KMSG_CRITICAL ? "warning" : "info", 0, false};
        return true;
}

static int add_record(KernelState *s, const MonitorTick *tick, Batch *rows)
{
        uint64_t ago_ns = record_ago_ns(s, tick);
        KmsgClass class;
        int r = add_lost(s, tick, rows);

        if (r < 0 || !classify(s, &class))
                return r;
        if (!event_gate_pass(&s->gate, tick->now_ns, text_equal(class.severity, "critical")))
                return 0;
        EventRow row = {
                .ago_ns = ago_ns,
                .kind = class.kind,
                .severity = class.severity,
                .text = s->record.text,
                .size = s->record.size,
        };
        if (s->pids_are_ours) {
                row.pid = class.pid;
                row.in_run = event_find_process(s->scope, class.pid, &row.process);
        }
        return event_row_add(rows, tick, &row);
}

/* Everything in s->text. What does not fit into rows stays there for the next sample. */
static int add_text(KernelState *s, const MonitorTick *tick, Batch *rows)
{
        const char *end = s->text + s->used;

        while (s->at < s->used) {
                const char *at = s->text + s->at;
                int r = kmsg_next(&at, end, &s->record);
                if (r == 0)
                        r = add_record(s, tick, rows);
                if (r == -ENOBUFS || r == -ENOMEM)
                        return r;
                s->at = (size_t)(at - s->text);
        }
        return 0;
}

/* The device gives a record at a time, a recorded file as much as is asked for. */
static int read_text(KernelState *s)
{
        s->at = s->used = 0;
        while (sizeof s->text - s->used >= KMSG_READ_MAX) {
                ssize_t n = read(s->fd, s->text + s->used, sizeof s->text - s->used);
                if (n > 0)
                        s->used += (size_t)n;
                else if (n == 0 || errno == EAGAIN)
                        break;
                else if (errno == EPIPE)
                        s->overrun = true; /* the next read is what is left */
                else if (errno != EINTR)
                        return -errno;
        }
        return 0;
}

static int add_left_out(KernelState *s, const MonitorTick *tick, Batch *rows)
{
        uint64_t n = event_gate_take(&s->gate, tick->now_ns);
        char number[FORMAT_MAX], text[128];

        if (n == 0)
                return 0;
        snprintf(text, sizeof text, "%s more lines of the kernel within a second are left out",
                 format_count(number, n));
        return add_plain(rows, tick, "kernel-left-out", "warning", text);
}

static int kernel_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        KernelState *s = state;
        int r = 0;

        if (s->at == s->used) {
                r = read_text(s);
                if (r < 0)
                        return error_set_errno(err, r, "/dev/kmsg");
                measure_distance(s, tick);
        }
        r = add_text(s, tick, rows);
        if (r == 0)
                r = add_left_out(s, tick, rows);
        if (r == -ENOBUFS)
                event_gate_wake(&s->gate);
        return r;
}

const Monitor monitor_kernel = {
        .name = "kernel",
        .what = "OOM kills, refused forks, I/O errors, heat: /dev/kmsg",
        .schema = &events_schema,
        .early = true, /* 50 µs; a kill comes when it comes */
        .state_size = sizeof(KernelState),
        .probe = kernel_probe,
        .start = kernel_start,
        .fd = kernel_fd,
        .sample = kernel_sample,
        .stop = kernel_stop,
};
