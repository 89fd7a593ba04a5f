/*
 * What the detector `signals` knows: which processes ended badly, so whom the run failed of; what the kernel's log
 * and programs said of crashes. signals.c gathers, signals-tell.c says it.
 */
#pragma once

#include "detect/detect.h"
#include "detect/mounts.h"
#include "detect/sender.h"
#include "model/command-root.h"
#include "model/culprit.h"

enum { SIGNALS_ENDED_MAX = 64, SIGNALS_FAULTS_MAX = 16, SIGNALS_LINE = 200 };

/* One that ended badly. */
typedef struct SignalsEnded {
        Ending ending;
        Sender sender;
        uint64_t key;
        uint64_t cpu_us, peak_bytes; /* DETECT_UNKNOWN */
        char comm[16], cmdline[160];
} SignalsEnded;

/* "x[7]: segfault at 7ffe00001ffc ip … sp 7ffe00002000 error 6 in x[…]" */
typedef struct SignalsFault {
        int32_t pid;
        int64_t t_ns;
        uint64_t address, stack;
        char line[SIGNALS_LINE];
} SignalsFault;

typedef struct SignalsState {
        CommandRoot root;
        bool begun;
        SignalsEnded ended[SIGNALS_ENDED_MAX]; /* the last ones: a ring */
        size_t n_ended;
        SignalsFault faults[SIGNALS_FAULTS_MAX]; /* likewise */
        size_t n_faults;
        Mounts mounts;
        char reason[SIGNALS_LINE]; /* the last words of a program that gave up: "… Assertion … failed." */
        int said_signal;           /* by a shell, make or a compiler: "Segmentation fault"; 0 */
        char said_line[SIGNALS_LINE];
        uint64_t lines, said_at;   /* all lines; where it was said */
} SignalsState;

/* The signal that a line says that a program ended by; 0: none. `ret_plain`: the words are all there is of the line. */
int signals_read_line(const char *line, size_t size, bool *ret_plain);
/* The line says why a program gave up by abort(3). */
bool signals_is_reason(const char *line, size_t size);

void signals_tell(const SignalsState *s, const DetectContext *context, Findings *out);
