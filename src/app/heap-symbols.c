/* libdwfl does it all; it is loaded by name, so that nothing else carries its relocations. */
#include "app/heap-symbols.h"

#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "host/host.h"

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
};

struct HeapSymbols {
        pid_t pid;
        Host *host;
        DwflApi api;
        void *handle;
        Dwfl_Callbacks callbacks;
        char *debuginfo_path; /* NULL: the standard places */
        Dwfl *dwfl;
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
        if (host_new("/", &s->host) < 0)
                return error_set(err, ENOMEM, "out of memory");
        int r = library_load("libdw.so.1", symbols_of, ARRAY_LENGTH(symbols_of), &s->api, &s->handle, err);
        if (r < 0)
                return error_set(err, -r, "libdw.so.1 cannot be loaded (Debian: libdw1)");
        unsetenv("DEBUGINFOD_URLS"); /* nothing is asked of a network */
        s->callbacks = (Dwfl_Callbacks){.find_elf = s->api.find_elf, .find_debuginfo = s->api.find_debuginfo,
                                        .debuginfo_path = &s->debuginfo_path};
        s->dwfl = s->api.begin(&s->callbacks);
        if (!s->dwfl)
                return error_set(err, ENOMEM, "out of memory");
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
        if (s->handle)
                dlclose(s->handle);
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

static int keep(char **to, const char *text)
{
        *to = text ? strndup(text, LEAK_FRAME_TEXT) : NULL;
        return text && !*to ? -ENOMEM : 0;
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
                r = keep(&ret->function, function);
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
