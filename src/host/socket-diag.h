/*
 * Which sockets of this machine are connected to which, as the kernel's socket diagnosis tells it to
 * anyone (sock_diag(7), linux/unix_diag.h, linux/inet_diag.h): unix sockets, and TCP between two ends on
 * this machine. Sockets are told by the inode that "socket:[N]" in /proc/PID/fd shows. Only of the
 * network namespace of the caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* sockaddr_un's 108 bytes and an end. */
enum { SOCKET_PATH_SIZE = 109 };

/* A connection: a server is the end that has a name. Of two named unix sockets both are told. */
typedef struct SocketPair {
        uint32_t client, server; /* inodes; never 0 */
        uint16_t port;           /* of the server; 0: a unix socket */
        char path[SOCKET_PATH_SIZE]; /* of a unix socket; "@…" is an abstract name. Any bytes */
} SocketPair;

/* Returns 0, or what ends the walk and is returned. */
typedef int (*SocketPairFn)(const SocketPair *pair, void *data);

/* A descriptor to ask by. -errno with a sentence. */
int socket_diag_open(Error *err);

/* Connected streams and sequenced packets with a name. 0, what fn returned, -errno. */
int socket_diag_unix(int fd, SocketPairFn fn, void *data);

/* Established TCP connections whose two ends are on this machine, by a loopback address or one and the
 * same. Walks the kernel's whole table: about 5 ns a bucket. `scratch` is kept from call to call. At most
 * SOCKET_TCP_MAX ends are looked at. 0, what fn returned, -errno. */
enum { SOCKET_TCP_MAX = 16384 };
int socket_diag_tcp(int fd, Buffer *scratch, SocketPairFn fn, void *data);

/* ---- the parsers ---- */

/* One message's payload of an answer to a unix question. False: it is none to be told. */
bool socket_diag_unix_parse(const void *message, size_t size, SocketPair *ret);

typedef struct SocketTcpEnd {
        uint32_t inode;
        uint16_t port, peer_port;
        bool listening;
} SocketTcpEnd;

/* The same of TCP: false: not within this machine. */
bool socket_diag_tcp_parse(const void *message, size_t size, SocketTcpEnd *ret);

/* Joins the two ends of each connection; sorts `ends`. */
int socket_diag_tcp_join(SocketTcpEnd *ends, size_t n, SocketPairFn fn, void *data);
