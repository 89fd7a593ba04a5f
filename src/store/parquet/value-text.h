/* Types that vigia has no column for, as text: dates, times of day, decimals, UUIDs. */
#pragma once

#include "store/parquet/format.h"

enum { VALUE_TEXT_MAX = 64 };

/* Writes the text of a value with leaf->conversion and returns its size; 0: not a value of that
 * kind (shown as null). The value is in `cell`, or in `bytes` for BYTE_ARRAY and FIXED. */
size_t value_text(const Leaf *leaf, uint64_t cell, const Slice *bytes, char to[VALUE_TEXT_MAX]);

/* IEEE 754 half precision, two bytes, little-endian. */
double value_half(const uint8_t *p);
