/* Sorted by their starts, since names follow the wall clock of a time zone. */
#include "store/run-names.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"

enum { NAMES_MAX = 1 << 20, CANDIDATES_SHOWN = 6 };

typedef struct Listed {
        char *name;
        RunsEntry entry;
} Listed;

static int compare_listed(const void *a, const void *b)
{
        const Listed *x = a, *y = b;

        if (x->entry.start_ns != y->entry.start_ns)
                return x->entry.start_ns < y->entry.start_ns ? -1 : 1;
        if (x->entry.early != y->entry.early)
                return x->entry.early ? -1 : 1;
        return strcmp(x->name, y->name);
}

static int add_listed(Buffer *list, const char *name, RunsEntry entry)
{
        const Listed listed = {strdup(name), entry};
        int r = listed.name ? buffer_append(list, &listed, sizeof listed) : -ENOMEM;

        if (r < 0)
                free(listed.name);
        return r;
}

static int read_directory(const char *directory, RunsLookFn look, Buffer *list)
{
        _cleanup_closedir_ DIR *dir = opendir(directory);
        int r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (struct dirent *e; r == 0 && (e = readdir(dir)) && list->size / sizeof(Listed) < NAMES_MAX;) {
                RunsEntry entry = {0};
                if (e->d_name[0] != '.' && look(dirfd(dir), e->d_name, &entry))
                        r = add_listed(list, e->d_name, entry);
        }
        return r;
}

int run_names_list(const char *directory, RunsLookFn look, char ***ret)
{
        Buffer found = {0};
        int r = read_directory(directory, look, &found);
        Listed *list = (Listed *)(void *)found.data;
        size_t n = found.size / sizeof *list;
        char **names = r == 0 ? calloc(n + 1, sizeof *names) : NULL;

        if (n > 0)
                qsort(list, n, sizeof *list, compare_listed);
        for (size_t i = 0; i < n; i++) {
                if (names)
                        names[i] = list[i].name;
                else
                        free(list[i].name);
        }
        buffer_done(&found);
        if (!names)
                return r < 0 ? r : -ENOMEM;
        *ret = names;
        return 0;
}

void run_names_free(char **names)
{
        for (size_t i = 0; names && names[i]; i++)
                free(names[i]);
        free(names);
}

static int ambiguous(char *const *names, const char *given, const char *what, size_t n, Error *err)
{
        _cleanup_string_ String shown = {0};

        for (size_t i = 0, left = CANDIDATES_SHOWN; names[i] && left > 0; i++)
                if (text_starts_with(names[i], given)) {
                        string_add(&shown, shown.size ? ", " : "");
                        string_add_shown(&shown, names[i], 60, false);
                        left--;
                }
        if (n > CANDIDATES_SHOWN)
                string_add_format(&shown, " and %zu more", n - CANDIDATES_SHOWN);
        return error_set(err, ENOTUNIQ, "%s is ambiguous: %zu %s begin so: %s", given, n, what, string_get(&shown));
}

int run_names_find(char *const *names, const char *given, const char *what, const char **ret, Error *err)
{
        bool last = text_equal(given, "last");
        size_t n = 0;

        *ret = NULL;
        for (size_t i = 0; names[i]; i++) {
                bool whole = text_equal(names[i], given);
                if (!whole && !last && !(*given && text_starts_with(names[i], given)))
                        continue;
                *ret = names[i]; /* sorted: what is left is the newest */
                n++;
                if (whole)
                        return 0;
        }
        return n > 1 && !last ? ambiguous(names, given, what, n, err) : 0;
}

bool run_names_is_at(const char *path, const char *file)
{
        char whole[PATH_MAX];
        struct stat st;

        return (size_t)snprintf(whole, sizeof whole, "%s/%s", path, file) < sizeof whole && stat(whole, &st) == 0 &&
               S_ISREG(st.st_mode);
}

int run_names_resolve(const char *path, const char *file, const char *what, char **ret, Error *err)
{
        char folder[PATH_MAX];
        struct stat st;

        if (!text_copy(folder, sizeof folder, path))
                return error_set(err, ENAMETOOLONG, "%.60s…: too long for a path", path);
        size_t size = strlen(folder), n = strlen(file);
        if (size > n && folder[size - n - 1] == '/' && text_ends_with(folder, file)) /* the folder is meant */
                folder[size - n - 1] = '\0';
        if (stat(folder, &st) < 0)
                return error_set_errno(err, errno, "no %s at %s", what, folder);
        if (!run_names_is_at(folder, file))
                return error_set(err, ENOENT, "no %s at %s: it has no %s", what, folder, file);
        *ret = realpath(folder, NULL);
        return *ret ? 0 : error_set_errno(err, errno, "%s", folder);
}
