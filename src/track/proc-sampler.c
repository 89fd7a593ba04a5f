/* One entry a process: its kept descriptors, and what was last seen, by which is decided
 * whether the dearer files need to be read again. */
#include "track/proc-sampler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/macros.h"

enum {
        TEXT_SIZE = 8192,      /* status with long lists of CPUs and nodes */
        STATUS_FAULTS = 16,    /* faults after which VmHWM is worth reading: 64 KiB */
        STATUS_READS = 64,     /* and at least every so many reads: swap moves without faults */
        IDLE_READS = 16,       /* io and fd count of a process that seems to sleep */
        FDS_READS = 4,         /* fd count of one that works */
};

typedef enum ProcFile { FILE_STAT, FILE_STATM, FILE_STATUS, FILE_IO, FILE_FD, FILES } ProcFile;

static const char *const file_names[FILES] = {"stat", "statm", "status", "io", "fd"};

typedef struct Entry {
        pid_t pid;
        int fds[FILES];      /* -1: not kept */
        bool refused[FILES]; /* no permission: not asked again */
        bool fresh;          /* nothing read yet */
        uint64_t start_ticks;
        uint64_t reads;
        uint64_t status_read, io_read, fds_read; /* `reads` when they were last read */
        uint64_t status_faults;                  /* minor_faults at that time */
        ProcStat stat;
        TrackSample sample;
} Entry;

struct ProcSampler {
        const Host *host;
        Map *entries; /* pid → Entry, owned */
        size_t fds_open, fds_max;
        uint64_t hz, page_size;
        bool counts_fds; /* st_size of /proc/PID/fd is the count (since Linux 6.2) */
        char text[TEXT_SIZE];
};

static void entry_close(ProcSampler *sampler, Entry *entry)
{
        for (size_t i = 0; i < FILES; i++) {
                if (entry->fds[i] >= 0)
                        sampler->fds_open--;
                entry->fds[i] = fd_close(entry->fds[i]);
        }
}

static int entry_new(ProcSampler *sampler, pid_t pid, Entry **ret)
{
        Entry *entry = calloc(1, sizeof *entry);
        int r;

        if (!entry)
                return -ENOMEM;
        entry->pid = pid;
        entry->fresh = true;
        for (size_t i = 0; i < FILES; i++)
                entry->fds[i] = -1;
        r = map_put(sampler->entries, (uint64_t)pid, entry);
        if (r < 0) {
                free(entry);
                return r;
        }
        *ret = entry;
        return 0;
}

void proc_sampler_forget(ProcSampler *sampler, pid_t pid)
{
        Entry *entry = map_remove(sampler->entries, (uint64_t)pid);

        if (entry) {
                entry_close(sampler, entry);
                free(entry);
        }
}

static bool host_counts_fds(const Host *host)
{
        char path[64];
        struct stat st;

        snprintf(path, sizeof path, "proc/%d/fd", (int)getpid());
        _cleanup_close_ int fd = host_open(host, path);
        return fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0;
}

int proc_sampler_new(const Host *host, ProcSampler **ret)
{
        _cleanup_(proc_sampler_freep) ProcSampler *sampler = calloc(1, sizeof *sampler);
        struct rlimit limit;
        int r;

        if (!sampler)
                return -ENOMEM;
        r = map_new(&sampler->entries);
        if (r < 0)
                return r;
        sampler->host = host;
        sampler->hz = (uint64_t)sysconf(_SC_CLK_TCK);
        sampler->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
        sampler->fds_max = 256;
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
                sampler->fds_max = (size_t)MIN(limit.rlim_cur, (rlim_t)65536) / 4;
        sampler->counts_fds = host_counts_fds(host);
        *ret = TAKE(sampler);
        return 0;
}

static bool drop_entry(uint64_t key, void *value, void *data)
{
        entry_close(data, value);
        free(value);
        return true;
}

ProcSampler *proc_sampler_free(ProcSampler *sampler)
{
        if (sampler) {
                if (sampler->entries)
                        map_remove_if(sampler->entries, drop_entry, sampler);
                map_free(sampler->entries);
                free(sampler);
        }
        return NULL;
}

/* The kept descriptor, or a new one: *ret_owned is -1 if it is kept, else to be closed. */
static int entry_open(ProcSampler *sampler, Entry *entry, ProcFile file, int *ret_owned)
{
        char path[64];
        int fd = entry->fds[file];

        *ret_owned = -1;
        if (fd >= 0)
                return fd;
        snprintf(path, sizeof path, "proc/%d/%s", (int)entry->pid, file_names[file]);
        fd = host_open(sampler->host, path);
        if (fd < 0)
                return fd;
        if (sampler->fds_open < sampler->fds_max) {
                entry->fds[file] = fd;
                sampler->fds_open++;
        } else {
                *ret_owned = fd;
        }
        return fd;
}

/* The text of a file into sampler->text; its length, PROC_GONE as -ESRCH, -EACCES or -EPERM
 * remembered. */
static ssize_t entry_read(ProcSampler *sampler, Entry *entry, ProcFile file)
{
        _cleanup_close_ int owned = -1;
        int fd;
        ssize_t n;

        if (entry->refused[file])
                return -EACCES;
        fd = entry_open(sampler, entry, file, &owned);
        n = fd < 0 ? fd : host_reread(fd, sampler->text, sizeof sampler->text);
        if (n == -EACCES || n == -EPERM)
                entry->refused[file] = true;
        return n == -ENOENT ? -ESRCH : n;
}

static uint64_t ticks_us(const ProcSampler *sampler, uint64_t ticks)
{
        return ticks * (1000000ull / sampler->hz);
}

/* A leader that ended before its threads shows no memory; any of the threads does. */
static int statm_of_thread(pid_t tid, void *data)
{
        ProcStatm *statm = ((void **)data)[0];
        ProcSampler *sampler = ((void **)data)[1];
        size_t size;

        return proc_file_read(sampler->host, tid, "statm", sampler->text, TEXT_SIZE, &size) == 0 &&
               proc_statm_parse(sampler->text, size, statm) == 0 && statm->resident > 0;
}

static int read_statm(ProcSampler *sampler, Entry *entry)
{
        TrackSample *sample = &entry->sample;
        ProcStatm statm = {0};
        uint64_t shared, shmem = sample->rss_shmem_bytes;
        ssize_t n = entry_read(sampler, entry, FILE_STATM);
        int r = n < 0 ? (int)n : proc_statm_parse(sampler->text, (size_t)n, &statm);

        if (r < 0)
                return r;
        if (entry->stat.state == 'Z')
                proc_threads_walk(sampler->host, entry->pid, statm_of_thread,
                                  (void *[]){&statm, sampler});
        shared = MIN(statm.shared, statm.resident) * sampler->page_size;
        sample->rss_anon_bytes = statm.resident * sampler->page_size - shared;
        sample->rss_shmem_bytes = MIN(shmem, shared); /* as status last said */
        sample->rss_file_bytes = shared - sample->rss_shmem_bytes;
        return 0;
}

/* All of it from status: exact parts and the high-water mark. -ENODATA: nothing there. */
static int read_status(ProcSampler *sampler, Entry *entry)
{
        TrackSample *sample = &entry->sample;
        ProcStatus status;
        ssize_t n = entry_read(sampler, entry, FILE_STATUS);
        int r = n < 0 ? (int)n : proc_status_parse(sampler->text, (size_t)n, &status);

        if (r < 0)
                return r;
        entry->status_read = entry->reads;
        entry->status_faults = entry->stat.minor_faults;
        if (status.rss_anon_bytes == PROC_UNKNOWN || status.rss_file_bytes == PROC_UNKNOWN)
                return -ENODATA;
        sample->rss_anon_bytes = status.rss_anon_bytes;
        sample->rss_file_bytes = status.rss_file_bytes;
        sample->rss_shmem_bytes =
                status.rss_shmem_bytes == PROC_UNKNOWN ? 0 : status.rss_shmem_bytes;
        sample->swap_bytes = status.swap_bytes; /* PROC_UNKNOWN is TRACK_UNKNOWN */
        sample->peak_rss_bytes = status.hwm_bytes;
        return 0;
}

static int read_memory(ProcSampler *sampler, Entry *entry, const ProcStat *before)
{
        TrackSample *sample = &entry->sample;
        const ProcStat *now = &entry->stat;
        uint64_t rss;
        int r = -ENODATA;

        /* A new address space (exec) shows in its size; a changed peak in faults. */
        if (entry->fresh || now->vsize_bytes != before->vsize_bytes ||
            now->minor_faults - entry->status_faults >= STATUS_FAULTS ||
            entry->reads - entry->status_read >= STATUS_READS)
                r = read_status(sampler, entry);
        else if (now->minor_faults == before->minor_faults && now->rss_pages == before->rss_pages)
                return 0;
        if (r == -ENODATA || r == -EACCES)
                r = read_statm(sampler, entry);
        if (r < 0)
                return r;
        rss = sample->rss_anon_bytes + sample->rss_file_bytes + sample->rss_shmem_bytes;
        if (sample->peak_rss_bytes != TRACK_UNKNOWN)
                sample->peak_rss_bytes = MAX(sample->peak_rss_bytes, rss);
        return 0;
}

static void read_io(ProcSampler *sampler, Entry *entry)
{
        ssize_t n = entry_read(sampler, entry, FILE_IO);
        ProcIo io;

        if (n < 0 || proc_io_parse(sampler->text, (size_t)n, &io) < 0)
                return; /* what was known stays; a process that just ended is told by stat */
        entry->io_read = entry->reads;
        entry->sample.read_bytes = io.read_bytes;
        entry->sample.write_bytes = io.write_bytes;
}

static void read_fd_count(ProcSampler *sampler, Entry *entry)
{
        _cleanup_close_ int owned = -1;
        struct stat st;
        int fd;

        if (!sampler->counts_fds || entry->refused[FILE_FD])
                return;
        fd = entry_open(sampler, entry, FILE_FD, &owned);
        if (fd == -EACCES || fd == -EPERM)
                entry->refused[FILE_FD] = true;
        entry->fds_read = entry->reads;
        if (fd >= 0 && fstat(fd, &st) == 0)
                entry->sample.fds = (uint32_t)MIN(st.st_size, (off_t)UINT32_MAX - 1);
}

static void read_rest(ProcSampler *sampler, Entry *entry, const ProcStat *before)
{
        const ProcStat *now = &entry->stat;
        bool idle = !entry->fresh && now->state == 'S' && before->state == 'S' &&
                    now->minor_faults == before->minor_faults &&
                    now->user_ticks == before->user_ticks &&
                    now->system_ticks == before->system_ticks;

        if (!idle || entry->reads - entry->io_read >= IDLE_READS)
                read_io(sampler, entry);
        if (entry->fresh || entry->reads - entry->fds_read >= (idle ? IDLE_READS : FDS_READS))
                read_fd_count(sampler, entry);
}

/* One try with the entry as it is. -ESRCH: the descriptors' process is gone. */
static int entry_sample(ProcSampler *sampler, Entry *entry, uint64_t start_ns)
{
        TrackSample *sample = &entry->sample;
        ssize_t n = entry_read(sampler, entry, FILE_STAT);
        ProcStat before = entry->stat;
        int r;

        if (n < 0)
                return (int)n;
        r = proc_stat_parse(sampler->text, (size_t)n, &entry->stat);
        if (r < 0)
                return r;
        if (start_ns != 0 && proc_start_ticks(start_ns, sampler->hz) != entry->stat.start_ticks)
                return -ESRCH;
        if (start_ns == 0 && !entry->fresh && entry->stat.start_ticks != before.start_ticks)
                return -ESRCH;
        if (proc_is_over(&entry->stat))
                return -ESRCH;
        if (entry->fresh)
                *sample = (TrackSample){.swap_bytes = TRACK_UNKNOWN,
                                        .peak_rss_bytes = TRACK_UNKNOWN,
                                        .read_bytes = TRACK_UNKNOWN,
                                        .write_bytes = TRACK_UNKNOWN,
                                        .fds = UINT32_MAX};
        sample->pid = entry->pid;
        sample->start_ns =
                start_ns ? start_ns : proc_start_ns(entry->stat.start_ticks, sampler->hz);
        sample->user_us = ticks_us(sampler, entry->stat.user_ticks);
        sample->system_us = ticks_us(sampler, entry->stat.system_ticks);
        sample->threads = entry->stat.threads;
        sample->minor_faults = entry->stat.minor_faults;
        entry->reads++;
        r = read_memory(sampler, entry, &before);
        if (r < 0)
                return r;
        read_rest(sampler, entry, &before);
        entry->fresh = false;
        return 0;
}

int proc_sampler_read(ProcSampler *sampler, pid_t pid, uint64_t start_ns, TrackSample *ret)
{
        Entry *entry = map_get(sampler->entries, (uint64_t)pid);
        bool known = entry;
        int r = 0;

        if (!entry)
                r = entry_new(sampler, pid, &entry);
        if (r == 0)
                r = entry_sample(sampler, entry, start_ns);
        /* Kept descriptors of an earlier holder of the pid, while the caller means a new one. */
        if (r == -ESRCH && known && start_ns != 0) {
                proc_sampler_forget(sampler, pid);
                r = entry_new(sampler, pid, &entry);
                if (r == 0)
                        r = entry_sample(sampler, entry, start_ns);
        }
        if (r < 0) {
                proc_sampler_forget(sampler, pid);
                return proc_error(r);
        }
        *ret = entry->sample;
        return 0;
}
