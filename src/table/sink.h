/*
 * Where rows go: the store, the model, an exporter. Sinks are called in a fixed order with
 * batches they may read but not keep.
 */
#pragma once

#include "base/error.h"
#include "table/batch.h"

typedef struct Sink Sink;

typedef struct SinkOps {
        int (*write)(Sink *sink, const Batch *rows, Error *err); /* 0 or -errno; all rows or none */
        int (*flush)(Sink *sink, Error *err);
        Sink *(*free)(Sink *sink);
} SinkOps;

struct Sink {
        const SinkOps *ops;
};

static inline int sink_write(Sink *sink, const Batch *rows, Error *err)
{
        return sink->ops->write(sink, rows, err);
}

static inline int sink_flush(Sink *sink, Error *err)
{
        return sink->ops->flush ? sink->ops->flush(sink, err) : 0;
}

static inline Sink *sink_free(Sink *sink)
{
        return sink ? sink->ops->free(sink) : NULL;
}
DEFINE_CLEANUP(Sink, sink)
