/* One monitor over a folder of a test's own, which stands for the machine's root. Behind cmocka.h. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "monitor/monitor.h"

typedef struct Place {
        char path[64];
        Host *host;
        MonitorContext context;
        void *state;
        Batch *rows;
} Place;

/* A cmocka setup: *state is the place, the monitor not started. */
static inline int place_make(void **state, const Monitor *monitor)
{
        Place *place = calloc(1, sizeof *place);

        *state = place;
        text_copy(place->path, sizeof place->path, "/tmp/vigia-monitor.XXXXXX");
        if (!mkdtemp(place->path) || chmod(place->path, 0755) < 0 || host_new(place->path, &place->host) < 0 ||
            batch_new(monitor->schema, 1024, 65536, &place->rows) < 0)
                return -1;
        place->context = (MonitorContext){.host = place->host, .monitor = monitor};
        place->state = calloc(1, monitor->state_size);
        return place->state ? 0 : -1;
}

/* Its teardown: the monitor is stopped. */
static inline int place_remove(void **state)
{
        Place *place = *state;
        int r = directory_remove(AT_FDCWD, place->path);

        place->context.monitor->stop(place->state);
        free(place->state);
        batch_free(place->rows);
        host_free(place->host);
        free(place);
        return r;
}

static inline size_t column_of(const Schema *schema, const char *name)
{
        int at = schema_find(schema, name);

        assert_true(at >= 0);
        return (size_t)at;
}
