/* sweep.json of strangers: whatever was read is written again, reads as the same, and can be shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Sweep sweep, again;
        String first = {0}, second = {0}, text = {0};
        const SweepTextOptions options = {.path = "/x"};
        Error err = {0};

        sweep_init(&sweep);
        sweep_init(&again);
        if (sweep_from_json(&sweep, (const char *)data, size, "fuzz", &err) < 0) {
                if (!err.message[0])
                        abort(); /* a refusal without a sentence */
                return 0;
        }
        if (sweep_to_json(&sweep, &first) < 0 ||
            sweep_from_json(&again, string_get(&first), first.size, "again", &err) < 0 ||
            sweep_to_json(&again, &second) < 0 || sweep_text(&sweep, &options, &text) < 0)
                abort();
        if (first.size != second.size || memcmp(first.text, second.text, first.size) != 0)
                abort();
        if (memchr(text.text, '\033', text.size))
                abort(); /* what strangers wrote is made safe */
        string_done(&first);
        string_done(&second);
        string_done(&text);
        sweep_done(&sweep);
        sweep_done(&again);
        return 0;
}
