/* A store or cache (Nix store, ccache, a build tree) that grew by much. */
#include <errno.h>
#include <stdlib.h>

#include "detect/detect.h"
#include "detect/things.h"

static const char *const store_columns[] = {"t_ns", "path", "measured_by", "complete", "bytes", "apparent_bytes", "age_ms", NULL};

static const DetectTable tables[] = {{"store", store_columns, false}, {NULL}};

typedef struct Tree {
        bool any, nix, ccache, told;
        double first, last;
        int64_t first_ns, last_ns;
} Tree;

typedef struct Store {
        Things trees;
} Store;

static void tell(const Thing *thing, const Tree *tree, Findings *out)
{
        char grown[FORMAT_MAX], from[FORMAT_MAX], to[FORMAT_MAX], since[FORMAT_MAX], until[FORMAT_MAX];
        Finding *f = findings_raise(out, "store-grew", thing->name, SEVERITY_INFO, SURE_CERTAIN, tree->last_ns);

        finding_title(f, "%s grew by %s", thing->name, format_bytes(grown, (uint64_t)(tree->last - tree->first)));
        finding_evidence(f, "from %s at %s to %s at %s", format_bytes(from, (uint64_t)tree->first), format_moment(since, tree->first_ns),
                         format_bytes(to, (uint64_t)tree->last), format_moment(until, tree->last_ns));
        finding_meaning(f, "what this run built or fetched stays there; others may have added to it, too");
        if (tree->nix)
                finding_advice(f, "take away what nothing refers to any more:\nnix-collect-garbage --delete-older-than 14d\n");
        else if (tree->ccache)
                finding_advice(f, "bound it, and clean up at once:\nccache -M 5G && ccache -c\n");
}

static int store_observe(void *state, const DetectContext *context, const char *table, const Batch *rows, Findings *out)
{
        Store *s = state;
        Cells at = cells_find(rows, "t_ns"), path = cells_find(rows, "path"), by = cells_find(rows, "measured_by"),
              complete = cells_find(rows, "complete"), bytes = cells_find(rows, "bytes"),
              apparent = cells_find(rows, "apparent_bytes");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                int64_t t_ns;
                uint64_t whole = 0;
                double value;
                size_t size;
                const char *name = row_text(rows, path, row, &size);
                /* A count under way is no size yet. */
                if (size == 0 || !row_time(rows, at, row, &t_ns) || !cells_get(complete, row, &whole) || !whole)
                        continue;
                bool nix = row_text_is(rows, by, row, "nix database");
                if ((!row_number(rows, bytes, row, &value) && !row_number(rows, apparent, row, &value)) || value < 0)
                        continue;
                Tree *tree = things_get(&s->trees, name, size, sizeof *tree);
                if (!tree)
                        continue;
                if (!tree->any) {
                        *tree = (Tree){.any = true, .nix = nix, .ccache = row_text_is(rows, by, row, "ccache statistics"),
                                       .first = value, .first_ns = t_ns};
                }
                tree->last = value;
                tree->last_ns = t_ns;
                if (!tree->told && value - tree->first > (double)context->thresholds.store_growth_bytes) {
                        tree->told = true;
                        for (size_t i = 0; i < s->trees.n; i++)
                                if (s->trees.items[i].state == tree)
                                        tell(&s->trees.items[i], tree, out);
                }
        }
        return 0;
}

static int store_finish(void *state, const DetectContext *context, Findings *out)
{
        const Store *s = state;

        for (size_t i = 0; i < s->trees.n; i++) {
                const Tree *tree = s->trees.items[i].state;
                if (tree->last - tree->first > (double)context->thresholds.store_growth_bytes)
                        tell(&s->trees.items[i], tree, out);
        }
        return 0;
}

static void store_done(void *state)
{
        Store *s = state;

        things_done(&s->trees);
}

const Detector detector_store = {
        .name = "store",
        .tables = tables,
        .state_size = sizeof(Store),
        .observe = store_observe,
        .finish = store_finish,
        .done = store_done,
};
