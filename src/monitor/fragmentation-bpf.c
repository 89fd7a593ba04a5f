/*
 * Loads fragmentation.bpf.c and hangs its programs on the tracepoints, whose numbers tracefs
 * knows. A tracepoint's program runs on every CPU, whichever its perf event is opened for.
 */
#include "monitor/fragmentation-counters.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "bpf/fragmentation.skel.h"
#include "host/tracefs.h"
#include "track/bpf-btf.h"

struct FragmentationCounters {
        struct fragmentation_bpf *skeleton;
};

static const char *const kernel_types[] = {
        "trace_event_raw_mm_page_alloc_extfrag", "trace_event_raw_mm_compaction_begin",
        "trace_event_raw_mm_compaction_end", NULL,
};

int fragmentation_counters_probe(const Host *host, Error *why)
{
        _cleanup_close_ int btf = host_open(host, "sys/kernel/btf/vmlinux");

        return btf < 0 ? error_set(why, EOPNOTSUPP, "the kernel has no BTF (/sys/kernel/btf/vmlinux)")
                       : 0;
}

static int attach(const Host *host, struct bpf_program *program, const char *event,
                  struct bpf_link **ret, Error *err)
{
        struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof attr};
        uint64_t id;
        int r = tracefs_event_id(host, event, &id, err, NULL);

        if (r < 0)
                return r;
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

/* What libbpf has to say is in our sentence; all of it is for `vigia -vv`. */
static int print(enum libbpf_print_level level, const char *format, va_list args)
{
        return log_level() < LOG_DEBUG ? 0 : vfprintf(stderr, format, args);
}

int fragmentation_counters_new(const Host *host, FragmentationCounters **ret, Error *err)
{
        FragmentationCounters *c = calloc(1, sizeof *c);

        if (!c)
                return error_set_errno(err, -ENOMEM, "fragmentation");
        libbpf_print_fn_t before = libbpf_set_print(print);
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
