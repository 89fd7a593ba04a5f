/* Whom to watch, for how long, and what is said in the end; heap-watch.c looks. */
#include "app/leak-heap.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/heap-watch.h"
#include "app/options.h"
#include "app/program-kind.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "host/host.h"

enum { LOOK_MS = 250, FIRST_MS = 10, PLACES_SHOWN = 12, PLACES_JSON = 500, MAPS_MAX = 16 << 20, FRAMES_SHOWN = 4, INDENT = 32, LOADING_LOOKS = 100 };

typedef struct Heap {
        const LeakHeapAsked *asked;
        pid_t pid;
        bool is_child, ended;
        int status;    /* of the child */
        int go;        /* the child waits for a byte of it; -1 */
        int failed;    /* has a byte of the child if the command could not be begun; -1 */
        HeapProbe *probe;
        HeapSymbols *symbols;
        HeapWatch watch;
        sigset_t signals;
} Heap;

/* ---- whom ---- */

static bool is_c_library(const char *path, size_t size)
{
        static const char *const names[] = {"/libc.so.6", "/libc-2.", "/ld-musl-", "/libc.musl-"};

        for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
                if (memmem(path, size, names[i], strlen(names[i])))
                        return true;
        return false;
}

/* The path of its C library as its maps have it, seen from here. 1: found; 0: it has none; negative: its maps cannot be
 * read. */
static int look_for_library(pid_t pid, String *ret, bool *ret_loading, Error *err)
{
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_(buffer_done) Buffer maps = {0};
        char name[32];

        snprintf(name, sizeof name, "proc/%d/maps", (int)pid);
        if (host_new("/", &host) < 0)
                return error_set(err, ENOMEM, "out of memory");
        _cleanup_close_ int fd = host_open(host, name);
        int r = fd < 0 ? fd : file_read_all(fd, &maps, MAPS_MAX);
        if (r < 0)
                return error_set_errno(err, r, "process %d", (int)pid);
        *ret_loading = maps.size > 0 && memmem(maps.data, maps.size, "/ld-", 4);
        const char *p = (const char *)maps.data, *end = p + maps.size;
        for (const char *next; p < end; p = next + 1) {
                next = memchr(p, '\n', (size_t)(end - p));
                next = next ? next : end;
                const char *path = memchr(p, '/', (size_t)(next - p));
                if (path && is_c_library(path, (size_t)(next - path))) {
                        string_add_format(ret, "/proc/%d/root", (int)pid);
                        string_add_bytes(ret, path, (size_t)(next - path));
                        return 1;
                }
        }
        return 0;
}

/* A process that has just begun may not have loaded it yet. */
static int find_library(pid_t pid, String *ret, Error *err)
{
        const struct timespec pause = {0, FIRST_MS * 1000000L};
        bool loading;
        int r = look_for_library(pid, ret, &loading, err);

        for (int i = 0; r == 0 && loading && i < LOADING_LOOKS; i++) {
                nanosleep(&pause, NULL);
                r = look_for_library(pid, ret, &loading, err);
        }
        return r != 0 ? MIN(r, 0) : error_set(err, ENOENT, "process %d has no shared C library: what is linked statically cannot be watched", (int)pid);
}

/* The child waits until the probes are there, then becomes the command. */
static int start(Heap *h, Error *err)
{
        int go[2], failed[2];
        char byte;

        if (pipe2(failed, O_CLOEXEC | O_NONBLOCK) < 0)
                return error_set_errno(err, errno, "pipe");
        h->failed = failed[0];
        if (pipe(go) < 0) {
                close(failed[1]);
                return error_set_errno(err, errno, "pipe");
        }
        h->pid = fork();
        if (h->pid == 0) {
                close(go[1]);
                sigprocmask(SIG_UNBLOCK, &h->signals, NULL);
                if (read(go[0], &byte, 1) != 1)
                        _exit(EXIT_CANNOT);
                close(go[0]);
                execvp(h->asked->words[0], h->asked->words);
                int why = errno;
                dprintf(2, "vigia: %s: %s\n", h->asked->words[0], strerror(why));
                _exit(write(failed[1], "", 1) == 1 && why == ENOENT ? 127 : 126);
        }
        close(failed[1]);
        close(go[0]);
        h->go = go[1];
        h->is_child = h->pid > 0;
        return h->pid < 0 ? error_set_errno(err, errno, "fork") : 0;
}

static int prepare(Heap *h, Error *err)
{
        _cleanup_string_ String library = {0};
        Error why = {0};
        uint64_t pid;
        bool is_process = h->asked->n_words == 1 && parse_u64z(h->asked->words[0], &pid) == 0 && pid > 0 && pid <= INT32_MAX;
        int r = heap_probe_possible(err);

        if (r < 0)
                return r;
        if (!is_process && program_is_static(h->asked->words[0]))
                return error_set(err, ENOENT, "%s has no shared C library: what is linked statically cannot be watched", h->asked->words[0]);
        if (is_process)
                h->pid = (pid_t)pid;
        else if ((r = start(h, err)) < 0)
                return r;
        /* The command will have the library that we have, as far as can be known before it is there. */
        r = find_library(is_process ? h->pid : getpid(), &library, err);
        if (r == 0)
                r = heap_probe_new(h->pid, string_get(&library), &h->probe, err);
        if (r == 0 && heap_symbols_new(h->pid, &h->symbols, &why) < 0)
                log_warning("%s: addresses only", why.message);
        if (r == 0 && heap_watch_init(&h->watch, h->probe, h->symbols, clock_monotonic_ns()) < 0)
                r = error_set(err, ENOMEM, "out of memory");
        return r;
}

/* ---- for how long ---- */

static bool is_over(Heap *h)
{
        if (h->is_child)
                h->ended = h->ended || waitpid(h->pid, &h->status, WNOHANG) == h->pid;
        else
                h->ended = kill(h->pid, 0) < 0 && errno == ESRCH;
        return h->ended;
}

static int watch(Heap *h, Error *err)
{
        const struct timespec look = {0, LOOK_MS * 1000000L}, first = {0, FIRST_MS * 1000000L};
        uint64_t begun = clock_monotonic_ns();
        int r = 0;

        r = heap_watch_look(&h->watch, begun); /* where code is, before the first call */
        if (h->go >= 0 && write(h->go, "", 1) != 1)
                return error_set_errno(err, errno, "the command could not be let go");
        while (r == 0) {
                /* A command's files are known only when it has begun. */
                int signal = sigtimedwait(&h->signals, NULL, h->watch.texts.n > 0 && h->watch.looked_ns - begun > LOOK_MS * 1000000ull ? &look : &first);
                uint64_t now = clock_monotonic_ns();
                r = heap_watch_look(&h->watch, now);
                if (is_over(h) || signal == SIGINT || signal == SIGTERM ||
                    (h->asked->duration_ns > 0 && now - begun >= h->asked->duration_ns))
                        break;
        }
        return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* ---- what is said ---- */

static void add_place(const HeapWatched *p, const ReportOptions *to, String *out)
{
        char held[FORMAT_MAX], blocks[FORMAT_MAX], rate[FORMAT_MAX] = "";
        const struct heap_figures *f = &p->figures;

        if (isfinite(p->verdict.rate))
                snprintf(rate, sizeof rate, "%.2f", p->verdict.rate);
        string_add_format(out, "  %-10s%-10s%-10s", format_bytes(held, heap_watch_held(p)),
                          format_count(blocks, f->taken_blocks - MIN(f->freed_blocks, f->taken_blocks)), rate);
        for (size_t i = 0; i < MIN(p->n_frames, (size_t)FRAMES_SHOWN); i++) {
                _cleanup_string_ String words = {0};
                leak_frame_words(&p->frames[i], &words);
                string_add_format(out, "%*s", i ? INDENT : 0, "");
                string_add_shown(out, string_get(&words), (to->columns ? to->columns : 80) - INDENT, to->ascii);
                string_add_char(out, '\n');
        }
        if (p->n_frames == 0)
                string_add(out, "?\n");
}

static void show(const Heap *h, String *out)
{
        ReportOptions to;
        char bytes[FORMAT_MAX], time[FORMAT_MAX], calls[FORMAT_MAX];
        uint64_t held = 0;
        size_t n = 0, n_cut = 0;

        report_options_for(stdout, &to);
        for (size_t i = 0; i < h->watch.n; i++)
                held += heap_watch_held(&h->watch.places[i]);
        string_add_format(out, "%s (%d) took %s in %s that it did not give back\n", h->is_child ? h->asked->words[0] : "process", (int)h->pid,
                          format_bytes(bytes, held), format_duration(time, h->watch.looked_ns - h->watch.begun_ns));
        for (size_t i = 0; i < h->watch.n && n < PLACES_SHOWN; i++) {
                if (heap_watch_held(&h->watch.places[i]) == 0)
                        break;
                n_cut += !h->watch.places[i].whole;
                if (n++ == 0)
                        string_add_format(out, to.color ? "\n\x1b[2m  %-10s%-10s%-10swhere\x1b[0m\n" : "\n  %-10s%-10s%-10swhere\n",
                                          "held", "blocks", "MB/min");
                add_place(&h->watch.places[i], &to, out);
        }
        string_add_format(out, "\n  heap      %s calls", format_count(calls, h->watch.calls));
        if (h->watch.highest_shift > 0)
                string_add_format(out, ", one in %u looked at where they came fast", 1u << h->watch.highest_shift);
        if (h->watch.missed > 0)
                string_add_format(out, ", %s missed for want of room", format_count(bytes, h->watch.missed));
        string_add_char(out, '\n');
        if (n_cut > 0)
                string_add_format(out, "            %s of the %s stacks shown %s early: of its first moments, or\n"
                                       "            through code with neither unwind tables nor frame pointers\n",
                                  format_count(bytes, n_cut), format_count(calls, n), n_cut == 1 ? "ends" : "end");
}

static void add_place_json(Json *j, const HeapWatched *p)
{
        const struct heap_figures *f = &p->figures;

        json_open_object(j, NULL, JSON_LINES);
        json_add_u64(j, "held_bytes", heap_watch_held(p));
        json_add_u64(j, "held_blocks", f->taken_blocks - MIN(f->freed_blocks, f->taken_blocks));
        json_add_u64(j, "taken_bytes", f->taken_bytes);
        json_add_u64(j, "taken_blocks", f->taken_blocks);
        json_add_fixed(j, "mb_per_min", p->verdict.rate, 4);
        json_add_fixed(j, "low", p->verdict.low, 4);
        json_add_fixed(j, "high", p->verdict.high, 4);
        json_add_text(j, "class", p->verdict.class == LEAK_UNKNOWN ? NULL : leak_class_name(p->verdict.class));
        json_add_bool(j, "whole", p->whole);
        json_open_array(j, "stack", JSON_LINES);
        for (size_t i = 0; i < p->n_frames; i++)
                leak_frame_json(&p->frames[i], j);
        json_close(j);
        json_close(j);
}

static void write_json(const Heap *h, String *out)
{
        Json j = {.out = out};

        json_open_object(&j, NULL, JSON_LINES);
        json_add_u64(&j, "format", 1);
        json_open_object(&j, "heap", JSON_LINES);
        json_add_i64(&j, "pid", h->pid);
        json_add_fixed(&j, "seconds", (double)(h->watch.looked_ns - h->watch.begun_ns) / 1e9, 3);
        json_add_u64(&j, "calls", h->watch.calls);
        json_add_u64(&j, "missed", h->watch.missed);
        json_add_u64(&j, "one_in", 1u << h->watch.highest_shift);
        json_open_array(&j, "places", JSON_LINES);
        for (size_t i = 0; i < MIN(h->watch.n, (size_t)PLACES_JSON); i++)
                add_place_json(&j, &h->watch.places[i]);
        json_close(&j);
        json_close(&j);
        json_close(&j);
        string_add_char(out, '\n');
}

static int tell(Heap *h)
{
        _cleanup_string_ String text = {0};
        char byte;

        if (h->failed >= 0 && h->ended && read(h->failed, &byte, 1) == 1)
                return WEXITSTATUS(h->status); /* it was said why */
        if (h->asked->json)
                write_json(h, &text);
        else
                show(h, &text);
        if (text.failed || fputs(string_get(&text), stdout) == EOF || fflush(stdout) != 0)
                return EXIT_CANNOT;
        for (size_t i = 0; h->asked->fails != LEAK_UNKNOWN && i < h->watch.n; i++)
                if (h->watch.places[i].verdict.class >= h->asked->fails)
                        return EXIT_NO;
        if (!h->is_child || !h->ended)
                return EXIT_FINE;
        return WIFSIGNALED(h->status) ? 128 + WTERMSIG(h->status) : WEXITSTATUS(h->status);
}

/* A command that we started ends with us, unless it has already. */
static void done(Heap *h)
{
        h->probe = heap_probe_free(h->probe);
        if (h->go >= 0)
                close(h->go);
        if (h->failed >= 0)
                close(h->failed);
        if (h->is_child && !h->ended) {
                kill(h->pid, SIGTERM);
                waitpid(h->pid, &h->status, 0);
        }
        h->symbols = heap_symbols_free(h->symbols);
        heap_watch_done(&h->watch);
}

int leak_heap(const LeakHeapAsked *asked)
{
        Heap h = {.asked = asked, .go = -1, .failed = -1};
        Error err = {0};
        int code = EXIT_CANNOT;

        sigemptyset(&h.signals);
        sigaddset(&h.signals, SIGINT);
        sigaddset(&h.signals, SIGTERM);
        sigaddset(&h.signals, SIGCHLD);
        sigprocmask(SIG_BLOCK, &h.signals, NULL);
        int r = prepare(&h, &err);
        if (r == 0)
                r = watch(&h, &err);
        if (r == 0 && heap_watch_finish(&h.watch, &asked->limits) < 0)
                r = error_set(&err, ENOMEM, "out of memory");
        if (r < 0)
                log_error("leak --heap: %s", err.message);
        else
                code = tell(&h);
        done(&h);
        sigprocmask(SIG_UNBLOCK, &h.signals, NULL);
        return code;
}
