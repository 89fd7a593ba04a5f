/*
 * Records of the kernel's log as /dev/kmsg gives them, one a read(2):
 *
 *         6,339,5140900,-,caller=T1;text\n
 *          SUBSYSTEM=acpi\n
 *
 * facility * 8 + level, sequence number, µs of the kernel's local clock, flags; then the text with
 * bytes that do not print as \xHH, and lines of properties that begin with a blank. Pure functions.
 * Documentation/ABI/testing/dev-kmsg, kernel/printk/printk.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
        KMSG_READ_MAX = 8192, /* a record is never longer (CONSOLE_EXT_LOG_MAX) */
        KMSG_TEXT_MAX = 1024, /* longer texts are cut; the kernel's own lines are shorter */
};

/* syslog(2) */
enum { KMSG_EMERGENCY, KMSG_ALERT, KMSG_CRITICAL, KMSG_ERROR, KMSG_WARNING, KMSG_NOTICE };

typedef struct KmsgRecord {
        uint64_t sequence;
        /* Of the clock that printk uses (local_clock, dmesg's time): it starts at boot and stands
         * still in suspend as CLOCK_MONOTONIC does, but without NTP's corrections, so that the two
         * drift apart by seconds a day. */
        uint64_t time_us;
        uint32_t level;    /* KMSG_… */
        uint32_t facility; /* 0: the kernel; others: programs that write to /dev/kmsg */
        bool fragment;     /* of a line whose pieces others came between */
        size_t size;
        char text[KMSG_TEXT_MAX]; /* unescaped, control bytes as blanks, NUL-terminated */
} KmsgRecord;

/* Takes the next record off *text; its properties are passed over. -ENOENT: no more;
 * -EBADMSG: that was none, *text is behind it, *ret untouched. */
int kmsg_next(const char **text, const char *end, KmsgRecord *ret);

/* What a line of the kernel's is about. */
typedef struct KmsgClass {
        const char *kind;     /* "kernel-oom", …; static */
        const char *severity; /* info | warning | critical; static */
        pid_t pid;            /* as of the initial pid namespace; 0: names none */
        bool report;          /* many lines of details follow */
} KmsgClass;

/* False: no line that means anything to us; *ret is untouched. */
bool kmsg_classify(const char *text, size_t size, KmsgClass *ret);
