/* The kernel's log as any bytes, copied to their exact size. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1);
        const char *at = text, *before = text;
        KmsgRecord record;
        KmsgClass class;
        int r;

        if (!text)
                return 0;
        memcpy(text, data, size);
        while ((r = kmsg_next(&at, text + size, &record)) != -ENOENT) {
                if (at <= before)
                        abort();
                before = at;
                if (r < 0)
                        continue;
                if (record.size >= sizeof record.text || record.text[record.size] ||
                    record.level > 7)
                        abort();
                if (kmsg_classify(record.text, record.size, &class) && class.pid < 0)
                        abort();
        }
        /* Without the prefix, so that the fuzzer finds the patterns. */
        if (kmsg_classify(text, size, &class) && (class.pid < 0 || !class.kind))
                abort();
        free(text);
        return 0;
}
