/* What goes through each network interface but the loopback one, out of /proc/net/dev of our network
 * namespace. One that never carried a byte has no row: hosts of containers have hundreds. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/net-dev.h"
#include "monitor/monitor.h"

enum {
        INTERFACE = MONITOR_FIRST,
        RX_BYTES,
        RX_PACKETS,
        RX_ERRORS,
        RX_DROPPED,
        TX_BYTES,
        TX_PACKETS,
        TX_ERRORS,
        TX_DROPPED,
        N_COLUMNS,
};

/* An idle machine's chatter; what is stored is exact all the same. */
#define CHATTER_BYTES   (64.0 * 1024)
#define CHATTER_PACKETS 256
#define CHATTER_DROPS   64 /* frames of protocols nobody listens to count as dropped */

static const Column network_columns[N_COLUMNS] = {
        MONITOR_TIME_COLUMNS,
        [INTERFACE] = KEY("interface", TEXT, NONE, "which interface"),
        [RX_BYTES] = COUNTER_NOISY("rx_bytes", U64, BYTES, CHATTER_BYTES, "bytes received"),
        [RX_PACKETS] = COUNTER_NOISY("rx_packets", U64, COUNT, CHATTER_PACKETS, "packets received"),
        [RX_ERRORS] = COUNTER("rx_errors", U64, COUNT, "packets received broken"),
        [RX_DROPPED] = COUNTER_NOISY("rx_dropped", U64, COUNT, CHATTER_DROPS,
                                     "packets received and not wanted, or without room for them"),
        [TX_BYTES] = COUNTER_NOISY("tx_bytes", U64, BYTES, CHATTER_BYTES, "bytes sent"),
        [TX_PACKETS] = COUNTER_NOISY("tx_packets", U64, COUNT, CHATTER_PACKETS, "packets sent"),
        [TX_ERRORS] = COUNTER("tx_errors", U64, COUNT, "packets that could not be sent"),
        [TX_DROPPED] = COUNTER("tx_dropped", U64, COUNT, "packets to send without room for them"),
};

static const Schema network_schema = {"network", network_columns, N_COLUMNS};

/* Some 2,000 interfaces; what comes behind is not seen. */
enum { NET_DEV_MAX = 256 << 10 };

typedef struct NetworkState {
        int fd;
        char text[NET_DEV_MAX];
} NetworkState;

static int network_probe(const MonitorContext *context, Error *why, Error *fix)
{
        return monitor_probe_file(context, "proc/net/dev", why);
}

static int network_start(void *state, const MonitorContext *context, Error *err)
{
        NetworkState *s = state;

        s->fd = monitor_open_file(context, "proc/net/dev", err);
        return MIN(s->fd, 0);
}

static int add_interface(const NetDev *dev, const MonitorTick *tick, Batch *rows)
{
        const uint64_t figures[] = {dev->rx_bytes, dev->rx_packets, dev->rx_errors, dev->rx_dropped,
                                    dev->tx_bytes, dev->tx_packets, dev->tx_errors, dev->tx_dropped};
        int r = monitor_row(rows, tick);

        if (r == 0)
                r = batch_set_textz(rows, INTERFACE, dev->name);
        for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(figures); i++)
                batch_set_u64(rows, RX_BYTES + i, figures[i]);
        return r;
}

static int network_sample(void *state, const MonitorTick *tick, Batch *rows, Error *err)
{
        NetworkState *s = state;
        NetDev dev;
        ssize_t n = host_reread(s->fd, s->text, sizeof s->text);
        int r = 0;

        if (n < 0)
                return error_set_errno(err, (int)n, "/proc/net/dev");
        for (const char *at = s->text; r == 0 && net_dev_next(&at, s->text + n, &dev);)
                if (!text_equal(dev.name, "lo") && (dev.rx_packets > 0 || dev.tx_packets > 0))
                        r = add_interface(&dev, tick, rows);
        return r;
}

static void network_stop(void *state)
{
        NetworkState *s = state;

        fd_close(s->fd);
}

const Monitor monitor_network = {
        .name = "network",
        .what = "bytes, packets, errors, drops of each interface",
        .schema = &network_schema,
        .interval_us = 1000000,
        .state_size = sizeof(NetworkState),
        .probe = network_probe,
        .start = network_start,
        .sample = network_sample,
        .stop = network_stop,
};
