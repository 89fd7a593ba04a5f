/* Who lived at a kill and what there was of memory: rows of each table nearest to it, the heaviest processes
 * with what they held then. A row of a process is written when it has ended, so whoever lived then comes later,
 * but for those of the same moment. */
#include <string.h>

#include "base/clock.h"
#include "detect/oom.h"

/* Everyone is sampled so often at least. */
#define SAMPLE_AGE_NS (12 * (int64_t)NS_PER_SECOND)
/* What was killed gives its memory back before its end is seen: of the last moments the worst counts. */
#define LAST_NS ((int64_t)NS_PER_SECOND)

void oom_scene_begin(OomScene *scene, const OomScene *last, int64_t t_ns)
{
        *scene = *last;
        scene->t_ns = t_ns;
}

/* ---- who lived ---- */

static size_t size_of(uint64_t bytes)
{
        size_t size = 0;

        for (uint64_t bound = 1 << 20; size + 1 < OOM_SIZES && bytes >= bound; bound *= 8)
                size++;
        return size;
}

static void count_category(OomScene *s, const OomProcess *p)
{
        size_t i = 0;

        while (i < s->n_categories && !text_equal(s->categories[i].name, p->category))
                i++;
        if (i == OOM_CATEGORIES || !p->category[0])
                return;
        if (i == s->n_categories)
                memcpy(s->categories[s->n_categories++].name, p->category, sizeof p->category);
        OomSizes *size = &s->categories[i].sizes[size_of(p->peak_bytes)];
        size->n++;
        size->peak_bytes += p->peak_bytes;
}

OomSizes oom_category_jobs(const OomCategory *c)
{
        size_t most = OOM_SIZES - 1;

        while (most > 0 && c->sizes[most].n == 0)
                most--;
        OomSizes jobs = c->sizes[most];
        if (most > 0) {
                jobs.n += c->sizes[most - 1].n;
                jobs.peak_bytes += c->sizes[most - 1].peak_bytes;
        }
        return jobs;
}

void oom_scene_note(OomScene *s, const OomProcess *p)
{
        size_t i = s->n_biggest;

        if (p->start_ns > s->t_ns || p->end_ns < s->t_ns)
                return;
        s->alive++;
        if (p->peak_bytes == OOM_UNKNOWN || p->peak_bytes > UINT64_MAX / 2 - s->alive_bytes)
                return;
        s->alive_bytes += p->peak_bytes;
        count_category(s, p);
        while (i > 0 && s->biggest[i - 1].peak_bytes < p->peak_bytes)
                i--;
        if (i == OOM_BIGGEST)
                return;
        size_t last = MIN(s->n_biggest, (size_t)OOM_BIGGEST - 1);
        memmove(&s->biggest[i + 1], &s->biggest[i], (last - i) * sizeof *p);
        s->biggest[i] = *p;
        s->n_biggest = last + 1;
}

void oom_scene_sample(OomScene *s, int64_t t_ns, uint64_t process, uint64_t bytes)
{
        if (t_ns > s->t_ns || t_ns < s->t_ns - SAMPLE_AGE_NS || bytes == 0)
                return;
        for (size_t i = 0; i < s->n_biggest; i++) {
                OomProcess *p = &s->biggest[i];
                const bool last = p->held_ns >= s->t_ns - LAST_NS;
                if (p->key != process || (p->held_bytes != OOM_UNKNOWN && (last ? bytes < p->held_bytes : t_ns < p->held_ns)))
                        continue;
                p->held_bytes = bytes;
                p->held_ns = t_ns;
        }
}

/* ---- the machine ---- */

/* True when the row is nearer to the moment than what is known: the last before it, or the first behind. */
static bool is_nearer(const OomThen *then, int64_t moment_ns, int64_t t_ns)
{
        if (!then->known)
                return true;
        return t_ns <= moment_ns ? t_ns >= then->t_ns || then->t_ns > moment_ns : then->t_ns > moment_ns && t_ns < then->t_ns;
}

static bool is_worse(OomTable table, const OomThen *then, const OomThen *row)
{
        switch (table) {
        case OOM_MEMORY:
                return row->b < then->b;
        case OOM_TOTALS:
                return row->c != OOM_UNKNOWN && then->c != OOM_UNKNOWN ? row->c > then->c
                       : row->b != OOM_UNKNOWN && then->b != OOM_UNKNOWN && row->b > then->b;
        default:
                return row->a != OOM_UNKNOWN && row->a >= then->a;
        }
}

void oom_scene_row(OomScene *s, OomTable table, const OomThen *row, const char *path)
{
        OomThen *to[] = {[OOM_MEMORY] = &s->memory, [OOM_CGROUP] = &s->cgroup, [OOM_TOTALS] = &s->totals, [OOM_LIMITS] = &s->limits};

        const OomThen *then = to[table];
        const bool both_last = s->t_ns < INT64_MAX && then->known && then->t_ns <= s->t_ns && then->t_ns >= s->t_ns - LAST_NS && row->t_ns <= s->t_ns;
        if (both_last ? !is_worse(table, then, row) : !is_nearer(then, s->t_ns, row->t_ns))
                return;
        *to[table] = *row;
        if (path && table == OOM_CGROUP)
                text_copy(s->cgroup_path, sizeof s->cgroup_path, path);
        else if (path && table == OOM_LIMITS)
                text_copy(s->limits_path, sizeof s->limits_path, path);
}
