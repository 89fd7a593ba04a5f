/* For the tests of declared monitors: a root of its own with one monitor over it, and its rows as text. */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/macros.h"
#include "base/text.h"
#include "monitor/declared.h"

/* A root of its own, and one monitor over it. */
typedef struct World {
        char root[64];
        Host *host;
        Monitor *monitor;
        void *state;
        Batch *rows;
        MonitorContext context;
        Error err;
} World;

static inline void set_up(World *w, const DeclaredMonitor *d)
{
        *w = (World){.root = "/tmp/vigia-declared.XXXXXX"};
        assert_non_null(mkdtemp(w->root));
        assert_int_equal(host_new(w->root, &w->host), 0);
        if (declared_monitor_new(d, &w->monitor, &w->err) < 0)
                fail_msg("%s", w->err.message);
        w->state = calloc(1, w->monitor->state_size);
        w->context = (MonitorContext){
                .host = w->host,
                .monitor = w->monitor,
                .interval_us = w->monitor->interval_us,
                .run_fd = -1,
        };
}

static inline void tear_down(World *w)
{
        bool started = w->rows;

        batch_free(w->rows); /* before its schema goes */
        if (started)
                w->monitor->stop(w->state);
        free(w->state);
        declared_monitor_free(w->monitor);
        host_free(w->host);
        assert_int_equal(directory_remove(AT_FDCWD, w->root), 0);
}

static inline void in_root(const World *w, const char *name, char *path, size_t size)
{
        snprintf(path, size, "%s/%s", w->root, name);
}

static inline void write_bytes(const World *w, const char *name, const void *data, size_t size)
{
        char path[128];

        in_root(w, name, path, sizeof path);
        assert_int_equal(file_replace(AT_FDCWD, path, data, size, false), 0);
}

static inline void write_text(const World *w, const char *name, const char *text)
{
        write_bytes(w, name, text, strlen(text));
}

static inline int start(World *w)
{
        int r = w->monitor->start(w->state, &w->context, &w->err);

        if (r == 0)
                assert_int_equal(batch_new(w->monitor->table(w->state), 2000, 1 << 20, &w->rows), 0);
        return r;
}

static inline int sample(World *w)
{
        const MonitorTick tick = {.t_ns = 5};

        batch_clear(w->rows);
        w->err.message[0] = '\0';
        return w->monitor->sample(w->state, &tick, w->rows, &w->err);
}

static inline void add_cell(String *to, const Batch *rows, size_t column, size_t row)
{
        const Column *c = &batch_schema(rows)->columns[column];
        size_t size;

        if (batch_is_null(rows, column, row)) {
                string_add(to, "null");
                return;
        }
        switch (c->type) {
        case COLUMN_U64:
                string_add_format(to, "%ju", (uintmax_t)batch_u64(rows, column, row));
                break;
        case COLUMN_I64:
                string_add_format(to, "%jd", (intmax_t)batch_i64(rows, column, row));
                break;
        case COLUMN_F64:
                string_add_format(to, "%.6g", batch_f64(rows, column, row));
                break;
        default: {
                const char *text = batch_text(rows, column, row, &size);
                string_add_char(to, '\'');
                string_add_bytes(to, text, size);
                string_add_char(to, '\'');
        }
        }
}

/* "a=1 b=null\n" a row; time and t_ns apart. */
static inline void assert_rows(World *w, const char *expected)
{
        String got = {0};

        for (size_t row = 0; row < batch_rows(w->rows); row++) {
                assert_int_equal(batch_i64(w->rows, MONITOR_T_NS, row), 5);
                for (size_t i = MONITOR_FIRST; i < batch_schema(w->rows)->n_columns; i++) {
                        string_add(&got, batch_schema(w->rows)->columns[i].name);
                        string_add_char(&got, '=');
                        add_cell(&got, w->rows, i, row);
                        string_add_char(&got, i + 1 < batch_schema(w->rows)->n_columns ? ' ' : '\n');
                }
        }
        if (w->err.message[0])
                print_message("# %s\n", w->err.message);
        assert_string_equal(string_get(&got), expected);
        string_done(&got);
}

static inline void assert_says(const World *w, const char *part)
{
        if (!strstr(w->err.message, part))
                fail_msg("'%s' is not in '%s'", part, w->err.message);
}

static inline const Column *column_of(const World *w, const char *name)
{
        const Schema *schema = batch_schema(w->rows);
        int i = schema_find(schema, name);

        assert_true(i >= 0);
        return &schema->columns[i];
}

