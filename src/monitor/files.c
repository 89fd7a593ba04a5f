/* Open files: of the machine, and of each process of the run against its RLIMIT_NOFILE. Of a large
 * scope so many processes a second as cost little. proc(5): file-nr, inode-nr; fs/proc/fd.c. */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/proc-files.h"
#include "host/proc-limits.h"
#include "monitor/monitor.h"
#include "monitor/turns.h"

enum {
        PROCESS = MONITOR_FIRST,
        FDS,
        FDS_MAX,
        OPEN_FILES,
        OPEN_FILES_MAX,
        INODES,
        FREE_INODES,
        N_COLUMNS,
};

/* Of hundreds of processes few open or close anything: those have a row a minute. */
#define SAME_FDS 3.0
#define HOLDS_NS (60 * NS_PER_SECOND)

static const Column files_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [PROCESS] = KEY("process", U64, NONE, "which process of the run; null: the machine"),
        [FDS] = GAUGE_NOISY("fds", U64, COUNT, SAME_FDS, "descriptors the process has open"),
        [FDS_MAX] = GAUGE("fds_max", U64, COUNT,
                          "RLIMIT_NOFILE: how many it may have; null: any number"),
        [OPEN_FILES] = GAUGE_NOISY("open_files", U64, COUNT, 500, "open files of the machine"),
        [OPEN_FILES_MAX] = GAUGE("open_files_max", U64, COUNT, "how many it allows (file-max)"),
        [INODES] = GAUGE_NOISY("inodes", U64, COUNT, NOISE_ANY, "inodes in memory"),
        [FREE_INODES] = GAUGE_NOISY("free_inodes", U64, COUNT, NOISE_ANY, "of them not in use"),
};

static const Schema files_schema = {"files", files_columns, N_COLUMNS};

/* A size costs 1.3 µs, several in a cold cache; a count as much as there are descriptors. Limits seldom change. */
enum { MOST_BY_SIZE = 50, MOST_COUNTED = 25, COUNTED_AT_ONCE = 20000, KNOWN = 1024,
       LIMIT_HOLDS = 30 };

typedef struct Known {
        uint64_t process; /* 0: none */
        uint64_t fds_max; /* LIMIT_NONE: unlimited, or unknown */
        uint64_t fds, told_ns;
        unsigned uses;
} Known;

typedef struct FilesState {
        const Host *host;
        const MonitorScope *scope;
        int file_nr, inode_nr; /* inode_nr: -1 where there is none */
        bool by_size;
        Turns turns;
        Known known[KNOWN]; /* by key; a newer process takes an older one's place */
        /* Of the sample under way: */
        const MonitorTick *tick;
        Batch *rows;
        uint64_t counted;
        int result;
} FilesState;

static int files_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/sys/fs/file-nr", why);
}

static int files_start(void *state, const MonitorContext *context, Error *err)
{
        FilesState *s = state;

        s->file_nr = monitor_open_file(context, "proc/sys/fs/file-nr", err);
        if (s->file_nr < 0)
                return s->file_nr;
        s->inode_nr = host_open(context->host, "proc/sys/fs/inode-nr");
        s->host = context->host;
        s->scope = context->scope;
        s->by_size = proc_fds_have_size(context->host);
        return 0;
}

static Known *know(FilesState *s, const MonitorProcess *process)
{
        Known *known = &s->known[process->process % KNOWN];
        char text[4096];
        size_t size;

        if (known->process != process->process)
                *known = (Known){.process = process->process};
        if (known->uses++ % LIMIT_HOLDS > 0)
                return known;
        known->fds_max = LIMIT_NONE;
        if (proc_file_read(s->host, process->pid, "limits", text, sizeof text, &size) == 0)
                proc_limit_parse(text, size, "Max open files", &known->fds_max, NULL);
        return known;
}

static bool is_told(const Known *known, uint64_t fds, uint64_t now_ns)
{
        uint64_t change = fds > known->fds ? fds - known->fds : known->fds - fds;

        return known->told_ns > 0 && now_ns - known->told_ns < HOLDS_NS &&
               change <= (uint64_t)SAME_FDS;
}

static int add_process(const MonitorProcess *process, void *data)
{
        FilesState *s = data;
        uint64_t fds;

        if (!turns_take(&s->turns, process->process) || s->counted > COUNTED_AT_ONCE)
                return 0;
        /* Gone, or another user's: there is nothing to say. */
        if (proc_fds_count(s->host, process->pid, s->by_size, &fds) != 0)
                return 0;
        if (!s->by_size)
                s->counted += fds;
        Known *known = know(s, process);
        if (is_told(known, fds, s->tick->now_ns))
                return 0;
        s->result = monitor_row(s->rows, s->tick);
        if (s->result < 0)
                return 1;
        known->fds = fds;
        known->told_ns = s->tick->now_ns;
        batch_set_u64(s->rows, PROCESS, process->process);
        batch_set_u64(s->rows, FDS, fds);
        if (known->fds_max != LIMIT_NONE)
                batch_set_u64(s->rows, FDS_MAX, known->fds_max);
        return 0;
}

static int files_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        uint64_t files[3], inodes[2];
        FilesState *s = state;
        int r = sysctl_reread(s->file_nr, files, 3);

        if (r < 0)
                return error_set_errno(err, r, "/proc/sys/fs/file-nr");
        r = monitor_row(rows, tick);
        if (r < 0)
                return r;
        /* Allocated, of which unused (always 0 since 2.6), at most. */
        batch_set_u64(rows, OPEN_FILES, files[0] > files[1] ? files[0] - files[1] : 0);
        batch_set_u64(rows, OPEN_FILES_MAX, files[2]);
        if (sysctl_reread(s->inode_nr, inodes, 2) == 0) {
                batch_set_u64(rows, INODES, inodes[0]);
                batch_set_u64(rows, FREE_INODES, inodes[1]);
        }
        if (!s->scope)
                return 0;
        s->tick = tick;
        s->rows = rows;
        s->result = 0;
        s->counted = 0;
        turns_begin(&s->turns, s->by_size ? MOST_BY_SIZE : MOST_COUNTED);
        s->scope->each(s->scope, add_process, s);
        return s->result;
}

static void files_stop(void *state)
{
        FilesState *s = state;

        fd_close(s->file_nr);
        fd_close(s->inode_nr);
}

const Monitor monitor_files = {
        .name = "files",
        .what = "open files of the machine and of each process",
        .schema = &files_schema,
        .interval_us = 1000000,
        .state_size = sizeof(FilesState),
        .probe = files_probe,
        .start = files_start,
        .sample = files_sample,
        .stop = files_stop,
};
