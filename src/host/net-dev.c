/* "  name: 16 figures": the last colon ends the name, for no figure has one. */
#include "host/net-dev.h"

#include <string.h>

#include "base/macros.h"
#include "base/text-part.h"
#include "base/text.h"

static bool parse_line(const char *at, const char *end, NetDev *ret)
{
        const char *colon = memrchr(at, ':', (size_t)(end - at));
        NetDev dev = {0};
        uint64_t *const figures[] = {
                &dev.rx_bytes,   &dev.rx_packets,    &dev.rx_errors,     &dev.rx_dropped,
                &dev.rx_fifo,    &dev.rx_frame,      &dev.rx_compressed, &dev.rx_multicast,
                &dev.tx_bytes,   &dev.tx_packets,    &dev.tx_errors,     &dev.tx_dropped,
                &dev.tx_fifo,    &dev.tx_collisions, &dev.tx_carrier,    &dev.tx_compressed,
        };

        if (!colon)
                return false;
        while (at < colon && *at == ' ') /* the kernel pads names to six columns */
                at++;
        size_t n = MIN((size_t)(colon - at), sizeof dev.name - 1);
        if (n == 0 || memchr(at, '\0', n))
                return false;
        memcpy(dev.name, at, n);
        at = colon + 1;
        for (size_t i = 0; i < ARRAY_LENGTH(figures); i++)
                if (scan_u64(&at, end, figures[i]) < 0)
                        return false;
        *ret = dev;
        return true;
}

bool net_dev_next(const char **text, const char *end, NetDev *ret)
{
        TextPart line;

        while (text_next_whole_line(text, end, &line))
                if (parse_line(line.text, line.text + line.size, ret))
                        return true;
        return false;
}
