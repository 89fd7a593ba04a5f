/*
 * A daemon and its client, for what works outside of a run.
 *
 *     worker serve unix PATH | tcp PORT-FILE     answers for ever; the file is there when it is ready
 *     worker ask unix PATH | tcp PORT-FILE MS    has it burn MS of CPU time, waits for the answer
 *
 * The daemon uses MS of CPU time for each question, and else next to none; the client next to none.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <stdbool.h>

#include "helper.h"

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static void burn(uint64_t ms)
{
        struct timespec t;
        uint64_t begin = 0, now;

        do {
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
                now = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
                if (begin == 0)
                        begin = now + 1;
        } while (now + 1 < begin + ms);
}

static int serve_unix(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        unlink(path);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
                die(path);
        return fd;
}

/* The port is told in a file that appears whole. */
static int serve_tcp(const char *file)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char temporary[4096];

        if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                die("tcp");
        snprintf(temporary, sizeof temporary, "%s.tmp", file);
        FILE *f = fopen(temporary, "we");
        if (!f)
                die(temporary);
        fprintf(f, "%u\n", ntohs(address.sin_port));
        if (fclose(f) != 0 || rename(temporary, file) < 0)
                die(file);
        return fd;
}

static void serve(int fd)
{
        for (;;) {
                char text[32] = "";
                int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
                if (peer < 0)
                        continue;
                if (read(peer, text, sizeof text - 1) > 0) {
                        burn((uint64_t)atol(text));
                        if (write(peer, "done\n", 5) != 5)
                                fprintf(stderr, "worker: the client has gone\n");
                }
                close(peer);
        }
}

static int connect_to(const char *how, const char *where)
{
        struct sockaddr_un path = {.sun_family = AF_UNIX};
        struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        bool tcp = strcmp(how, "tcp") == 0;
        int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

        if (tcp) {
                char text[32] = "";
                FILE *f = fopen(where, "re");
                if (!f || !fgets(text, sizeof text, f))
                        die(where);
                fclose(f);
                port.sin_port = htons((uint16_t)atoi(text));
                r = connect(fd, (struct sockaddr *)&port, sizeof port);
        } else {
                snprintf(path.sun_path, sizeof path.sun_path, "%s", where);
                r = connect(fd, (struct sockaddr *)&path, sizeof path);
        }
        if (r < 0)
                die(where);
        return fd;
}

int main(int argc, char **argv)
{
        char answer[32];

        if (argc == 4 && strcmp(argv[1], "serve") == 0)
                serve(strcmp(argv[2], "tcp") == 0 ? serve_tcp(argv[3]) : serve_unix(argv[3]));
        if (argc != 5 || strcmp(argv[1], "ask") != 0) {
                fprintf(stderr, "usage: worker serve|ask unix|tcp FILE [MS]\n");
                return 2;
        }
        int fd = connect_to(argv[2], argv[3]);
        if (write(fd, argv[4], strlen(argv[4])) < 0 || read(fd, answer, sizeof answer) <= 0)
                die("worker");
        return 0;
}
