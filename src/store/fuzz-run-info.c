/* run.json of strangers: whatever was read is written again, and reads as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/run-info-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        RunInfo info, again;
        String first = {0}, second = {0};
        Error err = {0};

        run_info_init(&info);
        run_info_init(&again);
        if (run_info_from_json(&info, (const char *)data, size, "fuzz", &err) < 0) {
                if (!err.message[0])
                        abort(); /* a refusal without a sentence */
                return 0;
        }
        run_info_to_json(&info, &first);
        if (run_info_from_json(&again, string_get(&first), first.size, "again", &err) < 0)
                abort();
        run_info_to_json(&again, &second);
        if (first.size != second.size || memcmp(first.text, second.text, first.size) != 0)
                abort();
        string_done(&first);
        string_done(&second);
        run_info_done(&info);
        run_info_done(&again);
        return 0;
}
