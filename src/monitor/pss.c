/* Doubt is counted in bytes; the largest is read first, if it is worth it and affordable. */
#include "monitor/pss.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/proc-identity.h"
#include "monitor/file-shares.h"
#include "monitor/process-figures.h"

enum {
        DOUBT_MIN_BYTES = 1 << 20,    /* below, an estimate is good enough */
        BURST_NS = 6 * 1000000,       /* what may be spent ahead, for a start and for peaks */
        RESERVE_PERCENT = 55,         /* of the budget: for what cannot wait, reading can */
        OWN_PERCENT = 6,              /* of the budget: reading's own, whatever the rest of vigia takes */
        COST_FIRST_NS = 30 * 1000,    /* guess of a read's fixed cost */
        COST_PER_MIB_NS = 6 * 1000,   /* and of what comes on top, until measured */
        MAX_READS_A_TICK = 8,
        AGE_DOUBT_PER_SECOND = 50,    /* a fiftieth of its size a second */
};

struct PssReader {
        const Host *host;
        const ProcessTable *table;
        uint64_t page_bytes;
        double budget_ratio;
        bool shmem_counted;      /* by the kernel, for all of the tree */
        uint64_t shared_growth;  /* bytes of file and shared memory that came or went, ever */
        FileShares *files;
        double shmem_ratio;      /* share of resident pages that counted, as read lately */
        double cost_per_byte;    /* ns, measured */
        uint64_t spent_ns;       /* by reading */
        uint64_t startup_cpu_ns; /* spent before the first tick: not held against reading */
        uint64_t known_cpu_ns, spent_then_ns; /* when own CPU time was last read: it, and spent_ns */
        uint64_t reads;
};

int pss_reader_new(const Host *host, const ProcessTable *table, double budget_ratio, PssReader **ret)
{
        PssReader *reader = calloc(1, sizeof *reader);
        FileShares *files = NULL;

        if (!reader || file_shares_new(&files) < 0) {
                free(reader);
                return -ENOMEM;
        }
        *reader = (PssReader){
                .host = host,
                .table = table,
                .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
                .budget_ratio = budget_ratio,
                .files = files,
                .shmem_ratio = 1,
                .cost_per_byte = (double)COST_PER_MIB_NS / (1 << 20),
        };
        *ret = reader;
        return 0;
}

PssReader *pss_reader_free(PssReader *reader)
{
        if (reader)
                file_shares_free(reader->files);
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

/* Scales what was read by how the resident part changed; without a reading, by a ratio. A share is
 * never more than the whole. */
static uint64_t follow_part(uint64_t pss_read, uint64_t rss_read, uint64_t rss_now, double ratio)
{
        double share = rss_read == 0 ? ratio : (double)pss_read / (double)rss_read;

        return (uint64_t)((double)rss_now * MIN(share, 1.0));
}

/* Pages that a process forked and not exec'd has made its own since `faults`: each copy is a
 * fault, while its resident memory stays the same. */
static uint64_t copied_since(const PssReader *reader, const ProcessWatch *w, uint64_t faults,
                             uint64_t rss_then)
{
        uint64_t rss = process_resident(&w->now);
        uint64_t grown = rss > rss_then ? rss - rss_then : 0;
        uint64_t faulted = (w->now.minor_faults - MIN(faults, w->now.minor_faults)) *
                           reader->page_bytes;

        return faulted > grown ? faulted - grown : 0;
}

/* A family is a process and what it forked without exec: their pages are shared until written
 * to. Of the shared part each member counts `family_share`, as the member that was read last
 * tells; before any was, the parent counts all and the children nothing. */
static const Process *family_of(const PssReader *reader, const Process *p)
{
        return p->watch.inherited_anon > 0 ? process_table_find(reader->table, p->ppid) : p;
}

static uint64_t unread_anon(const PssReader *reader, const Process *p)
{
        const ProcessWatch *w = &p->watch;
        const Process *family = family_of(reader, p);
        uint64_t anon = w->now.rss_anon_bytes;
        double share = family && family->watch.family_ns ? family->watch.family_share : 0;

        if (w->inherited_anon == 0)
                return anon;
        uint64_t shared = MIN(w->inherited_anon, anon);
        uint64_t copied = MIN(copied_since(reader, w, 0, w->inherited_anon), shared);
        return anon - shared + copied + (uint64_t)((double)(shared - copied) * share);
}

/* Since it was read: growth is its own, and so is what it copied; what a reading of another
 * member of the family has told since about the shared part replaces the share then. */
static uint64_t read_anon(const PssReader *reader, const Process *p)
{
        const ProcessWatch *w = &p->watch;
        const Process *family = family_of(reader, p);
        uint64_t anon = w->now.rss_anon_bytes;
        int64_t now = (int64_t)w->pss_anon + (int64_t)anon - (int64_t)w->rss_anon;

        if (w->inherited_anon > 0)
                now += (int64_t)copied_since(reader, w, w->faults,
                                             w->rss_anon + w->rss_file + w->rss_shmem);
        else if (family && family->watch.family_ns > w->pss_read_ns)
                now -= (int64_t)((double)MIN(w->family_bytes, w->pss_anon) *
                                 (1 - w->family_share));
        return now < 0 ? 0 : MIN((uint64_t)now, anon);
}

/* A member was read: what it shares tells what the others count of it. */
static void note_family(PssReader *reader, const Process *p, uint64_t now_ns)
{
        const ProcessWatch *w = &p->watch;
        Process *parent = process_table_find(reader->table, p->ppid);
        uint64_t anon = w->now.rss_anon_bytes;
        uint64_t shared = MIN(w->inherited_anon, anon);
        uint64_t copied = MIN(copied_since(reader, w, 0, w->inherited_anon), shared);
        uint64_t own = anon - shared + copied;

        if (!parent || shared == copied || w->pss_anon < own)
                return;
        parent->watch.family_share = MIN(1.0, (double)(w->pss_anon - own) / (double)(shared - copied));
        parent->watch.family_bytes = MAX(parent->watch.family_bytes, shared);
        parent->watch.family_ns = now_ns;
        parent->watch.doubt_bytes += shared / 4;
}

/* The parent was read: what it counts of what it shares is what each of its children does. */
static void note_heirs(ProcessWatch *w, uint64_t now_ns)
{
        uint64_t shared = MIN(w->family_bytes, w->now.rss_anon_bytes), own = w->now.rss_anon_bytes - shared;

        if (shared == 0)
                return;
        w->family_share = w->pss_anon > own ? (double)(w->pss_anon - own) / (double)shared : 0;
        w->family_ns = w->family_share < 0.95 ? now_ns : 0; /* else nothing is shared any more */
}

/* What a forked process holds of shared memory it has from its parent, who counts all of it, unless it was read
 * when it shared already. Where the kernel counts for the tree, too much is brought to the truth, and too little
 * is not. */
static double unread_shmem_ratio(const PssReader *reader, const Process *p)
{
        const Process *parent = p->execed ? NULL : process_table_find(reader->table, p->ppid);
        uint64_t here = p->watch.now.rss_shmem_bytes, there = parent ? parent->watch.now.rss_shmem_bytes : 0;

        if (reader->shmem_counted || here == 0 || there == 0 || !parent->wanted)
                return reader->shmem_ratio;
        double ratio = (double)parent->watch.pss_shmem_now / (double)there;
        if (parent->watch.pss_read_ns > p->begin_ns && ratio < 0.95)
                return ratio;
        return here > there ? (double)(here - there) / (double)here : 0;
}

/* The parent may have grown since its last sample before it forked. What a child holds and has not touched itself
 * is from there; told at its first sample. */
static void find_heritage(const PssReader *reader, Process *p, bool first)
{
        Process *parent = p->execed ? NULL : process_table_find(reader->table, p->ppid);
        ProcessWatch *w = &p->watch;
        uint64_t touched = w->now.minor_faults * reader->page_bytes;

        if (!parent)
                return;
        if (first && w->now.rss_anon_bytes > touched)
                w->inherited_anon = MAX(w->inherited_anon,
                                        MIN(w->now.rss_anon_bytes - touched, parent->watch.now.rss_anon_bytes));
        parent->watch.family_bytes = MAX(parent->watch.family_bytes, MIN(w->inherited_anon, w->now.rss_anon_bytes));
}

void pss_follow(PssReader *reader, Process *p)
{
        ProcessWatch *w = &p->watch;
        const TrackSample *now = &w->now;

        find_heritage(reader, p, !w->program);
        if (!w->program)
                w->program = file_shares_program(reader->files, p);
        w->pss_shmem_now = follow_part(w->pss_shmem, w->rss_shmem, now->rss_shmem_bytes,
                                       w->rss_shmem > 0 ? 0 : unread_shmem_ratio(reader, p));
        w->pss_anon_now = w->pss_read_ns ? read_anon(reader, p) : unread_anon(reader, p);
        w->pss_bytes = w->pss_anon_now + file_share_bytes(w) + w->pss_shmem_now;
}

void pss_shmem_is_counted(PssReader *reader, bool counted)
{
        reader->shmem_counted = counted;
}

/* A parent was read: its children that were not take their share from its. Those that sleep have no sample that
 * would have them followed. */
static void tell_children(PssReader *reader, const Process *parent)
{
        size_t position = 0;
        Process *p;

        if (parent->watch.now.rss_shmem_bytes == 0)
                return;
        while (process_table_next(reader->table, &position, &p))
                if (p->wanted && p->watch.seen && !p->execed && p->ppid == parent->pid && p->watch.pss_read_ns == 0 &&
                    p->watch.now.rss_shmem_bytes > 0) {
                        pss_follow(reader, p);
                        p->watch.changed = true;
                }
}

void pss_guess_unseen(const PssReader *reader, Process *p)
{
        TrackSample *now = &p->watch.now;
        uint64_t counted, file = file_share_unseen(reader->files, p, now->rss_anon_bytes, &counted);

        now->rss_anon_bytes -= file;
        now->rss_file_bytes += file;
        p->watch.pss_bytes = now->rss_anon_bytes + counted;
}

/* How many bytes the followed value may be off. */
static uint64_t doubt(const PssReader *reader, const Process *p, uint64_t now_ns)
{
        const ProcessWatch *w = &p->watch;
        const TrackSample *now = &w->now;
        uint64_t rss = process_resident(now);

        if (w->pss_read_ns == 0)
                return now->rss_shmem_bytes + file_share_doubt(w) +
                       MIN(w->inherited_anon, now->rss_anon_bytes) + now->rss_anon_bytes / 8;
        uint64_t file_changed = distance(now->rss_file_bytes, w->rss_file);
        uint64_t changed = MIN(file_changed, file_share_bytes(w)) +
                           distance(now->rss_shmem_bytes, w->rss_shmem) +
                           distance(now->rss_anon_bytes, w->rss_anon) / 8;
        uint64_t elsewhere = reader->shared_growth - w->shared_growth;
        if (w->inherited_anon > 0 && now->minor_faults > w->faults) /* pages copied unseen */
                changed += MIN((now->minor_faults - w->faults) * reader->page_bytes,
                               now->rss_anon_bytes) / 4;
        uint64_t age_ms = (now_ns - w->pss_read_ns) / NS_PER_MS;
        return changed + MIN(elsewhere, now->rss_shmem_bytes) + w->doubt_bytes +
               rss / 1000 * MIN(age_ms, (uint64_t)60000) / AGE_DOUBT_PER_SECOND;
}

static uint64_t expected_cost(const PssReader *reader, const Process *p)
{
        const TrackSample *now = &p->watch.now;
        uint64_t rss = process_resident(now);
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
        if (now->rss_shmem_bytes > 1 << 20 && w->pss_shmem <= now->rss_shmem_bytes)
                reader->shmem_ratio = 0.5 * reader->shmem_ratio +
                                      0.5 * (double)w->pss_shmem / (double)now->rss_shmem_bytes;
}

/* A process that fills its memory has grown since its sample, and statm took new shared memory for file
 * pages: the shares just read would be set against too little, and what is followed from there would be
 * more than there is. */
static void catch_up(PssReader *reader, Process *p, const ProcSmaps *smaps)
{
        TrackSample *now = &p->watch.now, before = *now;
        bool parts = smaps->pss_anon_bytes != PROC_UNKNOWN;
        ProcStatus status;

        if (distance(smaps->rss_bytes, process_resident(now)) < DOUBT_MIN_BYTES &&
            (!parts || smaps->pss_shmem_bytes <= now->rss_shmem_bytes))
                return;
        if (proc_status_read(reader->host, p->pid, &status) != 0 || status.rss_anon_bytes == PROC_UNKNOWN ||
            status.rss_file_bytes == PROC_UNKNOWN)
                return;
        now->rss_anon_bytes = status.rss_anon_bytes;
        now->rss_file_bytes = status.rss_file_bytes;
        now->rss_shmem_bytes = status.rss_shmem_bytes == PROC_UNKNOWN ? 0 : status.rss_shmem_bytes;
        if (now->peak_rss_bytes != TRACK_UNKNOWN && status.hwm_bytes != PROC_UNKNOWN)
                now->peak_rss_bytes = MAX(now->peak_rss_bytes, status.hwm_bytes);
        process_raise_peaks(p);
        pss_note_shared(reader, &before, now);
}

/* Reads one process. Returns the CPU time it took. */
static uint64_t read_one(PssReader *reader, Process *p, uint64_t now_ns)
{
        ProcessWatch *w = &p->watch;
        ProcSmaps smaps;
        uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        int r = proc_smaps_rollup_read(reader->host, p->pid, &smaps);

        if (r == 0)
                catch_up(reader, p, &smaps);
        uint64_t cost = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
        reader->spent_ns += cost;
        if (r != 0) {
                w->pss_refused = r < 0; /* another user's; a vanished one is told of soon */
                return cost;
        }
        reader->reads++;
        w->changed = true;
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
        w->pss_anon_now = w->pss_anon;
        w->pss_shmem_now = w->pss_shmem;
        w->faults = w->now.minor_faults;
        w->shared_growth = reader->shared_growth;
        w->doubt_bytes = 0;
        if (smaps.pss_anon_bytes != PROC_UNKNOWN)
                file_shares_learn(reader->files, w);
        else
                w->file_factor = 0; /* all is in pss_anon */
        learn(reader, p, &smaps, cost);
        if (w->inherited_anon > 0)
                note_family(reader, p, now_ns);
        else
                note_heirs(w, now_ns);
        tell_children(reader, p);
        return cost;
}

static Process *most_in_doubt(PssReader *reader, uint64_t now_ns,
                              uint64_t affordable_ns, uint64_t least)
{
        Process *best = NULL, *p;
        uint64_t best_doubt = least;
        size_t position = 0;

        while (process_table_next(reader->table, &position, &p)) {
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

void pss_read_some(PssReader *reader, uint64_t now_ns, uint64_t elapsed_ns, uint64_t own_cpu_ns)
{
        if (own_cpu_ns > 0) {
                reader->known_cpu_ns = own_cpu_ns;
                reader->spent_then_ns = reader->spent_ns;
        } else {
                own_cpu_ns = reader->known_cpu_ns + reader->spent_ns - reader->spent_then_ns;
        }
        if (reader->startup_cpu_ns == 0)
                reader->startup_cpu_ns = own_cpu_ns;
        uint64_t budget_ns = (uint64_t)((double)elapsed_ns * reader->budget_ratio);
        uint64_t allowed = budget_ns * (100 - RESERVE_PERCENT) / 100 + reader->startup_cpu_ns + BURST_NS;
        uint64_t own = budget_ns * OWN_PERCENT / 100;

        if (own > reader->spent_ns)
                allowed = MAX(allowed, own_cpu_ns + own - reader->spent_ns);
        for (int i = 0; i < MAX_READS_A_TICK && own_cpu_ns < allowed; i++) {
                Process *p = most_in_doubt(reader, now_ns, allowed - own_cpu_ns,
                                           DOUBT_MIN_BYTES);
                if (!p)
                        return;
                own_cpu_ns += read_one(reader, p, now_ns);
        }
}

void pss_count_files(PssReader *reader)
{
        size_t position = 0;
        Process *p;

        file_shares_begin(reader->files);
        while (process_table_next(reader->table, &position, &p))
                if (p->wanted && p->watch.seen)
                        file_shares_add(reader->files, &p->watch);
}

uint64_t pss_file_bytes(const PssReader *reader)
{
        return file_shares_bytes(reader->files);
}

void pss_note_shared(PssReader *reader, const TrackSample *before, const TrackSample *now)
{
        reader->shared_growth += distance(before->rss_shmem_bytes, now->rss_shmem_bytes);
}
