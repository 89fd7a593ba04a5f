/* From fork to exec: descriptors, the hold, the user, capabilities, and the exec itself. What
 * needs memory or the user database is done before the fork. */
#include "record/workload-internal.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/host.h"

static const char *const names[] = {"HOME", "USER", "LOGNAME", "SHELL"};

/* getgrouplist(3) says how many there are when the array is too small. */
static int find_groups(WorkloadUser *user, const char *name)
{
        int n = 16;

        for (int attempt = 0; attempt < 4; attempt++) {
                int room = n;
                gid_t *groups = reallocarray(user->groups, (size_t)room, sizeof *groups);
                if (!groups)
                        return -ENOMEM;
                user->groups = groups;
                if (getgrouplist(name, user->gid, groups, &n) >= 0) {
                        user->n_groups = (size_t)n;
                        return 0;
                }
                if (n <= room || n > 65536)
                        return -E2BIG;
        }
        return -E2BIG;
}

/* What login(1) would set for the user. */
static int make_texts(WorkloadUser *user, const struct passwd *entry)
{
        const char *shell = entry->pw_shell && entry->pw_shell[0] ? entry->pw_shell : "/bin/sh";
        const char *const values[] = {entry->pw_dir, entry->pw_name, entry->pw_name, shell};

        for (size_t k = 0; k < ARRAY_LENGTH(names); k++)
                if (asprintf(&user->texts[k], "%s=%s", names[k], values[k]) < 0) {
                        user->texts[k] = NULL;
                        return -ENOMEM;
                }
        return 0;
}

int workload_user_init(WorkloadUser *user, const char *name, Error *err)
{
        enum { ROOM = 64 * 1024 };
        _cleanup_free_ char *room = malloc(ROOM);
        struct passwd entry, *found = NULL;
        uint64_t number;

        if (!room)
                return error_set(err, ENOMEM, "out of memory");
        int r = getpwnam_r(name, &entry, room, ROOM, &found);
        if (!found && parse_u64z(name, &number) == 0 && number < UINT32_MAX)
                r = getpwuid_r((uid_t)number, &entry, room, ROOM, &found);
        if (!found)
                return r ? error_set_errno(err, r, "user %s", name)
                         : error_set(err, EINVAL, "there is no user %s on this machine", name);
        user->uid = entry.pw_uid;
        user->gid = entry.pw_gid;
        user->set = true;
        if (geteuid() != 0 && (user->uid != getuid() || user->gid != getgid()))
                return error_set(err, EPERM,
                                 "only root can run a command as %s; try: sudo vigia run --user %s",
                                 name, name);
        r = find_groups(user, entry.pw_name);
        if (r == 0)
                r = make_texts(user, &entry);
        return r < 0 ? error_set_errno(err, r, "user %s", name) : 0;
}

void workload_user_done(WorkloadUser *user)
{
        free(user->groups);
        for (size_t i = 0; i < ARRAY_LENGTH(user->texts); i++)
                free(user->texts[i]);
        *user = (WorkloadUser){0};
}

/* Where the kernel put the environment of this program: fields 50 and 51 of /proc/self/stat
 * (proc(5)). False where it does not say. */
static bool find_first_environment(const char **ret, const char **ret_end)
{
        _cleanup_(host_freep) Host *host = NULL;
        char text[2048];
        uint64_t field = 0, start = 0;

        ssize_t n = host_new(NULL, &host) < 0 ? -1 : host_read(host, "proc/self/stat", text, sizeof text);
        const char *p = n > 0 ? memrchr(text, ')', (size_t)n) : NULL;
        if (!p)
                return false;
        for (int i = 3; i <= 51; i++) {
                p = strchr(p + 1, ' ');
                if (!p)
                        return false;
                if (i == 50 || i == 51) {
                        const char *digits = p;
                        if (scan_u64(&digits, text + n, &field) < 0)
                                return false;
                        start = i == 50 ? field : start;
                }
        }
        *ret = (const char *)(uintptr_t)start;
        *ret_end = (const char *)(uintptr_t)field;
        return start != 0 && field > start;
}

/* A program with file capabilities has LD_LIBRARY_PATH, TMPDIR and others taken from its
 * environment by the C library (ld.so(8), secure execution); the command is to have them, and
 * what it may do with them is no more than without us. The strings still lie where they were. */
static size_t count_environment(char *const **ret, char ***owned)
{
        const char *p, *end;
        size_t n = 0;

        *ret = environ;
        if (getauxval(AT_SECURE) && find_first_environment(&p, &end)) {
                for (const char *q = p; q < end; q += strlen(q) + 1)
                        n++;
                *owned = calloc(n + 1, sizeof **owned);
                if (*owned) {
                        n = 0;
                        for (const char *q = p; q < end; q += strlen(q) + 1)
                                (*owned)[n++] = (char *)(uintptr_t)q;
                        *ret = *owned;
                        return n;
                }
        }
        for (n = 0; environ && environ[n];)
                n++;
        return n;
}

int workload_environment(const WorkloadUser *user, char ***ret)
{
        _cleanup_free_ char **owned = NULL;
        char *const *from;
        size_t n = count_environment(&from, &owned), used = 0;
        char **environment = calloc(n + ARRAY_LENGTH(names) + 1, sizeof *environment);

        if (!environment)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                bool replaced = false;
                for (size_t k = 0; user->set && k < ARRAY_LENGTH(names) && !replaced; k++)
                        replaced = text_starts_with(from[i], names[k]) &&
                                   from[i][strlen(names[k])] == '=';
                if (!replaced)
                        environment[used++] = from[i];
        }
        for (size_t k = 0; user->set && k < ARRAY_LENGTH(names); k++)
                environment[used++] = user->texts[k];
        *ret = environment;
        return 0;
}

/* The raw calls: those of the C library first stop the other threads that it believes in. */
static int become(const WorkloadUser *user)
{
        if (!user->set || geteuid() != 0)
                return 0;
        if (syscall(SYS_setgroups, user->n_groups, user->groups) < 0 ||
            syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0 ||
            syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
                return -errno;
        return 0;
}

/* Only what vigia got from its own file is taken away (AT_SECURE says that there was any): a
 * command run by root, or by a service with ambient capabilities, keeps what it would have had.
 * capabilities(7): without ambient and inheritable ones, exec leaves a non-root user none. */
void workload_capabilities_drop(void)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

        if (!getauxval(AT_SECURE) || getuid() == 0)
                return;
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        syscall(SYS_capset, &header, none);
}

static void fail(const WorkloadSetup *setup, WorkloadStep step, int error)
{
        WorkloadReport report = {step, error};

        if (write(setup->report[1], &report, sizeof report) < 0) {
                /* vigia is gone; the exit code is all that is left to say */
        }
        _exit(step != STEP_EXEC ? 125 : error == ENOENT ? 127 : 126);
}

void workload_child_run(const WorkloadSetup *setup, const struct sigaction *child_action)
{
        char *const *argv = setup->options->argv;
        char byte;
        ssize_t n;

        if (setup->pty && setup->terminal.session)
                setpgid(0, 0);
        for (int i = 0; i < 3; i++)
                if (setup->child_fd[i] >= 0 && dup2(setup->child_fd[i], i) < 0)
                        fail(setup, STEP_DESCRIPTORS, errno);
        close(setup->hold[1]);
        do
                n = read(setup->hold[0], &byte, 1);
        while (n < 0 && errno == EINTR);
        if (n != 1)
                _exit(125);
        int r = become(&setup->user);
        if (r < 0)
                fail(setup, STEP_USER, -r);
        workload_capabilities_drop();
        sigaction(SIGCHLD, child_action, NULL);
        sigprocmask(SIG_SETMASK, &setup->mask, NULL);
        r = setup->options->enter ? setup->options->enter(setup->options->enter_data) : 0;
        if (r < 0)
                fail(setup, STEP_DESCRIPTORS, -r);
        execvpe(argv[0], argv, setup->environment);
        fail(setup, STEP_EXEC, errno);
        _exit(126);
}
