/*
 * Programs that a signal ended, where the run failed of it: crashes, limits that end a program by a signal (CPU
 * time, size of a file), and who was asked to end. Out of memory and SIGKILL are oom's. See signals.h.
 */
#include "detect/signals.h"

#include <signal.h>
#include <string.h>

#include "detect/said.h"
#include "detect/things.h"

static const char *const process_columns[] = {"process", "parent", "pid", "ppid", "image", "comm", "cmdline", "start_ns", "exec_ns", "end_ns",
                                              "exit_code", "exit_signal", "cpu_us", "peak_rss_bytes", "signal_by", "signal_pid", "signal_comm", NULL};
static const char *const event_columns[] = {"t_ns", "kind", "text", NULL};

static const DetectTable tables[] = {
        {"processes", process_columns, false}, {"events", event_columns, false}, {"disk", mounts_columns, false}, {NULL}};

static void copy_text(char *to, size_t room, const Batch *rows, const char *column, size_t row)
{
        size_t size;
        const char *text = row_text(rows, cells_find(rows, column), row, &size);

        memcpy(to, text, MIN(size, room - 1));
        to[MIN(size, room - 1)] = '\0';
}

/* ---- rows ---- */

static void observe_processes(SignalsState *s, const Batch *rows)
{
        const CommandRootCells root = command_root_cells(rows);
        const SenderCells sender = sender_cells(rows);
        Cells key = cells_find(rows, "process"), pid = cells_find(rows, "pid"), ppid = cells_find(rows, "ppid"), end = cells_find(rows, "end_ns"),
              code = cells_find(rows, "exit_code"), signal = cells_find(rows, "exit_signal"), cpu = cells_find(rows, "cpu_us"),
              peak = cells_find(rows, "peak_rss_bytes");

        if (!s->begun)
                s->root = COMMAND_ROOT_INIT;
        s->begun = true;
        for (size_t row = 0; row < batch_rows(rows); row++) {
                const uint64_t exit_code = cells_or(code, row, 0), exit_signal = cells_or(signal, row, 0);
                command_root_observe(&s->root, &root, row);
                if (exit_code == 0 && exit_signal == 0)
                        continue;
                SignalsEnded *e = &s->ended[s->n_ended++ % SIGNALS_ENDED_MAX];
                *e = (SignalsEnded){
                        .ending = {.pid = (int32_t)cells_or(pid, row, 0), .ppid = (int32_t)cells_or(ppid, row, 0),
                                   .end_ns = batch_sane_ns(cells_or(end, row, INT64_MAX)),
                                   .exit_code = exit_code > 0 ? (int)MIN(exit_code, (uint64_t)255) : -1,
                                   .exit_signal = (int)MIN(exit_signal, (uint64_t)64)},
                        .key = cells_or(key, row, 0), .cpu_us = cells_or(cpu, row, DETECT_UNKNOWN),
                        .peak_bytes = cells_or(peak, row, DETECT_UNKNOWN)};
                sender_read(&sender, row, &e->sender);
                copy_text(e->comm, sizeof e->comm, rows, "comm", row);
                copy_text(e->cmdline, sizeof e->cmdline, rows, "cmdline", row);
                e->ending.kind = culprit_kind(e->comm, strlen(e->comm));
        }
}

static uint64_t hex_behind(const char *text, size_t size, const char *word)
{
        const char *at = said_find(text, size, word);
        uint64_t n = 0;

        for (at = at ? at + strlen(word) : text + size; at < text + size; at++) {
                const char c = *at;
                const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
                if (digit < 0)
                        break;
                n = n << 4 | (unsigned)digit;
        }
        return n;
}

/* arch/x86/mm/fault.c (show_signal_msg). Other machines have other words, which say nothing here. */
static void observe_events(SignalsState *s, const Batch *rows)
{
        Cells at = cells_find(rows, "t_ns"), kind = cells_find(rows, "kind"), words = cells_find(rows, "text");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                size_t size;
                const char *text = row_text(rows, words, row, &size), *fault = said_find(text, size, "]: segfault at ");
                const char *pid = fault;
                uint64_t number = 0;
                if (!row_text_is(rows, kind, row, "kernel-segfault") || !fault)
                        continue;
                while (pid > text && pid[-1] >= '0' && pid[-1] <= '9')
                        pid--;
                if (scan_u64(&pid, fault, &number) < 0 || number == 0 || number > INT32_MAX)
                        continue;
                SignalsFault *f = &s->faults[s->n_faults++ % SIGNALS_FAULTS_MAX];
                const size_t left = (size_t)(text + size - fault);
                *f = (SignalsFault){.pid = (int32_t)number, .t_ns = batch_sane_ns(cells_or(at, row, 0)),
                                    .address = hex_behind(fault, left, "segfault at "), .stack = hex_behind(fault, left, " sp ")};
                said_quote(f->line, sizeof f->line, text, size);
        }
}

static int signals_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        if (text_equal(table, "processes"))
                observe_processes(state, rows);
        else if (text_equal(table, "events"))
                observe_events(state, rows);
        else
                mounts_observe(&((SignalsState *)state)->mounts, rows);
        return 0;
}

/* ---- lines ---- */

/* "Aborted", "Aborted (core dumped)" */
static bool is_whole(const char *line, size_t size, const char *at, size_t n)
{
        const size_t left = size - n;

        return at == line && (left == 0 || said(line + n, left, " (core dumped)"));
}

/* "x.sh: line 7:  6946 Killed                  sleep 1000" */
static bool is_bashs(const char *line, const char *at)
{
        return at - line > 10 && at[-1] == ' ' && at[-2] >= '0' && at[-2] <= '9' && said(line, (size_t)(at - line), ": line ");
}

/* strsignal(3), as shells and make print it; rust's words for it. */
int signals_read_line(const char *line, size_t size, bool *ret_plain)
{
        static const struct {
                const char *words, *rust;
                int signal;
        } names[] = {
                {"Segmentation fault", "SIGSEGV", SIGSEGV}, {"Aborted", "SIGABRT", SIGABRT}, {"Bus error", "SIGBUS", SIGBUS},
                {"Illegal instruction", "SIGILL", SIGILL}, {"Floating point exception", "SIGFPE", SIGFPE}, {"Trace/breakpoint trap", "SIGTRAP", SIGTRAP},
                {"Bad system call", "SIGSYS", SIGSYS}, {"CPU time limit exceeded", "SIGXCPU", SIGXCPU},
                {"File size limit exceeded", "SIGXFSZ", SIGXFSZ}, {"Killed", "SIGKILL", SIGKILL}, {"Terminated", "SIGTERM", SIGTERM},
                {"Hangup", "SIGHUP", SIGHUP}};
        const bool make = said(line, size, "*** ["), compiler = said(line, size, "internal compiler error: ");

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
                const char *at = said_find(line, size, names[i].words), *rust = said_find(line, size, "(signal: ");
                *ret_plain = at && (is_whole(line, size, at, strlen(names[i].words)) || is_bashs(line, at));
                if (at && (*ret_plain || make || compiler))
                        return names[i].signal;
                if (rust && said(rust, (size_t)(line + size - rust), names[i].rust))
                        return names[i].signal;
        }
        return 0;
}

bool signals_is_reason(const char *line, size_t size)
{
        static const char *const words[] = {"Assertion `", "assertion failed", "Assertion failed", "terminate called", "  what():  ", "*** stack smashing detected",
                                            "*** buffer overflow detected", "free(): ", "malloc(): ", "realloc(): ", "double free or corruption",
                                            "corrupted size vs. prev_size", "munmap_chunk(): ", "malloc_consolidate(): ", "internal compiler error: ",
                                            "Fatal Python error: ", "' panicked at ", "pure virtual method called", NULL};

        return said_any(line, size, words);
}

static void signals_output(void *state, const char *line, size_t size)
{
        SignalsState *s = state;
        bool plain;

        s->lines++;
        if (said_is_quoted(line, size))
                return;
        if (signals_is_reason(line, size))
                said_quote(s->reason, sizeof s->reason, line, size);
        const int signal = signals_read_line(line, size, &plain);
        if (signal == 0)
                return;
        s->said_signal = signal;
        s->said_at = s->lines;
        said_quote(s->said_line, sizeof s->said_line, line, size);
}

static int signals_finish(void *state, const DetectContext *context, Findings *out)
{
        signals_tell(state, context, out);
        return 0;
}

const Detector detector_signals = {
        .name = "signals",
        .tables = tables,
        .state_size = sizeof(SignalsState),
        .observe = signals_observe,
        .output = signals_output,
        .finish = signals_finish,
};
