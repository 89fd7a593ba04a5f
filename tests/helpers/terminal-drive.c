/* A person at a terminal, for tests: runs COMMAND on a pty of its own and follows a script.
 * terminal-drive [-o TRANSCRIPT] [-x] COMMAND… <SCRIPT; exits as the command did, or 200.
 *   expect TEXT   waits until TEXT was printed (behind the last match); 200 after 10 s
 *   send TEXT     types; \n \r \\ \xHH
 *   resize R C    changes the window
 *   modes TEXT    waits until the terminal's modes are TEXT: "icanon echo isig opost" less what is off
 *   front NAME    waits until the foreground group's leader has that comm
 *   kill NUMBER   a signal to the command alone
 *   touch FILE    makes an empty file, which the command may wait for
 *   hangup        closes the terminal
 * -x: stdout of the command is not the terminal but ours. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20, PATIENCE_MS = 10000 };

typedef struct Drive {
        int master;
        pid_t pid;
        FILE *transcript;
        char *seen;
        size_t n_seen, at;
} Drive;

static long now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads for at most wait_ms; false at the end of the terminal. */
static bool listen_for(Drive *d, int wait_ms)
{
        struct pollfd ready = {.fd = d->master, .events = POLLIN};
        char room[65536];

        if (d->master < 0 || poll(&ready, 1, wait_ms) <= 0)
                return d->master >= 0;
        ssize_t n = read(d->master, room, sizeof room);
        if (n <= 0)
                return false;
        if (d->transcript)
                fwrite(room, 1, (size_t)n, d->transcript);
        if (d->n_seen + (size_t)n > ROOM) {
                d->n_seen = d->at = 0;
        }
        memcpy(d->seen + d->n_seen, room, (size_t)n);
        d->n_seen += (size_t)n;
        return true;
}

static size_t unescape(char *text)
{
        char *to = text;
        unsigned byte;

        for (char *p = text; *p; p++) {
                if (*p != '\\') {
                        *to++ = *p;
                } else if (p[1] == 'n' || p[1] == 'r' || p[1] == '\\') {
                        *to++ = p[1] == 'n' ? '\n' : p[1] == 'r' ? '\r' : '\\';
                        p++;
                } else if (p[1] == 'x' && p[2] && p[3]) {
                        char hex[3] = {p[2], p[3], 0};
                        byte = (unsigned)strtoul(hex, NULL, 16);
                        *to++ = (char)byte;
                        p += 3;
                }
        }
        *to = 0;
        return (size_t)(to - text);
}

static bool expect(Drive *d, const char *text, size_t size)
{
        long until = now_ms() + PATIENCE_MS;

        for (bool open = true;;) {
                char *found = memmem(d->seen + d->at, d->n_seen - d->at, text, size);
                if (found) {
                        d->at = (size_t)(found - d->seen) + size;
                        return true;
                }
                if (!open || now_ms() > until)
                        return false;
                open = listen_for(d, 100);
        }
}

static bool modes_are(const Drive *d, const char *want)
{
        struct termios t;
        char have[64] = "";

        if (tcgetattr(d->master, &t) < 0)
                return false;
        snprintf(have, sizeof have, "%s%s%s%s", t.c_lflag & ICANON ? "icanon " : "",
                 t.c_lflag & ECHO ? "echo " : "", t.c_lflag & ISIG ? "isig " : "",
                 t.c_oflag & OPOST ? "opost " : "");
        if (have[0])
                have[strlen(have) - 1] = 0;
        return strcmp(have, want) == 0;
}

static bool front_is(const Drive *d, const char *want)
{
        char path[64], comm[32] = "";
        pid_t group = tcgetpgrp(d->master);

        snprintf(path, sizeof path, "/proc/%d/comm", (int)group);
        FILE *from = fopen(path, "re");
        if (!from)
                return false;
        if (!fgets(comm, sizeof comm, from))
                comm[0] = 0;
        fclose(from);
        comm[strcspn(comm, "\n")] = 0;
        return strcmp(comm, want) == 0;
}

static bool wait_for(Drive *d, bool (*is)(const Drive *, const char *), const char *want)
{
        long until = now_ms() + PATIENCE_MS;

        while (!is(d, want)) {
                if (now_ms() > until)
                        return false;
                listen_for(d, 20);
        }
        return true;
}

static bool step(Drive *d, char *line)
{
        char *text = strchr(line, ' ');
        struct winsize size = {0};

        if (text)
                *text++ = 0;
        else
                text = line + strlen(line);
        if (strcmp(line, "expect") == 0)
                return expect(d, text, unescape(text));
        if (strcmp(line, "modes") == 0)
                return wait_for(d, modes_are, text);
        if (strcmp(line, "front") == 0)
                return wait_for(d, front_is, text);
        if (strcmp(line, "send") == 0) {
                size_t n = unescape(text);
                return write(d->master, text, n) == (ssize_t)n;
        }
        if (strcmp(line, "resize") == 0) {
                char *columns;
                size.ws_row = (unsigned short)strtoul(text, &columns, 10);
                size.ws_col = (unsigned short)strtoul(columns, NULL, 10);
                return ioctl(d->master, TIOCSWINSZ, &size) == 0;
        }
        if (strcmp(line, "kill") == 0)
                return kill(d->pid, atoi(text)) == 0;
        if (strcmp(line, "touch") == 0) {
                int fd = open(text, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
                return fd >= 0 && close(fd) == 0;
        }
        if (strcmp(line, "hangup") == 0) {
                close(d->master);
                d->master = -1;
                return true;
        }
        fprintf(stderr, "terminal-drive: no such step: %s\n", line);
        return false;
}

static void become(const char *name, bool keep_stdout, char **argv)
{
        setsid();
        int fd = open(name, O_RDWR);
        if (fd < 0)
                _exit(199);
        dup2(fd, 0);
        if (!keep_stdout)
                dup2(fd, 1);
        dup2(fd, 2);
        if (fd > 2)
                close(fd);
        execvp(argv[0], argv);
        _exit(198);
}

static int wait_for_end(Drive *d)
{
        long until = now_ms() + 2L * PATIENCE_MS;
        int status;

        for (bool open = true;;) {
                if (open)
                        open = listen_for(d, 20);
                else
                        usleep(10000);
                if (waitpid(d->pid, &status, WNOHANG) == d->pid) {
                        while (open && listen_for(d, 50) && d->n_seen != d->at)
                                d->at = d->n_seen;
                        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                }
                if (now_ms() > until) {
                        fprintf(stderr, "terminal-drive: the command does not end\n");
                        kill(-d->pid, SIGKILL);
                        return 200;
                }
        }
}

int main(int argc, char **argv)
{
        Drive d = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .seen = malloc(ROOM)};
        struct winsize size = {.ws_row = 24, .ws_col = 80};
        bool keep_stdout = false;
        char line[4096];
        int c;

        while ((c = getopt(argc, argv, "+o:x")) != -1)
                if (c == 'o')
                        d.transcript = fopen(optarg, "we");
                else if (c == 'x')
                        keep_stdout = true;
                else
                        return 197;
        if (d.master < 0 || !d.seen || optind == argc || grantpt(d.master) || unlockpt(d.master))
                return 197;
        ioctl(d.master, TIOCSWINSZ, &size);
        char *name = strdup(ptsname(d.master));
        d.pid = fork();
        if (d.pid == 0)
                become(name, keep_stdout, argv + optind);
        /* Kept open, so that the terminal outlives its session as a real one does. */
        int keep = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
        while (fgets(line, sizeof line, stdin)) {
                line[strcspn(line, "\n")] = 0;
                if (line[0] == 0 || line[0] == '#')
                        continue;
                if (strcmp(line, "hangup") == 0)
                        close(keep);
                char shown[4096];
                memcpy(shown, line, sizeof shown);
                if (!step(&d, line)) {
                        fprintf(stderr, "terminal-drive: failed: %s\nseen last: %.*s\n", shown,
                                (int)(d.n_seen - d.at), d.seen + d.at);
                        kill(-d.pid, SIGKILL);
                        kill(d.pid, SIGKILL);
                        return 200;
                }
        }
        return wait_for_end(&d);
}
