/* The command's output on its way: from its pipe or pty to where ours goes, then to output.log.
 * A stream reads again only when all of the last was passed on, so that a slow reader slows
 * the command as it would without us. */
#include "record/workload-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
        PIPE_ROOM = 1024 * 1024,
        SMALL_PIPE = 4096,    /* PIPE_BUF: poll(2) promises room for it */
        SMALL_TERMINAL = 256, /* tty_io.c says writable while that many characters wait */
        ROUNDS = 8,           /* moves before others get their turn */
        LITTLE = 4096,        /* less than that at once: poll(2) tells whether there is more */
};

int workload_pipe_make(int ret[2])
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        for (int i = 0; i < 2; i++) {
                ret[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
                fd_close(fds[i]);
        }
        if (ret[0] < 0 || ret[1] < 0 || fcntl(ret[0], F_SETFL, O_NONBLOCK) < 0) {
                int r = -errno;
                workload_close(&ret[0]);
                workload_close(&ret[1]);
                return r;
        }
        /* Refused over pipe-user-pages-soft: then 64 KiB it is. */
        fcntl(ret[0], F_SETPIPE_SZ, PIPE_ROOM);
        return 0;
}

bool workload_same_file(int a, int b)
{
        struct stat sa, sb;

        if (fstat(a, &sa) < 0 || fstat(b, &sb) < 0 || sa.st_dev != sb.st_dev ||
            sa.st_ino != sb.st_ino)
                return false;
        if (!S_ISREG(sa.st_mode))
                return true;
        /* Two descriptions of a file have two positions and overwrite each other, unless both
         * append; one description, as 2>&1 makes it, has one. */
        long r = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, (unsigned long)a,
                         (unsigned long)b);
        if (r >= 0)
                return r == 0 || (fcntl(a, F_GETFL) & fcntl(b, F_GETFL) & O_APPEND);
        return true;
}

/* The descriptor itself as a path: opening it makes a new description of the same object. */
static int reopen(int fd)
{
        char path[32];

        snprintf(path, sizeof path, "/dev/fd/%d", fd);
        int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (again < 0)
                return -errno;
        int high = fcntl(again, F_DUPFD_CLOEXEC, 3);
        fd_close(again);
        return high < 0 ? -errno : high;
}

int workload_stream_init(WorkloadStream *stream, int from, int to, bool pty)
{
        struct stat st;

        *stream = (WorkloadStream){.from = from, .to = -1, .pty = pty, .kind = SINK_FILE};
        if (fstat(to, &st) < 0)
                return -errno;
        bool terminal = S_ISCHR(st.st_mode) && isatty(to);
        stream->to_pipe = S_ISFIFO(st.st_mode);
        if (stream->to_pipe || terminal) {
                stream->to = reopen(to);
                stream->kind = stream->to >= 0 ? SINK_OWN : SINK_SMALL;
        } else if (S_ISSOCK(st.st_mode)) {
                stream->kind = SINK_SOCKET;
        }
        if (stream->to < 0)
                stream->to = fcntl(to, F_DUPFD_CLOEXEC, 3);
        if (stream->to < 0)
                return -errno;
        stream->teeing = stream->to_pipe && !pty;
        void *room = mmap(NULL, WORKLOAD_BUFFER, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED)
                return -errno;
        stream->buffer = room;
        return 0;
}

void workload_stream_close(WorkloadStream *stream)
{
        workload_close(&stream->from);
        workload_close(&stream->to);
        if (stream->buffer)
                munmap(stream->buffer, WORKLOAD_BUFFER);
        *stream = (WorkloadStream){.from = -1, .to = -1};
}

/* --- output.log --- */

static void log_write(WorkloadLog *log, const uint8_t *data, size_t size)
{
        while (log->fd >= 0 && size > 0) {
                ssize_t n = write(log->fd, data, size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        log->error = n < 0 ? -errno : -ENOSPC;
                        log->fd = -1; /* a log with a hole would be worse than a short one */
                        return;
                }
                data += n;
                size -= (size_t)n;
        }
}

void workload_log_flush(WorkloadLog *log)
{
        if (log->held)
                log_write(log, (const uint8_t *)"\r", 1);
        log->held = false;
}

/* \r\n → \n in place; the size that is left. */
static size_t take_back(uint8_t *data, size_t size)
{
        uint8_t *to = data, *end = data + size, *p = data;

        while (p < end) {
                uint8_t *cr = memchr(p, '\r', (size_t)(end - p));
                size_t run = (size_t)((cr ? cr : end) - p);
                if (to != p)
                        memmove(to, p, run);
                to += run;
                p += run;
                if (!cr)
                        break;
                if (cr + 1 == end || cr[1] != '\n')
                        *to++ = '\r';
                p++;
        }
        return (size_t)(to - data);
}

void workload_log_passed(WorkloadLog *log, uint8_t *data, size_t size, bool translated)
{
        if (size == 0)
                return;
        if (log->held && data[0] != '\n') {
                log_write(log, (const uint8_t *)"\r", 1);
                log->bytes++;
        }
        log->held = false;
        if (translated) {
                log->held = data[size - 1] == '\r';
                size = take_back(data, size - log->held);
        }
        log->bytes += size;
        log_write(log, data, size);
}

/* --- a stream --- */

/* The pty hands out \r\n as two bytes that a read may part: then one more read brings the rest. */
static ssize_t read_pty(WorkloadStream *stream)
{
        enum { REST = 4096 };
        struct termios modes;
        ssize_t n = read(stream->from, stream->buffer, WORKLOAD_BUFFER - REST);

        if (n <= 0)
                return n;
        stream->translated = tcgetattr(stream->from, &modes) == 0 &&
                             (modes.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR);
        if (!stream->translated || !stream->plain)
                return n;
        if (stream->buffer[n - 1] == '\r') {
                ssize_t more = read(stream->from, stream->buffer + n, REST);
                if (more > 0)
                        n += more;
        }
        stream->translated = false;
        return (ssize_t)take_back(stream->buffer, (size_t)n);
}

/* 1 moved, 0 nothing there now, -1 the end. */
static int stream_fill(WorkloadStream *stream)
{
        ssize_t n = stream->pty ? read_pty(stream)
                                : read(stream->from, stream->buffer, WORKLOAD_BUFFER);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return -1; /* end of a pipe is 0, of a pty EIO */
        stream->start = 0;
        stream->end = (size_t)n;
        stream->little = n < LITTLE;
        return 1;
}

static ssize_t put(const WorkloadStream *stream, const uint8_t *data, size_t size)
{
        struct pollfd ready = {.fd = stream->to, .events = POLLOUT};

        switch (stream->kind) {
        case SINK_OWN:
        case SINK_FILE:
                return write(stream->to, data, size);
        case SINK_SOCKET:
                return send(stream->to, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        case SINK_SMALL:
                if (poll(&ready, 1, 0) != 1) {
                        errno = EAGAIN;
                        return -1;
                }
                return write(stream->to, data,
                             MIN(size, (size_t)(stream->to_pipe ? SMALL_PIPE : SMALL_TERMINAL)));
        }
        errno = EINVAL;
        return -1;
}

static int stream_pass(WorkloadStream *stream, WorkloadLog *log)
{
        uint8_t *data = stream->buffer + stream->start;
        ssize_t n = put(stream, data, stream->end - stream->start);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -1;
        workload_log_passed(log, data, (size_t)n, stream->translated);
        stream->start += (size_t)n;
        return 1;
}

/* Pipe to pipe: tee(2) passes the pages themselves and, being told so, never waits whoever
 * shares the pipe; one read then takes them out for the log. */
static int stream_tee(WorkloadStream *stream, WorkloadLog *log)
{
        ssize_t n = tee(stream->from, stream->to, WORKLOAD_BUFFER, SPLICE_F_NONBLOCK);

        if (n < 0 && errno == EAGAIN) {
                int waiting = 0;
                ioctl(stream->from, FIONREAD, &waiting);
                stream->blocked = waiting > 0;
                return 0;
        }
        if (n < 0 && (errno == EINVAL || errno == ENOSYS)) {
                stream->teeing = false;
                return 1;
        }
        stream->blocked = false;
        if (n <= 0)
                return n < 0 && errno == EINTR ? 0 : -1;
        for (size_t left = (size_t)n; left > 0;) {
                ssize_t got = read(stream->from, stream->buffer, left);
                if (got <= 0)
                        return -1;
                workload_log_passed(log, stream->buffer, (size_t)got, false);
                left -= (size_t)got;
        }
        stream->little = n < LITTLE;
        return 1;
}

void workload_stream_make_plain(WorkloadStream *stream)
{
        if (stream->translated && stream->start < stream->end)
                stream->end = stream->start + take_back(stream->buffer + stream->start,
                                                        stream->end - stream->start);
        stream->translated = false;
        stream->plain = true;
}

bool workload_stream_move(WorkloadStream *stream, WorkloadLog *log)
{
        bool moved = false;
        int r = 1;

        stream->little = false;
        for (int i = 0; i < ROUNDS && r > 0 && stream->from >= 0; i++) {
                if (stream->teeing)
                        r = stream_tee(stream, log);
                else if (workload_stream_pending(stream))
                        r = stream_pass(stream, log);
                else
                        r = stream_fill(stream);
                moved |= r > 0;
                if (stream->little && !workload_stream_pending(stream))
                        break;
        }
        if (!stream->teeing)
                stream->blocked = workload_stream_pending(stream);
        if (r < 0)
                workload_stream_close(stream);
        return moved;
}
