/* JSON of strangers: what was read, once written, reads and writes the same. Names that only
 * differ in invalid UTF-8 become equal when written, and are then refused. */
#include <stdint.h>
#include <stdlib.h>

#include "export/fuzz-table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Buffer first = {0}, second = {0};

        if (fuzz_rewrite(FORMAT_JSON, data, size, &first) == 0 && first.size > 0 &&
            fuzz_rewrite(FORMAT_JSON, first.data, first.size, &second) == 0 && !fuzz_equal(&first, &second))
                abort();
        buffer_done(&first);
        buffer_done(&second);
        return 0;
}
