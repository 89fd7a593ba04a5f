/*
 * /proc/net/dev: what went through each network interface. proc(5), net/core/net-procfs.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_NAME_MAX = 64 }; /* the kernel allows 15 bytes; of a longer one the rest is cut */

/* Raw counters since the interface came; where the driver or a 32-bit kernel counts in 32 bits, they
 * wrap. */
typedef struct NetDev {
        char name[NET_NAME_MAX]; /* any bytes but '\0' and '\n'; old kernels allow ':' */
        uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped, rx_fifo, rx_frame, rx_compressed,
                rx_multicast;
        uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped, tx_fifo, tx_collisions, tx_carrier,
                tx_compressed;
} NetDev;

/* Takes the next whole line of an interface off *text, headings passed over; false at the end. A
 * line without its newline was cut in reading and does not count. */
bool net_dev_next(const char **text, const char *end, NetDev *ret);
