/* Our terminal and the command's pty. The command has the pty as the terminal of its own
 * session. Ours is put into raw mode only while the command has the keyboard, and even then
 * keeps making signals of ^C ^\ ^Z while the command's does, so that the rest of our process
 * group (a script, a pipeline) hears of them as it would without us; the key itself is then
 * handed on as a byte and the pty does the same again for the command. */
#include "record/workload-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static int above_stdio(int fd)
{
        if (fd < 0 || fd > 2)
                return fd;
        int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        fd_close(fd);
        return high;
}

/* A description of our own, so that O_NONBLOCK is nobody else's. */
static int open_ours(int fd, bool controlling)
{
        char path[32];
        int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

        snprintf(path, sizeof path, "/dev/fd/%d", fd);
        int ours = controlling ? open("/dev/tty", O_RDWR | flags) : -1;
        if (ours < 0)
                ours = open(path, O_RDWR | flags);
        if (ours < 0)
                ours = open(path, O_WRONLY | flags);
        if (ours < 0)
                ours = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return above_stdio(ours);
}

static int open_pty(WorkloadTerminal *terminal, const WorkloadUser *user)
{
        struct winsize size;

        terminal->master = above_stdio(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
        if (terminal->master < 0)
                return -errno;
        if (grantpt(terminal->master) < 0 || unlockpt(terminal->master) < 0)
                return -errno;
        terminal->slave = above_stdio(
                ioctl(terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
        if (terminal->slave < 0)
                return -errno;
        if (tcsetattr(terminal->slave, TCSANOW, &terminal->saved) < 0)
                return -errno;
        if (tcgetattr(terminal->slave, &terminal->given) < 0)
                return -errno;
        if (ioctl(terminal->ours, TIOCGWINSZ, &size) == 0)
                ioctl(terminal->master, TIOCSWINSZ, &size);
        if (user->set && geteuid() == 0 && fchown(terminal->slave, user->uid, (gid_t)-1) < 0)
                return -errno;
        return 0;
}

/* Somebody else at the other end of a pipe may be who reads the keyboard: a pager behind us,
 * `cat |` before us. */
static bool in_pipeline(void)
{
        struct stat st;

        for (int fd = 0; fd < 3; fd++)
                if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
                        return true;
        return false;
}

int workload_terminal_init(WorkloadTerminal *terminal, int fd, const WorkloadUser *user, Error *err)
{
        *terminal = (WorkloadTerminal){.ours = -1, .master = -1, .slave = -1};
        terminal->session = tcgetpgrp(fd) >= 0;
        terminal->ours = open_ours(fd, terminal->session);
        if (terminal->ours < 0 || tcgetattr(terminal->ours, &terminal->saved) < 0) {
                int r = -errno;
                workload_terminal_done(terminal);
                return error_set_errno(err, r, "our terminal");
        }
        int r = open_pty(terminal, user);
        if (r < 0) {
                workload_terminal_done(terminal);
                return error_set_errno(err, r, "a terminal for the command");
        }
        terminal->eager = terminal->session && !in_pipeline() &&
                          workload_terminal_is_foreground(terminal);
        return 0;
}

void workload_terminal_done(WorkloadTerminal *terminal)
{
        workload_close(&terminal->ours);
        workload_close(&terminal->master);
        workload_close(&terminal->slave);
}

bool workload_terminal_is_foreground(const WorkloadTerminal *terminal)
{
        return terminal->ours >= 0 && tcgetpgrp(terminal->ours) == getpgrp();
}

void workload_terminal_resize(const WorkloadTerminal *terminal)
{
        struct winsize size;

        /* The kernel sends SIGWINCH to the pty's foreground group if the size is another. */
        if (terminal->master >= 0 && ioctl(terminal->ours, TIOCGWINSZ, &size) == 0)
                ioctl(terminal->master, TIOCSWINSZ, &size);
}

/* As cfmakeraw(3), but for signals: those are the command's choice. */
static void make_raw(WorkloadTerminal *terminal, const struct termios *theirs)
{
        struct termios *raw = &terminal->raw;

        *raw = terminal->saved;
        raw->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL |
                                    IXON | IXOFF | IXANY | IUCLC | IMAXBEL);
        raw->c_oflag &= ~(tcflag_t)OPOST;
        raw->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG | TOSTOP);
        raw->c_lflag |= theirs->c_lflag & ISIG;
        raw->c_cc[VINTR] = theirs->c_cc[VINTR];
        raw->c_cc[VQUIT] = theirs->c_cc[VQUIT];
        raw->c_cc[VSUSP] = theirs->c_cc[VSUSP];
        raw->c_cc[VMIN] = 1;
        raw->c_cc[VTIME] = 0;
}

static bool same_modes(const struct termios *a, const struct termios *b)
{
        return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
               a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

/* While the command changes none, its modes are ours as they are now: those of the start may
 * have been a shell's that was editing its next line. */
static void give_modes(WorkloadTerminal *terminal, struct termios *theirs)
{
        if (!same_modes(theirs, &terminal->given) || same_modes(theirs, &terminal->saved))
                return;
        if (tcsetattr(terminal->master, TCSANOW, &terminal->saved) == 0)
                tcgetattr(terminal->master, theirs);
        terminal->given = *theirs;
}

void workload_terminal_take(WorkloadTerminal *terminal, pid_t command)
{
        struct termios theirs;

        if (!terminal->session || terminal->master < 0)
                return;
        workload_terminal_resize(terminal);
        pid_t group = terminal->group > 0 ? terminal->group : command;
        if (ioctl(terminal->master, TIOCSPGRP, &group) < 0)
                ioctl(terminal->master, TIOCSPGRP, &command);
        if (terminal->foreground || tcgetattr(terminal->ours, &terminal->saved) < 0)
                return;
        if (tcgetattr(terminal->master, &theirs) < 0)
                theirs = terminal->saved;
        give_modes(terminal, &theirs);
        make_raw(terminal, &theirs);
        if (tcsetattr(terminal->ours, TCSANOW, &terminal->raw) < 0)
                return;
        terminal->foreground = true;
        if (!(terminal->saved.c_lflag & ICANON) || ioctl(terminal->ours, FIONREAD, &terminal->ahead) < 0)
                terminal->ahead = 0;
}

/* A line discipline in canonical mode keeps a ^D that was typed ahead as a NUL (n_tty.c,
 * __DISABLED_CHAR); for the command it is to be the key again. */
static void restore_eof(WorkloadTerminal *terminal, uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i < size && terminal->ahead > 0; i++, terminal->ahead--)
                if (bytes[i] == 0)
                        bytes[i] = terminal->saved.c_cc[VEOF];
}

bool workload_terminal_is_taken_over(const WorkloadTerminal *terminal)
{
        struct termios now;

        /* Not all of them: a driver may keep other control modes than it was given. */
        return terminal->foreground && tcgetattr(terminal->ours, &now) == 0 &&
               (now.c_lflag != terminal->raw.c_lflag || now.c_oflag != terminal->raw.c_oflag);
}

void workload_terminal_release(WorkloadTerminal *terminal)
{
        pid_t group = getpgrp(), theirs = 0;

        if (!terminal->session)
                return;
        if (terminal->master >= 0) {
                if (ioctl(terminal->master, TIOCGPGRP, &theirs) == 0 && theirs != group)
                        terminal->group = theirs;
                ioctl(terminal->master, TIOCSPGRP, &group);
        }
        if (terminal->foreground && !workload_terminal_is_taken_over(terminal))
                tcsetattr(terminal->ours, TCSANOW, &terminal->saved);
        terminal->foreground = false;
        terminal->input_start = terminal->input_end = 0;
}

void workload_terminal_follow(WorkloadTerminal *terminal)
{
        struct termios theirs, before = terminal->raw;

        if (!terminal->foreground || tcgetattr(terminal->master, &theirs) < 0)
                return;
        make_raw(terminal, &theirs);
        if (before.c_lflag != terminal->raw.c_lflag ||
            memcmp(before.c_cc, terminal->raw.c_cc, sizeof before.c_cc) != 0)
                tcsetattr(terminal->ours, TCSANOW, &terminal->raw);
}

void workload_terminal_key(WorkloadTerminal *terminal, int signal)
{
        int which = signal == SIGINT ? VINTR : signal == SIGQUIT ? VQUIT : VSUSP;

        if (terminal->input_end < sizeof terminal->input)
                terminal->input[terminal->input_end++] = terminal->raw.c_cc[which];
        workload_terminal_move(terminal);
}

bool workload_terminal_move(WorkloadTerminal *terminal)
{
        if (terminal->input_start == terminal->input_end) {
                ssize_t n = read(terminal->ours, terminal->input, sizeof terminal->input);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return true;
                if (n <= 0)
                        return false;
                restore_eof(terminal, terminal->input, (size_t)n);
                terminal->input_start = 0;
                terminal->input_end = (size_t)n;
        }
        ssize_t n = write(terminal->master, terminal->input + terminal->input_start,
                          terminal->input_end - terminal->input_start);
        if (n > 0)
                terminal->input_start += (size_t)n;
        if (terminal->input_start == terminal->input_end)
                terminal->input_start = terminal->input_end = 0;
        return n >= 0 || errno == EAGAIN || errno == EINTR;
}
