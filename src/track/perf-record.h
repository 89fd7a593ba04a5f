/*
 * One record of a perf ring as facts. Pure: bytes in, struct out. Only the records that
 * track/perf.c asks for are known; their events all have sample_type PERF_SAMPLE_TIME with
 * sample_id_all, and the counting ones read_format PERF_FORMAT_ID. perf_event_open(2),
 * include/uapi/linux/perf_event.h, kernel/events/core.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The largest record that is looked into; longer ones are skipped whole. */
enum { PERF_RECORD_BYTES = 256 };

typedef struct PerfRecord {
        uint32_t type;      /* PERF_RECORD_*; 0 for one that is of no interest */
        bool exec;          /* COMM: by exec, not prctl */
        pid_t pid, tid;     /* process and thread; of FORK: the new one's */
        pid_t ppid;         /* FORK: the process that forked */
        uint64_t time_ns;   /* CLOCK_MONOTONIC */
        char comm[16];      /* COMM */
        uint64_t lost;      /* LOST */
        uint64_t value, id; /* READ */
} PerfRecord;

/* 0; -EBADMSG if the record is shorter than its type needs. size is header.size. */
int perf_record_parse(const uint8_t *bytes, size_t size, PerfRecord *ret);
