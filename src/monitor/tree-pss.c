/* Asked four times a second; at every tick that may be a new peak; and while the sums are far off. */
#include "monitor/tree-pss.h"

#include "base/clock.h"
#include "base/macros.h"

static const uint64_t ask_every_ns = 250 * NS_PER_MS;

static bool matters(const TreePss *tree, const ProcessSums *sums, uint64_t now_ns)
{
        uint64_t off = tree->anon_excess_bytes < 0 ? 0 - (uint64_t)tree->anon_excess_bytes
                                                   : (uint64_t)tree->anon_excess_bytes;

        return !tree->known || now_ns - tree->asked_ns >= ask_every_ns ||
               sums->pss + (tree->anon_excess_bytes < 0 ? off : 0) >= tree->highest_bytes / 10 * 9 ||
               off > sums->pss_anon / 8;
}

static void ask_kernel(TreePss *tree, const ProcessSums *sums, uint64_t now_ns, TreePagesFn ask, void *data)
{
        uint64_t anon, shmem;

        tree->known = ask(data, &anon, &shmem);
        tree->asked_ns = now_ns;
        if (!tree->known)
                return;
        tree->anon_excess_bytes = (int64_t)(sums->pss_anon - anon);
        tree->shmem_excess_bytes = shmem < sums->pss_shmem ? sums->pss_shmem - shmem : 0;
}

uint64_t tree_pss_bytes(TreePss *tree, const ProcessSums *sums, uint64_t now_ns, TreePagesFn ask, void *data)
{
        uint64_t bytes = sums->pss;

        if (ask && sums->processes > 0) {
                if (matters(tree, sums, now_ns))
                        ask_kernel(tree, sums, now_ns, ask, data);
                if (tree->known) /* never more than there is: the excess is small, or of this tick */
                        bytes -= (uint64_t)tree->anon_excess_bytes +
                                 MIN(tree->shmem_excess_bytes, sums->pss_shmem);
        }
        tree->highest_bytes = MAX(tree->highest_bytes, bytes);
        return bytes;
}
