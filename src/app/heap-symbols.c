/* libdwfl does it all; it is loaded by name, so that nothing else carries its relocations. */
#include "app/heap-symbols.h"

#include <ctype.h>
#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/library.h"
#include "host/host.h"
#include "host/proc-identity.h"

typedef struct DwflApi {
        __typeof__(&dwfl_begin) begin;
        __typeof__(&dwfl_end) end;
        __typeof__(&dwfl_report_begin) report_begin;
        __typeof__(&dwfl_report_end) report_end;
        __typeof__(&dwfl_linux_proc_report) proc_report;
        __typeof__(&dwfl_linux_proc_find_elf) find_elf;
        __typeof__(&dwfl_standard_find_debuginfo) find_debuginfo;
        __typeof__(&dwfl_addrmodule) module;
        __typeof__(&dwfl_module_addrname) name;
        __typeof__(&dwfl_module_info) info;
        __typeof__(&dwfl_module_getsrc) source;
        __typeof__(&dwfl_lineinfo) line;
        __typeof__(&dwfl_attach_state) attach_state;
        __typeof__(&dwfl_getthread_frames) frames;
        __typeof__(&dwfl_thread_state_registers) set_registers;
        __typeof__(&dwfl_frame_pc) frame_pc;
        /* libelf's, which it is linked to */
        __typeof__(&elf_version) elf_version;
        __typeof__(&elf_begin) elf_begin;
        __typeof__(&elf_end) elf_end;
} DwflApi;

static const LibrarySymbol symbols_of[] = {
        {"dwfl_begin", offsetof(DwflApi, begin)},
        {"dwfl_end", offsetof(DwflApi, end)},
        {"dwfl_report_begin", offsetof(DwflApi, report_begin)},
        {"dwfl_report_end", offsetof(DwflApi, report_end)},
        {"dwfl_linux_proc_report", offsetof(DwflApi, proc_report)},
        {"dwfl_linux_proc_find_elf", offsetof(DwflApi, find_elf)},
        {"dwfl_standard_find_debuginfo", offsetof(DwflApi, find_debuginfo)},
        {"dwfl_addrmodule", offsetof(DwflApi, module)},
        {"dwfl_module_addrname", offsetof(DwflApi, name)},
        {"dwfl_module_info", offsetof(DwflApi, info)},
        {"dwfl_module_getsrc", offsetof(DwflApi, source)},
        {"dwfl_lineinfo", offsetof(DwflApi, line)},
        {"dwfl_attach_state", offsetof(DwflApi, attach_state)},
        {"dwfl_getthread_frames", offsetof(DwflApi, frames)},
        {"dwfl_thread_state_registers", offsetof(DwflApi, set_registers)},
        {"dwfl_frame_pc", offsetof(DwflApi, frame_pc)},
        {"elf_version", offsetof(DwflApi, elf_version)},
        {"elf_begin", offsetof(DwflApi, elf_begin)},
        {"elf_end", offsetof(DwflApi, elf_end)},
};

/* Of C++, where its library is there. */
typedef struct DemangleApi {
        char *(*demangle)(const char *name, char *buffer, size_t *size, int *status);
} DemangleApi;

enum { MANGLED_MAX = 2048 };

struct HeapSymbols {
        pid_t pid;
        Host *host;
        DwflApi api;
        void *handle;
        DemangleApi names;
        void *names_handle; /* NULL: C++ names stay as they are */
        Dwfl_Callbacks callbacks;
        char *debuginfo_path; /* NULL: the standard places */
        Dwfl *dwfl;
        int own_fd;       /* vigia's program: -1 */
        Elf *own;         /* says of which kind the machine is. A module of the process's would do, until it is unloaded */
        bool unwinds;     /* its state is attached */
        unsigned tries;   /* to attach it */
        const struct heap_snippet *snippet; /* that is being unwound */
        uint64_t *calls;
        size_t n_calls, most_calls;
};

bool heap_symbols_available(void)
{
        DwflApi api;
        void *handle;

        if (library_load("libdw.so.1", symbols_of, ARRAY_LENGTH(symbols_of), &api, &handle, NULL) < 0)
                return false;
        dlclose(handle);
        return true;
}

int heap_symbols_new(pid_t pid, HeapSymbols **ret, Error *err)
{
        _cleanup_(heap_symbols_freep) HeapSymbols *s = calloc(1, sizeof *s);

        if (!s)
                return error_set(err, ENOMEM, "out of memory");
        s->pid = pid;
        s->own_fd = -1;
        if (host_new("/", &s->host) < 0)
                return error_set(err, ENOMEM, "out of memory");
        int r = library_load("libdw.so.1", symbols_of, ARRAY_LENGTH(symbols_of), &s->api, &s->handle, err);
        if (r < 0)
                return error_set(err, -r, "libdw.so.1 cannot be loaded (Debian: libdw1)");
        static const LibrarySymbol demangle = {"__cxa_demangle", offsetof(DemangleApi, demangle)};
        if (library_load("libstdc++.so.6", &demangle, 1, &s->names, &s->names_handle, NULL) < 0)
                s->names_handle = NULL;
        unsetenv("DEBUGINFOD_URLS"); /* nothing is asked of a network */
        s->callbacks = (Dwfl_Callbacks){.find_elf = s->api.find_elf, .find_debuginfo = s->api.find_debuginfo,
                                        .debuginfo_path = &s->debuginfo_path};
        s->dwfl = s->api.begin(&s->callbacks);
        if (!s->dwfl)
                return error_set(err, ENOMEM, "out of memory");
        s->own_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        s->own = s->own_fd >= 0 && s->api.elf_version(EV_CURRENT) != EV_NONE ? s->api.elf_begin(s->own_fd, ELF_C_READ, NULL) : NULL;
        heap_symbols_refresh(s);
        *ret = TAKE(s);
        return 0;
}

HeapSymbols *heap_symbols_free(HeapSymbols *s)
{
        if (!s)
                return NULL;
        if (s->dwfl)
                s->api.end(s->dwfl);
        if (s->own)
                s->api.elf_end(s->own);
        fd_close(s->own_fd);
        if (s->handle)
                dlclose(s->handle);
        if (s->names_handle)
                dlclose(s->names_handle);
        host_free(s->host);
        free(s);
        return NULL;
}

int heap_symbols_refresh(HeapSymbols *s)
{
        char path[32], byte;

        /* Looked at first: reporting nothing would forget what is known. */
        snprintf(path, sizeof path, "proc/%d/maps", (int)s->pid);
        _cleanup_close_ int maps = host_open(s->host, path);
        if (maps < 0 || read(maps, &byte, 1) != 1)
                return -ESRCH;
        s->api.report_begin(s->dwfl);
        int r = s->api.proc_report(s->dwfl, s->pid);
        s->api.report_end(s->dwfl, NULL, NULL);
        return r == 0 ? 0 : -ESRCH;
}

/* ---- where code is ---- */

enum { MAPS_MAX = 16 << 20, NEAR_BYTES = 64 << 20, TRIES_MAX = 100 };

static bool take_hex(const char **at, const char *end, uint64_t *ret)
{
        const char *begin = *at;

        for (*ret = 0; *at < end && isxdigit((unsigned char)**at); (*at)++)
                *ret = *ret << 4 | (uint64_t)(**at <= '9' ? **at - '0' : (**at | 32) - 'a' + 10);
        return *at > begin;
}

/* Maps come in order of their addresses: libraries that lie side by side are one range, so that all of them fit. What is
 * too much is left out: of ways that differ there only, the first is told. */
static void take_range(struct heap_texts *texts, uint64_t from, uint64_t to)
{
        if (texts->n > 0 && from - texts->range[texts->n - 1].to <= NEAR_BYTES) {
                texts->range[texts->n - 1].to = to;
        } else if (texts->n < HEAP_TEXTS) {
                texts->range[texts->n].from = from;
                texts->range[texts->n++].to = to;
        }
}

/* A command that has not begun yet is a fork of ours. */
static bool is_ours(const HeapSymbols *s)
{
        char exe[512], own[512];

        return proc_exe_read(s->host, s->pid, exe, sizeof exe) != 0 ||
               (proc_exe_read(s->host, getpid(), own, sizeof own) == 0 && text_equal(exe, own));
}

int heap_symbols_texts(const HeapSymbols *s, struct heap_texts *ret)
{
        _cleanup_(buffer_done) Buffer maps = {0};
        char name[32];

        if (is_ours(s))
                return -EAGAIN;
        snprintf(name, sizeof name, "proc/%d/maps", (int)s->pid);
        _cleanup_close_ int fd = host_open(s->host, name);
        int r = fd < 0 ? fd : file_read_all(fd, &maps, MAPS_MAX);
        if (r < 0)
                return r;
        *ret = (struct heap_texts){0};
        const char *at = (const char *)maps.data, *end = at + maps.size;
        for (const char *next; at < end; at = next + 1) {
                uint64_t from, to;
                next = memchr(at, '\n', (size_t)(end - at));
                next = next ? next : end;
                /* "55d0c0a00000-55d0c0a21000 r-xp …", of a file */
                if (take_hex(&at, next, &from) && at < next && *at++ == '-' && take_hex(&at, next, &to) && next - at > 4 && at[3] == 'x' &&
                    memchr(at, '/', (size_t)(next - at)) && to > from)
                        take_range(ret, from, to);
        }
        return 0;
}

/* ---- unwinding ---- */

static pid_t next_thread(Dwfl *dwfl, void *data, void **thread)
{
        const HeapSymbols *s = data;

        if (*thread)
                return 0;
        *thread = data;
        return s->pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *data, void **thread)
{
        *thread = data;
        return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *data)
{
        const struct heap_snippet *snippet = ((const HeapSymbols *)data)->snippet;
        uint64_t from = snippet->registers[7];

        if (address < from || snippet->size < sizeof *ret || address - from > snippet->size - sizeof *ret)
                return false;
        memcpy(ret, snippet->stack + (address - from), sizeof *ret);
        return true;
}

static bool set_registers(Dwfl_Thread *thread, void *data)
{
        const HeapSymbols *s = data;
        Dwarf_Word registers[HEAP_REGISTERS];

        for (size_t i = 0; i < HEAP_REGISTERS; i++)
                registers[i] = s->snippet->registers[i];
        return s->api.set_registers(thread, 0, HEAP_REGISTERS, registers);
}

static int take_frame(Dwfl_Frame *frame, void *data)
{
        HeapSymbols *s = data;
        Dwarf_Addr pc;
        bool is_activation;

        if (!s->api.frame_pc(frame, &pc, &is_activation) || s->n_calls > s->most_calls)
                return DWARF_CB_ABORT;
        /* The first is the function itself, which is entered. */
        if (s->n_calls++ > 0)
                s->calls[s->n_calls - 2] = pc;
        return s->n_calls > s->most_calls ? DWARF_CB_ABORT : DWARF_CB_OK;
}

size_t heap_symbols_unwind(HeapSymbols *s, const struct heap_snippet *snippet, uint64_t *calls, size_t most)
{
        static const Dwfl_Thread_Callbacks callbacks = {.next_thread = next_thread, .get_thread = get_thread,
                                                        .memory_read = read_memory, .set_initial_registers = set_registers};

        if (!s || snippet->size < sizeof(uint64_t))
                return 0;
        if (!s->unwinds && s->own && s->tries++ < TRIES_MAX)
                s->unwinds = s->api.attach_state(s->dwfl, s->own, s->pid, &callbacks, s);
        if (!s->unwinds)
                return 0;
        s->snippet = snippet;
        s->calls = calls;
        s->n_calls = 0;
        s->most_calls = most;
        s->api.frames(s->dwfl, s->pid, take_frame, s);
        s->snippet = NULL;
        return s->n_calls > 0 ? s->n_calls - 1 : 0;
}

/* ---- names ---- */

static int keep(char **to, const char *text)
{
        *to = text ? strndup(text, LEAK_FRAME_TEXT) : NULL;
        return text && !*to ? -ENOMEM : 0;
}

static int keep_function(const HeapSymbols *s, char **to, const char *name)
{
        int status = 0;
        _cleanup_free_ char *plain = name && s->names_handle && text_starts_with(name, "_Z") && strnlen(name, MANGLED_MAX) < MANGLED_MAX
                                             ? s->names.demangle(name, NULL, NULL, &status) : NULL;

        return keep(to, plain && status == 0 ? plain : name);
}

int heap_symbols_find(HeapSymbols *s, uint64_t address, LeakFrame *ret)
{
        Dwarf_Addr call = address > 0 ? address - 1 : 0;
        Dwfl_Module *module = s ? s->api.module(s->dwfl, call) : NULL;
        int line = 0, r = 0;

        *ret = (LeakFrame){0};
        if (module) {
                const char *file = NULL, *function = s->api.name(module, call);
                Dwfl_Line *source = s->api.source(module, call);
                if (source)
                        file = s->api.line(source, NULL, &line, NULL, NULL, NULL);
                r = keep_function(s, &ret->function, function);
                if (r == 0)
                        r = keep(&ret->file, file);
                if (r == 0)
                        r = keep(&ret->object, s->api.info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
                ret->line = line > 0 ? (unsigned)line : 0;
        }
        if (r == 0 && !ret->function && asprintf(&ret->function, "0x%llx", (unsigned long long)address) < 0) {
                ret->function = NULL;
                r = -ENOMEM;
        }
        return r;
}
