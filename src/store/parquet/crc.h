/* CRC-32 as in gzip (RFC 1952), eight bytes at a time. The table is made once by its owner. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Crc {
        uint32_t table[8][256];
} Crc;

void crc_init(Crc *crc);
uint32_t crc_of(const Crc *crc, const void *data, size_t size);
