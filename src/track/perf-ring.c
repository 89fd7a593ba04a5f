/* Head is loaded with acquire, tail stored with release, as the header of perf_event.h asks. */
#include "track/perf-ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"

enum { LEAST_PAGES = 4 };

int perf_ring_map(PerfRing *ring, int fd, size_t pages)
{
        size_t page_size = (size_t)sysconf(_SC_PAGESIZE);

        for (; pages >= LEAST_PAGES; pages /= 2) {
                size_t mapped = (pages + 1) * page_size;
                void *p = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                if (p != MAP_FAILED) {
                        *ring = (PerfRing){.page = p, .mapped = mapped};
                        return 0;
                }
                if (errno != EPERM && errno != ENOMEM)
                        return -errno;
        }
        return -EPERM;
}

void perf_ring_unmap(PerfRing *ring)
{
        if (ring->page)
                munmap(ring->page, ring->mapped);
        *ring = (PerfRing){0};
}

void perf_ring_look(PerfRing *ring)
{
        uint64_t head;

        if (!ring->page)
                return;
        head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
        ring->head = MAX(ring->head, head); /* we may have reached beyond */
}

/* Copies, because a record may wrap around the end. */
static void copy_out(const PerfRing *ring, uint64_t position, uint8_t *to, size_t size)
{
        const uint8_t *data = (const uint8_t *)ring->page + ring->page->data_offset;
        uint64_t length = ring->page->data_size, at = position % length;
        size_t first = (size_t)MIN((uint64_t)size, length - at);

        memcpy(to, data + at, first);
        memcpy(to + first, data, size - first);
}

const PerfRecord *perf_ring_next(PerfRing *ring)
{
        uint8_t bytes[PERF_RECORD_BYTES];
        struct perf_event_header header;
        uint64_t there = ring->head - ring->tail;

        if (ring->next_size > 0)
                return &ring->next;
        if (!ring->page || there == 0)
                return NULL;
        if (there >= sizeof header && there <= ring->page->data_size) {
                copy_out(ring, ring->tail, (uint8_t *)&header, sizeof header);
                size_t size = MIN(header.size, sizeof bytes);
                if (header.size >= sizeof header && header.size % 8 == 0 && header.size <= there) {
                        copy_out(ring, ring->tail, bytes, size);
                        if (size < header.size)
                                ring->next = (PerfRecord){0};
                        else if (perf_record_parse(bytes, size, &ring->next) < 0)
                                goto damaged;
                        ring->next_size = header.size;
                        return &ring->next;
                }
        }
damaged:
        ring->damaged += there;
        ring->tail = ring->head;
        return NULL;
}

bool perf_ring_is_crowded(const PerfRing *ring)
{
        return ring->head - ring->tail > ring->page->data_size / 4;
}

bool perf_ring_reach(PerfRing *ring, uint32_t type, size_t size)
{
        uint8_t bytes[PERF_RECORD_BYTES];
        struct perf_event_header header;
        uint64_t last;

        if (!ring->page || size > sizeof bytes || size < sizeof header + sizeof last ||
            ring->head - ring->tail + size > ring->page->data_size)
                return false;
        copy_out(ring, ring->head, bytes, size);
        memcpy(&header, bytes, sizeof header);
        memcpy(&last, bytes + size - sizeof last, sizeof last);
        if (header.type != type || header.size != size || last == 0 ||
            last + PERF_RING_DISORDER_NS < ring->newest_ns)
                return false;
        ring->head += size;
        return true;
}

void perf_ring_take(PerfRing *ring)
{
        ring->newest_ns = MAX(ring->newest_ns, ring->next.time_ns);
        ring->tail += ring->next_size;
        ring->next_size = 0;
}

void perf_ring_release(PerfRing *ring)
{
        if (ring->page)
                __atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
}
