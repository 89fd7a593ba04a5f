/* Bytes gathered for a descriptor, so that a cell is not a system call. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

typedef struct OutBuffer {
        int fd; /* borrowed */
        Buffer pending;
} OutBuffer;

/* Writes what is pending if it is more than `least` bytes. 0 or -errno with a sentence. */
int out_buffer_drain(OutBuffer *out, size_t least, Error *err);
