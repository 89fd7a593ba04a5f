/*
 * Chrome trace events as JSON, streamed: the Trace Event Format ("Trace Event Format", Google, 2016), its
 * JSON Object Format, as Perfetto and chrome://tracing read it. An event a line.
 *
 * Times are in microseconds since the run's start, with decimals down to the nanosecond; none is negative.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

typedef struct TraceWriter {
        int fd; /* borrowed */
        String pending;
        Json json;  /* within an event: for its arguments */
        bool begun; /* an event was written */
        int failed; /* the first failure of writing; 0 */
} TraceWriter;

void trace_writer_init(TraceWriter *w, int fd);
void trace_writer_done(TraceWriter *w);

/* The file's beginning up to its events: trace_open_header, members of otherData to w->json, trace_close_header. */
void trace_open_header(TraceWriter *w);
void trace_close_header(TraceWriter *w);

/* Ends the file and writes what is left. 0 or -errno. */
int trace_finish(TraceWriter *w, Error *err);

/* Complete event (X). Then its arguments to w->json and trace_end_event. duration_ns may be 0. */
void trace_begin_slice(TraceWriter *w, const char *name, const char *categories, int64_t t_ns, int64_t duration_ns,
                       int64_t pid, int64_t tid);
/* Counter (C): every argument is a series, a number. */
void trace_begin_counter(TraceWriter *w, const char *name, int64_t t_ns, int64_t pid);
/* Instant (i): scope 'g' global, 'p' process, 't' thread. */
void trace_begin_instant(TraceWriter *w, const char *name, const char *categories, int64_t t_ns, char scope,
                         int64_t pid, int64_t tid);
void trace_end_event(TraceWriter *w);

/* Metadata (M), whole: process_name, process_labels, thread_name (text); process_sort_index (number). */
void trace_add_metadata(TraceWriter *w, const char *name, const char *key, const char *text, int64_t pid, int64_t tid);
void trace_add_sort_index(TraceWriter *w, const char *name, int64_t index, int64_t pid, int64_t tid);
