/*
 * Loads fragmentation.bpf.c and hangs its programs on the tracepoints, whose numbers tracefs
 * knows. A tracepoint's program runs on every CPU, whichever its perf event is opened for.
 */
#include "monitor/fragmentation-counters.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/macros.h"
#include "base/text.h"
#include "bpf/fragmentation.skel.h"
#include "track/bpf-btf.h"

struct FragmentationCounters {
        struct fragmentation_bpf *skeleton;
};

static const char *const kernel_types[] = {
        "trace_event_raw_mm_page_alloc_extfrag", "trace_event_raw_mm_compaction_begin",
        "trace_event_raw_mm_compaction_end", NULL,
};

static const char *const tracefs[] = {"sys/kernel/tracing", "sys/kernel/debug/tracing"};

/* The number of an event, "kmem/mm_page_alloc_extfrag". */
static int read_id(const Host *host, const char *event, uint64_t *ret)
{
        char path[128], text[32];
        int worst = -ENOENT;

        for (size_t i = 0; i < ARRAY_LENGTH(tracefs); i++) {
                const char *at = text;
                snprintf(path, sizeof path, "%s/events/%s/id", tracefs[i], event);
                ssize_t n = host_read(host, path, text, sizeof text);
                if (n > 0 && scan_u64(&at, text + n, ret) == 0)
                        return 0;
                if (n == -EACCES || n == -EPERM)
                        worst = (int)n;
        }
        return worst;
}

static int explain_tracefs(const Host *host, const char *event, int r, Error *why, Error *fix)
{
        _cleanup_close_ int fd = host_open(host, "sys/kernel/tracing/events");

        if (r == -EACCES || r == -EPERM || fd == -EACCES)
                return error_set(why, EACCES,
                                 "counting in the kernel needs root: tracefs is closed to others");
        if (fd >= 0)
                return error_set(why, ENOENT, "this kernel has no tracepoint %s", event);
        error_set(fix, 0, "sudo mount -t tracefs none /sys/kernel/tracing");
        return error_set(why, ENOENT, "tracefs is not mounted");
}

int fragmentation_counters_probe(const Host *host, Error *why, Error *fix)
{
        static const char event[] = "kmem/mm_page_alloc_extfrag";
        _cleanup_close_ int btf = -1;
        uint64_t id;
        int r = read_id(host, event, &id);

        if (r < 0)
                return explain_tracefs(host, event, r, why, fix);
        btf = host_open(host, "sys/kernel/btf/vmlinux");
        if (btf < 0)
                return error_set(why, EOPNOTSUPP, "the kernel has no BTF (/sys/kernel/btf/vmlinux)");
        return 0;
}

static int attach(const Host *host, struct bpf_program *program, const char *event,
                  struct bpf_link **ret, Error *err)
{
        struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof attr};
        Error fix;
        uint64_t id;
        int r = read_id(host, event, &id);

        if (r < 0)
                return explain_tracefs(host, event, r, err, &fix);
        attr.config = id;
        int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, -errno, "tracepoint %s", event);
        *ret = bpf_program__attach_perf_event(program, fd); /* owns fd from now on */
        if (*ret)
                return 0;
        r = -errno;
        close(fd);
        return error_set_errno(err, r, "bpf: tracepoint %s", event);
}

static int attach_all(struct fragmentation_bpf *k, const Host *host, Error *err)
{
        int r = attach(host, k->progs.on_fallback, "kmem/mm_page_alloc_extfrag",
                       &k->links.on_fallback, err);

        /* The end first: a compaction of which only the begin is seen would be kept for ever. */
        if (r == 0)
                r = attach(host, k->progs.on_compaction_end, "compaction/mm_compaction_end",
                           &k->links.on_compaction_end, err);
        if (r == 0)
                r = attach(host, k->progs.on_compaction_begin, "compaction/mm_compaction_begin",
                           &k->links.on_compaction_begin, err);
        return r;
}

static int load(FragmentationCounters *c, const Host *host, Error *err)
{
        BpfBtfFacts facts;
        char path[32];
        _cleanup_close_ int btf = bpf_btf_of_kernel(host, kernel_types, &facts, err);

        if (btf < 0)
                return btf;
        snprintf(path, sizeof path, "/proc/self/fd/%d", btf);
        LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path);
        c->skeleton = fragmentation_bpf__open_opts(&options);
        if (!c->skeleton)
                return error_set_errno(err, -errno, "bpf");
        int r = fragmentation_bpf__load(c->skeleton);
        if (r == -EPERM)
                return error_set(err, r, "bpf needs root or the capabilities CAP_BPF and CAP_PERFMON");
        if (r < 0)
                return error_set_errno(err, r, "bpf: the kernel refused the programs");
        return attach_all(c->skeleton, host, err);
}

int fragmentation_counters_new(const Host *host, FragmentationCounters **ret, Error *err)
{
        FragmentationCounters *c = calloc(1, sizeof *c);

        if (!c)
                return error_set_errno(err, -ENOMEM, "fragmentation");
        /* What libbpf would print is in our sentence. */
        libbpf_print_fn_t before = libbpf_set_print(NULL);
        int r = load(c, host, err);
        libbpf_set_print(before);
        if (r < 0) {
                fragmentation_counters_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

FragmentationCounters *fragmentation_counters_free(FragmentationCounters *counters)
{
        if (counters) {
                fragmentation_bpf__destroy(counters->skeleton);
                free(counters);
        }
        return NULL;
}

const uint64_t *fragmentation_fallbacks(const FragmentationCounters *counters)
{
        return (const uint64_t *)counters->skeleton->bss->fallbacks;
}

const struct bpf_compaction *fragmentation_compactions(const FragmentationCounters *counters)
{
        return counters->skeleton->bss->compactions;
}
