/*
 * Who is in the run. A source (bpf, perf, poll) tells of processes that fork, exec and exit;
 * process-table.h makes them into images with identity (pid, start time). One interface, so
 * that the best source that works can be taken and any be forced.
 *
 * Life of a source: open (everything slow, before the command is forked) → start (the command
 * is forked and held before exec) → per tick: drain, then sample → close. Event times are
 * CLOCK_MONOTONIC ns; start times CLOCK_BOOTTIME ns (task_struct.start_boottime; field 22 of
 * /proc/PID/stat in clock ticks).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "host/host.h"
#include "loop/loop.h"

#define TRACK_UNKNOWN UINT64_MAX

/* Totals of a process since its fork, all threads, dead ones too; TRACK_UNKNOWN where the
 * source cannot know. getrusage(2), /proc/PID/io. */
typedef struct TrackFigures {
        uint64_t cpu_ns, user_ns, system_ns;
        uint64_t minor_faults, major_faults;
        uint64_t voluntary_switches, involuntary_switches;
        uint64_t read_bytes, write_bytes, read_chars, write_chars;
} TrackFigures;

typedef enum TrackEventType {
        TRACK_FOUND, /* existed before: attach. As FORK, with comm and figures so far */
        TRACK_FORK,  /* a new process (not a thread) */
        TRACK_EXEC,
        TRACK_CWD,   /* its working directory at the exec just told of */
        TRACK_COMM,  /* renamed itself (prctl) */
        TRACK_EXIT,  /* its last thread is gone */
        TRACK_FINAL, /* bpf: reaped; the figures now include its teardown */
        TRACK_OOM,   /* chosen by the OOM killer */
} TrackEventType;

typedef enum TrackSentBy {
        TRACK_BY_UNKNOWN,
        TRACK_BY_PROCESS, /* kill(2) and its like */
        TRACK_BY_KERNEL,  /* pid and comm: whose doing it comes of, if anybody's */
} TrackSentBy;

/* Who sent the signal that ended a process. */
typedef struct TrackSender {
        TrackSentBy by;
        pid_t pid; /* 0: not visible from here */
        char comm[16];
} TrackSender;

typedef struct TrackEvent {
        TrackEventType type;
        pid_t pid;
        uint64_t time_ns;
        uint64_t start_ns;         /* of the process; 0: the source does not know, go by pid */
        pid_t ppid;                /* FOUND, FORK; 0 unknown */
        int64_t uid;               /* FOUND, FORK, EXEC; -1 unknown */
        char comm[16];             /* FOUND, FORK, EXEC, COMM; may be "" */
        const char *exe;           /* EXEC: path of the program run, as given; NULL: read /proc */
        const char *cwd;           /* CWD */
        const char *cmdline;       /* EXEC: NUL-separated arguments; NULL: read /proc */
        size_t cmdline_size;
        bool cmdline_cut;          /* more than was copied */
        int wait_status;           /* EXIT: as wait(2); -1 unknown */
        uint64_t peak_rss_bytes;   /* EXIT: of the memory since the last exec.
                                      EXEC: of the image that just ended. Or TRACK_UNKNOWN */
        bool peak_exact;           /* else estimated */
        TrackSender sender;        /* EXIT by a signal */
        uint32_t threads_max;      /* EXIT; 0 unknown */
        TrackFigures figures;      /* EXEC, EXIT, FINAL, FOUND */
} TrackEvent;

/* Returns nothing: consumers keep their own errors. */
typedef void (*TrackEventFn)(const TrackEvent *event, void *data);

/* A process as it is at the tick. */
typedef struct TrackSample {
        pid_t pid;
        uint64_t start_ns; /* as in TrackEvent */
        uint64_t rss_anon_bytes, rss_file_bytes, rss_shmem_bytes, swap_bytes;
        uint64_t peak_rss_bytes; /* high-water mark since exec, or TRACK_UNKNOWN */
        uint64_t user_us, system_us, read_bytes, write_bytes;
        uint64_t minor_faults; /* 0 where not known */
        uint32_t threads, fds; /* UINT32_MAX unknown */
} TrackSample;

typedef void (*TrackSampleFn)(const TrackSample *sample, void *data);

typedef struct TrackScope {
        bool all;        /* the whole machine (attach -a) */
        bool watch_all;  /* tell of every process of the machine; the consumer picks (--match) */
        bool descendants; /* of what was added: default true */
        uint64_t interval_ns; /* of the ticks to come */
} TrackScope;

typedef struct TrackSource TrackSource;

typedef struct TrackOps {
        const char *name; /* bpf | perf | poll */
        bool partial;     /* short processes are missed */
        bool tells_final; /* sends TRACK_FINAL after each TRACK_EXIT */
        /* -EPERM, -EOPNOTSUPP …: does not work here, and why (for doctor: what to do). */
        int (*open)(TrackSource **ret, const Host *host, const TrackScope *scope, Error *why);
        /* The command's pid, alive and not yet exec'd. Not called for attach. */
        int (*start)(TrackSource *source, pid_t root, Error *err);
        /* attach: a process that exists (FOUND is delivered by the next drain), with its
         * descendants if the scope says so. -ESRCH: gone. -EOPNOTSUPP: source cannot attach. */
        int (*add)(TrackSource *source, pid_t pid, Error *err);
        /* No longer wanted: stop telling of it and what it will fork. May be NULL. */
        void (*remove)(TrackSource *source, pid_t pid);
        /* Delivers what happened, in time order. 0 or -errno. */
        int (*drain)(TrackSource *source, TrackEventFn fn, void *data);
        /* Delivers a sample of every process in scope that may have changed since its last one
         * (a process that slept need not be told of again). NULL or -EOPNOTSUPP: the caller reads
         * /proc itself (track/proc-sampler.h). */
        int (*sample)(TrackSource *source, TrackSampleFn fn, void *data);
        /* Readable when buffers are half full and a drain should not wait for the tick; NULL or -1: none. */
        int (*fd)(TrackSource *source);
        uint64_t (*lost)(TrackSource *source);
        TrackSource *(*close)(TrackSource *source);
} TrackOps;

struct TrackSource {
        const TrackOps *ops; /* embedded first in each source */
};

extern const TrackOps track_bpf_ops; /* absent builds answer open with -EOPNOTSUPP */
extern const TrackOps track_perf_ops;
extern const TrackOps track_poll_ops;

/* The ladder: bpf, perf, poll, or only `forced` ("bpf", "perf", "poll"; NULL: the ladder).
 * *why gets the reasons the better ones did not work ("" if the best did). */
int track_open(const char *forced, const Host *host, const TrackScope *scope, TrackSource **ret,
               Error *why);

static inline TrackSource *track_close(TrackSource *source)
{
        return source ? source->ops->close(source) : NULL;
}
static inline void track_closep(TrackSource **source)
{
        *source = track_close(*source);
}
