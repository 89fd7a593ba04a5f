/* A netlink socket read without blocking at each drain; nothing wakes us per message. */
#include "track/exit-status.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"

/* The record of the exit and the message about it are stamped by two readers of one clock. */
#define CLOCK_SLACK_NS (10 * NS_PER_US)

enum {
        RECEIVE_BYTES = 1 << 20,  /* asked for; net.core.rmem_max may give less */
        ENDED_MAX = 65536,        /* kept at most; what is beyond is missed */
        PROVE_TIMEOUT_MS = 20,
};

typedef struct Ended {
        uint64_t time_ns;
        int wait_status;
} Ended;

struct ExitStatus {
        int fd;
        Map *ended;               /* pid → Ended, owned */
        uint64_t drained_ns;      /* when the last drain began */
        uint64_t missed_from_ns, missed_to_ns; /* messages of this span may be missing; 0: none */
        uint64_t expired_ns;
};

bool exit_status_parse(const void *bytes, size_t size, ExitMessage *ret)
{
        struct nlmsghdr header;
        struct cn_msg message;
        struct proc_event event = {0};
        size_t offset = NLMSG_HDRLEN;

        if (size < offset + sizeof message)
                return false;
        memcpy(&header, bytes, sizeof header);
        memcpy(&message, (const char *)bytes + offset, sizeof message);
        offset += sizeof message;
        /* An exit's part ends before the union's largest member does. */
        if (header.nlmsg_len > size || message.id.idx != CN_IDX_PROC ||
            message.id.val != CN_VAL_PROC || message.len > size - offset ||
            message.len < offsetof(struct proc_event, event_data) + sizeof event.event_data.exit)
                return false;
        memcpy(&event, (const char *)bytes + offset, MIN((size_t)message.len, sizeof event));
        if (event.what != PROC_EVENT_EXIT)
                return false;
        *ret = (ExitMessage){
                .tid = event.event_data.exit.process_pid,
                .pid = event.event_data.exit.process_tgid,
                .time_ns = event.timestamp_ns,
                .wait_status = (int)(event.event_data.exit.exit_code & 0xffff),
        };
        return ret->pid > 0;
}

static void note_missed(ExitStatus *s, uint64_t from_ns, uint64_t to_ns)
{
        if (s->missed_to_ns == 0)
                s->missed_from_ns = from_ns;
        s->missed_to_ns = MAX(s->missed_to_ns, to_ns);
}

/* The leader's status is the process's; another thread's is where all were ended at once after
 * the leader had left quietly. */
static void keep(ExitStatus *s, const ExitMessage *m)
{
        Ended *e = map_get(s->ended, (uint64_t)m->pid);

        if (!e && map_size(s->ended) < ENDED_MAX) {
                e = calloc(1, sizeof *e);
                if (e && map_put(s->ended, (uint64_t)m->pid, e) < 0) {
                        free(e);
                        e = NULL;
                }
        }
        if (!e) {
                note_missed(s, m->time_ns, m->time_ns);
                return;
        }
        e->time_ns = m->time_ns;
        if (m->tid == m->pid || m->wait_status != 0)
                e->wait_status = m->wait_status;
}

void exit_status_drain(ExitStatus *s)
{
        uint64_t begin = clock_monotonic_ns();
        char bytes[1024];
        bool missed = false;

        for (;;) {
                struct sockaddr_nl from = {0};
                socklen_t length = sizeof from;
                ssize_t n = recvfrom(s->fd, bytes, sizeof bytes, MSG_DONTWAIT,
                                     (struct sockaddr *)&from, &length);
                ExitMessage message;
                if (n < 0 && errno == ENOBUFS) {
                        missed = true; /* the queue was full; what is in it can still be read */
                        continue;
                }
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        break;
                if (from.nl_pid == 0 && /* the kernel, not another user's forgery */
                    exit_status_parse(bytes, (size_t)n, &message))
                        keep(s, &message);
        }
        if (missed)
                note_missed(s, s->drained_ns, clock_monotonic_ns());
        s->drained_ns = begin;
}

bool exit_status_find(const ExitStatus *s, pid_t pid, uint64_t exit_ns, int *ret_wait_status,
                      uint64_t *ret_over_ns)
{
        const Ended *e = map_get(s->ended, (uint64_t)pid);

        if (!e || e->time_ns + CLOCK_SLACK_NS < exit_ns)
                return false;
        *ret_wait_status = e->wait_status;
        *ret_over_ns = e->time_ns;
        return true;
}

bool exit_status_missed(const ExitStatus *s, uint64_t exit_ns)
{
        return s->missed_to_ns > 0 && exit_ns + NS_PER_MS >= s->missed_from_ns &&
               exit_ns <= s->missed_to_ns;
}

void exit_status_forget(ExitStatus *s, pid_t pid)
{
        free(map_remove(s->ended, (uint64_t)pid));
}

static bool is_older(uint64_t key, void *value, void *data)
{
        Ended *e = value;
        bool old = e->time_ns < *(uint64_t *)data;

        if (old)
                free(e);
        return old;
}

void exit_status_expire(ExitStatus *s, uint64_t before_ns)
{
        if (before_ns < s->expired_ns + NS_PER_SECOND)
                return;
        s->expired_ns = before_ns;
        map_remove_if(s->ended, is_older, &before_ns);
}

static int subscribe(int fd)
{
        const uint32_t input[2] = {PROC_CN_MCAST_LISTEN, PROC_EVENT_EXIT}; /* struct proc_input */
        struct nlmsghdr header = {.nlmsg_type = NLMSG_DONE};
        struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof input};
        char bytes[NLMSG_HDRLEN + sizeof message + sizeof input];

        header.nlmsg_len = sizeof bytes;
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, &header, sizeof header);
        memcpy(bytes + NLMSG_HDRLEN, &message, sizeof message);
        memcpy(bytes + NLMSG_HDRLEN + sizeof message, input, sizeof input);
        return send(fd, bytes, sizeof bytes, 0) < 0 ? -errno : 0;
}

/* Older kernels, and namespaces that the connector does not serve, ignore the request without
 * a word; only a message that comes shows that messages come. */
static int prove(ExitStatus *s)
{
        uint64_t deadline = clock_monotonic_ns() + PROVE_TIMEOUT_MS * NS_PER_MS;
        pid_t pid = vfork();

        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(1);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        while (!map_get(s->ended, (uint64_t)pid)) {
                struct pollfd p = {.fd = s->fd, .events = POLLIN};
                uint64_t now = clock_monotonic_ns();
                if (now >= deadline ||
                    poll(&p, 1, (int)((deadline - now) / NS_PER_MS) + 1) <= 0)
                        return -EOPNOTSUPP;
                exit_status_drain(s);
        }
        exit_status_forget(s, pid);
        return 0;
}

int exit_status_new(ExitStatus **ret)
{
        _cleanup_(exit_status_freep) ExitStatus *s = calloc(1, sizeof *s);
        struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
        int size = RECEIVE_BYTES, r;

        if (!s)
                return -ENOMEM;
        s->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
        if (s->fd < 0)
                return -errno;
        r = map_new(&s->ended);
        if (r < 0)
                return r;
        setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        if (bind(s->fd, (struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        r = subscribe(s->fd);
        if (r == 0)
                r = prove(s);
        if (r < 0)
                return r;
        s->drained_ns = clock_monotonic_ns();
        *ret = TAKE(s);
        return 0;
}

static bool drop_any(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

ExitStatus *exit_status_free(ExitStatus *s)
{
        if (s) {
                if (s->ended)
                        map_remove_if(s->ended, drop_any, NULL);
                map_free(s->ended);
                fd_close(s->fd);
                free(s);
        }
        return NULL;
}
