/* Both kinds of row share one table: what fills up, and what is slow. */
#include "monitor/disk-columns.h"


/* What an idle machine's logs do; what is stored is exact all the same. */
#define LEVEL     (4.0 * 1024 * 1024)
#define REQUESTS  256
#define NOISY_MS  500

static const Column disk_columns[N_DISK_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [DISK_MOUNT] = KEY("mount", TEXT, NONE, "where it is mounted; null: a row of a block device"),
        [DISK_DEVICE] = KEY("device", TEXT, NONE, "the block device, or what is mounted"),
        [DISK_FILESYSTEM] = WORDS("filesystem", "type of the file system"),
        [DISK_ANSWERS] = GAUGE("answers", BOOL, NONE,
                               "false: a server that does not say how full it is"),
        [DISK_SIZE_BYTES] = GAUGE("size_bytes", U64, BYTES, "size of the file system"),
        [DISK_USED_BYTES] = GAUGE_NOISY("used_bytes", U64, BYTES, LEVEL, "taken"),
        [DISK_AVAILABLE_BYTES] = GAUGE_NOISY("available_bytes", U64, BYTES, LEVEL,
                                             "free for users other than root"),
        [DISK_INODES] = GAUGE_NOISY("inodes", U64, COUNT, 1024,
                                    "most files it can hold; null: as many as fit"),
        [DISK_INODES_FREE] = GAUGE_NOISY("inodes_free", U64, COUNT, 1024, "of these, not used"),
        [DISK_STACKED] = GAUGE("stacked", BOOL, NONE,
                               "its I/O is counted at the devices it is made of, too"),
        [DISK_READS] = COUNTER_NOISY("reads", U64, COUNT, REQUESTS, "read requests done"),
        [DISK_READ_BYTES] = COUNTER_NOISY("read_bytes", U64, BYTES, LEVEL, "read"),
        [DISK_READ_MS] = COUNTER_NOISY("read_ms", U64, MS, NOISY_MS,
                                       "time of all read requests together"),
        [DISK_WRITES] = COUNTER_NOISY("writes", U64, COUNT, REQUESTS, "write requests done"),
        [DISK_WRITE_BYTES] = COUNTER_NOISY("write_bytes", U64, BYTES, LEVEL, "written"),
        [DISK_WRITE_MS] = COUNTER_NOISY("write_ms", U64, MS, NOISY_MS,
                                        "time of all write requests together"),
        [DISK_IN_FLIGHT] = GAUGE_NOISY("in_flight", U64, COUNT, NOISE_ANY, "requests under way"),
        [DISK_IO_MS] = COUNTER_NOISY("io_ms", U64, MS, NOISY_MS, "time with a request under way"),
        [DISK_WEIGHTED_MS] = COUNTER_NOISY(
                "weighted_ms", U64, MS, NOISE_ANY,
                "that time, times the requests under way: its growth over io_ms's is the queue"),
        [DISK_DISCARDS] = COUNTER_NOISY("discards", U64, COUNT, REQUESTS,
                                        "requests to forget blocks (trim)"),
        [DISK_DISCARD_BYTES] = COUNTER_NOISY("discard_bytes", U64, BYTES, NOISE_ANY, "forgotten"),
        [DISK_FLUSHES] = COUNTER_NOISY("flushes", U64, COUNT, REQUESTS,
                                       "flushes of the device's cache"),
        [DISK_FLUSH_MS] = COUNTER_NOISY("flush_ms", U64, MS, NOISY_MS, "time of all flushes together"),
};

const Schema disk_schema = {"disk", disk_columns, N_DISK_COLUMNS};

static void set_product(Batch *rows, size_t column, uint64_t a, uint64_t b)
{
        uint64_t product;

        if (!__builtin_mul_overflow(a, b, &product))
                batch_set_u64(rows, column, product);
}

int disk_add_mount(Batch *rows, const MonitorTick *tick, const MountEntry *mount,
                   const struct statvfs *figures)
{
        int r = monitor_row(rows, tick);

        if (r == 0)
                r = batch_set_textz(rows, DISK_MOUNT, mount->directory);
        if (r == 0)
                r = batch_set_textz(rows, DISK_DEVICE, mount->source);
        if (r == 0)
                r = batch_set_textz(rows, DISK_FILESYSTEM, mount->type);
        if (r < 0)
                return r;
        batch_set_bool(rows, DISK_ANSWERS, figures != NULL);
        if (!figures)
                return 0;
        set_product(rows, DISK_SIZE_BYTES, figures->f_blocks, figures->f_frsize);
        if (figures->f_bfree <= figures->f_blocks)
                set_product(rows, DISK_USED_BYTES, figures->f_blocks - figures->f_bfree,
                            figures->f_frsize);
        set_product(rows, DISK_AVAILABLE_BYTES, figures->f_bavail, figures->f_frsize);
        if (figures->f_files > 0) { /* btrfs and vfat have no such limit */
                batch_set_u64(rows, DISK_INODES, figures->f_files);
                batch_set_u64(rows, DISK_INODES_FREE, figures->f_ffree);
        }
        return 0;
}

int disk_add_device(Batch *rows, const MonitorTick *tick, const DiskStats *stats, bool stacked)
{
        int r = monitor_row(rows, tick);

        if (r == 0)
                r = batch_set_textz(rows, DISK_DEVICE, stats->name);
        if (r < 0)
                return r;
        batch_set_bool(rows, DISK_STACKED, stacked);
        batch_set_u64(rows, DISK_READS, stats->reads);
        set_product(rows, DISK_READ_BYTES, stats->read_sectors, DISK_SECTOR_BYTES);
        batch_set_u64(rows, DISK_READ_MS, stats->read_ms);
        batch_set_u64(rows, DISK_WRITES, stats->writes);
        set_product(rows, DISK_WRITE_BYTES, stats->write_sectors, DISK_SECTOR_BYTES);
        batch_set_u64(rows, DISK_WRITE_MS, stats->write_ms);
        batch_set_u64(rows, DISK_IN_FLIGHT, stats->in_flight);
        batch_set_u64(rows, DISK_IO_MS, stats->io_ms);
        batch_set_u64(rows, DISK_WEIGHTED_MS, stats->weighted_ms);
        if (stats->has_discards) {
                batch_set_u64(rows, DISK_DISCARDS, stats->discards);
                set_product(rows, DISK_DISCARD_BYTES, stats->discard_sectors, DISK_SECTOR_BYTES);
        }
        if (stats->has_flushes) {
                batch_set_u64(rows, DISK_FLUSHES, stats->flushes);
                batch_set_u64(rows, DISK_FLUSH_MS, stats->flush_ms);
        }
        return 0;
}
