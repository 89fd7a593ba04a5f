/* What is known about a run: lifetime, facts about this machine, run.json on disk. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/run-info-json.h"
#include "store/run.h"

/* A run of a minute is worth waiting for the disk; after a short one the user is waiting. */
#define DURABLE_WALL_NS (60 * NS_PER_SECOND)

void run_info_init(RunInfo *info)
{
        *info = (RunInfo){
                .format = RUN_FORMAT,
                .memory_bytes = RUN_UNKNOWN,
                .page_bytes = RUN_UNKNOWN,
                .start_realtime_ns = -1,
                .start_monotonic_ns = RUN_UNKNOWN,
                .start_boottime_ns = RUN_UNKNOWN,
                .end_realtime_ns = -1,
                .wall_ns = RUN_UNKNOWN,
                .exit_code = -1,
                .exit_signal = -1,
                .recorder_pid = -1,
                .recorder_start_ns = RUN_UNKNOWN,
                .interval_ns = RUN_UNKNOWN,
                .processes = RUN_UNKNOWN,
                .lost_events = RUN_UNKNOWN,
                .lost_rows = RUN_UNKNOWN,
                .command_cpu_us = RUN_UNKNOWN,
                .rules_fingerprint = RUN_UNKNOWN,
                .peak_cgroup_bytes = RUN_UNKNOWN,
                .ticks = RUN_UNKNOWN,
                .late_ticks = RUN_UNKNOWN,
                .own_cpu_us = RUN_UNKNOWN,
                .own_peak_rss_bytes = RUN_UNKNOWN,
                .own_private_bytes = RUN_UNKNOWN,
                .written_bytes = RUN_UNKNOWN,
                .output_bytes = RUN_UNKNOWN,
        };
}

static void free_texts(char **texts)
{
        for (size_t i = 0; texts && texts[i]; i++)
                free(texts[i]);
        free(texts);
}

void run_info_done(RunInfo *info)
{
        char *texts[] = {info->id,     info->label,         info->vigia_version,  info->host,
                         info->kernel, info->machine,       info->scope,          info->cwd,
                         info->user,   info->recorder_died, info->boot_id,        info->capture_why,
                         info->cgroup, info->capture_source, info->snapshot_of, info->rules,
                         info->cpu_model};

        for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
                free(texts[i]);
        free_texts(info->command);
        free_texts(info->warnings);
        free(info->monitors);
        run_info_init(info);
}

int run_info_add_warning(RunInfo *info, const char *format, ...)
{
        size_t n = 0;
        char text[1024];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        while (info->warnings && info->warnings[n]) {
                if (text_equal(info->warnings[n], text))
                        return 0; /* said already */
                n++;
        }
        if (n >= RUN_JSON_ITEMS_MAX - 1)
                return -ENOBUFS;
        char *copy = strdup(text);
        char **list = copy ? realloc(info->warnings, (n + 2) * sizeof *list) : NULL;
        if (!list) {
                free(copy);
                return -ENOMEM;
        }
        list[n] = copy;
        list[n + 1] = NULL;
        info->warnings = list;
        return 0;
}

/* Takes the place of what was there; NULL `text` leaves it. */
static int replace(char **to, const char *text)
{
        char *copy = text ? strdup(text) : NULL;

        if (!copy)
                return text ? -ENOMEM : 0;
        free(*to);
        *to = copy;
        return 0;
}

/* The first line of a small file, or "" . */
static void read_line(const char *path, char *to, size_t size)
{
        Buffer text = {0};

        to[0] = '\0';
        if (file_read_path(AT_FDCWD, path, size - 1, &text, NULL) == 0 && text.size > 0) {
                text.data[strcspn((char *)text.data, "\n")] = '\0';
                text_copy(to, size, (char *)text.data);
        }
        buffer_done(&text);
}

/* The name in a line of passwd(5) if its user id is `uid` (in decimal); cuts the line there. */
static char *name_of_line(char *line, const char *uid)
{
        char *name_end = strchr(line, ':');
        char *id = name_end ? strchr(name_end + 1, ':') : NULL;
        size_t n = strlen(uid);

        if (!id || strncmp(id + 1, uid, n) != 0 || id[1 + n] != ':')
                return NULL;
        *name_end = '\0';
        return line;
}

/* The user's name without the name service: that would load libraries into a recorder that is
 * to stay small, and may wait for a network. */
static int user_name(uid_t uid, char **ret)
{
        Buffer passwd = {0};
        char wanted[16], *found = NULL;
        const char *fallback = getenv("LOGNAME");

        snprintf(wanted, sizeof wanted, "%u", (unsigned)uid);
        if (file_read_path(AT_FDCWD, "/etc/passwd", 1 << 20, &passwd, NULL) == 0)
                for (char *line = (char *)passwd.data; line && !found;) {
                        char *end = strchr(line, '\n');
                        if (end)
                                *end = '\0';
                        found = name_of_line(line, wanted);
                        line = end ? end + 1 : NULL;
                }
        int r = replace(ret, found ? found : fallback && *fallback ? fallback : wanted);
        buffer_done(&passwd);
        return r;
}

int run_process_start_ns(pid_t pid, uint64_t *ret)
{
        char path[64], text[1024];
        uint64_t ticks = 0;
        long hertz = sysconf(_SC_CLK_TCK);

        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        read_line(path, text, sizeof text);
        const char *end = text + strlen(text), *p = strrchr(text, ')'); /* comm may hold anything */
        if (!p || hertz <= 0 || strncmp(p, ") Z", 3) == 0) /* ended, and nobody waited for it yet */
                return -ESRCH;
        for (unsigned field = 2; field < 22 && p; field++) {
                p = strchr(p, ' ');
                p = p ? p + 1 : NULL;
        }
        if (!p || scan_u64(&p, end, &ticks) < 0)
                return -ESRCH;
        *ret = ticks * (NS_PER_SECOND / (uint64_t)hertz);
        return 0;
}

static void read_boot_id(char *to, size_t size)
{
        read_line("/proc/sys/kernel/random/boot_id", to, size);
}

bool run_info_recorder_alive(const RunInfo *info)
{
        uint64_t start = 0;
        char boot_id[64];

        read_boot_id(boot_id, sizeof boot_id);
        return info->recorder_pid > 0 && info->boot_id && text_equal(info->boot_id, boot_id) &&
               run_process_start_ns(info->recorder_pid, &start) == 0 &&
               start == info->recorder_start_ns;
}

int run_info_fill_host(RunInfo *info)
{
        struct utsname name;
        struct sysinfo memory;
        char boot_id[64], cwd[PATH_MAX];

        if (uname(&name) < 0 || sysinfo(&memory) < 0)
                return -errno;
        read_boot_id(boot_id, sizeof boot_id);
        info->cpus = (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
        info->memory_bytes = (uint64_t)memory.totalram * memory.mem_unit;
        info->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
        info->recorder_pid = getpid();
        if (run_process_start_ns(getpid(), &info->recorder_start_ns) < 0)
                info->recorder_start_ns = RUN_UNKNOWN;
        if (replace(&info->host, name.nodename) < 0 || replace(&info->kernel, name.release) < 0 ||
            replace(&info->machine, name.machine) < 0 ||
            replace(&info->boot_id, boot_id[0] ? boot_id : NULL) < 0 ||
            replace(&info->cwd, getcwd(cwd, sizeof cwd)) < 0 ||
            replace(&info->vigia_version, VIGIA_VERSION) < 0 || user_name(getuid(), &info->user) < 0)
                return -ENOMEM;
        return 0;
}

int run_info_write(const RunInfo *info, int dirfd, Error *err)
{
        _cleanup_string_ String text = {0};
        bool durable = info->wall_ns != RUN_UNKNOWN && info->wall_ns >= DURABLE_WALL_NS;

        run_info_to_json(info, &text);
        if (text.failed)
                return error_set(err, ENOMEM, "out of memory");
        int r = file_replace(dirfd, "run.json", string_get(&text), text.size, durable);
        return r < 0 ? error_set_errno(err, r, "run.json") : 0;
}

int run_info_read(RunInfo *info, int dirfd, const char *shown_path, Error *err)
{
        char shown[PATH_MAX];
        Buffer text = {0};
        struct stat st;

        snprintf(shown, sizeof shown, "%s/run.json", shown_path);
        /* O_NONBLOCK: a fifo of that name must not hold us */
        _cleanup_close_ int fd =
                openat(dirfd, "run.json", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "%s", shown);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EBADMSG, "%s: not a regular file", shown);
        int r = file_read_all(fd, &text, RUN_JSON_MAX);
        if (r == -EFBIG)
                r = error_set(err, EBADMSG, "%s: larger than %d bytes", shown, RUN_JSON_MAX);
        else if (r < 0)
                error_set_errno(err, r, "%s", shown);
        else
                r = run_info_from_json(info, (char *)text.data, text.size, shown, err);
        buffer_done(&text);
        return r;
}
