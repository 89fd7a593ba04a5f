/* File systems that fill up, by room or by inodes, and devices that cannot keep up. What was full before the
 * run and hardly changed is no more than a note: only growth that takes a good part of what was left matters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "detect/detect.h"
#include "detect/episode.h"
#include "detect/things.h"
#include "detect/window.h"

static const char *const disk_columns[] = {"t_ns", "mount", "device", "filesystem", "size_bytes", "used_bytes",
                                           "available_bytes", "inodes", "inodes_free", "reads", "read_ms", "writes",
                                           "write_ms", "io_ms", NULL};

static const DetectTable tables[] = {{"disk", disk_columns, false}, {NULL}};

/* Growth of less than this part of what was left at first is no matter of the run. */
#define GROWTH_MATTERS 0.1
#define SIZE_LEAST (64.0 * 1024 * 1024)
#define BUSY_RATIO 0.95
#define WAIT_LONG_MS 20.0
#define BUSY_LEAST_NS (20 * NS_PER_SECOND)

typedef struct Level { /* room, or inodes */
        Episode full;
        double first_left, first_ratio, worst_left, size;
        bool any;
        double first_used;
} Level;

typedef struct Mount {
        Level room, inodes;
        bool known, skip; /* not one that can matter, or a further name of another one */
        double size, used; /* at first: another name of the same file system has them, too */
} Mount;

typedef struct Device {
        Window busy, waits;
        Episode saturated;
        double worst_wait_ms;
} Device;

typedef struct Disk {
        Things mounts, devices;
} Disk;

/* ---- words ---- */

static bool matters(const Level *l, double used)
{
        return used - l->first_used >= GROWTH_MATTERS * l->first_left;
}

static void tell_mount(const char *mount, const Level *l, bool inodes, bool grew, Findings *out)
{
        char share[FORMAT_MAX], left[FORMAT_MAX], size[FORMAT_MAX], at[FORMAT_MAX], before[FORMAT_MAX];
        Severity severity = grew ? episode_severity(&l->full) : SEVERITY_INFO;
        Finding *f = findings_raise(out, inodes ? "inodes" : "disk-full", mount, severity, SURE_CERTAIN, l->full.first_ns);

        if (!f)
                return;
        if (inodes) {
                format_count(left, (uint64_t)MAX(l->worst_left, 0.0));
                format_count(size, (uint64_t)l->size);
        } else {
                format_bytes(left, (uint64_t)MAX(l->worst_left, 0.0));
                format_bytes(size, (uint64_t)l->size);
        }
        const char *already = f->severity == SEVERITY_INFO && l->full.from_the_start ? " already" : "";
        if (inodes)
                finding_title(f, "%s had%s %s of its inodes in use: %s of %s left", mount, already, format_percent(share, l->full.worst), left, size);
        else
                finding_title(f, "%s was%s %s full: %s of %s left", mount, already, format_percent(share, l->full.worst), left, size);
        finding_evidence(f, "fullest at %s; %s when the run began", format_moment(at, l->full.worst_ns),
                         format_percent(before, l->first_ratio));
        if (f->severity == SEVERITY_INFO) {
                finding_meaning(f, "the run took little of what was left");
        } else if (inodes) {
                finding_meaning(f, "without free inodes no file can be made there, however much room there is");
                finding_advice(f, "remove many small files: old build trees, caches");
        } else {
                finding_meaning(f, "a write to a full file system fails (ENOSPC), and so does what writes");
                finding_advice(f, "make room there, or build and record elsewhere");
        }
}

static void tell_device(const char *device, const Device *d, Findings *out)
{
        char at[FORMAT_MAX], length[FORMAT_MAX], share[FORMAT_MAX], wait[FORMAT_MAX];
        Finding *f = findings_raise(out, "disk-busy", device, SEVERITY_WARNING, SURE_LIKELY, d->saturated.first_ns);

        if (!f)
                return;
        f->until_ns = d->saturated.now == EPISODE_FINE ? d->saturated.last_ns : FINDING_NO_TIME;
        finding_title(f, "the disk %s could not keep up: it was never idle for %s, and a request took %s", device,
                      format_duration(length, d->saturated.total_ns), format_duration(wait, (uint64_t)(d->worst_wait_ms * 1e6)));
        finding_evidence(f, "busy %s of 10 s at %s, the mean of its requests' times is that of the slowest 10 s",
                         format_percent(share, d->saturated.worst), format_moment(at, d->saturated.worst_ns));
        finding_meaning(f, "what read or wrote there waited; whether that was the run or others, the device does not say");
        finding_advice(f, "use a faster disk or a tmpfs for what is written, or let fewer jobs write at once");
}

/* ---- rows ---- */

static void note_level(Level *l, const char *mount, bool inodes, int64_t t_ns, double used, double left, const Thresholds *t,
                       Findings *out)
{
        if (!(used >= 0) || !(left >= 0) || used + left <= 0)
                return;
        double ratio = used / (used + left);
        EpisodeLevel level = ratio > t->disk_critical_ratio  ? EPISODE_CRITICAL
                             : ratio > t->disk_warning_ratio ? EPISODE_WARNING
                                                             : EPISODE_FINE;

        if (!l->any)
                *l = (Level){.any = true, .first_left = left, .first_used = used, .first_ratio = ratio};
        bool worse = !(l->full.worst_level != EPISODE_FINE && ratio <= l->full.worst);
        bool news = episode_note(&l->full, t_ns, ratio, level, true);
        if (level == EPISODE_FINE)
                return;
        l->size = used + left;
        if (worse)
                l->worst_left = left;
        bool grew = matters(l, used);
        const Finding *before = findings_find(out, inodes ? "inodes" : "disk-full", mount);
        if (news || !before || (grew && before->severity == SEVERITY_INFO))
                tell_mount(mount, l, inodes, grew, out);
}

/* Images that are full by design, and file systems of the kernel's own. */
static bool type_matters(const Batch *rows, Cells type, size_t row)
{
        static const char *const full_by_design[] = {"squashfs", "iso9660", "erofs", "cramfs", "romfs", "udf", "efivarfs",
                                                     "fuse.snapfuse", "fuse.squashfuse", "fuse.AppImage", "devtmpfs", "ramfs"};

        for (size_t i = 0; i < ARRAY_LENGTH(full_by_design); i++)
                if (row_text_is(rows, type, row, full_by_design[i]))
                        return false;
        return true;
}

static bool is_another_name(const Disk *d, const Mount *mount)
{
        for (size_t i = 0; i < d->mounts.n; i++) {
                const Mount *other = d->mounts.items[i].state;
                if (other != mount && other->known && !other->skip && other->size == mount->size && other->used == mount->used)
                        return true;
        }
        return false;
}

typedef struct DiskCells {
        Cells at, mount, device, type, size, used, left, inodes, inodes_free, reads, read_ms, writes, write_ms, io_ms;
} DiskCells;

static void observe_mount(Disk *d, const DiskCells *c, const Batch *rows, size_t row, const Thresholds *t, Findings *out)
{
        size_t size;
        const char *name = row_text(rows, c->mount, row, &size);
        Mount *mount = things_get(&d->mounts, name, size, sizeof *mount);
        double all, used, left, inodes, unused;
        int64_t t_ns;

        if (!mount || !row_time(rows, c->at, row, &t_ns) || !row_number(rows, c->size, row, &all) ||
            !row_number(rows, c->used, row, &used) || !row_number(rows, c->left, row, &left))
                return;
        if (!mount->known) {
                mount->known = true;
                mount->size = all;
                mount->used = used;
                mount->skip = all < SIZE_LEAST || !type_matters(rows, c->type, row) || is_another_name(d, mount);
        }
        if (mount->skip)
                return;
        char text[THING_NAME_MAX + 1];
        size = MIN(size, (size_t)THING_NAME_MAX);
        memcpy(text, name, size);
        text[size] = '\0';
        note_level(&mount->room, text, false, t_ns, used, left, t, out);
        if (row_number(rows, c->inodes, row, &inodes) && row_number(rows, c->inodes_free, row, &unused) && unused <= inodes)
                note_level(&mount->inodes, text, true, t_ns, inodes - unused, unused, t, out);
}

/* Those that are no disks. */
static bool is_disk(const char *name, size_t size)
{
        static const char *const others[] = {"loop", "ram", "zram", "sr", "fd"};

        for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
                if (size > strlen(others[i]) && memcmp(name, others[i], strlen(others[i])) == 0 &&
                    name[strlen(others[i])] >= '0' && name[strlen(others[i])] <= '9')
                        return false;
        return size > 0;
}

static void observe_device(Disk *d, const DiskCells *c, const Batch *rows, size_t row)
{
        size_t size;
        const char *name = row_text(rows, c->device, row, &size);
        Device *device = is_disk(name, size) ? things_get(&d->devices, name, size, sizeof *device) : NULL;
        double reads, read_ms, writes, write_ms, io_ms, busy, wait;
        int64_t t_ns;

        if (!device || !row_time(rows, c->at, row, &t_ns) || !row_number(rows, c->reads, row, &reads) ||
            !row_number(rows, c->read_ms, row, &read_ms) || !row_number(rows, c->writes, row, &writes) ||
            !row_number(rows, c->write_ms, row, &write_ms) || !row_number(rows, c->io_ms, row, &io_ms))
                return;
        bool waits = window_add(&device->waits, t_ns, read_ms + write_ms, reads + writes, &wait);
        if (!window_add(&device->busy, t_ns, io_ms, (double)t_ns / 1e6, &busy) || !waits)
                return;
        /* One request after the other keeps a disk busy and well; it is too slow when each takes long. */
        bool saturated = busy >= BUSY_RATIO && wait >= WAIT_LONG_MS;
        episode_note(&device->saturated, t_ns, MIN(busy, 1.0), saturated ? EPISODE_WARNING : EPISODE_FINE, true);
        if (saturated)
                device->worst_wait_ms = MAX(device->worst_wait_ms, wait);
}

static int disk_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        const DiskCells c = {
                .at = cells_find(rows, "t_ns"), .mount = cells_find(rows, "mount"), .device = cells_find(rows, "device"),
                .type = cells_find(rows, "filesystem"), .size = cells_find(rows, "size_bytes"),
                .used = cells_find(rows, "used_bytes"), .left = cells_find(rows, "available_bytes"),
                .inodes = cells_find(rows, "inodes"), .inodes_free = cells_find(rows, "inodes_free"),
                .reads = cells_find(rows, "reads"), .read_ms = cells_find(rows, "read_ms"), .writes = cells_find(rows, "writes"),
                .write_ms = cells_find(rows, "write_ms"), .io_ms = cells_find(rows, "io_ms"),
        };

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t unused;
                if (cells_get(c.mount, row, &unused))
                        observe_mount(state, &c, rows, row, &context->thresholds, out);
                else
                        observe_device(state, &c, rows, row);
        }
        return 0;
}

/* With the worst that there was. */
static int disk_finish(void *state, const DetectContext *context, Findings *out)
{
        const Disk *d = state;

        for (size_t i = 0; i < d->mounts.n; i++) {
                const Mount *m = d->mounts.items[i].state;
                if (m->room.full.worst_level != EPISODE_FINE)
                        tell_mount(d->mounts.items[i].name, &m->room, false, false, out);
                if (m->inodes.full.worst_level != EPISODE_FINE)
                        tell_mount(d->mounts.items[i].name, &m->inodes, true, false, out);
        }
        for (size_t i = 0; i < d->devices.n; i++) {
                const Device *device = d->devices.items[i].state;
                if (device->saturated.total_ns >= BUSY_LEAST_NS)
                        tell_device(d->devices.items[i].name, device, out);
        }
        return 0;
}

static void disk_done(void *state)
{
        Disk *d = state;

        things_done(&d->mounts);
        things_done(&d->devices);
}

const Detector detector_disk = {
        .name = "disk",
        .tables = tables,
        .state_size = sizeof(Disk),
        .observe = disk_observe,
        .finish = disk_finish,
        .done = disk_done,
};
