/* A name, and the text of a field's place, out of the same bytes: names come from configurations. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/perf-event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static Host *host;
        uint64_t config[3] = {0, 0, 0};
        PerfEvent event;
        char text[256];

        if (!host && host_new("/proc/self/fdinfo", &host) < 0)
                abort();
        if (size >= sizeof text)
                return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        if (perf_event_find(host, text, &event, NULL, NULL) == 0 && strlen(event.name) != strlen(text))
                abort();
        perf_event_place(text, size, config);
        return 0;
}
