/* Lines are what a terminal would show: up to '\n', what stood before a lone '\r' is left out. */
#include "report/run-facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/last-lines.h"

DetectFacts detect_facts(const RunInfo *info)
{
        return (DetectFacts){
                .memory_bytes = info->memory_bytes == RUN_UNKNOWN ? DETECT_UNKNOWN : info->memory_bytes,
                .cpus = info->cpus,
                .interval_ns = info->interval_ns == RUN_UNKNOWN ? DETECT_UNKNOWN : info->interval_ns,
                .wall_ns = info->wall_ns == RUN_UNKNOWN ? DETECT_UNKNOWN : info->wall_ns,
                .exit_code = info->exit_code,
                .exit_signal = info->exit_signal,
                .attached = !info->command,
                .timed_out = info->timed_out,
                .complete = info->complete,
                .cgroup_v1 = info->cgroup && strncmp(info->cgroup, "v1 ", 3) == 0,
        };
}

/* A word that a shell takes as it stands. */
static bool is_plain(const char *text)
{
        return *text && *text != '-' &&
               text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=:,@%+-")] == '\0';
}

void detect_facts_name(DetectFacts *facts, const char *path)
{
        _cleanup_free_ char *runs = NULL;
        const char *name = path ? strrchr(path, '/') : NULL;

        if (!path)
                return;
        /* By its id where runs live, else by where it is. */
        if (name && runs_directory(&runs) == 0 && strlen(runs) == (size_t)(name - path) && strncmp(path, runs, strlen(runs)) == 0)
                path = name + 1;
        if (!is_plain(path) || !text_copy(facts->run, sizeof facts->run, path))
                facts->run[0] = '\0';
}

/* A program that writes to a terminal puts colours into its sentences. */
static void give_line(Detect *detect, const char *line, size_t size)
{
        _cleanup_string_ String plain = {0};

        if (size > 0 && line[size - 1] == '\r')
                size--;
        const char *over = memrchr(line, '\r', size);
        if (over) {
                size -= (size_t)(over + 1 - line);
                line = over + 1;
        }
        if (size > 0 && memchr(line, '\033', size)) {
                string_add_terminal_line(&plain, line, size);
                line = string_get(&plain);
                size = plain.size;
        }
        if (size > 0)
                detect_output(detect, line, size);
}

/* `skip`: the first line is the rest of one. */
static void give_lines(Detect *detect, const char *text, size_t size, bool skip)
{
        while (size > 0) {
                const char *end = memchr(text, '\n', size);
                size_t n = end ? (size_t)(end - text) : size;
                if (!skip)
                        give_line(detect, text, n);
                skip = false;
                text += MIN(n + 1, size);
                size -= MIN(n + 1, size);
        }
}

static void give_part(Detect *detect, int fd, off_t from, char *room)
{
        size_t n = 0;
        ssize_t got;

        while (n < REPORT_OUTPUT_BYTES && (got = pread(fd, room + n, REPORT_OUTPUT_BYTES - n, from + (off_t)n)) != 0) {
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return;
                n += (size_t)got;
        }
        give_lines(detect, room, n, from > 0);
}

void report_read_output(RunReader *reader, Detect *detect)
{
        const char *path = run_reader_path(reader);
        _cleanup_close_ int dir = path && detect_wants_output(detect) ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
        _cleanup_close_ int fd = dir < 0 ? -1 : openat(dir, "output.log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
                return;
        _cleanup_free_ char *room = malloc(REPORT_OUTPUT_BYTES);
        if (!room)
                return;
        give_part(detect, fd, 0, room);
        if (st.st_size > REPORT_OUTPUT_BYTES)
                give_part(detect, fd, MAX(st.st_size - REPORT_OUTPUT_BYTES, (off_t)REPORT_OUTPUT_BYTES), room);
}
