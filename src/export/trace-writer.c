/* Events are gathered to large writes; after a failed one the rest is only counted off. */
#include "export/trace-writer.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/macros.h"

enum { CHUNK = 1 << 17 };

void trace_writer_init(TraceWriter *w, int fd)
{
        *w = (TraceWriter){.fd = fd};
}

void trace_writer_done(TraceWriter *w)
{
        string_done(&w->pending);
}

static void drain(TraceWriter *w, size_t least)
{
        if (w->pending.failed && w->failed == 0)
                w->failed = -ENOMEM;
        if (w->pending.size <= least)
                return;
        if (w->failed == 0)
                w->failed = file_write_all(w->fd, w->pending.text, w->pending.size);
        string_clear(&w->pending);
}

void trace_open_header(TraceWriter *w)
{
        string_add(&w->pending, "{\"displayTimeUnit\":\"ms\",\n\"otherData\":");
        w->json = (Json){.out = &w->pending, .compact = true};
        json_open_object(&w->json, NULL, JSON_ONE_LINE);
}

void trace_close_header(TraceWriter *w)
{
        json_close(&w->json);
        string_add(&w->pending, ",\n\"traceEvents\":[");
}

int trace_finish(TraceWriter *w, Error *err)
{
        string_add(&w->pending, "\n]}\n");
        drain(w, 0);
        return w->failed < 0 ? error_set_errno(err, w->failed, "cannot write") : 0;
}

static void add_us(Json *j, const char *key, int64_t ns)
{
        json_add_fixed(j, key, (double)MAX(ns, 0) / 1e3, 3);
}

static Json *begin(TraceWriter *w, const char *name, char phase, int64_t pid, int64_t tid)
{
        string_add(&w->pending, w->begun ? ",\n" : "\n");
        w->begun = true;
        w->json = (Json){.out = &w->pending, .compact = true};
        json_open_object(&w->json, NULL, JSON_ONE_LINE);
        json_add_text(&w->json, "name", name);
        json_add_bytes(&w->json, "ph", &phase, 1);
        json_add_i64(&w->json, "pid", pid);
        json_add_i64(&w->json, "tid", tid);
        return &w->json;
}

static void open_arguments(TraceWriter *w)
{
        json_open_object(&w->json, "args", JSON_ONE_LINE);
}

void trace_end_event(TraceWriter *w)
{
        json_close(&w->json); /* args */
        json_close(&w->json);
        drain(w, CHUNK);
}

void trace_begin_slice(TraceWriter *w, const char *name, const char *categories, int64_t t_ns, int64_t duration_ns,
                       int64_t pid, int64_t tid)
{
        Json *j = begin(w, name, 'X', pid, tid);

        json_add_text(j, "cat", categories);
        add_us(j, "ts", t_ns);
        add_us(j, "dur", duration_ns);
        open_arguments(w);
}

void trace_begin_counter(TraceWriter *w, const char *name, int64_t t_ns, int64_t pid)
{
        Json *j = begin(w, name, 'C', pid, pid);

        add_us(j, "ts", t_ns);
        open_arguments(w);
}

void trace_begin_instant(TraceWriter *w, const char *name, const char *categories, int64_t t_ns, char scope,
                         int64_t pid, int64_t tid)
{
        Json *j = begin(w, name, 'i', pid, tid);

        json_add_text(j, "cat", categories);
        add_us(j, "ts", t_ns);
        json_add_bytes(j, "s", &scope, 1);
        open_arguments(w);
}

void trace_add_metadata(TraceWriter *w, const char *name, const char *key, const char *text, int64_t pid, int64_t tid)
{
        begin(w, name, 'M', pid, tid);
        open_arguments(w);
        json_add_text(&w->json, key, text);
        trace_end_event(w);
}

void trace_add_sort_index(TraceWriter *w, const char *name, int64_t index, int64_t pid, int64_t tid)
{
        begin(w, name, 'M', pid, tid);
        open_arguments(w);
        json_add_i64(&w->json, "sort_index", index);
        trace_end_event(w);
}
