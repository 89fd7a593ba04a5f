/* Types that hold no files of people, or are images that are always full, are left out by name; a
 * type that is not known is thought to be a local disk. */
#include "host/mount-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "host/mount-text.h"

static bool is_one_of(TextPart field, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (text_part_is(field, words[i]))
                        return true;
        return false;
}

/* No files, or those of the kernel; and images, which are full by nature. */
static bool is_left_out(TextPart type)
{
        static const char *const types[] = {
                "autofs",     "bdev",      "binder",     "binfmt_misc", "bpf",       "cgroup",
                "cgroup2",    "configfs",  "cpuset",     "cramfs",      "debugfs",   "devpts",
                "devtmpfs",   "efivarfs",  "erofs",      "fusectl",     "hugetlbfs", "iso9660",
                "mqueue",     "nfsd",      "nsfs",       "nullfs",      "pipefs",    "proc",
                "pstore",     "ramfs",     "resctrl",    "rootfs",      "rpc_pipefs", "securityfs",
                "selinuxfs",  "smackfs",   "sockfs",     "spufs",       "squashfs",  "sysfs",
                "tracefs",    "udf",       "xenfs",
        };
        static const char *const fuse[] = {"fuse.portal", "fuse.gvfsd-fuse", "fuse.lxcfs",
                                           "fuse.snapfuse", "fuse.squashfuse"};

        return is_one_of(type, types, ARRAY_LENGTH(types)) ||
               is_one_of(type, fuse, ARRAY_LENGTH(fuse));
}

static MountKind kind_of(TextPart type)
{
        static const char *const remote[] = {
                "9p",   "acfs", "afs",    "beegfs", "ceph", "cifs",   "coda",     "gfs2",
                "gpfs", "lustre", "ncpfs", "nfs",   "nfs4", "ocfs2",  "orangefs", "pvfs2",
                "smb3", "smbfs", "virtiofs", "vboxsf", "vmhgfs",
        };

        if (text_part_is(type, "fuse") || text_part_is(type, "fuseblk") ||
            text_part_begins(type, "fuse."))
                return MOUNT_FUSE;
        return is_one_of(type, remote, ARRAY_LENGTH(remote)) ? MOUNT_REMOTE : MOUNT_LOCAL;
}

static bool is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_wanted(const MountLine *line, const char *directory)
{
        static const char *const engine[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};

        if (text_equal(directory, "/"))
                return true;
        if (is_left_out(line->type))
                return false;
        if (text_part_is(line->type, "overlay")) /* a container's: its disk has a row already */
                return false;
        for (size_t i = 0; i < ARRAY_LENGTH(engine); i++) /* files that container engines bind */
                if (text_equal(directory, engine[i]))
                        return false;
        if (text_part_is(line->type, "tmpfs")) /* of people; not of services, and of pods by hundreds */
                return !text_part_in_list(line->options, ',', "ro") && !is_below(directory, "/run") &&
                       !is_below(directory, "/var/lib") &&
                       !is_below(directory, "/sys") && !is_below(directory, "/proc") &&
                       (!is_below(directory, "/dev") || text_equal(directory, "/dev/shm"));
        return true;
}

static char *copy_field(TextPart field)
{
        char *text = malloc(field.size + 1);

        if (!text || mount_field_unescape(field, text, field.size + 1) >= 0)
                return text;
        free(text);
        return NULL;
}

static void entry_done(MountEntry *entry)
{
        free(entry->directory);
        free(entry->source);
        free(entry->type);
}

/* Whether `a` is the better name for the file system that both show. */
static bool is_better(const MountEntry *a, const MountEntry *b)
{
        if (a->whole != b->whole)
                return a->whole;
        return strlen(a->directory) < strlen(b->directory);
}

/* Takes the entry over, or drops it. */
static int list_add(MountList *list, MountEntry *entry)
{
        for (size_t i = 0; i < list->n; i++) {
                MountEntry *other = &list->entries[i];
                if (other->major != entry->major || other->minor != entry->minor)
                        continue;
                if (is_better(entry, other)) {
                        MountEntry worse = *other;
                        *other = *entry;
                        *entry = worse;
                }
                entry_done(entry);
                return 0;
        }
        if (list->n == MOUNT_LIST_MAX) {
                list->cut = true;
                entry_done(entry);
                return 0;
        }
        MountEntry *more = array_grow(list->entries, &list->capacity, list->n, sizeof *more);
        if (!more) {
                entry_done(entry);
                return -ENOMEM;
        }
        list->entries = more;
        list->entries[list->n++] = *entry;
        return 0;
}

/* A later line covers what is mounted at the same folder. */
static void list_cover(MountList *list, const char *directory)
{
        size_t kept = 0;

        for (size_t i = 0; i < list->n; i++) {
                if (text_equal(list->entries[i].directory, directory))
                        entry_done(&list->entries[i]);
                else
                        list->entries[kept++] = list->entries[i];
        }
        list->n = kept;
}

static int list_take(MountList *list, const MountLine *line)
{
        char directory[MOUNT_PATH_MAX];

        if (mount_field_unescape(line->directory, directory, sizeof directory) < 0)
                return 0;
        list_cover(list, directory);
        if (!is_wanted(line, directory))
                return 0;
        MountEntry entry = {
                .directory = strdup(directory),
                .source = copy_field(line->source),
                .type = copy_field(line->type),
                .kind = kind_of(line->type),
                .major = line->major,
                .minor = line->minor,
                .whole = text_part_is(line->root, "/"),
        };
        if (entry.directory && entry.source && entry.type)
                return list_add(list, &entry);
        entry_done(&entry);
        return 0; /* a NUL in a name, or no memory for it: one mount less */
}

int mount_list_read(const char *text, size_t size, MountList *ret)
{
        const char *at = text;
        MountList list = {0};
        MountLine line;
        int r = 0;

        while (r == 0 && mount_line_next(&at, text + size, &line))
                r = list_take(&list, &line);
        if (r < 0) {
                mount_list_done(&list);
                return r;
        }
        *ret = list;
        return 0;
}

void mount_list_done(MountList *list)
{
        for (size_t i = 0; i < list->n; i++)
                entry_done(&list->entries[i]);
        free(list->entries);
        *list = (MountList){0};
}
