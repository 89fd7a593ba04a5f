/* A recorder is known by its lock on the run, and by pid, start time and boot: never by a pid alone. */
#include "app/running.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/control.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "host/proc-identity.h"
#include "store/run-info-json.h"
#include "store/run-names.h"
#include "store/run-lock.h"

enum { ASK_MS = 5000 };

int running_parse(const Command *command, const Option *options, size_t n_options, int argc, char **argv,
                  const char **ret_name, Error *err)
{
        _cleanup_free_ char **words = NULL;
        size_t n = 0;
        int r = options_parse(command, options, n_options, argc, argv, false, &words, &n, err);

        if (r == 0 && n > 1)
                r = error_set(err, EINVAL, "%s: one run at a time", command->name);
        if (r == 0)
                *ret_name = n > 0 ? words[0] : NULL;
        return r;
}

int running_failed(int result, const Error *err)
{
        log_error("%s", err->message);
        return result == -EINVAL ? EXIT_USAGE : EXIT_CANNOT;
}

void running_done(Running *r)
{
        free(r->path);
        fd_close(r->fd);
        run_info_done(&r->info);
        *r = (Running){.fd = -1};
}

static bool is_recorded(const Running *r)
{
        return !r->info.complete && (run_lock_held(r->fd) || run_info_recorder_alive(&r->info));
}

/* Takes the path. */
static int look(char *path, Running *ret, Error *err)
{
        *ret = (Running){.path = path, .fd = -1};
        run_info_init(&ret->info);
        if (!path)
                return error_set(err, ENOMEM, "out of memory");
        ret->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (ret->fd < 0)
                return error_set_errno(err, errno, "%s", path);
        return run_info_read(&ret->info, ret->fd, path, err);
}

int running_list(Running **ret, size_t *ret_n)
{
        _cleanup_free_ char *runs = NULL;
        _cleanup_(run_names_freep) char **names = NULL;
        size_t n = 0, total = 0;
        int r = runs_list(&names);

        *ret = NULL;
        *ret_n = 0;
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while (names[total])
                total++;
        Running *list = calloc(total + 1, sizeof *list);
        r = list ? runs_directory(&runs) : -ENOMEM;
        for (size_t i = 0; i < total; i++) {
                char path[PATH_MAX];
                snprintf(path, sizeof path, "%s/%s", runs ? runs : "", names[i]);
                if (r == 0 && look(realpath(path, NULL), &list[n], NULL) == 0 && is_recorded(&list[n]))
                        n++;
                else if (r == 0)
                        running_done(&list[n]);
        }
        if (r < 0) {
                free(list);
                return r;
        }
        *ret = list;
        *ret_n = n;
        return 0;
}

void running_list_free(Running *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                running_done(&list[i]);
        free(list);
}

static int find_only(Running *ret, Error *err)
{
        _cleanup_string_ String names = {0};
        Running *list;
        size_t n;
        int r = running_list(&list, &n);

        if (r < 0)
                return error_set_errno(err, r, "the place for runs");
        if (n == 1) {
                *ret = list[0];
                free(list);
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                string_add_format(&names, "%s%s", i ? ", " : "", list[i].info.id);
        running_list_free(list, n);
        return n == 0 ? error_set(err, EINVAL, "nothing is being recorded here")
                      : error_set(err, EINVAL, "%zu runs are being recorded; name one: %s", n,
                                  string_get(&names));
}

/* "last" or the beginning of an id, among those at work: 0, 1 not there, or -EINVAL: several. */
static int find_recorded(const char *name, Running *ret, Error *err)
{
        _cleanup_string_ String names = {0};
        bool last = text_equal(name, "last");
        size_t n, fit = 0, best = 0;
        Running *list;

        if (!*name || strchr(name, '/') || running_list(&list, &n) < 0)
                return 1;
        for (size_t i = 0; i < n; i++) {
                if (!last && !text_starts_with(list[i].info.id, name))
                        continue;
                string_add_format(&names, "%s%s", fit++ ? ", " : "", list[i].info.id);
                best = i; /* the newest so far */
                if (text_equal(list[i].info.id, name)) {
                        fit = 1;
                        break;
                }
        }
        if (fit == 1 || (last && fit > 0)) {
                *ret = list[best];
                list[best] = (Running){.fd = -1};
                run_info_init(&list[best].info);
        }
        running_list_free(list, n);
        if (fit == 0)
                return last ? error_set(err, EINVAL, "nothing is being recorded here") : 1;
        if (fit > 1 && !last)
                return error_set(err, EINVAL, "%s is ambiguous: %zu that are recorded begin so: %s", name,
                                 fit, string_get(&names));
        return 0;
}

int running_find(const char *name, Running *ret, Error *err)
{
        char *path = NULL;

        *ret = (Running){.fd = -1};
        run_info_init(&ret->info);
        if (!name)
                return find_only(ret, err);
        int r = find_recorded(name, ret, err);
        if (r <= 0)
                return r;
        r = run_resolve(name, &path, err);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        r = look(path, ret, err);
        if (r == 0 && !is_recorded(ret))
                r = ret->info.complete || ret->info.recorder_died
                            ? error_set(err, ESRCH, "%s is not being recorded any more", ret->info.id)
                            : error_set(err, ESRCH,
                                        "the recorder of %s died; what there is: vigia recover %s",
                                        ret->info.id, ret->info.id);
        if (r < 0)
                running_done(ret);
        return r;
}

int running_ask(const Running *running, const char *request, json_t **ret, Error *err)
{
        _cleanup_free_ char *answer = NULL;
        int r = control_ask(running->fd, request, ASK_MS, &answer, err);

        if (r < 0)
                return error_prefix(err, r, "%s", running->info.id);
        json_t *json = json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
        const char *error = json_string_value(json_object_get(json, "error"));
        if (!json)
                return error_set(err, EBADMSG, "%s: its recorder speaks in a way not known here",
                                 running->info.id);
        if (error && !text_equal(request, "status")) {
                r = error_set(err, EPERM, "%s: %s", running->info.id, error);
                json_decref(json);
                return r;
        }
        *ret = json;
        return 0;
}

bool running_is_silent(int r)
{
        return r == -ENOENT || r == -ECONNREFUSED || r == -ECONNRESET || r == -EPIPE;
}

/* Whoever the directory belongs to can write any pid into run.json: that must not make root end
 * somebody else's process. */
static bool is_owners(const Running *running)
{
        _cleanup_(host_freep) Host *host = NULL;
        ProcStatus status;
        struct stat st;

        return geteuid() != 0 ||
               (fstatat(running->fd, "run.json", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISREG(st.st_mode) && host_new(NULL, &host) == 0 &&
                proc_status_read(host, running->info.recorder_pid, &status) == 0 &&
                status.uid == (int64_t)st.st_uid);
}

int running_pidfd(const Running *running, Error *err)
{
        int fd = (int)syscall(SYS_pidfd_open, running->info.recorder_pid, 0);

        if (fd < 0)
                return error_set_errno(err, errno, "%s: its recorder", running->info.id);
        if (!run_info_recorder_alive(&running->info)) { /* looked at behind the descriptor */
                close(fd);
                return error_set(err, ESRCH, "%s: its recorder has ended", running->info.id);
        }
        if (!is_owners(running)) {
                close(fd);
                return error_set(err, EPERM, "%s: process %d is not its owner's, and no recorder of it",
                                 running->info.id, (int)running->info.recorder_pid);
        }
        return fd;
}

int running_wait(int pidfd, uint64_t timeout_ns)
{
        uint64_t until = clock_monotonic_ns() + timeout_ns;
        struct pollfd wait = {pidfd, POLLIN, 0};

        for (;;) {
                uint64_t now = clock_monotonic_ns();
                uint64_t left_ms = until > now ? (until - now + NS_PER_MS - 1) / NS_PER_MS : 0;
                int n = poll(&wait, 1, (int)MIN(left_ms, (uint64_t)INT_MAX));
                if (n > 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (left_ms == 0)
                        return -ETIMEDOUT;
        }
}
