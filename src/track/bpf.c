/*
 * The bpf source: loads src/bpf/track.bpf.c, drains its ring at each tick, and fills samples by
 * running one program over a shared array of slots, one slot a process in scope. So a tick
 * costs what the scope costs, not what the machine holds; a process that did not run since the
 * last tick costs four reads.
 */
#include "track/track.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "bpf/track.event.h"
#include "bpf/sample.skel.h"
#include "bpf/track.skel.h"
#include "track/bpf-btf.h"
#include "track/bpf-seed.h"

#define REFRESH_NS (2 * NS_PER_SECOND) /* what happens to a sleeper, like swapping, is seen then */

enum { MAX_MEMBERS = 1 << 16, RING_BYTES_PER_CPU = 128 << 10, RING_MIN = 512 << 10, RING_MAX = 16 << 20 };

/* A process in scope that is alive, as sample() goes through them. */
typedef struct Alive {
        uint32_t tgid;
        pid_t pid;
        uint64_t start_ns;
} Alive;

typedef struct BpfSource {
        TrackSource source;
        struct track_bpf *skeleton;
        struct sample_bpf *sampler; /* loaded at the first tick */
        int btf_fd;                 /* until then */
        struct ring_buffer *ring;
        struct bpf_track_slot *slots; /* shared with the kernel */
        TrackScope scope;
        BpfBtfFacts facts;
        Alive *alive;
        size_t n_alive, alive_capacity;
        Map *index;       /* tgid → position in alive + 1 */
        uint64_t page_bytes;
        uint64_t next_refresh_ns;
        TrackEventFn fn;  /* during drain */
        void *fn_data;
        uint64_t lost_here; /* alive list could not grow */
        Buffer found;       /* struct bpf_track_event of what add() found, for the next drain */
} BpfSource;

/* The structures that kernel.h declares. */
static const char *const kernel_types[] = {
        "task_struct",  "mm_struct", "mm_rss_stat", "signal_struct", "percpu_counter",
        "task_io_accounting", "list_head", "sched_entity", "cred", "pid", "upid", "fdtable",
        "files_struct", "linux_binprm", "kernel_siginfo", "fs_struct", "path", "dentry", "qstr", "vfsmount", "mount", "bpf_array", NULL,
};

/* User and system time as the kernel would show them: ticks say how the exact run time is
 * divided (kernel/sched/cputime.c, cputime_adjust). */
static void split_time(uint64_t runtime, uint64_t utime, uint64_t stime, uint64_t *user,
                       uint64_t *system)
{
        if (stime == 0) {
                *user = runtime;
                *system = 0;
        } else if (utime == 0) {
                *user = 0;
                *system = runtime;
        } else {
                *system = (uint64_t)((unsigned __int128)runtime * stime / (utime + stime));
                *user = runtime - *system;
        }
}

static void convert_figures(const struct bpf_track_figures *from, TrackFigures *to)
{
        to->cpu_ns = from->runtime_ns;
        split_time(from->runtime_ns, from->utime_ns, from->stime_ns, &to->user_ns, &to->system_ns);
        to->minor_faults = from->min_flt;
        to->major_faults = from->maj_flt;
        to->voluntary_switches = from->nvcsw;
        to->involuntary_switches = from->nivcsw;
        to->read_bytes = from->read_bytes;
        to->write_bytes = from->write_bytes;
        to->read_chars = from->rchar;
        to->write_chars = from->wchar;
}

static void alive_add(BpfSource *s, const struct bpf_track_event *e)
{
        if (map_get(s->index, e->tgid) || s->n_alive >= MAX_MEMBERS)
                return;
        Alive *alive = array_grow(s->alive, &s->alive_capacity, s->n_alive, sizeof *alive);
        if (!alive) {
                s->lost_here++;
                return;
        }
        s->alive = alive;
        if (map_put(s->index, e->tgid, (void *)(s->n_alive + 1)) < 0) {
                s->lost_here++;
                return;
        }
        if (s->n_alive < BPF_TRACK_SLOTS)
                s->slots[s->n_alive].state = BPF_TRACK_ABSENT;
        s->alive[s->n_alive++] = (Alive){e->tgid, e->pid, e->start_ns};
}

static void alive_remove(BpfSource *s, const struct bpf_track_event *e)
{
        size_t at = (size_t)map_get(s->index, e->tgid);

        if (at == 0 || s->alive[at - 1].start_ns != e->start_ns)
                return;
        map_remove(s->index, e->tgid);
        Alive *last = &s->alive[--s->n_alive];
        if (at - 1 < s->n_alive) {
                s->alive[at - 1] = *last;
                map_put(s->index, last->tgid, (void *)at); /* replaces: cannot fail */
                if (at - 1 < BPF_TRACK_SLOTS)
                        s->slots[at - 1].state = BPF_TRACK_ABSENT;
        }
}

/* Names from the last to the first, each ended by NUL → "/first/last"; NULL if there are none. */
static const char *join_names(const char *names, size_t size, char to[BPF_TRACK_CWD_MAX + BPF_TRACK_PATH_MAX + 2])
{
        size_t end = size, used = 0;

        if (size == 0 || size > BPF_TRACK_CWD_MAX + BPF_TRACK_PATH_MAX || names[size - 1] != '\0')
                return NULL;
        while (end > 0) {
                size_t start = --end; /* names[end] is the NUL behind this name */
                while (start > 0 && names[start - 1] != '\0')
                        start--;
                to[used++] = '/';
                memcpy(to + used, names + start, end - start);
                used += end - start;
                end = start;
        }
        to[used] = '\0';
        return to;
}

static TrackSender read_sender(const struct bpf_track_sender *from)
{
        TrackSender sender = {.pid = from->pid};

        if (from->signal)
                sender.by = from->by == BPF_TRACK_BY_PROCESS ? TRACK_BY_PROCESS : TRACK_BY_KERNEL;
        memcpy(sender.comm, from->comm, sizeof sender.comm);
        sender.comm[sizeof sender.comm - 1] = '\0';
        return sender;
}

static int on_record(void *data, void *record, size_t size)
{
        static const TrackEventType types[] = {
                [BPF_TRACK_FOUND] = TRACK_FOUND, [BPF_TRACK_FORK] = TRACK_FORK,
                [BPF_TRACK_EXEC] = TRACK_EXEC,   [BPF_TRACK_EXIT] = TRACK_EXIT,
                [BPF_TRACK_FINAL] = TRACK_FINAL, [BPF_TRACK_COMM] = TRACK_COMM,
                [BPF_TRACK_OOM] = TRACK_OOM,     [BPF_TRACK_CWD] = TRACK_CWD,
        };
        BpfSource *s = data;
        const struct bpf_track_event *e = record;
        char cwd[BPF_TRACK_CWD_MAX + BPF_TRACK_PATH_MAX + 2];

        if (size < sizeof *e || e->type == 0 || e->type >= ARRAY_LENGTH(types) || e->pid == 0)
                return 0;
        TrackEvent event = {
                .type = types[e->type],
                .pid = e->pid,
                .ppid = e->ppid,
                .time_ns = e->time_ns,
                .start_ns = e->start_ns,
                .uid = e->uid,
                .wait_status = e->exit_code,
                .peak_rss_bytes = e->peak_pages == BPF_TRACK_UNKNOWN ? TRACK_UNKNOWN
                                                                     : e->peak_pages * s->page_bytes,
                .peak_exact = true,
                .threads_max = e->threads_max,
        };
        memcpy(event.comm, e->comm, sizeof event.comm);
        event.comm[sizeof event.comm - 1] = '\0';
        convert_figures(&e->figures, &event.figures);
        if (event.type == TRACK_EXEC) {
                const char *text = (const char *)(e + 1);
                size_t behind = size - sizeof *e;
                size_t path = MIN((size_t)e->path_size, behind);
                event.exe = path > 1 && text[path - 1] == '\0' ? text : NULL;
                event.cmdline = text + path;
                event.cmdline_size = MIN((size_t)e->cmdline_size, behind - path);
                event.cmdline_cut = e->flags & BPF_TRACK_CUT;
        }
        if (event.type == TRACK_EXIT && size >= sizeof *e + sizeof(struct bpf_track_sender))
                event.sender = read_sender((const void *)(e + 1));
        if (event.type == TRACK_CWD &&
            !(event.cwd = join_names((const char *)(e + 1),
                                     MIN((size_t)e->cwd_size, size - sizeof *e), cwd)))
                return 0;
        if (event.type == TRACK_FORK || event.type == TRACK_FOUND)
                alive_add(s, e);
        else if (event.type == TRACK_EXIT || event.type == TRACK_FINAL)
                alive_remove(s, e);
        s->fn(&event, s->fn_data);
        return 0;
}

static int bpf_drain(TrackSource *source, TrackEventFn fn, void *data)
{
        BpfSource *s = (BpfSource *)source;

        s->fn = fn;
        s->fn_data = data;
        for (size_t at = 0; at < s->found.size; at += sizeof(struct bpf_track_event))
                on_record(s, s->found.data + at, sizeof(struct bpf_track_event));
        buffer_done(&s->found);
        int r = ring_buffer__consume(s->ring);
        s->fn = NULL;
        return r < 0 ? r : 0;
}

static void deliver(BpfSource *s, const struct bpf_track_slot *slot, const Alive *alive,
                    TrackSampleFn fn, void *data)
{
        uint64_t user, system, page = s->page_bytes;

        split_time(slot->runtime_ns, slot->utime_ns, slot->stime_ns, &user, &system);
        TrackSample sample = {
                .pid = alive->pid,
                .start_ns = alive->start_ns,
                .rss_anon_bytes = slot->anon_pages * page,
                .rss_file_bytes = slot->file_pages * page,
                .rss_shmem_bytes = slot->shmem_pages * page,
                .swap_bytes = slot->swap_pages * page,
                .peak_rss_bytes = slot->peak_pages * page,
                .user_us = user / 1000,
                .system_us = system / 1000,
                .read_bytes = slot->read_bytes,
                .write_bytes = slot->write_bytes,
                .minor_faults = slot->min_flt,
                .threads = slot->threads,
                .fds = slot->fds,
        };
        fn(&sample, data);
}

/* Shares the maps of the first object, and what prepare() found. */
static int load_sampler(BpfSource *s)
{
        char path[32];
        struct track_bpf *k = s->skeleton;

        snprintf(path, sizeof path, "/proc/self/fd/%d", s->btf_fd);
        LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path);
        struct sample_bpf *sampler = sample_bpf__open_opts(&options);
        if (!sampler)
                return -errno;
        sampler->rodata->n_cpus = k->rodata->n_cpus;
        sampler->rodata->ring_half = k->rodata->ring_half;
        sampler->bss->pid_level = k->bss->pid_level;
        memcpy(sampler->bss->percpu_offset, k->bss->percpu_offset, sizeof k->bss->percpu_offset);
        int r = bpf_map__reuse_fd(sampler->maps.members, bpf_map__fd(k->maps.members));
        if (r == 0)
                r = bpf_map__reuse_fd(sampler->maps.ring, bpf_map__fd(k->maps.ring));
        if (r == 0)
                r = bpf_map__reuse_fd(sampler->maps.slots, bpf_map__fd(k->maps.slots));
        if (r == 0)
                r = sample_bpf__load(sampler);
        s->btf_fd = fd_close(s->btf_fd);
        if (r < 0) {
                sample_bpf__destroy(sampler);
                return r;
        }
        /* a kernel that refuses these is done without them */
        sampler->links.on_exec_cwd = bpf_program__attach(sampler->progs.on_exec_cwd);
        sampler->links.on_rename = bpf_program__attach(sampler->progs.on_rename);
        sampler->links.on_oom = bpf_program__attach(sampler->progs.on_oom);
        sampler->links.on_signal = bpf_program__attach(sampler->progs.on_signal);
        s->sampler = sampler;
        return 0;
}

static int bpf_sample(TrackSource *source, TrackSampleFn fn, void *data)
{
        BpfSource *s = (BpfSource *)source;
        uint64_t now = clock_monotonic_ns();
        LIBBPF_OPTS(bpf_test_run_opts, options);

        if (!s->sampler) {
                if (s->n_alive == 0) /* over before the first tick */
                        return 0;
                int r = load_sampler(s);
                if (r < 0)
                        return r;
        }
        int program = bpf_program__fd(s->sampler->progs.sample);
        s->sampler->bss->refresh = now >= s->next_refresh_ns;
        if (s->sampler->bss->refresh)
                s->next_refresh_ns = now + REFRESH_NS;
        for (size_t first = 0; first < s->n_alive; first += BPF_TRACK_SLOTS) {
                size_t n = MIN(s->n_alive - first, (size_t)BPF_TRACK_SLOTS);
                for (size_t i = 0; i < n; i++) {
                        const Alive *alive = &s->alive[first + i];
                        struct bpf_track_slot *slot = &s->slots[i];
                        if (slot->tgid != alive->tgid || slot->start_ns != alive->start_ns) {
                                slot->tgid = alive->tgid;
                                slot->start_ns = alive->start_ns;
                                slot->state = BPF_TRACK_ABSENT;
                        }
                }
                s->sampler->bss->n_slots = (uint32_t)n;
                if (bpf_prog_test_run_opts(program, &options) < 0)
                        return -errno;
                for (size_t i = 0; i < n; i++)
                        if (s->slots[i].state == BPF_TRACK_FILLED)
                                deliver(s, &s->slots[i], &s->alive[first + i], fn, data);
        }
        return 0;
}

static int bpf_fd(TrackSource *source)
{
        return ring_buffer__epoll_fd(((BpfSource *)source)->ring);
}

static uint64_t bpf_lost(TrackSource *source)
{
        BpfSource *s = (BpfSource *)source;

        return s->skeleton->bss->lost + (s->sampler ? s->sampler->bss->lost : 0) + s->lost_here;
}

static TrackSource *bpf_close(TrackSource *source)
{
        BpfSource *s = (BpfSource *)source;

        if (s->slots)
                munmap(s->slots, BPF_TRACK_SLOTS * sizeof *s->slots);
        ring_buffer__free(s->ring);
        if (s->sampler)
                sample_bpf__destroy(s->sampler);
        if (s->skeleton)
                track_bpf__destroy(s->skeleton);
        fd_close(s->btf_fd);
        map_free(s->index);
        buffer_done(&s->found);
        free(s->alive);
        free(s);
        return NULL;
}

static uint32_t ring_bytes(int n_cpus)
{
        uint32_t wanted = (uint32_t)MIN((uint64_t)n_cpus * RING_BYTES_PER_CPU, (uint64_t)RING_MAX);
        uint32_t size = RING_MIN;

        while (size < wanted)
                size *= 2;
        return size;
}

static int explain(int r, Error *why)
{
        if (r == -EPERM || r == -EACCES)
                return error_set(why, r,
                                 "bpf needs root or the capabilities CAP_BPF and CAP_PERFMON: use "
                                 "sudo, or `make install-caps`");
        return error_set_errno(why, r, "bpf: the kernel refused the programs");
}

/* libbpf reports on stderr by itself; ours is the sentence in `why`. */
static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
        if (log_level() < LOG_DEBUG)
                return 0;
        return vfprintf(stderr, format, args);
}

static int load(BpfSource *s, const Host *host, Error *why)
{
        char path[32];
        int btf = bpf_btf_of_kernel(host, kernel_types, &s->facts, why);
        int n_cpus = libbpf_num_possible_cpus();

        if (btf < 0)
                return btf;
        s->btf_fd = btf;
        if (n_cpus < 1)
                return error_set(why, EOPNOTSUPP, "bpf: the number of CPUs is unknown");
        snprintf(path, sizeof path, "/proc/self/fd/%d", btf);
        LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = path);
        s->skeleton = track_bpf__open_opts(&options);
        if (!s->skeleton)
                return explain(-errno, why);
        bpf_program__set_autoload(s->skeleton->progs.on_prepare_exec, s->facts.prepare_exec);
        bpf_program__set_autoload(s->skeleton->progs.on_exec_release, !s->facts.prepare_exec);
        bpf_program__set_autoload(s->skeleton->progs.on_exit_release, !s->facts.exit_has_mm);
        s->skeleton->rodata->n_cpus = (uint32_t)n_cpus;
        s->skeleton->rodata->ring_half = ring_bytes(n_cpus) / 2;
        s->skeleton->bss->watch_all = s->scope.watch_all || s->scope.all;
        s->skeleton->bss->no_descendants = !s->scope.descendants;
        bpf_map__set_max_entries(s->skeleton->maps.ring, ring_bytes(n_cpus));
        if (s->facts.map_memory)
                bpf_map__set_map_flags(s->skeleton->maps.members, BPF_F_NO_PREALLOC);
        if (s->facts.map_memory || s->scope.all || s->scope.watch_all)
                bpf_map__set_max_entries(s->skeleton->maps.members, MAX_MEMBERS);
        int r = track_bpf__load(s->skeleton);
        return r < 0 ? explain(r, why) : 0;
}

/* Attached one by one: `prepare` is only run, and what is refused but not needed
 * (kprobes on a kernel without them) is done without. */
static int attach(BpfSource *s, Error *why)
{
        struct track_bpf *k = s->skeleton;
        struct {
                struct bpf_program *program;
                struct bpf_link **link;
                bool needed;
        } all[] = {
                {k->progs.on_free, &k->links.on_free, true},
                {k->progs.on_exit, &k->links.on_exit, true},
                {k->progs.on_exec, &k->links.on_exec, true},
                {k->progs.on_prepare_exec, &k->links.on_prepare_exec, false},
                {k->progs.on_exec_release, &k->links.on_exec_release, false},
                {k->progs.on_exit_release, &k->links.on_exit_release, false},
                {k->progs.on_fork, &k->links.on_fork, true},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
                if (!bpf_program__autoload(all[i].program))
                        continue;
                *all[i].link = bpf_program__attach(all[i].program);
                if (!*all[i].link && all[i].needed)
                        return explain(-errno, why);
        }
        return 0;
}

static int prepare(BpfSource *s, Error *why)
{
        LIBBPF_OPTS(bpf_test_run_opts, options);

        s->ring = ring_buffer__new(bpf_map__fd(s->skeleton->maps.ring), on_record, s, NULL);
        if (!s->ring)
                return explain(-errno, why);
        void *slots = mmap(NULL, BPF_TRACK_SLOTS * sizeof *s->slots, PROT_READ | PROT_WRITE,
                           MAP_SHARED, bpf_map__fd(s->skeleton->maps.slots), 0);
        if (slots == MAP_FAILED)
                return explain(-errno, why);
        s->slots = slots;
        if (bpf_prog_test_run_opts(bpf_program__fd(s->skeleton->progs.prepare), &options) < 0)
                return explain(-errno, why);
        return 0;
}

static void on_found(const struct bpf_track_event *found, void *data)
{
        BpfSource *s = data;

        if (buffer_append(&s->found, found, sizeof *found) < 0)
                s->lost_here++;
}

static int seed(BpfSource *s, pid_t pid, bool descendants, Error *err)
{
        return bpf_seed(bpf_map__fd(s->skeleton->maps.members), s->skeleton->bss->pid_level, pid,
                        descendants, on_found, s, err);
}

static int bpf_open(TrackSource **ret, const Host *host, const TrackScope *scope, Error *why)
{
        BpfSource *s = calloc(1, sizeof *s);

        if (!s)
                return -ENOMEM;
        s->source.ops = &track_bpf_ops;
        s->btf_fd = -1;
        s->scope = *scope;
        s->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
        libbpf_set_print(quiet);
        int r = map_new(&s->index);
        if (r == 0)
                r = load(s, host, why);
        if (r == 0)
                r = prepare(s, why);
        if (r == 0)
                r = attach(s, why);
        if (r == 0 && scope->all)
                r = seed(s, 0, true, why);
        if (r < 0) {
                bpf_close(&s->source);
                return r;
        }
        *ret = &s->source;
        return 0;
}

static int bpf_start(TrackSource *source, pid_t root, Error *err)
{
        struct track_bpf *k = ((BpfSource *)source)->skeleton;
        LIBBPF_OPTS(bpf_test_run_opts, options);

        k->bss->root_pid = root;
        if (bpf_prog_test_run_opts(bpf_program__fd(k->progs.add_root), &options) < 0)
                return error_set_errno(err, errno, "bpf: adding the command");
        return k->bss->root_found ? 0 : error_set(err, ESRCH, "bpf: process %d was not found", root);
}

static int bpf_add(TrackSource *source, pid_t pid, Error *err)
{
        BpfSource *s = (BpfSource *)source;

        return seed(s, pid, s->scope.descendants, err);
}

static void bpf_remove(TrackSource *source, pid_t pid)
{
        BpfSource *s = (BpfSource *)source;

        for (size_t i = 0; i < s->n_alive; i++)
                if (s->alive[i].pid == pid) {
                        struct bpf_track_event gone = {.tgid = s->alive[i].tgid,
                                                       .start_ns = s->alive[i].start_ns};
                        bpf_map_delete_elem(bpf_map__fd(s->skeleton->maps.members), &gone.tgid);
                        alive_remove(s, &gone);
                        return;
                }
}

const TrackOps track_bpf_ops = {
        .name = "bpf",
        .tells_final = true,
        .open = bpf_open,
        .start = bpf_start,
        .add = bpf_add,
        .remove = bpf_remove,
        .drain = bpf_drain,
        .sample = bpf_sample,
        .fd = bpf_fd,
        .lost = bpf_lost,
        .close = bpf_close,
};
