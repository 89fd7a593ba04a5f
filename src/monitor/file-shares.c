/* Of n instances each counts: what is its own, and of what they share a part of n; less what others hold, too. */
#include "monitor/file-shares.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum {
        PROGRAMS_MAX = 512,
        COMMON_BYTES = 2 << 20,   /* of a program's pages: the C library and the like, which everybody holds */
        TOLD_BYTES = 256 << 10,   /* from here on a reading says something of the program */
};

#define COMMON_COUNTS 0.2 /* so much of the common pages, until read */
#define SEVERAL 1.5       /* instances from which on their own part can be told from the shared one */
#define WEIGHT 0.5        /* of a new reading */
#define FACTOR_MOST 4.0

struct FileProgram {
        bool read;              /* the next two are known */
        double own;             /* part of an instance's pages that no other instance has */
        double outside;         /* part of a shared page that counts here: others outside the program hold it, too */
        uint64_t sum, largest;  /* resident file pages of those added last */
        uint64_t most;          /* of any, ever */
        double counted;         /* the same, with each one's own factor */
        FileProgram *next;      /* of those with something added */
        bool added;
};

struct FileShares {
        Map *programs; /* hash of the path → FileProgram, owned */
        FileProgram others;
        FileProgram *first; /* added in this tick */
};

int file_shares_new(FileShares **ret)
{
        FileShares *shares = calloc(1, sizeof *shares);

        if (!shares || map_new(&shares->programs) < 0) {
                free(shares);
                return -ENOMEM;
        }
        *ret = shares;
        return 0;
}

FileShares *file_shares_free(FileShares *shares)
{
        size_t position = 0;
        void *program;

        if (shares) {
                while (map_next(shares->programs, &position, NULL, &program))
                        free(program);
                map_free(shares->programs);
                free(shares);
        }
        return NULL;
}

static uint64_t program_hash(const Process *p)
{
        return p->exe ? hash_bytes(p->exe, strlen(p->exe)) : hash_bytes(p->comm, strnlen(p->comm, sizeof p->comm));
}

FileProgram *file_shares_program(FileShares *shares, const Process *p)
{
        uint64_t hash = program_hash(p);
        FileProgram *program = map_get(shares->programs, hash);

        if (program)
                return program;
        program = map_size(shares->programs) < PROGRAMS_MAX ? calloc(1, sizeof *program) : NULL;
        if (!program || map_put(shares->programs, hash, program) < 0) {
                free(program);
                return &shares->others;
        }
        return program;
}

void file_shares_begin(FileShares *shares)
{
        for (FileProgram *p = shares->first; p; p = p->next) {
                p->sum = p->largest = 0;
                p->counted = 0;
                p->added = false;
        }
        shares->first = NULL;
}

/* Its pages as the program's share is applied to them: what was read keeps the factor that it had then. */
static double weighed(const ProcessWatch *w)
{
        uint64_t now = w->now.rss_file_bytes, read = w->pss_read_ns ? MIN(w->rss_file, now) : 0;

        return (double)(now - read) + (double)read * w->file_factor;
}

void file_shares_add(FileShares *shares, ProcessWatch *w)
{
        FileProgram *p = w->program;

        if (!p)
                return;
        if (!p->added) {
                p->added = true;
                p->next = shares->first;
                shares->first = p;
        }
        p->sum += w->now.rss_file_bytes;
        p->largest = MAX(p->largest, w->now.rss_file_bytes);
        p->most = MAX(p->most, p->largest);
        w->file_weighed = weighed(w);
        p->counted += w->file_weighed;
}

/* Those that have just begun hold little yet: they are parts of an instance. */
static double instances(const FileProgram *p)
{
        return p->largest > 0 ? (double)p->sum / (double)p->largest : 1;
}

static double share(const FileProgram *p, uint64_t largest)
{
        double n = fmax(instances(p), 1);

        if (p->read)
                return p->own + (1 - p->own) * p->outside / n;
        if (largest == 0)
                return 1;
        double common = (double)MIN(largest, (uint64_t)COMMON_BYTES);
        return ((double)largest - common * (1 - COMMON_COUNTS)) / (double)largest / n;
}

uint64_t file_shares_bytes(const FileShares *shares)
{
        double bytes = 0;

        for (const FileProgram *p = shares->first; p; p = p->next)
                bytes += fmin(p->counted * share(p, p->largest), (double)p->sum);
        return (uint64_t)bytes;
}

uint64_t file_share_bytes(const ProcessWatch *w)
{
        const FileProgram *p = w->program;
        uint64_t now = w->now.rss_file_bytes;

        return p ? (uint64_t)fmin(weighed(w) * share(p, MAX(p->largest, now)), (double)now) : now;
}

uint64_t file_share_unseen(const FileShares *shares, const Process *process, uint64_t rss_bytes, uint64_t *ret_counted)
{
        static const FileProgram unknown;
        const FileProgram *p = map_get(shares->programs, program_hash(process));
        uint64_t file = MIN(p && p->most > 0 ? p->most : COMMON_BYTES, rss_bytes);

        *ret_counted = (uint64_t)(share(p ? p : &unknown, file) * (double)file);
        return file;
}

uint64_t file_share_doubt(const ProcessWatch *w)
{
        uint64_t bytes = file_share_bytes(w);

        return w->program && w->program->read ? bytes / 8 : bytes / 2;
}

void file_shares_learn(FileShares *shares, ProcessWatch *w)
{
        FileProgram *p = w->program;
        uint64_t rss = w->now.rss_file_bytes;

        w->file_factor = 1;
        if (!p || rss == 0)
                return;
        double ratio = fmin((double)w->pss_file / (double)rss, 1), n = fmax(instances(p), 1);
        double weight = p->read ? WEIGHT : 1;
        if (rss >= TOLD_BYTES && rss >= p->largest / 2 && p != &shares->others) {
                double own = n < SEVERAL ? p->own : fmax((ratio - 1 / n) / (1 - 1 / n), 0);
                double outside = own < 1 ? fmin(fmax((ratio - own) / (1 - own), 0) * n, 1) : 1;
                p->own += weight * (own - p->own);
                p->outside += weight * (outside - p->outside);
                p->read = true;
        }
        double by_program = share(p, MAX(p->largest, rss));
        if (by_program > 0)
                w->file_factor = fmin(ratio / by_program, FACTOR_MOST);
        p->counted += weighed(w) - w->file_weighed;
        w->file_weighed = weighed(w);
}
