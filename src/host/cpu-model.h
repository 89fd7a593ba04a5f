/*
 * What the machine's processor calls itself, from /proc/cpuinfo: "model name" on x86, MIPS' and PowerPC's
 * own words for it. arm64 and RISC-V kernels tell no name there. arch/x86/kernel/cpu/proc.c and its like.
 */
#pragma once

#include <stddef.h>

#include "host/host.h"

enum { CPU_MODEL_MAX = 128 };

/* Runs of blanks become one; longer names are cut. 0, or -ENODATA: the text has none. */
int cpu_model_parse(const char *text, size_t size, char *ret, size_t ret_size);

/* Of the first processor. As above, or -errno. */
int cpu_model_read(const Host *host, char *ret, size_t ret_size);
