/* Texts of cgroups, line by line; every field is checked against its bound before it is copied. */
#include "host/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

typedef struct Span {
        const char *at;
        size_t size;
} Span;

static bool span_is(Span s, const char *text)
{
        return strlen(text) == s.size && memcmp(s.at, text, s.size) == 0;
}

/* Takes what stands before the next `separator` off *rest; false when nothing is left. */
static bool span_next(Span *rest, char separator, Span *ret)
{
        if (!rest->at)
                return false;
        const char *end = rest->size ? memchr(rest->at, separator, rest->size) : NULL;
        if (!end) {
                *ret = *rest;
                *rest = (Span){NULL, 0};
                return true;
        }
        size_t n = (size_t)(end - rest->at);
        *ret = (Span){rest->at, n};
        *rest = (Span){end + 1, rest->size - n - 1};
        return true;
}

static bool span_list_has(Span list, char separator, const char *word)
{
        for (Span item; span_next(&list, separator, &item);)
                if (span_is(item, word))
                        return true;
        return false;
}

/* A path that may be used below a mount: absolute, no NUL, no "..", not a removed cgroup's. */
static int check_path(Span path)
{
        static const char deleted[] = " (deleted)";
        const size_t n_deleted = sizeof deleted - 1;
        Span parts = path;

        if (path.size == 0 || path.at[0] != '/' || memchr(path.at, '\0', path.size))
                return -ENOENT;
        if (path.size >= CGROUP_PATH_MAX)
                return -ENAMETOOLONG;
        if (path.size > n_deleted &&
            memcmp(path.at + path.size - n_deleted, deleted, n_deleted) == 0)
                return -EXDEV;
        for (Span part; span_next(&parts, '/', &part);)
                if (span_is(part, ".."))
                        return -EXDEV;
        return 0;
}

int cgroup_parse_path(const char *text, size_t size, const char *controller,
                      char ret[CGROUP_PATH_MAX])
{
        Span rest = {text, size};

        for (Span line; span_next(&rest, '\n', &line);) {
                Span id, controllers, path = line;
                if (!span_next(&path, ':', &id) || !span_next(&path, ':', &controllers) || !path.at)
                        continue;
                if (controller ? !span_list_has(controllers, ',', controller)
                               : !span_is(id, "0") || controllers.size != 0)
                        continue;
                int r = check_path(path);
                if (r < 0)
                        return r;
                memcpy(ret, path.at, path.size);
                ret[path.size] = '\0';
                return 0;
        }
        return -ENOENT;
}

static bool is_octal(char c)
{
        return c >= '0' && c <= '7';
}

/* mountinfo writes blank, tab, newline and backslash as \ooo. */
static int unescape(Span from, char ret[CGROUP_PATH_MAX])
{
        size_t n = 0;

        for (size_t i = 0; i < from.size; i++) {
                char c = from.at[i];
                if (c == '\\' && from.size - i > 3 && is_octal(from.at[i + 1]) &&
                    is_octal(from.at[i + 2]) && is_octal(from.at[i + 3])) {
                        c = (char)((from.at[i + 1] - '0') * 64 + (from.at[i + 2] - '0') * 8 +
                                   (from.at[i + 3] - '0'));
                        i += 3;
                }
                if (c == '\0')
                        return -EINVAL;
                if (n + 1 >= CGROUP_PATH_MAX)
                        return -ENAMETOOLONG;
                ret[n++] = c;
        }
        ret[n] = '\0';
        return n > 0 && ret[0] == '/' ? 0 : -EINVAL;
}

/* Whether a v1 mount carries controllers besides the one asked for. */
static bool is_alone(Span options, const char *controller)
{
        static const char *const controllers[] = {
                "blkio",   "cpu",      "cpuacct",    "cpuset", "debug",
                "devices", "freezer",  "hugetlb",    "memory", "misc",
                "net_cls", "net_prio", "perf_event", "pids",   "rdma",
        };

        for (size_t i = 0; i < ARRAY_LENGTH(controllers); i++)
                if (!text_equal(controllers[i], controller) &&
                    span_list_has(options, ',', controllers[i]))
                        return false;
        return true;
}

/* "36 35 98:0 /root /mnt rw,noatime shared:1 … - type source super-options". */
static int parse_mount_line(Span line, const char *controller, CgroupMount *ret)
{
        Span fields[6], field, type, source, options;

        for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
                if (!span_next(&line, ' ', &fields[i]))
                        return -ENOENT;
        do {
                if (!span_next(&line, ' ', &field))
                        return -ENOENT;
        } while (!span_is(field, "-"));
        if (!span_next(&line, ' ', &type) || !span_next(&line, ' ', &source) ||
            !span_next(&line, ' ', &options))
                return -ENOENT;
        if (!span_is(type, controller ? "cgroup" : "cgroup2") ||
            (controller && !span_list_has(options, ',', controller)))
                return -ENOENT;
        int r = unescape(fields[3], ret->root);
        if (r == 0)
                r = unescape(fields[4], ret->directory);
        if (r < 0)
                return r;
        ret->read_only = span_list_has(fields[5], ',', "ro") || span_list_has(options, ',', "ro");
        ret->alone = !controller || is_alone(options, controller);
        return 0;
}

int cgroup_parse_mount(const char *text, size_t size, const char *controller, CgroupMount *ret)
{
        Span rest = {text, size};
        bool found = false;
        CgroupMount mount;

        for (Span line; span_next(&rest, '\n', &line);) {
                if (parse_mount_line(line, controller, &mount) < 0)
                        continue;
                if (found && mount.read_only)
                        continue;
                *ret = mount;
                found = true;
                if (!mount.read_only)
                        break;
        }
        return found ? 0 : -ENOENT;
}

int cgroup_resolve(const CgroupMount *mount, const char *path, char ret[CGROUP_PATH_MAX])
{
        size_t n = strlen(mount->root), directory = strlen(mount->directory);

        if (text_equal(mount->root, "/"))
                n = 0;
        if (strncmp(path, mount->root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
                return -EXDEV;
        const char *below = path + n;
        if (text_equal(below, "/"))
                below = "";
        if (directory + strlen(below) >= CGROUP_PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(ret, mount->directory, directory);
        memcpy(ret + directory, below, strlen(below) + 1);
        return 0;
}

int cgroup_parse_value(const char *text, size_t size, uint64_t *ret)
{
        while (size > 0 && text[size - 1] == '\n')
                size--;
        if (size == 3 && memcmp(text, "max", 3) == 0) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_u64(text, size, ret);
}

int cgroup_parse_key(const char *text, size_t size, const char *key, uint64_t *ret)
{
        Span rest = {text, size};

        for (Span line; span_next(&rest, '\n', &line);) {
                Span name;
                if (span_next(&line, ' ', &name) && span_is(name, key))
                        return line.at ? parse_u64(line.at, line.size, ret) : -EINVAL;
        }
        return -ENOENT;
}

bool cgroup_has_word(const char *text, size_t size, const char *word)
{
        while (size > 0 && text[size - 1] == '\n')
                size--;
        return span_list_has((Span){text, size}, ' ', word);
}

int cgroup_next_pid(const char **text, const char *end, pid_t *ret)
{
        while (*text < end) {
                uint64_t pid = 0;
                int r = scan_u64(text, end, &pid);
                const char *newline = memchr(*text, '\n', (size_t)(end - *text));
                *text = newline ? newline + 1 : end;
                if (r == 0 && pid > 0 && pid <= INT32_MAX) {
                        *ret = (pid_t)pid;
                        return 0;
                }
        }
        return -ENOENT;
}

int cgroup_parse_slice(const char *path, const char *below, char ret[256])
{
        static const char suffix[] = ".slice";
        Span rest = {path, strlen(path)}, found = {NULL, 0};
        bool inside = !below;

        for (Span part; span_next(&rest, '/', &part);) {
                if (below && span_is(part, below)) {
                        inside = true;
                        found = (Span){NULL, 0};
                        continue;
                }
                if (part.size >= sizeof suffix && part.size < 256 &&
                    memcmp(part.at + part.size - (sizeof suffix - 1), suffix, sizeof suffix - 1) ==
                            0)
                        found = part;
                else if (part.size > 0)
                        break; /* what lies inside of a service or scope is not systemd's */
        }
        if (!inside || !found.at)
                return -ENOENT;
        memcpy(ret, found.at, found.size);
        ret[found.size] = '\0';
        return 0;
}
