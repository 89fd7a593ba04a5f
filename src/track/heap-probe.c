/* The kernel tells a process by its memory, so that all its threads are seen, and nobody else pays. */
#include "track/heap-probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "bpf/heap.skel.h"

enum { LINKS_MAX = 24 };

struct HeapProbe {
        struct heap_bpf *skeleton;
        struct bpf_link *links[LINKS_MAX];
        size_t n_links;
        struct ring_buffer *ring;
        void (*fn)(uint64_t key, const struct heap_snippet *snippet, void *data); /* of the drain under way */
        void *data;
};

#define UPROBES "/sys/bus/event_source/devices/uprobe/type"

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
        return 0;
}

int heap_probe_possible(Error *why)
{
        if (access(UPROBES, F_OK) < 0)
                return error_set(why, EOPNOTSUPP, "the kernel has no uprobes (no " UPROBES "; CONFIG_UPROBE_EVENTS)");
        return 0;
}

HeapProbe *heap_probe_free(HeapProbe *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n_links; i++)
                bpf_link__destroy(p->links[i]);
        ring_buffer__free(p->ring);
        heap_bpf__destroy(p->skeleton);
        free(p);
        return NULL;
}

/* 0; 1: the library has no such function; -errno. */
static int attach(HeapProbe *p, struct bpf_program *program, pid_t pid, const char *library, const char *function, bool at_return)
{
        LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = function, .retprobe = at_return);
        struct bpf_link *link = p->n_links < LINKS_MAX ? bpf_program__attach_uprobe_opts(program, pid, library, 0, &options) : NULL;
        int r = -errno;

        if (!link)
                return r == -ENOENT ? 1 : r;
        p->links[p->n_links++] = link;
        return 0;
}

/* Returns first: a call that began before them would be kept for ever. */
static int attach_all(HeapProbe *p, pid_t pid, const char *library, Error *err)
{
        struct heap_bpf *k = p->skeleton;
        const struct {
                const char *function;
                struct bpf_program *begin, *end;
        } probes[] = {
                {"malloc", k->progs.begin_malloc, k->progs.end_taking},
                {"calloc", k->progs.begin_calloc, k->progs.end_taking},
                {"realloc", k->progs.begin_realloc, k->progs.end_taking},
                {"aligned_alloc", k->progs.begin_aligned, k->progs.end_taking},
                {"memalign", k->progs.begin_aligned, k->progs.end_taking},
                {"mmap", k->progs.begin_mmap, k->progs.end_mmap},
                {"munmap", k->progs.on_free, NULL},
                {"free", k->progs.on_free, NULL},
        };
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(probes); i++) {
                int r = probes[i].end ? attach(p, probes[i].end, pid, library, probes[i].function, true) : 0;
                if (r == 0)
                        r = attach(p, probes[i].begin, pid, library, probes[i].function, false);
                if (r < 0)
                        return error_set_errno(err, r, "a probe on %s in %s", probes[i].function, library);
                n += r == 0;
        }
        return n == 0 ? error_set(err, ENOENT, "%s has none of malloc, free, mmap; is it a C library?", library) : 0;
}

static uint64_t key_of(const struct heap_site *site)
{
        return hash_bytes(site, sizeof *site);
}

static int take(void *data, void *record, size_t size)
{
        const HeapProbe *p = data;
        const struct heap_snippet *snippet = record;

        if (size >= sizeof *snippet && snippet->size <= HEAP_SNIPPET)
                p->fn(key_of(&snippet->site), snippet, p->data);
        return 0;
}

int heap_probe_new(pid_t pid, const char *library, HeapProbe **ret, Error *err)
{
        _cleanup_(heap_probe_freep) HeapProbe *p = calloc(1, sizeof *p);
        libbpf_print_fn_t before = libbpf_set_print(quiet);
        int r = 0;

        if (p)
                p->skeleton = heap_bpf__open();
        if (!p || !p->skeleton)
                r = error_set(err, ENOMEM, "out of memory");
        if (r == 0) {
                r = heap_bpf__load(p->skeleton);
                if (r < 0)
                        r = error_set_errno(err, r, "bpf: the probes cannot be loaded%s",
                                            r == -EPERM ? " (root, or CAP_BPF and CAP_PERFMON)" : "");
        }
        if (r == 0)
                r = attach_all(p, pid, library, err);
        if (r == 0 && !(p->ring = ring_buffer__new(bpf_map__fd(p->skeleton->maps.snippets), take, p, NULL)))
                r = error_set(err, ENOMEM, "bpf: no ring buffer");
        libbpf_set_print(before);
        if (r == 0)
                *ret = TAKE(p);
        return r;
}

void heap_probe_set_texts(HeapProbe *probe, const struct heap_texts *texts)
{
        uint32_t zero = 0;

        bpf_map_update_elem(bpf_map__fd(probe->skeleton->maps.texts), &zero, texts, BPF_ANY);
}

void heap_probe_drain(HeapProbe *probe, void (*fn)(uint64_t key, const struct heap_snippet *snippet, void *data), void *data)
{
        probe->fn = fn;
        probe->data = data;
        ring_buffer__consume(probe->ring);
}

int heap_probe_sample(HeapProbe *probe, unsigned shift)
{
        uint32_t zero = 0;

        return bpf_map_update_elem(bpf_map__fd(probe->skeleton->maps.sampling), &zero, &shift, BPF_ANY) < 0 ? -errno : 0;
}

void heap_probe_counters(const HeapProbe *probe, uint64_t *ret_calls, uint64_t *ret_missed)
{
        int fd = bpf_map__fd(probe->skeleton->maps.counters);
        uint32_t calls = HEAP_CALLS, missed = HEAP_MISSED;

        *ret_calls = *ret_missed = 0;
        bpf_map_lookup_elem(fd, &calls, ret_calls);
        bpf_map_lookup_elem(fd, &missed, ret_missed);
}

/* The stack begins in the function itself; whether its caller follows depends on the kernel. */
static void add_calls(const HeapProbe *probe, const struct heap_site *site, HeapPlace *place)
{
        uint64_t stack[HEAP_STACK_DEPTH] = {0};
        size_t at = 1;

        place->calls[0] = site->caller;
        place->n = 1;
        if (site->stack < 0 || bpf_map_lookup_elem(bpf_map__fd(probe->skeleton->maps.stacks), &site->stack, stack) < 0)
                return;
        if (stack[1] == site->caller)
                at = 2;
        for (; at < HEAP_STACK_DEPTH && stack[at]; at++)
                place->calls[place->n++] = stack[at];
}

int heap_probe_each(const HeapProbe *probe, int (*fn)(const HeapPlace *place, void *data), void *data)
{
        int fd = bpf_map__fd(probe->skeleton->maps.sites), r = 0;
        struct heap_site site, next;

        for (void *key = NULL; r == 0 && bpf_map_get_next_key(fd, key, &next) == 0; key = &site) {
                HeapPlace place = {0};
                site = next;
                if (bpf_map_lookup_elem(fd, &site, &place.figures) < 0)
                        continue;
                add_calls(probe, &site, &place);
                place.key = key_of(&site);
                r = fn(&place, data);
        }
        return r;
}
