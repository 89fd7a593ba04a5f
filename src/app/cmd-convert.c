/* `vigia convert IN OUT`: one table file, or a tree of them, into another format. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/compression.h"
#include "app/progress.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "export/table-copy.h"

enum { DEPTH_MAX = 64 };

typedef struct Convert {
        TableCopy copy;
        struct stat output; /* of the output's root: never walked into */
        size_t n_converted, n_failed;
        int code; /* the worst so far */
} Convert;

/* Input that is wrong is 2, what could not be done is 3. */
static void failed(Convert *c, bool input, const Error *err)
{
        log_error("%s", err->message);
        c->n_failed++;
        c->code = MAX(c->code, input ? EXIT_USAGE : EXIT_CANNOT);
}

static int open_input(const char *path, int *ret, Error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "%s", path);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EINVAL, "%s is no regular file; expected a file%s", path,
                                 S_ISDIR(st.st_mode) ? ", or --recursive" : "");
        *ret = TAKE_FD(fd);
        return 0;
}

static void convert_file(Convert *c, TableFormat format, const char *from, const char *to)
{
        _cleanup_(table_reader_freep) TableReader *reader = NULL;
        _cleanup_close_ int fd = -1;
        Progress progress;
        Error err = {0};
        int r = open_input(from, &fd, &err);

        if (r == 0)
                r = table_reader_new(format, fd, from, &reader, &err);
        if (r < 0) {
                failed(c, r != -ENOMEM && r != -EOPNOTSUPP, &err);
                return;
        }
        progress_begin(&progress, from);
        c->copy.progress = progress_rows;
        c->copy.progress_data = &progress;
        r = table_copy(&c->copy, reader, to, &err);
        progress_end(&progress);
        if (r < 0)
                failed(c, !c->copy.output_failed && r != -ENOMEM && r != -EOPNOTSUPP, &err);
        else
                c->n_converted++;
}

/* Would two files of the folder become one? The names are sorted: look back over those that
 * begin alike. */
static const char *collision(char *const *names, size_t i)
{
        size_t stem = (size_t)(strrchr(names[i], '.') - names[i]);
        TableFormat unused;

        for (size_t k = i; k-- > 0 && strncmp(names[k], names[i], stem) == 0;)
                if (names[k][stem] == '.' && !strchr(names[k] + stem + 1, '.') &&
                    table_format_of_path(names[k], &unused) == 0)
                        return names[k];
        return NULL;
}

static void convert_folder(Convert *c, const char *from, const char *to, unsigned depth);

static void convert_entry(Convert *c, const char *from, const char *to, char *const *names, size_t i,
                          unsigned depth)
{
        _cleanup_string_ String input = {0}, output = {0};
        const char *name = names[i], *other;
        TableFormat format;
        struct stat st;
        Error err = {0};

        string_add_format(&input, "%s/%s", from, name);
        if (lstat(string_get(&input), &st) < 0)
                return; /* gone since */
        if (S_ISDIR(st.st_mode)) {
                string_add_format(&output, "%s/%s", to, name);
                convert_folder(c, string_get(&input), string_get(&output), depth + 1);
                return;
        }
        if (!S_ISREG(st.st_mode) || table_format_of_path(name, &format) < 0)
                return;
        other = collision(names, i);
        if (other) {
                error_set(&err, EEXIST, "%s: would overwrite what %s becomes; left out",
                          string_get(&input), other);
                failed(c, true, &err);
                return;
        }
        string_add_format(&output, "%s/%.*s%s", to, (int)(strrchr(name, '.') - name), name,
                          table_format_extension(c->copy.format));
        int r = directory_make(to, 0755);
        if (r < 0) {
                error_set_errno(&err, r, "%s", to);
                failed(c, false, &err);
                return;
        }
        convert_file(c, format, string_get(&input), string_get(&output));
}

static int is_name(const struct dirent *entry)
{
        return !text_equal(entry->d_name, ".") && !text_equal(entry->d_name, "..");
}

static void convert_folder(Convert *c, const char *from, const char *to, unsigned depth)
{
        struct dirent **entries = NULL;
        struct stat st;
        Error err = {0};

        if (depth > DEPTH_MAX) {
                error_set(&err, ELOOP, "%s: folders nested too deeply; expected at most %d", from, DEPTH_MAX);
                failed(c, true, &err);
                return;
        }
        if (stat(from, &st) == 0 && st.st_dev == c->output.st_dev &&
            st.st_ino == c->output.st_ino && depth > 0)
                return;
        int n = scandir(from, &entries, is_name, alphasort);
        if (n < 0) {
                error_set_errno(&err, errno, "%s", from);
                failed(c, true, &err);
                return;
        }
        _cleanup_free_ char **names = calloc((size_t)n + 1, sizeof *names);
        for (int i = 0; names && i < n; i++)
                names[i] = entries[i]->d_name;
        for (int i = 0; names && i < n; i++)
                convert_entry(c, from, to, names, (size_t)i, depth);
        for (int i = 0; i < n; i++)
                free(entries[i]);
        free(entries);
        if (!names) {
                error_set(&err, ENOMEM, "out of memory");
                failed(c, false, &err);
        }
}

static int convert_tree(Convert *c, const char *from, const char *to)
{
        struct stat st;
        Error err = {0};

        if (stat(from, &st) < 0 || !S_ISDIR(st.st_mode)) {
                error_set(&err, ENOTDIR, "%s: expected a folder, for --recursive", from);
                failed(c, true, &err);
                return c->code;
        }
        int r = directory_make(to, 0755);
        if (r < 0 || stat(to, &c->output) < 0) {
                error_set_errno(&err, r < 0 ? r : errno, "%s", to);
                failed(c, false, &err);
                return c->code;
        }
        convert_folder(c, from, to, 0);
        if (c->n_converted == 0 && c->n_failed == 0) {
                error_set(&err, ENOENT, "%s: no file ends in .csv, .json or .parquet", from);
                failed(c, true, &err);
        }
        return c->code;
}

/* The input's format is in its name; the output's too, or in --to. */
static int find_formats(const char *const *words, const char *to, bool recursive, TableFormat *ret_from,
                        TableFormat *ret_to, Error *err)
{
        *ret_from = FORMAT_CSV;
        if (to && table_format_parse(to, ret_to) < 0)
                return error_set(err, EINVAL, "convert: --to %s: expected csv, json or parquet", to);
        if (!recursive && table_format_of_path(words[0], ret_from) < 0)
                return error_set(err, EINVAL, "convert: %s: expected a name in .csv, .json or .parquet",
                                 words[0]);
        if (!to && recursive)
                return error_set(err, EINVAL, "convert: --recursive expects --to csv, json or parquet");
        if (!to && table_format_of_path(words[1], ret_to) < 0)
                return error_set(err, EINVAL,
                                 "convert: %s: expected a name in .csv, .json or .parquet, or --to",
                                 words[1]);
        return 0;
}

static int run_convert(const Command *command, int argc, char **argv)
{
        Convert c = {0};
        bool recursive = false;
        const char *to = NULL, *compression = NULL;
        const Option options[] = {
                {0, "to", "FORMAT", "csv, json or parquet; else OUT's ending", OPTION_TEXT, &to},
                {'r', "recursive", NULL, "IN and OUT are folders; the tree is kept", OPTION_FLAG, &recursive},
                {0, "compression", "NAME", COMPRESSION_HELP, OPTION_TEXT, &compression},
        };
        _cleanup_free_ char **words = NULL;
        size_t n_words;
        TableFormat from;
        Error err = {0};

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words,
                              &n_words, &err);
        if (r > 0)
                return EXIT_FINE;
        if (r == 0 && n_words != 2)
                r = error_set(&err, EINVAL, "convert: expected two names: IN and OUT");
        if (r == 0)
                r = find_formats((const char *const *)words, to, recursive, &from, &c.copy.format, &err);
        if (r == 0)
                r = compression_parse("convert", compression, c.copy.format, &c.copy.parquet, &err);
        if (r < 0)
                return usage_error(command, &err);
        if (recursive)
                return convert_tree(&c, words[0], words[1]);
        convert_file(&c, from, words[0], words[1]);
        return c.code;
}

const Command command_convert = {
        .name = "convert",
        .summary = "convert tables between csv, json and parquet",
        .usage = "[OPTIONS] IN OUT",
        .details = "Formats go by the names' endings: .csv, .json (.jsonl, .ndjson; a line a row)\n"
                   "and .parquet. OUT may be - with --to. In CSV an empty cell is null and \"\" is\n"
                   "empty text; what is quoted is text. Times are 2026-11-20T10:15:02.123456789Z.",
        .run = run_convert,
};
