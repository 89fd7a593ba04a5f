/* What happens between builds: shell commands whose output belongs to the sweep, not to a run. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/sweep-command.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "track/redact.h"

int sweep_enter(const Sweep *sweep, Error *err)
{
        if (chdir(sweep->dir) < 0)
                return error_set_errno(err, errno, "%s", sweep->dir);
        for (size_t i = 0; sweep->run_environment && sweep->run_environment[i]; i++)
                if (putenv(sweep->run_environment[i]) != 0)
                        return error_set(err, ENOMEM, "out of memory");
        return 0;
}

/* "== 11:30:02 clean: make clean". */
static void write_heading(int fd, const char *what, const char *script)
{
        _cleanup_string_ String line = {0};
        _cleanup_string_ String shown = {0};
        time_t now = (time_t)(clock_realtime_ns() / NS_PER_SECOND);
        char text[32] = "";
        struct tm tm;

        if (localtime_r(&now, &tm))
                strftime(text, sizeof text, "%H:%M:%S", &tm);
        redact_arguments(&shown, script, strlen(script), false);
        string_add_format(&line, "== %s %s: %s\n", text, what, string_get(&shown));
        (void)file_write_all(fd, string_get(&line), line.size);
}

static const struct passwd *find_user(const char *name)
{
        const struct passwd *entry = getpwnam(name);
        uint64_t number;

        return !entry && parse_u64z(name, &number) == 0 && number < UINT32_MAX ? getpwuid((uid_t)number) : entry;
}

int sweep_check_user(const SweepCommand *command, Error *err)
{
        const struct passwd *entry = command->user ? find_user(command->user) : NULL;

        if (!command->user)
                return 0;
        if (!entry)
                return error_set(err, EINVAL, "sweep: there is no user %s on this machine", command->user);
        if (geteuid() != 0 && entry->pw_uid != getuid())
                return error_set(err, EPERM, "sweep: only root can build as %s", command->user);
        return 0;
}

bool sweep_user(const SweepCommand *command, uid_t *ret_uid, gid_t *ret_gid)
{
        const struct passwd *entry = command->user && geteuid() == 0 ? find_user(command->user) : NULL;

        if (!entry)
                return false;
        *ret_uid = entry->pw_uid;
        *ret_gid = entry->pw_gid;
        return true;
}

/* What the build is, so that neither leaves files that the other cannot remove. */
static bool become(const SweepCommand *command)
{
        uid_t uid;
        gid_t gid;

        if (!sweep_user(command, &uid, &gid))
                return true;
        const struct passwd *entry = getpwuid(uid);
        return entry && setenv("HOME", entry->pw_dir, 1) == 0 && setenv("USER", entry->pw_name, 1) == 0 &&
               setenv("LOGNAME", entry->pw_name, 1) == 0 && initgroups(entry->pw_name, gid) == 0 && setgid(gid) == 0 &&
               setuid(uid) == 0;
}

static void run_step(const SweepWork *work, const char *script, bool shown)
{
        int out = shown ? STDERR_FILENO : work->log_fd;
        int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        Error err = {0};

        sigprocmask(SIG_SETMASK, loop_original_mask(work->loop), NULL);
        if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || !become(work->command) ||
            sweep_enter(work->sweep, &err) < 0)
                _exit(EXIT_VIGIA);
        execlp("sh", "sh", "-c", script, (char *)NULL);
        _exit(127);
}

void sweep_last_line(int dirfd, const char *name, String *to)
{
        char text[600];
        struct stat st;
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0 || fstat(fd, &st) < 0)
                return;
        off_t from = st.st_size > (off_t)sizeof text - 1 ? st.st_size - (off_t)sizeof text + 1 : 0;
        ssize_t n = pread(fd, text, sizeof text - 1, from);
        while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
                n--;
        if (n <= 0)
                return;
        text[n] = '\0';
        const char *line = strrchr(text, '\n');
        line = line ? line + 1 : text;
        if (!text_starts_with(line, "== "))
                string_add_shown(to, line, 200, false);
}

static int tell(SweepWork *work, const char *what, Error *err)
{
        _cleanup_string_ String last = {0};
        char took[FORMAT_MAX];
        int status = work->status;

        if (work->log_fd >= 0 && !work->command->recording.verbose)
                sweep_last_line(work->dirfd, SWEEP_LOG, &last);
        return error_set(err, ECANCELED, "%s of %s failed (%s %d) after %s%s%s", what, work->sweep->label,
                         WIFSIGNALED(status) ? "signal" : "exit",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
                         format_duration(took, clock_monotonic_ns() - work->begun_ns), last.size ? ": " : "",
                         string_get(&last));
}

int sweep_step(SweepWork *work, const char *what, const char *script, Error *err)
{
        bool shown = work->command->recording.verbose > 0;

        work->doing = what;
        work->begun_ns = clock_monotonic_ns();
        if (!shown)
                write_heading(work->log_fd, what, script);
        sweep_progress_draw(work);
        pid_t pid = fork();
        if (pid < 0)
                return error_set_errno(err, errno, "%s of %s", what, work->sweep->label);
        if (pid == 0)
                run_step(work, script, shown);
        int r = sweep_wait(work, pid, 0);
        work->doing = NULL;
        if (r < 0)
                return error_set_errno(err, r, "%s of %s", what, work->sweep->label);
        if (work->signal || work->limited)
                return 1;
        if (WIFEXITED(work->status) && WEXITSTATUS(work->status) == 0)
                return 0;
        tell(work, what, err);
        return 1;
}
