/* SHA-256 (FIPS 180-4): what sha256sum(1) on another machine says of the same bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Sha256 {
        uint32_t state[8];
        uint64_t size; /* bytes so far */
        uint8_t block[64];
} Sha256;

enum { SHA256_TEXT = 65 }; /* as lower-case hexadecimal digits, NUL-terminated */

void sha256_init(Sha256 *sha);
void sha256_add(Sha256 *sha, const void *data, size_t size);
void sha256_end(Sha256 *sha, char ret[SHA256_TEXT]); /* only init is allowed then */
