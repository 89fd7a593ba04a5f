/* One question over netlink(7), answered by many messages. */
#include "host/socket-diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"

enum {
        ANSWER_BYTES = 32768, /* of one recv(2); NLMSG_GOODSIZE and more */
        WAIT_S = 1,           /* the kernel answers at once, or is asked again next time */
};

int socket_diag_open(Error *err)
{
        struct timeval wait = {.tv_sec = WAIT_S};
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

        if (fd < 0)
                return error_set_errno(err, errno, "the kernel's socket diagnosis (NETLINK_SOCK_DIAG)");
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        return fd;
}

/* ---- netlink ---- */

typedef int (*MessageFn)(const void *payload, size_t size, void *data);

/* What an earlier question that was broken off left behind. */
static void drop_old(int fd, void *answer)
{
        while (recv(fd, answer, ANSWER_BYTES, MSG_DONTWAIT) > 0)
                ;
}

static int ask(int fd, uint16_t type, const void *question, size_t size)
{
        struct {
                struct nlmsghdr head;
                uint8_t question[sizeof(struct inet_diag_req)];
        } message = {.head = {.nlmsg_len = NLMSG_LENGTH((uint32_t)size),
                              .nlmsg_type = type,
                              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

        memcpy(message.question, question, MIN(size, sizeof message.question));
        return send(fd, &message, message.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* 1: that was the end. */
static int take_messages(const uint8_t *answer, size_t size, uint16_t type, MessageFn fn, void *data)
{
        while (size >= sizeof(struct nlmsghdr)) {
                struct nlmsghdr head;
                memcpy(&head, answer, sizeof head);
                if (head.nlmsg_len < sizeof head || head.nlmsg_len > size)
                        return -EBADMSG;
                if (head.nlmsg_type == NLMSG_DONE)
                        return 1;
                if (head.nlmsg_type == NLMSG_ERROR) {
                        int code = -EBADMSG;
                        if (head.nlmsg_len >= sizeof head + sizeof code)
                                memcpy(&code, answer + sizeof head, sizeof code);
                        return code < 0 ? code : -EBADMSG;
                }
                int r = head.nlmsg_type == type ? fn(answer + sizeof head, head.nlmsg_len - sizeof head, data) : 0;
                if (r != 0)
                        return r < 0 ? r : -ECANCELED;
                size_t step = MIN((size_t)NLMSG_ALIGN(head.nlmsg_len), size);
                answer += step;
                size -= step;
        }
        return 0;
}

static int dump(int fd, uint16_t type, const void *question, size_t size, MessageFn fn, void *data)
{
        uint8_t *answer = malloc(ANSWER_BYTES);
        int r;

        if (!answer)
                return -ENOMEM;
        drop_old(fd, answer);
        r = ask(fd, type, question, size);
        while (r == 0) {
                ssize_t n = recv(fd, answer, ANSWER_BYTES, MSG_TRUNC);
                if (n < 0 && errno == EINTR)
                        continue;
                r = n < 0 ? -errno : n > ANSWER_BYTES ? -EMSGSIZE : n == 0 ? 1 : 0;
                if (r == 0)
                        r = take_messages(answer, (size_t)n, type, fn, data);
        }
        free(answer);
        return MIN(r, 0);
}

/* ---- unix ---- */

bool socket_diag_unix_parse(const void *message, size_t size, SocketPair *ret)
{
        struct unix_diag_msg m;
        const uint8_t *at = message;
        bool named = false;
        uint32_t peer = 0;

        if (size < sizeof m)
                return false;
        memcpy(&m, message, sizeof m);
        if (m.udiag_type != SOCK_STREAM && m.udiag_type != SOCK_SEQPACKET)
                return false;
        SocketPair pair = {.server = m.udiag_ino};
        at += sizeof m;
        size -= sizeof m;
        while (size >= sizeof(struct nlattr)) {
                struct nlattr a;
                memcpy(&a, at, sizeof a);
                if (a.nla_len < NLA_HDRLEN || a.nla_len > size)
                        return false;
                const uint8_t *value = at + NLA_HDRLEN;
                size_t length = a.nla_len - NLA_HDRLEN;
                if (a.nla_type == UNIX_DIAG_PEER && length >= sizeof peer)
                        memcpy(&peer, value, sizeof peer);
                if (a.nla_type == UNIX_DIAG_NAME && length > 0) {
                        length = MIN(length, (size_t)SOCKET_PATH_SIZE - 1);
                        memcpy(pair.path, value, length);
                        pair.path[length] = '\0';
                        for (size_t i = 0; i + 1 < length; i++) /* an abstract name begins with NUL, may hold more */
                                if (pair.path[i] == '\0')
                                        pair.path[i] = '@';
                        named = pair.path[0] != '\0';
                }
                size_t step = MIN((size_t)NLA_ALIGN(a.nla_len), size);
                at += step;
                size -= step;
        }
        pair.client = peer;
        if (!named || pair.client == 0 || pair.server == 0)
                return false;
        *ret = pair;
        return true;
}

typedef struct UnixWalk {
        SocketPairFn fn;
        void *data;
        int result;
} UnixWalk;

static int take_unix(const void *payload, size_t size, void *data)
{
        UnixWalk *walk = data;
        SocketPair pair;

        if (!socket_diag_unix_parse(payload, size, &pair))
                return 0;
        walk->result = walk->fn(&pair, walk->data);
        return walk->result != 0;
}

int socket_diag_unix(int fd, SocketPairFn fn, void *data)
{
        struct unix_diag_req question = {
                .sdiag_family = AF_UNIX,
                .udiag_states = 1u << TCP_ESTABLISHED,
                .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER,
        };
        UnixWalk walk = {.fn = fn, .data = data};
        int r = dump(fd, SOCK_DIAG_BY_FAMILY, &question, sizeof question, take_unix, &walk);

        return walk.result ? walk.result : r;
}

/* ---- TCP ---- */

static bool is_loopback(uint8_t family, const uint32_t address[4])
{
        static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
        uint32_t v4 = address[0];

        if (family == AF_INET6) {
                if (memcmp(address, &loopback, sizeof loopback) == 0)
                        return true;
                if (address[0] != 0 || address[1] != 0 || address[2] != htonl(0xffff))
                        return false;
                v4 = address[3]; /* ::ffff:127.0.0.1 */
        }
        return ntohl(v4) >> 24 == 127;
}

bool socket_diag_tcp_parse(const void *message, size_t size, SocketTcpEnd *ret)
{
        struct inet_diag_msg m;

        if (size < sizeof m)
                return false;
        memcpy(&m, message, sizeof m);
        if (m.idiag_family != AF_INET && m.idiag_family != AF_INET6)
                return false;
        size_t length = m.idiag_family == AF_INET ? sizeof m.id.idiag_src[0] : sizeof m.id.idiag_src;
        bool listening = m.idiag_state == TCP_LISTEN;
        bool within = memcmp(m.id.idiag_src, m.id.idiag_dst, length) == 0 ||
                      (is_loopback(m.idiag_family, m.id.idiag_src) && is_loopback(m.idiag_family, m.id.idiag_dst));
        if (!listening && (m.idiag_state != TCP_ESTABLISHED || !within))
                return false;
        *ret = (SocketTcpEnd){
                .inode = m.idiag_inode,
                .port = ntohs(m.id.idiag_sport),
                .peer_port = listening ? 0 : ntohs(m.id.idiag_dport),
                .listening = listening,
        };
        return true;
}

static int compare_ends(const void *a, const void *b)
{
        const SocketTcpEnd *x = a, *y = b;

        if (x->port != y->port)
                return x->port < y->port ? -1 : 1;
        if (x->peer_port != y->peer_port)
                return x->peer_port < y->peer_port ? -1 : 1;
        return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* First of that port, listeners in front of the connected; NULL: none. */
static const SocketTcpEnd *find_end(const SocketTcpEnd *ends, size_t n, uint16_t port, uint16_t peer_port)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const SocketTcpEnd *e = &ends[middle];
                if (e->port < port || (e->port == port && e->peer_port < peer_port))
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < n && ends[low].port == port && ends[low].peer_port == peer_port ? &ends[low] : NULL;
}

int socket_diag_tcp_join(SocketTcpEnd *ends, size_t n, SocketPairFn fn, void *data)
{
        int r = 0;

        qsort(ends, n, sizeof *ends, compare_ends);
        for (size_t i = 0; r == 0 && i < n; i++) {
                const SocketTcpEnd *client = &ends[i], *server;
                if (client->listening || client->inode == 0 || !find_end(ends, n, client->peer_port, 0) ||
                    find_end(ends, n, client->port, 0))
                        continue;
                server = find_end(ends, n, client->peer_port, client->port);
                if (!server || server->listening || server->inode == 0) /* 0: not accepted yet */
                        continue;
                SocketPair pair = {.client = client->inode, .server = server->inode, .port = server->port};
                r = fn(&pair, data);
        }
        return r;
}

static int take_tcp(const void *payload, size_t size, void *data)
{
        Buffer *ends = data;
        SocketTcpEnd end;

        if (ends->size / sizeof end >= SOCKET_TCP_MAX || !socket_diag_tcp_parse(payload, size, &end))
                return 0;
        return buffer_append(ends, &end, sizeof end);
}

int socket_diag_tcp(int fd, Buffer *scratch, SocketPairFn fn, void *data)
{
        /* The older question is answered for both families in one walk. */
        struct inet_diag_req question = {.idiag_states = 1u << TCP_LISTEN | 1u << TCP_ESTABLISHED};

        buffer_clear(scratch);
        int r = dump(fd, TCPDIAG_GETSOCK, &question, sizeof question, take_tcp, scratch);
        if (r < 0)
                return r;
        return socket_diag_tcp_join((SocketTcpEnd *)(void *)scratch->data, scratch->size / sizeof(SocketTcpEnd), fn,
                                    data);
}
