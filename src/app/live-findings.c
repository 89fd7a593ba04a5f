/* A sink in front of another; a bucket of tokens against floods. */
#include "app/live-findings.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
        LINES_AT_ONCE = 5, /* a person is told so many … */
        LINE_EVERY_SECONDS = 10, /* … and then one in so long */
};

typedef struct Tap {
        Sink sink;
        Sink *to; /* borrowed */
        LiveFindings *live;
        const char *table;
} Tap;

struct LiveFindings {
        Detect *detect;
        Tap *taps[DETECT_TABLES_MAX];
        size_t n_taps;
        int told[FINDINGS_MAX]; /* severity + 1; 0: not yet */
        unsigned lines;         /* that may be told now */
        uint64_t refill_ns;
};

int live_findings_new(const DetectContext *context, LiveFindings **ret)
{
        _cleanup_(live_findings_freep) LiveFindings *live = calloc(1, sizeof *live);

        if (!live || detect_new(context, &live->detect) < 0)
                return -ENOMEM;
        live->lines = LINES_AT_ONCE;
        *ret = TAKE(live);
        return 0;
}

LiveFindings *live_findings_free(LiveFindings *live)
{
        if (live) {
                for (size_t i = 0; i < live->n_taps; i++)
                        free(live->taps[i]);
                detect_free(live->detect);
                free(live);
        }
        return NULL;
}

/* Rows are recorded whatever becomes of the looking. */
static int tap_write(Sink *sink, const Batch *rows, Error *err)
{
        const Tap *tap = (const Tap *)sink;
        int r = sink_write(tap->to, rows, err);

        detect_observe(tap->live->detect, tap->table, rows, false);
        return r;
}

static int tap_flush(Sink *sink, Error *err)
{
        return sink_flush(((const Tap *)sink)->to, err);
}

static Sink *tap_free(Sink *sink)
{
        return NULL; /* with the whole */
}

/* The detectors' own word for it, which lasts. */
static const char *known_table(const LiveFindings *live, const char *table)
{
        const char *name;
        bool unused;

        for (size_t i = 0; (name = detect_table(live->detect, i, &unused)); i++)
                if (text_equal(name, table))
                        return name;
        return NULL;
}

Sink *live_findings_tap(LiveFindings *live, const char *table, Sink *to)
{
        static const SinkOps ops = {tap_write, tap_flush, tap_free};
        const char *name = known_table(live, table);

        if (!to || !name || live->n_taps >= DETECT_TABLES_MAX)
                return to;
        Tap *tap = calloc(1, sizeof *tap);
        if (!tap)
                return to;
        *tap = (Tap){{&ops}, to, live, name};
        live->taps[live->n_taps++] = tap;
        return &tap->sink;
}

static bool may_tell(LiveFindings *live, uint64_t now_ns)
{
        if (live->refill_ns == 0)
                live->refill_ns = now_ns;
        for (; live->lines < LINES_AT_ONCE && now_ns - live->refill_ns >= LINE_EVERY_SECONDS * NS_PER_SECOND; live->lines++)
                live->refill_ns += LINE_EVERY_SECONDS * NS_PER_SECOND;
        if (live->lines == LINES_AT_ONCE)
                live->refill_ns = now_ns;
        if (live->lines == 0)
                return false;
        live->lines--;
        return true;
}

void live_findings_tell(LiveFindings *live, uint64_t now_ns, LiveFindingFn fn, void *data)
{
        const Findings *found = detect_findings(live->detect);

        for (size_t i = 0; i < found->n && i < FINDINGS_MAX; i++) {
                const Finding *f = found->items[i];
                if (f->severity == SEVERITY_INFO || !f->title || live->told[i] >= (int)f->severity + 1)
                        continue;
                live->told[i] = (int)f->severity + 1;
                fn(f, !may_tell(live, now_ns), data);
        }
}
