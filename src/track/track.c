/* The ladder: the best source that works, and in words why a better one does not. */
#include "track/track.h"

#include <errno.h>

#include "base/text.h"

int track_open(const char *forced, const Host *host, const TrackScope *scope, TrackSource **ret,
               Error *why)
{
        static const TrackOps *const ladder[] = {&track_bpf_ops, &track_perf_ops, &track_poll_ops};
        _cleanup_string_ String reasons = {0};
        int last = -EOPNOTSUPP;

        for (size_t i = 0; i < ARRAY_LENGTH(ladder); i++) {
                Error e = {0};
                if (forced && !text_equal(forced, ladder[i]->name))
                        continue;
                int r = ladder[i]->open(ret, host, scope, &e);
                if (r >= 0) {
                        if (why)
                                text_copy(why->message, sizeof why->message, string_get(&reasons));
                        return 0;
                }
                last = r;
                if (reasons.size > 0)
                        string_add(&reasons, "; ");
                string_add(&reasons, e.message[0] ? e.message : ladder[i]->name);
        }
        return error_set(why, last, "%s",
                         reasons.size > 0 ? string_get(&reasons) : "there is no such capture source");
}
