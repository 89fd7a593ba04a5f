/* Messages of the kernel by hand, and the kernel itself about sockets of ours. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/socket-diag.h"

typedef struct Wanted {
        uint32_t client, server;
        unsigned found;
        SocketPair pair;
} Wanted;

static int take(const SocketPair *pair, void *data)
{
        Wanted *w = data;

        if (pair->client == w->client && pair->server == w->server) {
                w->found++;
                w->pair = *pair;
        }
        return 0;
}

static uint32_t inode(int fd)
{
        struct stat st;

        assert_int_equal(fstat(fd, &st), 0);
        return (uint32_t)st.st_ino;
}

static void test_unix(void **state)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        Error err = {0};
        int diag = socket_diag_open(&err);

        if (diag < 0)
                skip();
        int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "vigia-test-%d", (int)getpid());
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
        int server = accept(listener, NULL, NULL);
        Wanted w = {inode(client), inode(server)};
        assert_int_equal(socket_diag_unix(diag, take, &w), 0);
        assert_int_equal(w.found, 1);
        assert_int_equal(w.pair.path[0], '@');
        assert_string_equal(w.pair.path + 1, address.sun_path + 1);
        assert_int_equal(w.pair.port, 0);
        close(client);
        close(server);
        close(listener);
        close(diag);
}

static void test_tcp(void **state)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        Buffer scratch = {0};
        Error err = {0};
        int diag = socket_diag_open(&err);

        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (diag < 0 || bind(listener, (struct sockaddr *)&address, size) < 0)
                skip();
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
        int server = accept(listener, NULL, NULL);
        Wanted w = {inode(client), inode(server)};
        assert_int_equal(socket_diag_tcp(diag, &scratch, take, &w), 0);
        assert_int_equal(w.found, 1);
        assert_int_equal(w.pair.port, ntohs(address.sin_port));
        buffer_done(&scratch);
        close(client);
        close(server);
        close(listener);
        close(diag);
}

/* Not accepted yet, only one end, no listener: nothing. */
static void test_join(void **state)
{
        SocketTcpEnd ends[] = {
                {.inode = 1, .port = 80, .listening = true},
                {.inode = 2, .port = 5000, .peer_port = 80}, {.inode = 3, .port = 80, .peer_port = 5000},
                {.inode = 4, .port = 5001, .peer_port = 80}, {.inode = 0, .port = 80, .peer_port = 5001},
                {.inode = 5, .port = 5002, .peer_port = 80},
                {.inode = 6, .port = 6000, .peer_port = 6001}, {.inode = 7, .port = 6001, .peer_port = 6000},
        };
        Wanted w = {2, 3};

        assert_int_equal(socket_diag_tcp_join(ends, sizeof ends / sizeof *ends, take, &w), 0);
        assert_int_equal(w.found, 1);
        assert_int_equal(w.pair.port, 80);
}

static void test_broken(void **state)
{
        uint8_t bytes[256];
        SocketPair pair = {.client = 77};
        SocketTcpEnd end;

        memset(bytes, 0xff, sizeof bytes);
        for (size_t size = 0; size < sizeof bytes; size++) {
                assert_false(socket_diag_unix_parse(bytes, size, &pair));
                assert_false(socket_diag_tcp_parse(bytes, size, &end));
        }
        assert_int_equal(pair.client, 77);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unix), cmocka_unit_test(test_tcp),
                cmocka_unit_test(test_join), cmocka_unit_test(test_broken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
