/* How full the file systems are, one row for each as df(1) has it, and what the block devices do.
 * It runs in a thread of its own, for a disk may be slow; a mount of a server has one more, for a server
 * may be dead. mountinfo is read again when the kernel says that it changed. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "monitor/disk-asker.h"
#include "monitor/disk-columns.h"
#include "monitor/monitor.h"

enum {
        MOUNTINFO_MAX = 4 << 20,
        DISKSTATS_MAX = 256 << 10, /* some 2,000 devices */
        DEVICES_MAX = 1024,
        ASKERS_MAX = 16,
};

/* What does not change of a device, asked of /sys once. */
typedef struct KnownDevice {
        uint32_t major, minor;
        char name[DISK_NAME_MAX]; /* numbers are given again to others */
        bool partition, stacked;
} KnownDevice;

typedef struct DiskState {
        const Host *host;
        bool live, fuse;
        int mounts_fd;                      /* polled, not read */
        int stats_fd;                       /* -1: no block devices here */
        MountList mounts;
        DiskAsker *askers[MOUNT_LIST_MAX];  /* of the mount of that number; NULL: asked here */
        size_t n_askers;
        KnownDevice devices[DEVICES_MAX];
        size_t n_devices;
        char text[DISKSTATS_MAX];
} DiskState;

static int read_mounts(const Host *host, MountList *ret, Error *err)
{
        _cleanup_close_ int fd = host_open(host, "proc/self/mountinfo");
        Buffer text = {0};
        int r = fd < 0 ? fd : file_read_all(fd, &text, MOUNTINFO_MAX);

        if (r == 0 || r == -EFBIG) /* what is there of it */
                r = mount_list_read((const char *)text.data, text.size, ret);
        buffer_done(&text);
        return r < 0 ? error_set_errno(err, r, "/proc/self/mountinfo") : 0;
}

static bool is_asked_aside(const DiskState *s, const MountEntry *mount)
{
        return s->live && mount->kind != MOUNT_LOCAL && !text_equal(mount->directory, "/");
}

/* The thread that asks this mount already, taken from the list that was; or a new one. */
static DiskAsker *asker_of(DiskState *s, const MountEntry *mount, const MountList *before,
                           DiskAsker **askers)
{
        DiskAsker *asker = NULL;

        for (size_t i = 0; i < before->n; i++) {
                const MountEntry *other = &before->entries[i];
                if (askers[i] && other->major == mount->major && other->minor == mount->minor &&
                    text_equal(other->directory, mount->directory))
                        return TAKE(askers[i]);
        }
        if (s->n_askers < ASKERS_MAX && disk_asker_new(mount->directory, &asker) == 0)
                s->n_askers++;
        return asker;
}

static int mounts_refresh(DiskState *s, Error *err)
{
        MountList list = {0};
        DiskAsker *askers[MOUNT_LIST_MAX];
        int r = read_mounts(s->host, &list, err);

        if (r < 0)
                return r;
        memcpy(askers, s->askers, sizeof askers);
        for (size_t i = 0; i < list.n; i++) {
                const MountEntry *mount = &list.entries[i];
                bool aside = is_asked_aside(s, mount) && (mount->kind == MOUNT_REMOTE || s->fuse);
                s->askers[i] = aside ? asker_of(s, mount, &s->mounts, askers) : NULL;
        }
        for (size_t i = list.n; i < MOUNT_LIST_MAX; i++)
                s->askers[i] = NULL;
        for (size_t i = 0; i < s->mounts.n; i++) {
                s->n_askers -= askers[i] != NULL;
                disk_asker_free(askers[i]);
        }
        mount_list_done(&s->mounts);
        s->mounts = list;
        return 0;
}

static bool mounts_changed(const DiskState *s)
{
        struct pollfd fd = {.fd = s->mounts_fd, .events = POLLPRI};

        /* A recorded file cannot tell. */
        return !s->live || poll(&fd, 1, 0) < 0 || (fd.revents & (POLLERR | POLLPRI)) != 0;
}

static int disk_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/self/mountinfo", why);
}

static int disk_start(void *state, const MonitorContext *context, Error *err)
{
        DiskState *s = state;
        const MonitorSetting *fuse = monitor_setting(context, "fuse");

        s->host = context->host;
        s->live = host_is_live(context->host);
        s->fuse = fuse && fuse->number != 0;
        s->mounts_fd = monitor_open_file(context, "proc/self/mountinfo", err);
        if (s->mounts_fd < 0)
                return s->mounts_fd;
        int r = mounts_refresh(s, err);
        if (r < 0) {
                fd_close(s->mounts_fd);
                return r;
        }
        s->stats_fd = host_open(context->host, "proc/diskstats");
        return 0;
}

static int add_mount(DiskState *s, size_t i, const MonitorTick *tick, Batch *rows)
{
        const MountEntry *mount = &s->mounts.entries[i];
        struct statvfs figures = {0};
        int r;

        if (s->askers[i])
                r = disk_asker_ask(s->askers[i], &figures);
        else if (is_asked_aside(s, mount))
                return 0; /* FUSE, or one too many */
        else
                r = host_statvfs(s->host, mount->directory, &figures);
        if (r == 0 && figures.f_blocks > 0)
                return disk_add_mount(rows, tick, mount, &figures);
        return r < 0 && mount->kind == MOUNT_REMOTE ? disk_add_mount(rows, tick, mount, NULL) : 0;
}

/* NULL: there are too many. */
static const KnownDevice *known_device(DiskState *s, const DiskStats *stats)
{
        size_t i = 0;

        while (i < s->n_devices &&
               (s->devices[i].major != stats->major || s->devices[i].minor != stats->minor))
                i++;
        KnownDevice *known = &s->devices[i];
        if (i < s->n_devices && text_equal(known->name, stats->name))
                return known;
        if (i == DEVICES_MAX)
                return NULL;
        s->n_devices += i == s->n_devices;
        known->major = stats->major;
        known->minor = stats->minor;
        text_copy(known->name, sizeof known->name, stats->name);
        known->partition = disk_is_partition(s->host, stats->major, stats->minor);
        known->stacked = disk_is_stacked(s->host, stats->major, stats->minor);
        return known;
}

static int add_devices(DiskState *s, const MonitorTick *tick, Batch *rows)
{
        ssize_t n = s->stats_fd < 0 ? 0 : host_reread(s->stats_fd, s->text, sizeof s->text);
        DiskStats stats;
        int r = 0;

        if (n < 0)
                return (int)n;
        for (const char *at = s->text; r == 0 && disk_stats_next(&at, s->text + n, &stats);) {
                if (stats.reads == 0 && stats.writes == 0) /* loop devices by the dozen */
                        continue;
                const KnownDevice *known = known_device(s, &stats);
                if (known && !known->partition)
                        r = disk_add_device(rows, tick, &stats, known->stacked);
        }
        return r;
}

static int disk_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        DiskState *s = state;
        int r = mounts_changed(s) ? mounts_refresh(s, err) : 0;

        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < s->mounts.n; i++)
                r = add_mount(s, i, tick, rows);
        if (r == 0)
                r = add_devices(s, tick, rows);
        return r < 0 ? error_set_errno(err, r, "/proc/diskstats") : 0;
}

static void disk_stop(void *state)
{
        DiskState *s = state;

        for (size_t i = 0; i < s->mounts.n; i++)
                disk_asker_free(s->askers[i]);
        mount_list_done(&s->mounts);
        fd_close(s->mounts_fd);
        fd_close(s->stats_fd);
}

static const MonitorKey disk_keys[] = {
        {"fuse", MONITOR_KEY_BOOL,
         "ask FUSE mounts, too; one whose server hangs keeps vigia from ending (default: false)"},
        {NULL, 0, NULL},
};

const Monitor monitor_disk = {
        .name = "disk",
        .what = "how full disks are, and what block devices do",
        .schema = &disk_schema,
        .interval_us = 2000000,
        .blocking = true,
        .state_size = sizeof(DiskState),
        .keys = disk_keys,
        .probe = disk_probe,
        .start = disk_start,
        .sample = disk_sample,
        .stop = disk_stop,
};
