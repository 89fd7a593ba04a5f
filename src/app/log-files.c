/* Patterns by glob(3); a word that matches nothing is a file that is not there. */
#include "app/log-files.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

enum { FILES_MAX = 4096, NAMES_SHOWN = 3 };

bool log_files_is_one(const char *word)
{
        struct stat st;

        if (stat(word, &st) == 0)
                return !S_ISDIR(st.st_mode);
        return strpbrk(word, "*?[") != NULL;
}

static int find_files(char *const *words, size_t n, glob_t *found, Error *err)
{
        for (size_t i = 0; i < n; i++) {
                int r = glob(words[i], i > 0 ? GLOB_APPEND : 0, NULL, found);
                if (r == GLOB_NOMATCH)
                        return error_set(err, ENOENT, "%s: no such file", words[i]);
                if (r != 0)
                        return error_set(err, ENOMEM, "%s: cannot be looked up", words[i]);
                if (found->gl_pathc > FILES_MAX)
                        return error_set(err, E2BIG, "more than %d files", FILES_MAX);
        }
        return 0;
}

static void tell_bad(const MemoryLog *log)
{
        char bad[FORMAT_MAX], all[FORMAT_MAX];

        if (log->bad > 0)
                log_warning("%s of %s rows left out; the first: %s", format_count(bad, log->bad),
                            format_count(all, log->bad + log->good), log->first_bad);
}

int log_files_read(char *const *words, size_t n, MemoryLog *ret, String *names, Error *err)
{
        glob_t found = {0};
        int r = memory_log_init(ret);

        if (r < 0)
                return error_set(err, r, "out of memory");
        r = find_files(words, n, &found, err);
        for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
                r = memory_log_read(ret, found.gl_pathv[i], err);
                if (i < NAMES_SHOWN)
                        string_add_format(names, "%s%s", i ? ", " : "", found.gl_pathv[i]);
                else if (i + 1 == found.gl_pathc)
                        string_add_format(names, " and %zu more", i + 1 - NAMES_SHOWN);
        }
        globfree(&found);
        if (r == 0)
                r = memory_log_finish(ret, err);
        if (r == 0)
                tell_bad(ret);
        else
                memory_log_done(ret);
        return r;
}
