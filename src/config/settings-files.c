/* Files of settings: which are believed, and read whole or not at all.
 *
 * A configuration can name commands to run and files to read, so a file that strangers could
 * have put there is not read: like git's safe.directory, but by owner and mode of the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "config/settings-internal.h"

/* sudo tells whose session it is; only root may believe it, being the only one whom nobody but
 * sudo (or a root that chose so) starts with it. */
static bool sudo_id(const char *variable, uint64_t *ret)
{
        const char *text = geteuid() == 0 ? getenv(variable) : NULL;

        return text && parse_u64z(text, ret) == 0;
}

/* 0, or -EPERM with the reason. Read is what root, we, or who called sudo may write, and nobody
 * else. */
static int trust(const struct stat *st, Error *why)
{
        uint64_t uid, gid;

        if (st->st_uid != 0 && st->st_uid != geteuid() &&
            !(sudo_id("SUDO_UID", &uid) && uid == st->st_uid))
                return error_set(why, EPERM, "it belongs to another user (uid %u)", st->st_uid);
        if (st->st_mode & S_IWOTH)
                return error_set(why, EPERM, "everybody may write it");
        if ((st->st_mode & S_IWGRP) && st->st_gid != 0 && st->st_gid != getegid() &&
            !(sudo_id("SUDO_GID", &gid) && gid == st->st_gid))
                return error_set(why, EPERM, "another group may write it (gid %u)", st->st_gid);
        return 0;
}

/* Opens what is to be read. 0; -ENOENT; -EPERM, -EACCES …: with the reason. */
static int open_file(const char *path, SettingReading reading, int *ret, Error *why)
{
        bool named = reading == SETTING_NAMED;
        _cleanup_close_ int fd =
                open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (named ? 0 : O_NONBLOCK));
        struct stat st;

        if (fd < 0)
                return error_set(why, errno, "%s", strerror(errno));
        if (fstat(fd, &st) < 0)
                return error_set(why, errno, "%s", strerror(errno));
        if (S_ISDIR(st.st_mode))
                return error_set(why, EISDIR, "it is a folder");
        if (!named && !S_ISREG(st.st_mode))
                return error_set(why, EPERM, "it is no plain file");
        int r = reading == SETTING_CAUTIOUS ? trust(&st, why) : 0;
        if (r == 0)
                *ret = TAKE_FD(fd);
        return r;
}

static SettingFile *insert(Settings *s, size_t before, SettingLayer layer, const char *name)
{
        size_t at = MIN(before, s->n_files);

        if (s->n_files == SETTING_FILES_MAX)
                return NULL;
        memmove(&s->files[at + 1], &s->files[at], (s->n_files - at) * sizeof *s->files);
        s->n_files++;
        s->files[at] = (SettingFile){
                .layer = layer,
                .state = SETTING_FILE_ABSENT,
                .name = settings_copy(s, name, strlen(name)),
        };
        return s->files[at].name ? &s->files[at] : NULL;
}

/* The parser's sentence has the place in it; nothing but the place is taken back out. */
static void tell_broken(Settings *s, const SettingFile *file, const char *sentence)
{
        SettingSource source = {.layer = file->layer, .name = file->name};
        const char *p = sentence;
        uint64_t line, column;

        if (text_starts_with(p, file->name) && p[strlen(file->name)] == ':') {
                p += strlen(file->name) + 1;
                const char *end = p + strlen(p);
                if (scan_u64(&p, end, &line) == 0 && *p++ == ':' && scan_u64(&p, end, &column) == 0 &&
                    text_starts_with(p, ": ")) {
                        source.place = (TomlPlace){(uint32_t)line, (uint32_t)column};
                        sentence = p + 2;
                }
        }
        settings_note(s, SETTING_PROBLEM, &source, "%s", sentence);
}

static int parse(Settings *s, SettingFile *file, const char *text, size_t size)
{
        Error err = {0};
        int r = toml_parse(text, size, file->name, &file->document, &err);

        file->state = r < 0 ? SETTING_FILE_BROKEN : SETTING_FILE_READ;
        if (r < 0 && r != -ENOMEM)
                tell_broken(s, file, err.message);
        return r == -ENOMEM ? r : 0;
}

int settings_read_file(Settings *s, SettingLayer layer, const char *path, const char *name,
                       SettingReading reading)
{
        Buffer text = {0};
        Error why = {0};
        Capabilities capabilities;
        int fd = -1;
        SettingFile *file = insert(s, SIZE_MAX, layer, name);

        if (!file)
                return -E2BIG;
        SettingSource source = {.layer = layer, .name = file->name};
        int r = capabilities_lower(&capabilities);
        if (r == 0)
                r = open_file(path, reading, &fd, &why);
        if (r == 0)
                r = file_read_all(fd, &text, TOML_BYTES_MAX);
        fd_close(fd);
        capabilities_restore(&capabilities);
        if (r == 0) {
                r = parse(s, file, (const char *)text.data, text.size);
        } else if (reading == SETTING_NAMED || r == -EFBIG) {
                file->state = SETTING_FILE_BROKEN;
                settings_note(s, SETTING_PROBLEM, &source, "%s: %s; expected a configuration file", name,
                              why.message[0] ? why.message : strerror(-r));
                r = 0;
        } else if (r != -ENOENT && r != -ENOTDIR) {
                file->state = SETTING_FILE_REFUSED;
                settings_note(s, SETTING_WARNING, &source, "%s is not read: %s", name,
                              why.message[0] ? why.message : strerror(-r));
                r = 0;
        }
        buffer_done(&text);
        return r == -ENOMEM ? r : 0;
}

int settings_read_text(Settings *s, SettingLayer layer, const char *name, const char *text,
                       size_t size, size_t before)
{
        SettingFile *file = insert(s, before, layer, name);

        return file ? parse(s, file, text, size) : -E2BIG;
}

/* A table or value of this name, '-' as '_'. */
static const TomlValue *child(const TomlValue *table, const char *name)
{
        if (!table || toml_kind(table) != TOML_TABLE)
                return NULL;
        for (const TomlValue *v = toml_first(table); v; v = toml_next(v))
                if (setting_name_equal(toml_key(v).bytes, name))
                        return v;
        return NULL;
}

const char *settings_peek(const Settings *s, const char *section, const char *key, size_t *ret_file)
{
        for (size_t i = s->n_files; i-- > 0;) {
                const TomlDocument *d = s->files[i].document;
                const TomlValue *v = d ? child(child(toml_document_root(d), section), key) : NULL;
                TomlText text;
                if (v && toml_get_string(v, &text)) {
                        *ret_file = i;
                        return text.bytes;
                }
        }
        return NULL;
}
