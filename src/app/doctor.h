/*
 * What works on this machine, found out by trying it, as facts that text, JSON and tests share.
 * Facts come from a Host and the capture sources; advice is a pure function of facts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "host/host.h"
#include "track/track.h"

#define DOCTOR_UNKNOWN   UINT64_MAX /* the kernel does not say */
#define DOCTOR_UNLIMITED (UINT64_MAX - 1)

enum { DOCTOR_SOURCES = 3, DOCTOR_LIBRARIES = 13, DOCTOR_RUN_MAX = 640, DOCTOR_ABSENT_MAX = 31 };

/* One way of capturing, tried. */
typedef struct DoctorSource {
        const char *name;
        bool exact; /* sees every process */
        bool works;
        int code;                 /* what open() returned */
        uint64_t open_us;         /* how long it took */
        Error why;                /* it does not work */
        char run[DOCTOR_RUN_MAX]; /* a command that would make it work; "": none known */
        char hint[256];           /* or what else would, in words */
} DoctorSource;

typedef struct DoctorLibrary {
        const char *name, *use;
        bool present;
} DoctorLibrary;

typedef struct DoctorLimit {
        uint64_t soft, hard;
} DoctorLimit;

/* What a command started here may use, and what of it is used. DOCTOR_UNKNOWN also where no such
 * limit is set. */
typedef struct DoctorRoom {
        uint64_t user_tasks;     /* threads of the user */
        uint64_t pids, pids_max; /* of the cgroup with the tightest pids.max, ours or above */
        char pids_path[256];
        uint64_t total_bytes, available_bytes, swap_total_bytes, swap_free_bytes;
        uint64_t cgroup_bytes, cgroup_max_bytes; /* likewise, of memory.max */
        char memory_path[256];
        uint64_t overcommit_mode, commit_limit_bytes, committed_bytes;
        uint64_t max_map_count, files_open, files_max;
        uint64_t fork_bytes;   /* the process that is asked about: */
        char fork_verdict[16]; /* "yes", "marginal", "no"; "": unknown */
        char fork_limit[32];   /* what would stop it */
        char fork_path[256];   /* in which cgroup; "": none */
        uint64_t fork_left_bytes, fork_left_tasks; /* one of them */
} DoctorRoom;

typedef struct Doctor {
        DoctorSource sources[DOCTOR_SOURCES]; /* best first */
        char release[128], machine[64];
        char executable[512];   /* this vigia, for setcap(8) */
        bool executable_nosuid; /* on a mount where file capabilities have no effect */
        uid_t uid;
        uint64_t capabilities, capabilities_bound; /* bits of capabilities(7) */
        bool seccomp;
        bool btf, psi;
        uint64_t perf_event_paranoid, unprivileged_bpf_disabled;
        char lockdown[32]; /* "none", "integrity", "confidentiality"; "": unknown */
        bool cgroup;
        char cgroup_shown[256];
        Error cgroup_why;
        uint64_t cgroup_us;
        DoctorLimit open_files, processes, locked_bytes;
        uint64_t pid_max, threads_max, tasks;
        DoctorRoom room;
        size_t monitors, monitors_work; /* of those that are on by default */
        /* Names of those that do not, ended by NULL; at most so many are told. */
        const char *monitors_absent[DOCTOR_ABSENT_MAX + 1];
        char hidepid[24]; /* "": everybody sees every process */
        DoctorLibrary libraries[DOCTOR_LIBRARIES];
        char *runs; /* owned */
        bool runs_writable;
        uint64_t runs_free_bytes, runs_total_bytes;
} Doctor;

void doctor_done(Doctor *doctor);

/* Tries everything. `host` is this machine's. */
void doctor_examine(Doctor *doctor, const Host *host);

/* Its parts that need but a Host: room, and the monitors. */
void doctor_examine_room(Doctor *doctor, const Host *host);
void doctor_examine_monitors(Doctor *doctor, const Host *host);

/* Fills run and hint of the sources that do not work, from the other facts. */
void doctor_advise(Doctor *doctor);

/* The source that would be taken; NULL: none works. */
const DoctorSource *doctor_best(const Doctor *doctor);

/* EXIT_FINE: some exact source works; EXIT_NO: only a partial one; EXIT_CANNOT: none. */
int doctor_exit_code(const Doctor *doctor);

/* For a person: 80 columns, a newline at the end. */
void doctor_show(const Doctor *doctor, bool colour, String *to);

/* Stable keys, and a newline at the end. */
void doctor_json(const Doctor *doctor, String *to);

/* capabilities(7): numbers of the ones that matter. */
enum {
        DOCTOR_CAP_SYS_PTRACE = 19,
        DOCTOR_CAP_SYS_ADMIN = 21,
        DOCTOR_CAP_PERFMON = 38,
        DOCTOR_CAP_BPF = 39
};

static inline bool doctor_has(uint64_t capabilities, unsigned number)
{
        return capabilities >> number & 1;
}
