/* The command's cgroup: found a place for, made, entered, read and removed. */
#include "record/command-cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "record/command-cgroup-directory.h"
#include "record/command-cgroup-helper.h"
#include "record/command-cgroup-place.h"
#include "record/command-cgroup-systemd.h"

enum { WAIT_MS = 50, WAIT_MAX_MS = 10000 };

#define PEAK_EVERY_NS (250 * NS_PER_MS)

struct CommandCgroup {
        const Host *host;
        CgroupPlace place;
        CgroupDirectory memory; /* v1, v2: ours; a scope: opened for reading only */
        CgroupDirectory cpu;    /* a scope's on v1: where its CPU time is */
        char unit[160];              /* systemd */
        char address[512];
        Helper helper, keeper;
        pid_t pid;
        uint64_t wait_ns, deadline_ns;
        int now_fd, peak_fd, cpu_fd, stat_fd;
        uint64_t peak_due_ns, peak_bytes; /* when the peak is read again, and what it is at least */
        char shown[CGROUP_PATH_MAX + 64];
};

/* A unit's name may hold letters, digits and ":-_.\" (systemd.unit(5)). */
static void name_unit(CommandCgroup *cgroup, const char *id)
{
        snprintf(cgroup->unit, sizeof cgroup->unit, "vigia-%d-%.100s.scope", (int)getpid(), id);
        for (char *p = cgroup->unit; *p; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                      (*p >= '0' && *p <= '9') || strchr(":-_.", *p)))
                        *p = '_';
}

/* The address is built here, not by sd_bus_open_user(), which ignores the environment of a
 * program with file capabilities. Whoever answers there is not trusted: where the command is
 * in the end, the kernel says. */
static int name_bus(CommandCgroup *cgroup, Error *why)
{
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        char fallback[64];

        if (!cgroup->place.user) {
                text_copy(cgroup->address, sizeof cgroup->address,
                          "unix:path=/run/dbus/system_bus_socket");
                return 0;
        }
        if (!runtime || runtime[0] != '/') {
                snprintf(fallback, sizeof fallback, "/run/user/%u", (unsigned)geteuid());
                runtime = fallback;
        }
        for (const char *p = runtime; *p; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                      (*p >= '0' && *p <= '9') || strchr("/-_.", *p)))
                        return error_set(why, EINVAL, "XDG_RUNTIME_DIR is not a plain path");
        if ((size_t)snprintf(cgroup->address, sizeof cgroup->address, "unix:path=%s/bus",
                             runtime) >= sizeof cgroup->address)
                return error_set(why, ENAMETOOLONG, "XDG_RUNTIME_DIR is too long");
        return 0;
}

/* A machine may be slower than people; an emulated one is. */
static uint64_t wait_time(void)
{
        const char *text = getenv("VIGIA_CGROUP_WAIT");
        uint64_t ns;

        if (!text || parse_duration(text, &ns) < 0)
                return WAIT_MS * NS_PER_MS;
        return MIN(ns, WAIT_MAX_MS * NS_PER_MS);
}

static int make_directories(CommandCgroup *cgroup, Error *why)
{
        CgroupPlace *place = &cgroup->place;
        int r = 0;

        if (place->enable_memory)
                r = cgroup_directory_enable_memory(cgroup->host, place->parent, why);
        if (r == 0)
                r = cgroup_directory_make(&cgroup->memory, cgroup->host, place->parent, place->home,
                                          why);
        return r;
}

int command_cgroup_prepare(const Host *host, const char *id, CommandCgroup **ret, Error *why)
{
        _cleanup_(command_cgroup_freep) CommandCgroup *cgroup = calloc(1, sizeof *cgroup);
        int r;

        if (!cgroup)
                return error_set(why, ENOMEM, "out of memory");
        cgroup->host = host;
        cgroup->wait_ns = wait_time();
        cgroup->now_fd = cgroup->peak_fd = cgroup->cpu_fd = cgroup->stat_fd = -1;
        cgroup_directory_init(&cgroup->memory);
        cgroup_directory_init(&cgroup->cpu);
        helper_init(&cgroup->helper);
        helper_init(&cgroup->keeper);
        r = cgroup_place_find(host, geteuid(), &cgroup->place, why);
        if (r < 0)
                return r;
        if (cgroup->place.kind == CGROUP_SYSTEMD) {
                name_unit(cgroup, id);
                r = name_bus(cgroup, why);
        } else {
                r = make_directories(cgroup, why);
        }
        if (r == 0)
                *ret = TAKE(cgroup);
        return r;
}

/* v1: in, fork, out again; whoever is born meanwhile is inside. */
static pid_t fork_inside(CommandCgroup *cgroup)
{
        bool in = cgroup_directory_enter(&cgroup->memory) == 0;
        pid_t pid = fork();

        if (pid != 0 && in)
                cgroup_directory_leave(&cgroup->memory);
        return pid;
}

pid_t command_cgroup_fork(void *data)
{
        CommandCgroup *cgroup = data;
        pid_t pid;

        /* Where this fails (ENOSYS, a filter, …) adopt() will see that it is not inside. */
        if (cgroup && cgroup->place.kind == CGROUP_V1)
                return fork_inside(cgroup);
        pid = cgroup && cgroup->place.kind == CGROUP_V2 ? cgroup_directory_fork(&cgroup->memory)
                                                        : -1;
        return pid < 0 ? fork() : pid;
}

/* In the helper: the slow write. */
static int move_pid(void *data, Error *why)
{
        CommandCgroup *cgroup = data;
        int r = cgroup_directory_move(&cgroup->memory, cgroup->pid);

        return r < 0 ? error_set_errno(why, r, "%s/%s/cgroup.procs", cgroup->place.parent,
                                       cgroup->memory.name)
                     : 0;
}

/* In the helper: the scope. The keeper goes with the command, for systemd removes a scope, and
 * the kernel its last figures, as soon as the last process of it has ended. */
static int ask_systemd(void *data, Error *why)
{
        CommandCgroup *cgroup = data;
        pid_t pids[] = {cgroup->pid, cgroup->keeper.pid};
        ScopeRequest request = {
                .address = cgroup->address,
                .unit = cgroup->unit,
                .slice = cgroup->place.slice,
                .description = "Command recorded by vigia",
                .pids = pids,
                .n_pids = ARRAY_LENGTH(pids),
                .deadline_ns = cgroup->deadline_ns,
        };

        helper_drop_capabilities();
        return systemd_scope_start(&request, why);
}

/* Whether the kernel has the command in our cgroup; its folders, its path. */
static int find_command(CommandCgroup *cgroup, CgroupPlace *at, char memory[CGROUP_PATH_MAX],
                        char cpu[CGROUP_PATH_MAX])
{
        const char *name =
                cgroup->place.kind == CGROUP_SYSTEMD ? cgroup->unit : cgroup->memory.name;
        int r = cgroup_place_of(cgroup->host, cgroup->pid, at, memory, cpu);

        if (r < 0)
                return r;
        const char *last = strrchr(at->parent_path, '/');
        return last && text_equal(last + 1, name) ? 0 : -ENOENT;
}

int command_cgroup_adopt(CommandCgroup *cgroup, pid_t pid)
{
        char memory[CGROUP_PATH_MAX], cpu[CGROUP_PATH_MAX];
        CgroupPlace at;

        cgroup->pid = pid;
        cgroup->deadline_ns = clock_monotonic_ns() + cgroup->wait_ns;
        if (cgroup->place.kind == CGROUP_SYSTEMD) {
                int r = helper_start_keeper(&cgroup->keeper);
                return r < 0 ? r : helper_start(&cgroup->helper, ask_systemd, cgroup);
        }
        if (find_command(cgroup, &at, memory, cpu) == 0)
                return 0;
        return helper_start(&cgroup->helper, move_pid, cgroup);
}

/* The files that are read at each tick. */
static int open_files(CommandCgroup *cgroup, Error *why)
{
        bool v1 = cgroup->place.kind == CGROUP_V1;

        cgroup->now_fd = cgroup_directory_open(&cgroup->memory,
                                               v1 ? "memory.usage_in_bytes" : "memory.current");
        if (cgroup->now_fd < 0)
                return error_set_errno(why, cgroup->now_fd, "%s: no memory figures", cgroup->shown);
        cgroup->peak_fd = cgroup_directory_open(&cgroup->memory,
                                                v1 ? "memory.max_usage_in_bytes" : "memory.peak");
        cgroup->stat_fd = cgroup_directory_open(&cgroup->memory, "memory.stat");
        cgroup->cpu_fd = v1 ? cgroup_directory_open(&cgroup->cpu, "cpuacct.usage")
                            : cgroup_directory_open(&cgroup->memory, "cpu.stat");
        return 0;
}

/* A scope's folders are opened to be read; the names stay empty: they are not ours to remove. */
static int open_scope(CommandCgroup *cgroup, const CgroupPlace *at, const char *memory,
                      const char *cpu, Error *why)
{
        cgroup->memory.fd = host_open(cgroup->host, memory + 1);
        if (cgroup->memory.fd < 0)
                return error_set_errno(why, cgroup->memory.fd, "%s", memory);
        if (cpu[0])
                cgroup->cpu.fd = host_open(cgroup->host, cpu + 1);
        cgroup->place.kind = at->kind;
        snprintf(cgroup->shown, sizeof cgroup->shown, "systemd %s", at->parent_path);
        return 0;
}

int command_cgroup_wait(CommandCgroup *cgroup, Error *why)
{
        char memory[CGROUP_PATH_MAX], cpu[CGROUP_PATH_MAX];
        bool scope = cgroup->place.kind == CGROUP_SYSTEMD;
        CgroupPlace at;
        int r = 0;

        if (cgroup->helper.pid > 0) {
                r = helper_wait(&cgroup->helper, cgroup->deadline_ns, why);
                helper_done(&cgroup->helper);
        }
        /* Late is not never: the plain write may have been done though nobody said so. */
        if (r < 0 && (scope || r != -ETIMEDOUT))
                return r;
        r = find_command(cgroup, &at, memory, cpu);
        if (r < 0)
                return error_set(why, r, "the command was not put into %s",
                                 scope ? cgroup->unit : cgroup->memory.name);
        if (scope)
                r = open_scope(cgroup, &at, memory, cpu, why);
        else
                snprintf(cgroup->shown, sizeof cgroup->shown, "%s %s",
                         at.kind == CGROUP_V1 ? "v1" : "v2", at.parent_path);
        return r < 0 ? r : open_files(cgroup, why);
}

int command_cgroup_new(const Host *host, const char *id, pid_t pid, CommandCgroup **ret, Error *why)
{
        _cleanup_(command_cgroup_freep) CommandCgroup *cgroup = NULL;
        int r = command_cgroup_prepare(host, id, &cgroup, why);

        if (r < 0)
                return r;
        r = command_cgroup_adopt(cgroup, pid);
        if (r < 0)
                return error_set_errno(why, r, "a cgroup for the command");
        r = command_cgroup_wait(cgroup, why);
        if (r == 0)
                *ret = TAKE(cgroup);
        return r;
}

const char *command_cgroup_path(const CommandCgroup *cgroup)
{
        return strchr(cgroup->shown, '/');
}

const char *command_cgroup_shown(const CommandCgroup *cgroup)
{
        return cgroup->shown;
}

static uint64_t read_value(int fd)
{
        char text[64];
        uint64_t value;
        ssize_t n = fd < 0 ? -1 : host_reread(fd, text, sizeof text);

        return n > 0 && cgroup_parse_value(text, (size_t)n, &value) == 0 ? value : UINT64_MAX;
}

static uint64_t read_key(int fd, const char *key)
{
        char text[CGROUP_FILE_MAX];
        uint64_t value;
        ssize_t n = fd < 0 ? -1 : host_reread(fd, text, sizeof text);

        return n > 0 && cgroup_parse_key(text, (size_t)n, key, &value) == 0 ? value : UINT64_MAX;
}

int command_cgroup_memory(CommandCgroup *cgroup, uint64_t *ret_now, uint64_t *ret_peak)
{
        *ret_now = read_value(cgroup->now_fd);
        *ret_peak = read_value(cgroup->peak_fd);
        cgroup->peak_due_ns = 0;
        return *ret_now == UINT64_MAX && *ret_peak == UINT64_MAX ? -ENODATA : 0;
}

void command_cgroup_follow(CommandCgroup *cgroup, uint64_t now_ns, uint64_t *ret_now, uint64_t *ret_peak)
{
        *ret_now = read_value(cgroup->now_fd);
        if (now_ns >= cgroup->peak_due_ns) {
                cgroup->peak_due_ns = now_ns + PEAK_EVERY_NS;
                cgroup->peak_bytes = read_value(cgroup->peak_fd);
        } else if (cgroup->peak_bytes != UINT64_MAX && *ret_now != UINT64_MAX) {
                cgroup->peak_bytes = MAX(cgroup->peak_bytes, *ret_now);
        }
        *ret_peak = cgroup->peak_bytes;
}

int command_cgroup_processes(CommandCgroup *cgroup, uint64_t *ret_anon, uint64_t *ret_shmem)
{
        bool v1 = cgroup->place.kind == CGROUP_V1;
        char text[CGROUP_FILE_MAX];
        ssize_t n = cgroup->stat_fd < 0 ? -EBADF : host_reread(cgroup->stat_fd, text, sizeof text);

        *ret_anon = *ret_shmem = UINT64_MAX;
        if (n <= 0)
                return n < 0 ? (int)n : -ENODATA;
        cgroup_parse_key(text, (size_t)n, v1 ? "total_shmem" : "shmem", ret_shmem);
        return cgroup_parse_key(text, (size_t)n, v1 ? "total_rss" : "anon", ret_anon);
}

uint64_t command_cgroup_cpu_us(CommandCgroup *cgroup)
{
        if (cgroup->place.kind != CGROUP_V1)
                return read_key(cgroup->cpu_fd, "usage_usec");
        uint64_t ns = read_value(cgroup->cpu_fd);
        return ns == UINT64_MAX ? ns : ns / NS_PER_US;
}

CommandCgroup *command_cgroup_free(CommandCgroup *cgroup)
{
        if (!cgroup)
                return NULL;
        helper_done(&cgroup->helper);
        helper_done(&cgroup->keeper);
        fd_close(cgroup->now_fd);
        fd_close(cgroup->peak_fd);
        fd_close(cgroup->stat_fd);
        fd_close(cgroup->cpu_fd);
        cgroup_directory_done(&cgroup->cpu);
        cgroup_directory_done(&cgroup->memory);
        free(cgroup);
        return NULL;
}
