/* The fuzzer's entry (its name is libFuzzer's), which a unit test replays the corpus through. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
