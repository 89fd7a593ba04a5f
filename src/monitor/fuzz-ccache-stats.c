/* A stats file of ccache of any bytes, copied to its exact size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/store-measure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1);
        uint64_t files = 0, bytes = 0;

        if (!text)
                return 0;
        memcpy(text, data, size);
        if (store_ccache_parse(text, size, &files, &bytes) == 0 && bytes % 1024 != 0)
                abort();
        free(text);
        return 0;
}
