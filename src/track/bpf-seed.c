/* One pass lists all threads; the tree of their parents says who is a descendant. */
#include "track/bpf-seed.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "bpf/seed.skel.h"

enum { MAX_LIST_BYTES = 1 << 30, MAX_PASSES = 5, MAX_ANCESTORS = 4096 };

static int list(struct seed_bpf *seed, Buffer *to, Error *err)
{
        _cleanup_close_ int fd = bpf_iter_create(bpf_link__fd(seed->links.list_threads));

        if (fd < 0)
                return error_set_errno(err, errno, "bpf: task iterator");
        buffer_clear(to);
        int r = file_read_all(fd, to, MAX_LIST_BYTES);
        return r < 0 ? error_set_errno(err, r, "bpf: task iterator") : 0;
}

typedef struct Seeding {
        const struct bpf_seed_thread *threads;
        size_t n;
        Map *leaders; /* tgid → struct bpf_seed_thread */
        pid_t pid;
        bool descendants;
        uint32_t own_tgid;
} Seeding;

static bool belongs(const Seeding *s, const struct bpf_seed_thread *t)
{
        if (t->pid == 0 || t->is_dead || t->pid == getpid())
                return false;
        if (s->pid == 0)
                return !t->is_kernel;
        for (int depth = 0; t && depth < MAX_ANCESTORS; depth++) {
                if (t->pid == s->pid)
                        return true;
                if (!s->descendants || t->parent_tgid == t->tgid)
                        return false;
                t = map_get(s->leaders, (uint64_t)t->parent_tgid + 1);
        }
        return false;
}

static void add_figures(struct bpf_track_figures *to, const struct bpf_track_figures *more)
{
        uint64_t *a = (uint64_t *)to;
        const uint64_t *b = (const uint64_t *)more;

        for (size_t i = 0; i < sizeof *to / sizeof *a; i++)
                a[i] += b[i];
}

static void sum_threads(const Seeding *s, uint32_t tgid, struct bpf_track_figures *to)
{
        for (size_t i = 0; i < s->n; i++) /* the kernel lists a process's threads anywhere */
                if (s->threads[i].tgid == tgid)
                        add_figures(to, &s->threads[i].figures);
}

static bool add_member(const Seeding *s, int members_fd, const struct bpf_seed_thread *t,
                       BpfSeedFn fn, void *data)
{
        struct bpf_track_member m = {
                .task = t->task,
                .start_ns = t->start_ns,
                .pid = t->pid,
                .threads_max = t->threads,
                .maxrss_at_exec = t->maxrss,
                .peak_pages = BPF_TRACK_UNKNOWN,
        };
        struct bpf_track_event e = {
                .type = BPF_TRACK_FOUND,
                .pid = t->pid,
                .tgid = t->tgid,
                .time_ns = clock_monotonic_ns(),
                .start_ns = t->start_ns,
                .uid = t->uid,
                .threads_max = t->threads,
                .peak_pages = BPF_TRACK_UNKNOWN,
        };
        const struct bpf_seed_thread *parent = map_get(s->leaders, (uint64_t)t->parent_tgid + 1);

        if (bpf_map_update_elem(members_fd, &t->tgid, &m, BPF_NOEXIST) < 0)
                return false;
        e.ppid = parent ? parent->pid : 0;
        memcpy(e.comm, t->comm, sizeof e.comm);
        if (t->threads > 1)
                sum_threads(s, t->tgid, &e.figures);
        else
                e.figures = t->figures;
        fn(&e, data);
        return true;
}

/* Returns how many were added in this pass, or negative. */
static int pass(Seeding *s, struct seed_bpf *seed, int members_fd, Buffer *buffer, BpfSeedFn fn,
                void *data, Error *err)
{
        int added = 0, r = list(seed, buffer, err);
        bool seen = false;

        if (r < 0)
                return r;
        s->threads = (const void *)buffer->data;
        s->n = buffer->size / sizeof *s->threads;
        r = map_new(&s->leaders);
        for (size_t i = 0; r == 0 && i < s->n; i++)
                if (s->threads[i].tid == s->threads[i].tgid)
                        r = map_put(s->leaders, (uint64_t)s->threads[i].tgid + 1,
                                    (void *)&s->threads[i]);
        for (size_t i = 0; r == 0 && i < s->n; i++) {
                const struct bpf_seed_thread *t = &s->threads[i];
                if (t->tid != t->tgid || !belongs(s, t))
                        continue;
                seen = seen || t->pid == s->pid || s->pid == 0;
                added += add_member(s, members_fd, t, fn, data);
        }
        s->leaders = map_free(s->leaders);
        if (r == 0 && !seen)
                return error_set(err, ESRCH, "there is no process %d", s->pid);
        return r < 0 ? r : added;
}

int bpf_seed(int members_fd, uint32_t pid_level, pid_t pid, bool descendants, BpfSeedFn fn,
             void *data, Error *err)
{
        Seeding seeding = {.pid = pid, .descendants = descendants};
        struct seed_bpf *seed = seed_bpf__open();
        Buffer buffer = {0};
        int r;

        if (!seed)
                return error_set_errno(err, errno, "bpf: task iterator");
        seed->rodata->pid_level = pid_level;
        r = seed_bpf__load(seed);
        if (r == 0)
                r = seed_bpf__attach(seed);
        if (r < 0)
                error_set_errno(err, r, "bpf: task iterator");
        for (int i = 0; r >= 0 && i < MAX_PASSES; i++) {
                r = pass(&seeding, seed, members_fd, &buffer, fn, data, err);
                if (r <= 0)
                        break;
        }
        buffer_done(&buffer);
        seed_bpf__destroy(seed);
        return r < 0 ? r : 0;
}
