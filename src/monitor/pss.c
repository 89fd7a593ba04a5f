/* Doubt is counted in bytes; the largest is read first, if it is worth it and affordable. */
#include "monitor/pss.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "host/proc-identity.h"

enum {
        DOUBT_MIN_BYTES = 1 << 20,    /* below, an estimate is good enough */
        BURST_NS = 6 * 1000000,       /* what may be spent ahead, for a start and for peaks */
        RESERVE_PERCENT = 30,         /* of the budget: for what cannot wait, reading can */
        COST_FIRST_NS = 30 * 1000,    /* guess of a read's fixed cost */
        COST_PER_MIB_NS = 6 * 1000,   /* and of what comes on top, until measured */
        MAX_READS_A_TICK = 8,
        AGE_DOUBT_PER_SECOND = 50,    /* a fiftieth of its size a second */
};

struct PssReader {
        const Host *host;
        double budget_ratio;
        uint64_t shared_growth;  /* bytes of file and shared memory that came or went, ever */
        double file_ratio, shmem_ratio; /* share of resident pages that counted, as read lately */
        double cost_per_byte;    /* ns, measured */
        uint64_t startup_cpu_ns; /* spent before the first tick: not held against reading */
        uint64_t reads;
};

int pss_reader_new(const Host *host, double budget_ratio, PssReader **ret)
{
        PssReader *reader = calloc(1, sizeof *reader);

        if (!reader)
                return -ENOMEM;
        *reader = (PssReader){
                .host = host,
                .budget_ratio = budget_ratio,
                .file_ratio = 0.3,
                .shmem_ratio = 1,
                .cost_per_byte = (double)COST_PER_MIB_NS / (1 << 20),
        };
        *ret = reader;
        return 0;
}

PssReader *pss_reader_free(PssReader *reader)
{
        free(reader);
        return NULL;
}

uint64_t pss_reads(const PssReader *reader)
{
        return reader->reads;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
        return a > b ? a - b : b - a;
}

/* Scales what was read by how the resident part changed; without a reading, by a ratio. */
static uint64_t follow_part(uint64_t pss_read, uint64_t rss_read, uint64_t rss_now, double ratio)
{
        if (rss_read == 0)
                return (uint64_t)((double)rss_now * ratio);
        return (uint64_t)((double)pss_read * ((double)rss_now / (double)rss_read));
}

void pss_follow(PssReader *reader, Process *p)
{
        ProcessWatch *w = &p->watch;
        const TrackSample *now = &w->now;

        if (w->pss_read_ns == 0) {
                uint64_t anon = now->rss_anon_bytes;
                /* forked and not exec'd: the parent's pages are its own only once written to */
                uint64_t own = anon > w->inherited_anon ? anon - w->inherited_anon : 0;
                w->pss_bytes = own + (uint64_t)((double)now->rss_file_bytes * reader->file_ratio) +
                               (uint64_t)((double)now->rss_shmem_bytes * reader->shmem_ratio);
                return;
        }
        int64_t anon = (int64_t)w->pss_anon + (int64_t)now->rss_anon_bytes - (int64_t)w->rss_anon;
        w->pss_bytes = (uint64_t)MAX(anon, (int64_t)0) +
                       follow_part(w->pss_file, w->rss_file, now->rss_file_bytes, reader->file_ratio) +
                       follow_part(w->pss_shmem, w->rss_shmem, now->rss_shmem_bytes,
                                   reader->shmem_ratio);
}

/* How many bytes the followed value may be off. */
static uint64_t doubt(const PssReader *reader, const Process *p, uint64_t now_ns)
{
        const ProcessWatch *w = &p->watch;
        const TrackSample *now = &w->now;
        uint64_t shared = now->rss_file_bytes + now->rss_shmem_bytes;
        uint64_t rss = shared + now->rss_anon_bytes;

        if (w->pss_read_ns == 0)
                return now->rss_shmem_bytes + now->rss_file_bytes / 2 +
                       MIN(w->inherited_anon, now->rss_anon_bytes) + now->rss_anon_bytes / 8;
        uint64_t changed = distance(now->rss_file_bytes, w->rss_file) +
                           distance(now->rss_shmem_bytes, w->rss_shmem) +
                           distance(now->rss_anon_bytes, w->rss_anon) / 8;
        uint64_t elsewhere = reader->shared_growth - w->shared_growth;
        uint64_t age_ms = (now_ns - w->pss_read_ns) / NS_PER_MS;
        return changed + MIN(elsewhere, now->rss_shmem_bytes) + w->doubt_bytes +
               rss / 1000 * MIN(age_ms, (uint64_t)60000) / AGE_DOUBT_PER_SECOND;
}

static uint64_t expected_cost(const PssReader *reader, const Process *p)
{
        const TrackSample *now = &p->watch.now;
        uint64_t rss = now->rss_anon_bytes + now->rss_file_bytes + now->rss_shmem_bytes;
        uint64_t guess = COST_FIRST_NS + (uint64_t)((double)rss * reader->cost_per_byte);

        return p->watch.read_cost_ns ? MAX(p->watch.read_cost_ns, guess / 2) : guess;
}

static void learn(PssReader *reader, Process *p, const ProcSmaps *smaps, uint64_t cost_ns)
{
        ProcessWatch *w = &p->watch;
        const TrackSample *now = &w->now;

        w->read_cost_ns = cost_ns;
        if (smaps->rss_bytes > 1 << 20 && cost_ns > COST_FIRST_NS)
                reader->cost_per_byte = 0.8 * reader->cost_per_byte +
                                        0.2 * ((double)(cost_ns - COST_FIRST_NS) /
                                               (double)smaps->rss_bytes);
        if (now->rss_file_bytes > 1 << 20 && w->pss_file <= now->rss_file_bytes)
                reader->file_ratio = 0.9 * reader->file_ratio +
                                     0.1 * (double)w->pss_file / (double)now->rss_file_bytes;
        if (now->rss_shmem_bytes > 1 << 20 && w->pss_shmem <= now->rss_shmem_bytes)
                reader->shmem_ratio = 0.5 * reader->shmem_ratio +
                                      0.5 * (double)w->pss_shmem / (double)now->rss_shmem_bytes;
}

/* Reads one process. Returns the CPU time it took. */
static uint64_t read_one(PssReader *reader, ProcessTable *table, Process *p, uint64_t now_ns)
{
        ProcessWatch *w = &p->watch;
        ProcSmaps smaps;
        uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        int r = proc_smaps_rollup_read(reader->host, p->pid, &smaps);
        uint64_t cost = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;

        if (r != 0) {
                w->pss_refused = r < 0; /* another user's; a vanished one is told of soon */
                return cost;
        }
        bool first = w->pss_read_ns == 0;
        reader->reads++;
        w->pss_read_ns = now_ns;
        w->pss_read_bytes = w->pss_bytes = smaps.pss_bytes;
        if (smaps.pss_anon_bytes != PROC_UNKNOWN) {
                w->pss_anon = smaps.pss_anon_bytes;
                w->pss_file = smaps.pss_file_bytes;
                w->pss_shmem = smaps.pss_shmem_bytes;
        } else { /* before 5.9 */
                w->pss_anon = smaps.pss_bytes;
                w->pss_file = w->pss_shmem = 0;
        }
        w->rss_anon = w->now.rss_anon_bytes;
        w->rss_file = w->now.rss_file_bytes;
        w->rss_shmem = w->now.rss_shmem_bytes;
        w->shared_growth = reader->shared_growth;
        w->doubt_bytes = 0;
        learn(reader, p, &smaps, cost);
        if (first && w->inherited_anon > 0 && w->pss_anon < w->now.rss_anon_bytes) {
                /* shares pages with its parent, whose own share is smaller then */
                Process *parent = process_table_find(table, p->ppid);
                if (parent)
                        parent->watch.doubt_bytes += w->now.rss_anon_bytes - w->pss_anon;
        }
        return cost;
}

static Process *most_in_doubt(PssReader *reader, ProcessTable *table, uint64_t now_ns,
                              uint64_t affordable_ns, uint64_t least)
{
        Process *best = NULL, *p;
        uint64_t best_doubt = least;
        size_t position = 0;

        while (process_table_next(table, &position, &p)) {
                if (!p->wanted || !p->watch.seen || p->watch.pss_refused ||
                    p->watch.pss_read_ns == now_ns)
                        continue;
                uint64_t d = doubt(reader, p, now_ns);
                if (d > best_doubt && expected_cost(reader, p) <= affordable_ns) {
                        best_doubt = d;
                        best = p;
                }
        }
        return best;
}

void pss_read_some(PssReader *reader, ProcessTable *table, uint64_t now_ns, uint64_t elapsed_ns,
                   uint64_t own_cpu_ns)
{
        if (reader->startup_cpu_ns == 0)
                reader->startup_cpu_ns = own_cpu_ns;
        uint64_t allowed = (uint64_t)((double)elapsed_ns * reader->budget_ratio *
                                      (100 - RESERVE_PERCENT) / 100) +
                           reader->startup_cpu_ns + BURST_NS;

        for (int i = 0; i < MAX_READS_A_TICK && own_cpu_ns < allowed; i++) {
                Process *p = most_in_doubt(reader, table, now_ns, allowed - own_cpu_ns,
                                           DOUBT_MIN_BYTES);
                if (!p)
                        return;
                own_cpu_ns += read_one(reader, table, p, now_ns);
        }
}

void pss_note_shared(PssReader *reader, const TrackSample *before, const TrackSample *now)
{
        reader->shared_growth += distance(before->rss_shmem_bytes, now->rss_shmem_bytes);
}
