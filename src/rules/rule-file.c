/* Files: opening them with care, the rules in them, and the files that they include. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/text.h"
#include "rules/builtin-rules.h"
#include "rules/rule-set-internal.h"

/* Who names a file, for what is told of it. */
typedef struct Namer {
        const RuleFile *file; /* NULL: a person */
        TomlPlace place;
} Namer;

static int read_document(RuleSet *set, RuleFile *file, const char *text, size_t size, bool no_files);

/* ---- what can be included ---- */

static const BuiltinRules *find_builtin(const char *name)
{
        const BuiltinRules *b = builtin_rules;

        while (b->name && !text_equal(b->name, name))
                b++;
        return b->name ? b : NULL;
}

static bool is_same(const RuleFile *a, const RuleFile *b)
{
        if (a->builtin || b->builtin)
                return a->builtin && b->builtin && text_equal(a->name, b->name);
        return a->inode == b->inode && a->device == b->device && a->inode != 0;
}

/* What is wrong with a file as such is told where it is named. */
static int tell(RuleSet *set, const RuleFile *file, const Namer *by, const char *what)
{
        if (by->file)
                return rule_set_problem(set, by->file, by->place, "%s", what);
        return rule_set_problem(set, file, (TomlPlace){0}, "%s", what);
}

/* Adds the file. 0; 1: it was read before; -EINVAL: told; -ENOMEM. */
static int enter(RuleSet *set, const RuleFile *like, const Namer *by, RuleFile **ret)
{
        char what[PATH_MAX + 64];

        for (const RuleFile *f = by->file; f; f = f->parent)
                if (is_same(f, like)) {
                        snprintf(what, sizeof what, "%s includes itself%s%s; expected no cycle", f->name,
                                 f == by->file ? "" : " by way of ", f == by->file ? "" : by->file->name);
                        return tell(set, like, by, what);
                }
        for (size_t i = 0; i < set->n_files; i++)
                if (is_same(set->files[i], like))
                        return 1;
        if (like->depth > RULE_DEPTH_MAX || set->n_files == RULE_FILES_MAX) {
                snprintf(what, sizeof what, "too many includes; expected a depth of at most %d, and %d files",
                         RULE_DEPTH_MAX, RULE_FILES_MAX);
                return tell(set, like, by, what);
        }
        RuleFile *file = arena_allocate(&set->memory, sizeof *file);
        if (!file)
                return -ENOMEM;
        *file = *like;
        *ret = set->files[set->n_files++] = file;
        return 0;
}

static int read_builtin(RuleSet *set, const BuiltinRules *builtin, const Namer *by, size_t depth)
{
        char name[128];
        RuleFile *file = NULL;

        snprintf(name, sizeof name, "builtin/%s", builtin->name);
        const RuleFile like = {
                .name = arena_copy(&set->memory, name, strlen(name)),
                .builtin = true,
                .depth = depth,
                .parent = by->file,
        };
        int r = like.name ? enter(set, &like, by, &file) : -ENOMEM;
        return r == 0 ? read_document(set, file, builtin->text, builtin->size, true) : r;
}

/* ---- files ---- */

/* A pipe that a person names is read; what a file names is a plain file. */
static int open_file(const char *path, bool named, struct stat *st, int *ret)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (named ? 0 : O_NONBLOCK));

        if (fd < 0 || fstat(fd, st) < 0)
                return -errno;
        if (S_ISDIR(st->st_mode))
                return -EISDIR;
        if (!named && !S_ISREG(st->st_mode))
                return -EINVAL;
        *ret = TAKE_FD(fd);
        return 0;
}

static int read_path(RuleSet *set, const char *path, const Namer *by, size_t depth)
{
        _cleanup_close_ int fd = -1;
        RuleFile like = {.name = path, .depth = depth, .parent = by->file}, *file = NULL;
        char what[PATH_MAX + 128];
        Capabilities capabilities;
        Buffer text = {0};
        struct stat st;
        int r = capabilities_lower(&capabilities); /* what a user names, the user must be able to read */

        if (r == 0)
                r = open_file(path, !by->file, &st, &fd);
        capabilities_restore(&capabilities);
        if (r == 0) {
                like.device = st.st_dev;
                like.inode = st.st_ino;
                r = enter(set, &like, by, &file);
                if (r != 0)
                        return r;
                r = file_read_all(fd, &text, RULE_FILE_BYTES_MAX);
        }
        if (r == 0) {
                r = read_document(set, file, (const char *)text.data, text.size, false);
        } else if (r != -ENOMEM) {
                if (r == -EFBIG)
                        snprintf(what, sizeof what, "%s%smore than %d bytes; expected a rules file",
                                 by->file ? path : "", by->file ? ": " : "", RULE_FILE_BYTES_MAX);
                else
                        snprintf(what, sizeof what, "%s%s%s; expected a rules file", by->file ? path : "",
                                 by->file ? ": " : "", r == -EINVAL ? "no plain file" : strerror(-r));
                r = tell(set, &like, by, what);
        }
        buffer_done(&text);
        return r;
}

/* The path that `name` is for a file that includes it. */
static const char *resolve(RuleSet *set, const RuleFile *from, const char *name)
{
        const char *slash = strrchr(from->name, '/');
        _cleanup_string_ String path = {0};

        if (name[0] != '/' && slash && !from->builtin)
                string_add_bytes(&path, from->name, (size_t)(slash - from->name) + 1);
        string_add(&path, name);
        return path.failed ? NULL : arena_copy(&set->memory, string_get(&path), path.size);
}

/* ---- what is in a file ---- */

static int include_one(const RuleReading *reading, const TomlValue *value)
{
        RuleSet *set = reading->set;
        const Namer by = {reading->file, toml_place(value)};
        TomlText text;

        if (!toml_get_string(value, &text) || text.size == 0 || text.size >= PATH_MAX ||
            memchr(text.bytes, '\0', text.size))
                return rule_set_problem(set, reading->file, by.place,
                                        "include is %s; expected the path of a file, or \"builtin\"",
                                        toml_kind(value) == TOML_STRING ? "no path" : toml_kind_name(toml_kind(value)));
        const char *name = text.bytes;
        size_t depth = reading->file->depth + 1;
        if (text_equal(name, "builtin"))
                return read_builtin(set, &builtin_rules[0], &by, depth);
        bool prefixed = text_starts_with(name, "builtin/");
        if (prefixed || reading->file->builtin) {
                const BuiltinRules *b = find_builtin(prefixed ? name + strlen("builtin/") : name);
                if (b)
                        return read_builtin(set, b, &by, depth);
                return rule_set_problem(set, reading->file, by.place,
                                        "no built-in file of rules is called %.80s", name);
        }
        if (reading->no_files)
                return rule_set_problem(set, reading->file, by.place, "no file can be included here");
        const char *path = resolve(set, reading->file, name);
        return path ? read_path(set, path, &by, depth) : -ENOMEM;
}

static int include_all(const RuleReading *reading, const TomlValue *include)
{
        if (toml_kind(include) != TOML_ARRAY) {
                int r = include_one(reading, include);
                return r == -ENOMEM ? r : 0;
        }
        for (const TomlValue *v = toml_first(include); v; v = toml_next(v)) {
                int r = include_one(reading, v);
                if (r == -ENOMEM || reading->set->full)
                        return r == -ENOMEM ? r : 0;
        }
        return 0;
}

static int read_rules(const RuleReading *reading, const TomlValue *rules)
{
        RuleSet *set = reading->set;

        if (toml_kind(rules) != TOML_ARRAY) {
                rule_set_problem(set, reading->file, toml_place(rules), "rules is %s; expected [[rules]]",
                                 toml_kind_name(toml_kind(rules)));
                return 0;
        }
        Rule **more = realloc(set->rules, (set->n_rules + toml_count(rules) + 1) * sizeof *more);
        if (!more)
                return -ENOMEM;
        set->rules = more;
        for (const TomlValue *v = toml_first(rules); v && !set->full; v = toml_next(v)) {
                int r = 0;
                if (set->n_rules == RULES_MAX) {
                        rule_set_problem(set, reading->file, toml_place(v),
                                         "too many rules; expected at most %d in all files", RULES_MAX);
                        set->full = true;
                } else if (toml_kind(v) != TOML_TABLE) {
                        rule_set_problem(set, reading->file, toml_place(v), "a rule is %s; expected a table",
                                         toml_kind_name(toml_kind(v)));
                } else {
                        r = rule_read(reading, v);
                }
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

/* What else there is may be for another program, but a slip of the pen is not. */
static void tell_unknown(const RuleReading *reading, const TomlValue *value)
{
        const char *key = toml_key(value).bytes;
        Nearest nearest = nearest_to(key);
        char hint[NEAREST_HINT_MAX];

        nearest_offer(&nearest, "rules");
        nearest_offer(&nearest, "include");
        nearest_hint(&nearest, "", hint);
        if (hint[0])
                rule_set_problem(reading->set, reading->file, toml_key_place(value), "unknown key %.60s%s", key,
                                 hint);
        else
                rule_set_warn(reading->set, reading->file, toml_key_place(value),
                              "%.60s is not read; expected [[rules]] or include", key);
}

/* A file's own rules stand before those that it includes. */
static int read_contents(const RuleReading *reading)
{
        const TomlValue *root = toml_document_root(reading->document);
        const TomlValue *rules = toml_table_get(reading->document, root, "rules");
        const TomlValue *include = toml_table_get(reading->document, root, "include");

        for (const TomlValue *v = toml_first(root); v; v = toml_next(v))
                if (v != rules && v != include)
                        tell_unknown(reading, v);
        int r = rules ? read_rules(reading, rules) : 0;
        if (r == 0 && !rules && !include)
                rule_set_warn(reading->set, reading->file, (TomlPlace){0}, "no rules are in it; expected [[rules]]");
        return r == 0 && include ? include_all(reading, include) : r;
}

/* The parser's sentence has the file's name in front. */
static void tell_broken(RuleSet *set, const RuleFile *file, const char *sentence)
{
        size_t n = strlen(file->name);
        TomlPlace place = {0};
        uint64_t line, column;

        if (text_starts_with(sentence, file->name) && sentence[n] == ':') {
                const char *p = sentence + n + 1, *end = p + strlen(p);
                if (scan_u64(&p, end, &line) == 0 && *p == ':' && (p++, scan_u64(&p, end, &column) == 0) &&
                    text_starts_with(p, ": ")) {
                        place = (TomlPlace){(uint32_t)line, (uint32_t)column};
                        sentence = p + 2;
                }
        }
        rule_set_problem(set, file, place, "%s", sentence);
}

static int read_document(RuleSet *set, RuleFile *file, const char *text, size_t size, bool no_files)
{
        _cleanup_(toml_document_freep) TomlDocument *document = NULL;
        Error err = {0};
        int r = toml_parse(text, size, file->name, &document, &err);

        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                tell_broken(set, file, err.message);
                return 0;
        }
        const RuleReading reading = {set, file, text, size, document, no_files};
        r = read_contents(&reading);
        return r == -ENOMEM ? r : 0;
}

int rule_file_read(RuleSet *set, const char *name)
{
        const Namer nobody = {0};
        const char *kept = arena_copy(&set->memory, name, strlen(name));
        int r = !kept                            ? -ENOMEM
                : text_equal(name, "builtin")    ? read_builtin(set, &builtin_rules[0], &nobody, 0)
                                                 : read_path(set, kept, &nobody, 0);

        return r == -ENOMEM ? r : 0;
}

int rule_file_read_text(RuleSet *set, const char *name, const char *text, size_t size)
{
        RuleFile *file = arena_allocate(&set->memory, sizeof *file);

        if (!file || !(file->name = arena_copy(&set->memory, name, strlen(name))))
                return -ENOMEM;
        set->files[set->n_files++] = file;
        return read_document(set, file, text, size, true);
}
