/* A listening socket and few connections, each for one question. */
#include "app/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

enum {
        ASKERS_MAX = 8, /* at once; the oldest has to go */
        REQUEST_MAX = 64,
};

static const char socket_name[] = "control";

typedef struct Asker {
        Control *control;
        int fd; /* -1: free */
        LoopSource *source;
} Asker;

struct Control {
        ControlOps ops;
        Loop *loop;
        int run_fd, fd;
        int spare; /* a descriptor to give up when there are no more, so that nobody waits in vain */
        LoopSource *source;
        Asker askers[ASKERS_MAX];
        size_t next;
};

/* A path of any length fits when it goes through the directory's descriptor. */
static void socket_address(int run_fd, struct sockaddr_un *to)
{
        *to = (struct sockaddr_un){.sun_family = AF_UNIX};
        snprintf(to->sun_path, sizeof to->sun_path, "/proc/self/fd/%d/%s", run_fd, socket_name);
}

static void asker_done(Asker *a)
{
        a->source = loop_source_free(a->source);
        a->fd = fd_close(a->fd);
}

static bool may_ask(int fd)
{
        struct ucred peer;
        socklen_t size = sizeof peer;

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
               (peer.uid == geteuid() || peer.uid == 0);
}

static int on_request(int fd, uint32_t events, void *data)
{
        Asker *a = data;
        Control *c = a->control;
        char request[REQUEST_MAX + 1];
        _cleanup_string_ String answer = {0};

        ssize_t n = recv(fd, request, REQUEST_MAX, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n > 0) {
                request[n] = '\0';
                if (c->ops.answer(request, &answer, c->ops.data) < 0)
                        string_add(&answer, "{\"error\": \"no such request\"}");
                if (!answer.failed && answer.size <= CONTROL_ANSWER_MAX)
                        (void)send(fd, string_get(&answer), answer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        asker_done(a);
        return 0;
}

static int open_spare(void)
{
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A connection that cannot be taken would wake the loop for ever. Without a descriptor to do this with
 * again nobody is served any more: then `stop` is a signal. */
static void turn_away(Control *c)
{
        c->spare = fd_close(c->spare);
        fd_close(accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
        c->spare = open_spare();
        if (c->spare >= 0)
                return;
        c->source = loop_source_free(c->source);
        c->fd = fd_close(c->fd);
        unlinkat(c->run_fd, socket_name, 0);
}

static int on_connection(int fd, uint32_t events, void *data)
{
        Control *c = data;
        int asker = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (asker < 0 && (errno == EMFILE || errno == ENFILE))
                turn_away(c);
        if (asker < 0)
                return 0;
        Asker *a = &c->askers[c->next++ % ASKERS_MAX];
        asker_done(a);
        a->fd = asker;
        if (!may_ask(asker) || loop_add_fd(c->loop, asker, EPOLLIN, on_request, a, &a->source) < 0)
                asker_done(a);
        return 0;
}

int control_new(int run_fd, Loop *loop, const ControlOps *ops, Control **ret)
{
        Control *c = calloc(1, sizeof *c);
        struct sockaddr_un address;
        int size = CONTROL_ANSWER_MAX;

        if (!c)
                return -ENOMEM;
        *c = (Control){.ops = *ops, .loop = loop, .run_fd = run_fd, .spare = -1};
        for (size_t i = 0; i < ASKERS_MAX; i++)
                c->askers[i] = (Asker){.control = c, .fd = -1};
        socket_address(run_fd, &address);
        c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r = c->fd < 0 ? -errno : 0;
        if (r == 0)
                (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        if (r == 0 && fchmod(c->fd, 0600) < 0) /* what bind(2) gives the file */
                r = -errno;
        if (r == 0)
                unlinkat(run_fd, socket_name, 0);
        if (r == 0 && bind(c->fd, (struct sockaddr *)&address, sizeof address) < 0)
                r = -errno;
        if (r == 0 && listen(c->fd, ASKERS_MAX) < 0)
                r = -errno;
        if (r == 0)
                c->spare = open_spare();
        if (r == 0 && c->spare < 0)
                r = -errno;
        if (r == 0)
                r = loop_add_fd(loop, c->fd, EPOLLIN, on_connection, c, &c->source);
        if (r < 0) {
                control_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

Control *control_free(Control *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < ASKERS_MAX; i++)
                fd_close(c->askers[i].fd);
        if (c->fd >= 0)
                unlinkat(c->run_fd, socket_name, 0);
        fd_close(c->fd);
        fd_close(c->spare);
        free(c);
        return NULL;
}

/* ---- the other side ---- */

static int receive(int fd, unsigned timeout_ms, char **ret, Error *err)
{
        struct pollfd wait = {fd, POLLIN, 0};
        _cleanup_free_ char *answer = malloc(CONTROL_ANSWER_MAX + 1);

        if (!answer)
                return error_set(err, ENOMEM, "out of memory");
        int r = poll(&wait, 1, (int)timeout_ms);
        if (r == 0)
                return error_set(err, ETIMEDOUT, "the recorder does not answer");
        ssize_t n = r < 0 ? -1 : recv(fd, answer, CONTROL_ANSWER_MAX, MSG_DONTWAIT);
        if (n < 0)
                return error_set_errno(err, errno, "the recorder's answer");
        if (n == 0)
                return error_set(err, ECONNRESET, "the recorder hung up: it is ending, or has no descriptors left");
        answer[n] = '\0';
        *ret = TAKE(answer);
        return 0;
}

int control_ask(int run_fd, const char *request, unsigned timeout_ms, char **ret, Error *err)
{
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;

        const struct timeval patience = {.tv_sec = timeout_ms / 1000,
                                         .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};

        socket_address(run_fd, &address);
        if (fd < 0)
                return error_set_errno(err, errno, "socket");
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
            send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
                return errno == EAGAIN ? error_set(err, ETIMEDOUT, "the recorder does not answer")
                                       : error_set_errno(err, errno, "its recorder cannot be asked");
        return receive(fd, timeout_ms, ret, err);
}
