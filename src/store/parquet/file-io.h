/* pread(2) of exactly so many bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0, -EBADMSG when the file ends before, or what pread(2) said. */
int file_pread(int fd, void *to, size_t size, uint64_t offset);
