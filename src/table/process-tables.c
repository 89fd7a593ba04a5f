/* What each column of the process tables means; docs/run-format.md is checked against this. */
#include "table/process-tables.h"

#include "table/columns.h"

static const Column processes_columns[PROCESS_COLUMNS] = {
        [PROCESS_PROCESS] = KEY("process", U64, NONE, "key of the process image in this run"),
        [PROCESS_IMAGE] = KEY("image", U32, NONE, "0, 1, … within one pid and start time"),
        [PROCESS_PID] = KEY("pid", I32, NONE, "process id; reused by the kernel"),
        [PROCESS_PPID] = GAUGE("ppid", I32, NONE, "pid of the parent at the start"),
        [PROCESS_PARENT] = GAUGE("parent", U64, NONE, "key of the parent's image, if in the run"),
        [PROCESS_UID] = GAUGE("uid", U32, NONE, "real user id"),
        [PROCESS_COMM] = WORDS("comm", "name of the main thread"),
        [PROCESS_EXE] = WORDS("exe", "path of the program file"),
        [PROCESS_CMDLINE] = WORDS("cmdline", "arguments, joined by spaces, secrets masked"),
        [PROCESS_CWD] = WORDS("cwd", "working directory at exec"),
        [PROCESS_CGROUP] = WORDS("cgroup", "cgroup path"),
        [PROCESS_MAJOR] = WORDS("major", "major category"),
        [PROCESS_CATEGORY] = WORDS("category", "detailed category"),
        [PROCESS_START_NS] = GAUGE("start_ns", I64, NS, "start of the image"),
        [PROCESS_EXEC_NS] = GAUGE("exec_ns", I64, NS, "exec of the image; null: never"),
        [PROCESS_END_NS] = GAUGE("end_ns", I64, NS, "end of the image; null: still alive"),
        [PROCESS_EXIT_CODE] = GAUGE("exit_code", I32, NONE, "exit code, last image only"),
        [PROCESS_EXIT_SIGNAL] = GAUGE("exit_signal", I32, NONE, "signal that ended it; null: none"),
        [PROCESS_SIGNAL_BY] = WORDS("signal_by", "who sent that signal: process | kernel"),
        [PROCESS_SIGNAL_PID] = GAUGE("signal_pid", I32, NONE, "pid of the sender, or of whose doing made the kernel send it"),
        [PROCESS_SIGNAL_COMM] = WORDS("signal_comm", "name of that process"),
        [PROCESS_USER_US] = GAUGE("user_us", U64, US, "user CPU time of the image"),
        [PROCESS_SYSTEM_US] = GAUGE("system_us", U64, US, "system CPU time of the image"),
        [PROCESS_CPU_US] = GAUGE("cpu_us", U64, US, "CPU time, user and system"),
        [PROCESS_PEAK_RSS_BYTES] = GAUGE("peak_rss_bytes", U64, BYTES, "highest resident memory"),
        [PROCESS_PEAK_PSS_BYTES] = GAUGE("peak_pss_bytes", U64, BYTES,
                                         "highest proportional memory seen"),
        [PROCESS_PEAK_SOURCE] = WORDS("peak_source", "exact | sampled | estimated"),
        [PROCESS_READ_BYTES] = GAUGE("read_bytes", U64, BYTES, "read from storage"),
        [PROCESS_WRITE_BYTES] = GAUGE("write_bytes", U64, BYTES, "caused to be written to storage"),
        [PROCESS_READ_CHARS] = GAUGE("read_chars", U64, BYTES, "passed through read calls"),
        [PROCESS_WRITE_CHARS] = GAUGE("write_chars", U64, BYTES, "passed through write calls"),
        [PROCESS_MINOR_FAULTS] = GAUGE("minor_faults", U64, COUNT, "page faults without I/O"),
        [PROCESS_MAJOR_FAULTS] = GAUGE("major_faults", U64, COUNT, "page faults with I/O"),
        [PROCESS_VOLUNTARY_SWITCHES] = GAUGE("voluntary_switches", U64, COUNT, "waits"),
        [PROCESS_INVOLUNTARY_SWITCHES] = GAUGE("involuntary_switches", U64, COUNT, "preemptions"),
        [PROCESS_THREADS_MAX] = GAUGE("threads_max", U32, COUNT, "most threads at once"),
        [PROCESS_FDS_MAX] = GAUGE("fds_max", U32, COUNT, "most open descriptors seen"),
        [PROCESS_SOURCE] = WORDS("source", "bpf | perf | poll"),
};

static const Column samples_columns[SAMPLE_COLUMNS] = {
        [SAMPLE_T_NS] = KEY("t_ns", I64, NS, "time of the tick"),
        [SAMPLE_PROCESS] = KEY("process", U64, NONE, "key of the process image"),
        [SAMPLE_RSS_ANON_BYTES] = GAUGE("rss_anon_bytes", U64, BYTES, "anonymous memory"),
        [SAMPLE_RSS_FILE_BYTES] = GAUGE("rss_file_bytes", U64, BYTES, "mapped files"),
        [SAMPLE_RSS_SHMEM_BYTES] = GAUGE("rss_shmem_bytes", U64, BYTES, "shared memory"),
        [SAMPLE_SWAP_BYTES] = GAUGE("swap_bytes", U64, BYTES, "swapped out"),
        [SAMPLE_PSS_BYTES] = GAUGE("pss_bytes", U64, BYTES, "proportional share; see pss_age_ms"),
        [SAMPLE_PSS_AGE_MS] = GAUGE("pss_age_ms", U32, MS,
                                    "time since it was read; null: never, an estimate"),
        [SAMPLE_USER_US] = COUNTER("user_us", U64, US, "user CPU time of the process so far"),
        [SAMPLE_SYSTEM_US] = COUNTER("system_us", U64, US, "system CPU time of the process so far"),
        [SAMPLE_THREADS] = GAUGE("threads", U32, COUNT, "threads"),
        [SAMPLE_FDS] = GAUGE("fds", U32, COUNT, "open descriptors"),
        [SAMPLE_READ_BYTES] = COUNTER("read_bytes", U64, BYTES, "read from storage so far"),
        [SAMPLE_WRITE_BYTES] = COUNTER("write_bytes", U64, BYTES, "written to storage so far"),
};

static const Column totals_columns[TOTAL_COLUMNS] = {
        [TOTAL_TIME] = KEY("time", TIME, NONE, "wall-clock time of the tick"),
        [TOTAL_T_NS] = KEY("t_ns", I64, NS, "time of the tick"),
        [TOTAL_PROCESSES] = GAUGE("processes", U32, COUNT, "processes alive in the run"),
        [TOTAL_THREADS] = GAUGE("threads", U32, COUNT, "their threads"),
        [TOTAL_RSS_BYTES] = GAUGE("rss_bytes", U64, BYTES, "sum of resident memory"),
        [TOTAL_PSS_BYTES] = GAUGE("pss_bytes", U64, BYTES, "memory of the tree, shared pages once"),
        [TOTAL_SWAP_BYTES] = GAUGE("swap_bytes", U64, BYTES, "sum of swapped-out memory"),
        [TOTAL_CGROUP_BYTES] = GAUGE("cgroup_bytes", U64, BYTES, "memory of the command's cgroup"),
        [TOTAL_CGROUP_PEAK_BYTES] = GAUGE("cgroup_peak_bytes", U64, BYTES, "its highest so far"),
        [TOTAL_CPU_US] = COUNTER("cpu_us", U64, US, "CPU time of the run so far"),
        [TOTAL_READ_BYTES] = COUNTER("read_bytes", U64, BYTES, "read from storage so far"),
        [TOTAL_WRITE_BYTES] = COUNTER("write_bytes", U64, BYTES, "written to storage so far"),
        [TOTAL_STARTED] = COUNTER("started", U64, COUNT, "processes started so far"),
        [TOTAL_ENDED] = COUNTER("ended", U64, COUNT, "processes ended so far"),
        [TOTAL_LATE_US] = GAUGE("late_us", U64, US, "how much later than due the tick ran"),
};

static const Column events_columns[EVENT_COLUMNS] = {
        [EVENT_TIME] = KEY("time", TIME, NONE, "wall-clock time"),
        [EVENT_T_NS] = KEY("t_ns", I64, NS, "time since the run's start"),
        [EVENT_KIND] = WORDS("kind", "what sort of event"),
        [EVENT_SEVERITY] = WORDS("severity", "info | warning | critical"),
        [EVENT_PID] = GAUGE("pid", I32, NONE, "process it is about"),
        [EVENT_PROCESS] = GAUGE("process", U64, NONE, "key of that process's image"),
        [EVENT_TEXT] = WORDS("text", "the event in words"),
};

const Schema processes_schema = {"processes", processes_columns, PROCESS_COLUMNS};
const Schema samples_schema = {"samples", samples_columns, SAMPLE_COLUMNS};
const Schema totals_schema = {"totals", totals_columns, TOTAL_COLUMNS};
const Schema events_schema = {"events", events_columns, EVENT_COLUMNS};
