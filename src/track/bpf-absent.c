/* Built without libbpf, clang or bpftool. */
#include "track/track.h"

#include <errno.h>

static int bpf_open(TrackSource **ret, const Host *host, const TrackScope *scope, Error *why)
{
        return error_set(why, EOPNOTSUPP,
                         "this vigia was built without bpf (libbpf, clang and bpftool were missing)");
}

const TrackOps track_bpf_ops = {.name = "bpf", .open = bpf_open};
