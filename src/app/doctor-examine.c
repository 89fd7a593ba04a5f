/* Facts, each from trying it or from the kernel's own files. */
#include "app/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/heap-symbols.h"
#include "app/memcheck.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "plot/plot.h"
#include "record/command-cgroup-systemd.h"
#include "record/command-cgroup.h"
#include "report/page.h"
#include "send/archive.h"
#include "store/parquet/parquet.h"
#include "store/run.h"

void doctor_done(Doctor *doctor)
{
        free(doctor->runs);
        doctor->runs = NULL;
}

static uint64_t read_number(const Host *host, const char *path)
{
        char text[64];
        const char *at = text;
        uint64_t value;
        ssize_t n = host_read(host, path, text, sizeof text);

        if (n <= 0)
                return DOCTOR_UNKNOWN;
        /* perf_event_paranoid may be -1: as open as 0. */
        if (text[0] == '-')
                return 0;
        return scan_u64(&at, text + n, &value) < 0 ? DOCTOR_UNKNOWN : value;
}

static bool exists(const Host *host, const char *path)
{
        _cleanup_close_ int fd = host_open(host, path);

        return fd >= 0;
}

static void try_sources(Doctor *doctor, const Host *host)
{
        static const TrackOps *const ladder[DOCTOR_SOURCES] = {&track_bpf_ops, &track_perf_ops,
                                                               &track_poll_ops};
        const TrackScope scope = {.descendants = true, .interval_ns = 50 * NS_PER_MS};

        for (size_t i = 0; i < DOCTOR_SOURCES; i++) {
                DoctorSource *s = &doctor->sources[i];
                TrackSource *source = NULL;
                uint64_t start = clock_monotonic_ns();
                *s = (DoctorSource){.name = ladder[i]->name, .exact = !ladder[i]->partial};
                s->code = ladder[i]->open(&source, host, &scope, &s->why);
                s->open_us = (clock_monotonic_ns() - start) / NS_PER_US;
                s->works = s->code >= 0;
                if (!s->works && !s->why.message[0])
                        error_set_errno(&s->why, s->code, "%s", s->name);
                track_close(source);
        }
}

/* Value of a "Key:\t…" line of /proc/self/status; NULL: absent. */
static const char *status_line(const char *status, const char *key)
{
        size_t n = strlen(key);

        for (const char *line = status; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, n) == 0 && line[n] == ':')
                        return line + n + 1 + strspn(line + n + 1, " \t");
        }
        return NULL;
}

static uint64_t parse_hex(const char *text)
{
        uint64_t value = 0;

        for (; text; text++) {
                if (*text >= '0' && *text <= '9')
                        value = value << 4 | (uint64_t)(*text - '0');
                else if (*text >= 'a' && *text <= 'f')
                        value = value << 4 | (uint64_t)(*text - 'a' + 10);
                else
                        break;
        }
        return value;
}

static void examine_self(Doctor *doctor, const Host *host)
{
        char status[8192];
        const char *seccomp;
        struct statvfs fs;

        doctor->uid = geteuid();
        if (host_read(host, "proc/self/status", status, sizeof status) > 0) {
                doctor->capabilities = parse_hex(status_line(status, "CapEff"));
                doctor->capabilities_bound = parse_hex(status_line(status, "CapBnd"));
                seccomp = status_line(status, "Seccomp");
                doctor->seccomp = seccomp && seccomp[0] == '2';
        }
        ssize_t n = readlink("/proc/self/exe", doctor->executable, sizeof doctor->executable - 1);
        if (n > 0) {
                doctor->executable[n] = '\0';
                doctor->executable_nosuid =
                        statvfs(doctor->executable, &fs) == 0 && (fs.f_flag & ST_NOSUID);
        }
}

/* "none [integrity] confidentiality": the one in brackets. */
static void examine_lockdown(Doctor *doctor, const Host *host)
{
        char text[128];

        if (host_read(host, "sys/kernel/security/lockdown", text, sizeof text) <= 0)
                return;
        char *open = strchr(text, '['), *close = strchr(text, ']');
        if (open && close > open) {
                *close = '\0';
                text_copy(doctor->lockdown, sizeof doctor->lockdown, open + 1);
        }
}

/* The last mount on /proc counts; its super-options are behind " - proc ". */
static void examine_proc(Doctor *doctor, const Host *host)
{
        const size_t size = 256 << 10;
        _cleanup_free_ char *mounts = malloc(size);
        const char *found = NULL;

        if (!mounts || host_read(host, "proc/self/mountinfo", mounts, size) <= 0)
                return;
        for (char *line = mounts, *next; line && *line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                if (strstr(line, " /proc ") && strstr(line, " - proc "))
                        found = strstr(line, "hidepid=");
        }
        if (!found)
                return;
        found += strlen("hidepid=");
        size_t n = strcspn(found, ", ");
        if (n < sizeof doctor->hidepid && !(n == 1 && *found == '0') && strncmp(found, "off", n)) {
                memcpy(doctor->hidepid, found, n);
                doctor->hidepid[n] = '\0';
        }
}

static void examine_kernel(Doctor *doctor, const Host *host)
{
        char loadavg[128];
        struct utsname name;

        if (uname(&name) == 0) {
                text_copy(doctor->release, sizeof doctor->release, name.release);
                text_copy(doctor->machine, sizeof doctor->machine, name.machine);
        }
        doctor->btf = exists(host, "sys/kernel/btf/vmlinux");
        /* With psi=0 the file is there and cannot be read. */
        doctor->psi = host_read(host, "proc/pressure/memory", loadavg, sizeof loadavg) > 0;
        doctor->perf_event_paranoid = read_number(host, "proc/sys/kernel/perf_event_paranoid");
        doctor->unprivileged_bpf_disabled =
                read_number(host, "proc/sys/kernel/unprivileged_bpf_disabled");
        doctor->pid_max = read_number(host, "proc/sys/kernel/pid_max");
        doctor->threads_max = read_number(host, "proc/sys/kernel/threads-max");
        doctor->tasks = DOCTOR_UNKNOWN;
        if (host_read(host, "proc/loadavg", loadavg, sizeof loadavg) > 0) {
                const char *slash = strchr(loadavg, '/');
                if (slash) {
                        slash++;
                        scan_u64(&slash, loadavg + strlen(loadavg), &doctor->tasks);
                }
        }
        examine_lockdown(doctor, host);
        examine_proc(doctor, host);
}

static DoctorLimit read_limit(__rlimit_resource_t resource)
{
        struct rlimit limit;

        if (getrlimit(resource, &limit) < 0)
                return (DoctorLimit){DOCTOR_UNKNOWN, DOCTOR_UNKNOWN};
        return (DoctorLimit){limit.rlim_cur == RLIM_INFINITY ? DOCTOR_UNLIMITED : limit.rlim_cur,
                             limit.rlim_max == RLIM_INFINITY ? DOCTOR_UNLIMITED : limit.rlim_max};
}

/* A cgroup for a child that only waits, made and removed as a recording would. */
static void try_cgroup(Doctor *doctor, const Host *host)
{
        _cleanup_(command_cgroup_freep) CommandCgroup *cgroup = NULL;
        uint64_t start = clock_monotonic_ns();
        int hold[2], r;
        char byte;

        if (pipe2(hold, O_CLOEXEC) < 0)
                return;
        r = command_cgroup_prepare(host, "doctor", &cgroup, &doctor->cgroup_why);
        pid_t pid = r == 0 ? command_cgroup_fork(cgroup) : -1;
        if (pid == 0) {
                close(hold[1]);
                _exit(read(hold[0], &byte, 1) < 0);
        }
        if (r == 0) {
                r = command_cgroup_adopt(cgroup, pid);
                if (r < 0)
                        error_set_errno(&doctor->cgroup_why, r, "a cgroup for the command");
                else
                        r = command_cgroup_wait(cgroup, &doctor->cgroup_why);
        }
        doctor->cgroup_us = (clock_monotonic_ns() - start) / NS_PER_US;
        doctor->cgroup = r == 0;
        if (r == 0)
                text_copy(doctor->cgroup_shown, sizeof doctor->cgroup_shown,
                          command_cgroup_shown(cgroup));
        fd_close(hold[0]);
        fd_close(hold[1]);
        if (pid > 0)
                waitpid(pid, NULL, 0);
}

static void examine_build(Doctor *doctor)
{
        const DoctorLibrary libraries[DOCTOR_LIBRARIES] = {
                {"bpf", "exact capture in the kernel", VIGIA_HAVE_BPF},
                {"systemd", "a cgroup by systemd", systemd_scope_available()},
                {"zstd", "compression", parquet_codec_available(PARQUET_ZSTD)},
                {"snappy", "compression", parquet_codec_available(PARQUET_SNAPPY)},
                {"gzip", "compression", parquet_codec_available(PARQUET_GZIP)},
                {"brotli", "compression", parquet_codec_available(PARQUET_BROTLI)},
                {"lz4", "compression", parquet_codec_available(PARQUET_LZ4_RAW)},
                {"page", "the report as a page", report_page_available(NULL)},
                {"cairo", "plots as PNG and PDF", plot_format_available(PLOT_PNG, NULL)},
                {"expat", "leak --valgrind", memcheck_can_read(NULL) == 0},
                {"elfutils", "names in leak --heap", heap_symbols_available()},
                {"libarchive", "archives for vigia send", archive_available(ARCHIVE_TAR_GZ, NULL) == 0},
        };

        memcpy(doctor->libraries, libraries, sizeof libraries);
}

/* The nearest folder that exists says where runs would go and how much room there is. */
static void examine_runs(Doctor *doctor)
{
        _cleanup_free_ char *path = NULL;
        struct statvfs fs;

        doctor->runs_free_bytes = doctor->runs_total_bytes = DOCTOR_UNKNOWN;
        if (runs_directory(&doctor->runs) < 0)
                return;
        path = strdup(doctor->runs);
        while (path && access(path, F_OK) < 0) {
                char *slash = strrchr(path, '/');
                if (!slash)
                        return;
                slash[slash == path] = '\0';
                if (slash == path)
                        break;
        }
        if (!path || statvfs(path, &fs) < 0)
                return;
        doctor->runs_writable = access(path, W_OK | X_OK) == 0;
        doctor->runs_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
        doctor->runs_total_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
}

void doctor_examine(Doctor *doctor, const Host *host)
{
        *doctor = (Doctor){0};
        examine_self(doctor, host);
        examine_kernel(doctor, host);
        doctor->open_files = read_limit(RLIMIT_NOFILE);
        doctor->processes = read_limit(RLIMIT_NPROC);
        doctor->locked_bytes = read_limit(RLIMIT_MEMLOCK);
        doctor_examine_room(doctor, host);
        doctor_examine_monitors(doctor, host);
        examine_build(doctor);
        examine_runs(doctor);
        try_cgroup(doctor, host);
        try_sources(doctor, host);
        doctor_advise(doctor);
}
